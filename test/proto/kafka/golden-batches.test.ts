import { describe, expect, it } from 'vitest'
import { decodeBatch, decodeBatches, type KafkaRecord } from '../../../proto/kafka/batch/decode.ts'
import { encodeBatch, type RecordInput } from '../../../proto/kafka/batch/encode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { writeVarint, writeVarlong } from '../../../proto/kafka/batch/varint.ts'
import { codecName } from '../../../proto/kafka/compression/index.ts'
import { crc32c } from '../../../proto/kafka/crc32c.ts'
import { murmur2, partitionForKey } from '../../../proto/kafka/murmur2.ts'
import { Reader } from '../../../proto/kafka/reader.ts'
import { Writer } from '../../../proto/kafka/writer.ts'
import { readLines } from './fixtures.ts'

interface GoldenBatch {
  readonly kind: 'batch'
  readonly codec: string
  readonly baseOffset: string
  readonly lastOffset: string
  readonly partitionLeaderEpoch: number
  readonly crc: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly maxTimestamp: string
  readonly producerId: string
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly transactional: boolean
  readonly control: boolean
  readonly sizeInBytes: number
  readonly records: readonly {
    readonly offset: string
    readonly timestamp: string
    readonly sequence: number
    readonly key: string | null
    readonly value: string | null
    readonly headers: readonly (readonly [string, string | null])[]
  }[]
  readonly hex: string
}

interface Vector {
  readonly kind: 'vector'
  readonly hex: string
  readonly murmur2: number
  readonly partitionOf12: number
  readonly crc32c: number
  readonly uuidHex: string
  readonly uuid: string
  readonly varlongOf: string
  readonly varlong: string
  readonly varintOf: number
  readonly varint: string
  readonly unsignedVarint: string
}

const lines = readLines<GoldenBatch | Vector>('batches')
const batches = lines.filter((line) => line.kind === 'batch')
const vectors = lines.filter((line) => line.kind === 'vector')

const hex = (bytes: KafkaRecord['key']): string | null => bytes?.toString('hex') ?? null

/** The same bytes with base offset 0, which is outside the CRC. */
function fromZero(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  header.setBaseOffset(copy, 0, 0)
  return copy
}

