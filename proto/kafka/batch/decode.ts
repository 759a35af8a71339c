import { decompress } from '../compression/index.ts'
import { WireError } from '../wire-error.ts'
import { RecordCursor } from './cursor.ts'
import * as header from './header.ts'

export { RecordCursor } from './cursor.ts'
export type { KafkaRecord, RecordHeader } from './record.ts'

/** What one batch may decompress to, unless the caller says otherwise: 128 MiB. */
export const MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024

export interface DecodeOptions {
  /** Check the CRC before anything is read from the records; true unless given. */
  readonly verifyCrc?: boolean
  /** Ceiling of one batch's records after decompression, in bytes; `MAX_DECOMPRESSED_BYTES` unless given. */
  readonly maxDecompressedBytes?: number
}

/** The header of a batch, and its records when asked for. */
export interface RecordBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly sizeBytes: number
  readonly leaderEpoch: number
  /** Codec id, 0 for none. */
  readonly codec: number
  readonly isLogAppendTime: boolean
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordsCount: number
  /**
   * Walks the records from the first one, lazily; decompresses the batch first, each time it is called. Throws
   * `WireError` for malformed records and `CompressionError` for data that does not decompress.
   */
  records(): RecordCursor
}

/**
 * Reads the batch at `position`. Throws `WireError` when it is not whole, not of magic 2, or fails its CRC.
 */
export function decodeBatch(buffer: Buffer, position = 0, options?: DecodeOptions): RecordBatch {
  const size = wholeBatchSize(buffer, position)
  if (size < 0) throw new WireError('a batch is cut off', position)
  return readBatch(buffer, position, size, options)
}

/**
 * Reads batch after batch, as in the records of a Fetch response. A last batch that is cut off is left out, as brokers
 * cut at any byte. Throws as `decodeBatch` does.
 */
export function* decodeBatches(
  records: Buffer | readonly Buffer[] | null,
  options?: DecodeOptions,
): Generator<RecordBatch, void, undefined> {
  if (records === null) return
  if (!Buffer.isBuffer(records)) {
    for (const buffer of records) yield* decodeBatches(buffer, options)
    return
  }
  let position = 0
  for (;;) {
    const size = wholeBatchSize(records, position)
    if (size < 0) return
    yield readBatch(records, position, size, options)
    position += size
  }
}

/**
 * Bytes of the batch at `position`, -1 when it is cut off. Throws `WireError` for a length too small to be one, or
 * another magic.
 */
export function wholeBatchSize(buffer: Buffer, position: number): number {
  const left = buffer.length - position
  if (left < header.LOG_OVERHEAD_BYTES) return -1
  const size = header.batchSize(buffer, position)
  if (size < header.HEADER_BYTES) throw new WireError(`a batch of ${size} bytes`, position)
  if (left < size) return -1
  const magic = header.magic(buffer, position)
  if (magic !== header.MAGIC) throw new WireError(`a batch of magic ${magic}`, position)
  return size
}

/** A cursor over the records of a whole batch, as `RecordBatch.records`. */
export function recordsOf(
  buffer: Buffer,
  position: number,
  maxDecompressedBytes = MAX_DECOMPRESSED_BYTES,
): RecordCursor {
  const size = header.batchSize(buffer, position)
  const codec = header.codecId(buffer, position)
  const start = position + header.HEADER_BYTES
  const end = position + size
  const count = header.recordsCount(buffer, position)
  const baseOffset = header.baseOffset(buffer, position)
  const baseTimestamp = header.baseTimestamp(buffer, position)
  const appendTime = header.isLogAppendTime(buffer, position) ? header.maxTimestamp(buffer, position) : null
  // A batch that compaction emptied may still carry its codec, with nothing behind it.
  if (codec === 0 || start === end) {
    return new RecordCursor(buffer, start, end, count, baseOffset, baseTimestamp, appendTime)
  }
  const records = decompress(codec, buffer.subarray(start, end), maxDecompressedBytes)
  return new RecordCursor(records, 0, records.length, count, baseOffset, baseTimestamp, appendTime)
}

function readBatch(buffer: Buffer, position: number, size: number, options?: DecodeOptions): RecordBatch {
  if (options?.verifyCrc !== false && header.computeCrc(buffer, position) !== header.crc(buffer, position)) {
    throw new WireError(`a batch at offset ${header.baseOffset(buffer, position)} fails its CRC`, position)
  }
  return {
    baseOffset: header.baseOffset(buffer, position),
    lastOffset: header.lastOffset(buffer, position),
    sizeBytes: size,
    leaderEpoch: header.leaderEpoch(buffer, position),
    codec: header.codecId(buffer, position),
    isLogAppendTime: header.isLogAppendTime(buffer, position),
    isTransactional: header.isTransactional(buffer, position),
    isControl: header.isControl(buffer, position),
    baseTimestamp: header.baseTimestamp(buffer, position),
    maxTimestamp: header.maxTimestamp(buffer, position),
    producerId: header.producerId(buffer, position),
    producerEpoch: header.producerEpoch(buffer, position),
    baseSequence: header.baseSequence(buffer, position),
    recordsCount: header.recordsCount(buffer, position),
    records: () => recordsOf(buffer, position, options?.maxDecompressedBytes),
  }
}
