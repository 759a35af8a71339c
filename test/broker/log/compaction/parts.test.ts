import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type GroupedSegment, groupSegments } from '../../../../broker/log/compaction/groups.ts'
import { hashKey, type KeyHash } from '../../../../broker/log/compaction/key-hash.ts'
import { OffsetMap } from '../../../../broker/log/compaction/offset-map.ts'

function hashOf(key: Buffer): string {
  const hash: KeyHash = { a: 0, b: 0, c: 0, d: 0 }
  hashKey(key, 0, key.length, hash)
  const words = Buffer.alloc(16)
  words.writeInt32BE(hash.a, 0)
  words.writeInt32BE(hash.b, 4)
  words.writeInt32BE(hash.c, 8)
  words.writeInt32BE(hash.d, 12)
  return words.toString('hex')
}

describe('the hash of keys', () => {
  it('is MurmurHash3 of 128 bits', () => {
    expect(hashOf(Buffer.from(''))).toBe('0'.repeat(32))
    expect(hashOf(Buffer.from("I will not buy this tobacconist's, it is scratched."))).toBe(
      '9b5b7ba2ef3f7866889adeaf00f3f98e',
    )
    expect(hashOf(Buffer.from('The quick brown fox jumps over the lazy dog'))).toBe('2f1583c3ecee2c675d7bf66ce5e91d2c')
  })

  it('depends on the key alone, wherever it lies', () => {
    const key = Buffer.from('some key of twenty..')
    const inside = Buffer.concat([Buffer.from('abc'), key, Buffer.from('xyz')])
    const hash: KeyHash = { a: 0, b: 0, c: 0, d: 0 }
    hashKey(inside, 3, key.length, hash)
    const other: KeyHash = { a: 0, b: 0, c: 0, d: 0 }
    hashKey(key, 0, key.length, other)
    expect(hash).toEqual(other)
  })
})

describe('the map of last offsets', () => {
  it('holds what a Map would, while it grows', () => {
    const entry = fc.tuple(fc.uint8Array({ maxLength: 20 }), fc.integer({ min: 1, max: 2 ** 40 }))
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 3000, size: 'max' }), (entries) => {
        const map = new OffsetMap(1024 * 1024)
        const model = new Map<string, number>()
        let offset = 0
        for (const [bytes, step] of entries) {
          const key = Buffer.from(bytes)
          offset += step
          map.put(key, 0, key.length, offset)
          model.set(key.toString('hex'), offset)
          expect(map.latestOffset).toBe(offset)
        }
        expect(map.count).toBe(model.size)
        for (const [hex, last] of model) {
          const key = Buffer.from(hex, 'hex')
          expect(map.get(key, 0, key.length)).toBe(last)
        }
        const missing = Buffer.from('a key that is longer than all others')
        expect(map.get(missing, 0, missing.length)).toBe(-1)
      }),
      { numRuns: 20 },
    )
  })

  it('is full at nine tenths of its memory, and says so', () => {
    const map = new OffsetMap(48 * 1024)
    let count = 0
    for (; !map.isFull; count++) {
      const key = Buffer.from(`key-${count}`)
      map.put(key, 0, key.length, count)
    }
    expect(count).toBe(Math.floor(2048 * 0.9))
    expect(map.memoryBytes).toBeLessThanOrEqual(48 * 1024)
  })
})

describe('grouping segments', () => {
  const segment = (baseOffset: number, sizeBytes: number, indexBytes = 8): GroupedSegment => ({
    baseOffset,
    sizeBytes,
    indexBytes,
    timeIndexBytes: 12,
  })
  const limits = { segmentBytes: 100, segmentIndexBytes: 64, segments: 10 }
  const bases = (segments: readonly GroupedSegment[], endOffset = 10_000) =>
    groupSegments(segments, limits, endOffset).map((group) => group.map(({ baseOffset }) => baseOffset))

  it('keeps to the size of a segment and of its indexes', () => {
    expect(bases([segment(0, 60), segment(10, 40), segment(20, 1), segment(30, 200), segment(40, 5)])).toEqual([
      [0, 10],
      [20],
      [30],
      [40],
    ])
    expect(bases([segment(0, 1, 40), segment(10, 1, 24), segment(20, 1, 8)])).toEqual([[0, 10], [20]])
  })

  it('spans no more offsets than an index can tell, but for empty segments', () => {
    const far = 2 ** 31 + 50
    // Where a segment ends is told by where the next begins.
    expect(bases([segment(0, 1), segment(10, 1), segment(far, 1)], far + 1)).toEqual([[0], [10], [far]])
    expect(bases([segment(0, 1), segment(10, 0), segment(far, 1)], far + 1)).toEqual([[0, 10], [far]])
  })

  it('makes one of so many segments at most', () => {
    const many = Array.from({ length: 25 }, (_, i) => segment(i, 1, 0)).map((one) => ({ ...one, timeIndexBytes: 0 }))
    expect(groupSegments(many, limits, 100).map((group) => group.length)).toEqual([10, 10, 5])
  })
})
