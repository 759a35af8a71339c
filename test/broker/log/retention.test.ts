import { describe, expect, it } from 'vitest'
import { defaultLogConfig, type LogConfig } from '../../../broker/log/config.ts'
import { countDueSegments } from '../../../broker/log/retention.ts'
import { append, batch, DIRECTORY, memoryDisk, NOW_MS, openLog, readAll, retain, syncNow } from './harness.ts'

const HOUR_MS = 3_600_000

/** Segments of 100 bytes and 10 offsets; the newest record of segment i is i hours after NOW_MS. */
function due(
  count: number,
  overrides: Partial<LogConfig>,
  state: { logStart?: number; highWatermark?: number; nowMs?: number; emptyLast?: boolean } = {},
): number {
  const segments = Array.from({ length: count }, (_, i) => ({
    baseOffset: i * 10,
    sizeBytes: state.emptyLast === true && i === count - 1 ? 0 : 100,
    newestTimestamp: () => NOW_MS + i * HOUR_MS,
  }))
  return countDueSegments(segments, {
    logStartOffset: state.logStart ?? 0,
    logEndOffset: count * 10,
    highWatermark: state.highWatermark ?? count * 10,
    nowMs: state.nowMs ?? NOW_MS,
    config: { ...defaultLogConfig, retentionMs: -1, ...overrides },
  })
}

describe('which segments are due', () => {
  const after = (hours: number) => NOW_MS + hours * HOUR_MS
  it.each([
    ['nothing is, without limits', 0, due(5, {}, { nowMs: after(1e6) })],
    ['those whose newest record is too old', 2, due(5, { retentionMs: HOUR_MS }, { nowMs: after(2.5) })],
    ['one that is exactly as old as allowed stays', 1, due(5, { retentionMs: HOUR_MS }, { nowMs: after(2) })],
    ['all of them, the last included, when all are old', 5, due(5, { retentionMs: HOUR_MS }, { nowMs: after(100) })],
    ['not an empty last one', 4, due(5, { retentionMs: HOUR_MS }, { nowMs: after(100), emptyLast: true })],
    ['those over the size', 3, due(5, { retentionBytes: 200 })],
    ['only whole segments of excess', 2, due(5, { retentionBytes: 250 })],
    ['everything, at size zero', 5, due(5, { retentionBytes: 0 })],
    ['none that ends above the high watermark', 2, due(5, { retentionBytes: 0 }, { highWatermark: 29 })],
    ['those wholly below the log start', 2, due(5, {}, { logStart: 29 })],
    ['by size first, then by time', 3, due(5, { retentionBytes: 400, retentionMs: HOUR_MS }, { nowMs: after(3.5) })],
    [
      'on a compact-only topic those below the log start alone',
      1,
      due(
        5,
        { cleanupPolicy: { delete: false, compact: true }, retentionBytes: 0, retentionMs: 1 },
        { logStart: 10, nowMs: after(100) },
      ),
    ],
  ])('%s', (_name, expected, actual) => {
    expect(actual).toBe(expected)
  })
})

describe('Log.applyRetention', () => {
  function filled(overrides: Partial<LogConfig> = {}) {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk, { config: { segmentBytes: 400, fileDeleteDelayMs: 60_000, ...overrides } })
    for (let i = 0; i < 20; i++) append(log, batch(`v${i}-`, 2, { timestamp: NOW_MS + i }))
    syncNow(log, turns)
    log.updateHighWatermark(log.logEndOffset)
    return { disk, turns, log }
  }

  it('moves the log start, renames the files, and removes them after the delay', () => {
    const { disk, turns, log } = filled({ retentionBytes: 800 })
    const segments = log.segmentCount
    expect(retain(log, NOW_MS)).toBeGreaterThan(1)
    expect(log.segmentCount).toBeLessThan(segments)
    const first = disk.listSync(DIRECTORY).find((name) => name.endsWith('.log'))!
    expect(log.logStartOffset).toBe(Number(first.slice(0, 20)))
    const deleted = () => disk.listSync(DIRECTORY).filter((name) => name.endsWith('.deleted'))
    expect(deleted()).toContain('00000000000000000000.log.deleted')
    expect(deleted()).toContain('00000000000000000000.timeindex.deleted')
    log.tick(NOW_MS + 59_999)
    turns.run()
    expect(deleted().length).toBeGreaterThan(0)
    log.tick(NOW_MS + 60_000)
    turns.run()
    expect(deleted()).toEqual([])
    expect(readAll(log, turns)).toHaveLength(log.logEndOffset - log.logStartOffset)
    log.abandon()
    expect(openLog(disk).logStartOffset).toBe(Number(first.slice(0, 20)))
  })

  it('rolls a new segment when every one is due, so that offsets go on', () => {
    const { disk, turns, log } = filled({ retentionMs: 1000 })
    retain(log, NOW_MS + 10_000)
    expect([log.segmentCount, log.logStartOffset, log.logEndOffset, log.sizeBytes]).toEqual([1, 40, 40, 0])
    expect(append(log, batch('next'))).toBe(40)
    syncNow(log, turns)
    log.abandon()
    const again = openLog(disk)
    expect([again.logStartOffset, again.logEndOffset]).toEqual([40, 41])
  })

  it('does nothing to what consumers have not been shown yet', () => {
    const { log } = filled({ retentionBytes: 0 })
    log.updateHighWatermark(0)
    expect(retain(log, NOW_MS)).toBe(0)
  })

  it('deletes whole segments below a DeleteRecords, whose start survives through the checkpoint', () => {
    const { disk, log } = filled()
    log.deleteRecordsBefore(21)
    expect(log.logStartOffset).toBe(21)
    expect(retain(log, NOW_MS)).toBeGreaterThan(1)
    expect(log.logStartOffset).toBe(21)
    log.abandon()
    expect(openLog(disk, { logStartOffset: 21 }).logStartOffset).toBe(21)
  })

  it('reads on from an open file that has been renamed away', () => {
    const { turns, log, disk } = filled({ retentionBytes: 800 })
    log.abandon()
    const cold = openLog(disk, { config: { segmentBytes: 400, retentionBytes: 800 } })
    cold.updateHighWatermark(40)
    let offset = -1
    cold.readAsync(0, 40, 1000, true, (error, read) => {
      expect(error).toBeNull()
      offset = read.nextOffset
    })
    retain(cold, NOW_MS)
    turns.run()
    // The read is answered with nothing rather than with what is no longer in the log.
    expect(offset).toBe(0)
  })

  it('starts the epochs where the log starts', () => {
    const { disk } = memoryDisk()
    const log = openLog(disk, { config: { segmentBytes: 300 } })
    for (let i = 0; i < 12; i++) append(log, batch('v', 2), i)
    log.updateHighWatermark(24)
    log.deleteRecordsBefore(9)
    expect([log.epochForOffset(8), log.epochForOffset(9), log.epochForOffset(10)]).toEqual([-1, 4, 5])
    expect(log.endOffsetForEpoch(2)).toEqual({ epoch: 2, endOffset: 9 })
  })
})
