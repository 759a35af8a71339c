import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EpochCache } from '../../../broker/log/epoch-cache.ts'

function cacheOf(...entries: [number, number][]): EpochCache {
  const cache = new EpochCache()
  for (const [epoch, start] of entries) cache.assign(epoch, start)
  return cache
}

describe('EpochCache', () => {
  it('looks up the end of an epoch (KIP-101)', () => {
    const cache = cacheOf([2, 10], [3, 20], [7, 20], [9, 35])
    expect(cache.endOffsetFor(1, 50)).toEqual({ epoch: 1, endOffset: 10 })
    expect(cache.endOffsetFor(2, 50)).toEqual({ epoch: 2, endOffset: 20 })
    expect(cache.endOffsetFor(8, 50)).toEqual({ epoch: 7, endOffset: 35 })
    expect(cache.endOffsetFor(9, 50)).toEqual({ epoch: 9, endOffset: 50 })
    expect(cache.endOffsetFor(10, 50)).toEqual({ epoch: -1, endOffset: -1 })
    expect(cache.endOffsetFor(-1, 50)).toEqual({ epoch: -1, endOffset: -1 })
  })

  it('drops what a new entry contradicts', () => {
    const cache = cacheOf([1, 0], [2, 10], [3, 20])
    expect(cache.assign(3, 25)).toBe(false)
    expect(cache.assign(4, 10)).toBe(true)
    expect(String(cache.encode())).toBe('0\n2\n1 0\n4 10\n')
    expect(cache.assign(2, 30)).toBe(true)
    expect(String(cache.encode())).toBe('0\n2\n1 0\n2 30\n')
  })

  it('follows the log when it is cut at either end', () => {
    const cache = cacheOf([1, 0], [2, 10], [3, 20])
    expect(cache.truncateEnd(20)).toBe(true)
    expect(cache.latestEpoch).toBe(2)
    expect(cache.truncateStart(5)).toBe(true)
    expect(String(cache.encode())).toBe('0\n2\n1 5\n2 10\n')
    expect(cache.truncateStart(15)).toBe(true)
    expect(String(cache.encode())).toBe('0\n1\n2 15\n')
    expect([cache.truncateStart(15), cache.truncateStart(3), cache.truncateEnd(16)]).toEqual([false, false, false])
  })

  it('writes and reads its file, and refuses a damaged one', () => {
    const text = String(cacheOf([0, 0], [1, 500]).encode())
    expect(text).toBe('0\n2\n0 0\n1 500\n')
    expect(String(EpochCache.parse(Buffer.from(text))!.encode())).toBe(text)
    expect(EpochCache.parse(Buffer.from('0\n0\n'))!.count).toBe(0)
    for (const bad of [
      '',
      '0',
      '1\n0\n',
      '0\n1\n',
      '0\n1\n1 0',
      '0\n2\n1 5\n2 3\n',
      '0\n2\n2 3\n1 5\n',
      '0\n1\na b\n',
      '0\n1\n1 0\n2 3\n',
    ]) {
      expect(EpochCache.parse(Buffer.from(bad))).toBeNull()
    }
  })

  it('keeps epochs and offsets rising whatever it is told', () => {
    const entry = fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 50 }))
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), (entries) => {
        const cache = cacheOf(...entries)
        expect(EpochCache.parse(cache.encode())).not.toBeNull()
        const last = entries.at(-1)
        if (last !== undefined) expect(cache.latestEpoch).toBe(last[0])
      }),
    )
  })
})
