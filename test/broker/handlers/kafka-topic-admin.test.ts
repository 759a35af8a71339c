/**
 * What Apache Kafka 4.3 answered to 167 requests about topics, options and elections, most of them wrong ones, sent one
 * after the other to a fresh broker; the same requests are sent to Millrace over a socket, and the answers compared.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningBroker, startBroker } from '../../../broker/index.ts'
import type { Api } from '../../../proto/kafka/api.ts'
import { apisByKey } from '../../../proto/kafka/generated/apis.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { RawClient } from '../../support/raw-client.ts'

interface Step {
  readonly label: string
  readonly api: string
  readonly version: number
  readonly request: unknown
  readonly response: unknown
}

const path = join(import.meta.dirname, '../../fixtures/kafka/topic-admin.jsonl.gz')
const steps = gunzipSync(readFileSync(path))
  .toString('utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Step)

/** Where Millrace answers otherwise on purpose. */
const deliberate: Readonly<Record<string, string>> = {
  autocreate: 'the first answer already names the leader of the new topic (W22)',
  'autocreate v3': 'the same',
  'zero id null name': 'Kafka fails with UNKNOWN_SERVER_ERROR; this is INVALID_REQUEST',
  'null name v12': 'the same',
  'null name v13': 'the same',
}

/** What Kafka says when it means to say nothing in particular. */
const generic = /^This most likely occurs because of a request being malformed/

/** Tagged fields of our own, which Kafka's clients pass over. */
const ours = new Set(['electedAs'])

/** Lists whose order Kafka leaves to a hash table. */
const unordered = new Set(['topics', 'configs', 'responses', 'results', 'replicaElectionResults'])

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

function sortKey(item: Json): string {
  if (item === null || typeof item !== 'object' || Array.isArray(item)) return JSON.stringify(item)
  const { name, topic, resourceType, resourceName } = item as Record<string, Json>
  return JSON.stringify([name, topic, resourceType, resourceName, item])
}

/** Ids, addresses and orders that no two brokers share, made alike. `ids` maps Kafka's topic ids to ours. */
function normal(value: Json, ids: ReadonlyMap<string, string>, field = ''): Json {
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => normal(item, ids))
    return unordered.has(field) ? items.toSorted((a, b) => sortKey(a).localeCompare(sortKey(b))) : items
  }
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value).filter(([key]) => !ours.has(key))
    return Object.fromEntries(fields.map(([key, item]) => [key, normal(item, ids, key)]))
  }
  if (field === 'port') return 0
  if (field === 'clusterId') return value === null || value === '' ? value : 'cluster'
  if (field === 'topicId') return ids.get(String(value)) ?? value
  if (field === 'documentation') return value === null || value === '' ? value : '...'
  if (field === 'errorMessage' && typeof value === 'string' && generic.test(value)) return 'generic'
  return value
}

/** Learns which of our ids stands for which of Kafka's, from topics named in both answers. */
function learnIds(kafka: Json, ours: Json, ids: Map<string, string>): void {
  const named = (value: Json): Map<string, string> => {
    const found = new Map<string, string>()
    const visit = (node: Json) => {
      if (Array.isArray(node)) node.forEach(visit)
      else if (node !== null && typeof node === 'object') {
        const { name, topicId } = node as Record<string, Json>
        if (typeof name === 'string' && typeof topicId === 'string' && topicId !== ZERO_UUID) found.set(name, topicId)
        Object.values(node).forEach(visit)
      }
    }
    visit(value)
    return found
  }
  const own = named(ours)
  for (const [name, id] of named(kafka)) {
    const mine = own.get(name)
    if (mine !== undefined) ids.set(id, mine)
  }
}

/** A request with Kafka's topic ids replaced by ours. */
function translated(request: Json, ids: ReadonlyMap<string, string>): Json {
  if (Array.isArray(request)) return request.map((item: Json) => translated(item, ids))
  if (request === null || typeof request !== 'object') return request
  return Object.fromEntries(
    Object.entries(request).map(([key, item]) => [
      key,
      key === 'topicId' && typeof item === 'string' ? (ids.get(item) ?? item) : translated(item, ids),
    ]),
  )
}

describe('topic admin beside Kafka 4.3', () => {
  let broker: RunningBroker
  let client: RawClient
  const ids = new Map<string, string>()
  const apis = new Map<string, Api<unknown, unknown>>([...apisByKey.values()].map((api) => [api.name, api]))

  beforeAll(async () => {
    broker = await startBroker({ memory: true, port: 0, nodeId: 0 })
    client = await RawClient.connect(broker.bootstrap)
  })

  afterAll(async () => {
    await client.close()
    await broker.close()
  })

  it('has a recording worth the name', () => {
    expect(steps.length).toBeGreaterThan(160)
    expect(new Set(steps.map(({ api }) => api)).size).toBe(10)
  })

  // In order, and each on top of the ones before: this is one long conversation.
  it.each(steps.map((step, i) => [`${i} ${step.label}: ${step.api} v${step.version}`, step] as const))(
    '%s',
    async (_, step) => {
      const api = apis.get(step.api)
      if (api === undefined) throw new Error(`no api ${step.api}`)
      const answer = (await client.request(api, step.version, translated(step.request as Json, ids))) as Json
      const recorded = step.response as Json
      learnIds(recorded, answer, ids)
      const kafka = normal(recorded, ids)
      const ours = normal(answer, new Map())
      if (deliberate[step.label] !== undefined) {
        expect(ours).not.toEqual(kafka)
        return
      }
      if (JSON.stringify(kafka).includes('"generic"')) expect(withoutMessages(ours)).toEqual(withoutMessages(kafka))
      else expect(ours).toEqual(kafka)
    },
  )
})

function withoutMessages(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutMessages)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([key]) => key !== 'errorMessage')
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutMessages(item)]))
}
