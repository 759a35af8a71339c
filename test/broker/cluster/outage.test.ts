/** All brokers die at once: every acknowledged record is back when they are. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Client, string, topic } from '../../../client/index.ts'
import { Three, until } from './three.ts'

const Orders = topic('orders', { key: string, value: string })
const PARTITIONS = 3
const RECORDS = 60

let three: Three
let directory: string | null = null
afterEach(async () => {
  await three.close()
  if (directory !== null) rmSync(directory, { recursive: true, force: true })
  directory = null
})

async function produce(): Promise<void> {
  await using client = new Client({ brokers: three.bootstrap })
  await client.admin().createTopics([{ name: 'orders', partitions: PARTITIONS, replicationFactor: 3 }])
  await using producer = client.producer({ acks: -1 })
  for (let n = 0; n < RECORDS; n += 1) await producer.send(Orders, [{ key: String(n), value: String(n) }])
}

async function consume(): Promise<number[]> {
  await using client = new Client({ brokers: three.bootstrap })
  const assign = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: 'orders', partition, offset: 0 }))
  await using consumer = client.consumer({ topics: [Orders], assign })
  const values: number[] = []
  for await (const record of consumer.records({ signal: AbortSignal.timeout(20_000) })) {
    values.push(Number(record.value))
    if (values.length === RECORDS) break
  }
  return values.sort((a, b) => a - b)
}

const partitions = () => three.node(1).up.services.metadata.topic('orders')?.partitions ?? []

async function fallAndRise(): Promise<void> {
  await Promise.all(three.nodes.map((node) => node.kill()))
  await three.startAll()
  await until('every partition is led', () => partitions().length > 0 && partitions().every(({ leader }) => leader > 0))
}

describe('a fall of all brokers', () => {
  it('loses nothing in fsync mode, where each of them may lead at once', { timeout: 60_000 }, async () => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-outage-'))
    three = await (await Three.make({ directory })).startAll()
    await produce()
    await fallAndRise()
    expect(await consume()).toEqual(Array.from({ length: RECORDS }, (_, n) => n))
  })

  it('waits for all in another mode, and elects those that have the most', { timeout: 60_000 }, async () => {
    three = await (await Three.make()).startAll()
    await produce()
    await fallAndRise()
    expect(await consume()).toEqual(Array.from({ length: RECORDS }, (_, n) => n))
    const messages = three.nodes.flatMap(({ lines }) => lines.map(({ message }) => message))
    expect(messages).toContain('all replicas that were last complete are back: the ones with the most lead')
  })
})
