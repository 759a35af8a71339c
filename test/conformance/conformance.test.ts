/** Every scenario, replayed against Millrace and compared with what Apache Kafka 4.3 answered. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from '../../broker/index.ts'
import { differences } from './differences.ts'
import { runScenario } from './run.ts'
import { parseScenario } from './scenario.ts'

const here = import.meta.dirname
const names = readdirSync(join(here, 'scenarios')).map((file) => file.replace(/\.scenario$/, ''))

/** The parent of the last step of a path, and that step. */
function locate(value: unknown, path: string): { parent: Record<string, unknown>; key: string } {
  const steps = path.split('.')
  const key = steps.pop() ?? ''
  const parent = steps.reduce((current, step) => (current as Record<string, unknown>)[step], value)
  return { parent: parent as Record<string, unknown>, key }
}

/** Takes the differences on purpose out of what is expected, after making sure that they still differ. */
function withDifferences(name: string, expected: unknown, actual: unknown): unknown {
  const adjusted: unknown = structuredClone(expected)
  for (const { path } of differences.filter((difference) => difference.scenario === name)) {
    const ours = locate(actual, path)
    const kafka = locate(adjusted, path)
    expect(ours.parent[ours.key], `${path} is listed as a difference and differs no longer`).not.toEqual(
      kafka.parent[kafka.key],
    )
    kafka.parent[kafka.key] = ours.parent[ours.key]
  }
  return adjusted
}

describe('conformance with Apache Kafka 4.3', () => {
  let broker: Awaited<ReturnType<typeof startBroker>>

  beforeAll(async () => {
    // The settings that the recordings were made with (conformance/main.ts).
    broker = await startBroker({
      memory: true,
      port: 0,
      properties: { 'group.initial.rebalance.delay.ms': '0', 'offsets.topic.num.partitions': '4' },
    })
  })
  afterAll(() => broker.close())

  it('has scenarios, each with a recording', () => {
    const recorded = readdirSync(join(here, 'recorded')).map((file) => file.replace(/\.json$/, ''))
    expect(names.length).toBeGreaterThanOrEqual(60)
    expect(recorded.sort()).toEqual([...names].sort())
  })

  for (const name of names) {
    const scenario = parseScenario(readFileSync(join(here, 'scenarios', `${name}.scenario`), 'utf8'))
    it.concurrent(`${name}: ${scenario.title}`, async () => {
      const expected: unknown = JSON.parse(readFileSync(join(here, 'recorded', `${name}.json`), 'utf8'))
      const replies = await runScenario(scenario, '127.0.0.1', broker.port)
      const actual: unknown = JSON.parse(JSON.stringify(replies))
      expect(actual).toEqual(withDifferences(name, expected, actual))
    })
  }
})
