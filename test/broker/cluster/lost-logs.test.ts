/** A log that fails or is full on a broker that lives: others lead on, and nothing acknowledged is lost. */
import { afterEach, describe, expect, it } from 'vitest'
import type { PartitionView } from '../../../broker/controller/view.ts'
import { Client, string, topic } from '../../../client/index.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { RawClient } from '../../support/raw-client.ts'
import { batchOf, produce } from '../../support/requests.ts'
import { type Node, Three, until } from './three.ts'

const Orders = topic('orders', { key: string, value: string })

/** Only a report takes a replica out of an in-sync set that soon. */
const LONG_LAG = { 'replica.lag.time.max.ms': 600_000 }

let three: Three
let client: Client

async function start(properties: Record<string, number> = LONG_LAG): Promise<void> {
  three = await (await Three.make({ properties })).startAll()
  await until('all are unfenced', () => three.isWhole)
  client = new Client({ brokers: three.bootstrap })
}

afterEach(async () => {
  await client.close()
  await three.close()
})

/** As the broker with this id knows it. */
function partitionAt(id: number, name = 'orders'): PartitionView | undefined {
  return three.node(id).services?.metadata.topic(name)?.partitions[0]
}

async function create(replicationFactor: number): Promise<PartitionView> {
  await client.admin().createTopics([{ name: 'orders', partitions: 1, replicationFactor }])
  await until('everybody knows it', () => [1, 2, 3].every((id) => partitionAt(id) !== undefined))
  const partition = partitionAt(1)
  if (partition === undefined) throw new Error('it was known')
  return partition
}

function breakLog(node: Node): void {
  node.faults.only = 'orders-0'
  node.faults.appendError = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
}

/** No room in logs whose path contains this. */
function fill(node: Node, only: string): void {
  node.faults.only = only
  node.faults.appendError = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
}

async function restart(node: Node): Promise<void> {
  await node.stop()
  node.faults.appendError = null
  await node.start()
}

/** Sends these numbers one after the other; each is acknowledged by all who are in sync. */
async function send(from: number, to: number): Promise<void> {
  await using producer = client.producer({ acks: -1 })
  for (let n = from; n < to; n += 1) await producer.send(Orders, [{ key: 'same', value: String(n) }])
}

async function consume(count: number): Promise<number[]> {
  const assign = [{ topic: 'orders', partition: 0, offset: 0 }]
  await using consumer = client.consumer({ topics: [Orders], assign })
  const values: number[] = []
  for await (const record of consumer.records({ signal: AbortSignal.timeout(20_000) })) {
    values.push(Number(record.value))
    if (values.length === count) break
  }
  return values
}

const firstNumbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('a log that fails on a broker that lives', { timeout: 60_000 }, () => {
  it('has another leader in a moment, produces go on, and it follows after a restart with its disk in order', async () => {
    await start()
    const { leader: failing } = await create(3)
    const others = [1, 2, 3].filter((id) => id !== failing)
    await send(0, 20)
    breakLog(three.node(failing))
    await send(20, 40)
    const [witness = -1] = others
    await until('the witness knows', () => others.includes(partitionAt(witness)?.leader ?? -1))
    expect([...(partitionAt(witness)?.isr ?? [])].sort((a, b) => a - b)).toEqual(others)
    // Nobody else has noticed anything.
    expect(three.node(witness).services?.metadata.broker(failing)?.fenced).toBe(false)
    await restart(three.node(failing))
    await until('it is in sync again', () => partitionAt(witness)?.isr.includes(failing) === true)
    await send(40, 60)
    expect(await consume(60)).toEqual(firstNumbers(60))
    const { partitions } = three.node(failing).up.services
    await until('it has everything', () => partitions.get('orders', 0)?.logEndOffset === 60)
  })

  it('is not waited for where it follows, and does not come back before a restart', async () => {
    await start()
    const { leader, leaderEpoch } = await create(3)
    const failing = [1, 2, 3].find((id) => id !== leader) ?? -1
    await send(0, 20)
    breakLog(three.node(failing))
    await send(20, 40)
    expect(partitionAt(leader)).toMatchObject({ leader, leaderEpoch: leaderEpoch + 1 })
    expect(partitionAt(leader)?.isr).toHaveLength(2)
    await send(40, 60)
    expect(partitionAt(leader)?.isr).not.toContain(failing)
    await restart(three.node(failing))
    await until('it is in sync again', () => partitionAt(leader)?.isr.includes(failing) === true)
    expect(await consume(60)).toEqual(firstNumbers(60))
  })

  it('is reported at once and not with the next heartbeat', async () => {
    await start({ 'broker.heartbeat.interval.ms': 100_000, 'broker.session.timeout.ms': 300_000 })
    const { leader: failing } = await create(3)
    await send(0, 5)
    breakLog(three.node(failing))
    await send(5, 10)
    await until('it knows itself', () => partitionAt(failing)?.leader !== failing)
    expect(await consume(10)).toEqual(firstNumbers(10))
  })

  it('that has no other replica answers KAFKA_STORAGE_ERROR until a restart', async () => {
    await start()
    const { leader } = await create(1)
    const node = three.node(leader)
    await send(0, 5)
    breakLog(node)
    const raw = await RawClient.connect(node.address)
    for (const value of ['first', 'second']) {
      expect((await produce(raw, 'orders', 0, batchOf([value]))).errorCode).toBe(Errors.KAFKA_STORAGE_ERROR)
    }
    await raw.close()
    expect(partitionAt(leader)).toMatchObject({ leader, isr: [leader] })
    await restart(node)
    await send(5, 10)
    expect(await consume(10)).toEqual(firstNumbers(10))
  })
})

