import { crc32c } from '../crc32c.ts'
import { readInt16, readInt32, readInt64, writeInt16, writeInt32, writeInt64 } from '../int64.ts'

/**
 * The fixed header of a record batch (magic 2), read and stamped in place. Functions take the buffer and the position of
 * the batch in it, check nothing, and allocate nothing: the caller has made sure that `HEADER_BYTES` are there.
 */

/** Bytes before the records. */
export const HEADER_BYTES = 61

/** Bytes before the part that `batchLength` counts: base offset and the length itself. */
export const LOG_OVERHEAD_BYTES = 12

/** The only format written and accepted. */
export const MAGIC = 2

/** Bits of the attributes. */
export const CODEC_MASK = 0x07
export const LOG_APPEND_TIME_FLAG = 0x08
export const TRANSACTIONAL_FLAG = 0x10
export const CONTROL_FLAG = 0x20
export const DELETE_HORIZON_FLAG = 0x40

const AT_BATCH_LENGTH = 8
const AT_LEADER_EPOCH = 12
const AT_MAGIC = 16
const AT_CRC = 17
const AT_ATTRIBUTES = 21
const AT_LAST_OFFSET_DELTA = 23
const AT_BASE_TIMESTAMP = 27
const AT_MAX_TIMESTAMP = 35
const AT_PRODUCER_ID = 43
const AT_PRODUCER_EPOCH = 51
const AT_BASE_SEQUENCE = 53
const AT_RECORDS_COUNT = 57

export function baseOffset(buffer: Buffer, position: number): number {
  return readInt64(buffer, position)
}

/** Bytes after the length field. */
export function batchLength(buffer: Buffer, position: number): number {
  return readInt32(buffer, position + AT_BATCH_LENGTH)
}

/** Bytes of the whole batch, header included. */
export function batchSize(buffer: Buffer, position: number): number {
  return batchLength(buffer, position) + LOG_OVERHEAD_BYTES
}

export function leaderEpoch(buffer: Buffer, position: number): number {
  return readInt32(buffer, position + AT_LEADER_EPOCH)
}

export function magic(buffer: Buffer, position: number): number {
  return (buffer[position + AT_MAGIC]! << 24) >> 24
}

/** The checksum the batch states, as a uint32. */
export function crc(buffer: Buffer, position: number): number {
  return readInt32(buffer, position + AT_CRC) >>> 0
}

export function attributes(buffer: Buffer, position: number): number {
  return readInt16(buffer, position + AT_ATTRIBUTES)
}

/** Compression codec, 0 to 7; `compression/` knows 0 to 4. */
export function codecId(buffer: Buffer, position: number): number {
  return buffer[position + AT_ATTRIBUTES + 1]! & CODEC_MASK
}

export function isLogAppendTime(buffer: Buffer, position: number): boolean {
  return (buffer[position + AT_ATTRIBUTES + 1]! & LOG_APPEND_TIME_FLAG) !== 0
}

export function isTransactional(buffer: Buffer, position: number): boolean {
  return (buffer[position + AT_ATTRIBUTES + 1]! & TRANSACTIONAL_FLAG) !== 0
}

export function isControl(buffer: Buffer, position: number): boolean {
  return (buffer[position + AT_ATTRIBUTES + 1]! & CONTROL_FLAG) !== 0
}

/** True when `baseTimestamp` holds the delete horizon of compaction instead. */
export function hasDeleteHorizon(buffer: Buffer, position: number): boolean {
  return (buffer[position + AT_ATTRIBUTES + 1]! & DELETE_HORIZON_FLAG) !== 0
}

export function lastOffsetDelta(buffer: Buffer, position: number): number {
  return readInt32(buffer, position + AT_LAST_OFFSET_DELTA)
}

export function lastOffset(buffer: Buffer, position: number): number {
  return baseOffset(buffer, position) + lastOffsetDelta(buffer, position)
}

/** The offset after this batch. Counts by `lastOffsetDelta`, as compacted batches have holes (W9). */
export function nextOffset(buffer: Buffer, position: number): number {
  return lastOffset(buffer, position) + 1
}

