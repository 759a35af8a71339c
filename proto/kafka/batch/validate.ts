import { CompressionError, codecName } from '../compression/index.ts'
import { Errors, type ErrorCode } from '../errors.ts'
import { WireError } from '../wire-error.ts'
import type { RecordCursor } from './cursor.ts'
import { recordsOf } from './decode.ts'
import * as header from './header.ts'

/** What a topic demands of a batch. */
export interface BatchRules {
  /** `max.message.bytes`. */
  readonly maxBatchBytes: number
  /** Compacted topics take no record without a key. */
  readonly isCompacted: boolean
  /** Bounds of the records' timestamps, inclusive, in milliseconds; none when null. Not for LogAppendTime. */
  readonly timestamps: { readonly earliestMs: number; readonly latestMs: number } | null
  /** Ceiling of the records after decompression, in bytes. */
  readonly maxDecompressedBytes: number
  /** Such as `orders-0`, for messages. */
  readonly topicPartition?: string
}

/** Why a batch is refused, in the terms of a Produce response. */
export interface BatchRefusal {
  readonly error: ErrorCode
  readonly message: string
  /** Records at fault, when it is some of them. */
  readonly recordErrors: readonly { readonly batchIndex: number; readonly message: string }[]
}

/** Records named in a refusal at most: one bad batch does not answer with megabytes. */
const MAX_RECORD_ERRORS = 100

/**
 * Checks the records field of a Produce request for one partition, as Kafka's LogValidator does (W8, W10): exactly one
 * batch of magic 2, its size, CRC, offsets, count, control bit and sequence, and, when it is not compressed, the frame,
 * offset, key and time of every record. Compressed records are only looked into when the topic is compacted. Null when
 * the batch may be appended. Nothing is allocated per record.
 */
export function validateClientBatch(records: Buffer | null, rules: BatchRules): BatchRefusal | null {
  return checkFrame(records) ?? checkWhole(records!, rules) ?? checkHeader(records!) ?? checkRecords(records!, rules)
}

function checkFrame(records: Buffer | null): BatchRefusal | null {
  if (records === null || records.length < header.LOG_OVERHEAD_BYTES) return invalid('there is no batch')
  const size = header.batchSize(records, 0)
  if (size < header.HEADER_BYTES) {
    return corrupt(`a batch of ${size} bytes is too small`)
  }
  if (size > records.length) return invalid('the batch is cut off')
  const magic = header.magic(records, 0)
  if (magic < 0 || magic > header.MAGIC) return corrupt(`there is no magic ${magic}`)
  if (magic !== header.MAGIC) return invalid(`magic ${magic} is not accepted, only ${header.MAGIC}`)
  if (size < records.length) return invalid('there is more than one batch')
  return null
}

function checkWhole(batch: Buffer, rules: BatchRules): BatchRefusal | null {
  const offset = header.baseOffset(batch, 0)
  if (offset !== 0) return invalid(`the base offset of a new batch is 0, not ${offset}`)
  if (batch.length > rules.maxBatchBytes) {
    const message = `the batch has ${batch.length} bytes, ${rules.maxBatchBytes} are allowed`
    return { error: Errors.MESSAGE_TOO_LARGE, message, recordErrors: [] }
  }
  if (header.computeCrc(batch, 0) !== header.crc(batch, 0)) return corrupt('the batch fails its CRC')
  return null
}

function checkHeader(batch: Buffer): BatchRefusal | null {
  const span = header.lastOffsetDelta(batch, 0) + 1
  const count = header.recordsCount(batch, 0)
  if (span <= 0) return invalid(`the batch ends ${1 - span} offsets before it begins`)
  if (count <= 0) return invalid(`the batch counts ${count} records`)
  if (span !== count) return invalid(`the batch counts ${count} records and spans ${span} offsets`)
  if (header.isControl(batch, 0)) return invalid('clients may not write control records')
  const sequence = header.baseSequence(batch, 0)
  if (header.producerId(batch, 0) >= 0 && sequence < 0) return invalid(`sequence ${sequence} with a producer id`)
  const codec = header.codecId(batch, 0)
  if (codecName(codec) === undefined) return invalid(`there is no compression codec ${codec}`)
  return null
}

function checkRecords(batch: Buffer, rules: BatchRules): BatchRefusal | null {
  const isCompressed = header.codecId(batch, 0) !== 0
  if (isCompressed && !rules.isCompacted) return checkMaxTimestamp(batch, rules)
  if (!isCompressed && areGood(batch, rules)) return null
  try {
    return checkEach(recordsOf(batch, 0, rules.maxDecompressedBytes), rules)
  } catch (error) {
    if (error instanceof WireError) return invalid(error.message)
    if (error instanceof CompressionError) return error.code === 'CORRUPT' ? corrupt(error.message) : tooLarge(error)
    throw error
  }
}

/**
 * Whether `checkEach` would find nothing wrong with the records, which are not compressed, in a quarter of its time. May say
 * no to good ones: those with headers, for one.
 */
