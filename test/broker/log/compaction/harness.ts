/** What the tests of compaction share: keyed batches, and a cleaner that runs when told to. */
import { decodeBatches } from '../../../../proto/kafka/batch/decode.ts'
import { encodeBatch, type BatchOptions } from '../../../../proto/kafka/batch/encode.ts'
import type { CleanerListener } from '../../../../broker/log/compaction/log-cleaner.ts'
import { LogCleaner } from '../../../../broker/log/compaction/log-cleaner.ts'
import { StepRunner } from '../../../../broker/log/compaction/runner.ts'
import type { LogConfig } from '../../../../broker/log/config.ts'
import type { Log } from '../../../../broker/log/log.ts'
import type { Disk } from '../../../../broker/ports/disk.ts'
import { append, freshLog, NOW_MS, readOnce, type Turns } from '../harness.ts'

/** Compacted, cleaned at the least dirt; a segment ends by time, so that a test decides where. */
export const COMPACTED: Partial<LogConfig> = {
  cleanupPolicy: { compact: true, delete: false },
  minCleanableDirtyRatio: 0,
  segmentMs: 1000,
  indexIntervalBytes: 100,
}

export type Pair = readonly [key: string | null, value: string | null]

/** A batch of these records, one millisecond apart. */
export function keyed(pairs: readonly Pair[], options: BatchOptions & { timestamp?: number } = {}): Buffer {
  const { timestamp = NOW_MS, ...rest } = options
  return encodeBatch(
    pairs.map(([key, value], i) => ({ key, value, timestamp: timestamp + i })),
    rest,
  )
}

/** Far enough behind the others to begin a segment. */
export const FAR_MS = NOW_MS + 1_000_000

/** Each list of batches in a segment of its own, an active segment behind them, all below the high watermark. */
export function withSegments(segments: readonly (readonly Buffer[])[], config: Partial<LogConfig> = {}) {
  const world = freshLog({ config: { ...COMPACTED, ...config } })
  for (const batches of segments) {
    // What a segment begins with decides by its time that it begins one.
    for (const batch of batches) append(world.log, Buffer.from(batch))
  }
  append(world.log, keyed([['end', 'x']], { timestamp: FAR_MS }))
  world.log.updateHighWatermark(world.log.logEndOffset)
  return world
}

/** Of the batch that begins the segment of this index. */
export function at(index: number): { timestamp: number } {
  return { timestamp: NOW_MS + index * 2000 }
}

/** A cleaner over logs on a disk whose turns the test runs. */
export class TestCleaner {
  readonly cleaner: LogCleaner
  cleaned = 0
  abandoned = 0
  readonly failures: Error[] = []
  nowMs = NOW_MS
  onCleaned: (log: Log) => void = () => undefined

  constructor(logs: () => Iterable<Log>, disk: Disk, turns: Turns, options: { mapBytesMax?: number } = {}) {
    const listener: CleanerListener = {
      cleaned: (log) => {
        this.cleaned++
        this.onCleaned(log)
      },
      abandoned: () => void this.abandoned++,
      failed: (_log, reason) => void this.failures.push(reason),
    }
    const pacing = {
      bytesPerSecond: () => 1e12,
      monotonic: () => 0,
      after: (_ms: number, fn: () => void) => turns.defer(fn),
    }
    this.cleaner = new LogCleaner({
      logs,
      runner: new StepRunner(disk, pacing),
      listener,
      now: () => this.nowMs,
      mapBytesMax: () => options.mapBytesMax ?? 1024 * 1024,
    })
  }
}

/** Cleans the log until nothing is left to clean; returns what happened. */
export function cleanNow(log: Log, disk: Disk, turns: Turns, nowMs = NOW_MS, mapBytesMax = 1024 * 1024): TestCleaner {
  const test = new TestCleaner(() => [log], disk, turns, { mapBytesMax })
  test.nowMs = nowMs
  test.cleaner.tick()
  turns.run()
  return test
}

/** Records of the log as `offset:key=value`, tombstones without a value; markers as `offset:!`. */
export function dump(log: Log, turns: Turns, from = log.logStartOffset): string[] {
  const lines: string[] = []
  let offset = from
  while (offset < log.flushedEndOffset) {
    const read = readOnce(log, turns, offset, 64 * 1024)
    if (read.bytes === 0) break
    for (const batch of decodeBatches(read.buffers)) {
      for (const record of batch.records()) {
        if (record.offset < from) continue
        if (batch.isControl) lines.push(`${record.offset}:!`)
        else
          lines.push(`${record.offset}:${String(record.key)}${record.value === null ? '' : `=${String(record.value)}`}`)
      }
    }
    offset = read.nextOffset
  }
  return lines
}
