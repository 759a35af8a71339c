/** What Apache Kafka 4.3 made of the same logs, byte for byte; `record.main.ts` recorded it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeBatches } from '../../../../proto/kafka/batch/decode.ts'
import * as header from '../../../../proto/kafka/batch/header.ts'
import { DIRECTORY, memoryDisk, openLog } from '../harness.ts'
import type { CompactionFixture, FixtureFiles, FixtureStage } from './fixtures.ts'
import { cleanNow, COMPACTED } from './harness.ts'

const SOURCE = join(import.meta.dirname, '../../../fixtures/kafka/compaction')

const fixtures = readdirSync(SOURCE).map(
  (name) => JSON.parse(readFileSync(join(SOURCE, name), 'utf8')) as CompactionFixture,
)

/** Kafka's log before the cleaning, cleaned by us at Kafka's time. */
function replay(fixture: CompactionFixture, stage: FixtureStage): FixtureFiles {
  const { disk, turns } = memoryDisk()
  disk.mkdirSync(DIRECTORY)
  for (const [name, text] of Object.entries(stage.before)) {
    disk.replaceSync(`${DIRECTORY}/${name}`, Buffer.from(text, 'base64'))
  }
  const log = openLog(disk, {
    config: { ...COMPACTED, deleteRetentionMs: fixture.deleteRetentionMs, messageTimestampType: fixture.timestampType },
    nowMs: stage.nowMs,
  })
  log.updateHighWatermark(log.logEndOffset)
  log.compaction.cleanedTo = stage.cleanedTo
  const outcome = cleanNow(log, disk, turns, stage.nowMs)
  expect(outcome.failures).toEqual([])
  expect(log.compaction.cleanedTo).toBe(stage.cleanedToAfter)
  expect(log.close()).toBe(null)
  const files: Record<string, string> = {}
  for (const name of disk.listSync(DIRECTORY)) {
    if (/\.(log|txnindex)$/.test(name)) files[name] = disk.readFileSync(`${DIRECTORY}/${name}`).toString('base64')
  }
  return files
}

/** The batches of a log, with compressed records as what is in them: two implementations of a codec differ in bytes. */
function describeLog(data: Buffer): unknown[] {
  const batches: unknown[] = []
  for (let at = 0; at < data.length; at += header.batchSize(data, at)) {
    const bytes = data.subarray(at, at + header.batchSize(data, at))
    if (header.codecId(data, at) === 0) {
      batches.push(bytes.toString('hex'))
      continue
    }
    const [batch] = [...decodeBatches(bytes)]
    const records = [...batch.records()].map((record) => ({ ...record }))
    batches.push({ ...batch, sizeBytes: 0, records, attributes: header.attributes(data, at) })
  }
  return batches
}

function describeFiles(files: FixtureFiles): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => {
      const data = Buffer.from(text, 'base64')
      return [name, name.endsWith('.log') ? describeLog(data) : data.toString('hex')]
    }),
  )
}

describe.each(fixtures)('compaction of what Kafka cleaned: $name', (fixture) => {
  it.each(fixture.stages.map((stage, i) => ({ stage, number: i + 1 })))(
    'leaves the same batches in cleaning $number',
    ({ stage }) => {
      expect(describeFiles(replay(fixture, stage))).toEqual(describeFiles(stage.after))
    },
  )
})
