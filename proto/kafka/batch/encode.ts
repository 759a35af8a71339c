import { compress } from '../compression/index.ts'
import * as header from './header.ts'
import type { RecordHeaderInput } from './record.ts'
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from './varint.ts'

export type { RecordHeaderInput } from './record.ts'

/** Fields of the header that do not follow from the records. */
export interface BatchOptions {
  /** Codec id; 0, none, unless given. */
  readonly codec?: number
  /** Compression level, for gzip and zstd. */
  readonly level?: number
  /** 0 unless given; the broker stamps it. */
  readonly baseOffset?: number
  /** -1 unless given; the broker stamps it. */
  readonly leaderEpoch?: number
  /** -1 unless given. */
  readonly producerId?: number
  /** -1 unless given. */
  readonly producerEpoch?: number
  /** -1 unless given. */
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly isControl?: boolean
  /** Sets LogAppendTime with this time, in milliseconds. */
  readonly appendTimeMs?: number
  /** Offsets the batch spans minus one; that of the last record unless given. Compaction keeps the original one. */
  readonly lastOffsetDelta?: number
}

/** A record to be written. Strings are written as UTF-8. */
export interface RecordInput {
  readonly key: Buffer | string | null
  readonly value: Buffer | string | null
  readonly headers?: readonly RecordHeaderInput[]
  /** Milliseconds, an integer. */
  readonly timestamp: number
  /** The place after the record before, unless given. */
  readonly offsetDelta?: number
}

const MIN_CAPACITY_BYTES = 512
const EMPTY = Buffer.alloc(0)

/** Copies of so few bytes are cheaper in a loop than through a call. */
const LOOP_BYTES = 24

/**
 * Collects records and builds one batch of them. Records are encoded as they come, behind the room for the header, so
 * an uncompressed batch is built without a copy.
 */
export class BatchBuilder {
  #buffer: Buffer
  readonly #capacityBytes: number
  #position = header.HEADER_BYTES
  #count = 0
  #lastOffsetDelta = -1
  #baseTimestamp = -1
  #maxTimestamp = -1

  /** `capacityBytes`: memory to begin with; it doubles as records come. */
  constructor(capacityBytes = 4096) {
    this.#capacityBytes = Math.max(capacityBytes, MIN_CAPACITY_BYTES)
    this.#buffer = Buffer.allocUnsafeSlow(this.#capacityBytes)
  }

  get recordsCount(): number {
    return this.#count
  }

  /** Bytes of the batch so far, not compressed, header included. */
  get sizeBytes(): number {
    return this.#position
  }

  /** Time of the newest record, -1 when there is none. */
  get maxTimestamp(): number {
    return this.#maxTimestamp
  }

