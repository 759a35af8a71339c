/** Batches of many sizes that arrive over real sockets at once, from the wire to the tail cache and the disk. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Broker } from '../../broker/broker.ts'
import { defaultConfig } from '../../broker/config.ts'
import { NodeDisk } from '../../broker/ports/node-disk.ts'
import { batchSize, computeCrc, crc } from '../../proto/kafka/batch/header.ts'
import { Produce } from '../../proto/kafka/generated/apis.ts'
import { RawClient } from '../support/raw-client.ts'
import { batchOf, fetchOne, produceRequest, recordsOf } from '../support/requests.ts'
import { quietPorts } from '../support/quiet-ports.ts'

const PRODUCERS = 20
/** Bytes of values: below, at and above every limit of the way in. */
const SIZES = [
  10, 7_000, 9_000, 64_000, 130_000, 20_000, 240_000, 300_000, 3, 100_000, 50_000, 255_000, 700_000, 16_000,
]

let dataDir: string

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'millrace-frames-'))
})

afterAll(() => {
  rmSync(dataDir, { recursive: true, force: true })
})

async function start(): Promise<Broker> {
  const broker = new Broker(
    quietPorts({ disk: new NodeDisk() }),
    defaultConfig({ dataDir, port: 0, durability: 'page-cache' }),
  )
  await broker.start()
  return broker
}

const valueOf = (producer: number, index: number) =>
  String.fromCharCode(65 + ((producer * 7 + index) % 26)).repeat(SIZES[(index + producer) % SIZES.length] ?? 1)

const batches = Array.from({ length: PRODUCERS }, (_, producer) =>
  SIZES.map((_size, index) => batchOf([valueOf(producer, index)])),
)

/** Sends all that a producer has without waiting for an answer. */
async function produceAll(broker: Broker, partition: number): Promise<void> {
  await using client = await RawClient.connect(broker.bootstrap)
  for (const batch of batches[partition] ?? []) client.send(Produce, 9, produceRequest('orders', partition, batch))
  for (const _batch of batches[partition] ?? []) await client.nextFrame()
}

/** The base offset and leader epoch in front are the broker's. */
const asSent = (batch: Buffer) => batch.subarray(16).toString('latin1')

async function expectAll(broker: Broker): Promise<void> {
  await using client = await RawClient.connect(broker.bootstrap)
  for (let partition = 0; partition < PRODUCERS; partition++) {
    for (const [offset, sent] of (batches[partition] ?? []).entries()) {
      const records = recordsOf(await fetchOne(client, { topic: 'orders', partition, offset, maxBytes: 1 }))
      expect(batchSize(records, 0)).toBe(sent.length)
      expect(computeCrc(records, 0)).toBe(crc(records, 0))
      expect(asSent(records) === asSent(sent)).toBe(true)
    }
  }
}

describe('batches of many sizes over many connections at once', () => {
  it('are read back as they were sent, from memory and from disk', async () => {
    const broker = await start()
    await new Promise<void>((resolve) => {
      const topic = { name: 'orders', partitions: PRODUCERS, replicationFactor: 1, assignments: [], configs: [] }
      broker.services.controller.createTopics([topic], { validateOnly: false }, () => resolve())
    })
    await Promise.all(Array.from({ length: PRODUCERS }, (_, partition) => produceAll(broker, partition)))
    await expectAll(broker)
    await broker.stop()
    const again = await start()
    await expectAll(again)
    await again.stop()
  })
})