describe('record batches that Kafka 4.3 wrote', () => {
  it('there are 150 of them, with every codec', () => {
    expect(batches).toHaveLength(150)
    expect(new Set(batches.map((batch) => batch.codec))).toEqual(new Set(['none', 'gzip', 'snappy', 'lz4', 'zstd']))
  })

  it('headers decode to the values', () => {
    for (const golden of batches) {
      const bytes = Buffer.from(golden.hex, 'hex')
      const batch = decodeBatch(bytes)
      expect({
        codec: codecName(batch.codec),
        baseOffset: batch.baseOffset,
        lastOffset: (bytes.readBigInt64BE(0) + BigInt(header.lastOffsetDelta(bytes, 0))).toString(),
        partitionLeaderEpoch: batch.leaderEpoch,
        crc: header.crc(bytes, 0),
        timestampType: batch.isLogAppendTime ? 'LogAppendTime' : 'CreateTime',
        maxTimestamp: String(batch.maxTimestamp),
        producerId: batch.producerId,
        producerEpoch: batch.producerEpoch,
        baseSequence: batch.baseSequence,
        transactional: batch.isTransactional,
        control: batch.isControl,
        sizeInBytes: batch.sizeBytes,
        count: batch.recordsCount,
      }).toEqual({
        codec: golden.codec,
        baseOffset: Number(golden.baseOffset),
        lastOffset: golden.lastOffset,
        partitionLeaderEpoch: golden.partitionLeaderEpoch,
        crc: golden.crc,
        timestampType: golden.timestampType,
        maxTimestamp: golden.maxTimestamp,
        producerId: Number(golden.producerId),
        producerEpoch: golden.producerEpoch,
        baseSequence: golden.baseSequence,
        transactional: golden.transactional,
        control: golden.control,
        sizeInBytes: golden.sizeInBytes,
        count: golden.records.length,
      })
      expect(header.computeCrc(bytes, 0)).toBe(golden.crc)
      expect(decodeBatch(fromZero(bytes)).lastOffset).toBe(header.lastOffsetDelta(bytes, 0))
    }
  })

  it('every record decodes: offset, time, key, value and headers, with nulls and gaps', () => {
    let gaps = 0
    for (const golden of batches) {
      const bytes = Buffer.from(golden.hex, 'hex')
      const records = [...decodeBatch(fromZero(bytes)).records()]
      const delta = bytes.readBigInt64BE(0)
      expect(
        records.map((record) => ({
          offset: (delta + BigInt(record.offset)).toString(),
          timestamp: String(record.timestamp),
          key: hex(record.key),
          value: hex(record.value),
          headers: record.headers.map(({ key, value }) => [key, hex(value)]),
        })),
      ).toEqual(
        golden.records.map(({ offset, timestamp, key, value, headers }) => ({
          offset,
          timestamp,
          key,
          value,
          headers,
        })),
      )
      if (records.at(-1)!.offset !== records.length - 1) gaps++
    }
    expect(gaps).toBeGreaterThan(0)
  })

  it('sequences follow from the base sequence and wrap (W16)', () => {
    for (const golden of batches.filter((batch) => batch.baseSequence >= 0)) {
      const last = golden.records.at(-1)!
      const spans = Number(BigInt(golden.lastOffset) - BigInt(last.offset))
      expect(header.lastSequence(Buffer.from(golden.hex, 'hex'), 0)).toBe((last.sequence + spans) & 0x7fffffff)
    }
  })

  it('uncompressed batches re-encode to the same bytes', () => {
    const uncompressed = batches.filter((batch) => batch.codec === 'none')
    expect(uncompressed.length).toBeGreaterThan(20)
    for (const golden of uncompressed) {
      expect(reencode(golden, 0).toString('hex')).toBe(golden.hex)
    }
  })

  it('batches re-encoded with each codec decode to the same records', () => {
    for (const golden of batches) {
      const original = fromZero(Buffer.from(golden.hex, 'hex'))
      const codec = header.codecId(original, 0)
      const again = fromZero(reencode(golden, codec))
      expect(header.codecId(again, 0)).toBe(codec)
      expect([...decodeBatch(again).records()]).toEqual([...decodeBatch(original).records()])
    }
  })

  it('a run of batches decodes one after another, without the last when it is cut off', () => {
    const run = Buffer.concat(batches.map((batch) => Buffer.from(batch.hex, 'hex')))
    expect([...decodeBatches(run)].map((batch) => batch.baseOffset)).toEqual(batches.map((b) => Number(b.baseOffset)))
    expect([...decodeBatches(run.subarray(0, run.length - 1))]).toHaveLength(149)
    expect([...decodeBatches([run, run.subarray(0, 5)])]).toHaveLength(150)
    expect([...decodeBatches(null)]).toHaveLength(0)
  })
})

/**
 * Builds the batch from its golden values. The producer id is patched in as 64 bits afterwards, since ids beyond 2^53
 * cannot be given as numbers (Kafka hands out none).
 */
