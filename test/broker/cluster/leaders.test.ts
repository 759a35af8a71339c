/** Where leaders go when brokers stop and come back. */
import { afterEach, describe, expect, it } from 'vitest'
import type { MetadataView } from '../../../broker/controller/view.ts'
import { type Node, Three, until } from './three.ts'

let three: Three
afterEach(() => three.close())

async function started(properties: Record<string, string | number> = {}): Promise<Three> {
  three = await (await Three.make({ properties })).startAll()
  await until('all are unfenced', () => three.isWhole)
  return three
}

async function create(name: string, partitions: number): Promise<void> {
  const topic = { name, partitions, replicationFactor: 3, assignments: [], configs: [] }
  const { controller } = three.active?.up.services ?? {}
  await new Promise<void>((resolve, reject) => {
    controller?.createTopics([topic], { validateOnly: false }, ([result]) =>
      result?.error === 0 ? resolve() : reject(new Error(result?.message ?? 'refused')),
    )
  })
  await until('it is known', () => three.active?.up.services.metadata.topic(name) !== undefined)
}

const leadersOf = (view: MetadataView, name: string) => view.topic(name)?.partitions.map(({ leader }) => leader) ?? []

describe('a broker that stops', () => {
  it.each(['the active controller', 'another one'])('hands its leaders over first: %s', async (which) => {
    await started()
    await create('orders', 6)
    const stopping = three.nodes.find((node) => (node === three.active) === (which === 'the active controller')) as Node
    const witness = three.nodes.find((node) => node !== stopping) as Node
    const view = witness.up.services.metadata
    await until('the witness knows it', () => view.topic('orders') !== undefined)
    expect(leadersOf(view, 'orders')).toContain(stopping.id)
    const orphaned: number[] = []
    witness.up.services.cluster.controller.onMetadata((metadata) => {
      for (const [index, leader] of leadersOf(metadata, 'orders').entries()) if (leader < 0) orphaned.push(index)
    })
    await stopping.stop()
    await until('it is fenced', () => view.broker(stopping.id)?.fenced === true)
    expect(orphaned).toEqual([])
    expect(leadersOf(view, 'orders')).not.toContain(stopping.id)
    await stopping.start()
    await until(
      'it is in sync again',
      () => view.topic('orders')?.partitions.every(({ isr }) => isr.includes(stopping.id)) === true,
    )
  })

  it('does so in time when all stop at once, and all come back', { timeout: 60_000 }, async () => {
    await started()
    await create('orders', 3)
    await Promise.all(three.nodes.map((node) => node.stop()))
    await three.startAll()
    await until('all are unfenced', () => three.isWhole)
    await until('every partition is led', () =>
      leadersOf(three.node(1).up.services.metadata, 'orders').every((leader) => leader > 0),
    )
  })
})

describe('a broker whose metadata log fails', () => {
  it('stops as by a crash and says so, and the others go on without it', { timeout: 30_000 }, async () => {
    await started()
    const failing = three.nodes.find((node) => node !== three.active) as Node
    const failures: string[] = []
    failing.up.onFailed((error) => void failures.push(error.message))
    failing.faults.appendError = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
    await create('orders', 3)
    await until('it has failed', () => failures.length > 0)
    expect(failures).toEqual([expect.stringContaining('EIO')])
    await until('it is fenced', () => three.active?.up.services.metadata.broker(failing.id)?.fenced === true)
    expect(failing.lines.filter(({ message }) => message.includes('has lost its metadata log'))).toHaveLength(1)
  })
})

describe('leaders', () => {
  it('go back to the preferred replicas by themselves', { timeout: 30_000 }, async () => {
    await started({ 'leader.imbalance.check.interval.seconds': 1 })
    await create('orders', 6)
    const preferred = () =>
      three
        .node(1)
        .up.services.metadata.topic('orders')
        ?.partitions.map(({ replicas }) => replicas[0])
    const victim = three.nodes.find((node) => node !== three.active) as Node
    await victim.kill()
    const view = three.active?.up.services.metadata as MetadataView
    await until('it leads nothing', () => !leadersOf(view, 'orders').includes(victim.id))
    await victim.start()
    await until('it leads again', () => leadersOf(view, 'orders').join() === preferred()?.join())
  })
})
