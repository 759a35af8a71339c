/** A whole broker whose disk fails: what clients, the operator's log and the metrics tell of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Broker } from '../../broker/broker.ts'
import { defaultConfig } from '../../broker/config.ts'
import { nodeClock } from '../../broker/ports/node-clock.ts'
import { NodeDisk } from '../../broker/ports/node-disk.ts'
import { nodeNetwork } from '../../broker/ports/node-network.ts'
import { nodeRandom } from '../../broker/ports/node-random.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import { FaultDisk } from '../support/fault-disk.ts'
import { RawClient } from '../support/raw-client.ts'
import { batchOf, fetchOne, produce } from '../support/requests.ts'

const fault = (code: string) => Object.assign(new Error(`${code}: injected`), { code })

let dataDir: string
let broker: Broker
let faults: FaultDisk
let lines: string[]

/** Of this data directory. */
function newBroker(): Broker {
  const note = (fields: object, message: string) => {
    lines.push(`${message}: ${'err' in fields ? String(fields.err) : ''}`)
  }
  const ports = {
    clock: nodeClock,
    random: nodeRandom,
    disk: faults.disk,
    network: nodeNetwork,
    logger: { debug: () => {}, info: () => {}, warn: note, error: note },
    maxSyncsInFlight: 2,
    maxOpenFiles: 64,
    maxConnections: 64,
    makeCompactionRunner: () => null,
    volume: () => ({ totalBytes: -1, usableBytes: -1 }),
  }
  return new Broker(ports, defaultConfig({ dataDir, port: 0 }))
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'millrace-failures-'))
  faults = new FaultDisk(new NodeDisk())
  lines = []
  broker = newBroker()
  await broker.start()
  await new Promise<void>((resolve) => {
    const topic = { name: 'orders', partitions: 2, replicationFactor: 1, assignments: [], configs: [] }
    broker.services.controller.createTopics([topic], { validateOnly: false }, () => resolve())
  })
})

afterEach(async () => {
  faults.appendError = null
  await broker.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const gauge = (name: string) => new RegExp(`^${name} (\\d+)$`, 'm').exec(broker.metrics.render())?.[1]

describe('a log that fails for good', () => {
  it('answers KAFKA_STORAGE_ERROR, is told of in one line that names it, and stops nothing else', async () => {
    await using client = await RawClient.connect(broker.bootstrap)
    faults.syncError = fault('EIO')
    faults.only = 'orders-0/'
    const answers = await Promise.all([0, 1, 2].map(() => produce(client, 'orders', 0, batchOf(['lost']))))
    expect(answers.map(({ errorCode }) => errorCode)).toEqual(Array<number>(3).fill(Errors.KAFKA_STORAGE_ERROR))
    expect((await produce(client, 'orders', 1, batchOf(['kept']))).errorCode).toBe(Errors.NONE)
    expect((await fetchOne(client, { topic: 'orders', partition: 0 })).errorCode).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(join(dataDir, 'orders-0'))
    expect(lines[0]).toContain('restart the broker')
    expect([gauge('millrace_logs_offline'), gauge('millrace_logs_full')]).toEqual(['1', '0'])
    await broker.stop()
    expect(lines.at(-1)).toContain('not all logs were closed cleanly')
  })
})

describe('records that were damaged on disk', () => {
  it('are answered with KAFKA_STORAGE_ERROR, and told of once, with the file and the place', async () => {
    const file = join(dataDir, 'orders-0', `${'0'.repeat(20)}.log`)
    {
      await using client = await RawClient.connect(broker.bootstrap)
      for (const value of ['first', 'second']) await produce(client, 'orders', 0, batchOf([value]))
    }
    await broker.stop()
    const data = readFileSync(file)
    const second = data.length - batchOf(['second']).length
    data[second + 7] ^= 0x10
    writeFileSync(file, data)
    broker = newBroker()
    await broker.start()
    await using client = await RawClient.connect(broker.bootstrap)
    const at = (offset: number) => fetchOne(client, { topic: 'orders', partition: 0, offset })
    for (let i = 0; i < 3; i++) expect((await at(1)).errorCode).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(`${file} at byte ${second}: offset 1 is missing before the batch`)
    expect((await at(0)).errorCode).toBe(Errors.NONE)
  })
})

describe('a full disk', () => {
  it('refuses what needs room with KAFKA_STORAGE_ERROR, serves reads, and recovers by itself', async () => {
    await using client = await RawClient.connect(broker.bootstrap)
    await produce(client, 'orders', 0, batchOf(['kept']))
    faults.appendError = fault('ENOSPC')
    const refused = await produce(client, 'orders', 0, batchOf(['refused']))
    expect(refused.errorCode).toBe(Errors.KAFKA_STORAGE_ERROR)
    const read = await fetchOne(client, { topic: 'orders', partition: 0 })
    expect([read.errorCode, read.highWatermark]).toEqual([Errors.NONE, 1])
    expect([gauge('millrace_logs_offline'), gauge('millrace_logs_full')]).toEqual(['0', '1'])
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(join(dataDir, 'orders-0'))
    faults.appendError = null
    await expect
      .poll(() => produce(client, 'orders', 0, batchOf(['accepted'])).then(({ errorCode }) => errorCode), {
        timeout: 20_000,
      })
      .toBe(Errors.NONE)
    expect((await fetchOne(client, { topic: 'orders', partition: 0 })).highWatermark).toBe(2)
    expect(gauge('millrace_logs_full')).toBe('0')
  })
})