function areGood(batch: Buffer, rules: BatchRules): boolean {
  const baseTimestamp = header.baseTimestamp(batch, 0)
  const earliest = rules.timestamps === null ? Number.NEGATIVE_INFINITY : rules.timestamps.earliestMs
  const latest = rules.timestamps === null ? Number.POSITIVE_INFINITY : rules.timestamps.latestMs
  const count = header.recordsCount(batch, 0)
  const fields = new ShortVarints(batch, header.HEADER_BYTES)
  for (let index = 0; index < count; index++) {
    const length = fields.next()
    const end = fields.position + length
    if (length < 0 || end > batch.length) return false
    // The attributes.
    fields.position++
    const timestampDelta = fields.next()
    const timestamp = baseTimestamp + timestampDelta
    if (timestampDelta === LONG || timestamp < earliest || timestamp > latest) return false
    if (fields.next() !== index) return false
    const keyLength = fields.next()
    if (keyLength > 0) fields.position += keyLength
    else if (keyLength < 0 && rules.isCompacted) return false
    const valueLength = fields.next()
    if (valueLength > 0) fields.position += valueLength
    // No headers.
    if (fields.next() !== 0 || fields.position !== end) return false
  }
  return fields.position === batch.length
}

/** What `ShortVarints` makes of a longer one: larger than any that it reads. */
const LONG = 2 ** 30

/** Reads zig-zag varints of up to four bytes. Past the end of the buffer it makes something up: look at the position. */
class ShortVarints {
  position: number
  private readonly buffer: Buffer

  constructor(buffer: Buffer, position: number) {
    this.buffer = buffer
    this.position = position
  }

  next(): number {
    const byte = this.buffer[this.position++]!
    // Nearly all are this short: kept small, so that it is inlined wherever it is called.
    return byte < 0x80 ? (byte >>> 1) ^ -(byte & 1) : this.longer(byte & 0x7f)
  }

  private longer(low: number): number {
    let value = low
    for (let shift = 7; shift <= 21; shift += 7) {
      const byte = this.buffer[this.position++]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    return LONG
  }
}

/** All that is known of compressed records' times is the newest. */
function checkMaxTimestamp(batch: Buffer, rules: BatchRules): BatchRefusal | null {
  const timestamp = header.maxTimestamp(batch, 0)
  if (rules.timestamps === null || isWithin(timestamp, rules.timestamps)) return null
  return { error: Errors.INVALID_TIMESTAMP, message: timestampMessage(timestamp, rules), recordErrors: [] }
}

function checkEach(cursor: RecordCursor, rules: BatchRules): BatchRefusal | null {
  const recordErrors: { batchIndex: number; message: string }[] = []
  let error: ErrorCode = Errors.NONE
  let count = 0
  while (cursor.advance()) {
    let message: string | null = null
    let code: ErrorCode = Errors.INVALID_RECORD
    if (cursor.offsetDelta !== cursor.index) {
      message = `the record has offset delta ${cursor.offsetDelta}, not ${cursor.index}`
    } else if (rules.isCompacted && cursor.keyLength < 0) {
      message = `Compacted topic cannot accept message without key in topic partition ${rules.topicPartition ?? ''}`
    } else if (rules.timestamps !== null && !isWithin(cursor.timestamp, rules.timestamps)) {
      message = timestampMessage(cursor.timestamp, rules)
      code = Errors.INVALID_TIMESTAMP
    }
    if (message === null) continue
    // As with Kafka, one timestamp at fault decides for all.
    if (error !== Errors.INVALID_TIMESTAMP) error = code
    count++
    if (recordErrors.length < MAX_RECORD_ERRORS) recordErrors.push({ batchIndex: cursor.index, message })
  }
  if (error === Errors.NONE) return null
  return { error, message: summary(error, count, recordErrors), recordErrors }
}

/** Kafka's words. */
function summary(error: ErrorCode, count: number, found: BatchRefusal['recordErrors']): string {
  if (error === Errors.INVALID_TIMESTAMP) return 'One or more records have been rejected due to invalid timestamp'
  const first = found.slice(0, 3).map((one) => `RecordError(batchIndex=${one.batchIndex}, message='${one.message}')`)
  const many = `${count} record errors in total, and only showing the first three errors at most`
  return `One or more records have been rejected due to ${many}: [${first.join(', ')}]`
}

function isWithin(timestamp: number, bounds: { readonly earliestMs: number; readonly latestMs: number }): boolean {
  return timestamp >= bounds.earliestMs && timestamp <= bounds.latestMs
}

function timestampMessage(timestamp: number, rules: BatchRules): string {
  return `timestamp ${timestamp} is not within ${rules.timestamps?.earliestMs} and ${rules.timestamps?.latestMs}`
}

function invalid(message: string): BatchRefusal {
  return { error: Errors.INVALID_RECORD, message, recordErrors: [] }
}

function corrupt(message: string): BatchRefusal {
  return { error: Errors.CORRUPT_MESSAGE, message, recordErrors: [] }
}

function tooLarge(error: CompressionError): BatchRefusal {
  return { error: Errors.MESSAGE_TOO_LARGE, message: error.message, recordErrors: [] }
}
