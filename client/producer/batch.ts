import { compress } from '../../proto/kafka/compression/index.ts'
import { HEADER_BYTES, LOG_OVERHEAD_BYTES, setCrc, writeHeader } from '../../proto/kafka/batch/header.ts'
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../../proto/kafka/batch/varint.ts'
import type { MillraceError } from '../errors.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { EncodedRecord } from './record-encoder.ts'

/** Up to this size a loop over bytes beats a native copy (measured). */
const SHORT_COPY = 16

/** Who waits for a batch: a `send` with some of its records, or a flush. */
export interface BatchListener {
  batchDone(batch: Batch): void
}

/** How far a batch was filled. */
export interface BatchMark {
  readonly count: number
  readonly size: number
  readonly maxTimestamp: number
}

/** What a batch is written with. */
export interface BatchFormat {
  readonly codec: number
  readonly level: number | undefined
}

/**
 * Records of one partition on their way: filled record by record straight into the bytes that are sent (record batch
 * magic 2), then sent until it is acknowledged or given up.
 */
export class Batch {
  readonly createdAtMs: number
  /** Place in its partition's order, which sequence numbers follow. */
  readonly order: number
  count = 0
  /** Bytes used, the header included. */
  size = HEADER_BYTES
  listeners: BatchListener[] = []
  /** Whether any of its records came through `write`, which reports failures to `flush`. */
  hasWrites = false
  producerId = -1
  producerEpoch = -1
  /** -1 until it is first sent by an idempotent producer. */
  baseSequence = -1
  attempts = 0
  /** Sent, and no telling whether any attempt was appended. */
  isUncertain = false
  isDone = false
  baseOffset = -1
  error: MillraceError | undefined
  /** How often it or what it was part of has been cut in two. */
  splits = 0
  /** What it was cut into, if the broker found it too large. */
  halves: readonly [Batch, Batch] | undefined
  #buffer: Buffer
  #baseTimestamp = 0
  #maxTimestamp = 0
  #encoded: Buffer | undefined

  constructor(buffer: Buffer, createdAtMs: number, order: number) {
    this.#buffer = buffer
    this.createdAtMs = createdAtMs
    this.order = order
  }

  /** Memory it holds. */
  get capacity(): number {
    return this.#buffer.length
  }

  /** Bytes that a record would add. */
  sizeOf(record: EncodedRecord, timestamp: number): number {
    const body = this.#bodySize(record, timestamp)
    return sizeOfVarint(body) + body
  }

