import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBatch } from '../../proto/kafka/batch/decode.ts'
import { Codec } from '../../proto/kafka/compression/index.ts'
import { bytes, string, topic } from '../../client/index.ts'
import { FetchedBatch } from '../../client/consumer/fetched-batch.ts'
import { scanBatches } from '../../client/consumer/scan.ts'
import { Batch } from '../../client/producer/batch.ts'
import { BufferPool } from '../../client/producer/buffer-pool.ts'
import { RecordEncoder } from '../../client/producer/record-encoder.ts'
import { splitBatch } from '../../client/producer/split.ts'

const Binary = topic('binary', { key: bytes, value: bytes })

interface Sample {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: [string, Buffer | null][]
  readonly timestamp: number
}

const data = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const samples: fc.Arbitrary<Sample[]> = fc.array(
  fc.record({
    key: fc.option(data),
    value: fc.option(data),
    headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 10 }), fc.option(data)), { maxLength: 3 }),
    timestamp: fc.oneof(fc.integer({ min: 1.7e12, max: 1.8e12 }), fc.integer({ min: 0, max: 4e12 })),
  }),
  { minLength: 1, maxLength: 30 },
)

function build(records: readonly Sample[]): Batch {
  const encoder = new RecordEncoder()
  const batch = new Batch(Buffer.allocUnsafeSlow(100), 0, 0)
  for (const { key, value, headers, timestamp } of records) {
    encoder.encode(Binary, key, value, headers)
    const expected = batch.size + batch.sizeOf(encoder, timestamp)
    batch.append(encoder, timestamp)
    expect(batch.size).toBe(expected)
  }
  return batch
}

function asSample(record: {
  key: Uint8Array | null
  value: Uint8Array | null
  headers: readonly { key: string; value: Buffer | null }[]
  timestamp: number
}): Sample {
  return {
    key: record.key as Buffer | null,
    value: record.value as Buffer | null,
    headers: record.headers.map(({ key, value }) => [key, value]),
    timestamp: record.timestamp,
  }
}

describe('a producer batch', () => {
  it('is what the decoder of the protocol reads, with every codec', () => {
    fc.assert(
      fc.property(samples, fc.constantFrom(...Object.values(Codec)), (records, codec) => {
        const batch = build(records)
        batch.stamp(77, 3, 11)
        const decoded = decodeBatch(batch.encode({ codec, level: undefined }))
        expect(decoded).toMatchObject({
          codec,
          producerId: 77,
          producerEpoch: 3,
          baseSequence: 11,
          recordsCount: records.length,
        })
        expect(decoded.maxTimestamp).toBe(Math.max(...records.map(({ timestamp }) => timestamp)))
        expect([...decoded.records()].map(asSample)).toEqual(records)
      }),
      { numRuns: 60 },
    )
  })

  it('can be given another place in the sequence after it was encoded', () => {
    const batch = build([{ key: null, value: Buffer.from('v'), headers: [], timestamp: 5 }])
    for (const codec of [Codec.NONE, Codec.GZIP]) {
      const fresh = build([{ key: null, value: Buffer.from('v'), headers: [], timestamp: 5 }])
      fresh.stamp(1, 0, 0)
      fresh.encode({ codec, level: undefined })
      fresh.stamp(1, 1, 4)
      expect(decodeBatch(fresh.encode({ codec, level: undefined }))).toMatchObject({
        producerEpoch: 1,
        baseSequence: 4,
        codec,
      })
    }
    expect(batch.baseSequence).toBe(-1)
  })

  it('gives back records that were taken out again', () => {
    const batch = build([{ key: null, value: Buffer.from('keep'), headers: [], timestamp: 5 }])
    const mark = batch.mark()
    const encoder = new RecordEncoder()
    encoder.encode(Binary, null, Buffer.from('undo'), undefined)
    batch.append(encoder, 9)
    batch.truncate(mark)
    const decoded = decodeBatch(batch.encode({ codec: 0, level: undefined }))
    expect(decoded.maxTimestamp).toBe(5)
    const records = [...decoded.records()]
    expect(records.map(({ value }) => value?.toString())).toEqual(['keep'])
  })

  it('splits in two halves that hold the same records in order, and offsets add up', () => {
    fc.assert(
      fc.property(
        samples.filter((records) => records.length > 1),
        (records) => {
          const batch = build(records)
          let isFinished = false
          const halves = splitBatch(batch, () => {
            isFinished = true
          })
          const read = halves.flatMap((half) =>
            [...decodeBatch(half.encode({ codec: 0, level: undefined })).records()].map(asSample),
          )
          expect(read).toEqual(records)
          expect(halves[0].order).toBeLessThan(halves[1].order)
          const pool = new BufferPool(1, 0)
          halves[0].finish(100, undefined, pool)
          expect(isFinished).toBe(false)
          halves[1].finish(500, undefined, pool)
          expect(isFinished).toBe(true)
          expect(batch.offsetOf(0)).toBe(100)
          expect(batch.offsetOf(records.length - 1)).toBe(500 + halves[1].count - 1)
        },
      ),
      { numRuns: 30 },
    )
  })
})

