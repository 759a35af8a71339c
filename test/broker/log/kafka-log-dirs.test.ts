/** Directories that Apache Kafka 4.3 wrote, clean and crashed: we open them and serve exactly what its clients read. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defaultLogConfig } from '../../../broker/log/config.ts'
import { parseOffsets } from '../../../broker/log/offset-checkpoint.ts'
import { decodeSnapshot, encodeSnapshot } from '../../../broker/log/producer-snapshot.ts'
import { decodeBatches } from '../../../proto/kafka/batch/decode.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import { memoryDisk, openLog, readAll, readOnce, sharedWith, type Turns } from './harness.ts'
import { readTarGz } from './tar.ts'

type ExpectedRecord = [number, [number, number], string | null, [number, string] | null, [string, string][]]
interface Expected {
  readonly low: number
  readonly high: number
  readonly records: ExpectedRecord[]
}

const fixture = join(import.meta.dirname, '../../fixtures/kafka/log-dirs.tar.gz')
const whole = join(import.meta.dirname, '../../../../shared/data/kafka/log-dirs.tar.gz')
const WAIT = 30_000

/** Puts one data directory of the archive on a disk of its own. */
function place(files: Map<string, Buffer>, kind: string): { disk: MemoryDisk; turns: Turns } {
  const { disk, turns } = memoryDisk()
  for (const [name, data] of files) {
    if (!name.startsWith(`${kind}/`)) continue
    const path = `/data/${name.slice(kind.length + 1)}`
    disk.mkdirSync(path.slice(0, path.lastIndexOf('/')))
    disk.replaceSync(path, data)
  }
  return { disk, turns }
}

function offsetsOf(files: Map<string, Buffer>, kind: string, file: string): Map<string, number> {
  return parseOffsets(files.get(`${kind}/${file}`)!)!
}

function open(files: Map<string, Buffer>, kind: string, name: string, disk: MemoryDisk, recoveryPoint?: number) {
  const topicId = /topic_id: (\S+)/.exec(String(files.get(`${kind}/${name}/partition.metadata`)))![1]
  return openLog(disk, {
    directory: `/data/${name}`,
    topicId,
    shared: sharedWith({ tailCacheBytes: 0 }),
    cleanShutdown: kind === 'clean',
    recoveryPoint: recoveryPoint ?? offsetsOf(files, kind, 'recovery-point-offset-checkpoint').get(name) ?? 0,
    logStartOffset: offsetsOf(files, kind, 'log-start-offset-checkpoint').get(name) ?? 0,
    highWatermark: offsetsOf(files, kind, 'replication-offset-checkpoint').get(name) ?? 0,
    config: { cleanupPolicy: { ...defaultLogConfig.cleanupPolicy, compact: name.startsWith('compacted') } },
  })
}

function judge(files: Map<string, Buffer>): void {
  const expected = JSON.parse(String(files.get('expected.json'))) as Record<string, Expected>
  const names = Object.keys(expected).flatMap((key) => (key.endsWith(' read_uncommitted') ? [key.split(' ')[0]] : []))

  for (const kind of ['clean', 'crashed']) {
    for (const name of names) {
      const uncommitted = expected[`${name} read_uncommitted`]
      it(`serves ${kind}/${name} as Kafka did: ${uncommitted.records.length} records`, { timeout: WAIT }, () => {
        const { disk, turns } = place(files, kind)
        const log = open(files, kind, name, disk)
        expect(log.recovery.clean).toBe(kind === 'clean')
        expect(log.recovery.tornBytes).toBe(0)
        log.updateHighWatermark(log.logEndOffset)
        expect([log.logStartOffset, log.logEndOffset]).toEqual([uncommitted.low, uncommitted.high])
        expect(log.lastStableOffset).toBe(expected[`${name} read_committed`].high)
        expect(visibleRecords(log, turns)).toEqual(uncommitted.records)
      })
    }
  }

  for (const name of [...names, '__consumer_offsets-0', '__transaction_state-0', '__cluster_metadata-0']) {
    it(`rebuilds the indexes of clean/${name} to the very bytes Kafka wrote`, () => {
      const before = place(files, 'clean')
      const stems = before.disk.listSync(`/data/${name}`).filter((file) => file.endsWith('.log'))
      const wanted = stems.map((file) => indexBytes(before.disk, `/data/${name}/${file}`))
      const { disk } = place(files, 'clean')
      for (const file of disk.listSync(`/data/${name}`)) {
        if (/\.(index|timeindex|txnindex)$/.test(file)) disk.unlinkSync(`/data/${name}/${file}`)
      }
      const log = open(files, 'crashed', name, disk, 0)
      log.close()
      expect(stems.map((file) => indexBytes(disk, `/data/${name}/${file}`))).toEqual(wanted)
    })
  }

  it('writes producer snapshots back to the very bytes Kafka wrote', () => {
    const snapshots = [...files].filter(([file]) => file.endsWith('.snapshot'))
    expect(snapshots.length).toBeGreaterThan(5)
    for (const [, data] of snapshots) expect(encodeSnapshot(decodeSnapshot(data, 0)!)).toEqual(data)
  })
}

function indexBytes(disk: MemoryDisk, logPath: string): string[] {
  return ['.index', '.timeindex', '.txnindex'].map((suffix) => {
    const path = logPath.replace(/\.log$/, suffix)
    return disk.existsSync(path) ? disk.readFileSync(path).toString('hex') : 'none'
  })
}

/** What a consumer sees: no control batches. */
function visibleRecords(log: ReturnType<typeof openLog>, turns: Turns): ExpectedRecord[] {
  const records: ExpectedRecord[] = []
  for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
    const read = readOnce(log, turns, offset, 1024 * 1024)
    for (const batch of decodeBatches(read.buffers)) {
      if (batch.isControl) continue
      for (const { offset: at, timestamp, key, value, headers } of batch.records()) {
        if (at < log.logStartOffset) continue
        const headerList = headers.map((header): [string, string] => [header.key, String(header.value)])
        records.push([
          at,
          [batch.isLogAppendTime ? 2 : 1, timestamp],
          key && String(key),
          value && digest(value),
          headerList,
        ])
      }
    }
    offset = read.nextOffset
  }
  return records
}

function digest(value: Buffer): [number, string] {
  return [value.length, createHash('sha256').update(value).digest('hex').slice(0, 16)]
}

describe("a part of Kafka's directories, kept with the tests", () => judge(readTarGz(fixture)))

describe.skipIf(!existsSync(whole))("Kafka's whole directories (skipped where ../shared is absent)", () => {
  const files = existsSync(whole) ? readTarGz(whole) : new Map<string, Buffer>()
  if (files.size > 0) judge(files)

  it('finds offsets by timestamp as Kafka did', () => {
    const { disk, turns } = place(files, 'clean')
    const log = open(files, 'clean', 'plain-0', disk)
    const times = (JSON.parse(String(files.get('expected.json'))) as Record<string, Record<string, number>>)
      .offsets_for_times
    for (const [time, offset] of Object.entries(times)) {
      expect(log.offsetForTimestamp(Number(time))?.offset ?? -1).toBe(offset)
    }
    const newest = readAll(log, turns).reduce((a, b) => (b.timestamp > a.timestamp ? b : a))
    expect(log.offsetOfMaxTimestamp()).toEqual({ offset: newest.offset, timestamp: newest.timestamp, leaderEpoch: 0 })
  })
})