  append(record: EncodedRecord, timestamp: number): void {
    const body = this.#bodySize(record, timestamp)
    const start = this.size
    this.#ensure(start + sizeOfVarint(body) + body)
    const buffer = this.#buffer
    if (this.count === 0) this.#baseTimestamp = timestamp
    if (this.count === 0 || timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    let at = writeVarint(buffer, start, body)
    buffer[at++] = 0
    at = writeVarlong(buffer, at, timestamp - this.#baseTimestamp)
    at = writeVarint(buffer, at, this.count)
    at = writePart(buffer, at, record.keyBytes, record.keyLength)
    at = writePart(buffer, at, record.valueBytes, record.valueLength)
    if (record.headerLength === 0) buffer[at++] = 0
    else at = copyBytes(buffer, at, record.headerBytes, record.headerLength)
    this.count++
    this.size = at
  }

  /** Where the batch stands, to come back to with `truncate`. */
  mark(): BatchMark {
    return { count: this.count, size: this.size, maxTimestamp: this.#maxTimestamp }
  }

  /** Takes back the records that were added since the mark. */
  truncate(mark: BatchMark): void {
    this.count = mark.count
    this.size = mark.size
    this.#maxTimestamp = mark.maxTimestamp
  }

  /** The batch as it goes out; the same bytes each time unless producer id, epoch or sequence were changed by `stamp`. */
  encode(format: BatchFormat): Buffer {
    this.#encoded ??= this.#build(format)
    return this.#encoded
  }

  /** Gives the batch its place in the producer's sequence (-1 takes it away). */
  stamp(producerId: number, producerEpoch: number, baseSequence: number): void {
    if (this.baseSequence === baseSequence && this.producerId === producerId && this.producerEpoch === producerEpoch)
      return
    this.producerId = producerId
    this.producerEpoch = producerEpoch
    this.baseSequence = baseSequence
    if (this.#encoded !== undefined) this.#writeHeader(this.#encoded, this.#encoded[22]! & 0x07)
  }

  /** Offset of a record by its place in the batch; -1 if the broker did not say. */
  offsetOf(index: number): number {
    if (this.halves !== undefined) {
      const [first, second] = this.halves
      return index < first.count ? first.offsetOf(index) : second.offsetOf(index - first.count)
    }
    return this.baseOffset < 0 ? -1 : this.baseOffset + index
  }

  /** Ends the batch: acknowledged, or with `error`. Memory goes back to the pool if nothing else can still read it. */
  finish(baseOffset: number, error: MillraceError | undefined, pool: BufferPool): void {
    this.isDone = true
    this.baseOffset = baseOffset
    this.error = error
    if (error === undefined && this.attempts <= 1) pool.release(this.#buffer)
    this.#buffer = EMPTY
    this.#encoded = undefined
    const listeners = this.listeners
    this.listeners = []
    for (const listener of listeners) listener.batchDone(this)
  }

  /** The encoded records, for splitting. */
  records(): Buffer {
    return this.#buffer.subarray(HEADER_BYTES, this.size)
  }

  get baseTimestamp(): number {
    return this.#baseTimestamp
  }

  #bodySize(record: EncodedRecord, timestamp: number): number {
    const delta = this.count === 0 ? 0 : timestamp - this.#baseTimestamp
    return (
      1 +
      sizeOfVarlong(delta) +
      sizeOfVarint(this.count) +
      partSize(record.keyLength) +
      partSize(record.valueLength) +
      (record.headerLength === 0 ? 1 : record.headerLength)
    )
  }

  #ensure(size: number): void {
    if (size <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(size, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.size)
    this.#buffer = grown
  }

  #build({ codec, level }: BatchFormat): Buffer {
    if (codec === 0) {
      const plain = this.#buffer.subarray(0, this.size)
      this.#writeHeader(plain, 0)
      return plain
    }
    const compressed = compress(codec, this.records(), level)
    const encoded = Buffer.allocUnsafe(HEADER_BYTES + compressed.length)
    compressed.copy(encoded, HEADER_BYTES)
    this.#writeHeader(encoded, codec)
    return encoded
  }

  #writeHeader(target: Buffer, codec: number): void {
    writeHeader(target, 0, {
      baseOffset: 0,
      batchLength: target.length - LOG_OVERHEAD_BYTES,
      leaderEpoch: -1,
      attributes: codec,
      lastOffsetDelta: this.count - 1,
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: this.#maxTimestamp,
      producerId: this.producerId,
      producerEpoch: this.producerEpoch,
      baseSequence: this.baseSequence,
      recordsCount: this.count,
    })
    setCrc(target, 0)
  }
}

const EMPTY = Buffer.alloc(0)

function partSize(length: number): number {
  return length < 0 ? 1 : sizeOfVarint(length) + length
}

function writePart(buffer: Buffer, position: number, bytes: Uint8Array, length: number): number {
  if (length >= 0) return copyBytes(buffer, writeVarint(buffer, position, length), bytes, length)
  buffer[position] = 1
  return position + 1
}

function copyBytes(buffer: Buffer, position: number, bytes: Uint8Array, length: number): number {
  if (length <= SHORT_COPY) for (let i = 0; i < length; i++) buffer[position + i] = bytes[i]!
  else if (bytes.length === length) buffer.set(bytes, position)
  else Buffer.prototype.copy.call(bytes, buffer, position, 0, length)
  return position + length
}