  /** Adds a record and returns its place in the batch. `timestamp` in milliseconds, an integer. */
  append(
    key: Buffer | string | null,
    value: Buffer | string | null,
    headers: readonly RecordHeaderInput[],
    timestamp: number,
    offsetDelta = this.#lastOffsetDelta + 1,
  ): number {
    if (this.#count === 0) this.#baseTimestamp = timestamp
    const timestampDelta = timestamp - this.#baseTimestamp
    const keyBytes = byteLength(key)
    const valueBytes = byteLength(value)
    const bodyBytes =
      1 +
      sizeOfVarlong(timestampDelta) +
      sizeOfVarint(offsetDelta) +
      sizeOfField(keyBytes) +
      sizeOfField(valueBytes) +
      (headers.length === 0 ? 1 : sizeOfHeaders(headers))
    this.#reserve(bodyBytes + 5)
    const buffer = this.#buffer
    let at = writeVarint(buffer, this.#position, bodyBytes)
    buffer[at++] = 0
    at = writeVarlong(buffer, at, timestampDelta)
    at = writeVarint(buffer, at, offsetDelta)
    at = writeField(buffer, at, key, keyBytes)
    at = writeField(buffer, at, value, valueBytes)
    at = writeVarint(buffer, at, headers.length)
    for (const { key: name, value: content } of headers) {
      at = writeField(buffer, at, name, byteLength(name))
      at = writeField(buffer, at, content, byteLength(content))
    }
    this.#position = at
    this.#lastOffsetDelta = offsetDelta
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    return this.#count++
  }

  /** The finished batch, its CRC included. The builder is empty again afterwards, with memory of its own. */
  build(options: BatchOptions = {}): Buffer {
    const codec = options.codec ?? 0
    const batch = codec === 0 ? this.#takeMemory() : this.#compressed(codec, options.level)
    this.#writeHeader(batch, codec, options)
    this.#reset()
    return batch
  }

  /** The builder's own memory when the batch fills most of it, else a copy, so that small batches do not pin large memory. */
  #takeMemory(): Buffer {
    const batch = this.#buffer.subarray(0, this.#position)
    if (this.#position * 2 < this.#buffer.length) {
      const copy = Buffer.allocUnsafeSlow(this.#position)
      copy.set(batch)
      return copy
    }
    this.#buffer = EMPTY
    return batch
  }

  #compressed(codec: number, level: number | undefined): Buffer {
    const records = compress(codec, this.#buffer.subarray(header.HEADER_BYTES, this.#position), level)
    const batch = Buffer.allocUnsafeSlow(header.HEADER_BYTES + records.length)
    batch.set(records, header.HEADER_BYTES)
    return batch
  }

  #writeHeader(batch: Buffer, codec: number, options: BatchOptions): void {
    const { appendTimeMs } = options
    header.writeHeader(batch, 0, {
      baseOffset: options.baseOffset ?? 0,
      batchLength: batch.length - header.LOG_OVERHEAD_BYTES,
      leaderEpoch: options.leaderEpoch ?? -1,
      attributes:
        codec |
        (appendTimeMs === undefined ? 0 : header.LOG_APPEND_TIME_FLAG) |
        (options.isTransactional === true ? header.TRANSACTIONAL_FLAG : 0) |
        (options.isControl === true ? header.CONTROL_FLAG : 0),
      lastOffsetDelta: options.lastOffsetDelta ?? Math.max(this.#lastOffsetDelta, 0),
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: appendTimeMs ?? this.#maxTimestamp,
      producerId: options.producerId ?? -1,
      producerEpoch: options.producerEpoch ?? -1,
      baseSequence: options.baseSequence ?? -1,
      recordsCount: this.#count,
    })
    header.setCrc(batch, 0)
  }

  #reset(): void {
    this.#position = header.HEADER_BYTES
    this.#count = 0
    this.#lastOffsetDelta = -1
    this.#baseTimestamp = -1
    this.#maxTimestamp = -1
  }

  #reserve(bytes: number): void {
    const wanted = this.#position + bytes
    if (wanted <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(wanted, this.#buffer.length * 2, this.#capacityBytes))
    larger.set(this.#buffer.subarray(0, this.#position))
    this.#buffer = larger
  }
}

/** Encodes records as one batch. */
export function encodeBatch(records: Iterable<RecordInput>, options: BatchOptions = {}): Buffer {
  const builder = new BatchBuilder()
  for (const { key, value, headers, timestamp, offsetDelta } of records) {
    builder.append(key, value, headers ?? [], timestamp, offsetDelta)
  }
  return builder.build(options)
}

/** The most bytes a record adds to a batch, whatever its place and time: to decide whether it still fits. */
export function maxRecordBytes(
  key: Buffer | string | null,
  value: Buffer | string | null,
  headers: readonly RecordHeaderInput[],
): number {
  // Length 5, attributes 1, timestamp delta 10, offset delta 5.
  return 21 + sizeOfField(byteLength(key)) + sizeOfField(byteLength(value)) + sizeOfHeaders(headers)
}

function sizeOfHeaders(headers: readonly RecordHeaderInput[]): number {
  let bytes = sizeOfVarint(headers.length)
  for (const { key, value } of headers) bytes += sizeOfField(byteLength(key)) + sizeOfField(byteLength(value))
  return bytes
}

/** -1 for null. */
function byteLength(content: Buffer | string | null): number {
  if (content === null) return -1
  return typeof content === 'string' ? Buffer.byteLength(content, 'utf8') : content.length
}

function sizeOfField(bytes: number): number {
  return bytes < 0 ? 1 : sizeOfVarint(bytes) + bytes
}

function writeField(buffer: Buffer, position: number, content: Buffer | string | null, bytes: number): number {
  let at = writeVarint(buffer, position, bytes)
  if (content === null) return at
  if (typeof content === 'string') return at + buffer.write(content, at, bytes, 'utf8')
  if (bytes > LOOP_BYTES) {
    buffer.set(content, at)
    return at + bytes
  }
  for (let index = 0; index < bytes; index++) buffer[at++] = content[index]!
  return at
}
