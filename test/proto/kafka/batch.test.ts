import { describe, expect, it } from 'vitest'
import { decodeBatch, decodeBatches, recordsOf, wholeBatchSize } from '../../../proto/kafka/batch/decode.ts'
import { BatchBuilder, encodeBatch, maxRecordBytes, type RecordInput } from '../../../proto/kafka/batch/encode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../../../proto/kafka/batch/varint.ts'
import { CompressionError } from '../../../proto/kafka/compression/index.ts'
import { Reader, WireError } from '../../../proto/kafka/reader.ts'
import { buffer, fc, int32, int64, text } from './property.ts'

const records: fc.Arbitrary<RecordInput[]> = fc.array(
  fc.record({
    key: fc.option(buffer),
    value: fc.option(buffer),
    headers: fc.array(fc.record({ key: text, value: fc.option(buffer) }), { maxLength: 3 }),
    timestamp: fc.integer({ min: -1, max: 4_000_000_000_000 }),
  }),
  { minLength: 1, maxLength: 30 },
)

const one: RecordInput = { key: 'k', value: 'v', timestamp: 1000 }

describe('a batch of records', () => {
  it('is read as it was written, with every codec', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 0, max: 4 }), fc.nat({ max: 2 ** 40 }), (inputs, codec, baseOffset) => {
        const batch = decodeBatch(encodeBatch(inputs, { codec, baseOffset }))
        expect(batch.codec).toBe(codec)
        expect(batch.recordsCount).toBe(inputs.length)
        expect(batch.lastOffset).toBe(baseOffset + inputs.length - 1)
        expect([...batch.records()]).toEqual(inputs.map((input, index) => ({ ...input, offset: baseOffset + index })))
        expect(batch.maxTimestamp).toBe(Math.max(...inputs.map((input) => input.timestamp)))
      }),
    )
  })

  it('takes strings as UTF-8', () => {
    const batch = encodeBatch([{ key: 'ключ', value: '値', headers: [{ key: 'é', value: '🙂' }], timestamp: 0 }])
    const [record] = decodeBatch(batch).records()
    expect([record!.key!.toString(), record!.value!.toString()]).toEqual(['ключ', '値'])
    expect(record!.headers[0]!.value!.toString()).toBe('🙂')
  })

  it('has a size known before it is built, and a bound for the next record', () => {
    fc.assert(
      fc.property(records, (inputs) => {
        const builder = new BatchBuilder(16)
        for (const { key, value, headers, timestamp } of inputs) {
          const before = builder.sizeBytes
          builder.append(key, value, headers ?? [], timestamp)
          expect(builder.sizeBytes - before).toBeLessThanOrEqual(maxRecordBytes(key, value, headers ?? []))
        }
        const size = builder.sizeBytes
        expect(builder.build()).toHaveLength(size)
        expect([builder.recordsCount, builder.sizeBytes, builder.maxTimestamp]).toEqual([0, header.HEADER_BYTES, -1])
      }),
    )
  })

  it('is not touched by the batch that the same builder makes next', () => {
    const builder = new BatchBuilder(600)
    for (const content of ['first', 'second', 'third']) {
      for (let index = 0; index < 50; index++) builder.append(null, content.repeat(3), [], index)
      const batch = builder.build()
      const copy = Buffer.from(batch)
      for (let index = 0; index < 50; index++) builder.append(null, 'x'.repeat(15), [], index)
      builder.build()
      expect(batch.equals(copy)).toBe(true)
    }
  })

  it('does not pin memory of more than twice its size', () => {
    const batch = encodeBatch([one])
    expect(batch.buffer.byteLength).toBeLessThanOrEqual(batch.length * 2)
    expect(new BatchBuilder(1 << 20).append('k', 'v', [], 0)).toBe(0)
  })

  it('keeps gaps of compaction: the next offset follows from the last offset delta, not the count (W9)', () => {
    const batch = encodeBatch(
      [
        { ...one, offsetDelta: 2 },
        { ...one, offsetDelta: 5 },
      ],
      { baseOffset: 100, lastOffsetDelta: 9 },
    )
    expect([...decodeBatch(batch).records()].map((record) => record.offset)).toEqual([102, 105])
    expect(header.lastOffset(batch, 0)).toBe(109)
    expect(header.nextOffset(batch, 0)).toBe(110)
  })

  it('with LogAppendTime gives every record the time of the batch', () => {
    const batch = encodeBatch([one, { ...one, timestamp: 2000 }], { appendTimeMs: 77 })
    expect([...decodeBatch(batch).records()].map((record) => record.timestamp)).toEqual([77, 77])
    expect(header.isLogAppendTime(batch, 0)).toBe(true)
  })
})

