/** A leader that is cut off from the other brokers, and goes on telling clients that it leads. */
import { describe, expect, it } from 'vitest'
import { Client, string, topic } from '../../client/index.ts'
import { startCluster } from '../../testing/cluster.ts'

const Orders = topic('orders', { key: string, value: string })

/** Brokers that are not cut off agree on another leader than `old`. */
async function untilReplaced(cluster: Awaited<ReturnType<typeof startCluster>>, old: number): Promise<number> {
  for (;;) {
    const others = cluster.brokers.filter(({ nodeId }) => nodeId !== old)
    const leaders = others.map(({ services }) => services.metadata.topic('orders')?.partitions[0]?.leader ?? -1)
    const [leader = -1] = leaders
    if (leader >= 0 && leader !== old && leaders.every((other) => other === leader)) return leader
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('a client of a leader that is cut off', () => {
  it('asks another broker, and delivers to the new leader', { timeout: 60_000 }, async () => {
    await using cluster = await startCluster({ brokers: 3, topics: ['orders'] })
    const old = cluster.leader('orders')
    // All it knows of the cluster it learns from the old leader.
    const [bootstrap] = cluster.bootstrap.split(',').slice(old - 1)
    await using client = new Client({ brokers: bootstrap ?? '', requestTimeoutMs: 1_000 })
    await using producer = client.producer()
    await producer.send(Orders, [{ key: 'k', value: 'before' }])
    cluster.faults.isolate(old)
    await untilReplaced(cluster, old)
    const [place] = await producer.send(Orders, [{ key: 'k', value: 'after' }])
    expect(place).toEqual({ partition: 0, offset: 1 })
  })
})
