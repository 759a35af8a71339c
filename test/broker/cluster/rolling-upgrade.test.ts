/** Brokers of one release replaced by those of the next, one by one, while a client produces; then the level is raised. */
import { afterEach, describe, expect, it } from 'vitest'
import { Client, string, topic } from '../../../client/index.ts'
import { type Node, Three, until } from './three.ts'

const Orders = topic('orders', { key: string, value: string })

let three: Three | null = null
let client: Client | null = null
afterEach(async () => {
  await client?.close().catch(() => {})
  await three?.close()
})

/** What makes a broker one of the release before: it understands the records of level 1 only, and registers with that. */
const before = { 'millrace.metadata.version': 1 }
const since = { 'millrace.metadata.version': 2 }

async function oldCluster(): Promise<Three> {
  three = await (await Three.make({ properties: before })).startAll()
  const { isWhole } = three
  if (!isWhole) await until('it is whole', () => three?.isWhole === true)
  return three
}

function adminOf({ bootstrap }: Three) {
  client = new Client({ brokers: bootstrap })
  return client.admin()
}

const level = (node: Node) => node.up.services.metadata.features().get('metadata.version')
const partitionOf = (node: Node) => node.up.services.metadata.topic('orders')?.partitions[0]
const reasonAt = (node: Node) => partitionOf(node)?.electedAs

/** Stops a broker and starts it as one of the other release; goes on when it is in sync again. */
async function replace(cluster: Three, id: number, properties: Record<string, number>): Promise<void> {
  const node = cluster.node(id)
  await node.stop()
  node.reconfigure(properties)
  await node.start()
  await until(`broker ${id} is in sync`, () => cluster.isWhole && partitionOf(node)?.isr.length === 3)
}

async function moveLeader(cluster: Three): Promise<void> {
  const leader = partitionOf(cluster.node(1))?.leader ?? 0
  await cluster.node(leader).stop()
  const left = cluster.running[0] as Node
  await until('another one leads', () => ![leader, -1].includes(partitionOf(left)?.leader ?? -1))
  await cluster.node(leader).start()
  await until('it is back', () => cluster.isWhole)
}

describe('a rolling upgrade', () => {
  it('goes on producing, and raises metadata.version when every broker understands it', {
    timeout: 90_000,
  }, async () => {
    const cluster = await oldCluster()
    const admin = adminOf(cluster)
    await admin.createTopics([{ name: 'orders', partitions: 1 }])
    const producer = client?.producer() ?? expect.fail()
    const acknowledged: number[] = []
    const stop = new AbortController()
    const producing = (async () => {
      for (let n = 0; !stop.signal.aborted; n += 1) {
        await producer.send(Orders, [{ key: 'same', value: String(n) }])
        acknowledged.push(n)
      }
    })()
    const raise = () => admin.updateFeatures({ 'metadata.version': 2 })

    for (const id of [1, 2, 3]) {
      await expect(raise()).rejects.toThrow(/(Local controller|Broker) \d only supports versions 1/)
      await replace(cluster, id, since)
      // Leaders moved, and none of the records says why: those of the release before could not read it.
      for (const node of cluster.nodes) expect([level(node), reasonAt(node)]).toEqual([1, ''])
    }
    await raise()
    for (const node of cluster.nodes) await until('every broker knows', () => level(node) === 2)
    await moveLeader(cluster)
    for (const node of cluster.nodes) await until('they know why it leads', () => reasonAt(node) === 'in-sync')

    const soFar = acknowledged.length
    await until('it still produces', () => acknowledged.length > soFar)
    stop.abort()
    await producing
    const [end] = await admin.listOffsets([{ topic: 'orders', partition: 0 }], 'latest')
    expect(end?.offset).toBe(acknowledged.length)
  })

  it('has no way back once the level is raised, and refuses a broker of the release before', {
    timeout: 60_000,
  }, async () => {
    three = await (await Three.make()).startAll()
    const cluster = three
    await until('it is whole', () => cluster.isWhole)
    const admin = adminOf(cluster)
    const [feature] = await admin.describeFeatures()
    expect(feature).toEqual({ name: 'metadata.version', minLevel: 1, maxLevel: 2, level: 2 })
    const lower = (downgrade: 'safe' | 'unsafe') => admin.updateFeatures({ 'metadata.version': 1 }, { downgrade })
    await expect(lower('safe')).rejects.toThrow('Refusing to perform the requested downgrade')
    await expect(lower('unsafe')).rejects.toThrow('Unsafe metadata downgrade is not supported')

    await cluster.node(3).stop()
    cluster.node(3).reconfigure(before)
    await expect(cluster.node(3).start()).rejects.toThrow(
      'the cluster has agreed on metadata.version 2, and this broker understands 1 to 1: start broker 3 with the release of the others (UNSUPPORTED_VERSION)',
    )
    expect(level(cluster.node(1))).toBe(2)
  })
})
