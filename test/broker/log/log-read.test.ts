import { describe, expect, it } from 'vitest'
import { decodeBatch } from '../../../proto/kafka/batch/decode.ts'
import { append, batch, freshLog, NOW_MS, readAll, readOnce, sharedWith, values } from './harness.ts'

describe('Log.read', () => {
  const caches = [
    ['from the tail cache', 1024 * 1024],
    ['from the file', 0],
  ] as const
  for (const [where, tailCacheBytes] of caches) {
    it(`W11: an offset inside a batch returns the whole batch, ${where}`, () => {
      const { log, turns } = freshLog({ shared: sharedWith({ tailCacheBytes }) })
      for (let i = 0; i < 50; i++) append(log, batch(`v${i}-`, 10))
      for (const offset of [0, 9, 10, 333, 499]) {
        const read = readOnce(log, turns, offset, 1)
        expect(decodeBatch(read.buffers[0]).baseOffset).toBe(offset - (offset % 10))
        expect(read.nextOffset).toBe(offset - (offset % 10) + 10)
      }
    })

    it(`KIP-74: the first batch comes even when larger than asked for, but only if wanted, ${where}`, () => {
      const { log, turns } = freshLog({ shared: sharedWith({ tailCacheBytes }) })
      append(log, batch('big', 1, { valueBytes: 50_000 }))
      append(log, batch('next'))
      expect(readOnce(log, turns, 0, 10)).toMatchObject({ nextOffset: 1 })
      expect(readOnce(log, turns, 0, 10, 2, false)).toMatchObject({ bytes: 0, nextOffset: 0 })
    })

    it(`stops below the limit and within the bytes asked for, ${where}`, () => {
      const { log, turns } = freshLog({ shared: sharedWith({ tailCacheBytes }) })
      for (let i = 0; i < 10; i++) append(log, batch('v', 5))
      const size = log.sizeBytes / 10
      expect(readOnce(log, turns, 0, 1_000_000, 25)).toMatchObject({ bytes: size * 5, nextOffset: 25 })
      expect(readOnce(log, turns, 0, 1_000_000, 24)).toMatchObject({ bytes: size * 4, nextOffset: 20 })
      expect(readOnce(log, turns, 5, size * 3 + 1)).toMatchObject({ bytes: size * 3, nextOffset: 20 })
      expect(readOnce(log, turns, 50, 1000)).toMatchObject({ bytes: 0, nextOffset: 50 })
    })
  }

  it('reads a little at once and a lot off the event loop', () => {
    const { log, turns } = freshLog({ shared: sharedWith({ tailCacheBytes: 0 }) })
    for (let i = 0; i < 40; i++) append(log, batch('v', 1, { valueBytes: 5000 }))
    expect(log.read(0, 40, 10_000, true)).toMatchObject({ nextOffset: 1, release: null })
    expect(log.read(0, 40, 100_000, true)).toBeNull()
    const large = readOnce(log, turns, 0, 100_000)
    expect(large.nextOffset).toBe(19)
    expect(large.release).not.toBeNull()
  })

  it('always reads at once in memory mode', () => {
    const { log } = freshLog({ shared: sharedWith({ tailCacheBytes: 0 }), durability: 'memory' })
    for (let i = 0; i < 40; i++) append(log, batch('v', 1, { valueBytes: 5000 }))
    expect(log.read(0, 40, 100_000, true)).toMatchObject({ nextOffset: 19 })
  })

  it('uses a released buffer again', () => {
    const shared = sharedWith({ tailCacheBytes: 0 })
    const { log, turns } = freshLog({ shared })
    for (let i = 0; i < 40; i++) append(log, batch('v', 1, { valueBytes: 5000 }))
    const first = readOnce(log, turns, 0, 100_000)
    const memory = first.buffers[0].buffer
    first.release!()
    expect(readOnce(log, turns, 19, 100_000).buffers[0].buffer).toBe(memory)
  })

  it('answers nothing when the log was truncated while the read was under way', () => {
    const { log, turns } = freshLog({ shared: sharedWith({ tailCacheBytes: 0 }) })
    for (let i = 0; i < 40; i++) append(log, batch('old', 1, { valueBytes: 5000 }))
    let bytes = -1
    log.readAsync(0, 40, 100_000, true, (_error, read) => {
      bytes = read.bytes
    })
    expect(log.truncateTo(0, NOW_MS)).toBeNull()
    append(log, batch('new'))
    turns.run()
    expect(bytes).toBe(0)
    expect(values(readAll(log, turns))).toEqual(['new0'])
  })
})

describe('Log lookups', () => {
  const cases = [0, 1, 2, 3, 4]
  for (const codec of cases) {
    it(`finds the exact record by timestamp inside a batch of codec ${codec}`, () => {
      const { log } = freshLog({ config: { segmentBytes: 2000, indexIntervalBytes: 100 } })
      for (let i = 0; i < 50; i++) append(log, batch(`v${i}-`, 4, { codec, timestamp: NOW_MS + i * 10 }))
      expect(log.segmentCount).toBeGreaterThan(2)
      expect(log.offsetForTimestamp(NOW_MS + 42)).toEqual({ offset: 18, timestamp: NOW_MS + 42, leaderEpoch: 0 })
      expect(log.offsetForTimestamp(NOW_MS + 44)).toMatchObject({ offset: 20, timestamp: NOW_MS + 50 })
      expect(log.offsetForTimestamp(0)).toMatchObject({ offset: 0 })
      expect(log.offsetForTimestamp(NOW_MS + 494)).toBeNull()
      expect(log.offsetOfMaxTimestamp()).toEqual({ offset: 199, timestamp: NOW_MS + 493, leaderEpoch: 0 })
    })
  }

  it('finds the first record at or after a time when times go back and forth', () => {
    const { log, turns } = freshLog({ config: { segmentBytes: 3000, indexIntervalBytes: 100 } })
    const times = Array.from({ length: 120 }, (_, i) => NOW_MS + ((i * 7919) % 113) * 10)
    for (const timestamp of times) append(log, batch('v', 2, { timestamp }))
    const records = readAll(log, turns)
    for (let at = NOW_MS - 5; at < NOW_MS + 1140; at += 7) {
      const first = records.find((record) => record.timestamp >= at)
      expect(log.offsetForTimestamp(at)?.offset).toBe(first?.offset)
    }
  })

  it('does not look below the log start', () => {
    const { log } = freshLog()
    append(log, batch('a', 10))
    log.updateHighWatermark(10)
    log.deleteRecordsBefore(4)
    expect(log.offsetForTimestamp(NOW_MS)).toMatchObject({ offset: 4 })
  })

  it('KIP-101: knows where each epoch ended', () => {
    const { log } = freshLog()
    append(log, batch('a', 3), 1)
    append(log, batch('b', 2), 4)
    log.assignEpoch(6, 5)
    expect(log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 3 })
    expect(log.endOffsetForEpoch(3)).toEqual({ epoch: 1, endOffset: 3 })
    expect(log.endOffsetForEpoch(4)).toEqual({ epoch: 4, endOffset: 5 })
    expect(log.endOffsetForEpoch(6)).toEqual({ epoch: 6, endOffset: 5 })
    expect(log.endOffsetForEpoch(7)).toEqual({ epoch: -1, endOffset: -1 })
    expect([0, 2, 3, 5].map((offset) => log.epochForOffset(offset))).toEqual([1, 1, 4, 6])
  })
})
