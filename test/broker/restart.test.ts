/** What a start reads of the disk, after a clean stop and after a crash: a whole broker over a disk that is watched. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Broker } from '../../broker/broker.ts'
import { defaultConfig } from '../../broker/config.ts'
import { NodeDisk } from '../../broker/ports/node-disk.ts'
import { RawClient } from '../support/raw-client.ts'
import { batchOf, fetchOne, produce } from '../support/requests.ts'
import { WatchDisk } from '../support/watch-disk.ts'
import { quietPorts } from '../support/quiet-ports.ts'

const PARTITIONS = 3
const BATCHES = 8
const PRODUCER = { producerId: 9, producerEpoch: 0 }

let dataDir: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'millrace-restart-'))
})

afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true })
})

async function start(watch: WatchDisk): Promise<Broker> {
  const broker = new Broker(quietPorts({ disk: watch.disk }), defaultConfig({ dataDir, port: 0 }))
  await broker.start()
  return broker
}

/** A topic with a few batches of an idempotent producer in each partition. */
async function fill(broker: Broker): Promise<void> {
  await new Promise<void>((resolve) => {
    const topic = { name: 'orders', partitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] }
    broker.services.controller.createTopics([topic], { validateOnly: false }, () => resolve())
  })
  await using client = await RawClient.connect(broker.bootstrap)
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let baseSequence = 0; baseSequence < BATCHES; baseSequence++) {
      const batch = batchOf([`value ${baseSequence}`], { ...PRODUCER, baseSequence })
      expect((await produce(client, 'orders', partition, batch)).errorCode).toBe(0)
    }
  }
}

describe('a start', () => {
  it('after a clean stop reads no data of any topic, and knows the last five batches of each producer', async () => {
    const watch = new WatchDisk(new NodeDisk())
    const first = await start(watch)
    await fill(first)
    await first.stop()
    watch.forget()
    const broker = await start(watch)
    // The metadata log is the broker's memory of its topics, and is read always.
    expect(watch.logsRead.filter((path) => !path.includes('__cluster_metadata'))).toEqual([])
    await using client = await RawClient.connect(broker.bootstrap)
    for (let partition = 0; partition < PARTITIONS; partition++) {
      for (let baseSequence = BATCHES - 5; baseSequence < BATCHES; baseSequence++) {
        const again = await produce(client, 'orders', partition, batchOf(['x'], { ...PRODUCER, baseSequence }))
        expect([again.errorCode, again.baseOffset]).toEqual([0, baseSequence])
      }
      expect((await fetchOne(client, { topic: 'orders', partition })).highWatermark).toBe(BATCHES)
    }
    await broker.stop()
  })

  it('after a crash reads what may not be whole, and serves everything acknowledged', async () => {
    const watch = new WatchDisk(new NodeDisk())
    const first = await start(watch)
    await fill(first)
    await first.kill()
    watch.forget()
    const broker = await start(watch)
    expect(watch.logsRead.filter((path) => path.includes('orders'))).toHaveLength(PARTITIONS)
    await using client = await RawClient.connect(broker.bootstrap)
    for (let partition = 0; partition < PARTITIONS; partition++) {
      expect((await fetchOne(client, { topic: 'orders', partition })).highWatermark).toBe(BATCHES)
      const retry = batchOf(['x'], { ...PRODUCER, baseSequence: BATCHES - 5 })
      expect(await produce(client, 'orders', partition, retry)).toMatchObject({ errorCode: 0, baseOffset: BATCHES - 5 })
    }
    await broker.stop()
  })
})
