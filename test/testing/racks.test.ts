/** Consumers read from the replica in their rack (KIP-392): the SDK, kafkajs, and librdkafka where kcat is installed. */
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { string, topic } from '../../client/index.ts'
import { type Cluster, startCluster } from '../../testing/cluster.ts'
import { hasCommand } from '../support/has-command.ts'
import { finish } from '../support/millrace-process.ts'

const Orders = topic('orders', { key: string, value: string })
const RECORDS = 20

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster({ brokers: 3, racks: ['a', 'b', 'c'], topics: ['orders'] })
  while (cluster.inSync('orders').length < 3) await new Promise((resolve) => setTimeout(resolve, 10))
})
afterAll(() => cluster.close())

/** A broker that follows, and its rack. */
function follower() {
  const id = [1, 2, 3].find((nodeId) => nodeId !== cluster.leader('orders')) ?? 0
  return { id, rack: ['a', 'b', 'c'][id - 1] ?? '' }
}

/** Fetches of consumers that each broker has been sent, by broker. */
function fetches(): number[] {
  return cluster.brokers.map(({ services }) => {
    const lines = services.metrics.render().split('\n')
    const own = lines.find((line) => line.startsWith('millrace_requests_total{api="Fetch"}'))
    return Number(own?.split(' ').at(-1) ?? 0)
  })
}

/** One after the other, so that they come in many fetches. */
async function produce(): Promise<void> {
  const producer = cluster.client().producer()
  for (let n = 0; n < RECORDS; n += 1) {
    await producer.send(Orders, [{ key: 'k', value: String(n) }])
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await producer.close()
}

/** Of the fetches since `before`, most went to the follower and few to the leader, where a consumer is told whom to ask. */
function expectNearReads(id: number, before: readonly number[]): void {
  const sent = fetches().map((count, index) => count - (before[index] ?? 0))
  const toLeader = sent[cluster.leader('orders') - 1] ?? 0
  expect(sent[id - 1]).toBeGreaterThan(5)
  expect(toLeader).toBeLessThanOrEqual(3)
}

describe('a consumer in the rack of a follower', () => {
  it('reads there, with the SDK', { timeout: 30_000 }, async () => {
    const { id, rack } = follower()
    const before = fetches()
    const consumer = cluster.client({ rack }).consumer({ topics: [Orders], group: 'sdk', offsetReset: 'earliest' })
    const producing = produce()
    const values: string[] = []
    for await (const record of consumer.records()) {
      values.push(record.value ?? '')
      if (values.length === RECORDS) break
    }
    await producing
    expect(values).toEqual(Array.from({ length: RECORDS }, (_, n) => String(n)))
    expectNearReads(id, before)
    await consumer.close()
  })

  it('reads there, with kafkajs', { timeout: 30_000 }, async () => {
    const { id, rack } = follower()
    const kafka = new Kafka({ brokers: cluster.bootstrap.split(','), logLevel: logLevel.NOTHING })
    const consumer = kafka.consumer({ groupId: 'kafkajs', rackId: rack, maxWaitTimeInMs: 100 })
    await consumer.connect()
    await consumer.subscribe({ topic: 'orders' })
    const before = fetches()
    let seen = 0
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.GROUP_JOIN, () => void produce().catch(reject))
      const eachMessage = async () => {
        seen += 1
        if (seen >= RECORDS) resolve()
      }
      consumer.run({ eachMessage }).catch(reject)
    })
    expectNearReads(id, before)
    await consumer.disconnect()
  })

  it.skipIf(!hasCommand('kcat'))('reads there, with librdkafka (skipped where kcat is not installed)', async () => {
    const { id, rack } = follower()
    await produce()
    const before = fetches()
    const options = ['-X', `client.rack=${rack}`, '-X', 'fetch.message.max.bytes=100']
    const read = await finish('kcat', ['-b', cluster.bootstrap, '-C', '-t', 'orders', '-e', '-q', ...options])
    expect(read.code).toBe(0)
    expect(read.stdout.split('\n').length).toBeGreaterThan(RECORDS)
    expectNearReads(id, before)
  })
})

describe('startCluster', () => {
  it('wants a rack for each broker, or none', async () => {
    await expect(startCluster({ brokers: 3, racks: ['a', 'b'] })).rejects.toThrow('one for each of 3 brokers')
  })
})