export function baseTimestamp(buffer: Buffer, position: number): number {
  return readInt64(buffer, position + AT_BASE_TIMESTAMP)
}

export function maxTimestamp(buffer: Buffer, position: number): number {
  return readInt64(buffer, position + AT_MAX_TIMESTAMP)
}

/** -1 when the producer is not idempotent. */
export function producerId(buffer: Buffer, position: number): number {
  return readInt64(buffer, position + AT_PRODUCER_ID)
}

export function producerEpoch(buffer: Buffer, position: number): number {
  return readInt16(buffer, position + AT_PRODUCER_EPOCH)
}

export function baseSequence(buffer: Buffer, position: number): number {
  return readInt32(buffer, position + AT_BASE_SEQUENCE)
}

/** The sequence of the last record; sequences wrap from 2^31 - 1 to 0. -1 when there are none. */
export function lastSequence(buffer: Buffer, position: number): number {
  const first = baseSequence(buffer, position)
  return first < 0 ? -1 : (first + lastOffsetDelta(buffer, position)) & 0x7fffffff
}

export function recordsCount(buffer: Buffer, position: number): number {
  return readInt32(buffer, position + AT_RECORDS_COUNT)
}

/** Outside the checksum: no need to compute it again. */
export function setBaseOffset(buffer: Buffer, position: number, offset: number): void {
  writeInt64(buffer, position, offset)
}

/** Outside the checksum: no need to compute it again. */
export function setLeaderEpoch(buffer: Buffer, position: number, epoch: number): void {
  writeInt32(buffer, position + AT_LEADER_EPOCH, epoch)
}

/** Sets attributes and the maximum timestamp, and the checksum anew (W9): what LogAppendTime needs. */
export function setAttributesAndMaxTimestamp(
  buffer: Buffer,
  position: number,
  bits: number,
  timestampMs: number,
): void {
  writeInt16(buffer, position + AT_ATTRIBUTES, bits)
  writeInt64(buffer, position + AT_MAX_TIMESTAMP, timestampMs)
  setCrc(buffer, position)
}

/** The checksum of the batch as it is: CRC-32C from the attributes to the end, a uint32. The whole batch must be there. */
export function computeCrc(buffer: Buffer, position: number): number {
  return crc32c(buffer, position + AT_ATTRIBUTES, position + batchSize(buffer, position))
}

/** Computes the checksum and writes it into the header. */
export function setCrc(buffer: Buffer, position: number): void {
  writeInt32(buffer, position + AT_CRC, computeCrc(buffer, position))
}

/** Every field of a header that is to be written; the checksum comes last, through `setCrc`. */
export interface HeaderFields {
  readonly baseOffset: number
  readonly batchLength: number
  readonly leaderEpoch: number
  readonly attributes: number
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordsCount: number
}

/** Writes the 61 bytes; the checksum is left zero. */
export function writeHeader(buffer: Buffer, position: number, fields: HeaderFields): void {
  writeInt64(buffer, position, fields.baseOffset)
  writeInt32(buffer, position + AT_BATCH_LENGTH, fields.batchLength)
  writeInt32(buffer, position + AT_LEADER_EPOCH, fields.leaderEpoch)
  buffer[position + AT_MAGIC] = MAGIC
  writeInt32(buffer, position + AT_CRC, 0)
  writeInt16(buffer, position + AT_ATTRIBUTES, fields.attributes)
  writeInt32(buffer, position + AT_LAST_OFFSET_DELTA, fields.lastOffsetDelta)
  writeInt64(buffer, position + AT_BASE_TIMESTAMP, fields.baseTimestamp)
  writeInt64(buffer, position + AT_MAX_TIMESTAMP, fields.maxTimestamp)
  writeInt64(buffer, position + AT_PRODUCER_ID, fields.producerId)
  writeInt16(buffer, position + AT_PRODUCER_EPOCH, fields.producerEpoch)
  writeInt32(buffer, position + AT_BASE_SEQUENCE, fields.baseSequence)
  writeInt32(buffer, position + AT_RECORDS_COUNT, fields.recordsCount)
}