describe('stamping a batch in place (W9)', () => {
  it('base offset and leader epoch leave the CRC valid', () => {
    const batch = encodeBatch([one])
    const crc = header.crc(batch, 0)
    header.setBaseOffset(batch, 0, 2 ** 40 + 3)
    header.setLeaderEpoch(batch, 0, 12)
    expect(header.computeCrc(batch, 0)).toBe(crc)
    expect([header.baseOffset(batch, 0), header.leaderEpoch(batch, 0)]).toEqual([2 ** 40 + 3, 12])
    expect(header.crc(batch, 0)).toBe(crc)
  })

  it('LogAppendTime changes what the CRC covers, and sets it anew', () => {
    const batch = encodeBatch([one])
    const crc = header.crc(batch, 0)
    const bits = header.attributes(batch, 0) | header.LOG_APPEND_TIME_FLAG
    header.setAttributesAndMaxTimestamp(batch, 0, bits, 5000)
    expect(header.crc(batch, 0)).not.toBe(crc)
    expect(decodeBatch(batch).maxTimestamp).toBe(5000)
  })

  it('works at any position of a larger buffer', () => {
    const batch = encodeBatch([one], {
      producerId: 9,
      producerEpoch: 3,
      baseSequence: 0x7fffffff,
      isTransactional: true,
    })
    const run = Buffer.concat([Buffer.alloc(7, 0xee), batch, batch])
    expect(decodeBatch(run, 7).producerId).toBe(9)
    expect(header.batchSize(run, 7)).toBe(batch.length)
    expect(header.isTransactional(run, 7)).toBe(true)
    expect(header.isControl(run, 7)).toBe(false)
    expect(header.hasDeleteHorizon(run, 7)).toBe(false)
    expect(header.lastSequence(run, 7)).toBe(0x7fffffff)
    header.setBaseOffset(run, 7 + batch.length, 42)
    expect(header.baseOffset(run, 7)).toBe(0)
  })
})

describe('hostile batches', () => {
  it('a wrong CRC is a WireError, unless it is not to be checked', () => {
    const batch = encodeBatch([one])
    batch[batch.length - 1]! ^= 1
    expect(() => decodeBatch(batch)).toThrow(WireError)
    expect(decodeBatch(batch, 0, { verifyCrc: false }).recordsCount).toBe(1)
  })

  it('a batch cut off, too short to be one, or of another magic is a WireError', () => {
    const batch = encodeBatch([one])
    for (let length = 0; length < batch.length; length++) {
      expect(() => decodeBatch(batch.subarray(0, length))).toThrow(WireError)
      expect([...decodeBatches(batch.subarray(0, length))]).toEqual([])
    }
    for (const length of [-1, 0, 48, -0x80000000]) {
      const bad = Buffer.from(batch)
      bad.writeInt32BE(length, 8)
      expect(() => wholeBatchSize(bad, 0)).toThrow(WireError)
    }
    const old = Buffer.from(batch)
    old[16] = 1
    expect(() => [...decodeBatches(old)]).toThrow(WireError)
  })

  it('a count that the bytes cannot hold is refused before the first record', () => {
    for (const count of [-1, 2, 0x7fffffff]) {
      const batch = encodeBatch([one])
      batch.writeInt32BE(count, 57)
      expect(() => recordsOf(batch, 0)).toThrow(WireError)
    }
  })

  it('bytes left over after the last record are refused', () => {
    const batch = encodeBatch([one, one])
    batch.writeInt32BE(1, 57)
    expect(() => [...recordsOf(batch, 0)]).toThrow(WireError)
  })

  it('records changed anywhere are records or a WireError', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(records, change, (inputs, changes) => {
        const batch = encodeBatch(inputs)
        for (const [at, byte] of changes) batch[57 + (at % (batch.length - 57))] = byte
        try {
          const found = [...recordsOf(batch, 0)]
          expect(found.length).toBe(header.recordsCount(batch, 0))
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('records that decompress to more than is allowed are refused', () => {
    const batch = encodeBatch([{ ...one, value: Buffer.alloc(100_000) }], { codec: 1 })
    const read = (): unknown => decodeBatch(batch, 0, { maxDecompressedBytes: 50_000 }).records()
    expect(read).toThrow(CompressionError)
    expect([...decodeBatch(batch, 0, { maxDecompressedBytes: 101_000 }).records()]).toHaveLength(1)
  })
})

describe('varints of record fields', () => {
  it('are as long as announced, and read back', () => {
    const target = Buffer.alloc(10)
    fc.assert(
      fc.property(int32, int64, (short, long) => {
        const end = writeVarint(target, 0, short)
        expect(end).toBe(sizeOfVarint(short))
        expect(new Reader(target, 0, end).varint()).toBe(short)
        const longEnd = writeVarlong(target, 0, long)
        expect(longEnd).toBe(sizeOfVarlong(long))
        expect(new Reader(target, 0, longEnd).varlong()).toBe(long)
      }),
      { numRuns: 1000 },
    )
  })
})
