/** Three brokers in this process: the metadata quorum, replication and failover over real sockets. */
import { describe, expect, it } from 'vitest'
import { string, topic } from '../../client/index.ts'
import { type Cluster, startCluster } from '../../testing/cluster.ts'

/** Long enough for a failover on a busy machine; no test waits for it unless something is wrong. */
const PATIENCE_MS = 20_000

const Orders = topic('orders', { key: string, value: string })

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Sends numbered records one after the other, each of them acknowledged by every replica in sync. */
async function produce(cluster: Cluster, from: number, to: number): Promise<void> {
  // A leader that is cut off keeps a client waiting for as long as it asks to; then the client looks for another.
  await using producer = cluster.client({ requestTimeoutMs: 2_000 }).producer({ acks: -1 })
  for (let n = from; n < to; n += 1) await producer.send(Orders, [{ key: 'same', value: String(n) }])
}

async function consume(cluster: Cluster, count: number): Promise<number[]> {
  await using consumer = cluster
    .client()
    .consumer({ topics: [Orders], assign: [{ topic: 'orders', partition: 0, offset: 0 }] })
  const values: number[] = []
  for await (const record of consumer.records({ signal: AbortSignal.timeout(PATIENCE_MS) })) {
    values.push(Number(record.value))
    if (values.length === count) break
  }
  return values
}

const firstNumbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('three brokers in one process', () => {
  it('place three replicas, keep them in sync, and outlive the death of the leader', { timeout: 60_000 }, async () => {
    await using cluster = await startCluster({ brokers: 3, topics: ['orders'] })
    await until('three replicas in sync', () => cluster.inSync('orders').length === 3)
    await produce(cluster, 0, 20)
    const dead = cluster.leader('orders')
    await cluster.faults.kill(dead)
    await until('another leader', () => ![dead, -1].includes(cluster.leader('orders')))
    await produce(cluster, 20, 40)
    expect(cluster.inSync('orders')).not.toContain(dead)
    await cluster.faults.restart(dead)
    await until('the dead one in sync again', () => cluster.inSync('orders').includes(dead))
    await produce(cluster, 40, 60)
    expect(await consume(cluster, 60)).toEqual(firstNumbers(60))
  })

  it('have a topic made through any of them on all of them', { timeout: 60_000 }, async () => {
    await using cluster = await startCluster({ brokers: 3 })
    for (const { bootstrap, nodeId } of cluster.brokers) {
      const admin = cluster.client().admin()
      expect(bootstrap).toContain('127.0.0.1')
      await admin.createTopics([{ name: `made-by-${nodeId}`, partitions: 3 }])
    }
    await until('three topics of three partitions everywhere', () =>
      cluster.brokers.every(({ services }) =>
        [1, 2, 3].every((id) => services.metadata.topic(`made-by-${id}`)?.partitions.length === 3),
      ),
    )
  })

  it('elect another controller when the active one dies, and take it back', { timeout: 60_000 }, async () => {
    await using cluster = await startCluster({ brokers: 3 })
    const dead = cluster.controller()
    expect([1, 2, 3]).toContain(dead)
    await cluster.faults.kill(dead)
    await until('another controller', () => ![dead, -1].includes(cluster.controller()))
    await cluster.createTopic({ name: 'after', replicationFactor: 2 })
    await cluster.faults.restart(dead)
    const back = cluster.brokers[dead - 1]
    await until('the topic on the one that came back', () => back?.services.metadata.topic('after') !== undefined)
  })

  it('go on without the one that hangs, and take it back', { timeout: 60_000 }, async () => {
    await using cluster = await startCluster({ brokers: 3, topics: ['orders'] })
    await until('three replicas in sync', () => cluster.inSync('orders').length === 3)
    await produce(cluster, 0, 10)
    const hung = cluster.leader('orders')
    cluster.faults.pause(hung)
    await until('another leader', () =>
      cluster.brokers
        .filter(({ nodeId }) => nodeId !== hung)
        .every(({ services }) => ![hung, -1].includes(services.metadata.topic('orders')?.partitions[0]?.leader ?? -1)),
    )
    await produce(cluster, 10, 20)
    cluster.faults.resume(hung)
    await until('the hung one in sync again', () => cluster.inSync('orders').length === 3)
    expect(await consume(cluster, 20)).toEqual(firstNumbers(20))
  })

  it('lose nothing while a leader is cut off from the others and clients still reach it', {
    timeout: 60_000,
  }, async () => {
    await using cluster = await startCluster({ brokers: 3, topics: ['orders'] })
    await until('three replicas in sync', () => cluster.inSync('orders').length === 3)
    await produce(cluster, 0, 10)
    const alone = cluster.leader('orders')
    cluster.faults.isolate(alone)
    await until('another leader', () => ![alone, -1].includes(cluster.leader('orders')))
    await produce(cluster, 10, 20)
    cluster.faults.heal()
    await until('the lone one in sync again', () => cluster.inSync('orders').length === 3)
    await produce(cluster, 20, 30)
    expect(await consume(cluster, 30)).toEqual(firstNumbers(30))
  })
})
