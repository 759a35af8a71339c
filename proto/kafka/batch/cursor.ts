import { WireError } from '../wire-error.ts'
import { MIN_RECORD_BYTES, NO_HEADERS, type KafkaRecord, type RecordHeader } from './record.ts'

/**
 * Walks the records of one batch without allocating: `advance` reads the next record's fields into the cursor, and the
 * methods make slices only of what is asked for. Every length is checked against the record's own, which is checked
 * against the bytes left; what does not fit throws `WireError`.
 */
export class RecordCursor implements IterableIterator<KafkaRecord> {
  /** Place of the record in the batch, from 0; -1 before the first. */
  index = -1
  offset = 0
  offsetDelta = 0
  /** Milliseconds, as `KafkaRecord.timestamp`. */
  timestamp = 0
  /** Where the record begins (its length) in the buffer, and where it ends. */
  start = 0
  end = 0
  /** Where key and value lie in the buffer; a length of -1 is null. */
  keyStart = 0
  keyLength = -1
  valueStart = 0
  valueLength = -1
  headerCount = 0
  readonly buffer: Buffer
  readonly count: number
  readonly #limit: number
  readonly #baseOffset: number
  readonly #baseTimestamp: number
  readonly #appendTimestamp: number | null
  readonly #result: { value: KafkaRecord | undefined; done: boolean } = { value: undefined, done: false }
  #position: number
  #headersStart = 0

  /**
   * `count` records lie in `buffer[start, end)`, not compressed. `appendTimestamp` overrides the records' own, for
   * LogAppendTime.
   */
  constructor(
    buffer: Buffer,
    start: number,
    end: number,
    count: number,
    baseOffset: number,
    baseTimestamp: number,
    appendTimestamp: number | null,
  ) {
    this.buffer = buffer
    this.count = count
    this.#position = start
    this.#limit = end
    this.#baseOffset = baseOffset
    this.#baseTimestamp = baseTimestamp
    this.#appendTimestamp = appendTimestamp
    if (count < 0 || count * MIN_RECORD_BYTES > end - start) {
      throw new WireError(`${count} records in ${end - start} bytes`, start)
    }
  }

  /** Moves to the next record; false after the last one. Throws when bytes are left over then. */
  advance(): boolean {
    if (this.index + 1 >= this.count) {
      if (this.#position !== this.#limit) this.#fail('bytes left over after the last record')
      return false
    }
    this.index++
    this.start = this.#position
    const length = this.#varint(this.#limit)
    const end = this.#position + length
    if (length < 0 || end > this.#limit) this.#fail(`a record of ${length} bytes`)
    this.end = end
    if (length < MIN_RECORD_BYTES - 1) this.#fail(`a record of ${length} bytes`)
    this.#position++
    const timestampDelta = this.#varlong(end)
    this.offsetDelta = this.#varint(end)
    this.offset = this.#baseOffset + this.offsetDelta
    this.timestamp = this.#appendTimestamp ?? this.#baseTimestamp + timestampDelta
    this.keyLength = this.#varint(end)
    this.keyStart = this.#position
    if (this.keyLength > 0) this.#skip(this.keyLength, end)
    this.valueLength = this.#varint(end)
    this.valueStart = this.#position
    if (this.valueLength > 0) this.#skip(this.valueLength, end)
    this.headerCount = this.#varint(end)
    this.#headersStart = this.#position
    if (this.headerCount !== 0) this.#skipHeaders(end)
    else if (this.#position !== end) this.#fail('a record differs from its length')
    return true
  }

  /** The present record's key, not copied. */
  key(): Buffer | null {
    if (this.keyLength < 0) return null
    return this.buffer.subarray(this.keyStart, this.keyStart + this.keyLength)
  }

  /** The present record's value, not copied. */
  value(): Buffer | null {
    if (this.valueLength < 0) return null
    return this.buffer.subarray(this.valueStart, this.valueStart + this.valueLength)
  }

  /** The present record's headers. */
  headers(): readonly RecordHeader[] {
    if (this.headerCount === 0) return NO_HEADERS
    const after = this.#position
    this.#position = this.#headersStart
    const headers: RecordHeader[] = []
    for (let left = this.headerCount; left > 0; left--) {
      const keyLength = this.#varint(this.end)
      const keyStart = this.#position
      this.#position += keyLength
      const key = this.buffer.toString('utf8', keyStart, this.#position)
      const valueLength = this.#varint(this.end)
      const valueStart = this.#position
      this.#position += Math.max(valueLength, 0)
      headers.push({ key, value: valueLength < 0 ? null : this.buffer.subarray(valueStart, this.#position) })
    }
    this.#position = after
    return headers
  }

  /** The present record as an object of its own. */
  record(): KafkaRecord {
    return {
      offset: this.offset,
      timestamp: this.timestamp,
      key: this.key(),
      value: this.value(),
      headers: this.headers(),
    }
  }

  next(): IteratorResult<KafkaRecord, undefined> {
    // One result object for all records: it is read before `next` is called again.
    const result = this.#result
    result.done = !this.advance()
    result.value = result.done ? undefined : this.record()
    return result as IteratorResult<KafkaRecord, undefined>
  }

  [Symbol.iterator](): this {
    return this
  }

  /** Checks that the headers fill the record exactly. Each takes at least two bytes. */
  #skipHeaders(end: number): void {
    if (this.headerCount < 0 || this.headerCount * 2 > end - this.#position) {
      this.#fail(`${this.headerCount} headers`)
    }
    for (let left = this.headerCount; left > 0; left--) {
      const keyLength = this.#varint(end)
      if (keyLength < 0) this.#fail('a header without a key')
      this.#skip(keyLength, end)
      const valueLength = this.#varint(end)
      if (valueLength > 0) this.#skip(valueLength, end)
    }
    if (this.#position !== end) this.#fail('a record differs from its length')
  }

  #skip(length: number, end: number): void {
    if (length > end - this.#position) this.#fail(`a field of ${length} bytes`)
    this.#position += length
  }

  #varint(end: number): number {
    const buffer = this.buffer
    let position = this.#position
    if (position >= end) this.#fail('a varint is cut off')
    let byte = buffer[position++]!
    let value = byte & 0x7f
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 28) this.#fail('a varint is longer than 5 bytes')
      if (position >= end) this.#fail('a varint is cut off')
      byte = buffer[position++]!
      value |= (byte & 0x7f) << shift
    }
    this.#position = position
    return (value >>> 1) ^ -(value & 1)
  }

  #varlong(end: number): number {
    const buffer = this.buffer
    let position = this.#position
    let low = 0
    let middle = 0
    let high = 0
    let byte = 0x80
    for (let shift = 0; byte >= 0x80; shift += 7) {
      if (shift >= 70) this.#fail('a varlong is longer than 10 bytes')
      if (position >= end) this.#fail('a varint is cut off')
      byte = buffer[position++]!
      if (shift < 28) low |= (byte & 0x7f) << shift
      else if (shift < 56) middle |= (byte & 0x7f) << (shift - 28)
      else high |= (byte & 0x7f) << (shift - 56)
    }
    this.#position = position
    const half = (low >>> 1) + middle * 2 ** 27 + (high & 0xff) * 2 ** 55
    return low & 1 ? -half - 1 : half
  }

  #fail(message: string): never {
    throw new WireError(message, this.#position)
  }
}
