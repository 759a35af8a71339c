import { Codec, compress, CompressionError } from '../../../proto/kafka/compression/index.ts'
import type { RecordCursor } from '../../../proto/kafka/batch/cursor.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../../../proto/kafka/batch/varint.ts'

/** Which records of a batch stay. */
export interface KeptRecords {
  /** A new cursor over all the records. */
  readonly open: () => RecordCursor
  /** By place in the batch: 1 = stays. Good until the next batch. */
  readonly flags: Uint8Array
  readonly count: number
  /** What they take in the present batch. */
  readonly bytes: number
  readonly hasTombstone: boolean
  readonly isAll: boolean
}

const NO_TIMESTAMP = -1
/** The length and the timestamp delta of a record may each need so many bytes more than before. */
const GROWTH_BYTES_MAX = 15

/**
 * The batch with only these records, offsets and sequences unchanged. With `horizonMs`, that is its base timestamp (KIP-534)
 * and the records' own are told relative to it; else the first record's is.
 */
export function rewriteBatch(buffer: Buffer, at: number, kept: KeptRecords, horizonMs: number | null): Buffer {
  const records = Buffer.allocUnsafeSlow(kept.bytes + kept.count * GROWTH_BYTES_MAX)
  const cursor = kept.open()
  let end = 0
  let baseTimestamp = horizonMs
  let maxTimestamp = NO_TIMESTAMP
  while (cursor.advance()) {
    if (kept.flags[cursor.index] === 0) continue
    baseTimestamp ??= cursor.timestamp
    maxTimestamp = Math.max(maxTimestamp, cursor.timestamp)
    end = writeRecord(records, end, cursor, cursor.timestamp - baseTimestamp)
  }
  const packed = pack(header.codecId(buffer, at), records.subarray(0, end))
  const attributes = header.attributes(buffer, at) & ~(header.CODEC_MASK | header.DELETE_HORIZON_FLAG)
  return build(buffer, at, packed.bytes, {
    attributes: attributes | packed.codec | (horizonMs === null ? 0 : header.DELETE_HORIZON_FLAG),
    baseTimestamp: baseTimestamp ?? NO_TIMESTAMP,
    maxTimestamp: header.isLogAppendTime(buffer, at) ? header.maxTimestamp(buffer, at) : maxTimestamp,
    recordsCount: kept.count,
  })
}

/** The batch without records: what remains to tell its offsets, its newest timestamp and the producer's sequence. */
export function emptyBatch(buffer: Buffer, at: number): Buffer {
  return build(buffer, at, null, {
    attributes: header.attributes(buffer, at) & ~(header.CODEC_MASK | header.DELETE_HORIZON_FLAG),
    baseTimestamp: NO_TIMESTAMP,
    maxTimestamp: header.maxTimestamp(buffer, at),
    recordsCount: 0,
  })
}

type Changed = Pick<header.HeaderFields, 'attributes' | 'baseTimestamp' | 'maxTimestamp' | 'recordsCount'>

function build(source: Buffer, at: number, records: Buffer | null, changed: Changed): Buffer {
  const bytes = header.HEADER_BYTES + (records?.length ?? 0)
  const batch = Buffer.allocUnsafeSlow(bytes)
  records?.copy(batch, header.HEADER_BYTES)
  header.writeHeader(batch, 0, {
    ...changed,
    baseOffset: header.baseOffset(source, at),
    batchLength: bytes - header.LOG_OVERHEAD_BYTES,
    leaderEpoch: header.leaderEpoch(source, at),
    lastOffsetDelta: header.lastOffsetDelta(source, at),
    producerId: header.producerId(source, at),
    producerEpoch: header.producerEpoch(source, at),
    baseSequence: header.baseSequence(source, at),
  })
  header.setCrc(batch, 0)
  return batch
}

/** Writes the cursor's record with another timestamp delta; key, value and headers are copied as they are. */
function writeRecord(into: Buffer, position: number, record: RecordCursor, timestampDelta: number): number {
  const { offsetDelta, keyLength, keyStart, end, buffer } = record
  const rest = end - keyStart
  const bytes = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta) + sizeOfVarint(keyLength) + rest
  let at = writeVarint(into, position, bytes)
  into[at++] = 0
  at = writeVarlong(into, at, timestampDelta)
  at = writeVarint(into, at, offsetDelta)
  at = writeVarint(into, at, keyLength)
  buffer.copy(into, at, keyStart, end)
  return at + rest
}

/** Compressed as before. Where this installation can only read the codec, not compressed. */
function pack(codec: number, records: Buffer): { readonly codec: number; readonly bytes: Buffer } {
  try {
    return { codec, bytes: compress(codec, records) }
  } catch (error) {
    if (!(error instanceof CompressionError) || error.code !== 'UNAVAILABLE') throw error
    return { codec: Codec.NONE, bytes: records }
  }
}
