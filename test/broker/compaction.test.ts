import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startBroker } from '../../broker/index.ts'
import { decodeBatches } from '../../proto/kafka/batch/decode.ts'
import { encodeBatch } from '../../proto/kafka/batch/encode.ts'
import { RawClient } from '../support/raw-client.ts'
import { fetchOne, produce, recordsOf } from '../support/requests.ts'

let dataDir: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'millrace-compaction-'))
})

afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true })
})

type Broker = Awaited<ReturnType<typeof startBroker>>

function createCompacted(broker: Broker, name: string): Promise<void> {
  const configs = Object.entries({
    'cleanup.policy': 'compact',
    'segment.ms': '1000',
    'min.cleanable.dirty.ratio': '0',
  })
  const topic = {
    name,
    partitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: configs.map(([option, value]) => ({ name: option, value })),
  }
  return new Promise((resolve, reject) => {
    broker.services.controller.createTopics([topic], { validateOnly: false }, ([result]) => {
      if (result?.error === 0) resolve()
      else reject(new Error(result?.message ?? 'failed'))
    })
  })
}

function one(key: string, value: string, timestamp: number): Buffer {
  return encodeBatch([{ key, value, timestamp }])
}

/** Everything a consumer gets, as `offset:value`. */
async function consume(client: RawClient): Promise<string[]> {
  const lines: string[] = []
  for (let offset = 0; ; ) {
    const answer = await fetchOne(client, { topic: 'latest', offset, maxBytes: 1_000_000 })
    for (const batch of decodeBatches(recordsOf(answer))) {
      for (const record of batch.records()) lines.push(`${record.offset}:${String(record.value)}`)
      offset = batch.lastOffset + 1
    }
    if (offset >= answer.highWatermark) return lines
  }
}

describe.each(['fsync', 'memory'] as const)('a broker with a compacted topic, durability %s', (durability) => {
  it('cleans it by itself, and consumers see the last value of each key', { timeout: 30_000 }, async () => {
    const config = { dataDir, port: 0, durability, properties: { 'log.cleaner.backoff.ms': '20' } }
    {
      await using broker = await startBroker(config)
      await createCompacted(broker, 'latest')
      await using client = await RawClient.connect(broker.bootstrap)
      const start = Date.now() - 100_000
      for (let i = 0; i < 6; i++) await produce(client, 'latest', 0, one(`k${i % 2}`, `v${i}`, start + i * 2000))
      await expect.poll(() => consume(client), { timeout: 20_000 }).toEqual(['3:v3', '4:v4', '5:v5'])
      expect(broker.services.metrics.render()).toMatch(/^millrace_log_cleaner_runs_total [1-9]/m)
    }
    if (durability === 'memory') return
    const checkpoint = join(dataDir, 'cleaner-offset-checkpoint')
    expect(existsSync(checkpoint)).toBe(true)
    // A stop may overtake the end of a cleaning whose swaps are seen already: its predecessor counts then.
    expect(readFileSync(checkpoint, 'latin1')).toMatch(/^0\n1\nlatest 0 [45]\n$/)
    await using broker = await startBroker(config)
    const [log] = [...broker.services.partitions.all()].filter((partition) => partition.topic === 'latest')
    expect(log?.logEndOffset).toBe(6)
  })
})