function reencode(golden: GoldenBatch, codec: number): Buffer {
  const bytes = Buffer.from(golden.hex, 'hex')
  const base = BigInt(golden.baseOffset)
  const isAppendTime = golden.timestampType === 'LogAppendTime'
  const raw = isAppendTime ? createTimes(bytes) : golden.records.map((record) => Number(record.timestamp))
  const records = golden.records.map(
    (record, index): RecordInput => ({
      key: record.key === null ? null : Buffer.from(record.key, 'hex'),
      value: record.value === null ? null : Buffer.from(record.value, 'hex'),
      headers: record.headers.map(([key, value]) => ({
        key,
        value: value === null ? null : Buffer.from(value, 'hex'),
      })),
      timestamp: raw[index]!,
      offsetDelta: Number(BigInt(record.offset) - base),
    }),
  )
  const batch = encodeBatch(records, {
    codec,
    leaderEpoch: golden.partitionLeaderEpoch,
    producerEpoch: golden.producerEpoch,
    baseSequence: golden.baseSequence,
    isTransactional: golden.transactional,
    isControl: golden.control,
    lastOffsetDelta: Number(BigInt(golden.lastOffset) - base),
    ...(isAppendTime ? { appendTimeMs: Number(golden.maxTimestamp) } : {}),
  })
  batch.writeBigInt64BE(base, 0)
  batch.writeBigInt64BE(BigInt(golden.producerId), 43)
  header.setCrc(batch, 0)
  return batch
}

/** The records' own times in a batch with LogAppendTime: those that reading without the flag shows. */
function createTimes(bytes: Buffer): number[] {
  const copy = Buffer.from(bytes)
  const bits = header.attributes(copy, 0) & ~header.LOG_APPEND_TIME_FLAG
  header.setAttributesAndMaxTimestamp(copy, 0, bits, header.maxTimestamp(copy, 0))
  return [...decodeBatch(copy).records()].map((record) => record.timestamp)
}

describe('vectors by Kafka 4.3', () => {
  it('there are 60 of them', () => expect(vectors).toHaveLength(60))

  it('murmur2 and the partition of a key among 12', () => {
    for (const vector of vectors) {
      const bytes = Buffer.from(vector.hex, 'hex')
      expect(murmur2(bytes)).toBe(vector.murmur2)
      expect(partitionForKey(bytes, 12)).toBe(vector.partitionOf12)
    }
  })

  it('CRC-32C', () => {
    for (const vector of vectors) expect(crc32c(Buffer.from(vector.hex, 'hex'))).toBe(vector.crc32c)
  })

  it('uuid text', () => {
    for (const vector of vectors) {
      const bytes = Buffer.from(vector.uuidHex, 'hex')
      expect(new Reader(bytes).uuid()).toBe(vector.uuid)
      const writer = new Writer()
      writer.uuid(vector.uuid)
      expect(writer.toBuffer()).toEqual(bytes)
    }
  })

  it('varints of record fields and of lengths', () => {
    for (const vector of vectors) {
      const target = Buffer.alloc(10)
      const bytes = Buffer.from(vector.varint, 'hex')
      expect(target.subarray(0, writeVarint(target, 0, vector.varintOf))).toEqual(bytes)
      expect(new Reader(bytes).varint()).toBe(vector.varintOf)
      const writer = new Writer()
      writer.varint(vector.varintOf)
      expect(writer.toBuffer()).toEqual(bytes)
      const unsigned = new Writer()
      unsigned.unsignedVarint(vector.varintOf)
      expect(unsigned.toBuffer().toString('hex')).toBe(vector.unsignedVarint)
      expect(new Reader(Buffer.from(vector.unsignedVarint, 'hex')).unsignedVarint()).toBe(vector.varintOf >>> 0)
    }
  })

  it('varlongs', () => {
    let safe = 0
    for (const vector of vectors) {
      const bytes = Buffer.from(vector.varlong, 'hex')
      expect(new Reader(bytes).varlong()).toBe(Number(vector.varlongOf))
      const exact = new Reader(bytes, 0, bytes.length, { exact: true })
      expect(String(exact.varlong())).toBe(vector.varlongOf)
      if (!Number.isSafeInteger(Number(vector.varlongOf))) continue
      safe++
      const target = Buffer.alloc(10)
      expect(target.subarray(0, writeVarlong(target, 0, Number(vector.varlongOf)))).toEqual(bytes)
    }
    expect(safe).toBeGreaterThan(20)
  })
})
