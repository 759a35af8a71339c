/** Encoded values that scenarios write and replies show in readable form: record batches, consumer protocol messages. */
import { decodeBatches } from '../../proto/kafka/batch/decode.ts'
import { encodeBatch } from '../../proto/kafka/batch/encode.ts'
import { setAttributesAndMaxTimestamp, setCrc } from '../../proto/kafka/batch/header.ts'

/** A fixed time, so that what is recorded stays comparable; scenarios that need another say so. */
const baseTime = 1_700_000_000_000

interface RecordSpec {
  readonly key?: string | null
  readonly value?: string | null
  readonly timestamp?: number
  readonly headers?: Readonly<Record<string, string | null>>
}

interface BatchSpec {
  readonly records: readonly RecordSpec[]
  readonly codec?: number
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly transactional?: boolean
  /** Overwrites that make a bad batch: byte offset to value. */
  readonly corruptByte?: number
  readonly lastOffsetDelta?: number
  readonly attributes?: number
  readonly magic?: number
  /** Bytes to cut from the end. */
  readonly cut?: number
  /** How many copies stand in a row. */
  readonly copies?: number
}

function encode(spec: BatchSpec): Buffer {
  const records = spec.records.map((record, index) => ({
    key: record.key ?? null,
    value: record.value === undefined ? null : record.value,
    timestamp: record.timestamp ?? baseTime + index,
    headers: Object.entries(record.headers ?? {}).map(([key, value]) => ({ key, value })),
  }))
  const { codec, producerId, producerEpoch, baseSequence, transactional, lastOffsetDelta } = spec
  const given = { codec, producerId, producerEpoch, baseSequence, transactional, lastOffsetDelta }
  let batch = encodeBatch(records, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))
  if (spec.attributes !== undefined) {
    setAttributesAndMaxTimestamp(batch, 0, spec.attributes, baseTime + records.length - 1)
    setCrc(batch, 0)
  }
  if (spec.magic !== undefined) batch[16] = spec.magic
  if (spec.corruptByte !== undefined) batch[spec.corruptByte] ^= 0xff
  if (spec.cut !== undefined) batch = batch.subarray(0, batch.length - spec.cut)
  return Buffer.concat(Array.from({ length: spec.copies ?? 1 }, () => batch))
}

/** Replaces `$batch`, `$text` and `$subscription` by bytes, anywhere in a body. */
export function toWire(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toWire)
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  if ('$batch' in value) return encode(value.$batch as BatchSpec)
  if ('$text' in value) return Buffer.from(String(value.$text), 'utf8')
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toWire(inner)]))
}

function readBatches(bytes: Buffer): unknown {
  return [...decodeBatches(bytes)].map((batch) => ({
    baseOffset: batch.baseOffset,
    leaderEpoch: batch.leaderEpoch,
    codec: batch.codec,
    producerId: batch.producerId,
    control: batch.isControl,
    logAppendTime: batch.isLogAppendTime,
    records: [...batch.records()].map((record) => ({
      offset: record.offset,
      timestamp: batch.isLogAppendTime ? '<time>' : record.timestamp,
      key: record.key?.toString('utf8') ?? null,
      value: record.value?.toString('utf8') ?? null,
      headers: record.headers.map((header) => [header.key, header.value?.toString('utf8') ?? null]),
    })),
  }))
}

/** Bytes of a reply as text: batches where the field holds records, else UTF-8. */
export function readable(value: unknown, field = ''): unknown {
  if (Buffer.isBuffer(value)) return field === 'records' ? readBatches(value) : value.toString('utf8')
  if (Array.isArray(value)) {
    if (field === 'records' && value.every((part) => Buffer.isBuffer(part))) return readBatches(Buffer.concat(value))
    return value.map((item) => readable(item, field))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, readable(inner, key)]))
}
