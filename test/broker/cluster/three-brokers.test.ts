import { afterEach, describe, expect, it } from 'vitest'
import type { NewTopicResult } from '../../../broker/controller/api.ts'
import { type Node, Three, until } from './three.ts'

let three: Three | null = null
afterEach(async () => {
  await three?.close()
  three = null
})

async function started(): Promise<Three> {
  three = await Three.make()
  const whole = three
  await three.startAll()
  await until('all are unfenced', () => whole.isWhole)
  return three
}

function create(node: Node, name: string, partitions = 3): Promise<NewTopicResult | undefined> {
  const topic = { name, partitions, replicationFactor: 3, assignments: [], configs: [] }
  return new Promise((resolve) => {
    node.up.services.controller.createTopics([topic], { validateOnly: false }, ([result]) => resolve(result))
  })
}

describe('three brokers', () => {
  it('elect one active controller, register, and know of each other', async () => {
    const cluster = await started()
    const active = cluster.active
    expect(active).not.toBeNull()
    for (const { up } of cluster.nodes) {
      expect(up.services.metadata.brokers().map(({ id }) => id)).toEqual([1, 2, 3])
      expect(up.services.metadata.controllerId).toBe(active?.id)
    }
  })

  it('create a topic that any of them is asked for, and each has it when it answers', async () => {
    const cluster = await started()
    for (const node of cluster.nodes) {
      const created = await create(node, `of-${node.id}`)
      expect(created).toMatchObject({ error: 0, partitions: 3, replicationFactor: 3 })
      expect(node.up.services.metadata.topic(`of-${node.id}`)?.id).toBe(created?.topicId)
    }
  })

  it('fence a broker that was killed, and its partitions have other leaders', async () => {
    const cluster = await started()
    await create(cluster.node(1), 'orders', 6)
    const victim = cluster.nodes.find((node) => node !== cluster.active) as Node
    const other = cluster.nodes.find((node) => node !== victim) as Node
    const view = other.up.services.metadata
    await until('the topic is known', () => view.topic('orders') !== undefined)
    expect(view.topic('orders')?.partitions.some(({ leader }) => leader === victim.id)).toBe(true)
    await victim.kill()
    await until('it is fenced', () => view.broker(victim.id)?.fenced === true)
    for (const { leader, isr } of view.topic('orders')?.partitions ?? []) {
      expect(leader).not.toBe(victim.id)
      expect(isr).not.toContain(victim.id)
      expect(leader).toBeGreaterThan(0)
    }
    await victim.start()
    await until('it is back', () => view.broker(victim.id)?.fenced === false)
  })

  it('take a broker back that was forgotten while it lives: it registers anew', async () => {
    const cluster = await started()
    const { controller, metadata } = cluster.node(1).up.services
    const before = metadata.broker(2)?.epoch ?? -1
    await new Promise<void>((resolve) => controller.unregisterBroker(2, () => resolve()))
    await until('it is back', () => metadata.broker(2)?.fenced === false)
    expect(metadata.broker(2)?.epoch).toBeGreaterThan(before)
    expect(cluster.node(2).up.services.cluster.brokerEpoch()).toBe(metadata.broker(2)?.epoch)
  })

  it('go on under another controller when the active one is killed', async () => {
    const cluster = await started()
    const first = cluster.active as Node
    const epoch = first.up.services.cluster.controller.epoch
    await first.kill()
    const other = cluster.running[0] as Node
    expect(await create(other, 'afterwards', 1)).toMatchObject({ error: 0 })
    await until('another leads', () => cluster.active !== null)
    expect(cluster.active?.up.services.cluster.controller.epoch).toBeGreaterThan(epoch)
    await until('the dead one is fenced', () => other.up.services.metadata.broker(first.id)?.fenced === true)
  })
})