/** Seldom otherwise: how often a full log looks whether it has room again. */
const LOOKS_OFTEN = { ...LONG_LAG, 'replica.high.watermark.checkpoint.interval.ms': 100 }

describe('a log without room on a broker that lives', { timeout: 60_000 }, () => {
  it('has another leader in a moment, produces go on, and it follows by itself once there is room', async () => {
    await start(LOOKS_OFTEN)
    const { leader: full } = await create(3)
    const others = [1, 2, 3].filter((id) => id !== full)
    const [witness = -1] = others
    await send(0, 20)
    fill(three.node(full), 'orders-0')
    await send(20, 40)
    expect(others).toContain(partitionAt(witness)?.leader)
    expect([...(partitionAt(witness)?.isr ?? [])].sort((a, b) => a - b)).toEqual(others)
    three.node(full).faults.appendError = null
    await until('it is in sync again', () => partitionAt(witness)?.isr.includes(full) === true)
    await send(40, 60)
    expect(await consume(60)).toEqual(firstNumbers(60))
  })

  it('is not waited for where it follows, and stays out while its leader has nothing new and it has no room', async () => {
    await start(LOOKS_OFTEN)
    const { leader } = await create(3)
    const full = [1, 2, 3].find((id) => id !== leader) ?? -1
    await send(0, 20)
    fill(three.node(full), 'orders-0')
    await send(20, 40)
    expect(partitionAt(leader)?.leader).toBe(leader)
    const { partitionEpoch } = partitionAt(leader) ?? {}
    let looks = 0
    await until('it has looked for room again and again', () => (looks += 1) > 100)
    expect(partitionAt(leader)).toMatchObject({ partitionEpoch })
    three.node(full).faults.appendError = null
    await until('it is in sync again', () => partitionAt(leader)?.isr.includes(full) === true)
    expect(await consume(40)).toEqual(firstNumbers(40))
  })

  it('is fenced, and another controller takes over, when its metadata log has none: changes are made without it', async () => {
    await start(LOOKS_OFTEN)
    const full = three.active
    if (full === null) throw new Error('somebody is active')
    const others = three.nodes.filter((node) => node !== full)
    fill(full, '')
    // Any change would do: it is what meets the want of room.
    await client
      .admin()
      .createTopics([{ name: 'refused', partitions: 1, replicationFactor: 1 }])
      .catch(() => undefined)
    const fencedAt = (node: Node) => node.services?.metadata.broker(full.id)?.fenced
    await until('the others fence it', () => others.every((node) => fencedAt(node) === true))
    expect(others).toContain(three.active)
    await client.close()
    client = new Client({ brokers: others.map(({ address }) => address) })
    await client.admin().createTopics([{ name: 'orders', partitions: 1, replicationFactor: 2 }])
    await send(0, 10)
    expect(await consume(10)).toEqual(firstNumbers(10))
    full.faults.appendError = null
    await until('it is one of them again', () => three.isWhole)
  })
})
