/** Our tables against Kafka 4.3's own: its ConfigDef tables, and what its validators said of 1,776 values. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { brokerOptions, topicOption, topicOptions, topicSynonyms } from '../../../broker/config/definitions.ts'
import { brokerOption } from '../../../broker/config/definitions.ts'
import { ConfigError } from '../../../broker/config/error.ts'
import { parseValue } from '../../../broker/config/values.ts'

interface KafkaDefinition {
  readonly scope: 'topic' | 'broker'
  readonly name: string
  readonly type: string
  readonly default: string
  readonly validator: string
  readonly internal: boolean
  readonly readOnly: boolean | null
}

interface Fixture {
  readonly definitions: readonly KafkaDefinition[]
  readonly topicSynonyms: Readonly<Record<string, readonly string[]>>
  /** Scope, option, text, canonical text (null when refused), message (null when accepted). */
  readonly verdicts: readonly (readonly ['topic' | 'broker', string, string, string | null, string | null])[]
}

const path = join(import.meta.dirname, '../../fixtures/kafka/configs.json.gz')
const kafka = JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as Fixture
const kafkaTopics = kafka.definitions.filter(({ scope }) => scope === 'topic')
const kafkaBrokers = new Map(
  kafka.definitions.filter(({ scope }) => scope === 'broker').map((definition) => [definition.name, definition]),
)

/**
 * Where Millrace differs on purpose: it has a default where Kafka needs one to be given, binds loopback only, or finds a
 * dead broker sooner.
 */
const ownDefaults = new Set([
  'node.id',
  'listeners',
  'process.roles',
  'controller.listener.names',
  'broker.heartbeat.interval.ms',
  'broker.session.timeout.ms',
])

/** Options that Kafka takes as dynamic ones and has no definition of. */
const dynamicOnly = new Set(['leader.replication.throttled.rate', 'follower.replication.throttled.rate'])

describe('topic options', () => {
  it('are exactly those of Kafka 4.3', () => {
    expect(Object.keys(topicOptions).toSorted()).toEqual(kafkaTopics.map(({ name }) => name).toSorted())
  })

  it.each(kafkaTopics.map((definition) => [definition.name, definition] as const))('%s', (name, theirs) => {
    const ours = topicOption(name)
    expect(ours?.type).toBe(theirs.type)
    expect(ours?.defaultText ?? 'null').toBe(theirs.default)
    expect(ours?.hidden ?? false).toBe(theirs.internal)
    expect(ours?.validator?.text ?? 'null').toBe(theirs.validator)
    expect(ours?.documentation).not.toBe('')
  })

  it('have the synonyms that Kafka shows', () => {
    for (const { name } of kafkaTopics) {
      const shown = kafka.topicSynonyms[name] ?? []
      const ours = (topicSynonyms.get(name) ?? []).map((synonym) => synonym.name)
      for (const synonym of shown) expect(ours, name).toContain(synonym)
    }
  })
})

describe('broker options', () => {
  const ours = Object.entries(brokerOptions).filter(([name]) => !name.startsWith('millrace.') && !dynamicOnly.has(name))

  it('are all options of Kafka, but for our own', () => {
    expect(ours.length).toBeGreaterThan(120)
    expect(ours.map(([name]) => name).filter((name) => !kafkaBrokers.has(name))).toEqual([])
  })

  it.each(ours)('%s', (name, definition) => {
    const theirs = kafkaBrokers.get(name)
    expect(definition.type).toBe(theirs?.type)
    if (!ownDefaults.has(name)) expect(definition.defaultText ?? 'null').toBe(theirs?.default)
    expect(definition.documentation).not.toBe('')
    expect(definition.hidden ?? false).toBe(theirs?.internal)
    if (theirs?.readOnly !== null) expect(definition.update === 'read-only').toBe(theirs?.readOnly)
  })
})

describe('values', () => {
  const present = kafka.verdicts.filter(([scope, name]) =>
    scope === 'topic' ? topicOption(name) !== undefined : brokerOption(name) !== undefined,
  )

  it('are read and refused as Kafka does, word for word', () => {
    expect(present.length).toBeGreaterThan(1600)
    for (const [scope, name, text, canonical, message] of present) {
      const definition = scope === 'topic' ? topicOption(name) : brokerOption(name)
      let got: { text: string | null; message: string | null }
      try {
        got = { text: definition === undefined ? null : parseValue(name, definition, text).text, message: null }
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        got = { text: null, message: error.message }
      }
      expect(got, `${name}=${JSON.stringify(text)}`).toEqual({ text: canonical, message })
    }
  })
})