describe('the record encoder', () => {
  const Text = topic('text', { key: string, value: string })

  it('writes text of any length and script as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.nat(800), (text, repeat) => {
        const value = text.repeat(repeat)
        const encoder = new RecordEncoder()
        encoder.encode(Text, text, value, undefined)
        const batch = new Batch(Buffer.alloc(0), 0, 0)
        batch.append(encoder, 0)
        const [record] = [...decodeBatch(batch.encode({ codec: 0, level: undefined })).records()]
        expect(record?.key).toEqual(Buffer.from(text))
        expect(record?.value).toEqual(Buffer.from(value))
        expect(encoder.key()).toEqual(Buffer.from(text))
      }),
      { numRuns: 60 },
    )
  })

  it('names topic and part of what cannot be encoded', () => {
    expect(() => new RecordEncoder().encode(Text, 'k', 5 as never, undefined)).toThrow(
      'cannot encode the value of text: a string was expected, got number',
    )
    expect(() => new RecordEncoder().encode(Text, {} as never, 'v', undefined)).toThrow('cannot encode the key of text')
  })

  it('takes headers as an object or as pairs', () => {
    const encoder = new RecordEncoder()
    encoder.encode(Binary, null, null, { a: 'x', b: null })
    const fromObject = encoder.snapshot().headerBytes
    encoder.encode(Binary, null, null, [
      ['a', Buffer.from('x')],
      ['b', null],
    ])
    expect(encoder.snapshot().headerBytes).toEqual(fromObject)
    encoder.encode(Binary, null, null, {})
    expect(encoder.headerLength).toBe(0)
  })
})

describe('a fetched batch', () => {
  const options = { place: 'binary[0]', checkCrcs: true, aborted: null }

  it('reads back what a producer batch holds', () => {
    fc.assert(
      fc.property(samples, fc.constantFrom(...Object.values(Codec)), (records, codec) => {
        const buffer = build(records).encode({ codec, level: undefined })
        const scan = scanBatches(buffer, 0, options)
        expect(scan.nextOffset).toBe(records.length)
        const batch = new FetchedBatch(Binary, 0, { ...scan, buffer, from: 0, highWatermark: 9 })
        for (let round = 0; round < 2; round++) expect(batch.toArray().map(asSample)).toEqual(records)
        expect(batch.toArray().map(({ offset }) => offset)).toEqual(records.map((_, index) => index))
      }),
      { numRuns: 40 },
    )
  })

  it('leaves out records before the offset asked for, which brokers send along (W11)', () => {
    const records = Array.from({ length: 10 }, (_, i) => ({
      key: null,
      value: Buffer.from(String(i)),
      headers: [],
      timestamp: i,
    }))
    const buffer = build(records).encode({ codec: 0, level: undefined })
    const scan = scanBatches(buffer, 6, options)
    const batch = new FetchedBatch(Binary, 0, { ...scan, buffer, from: 6, highWatermark: 10 })
    expect(batch.toArray().map(({ offset }) => offset)).toEqual([6, 7, 8, 9])
    expect(
      batch
        .startingAt(8)
        .toArray()
        .map(({ offset }) => offset),
    ).toEqual([8, 9])
  })

  it('refuses a batch whose bytes were changed, and passes over one that is cut off', () => {
    const one = build([{ key: null, value: Buffer.from('value'), headers: [], timestamp: 1 }]).encode({
      codec: 0,
      level: undefined,
    })
    const two = Buffer.concat([one, one])
    expect(scanBatches(two.subarray(0, two.length - 3), 0, options).positions).toEqual([0])
    expect(() => scanBatches(one.subarray(0, one.length - 1), 0, options)).toThrow('is cut off')
    one[one.length - 1]! ^= 1
    expect(() => scanBatches(one, 0, options)).toThrow('checksum')
    expect(scanBatches(one, 0, { ...options, checkCrcs: false }).positions).toEqual([0])
  })
})
