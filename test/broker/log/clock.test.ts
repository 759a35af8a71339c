/** The wall clock is set back by an hour, or by years: nothing is deleted, rolled or forgotten early, and nothing stops. */
import { describe, expect, it } from 'vitest'
import { append, batch, DIRECTORY, freshLog, NOW_MS, openLog, readAll, retain, values } from './harness.ts'

const HOUR_MS = 3_600_000
const YEAR_MS = 365 * 24 * HOUR_MS

describe.each([
  ['an hour', HOUR_MS],
  ['thirty years', 30 * YEAR_MS],
])('a clock that is set back by %s', (_, backMs) => {
  const earlier = NOW_MS - backMs

  it('deletes nothing by age, and deletes as before once it is right again', () => {
    const config = { segmentBytes: 200, retentionMs: HOUR_MS }
    const { log } = freshLog({ config })
    for (let i = 0; i < 4; i++) append(log, batch('v', 1, { valueBytes: 90 }))
    log.updateHighWatermark(4)
    expect(retain(log, earlier)).toBe(0)
    expect(retain(log, NOW_MS + HOUR_MS)).toBe(0)
    expect(retain(log, NOW_MS + HOUR_MS + 1)).toBeGreaterThan(0)
    expect(log.offline).toBeNull()
  })

  it('rolls no segment by age, with timestamps or without', () => {
    const config = { segmentMs: HOUR_MS }
    for (const timestamp of [earlier, -1]) {
      const { log } = freshLog({ config })
      append(log, batch('a', 1, { timestamp: timestamp === -1 ? -1 : NOW_MS }))
      append(log, batch('b', 1, { timestamp }), 0, earlier)
      expect(log.segmentCount).toBe(1)
    }
  })

  it('appends LogAppendTime batches with the time it tells, and finds records by it', () => {
    const { log, turns } = freshLog({ config: { messageTimestampType: 'LogAppendTime', indexIntervalBytes: 1 } })
    for (let i = 0; i < 3; i++) append(log, batch(`a${i}`), 0, NOW_MS + i)
    for (let i = 0; i < 3; i++) append(log, batch(`b${i}`), 0, earlier + i)
    expect(readAll(log, turns).map(({ timestamp }) => timestamp)).toEqual([
      ...[0, 1, 2].map((i) => NOW_MS + i),
      ...[0, 1, 2].map((i) => earlier + i),
    ])
    expect(log.offsetForTimestamp(NOW_MS + 1)?.offset).toBe(1)
    expect(log.offsetOfMaxTimestamp()?.offset).toBe(2)
    expect(log.close()).toBeNull()
  })

  it('forgets no producer, also when it is put right again', () => {
    const { log } = freshLog({ producerIdExpirationMs: HOUR_MS })
    append(log, batch('a', 1, { producerId: 7, producerEpoch: 0, baseSequence: 0 }))
    for (const ms of [earlier, NOW_MS + HOUR_MS - 1]) log.tick(ms)
    expect(log.producerCount).toBe(1)
    log.tick(NOW_MS + HOUR_MS)
    expect(log.producerCount).toBe(0)
  })

  it('keeps deleted files for no longer than the delay', () => {
    const config = { segmentBytes: 200, retentionBytes: 0, fileDeleteDelayMs: 60_000 }
    const { log, disk, turns } = freshLog({ config })
    for (let i = 0; i < 4; i++) append(log, batch('v', 1, { valueBytes: 90 }))
    log.updateHighWatermark(4)
    expect(retain(log, NOW_MS)).toBeGreaterThan(0)
    const deleted = () => disk.listSync(DIRECTORY).filter((name) => name.endsWith('.deleted')).length
    log.tick(earlier)
    turns.run()
    expect(deleted()).toBeGreaterThan(0)
    log.tick(earlier + 60_000)
    turns.run()
    expect(deleted()).toBe(0)
  })

  it('opens the log again', () => {
    const { log, disk, turns } = freshLog()
    append(log, batch('a', 2))
    log.abandon()
    const again = openLog(disk, { nowMs: earlier })
    append(again, batch('b'), 0, earlier)
    expect(values(readAll(again, turns))).toEqual(['a0', 'a1', 'b0'])
  })
})
