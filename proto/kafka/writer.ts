import { int64High, int64Low, writeInt16, writeInt32 } from './int64.ts'
import { writeUuid } from './uuid.ts'

/** Byte fields from this size on are kept by reference instead of copied: a copy of less is cheaper than one more part. */
const REFERENCE_BYTES = 4096

const MAX_CHUNK_BYTES = 1024 * 1024
const MAX_STRING_BYTES = 32767

/** Texts up to this many characters are written one by one when they are ASCII: two calls into the runtime cost more. */
const SHORT_TEXT = 64

/**
 * Writes Kafka's primitive types one after another into memory that grows. Large buffers are kept by reference until
 * `finish`, so they must not change before the parts are sent. Values out of range throw RangeError: they are the
 * caller's mistake.
 */
export class Writer {
  #chunk: Buffer
  /** Where the bytes of the present part begin in the chunk. */
  #start = 0
  #position = 0
  #parts: Buffer[] = []
  #partBytes = 0
  /** Where the length of the frame under way is to go, and how much had been written before it. */
  #frameChunk: Buffer
  #frameAt = 0
  #frameStart = 0

  constructor(initialBytes = 256) {
    this.#chunk = Buffer.allocUnsafe(initialBytes)
    this.#frameChunk = this.#chunk
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#partBytes + this.#position - this.#start
  }

  /** Everything written, in order, as parts for one gathered write. The writer may not be used afterwards, unless `reuse`d. */
  finish(): Buffer[] {
    this.#cut()
    return this.#parts
  }

  /**
   * Begins anew in the same memory: nobody looks at the parts of `finish` any more. Returns the bytes of that memory, which
   * may have grown.
   */
  reuse(): number {
    this.#start = 0
    this.#position = 0
    this.#parts = []
    this.#partBytes = 0
    return this.#chunk.length
  }

  /** Begins a frame: leaves room for its length. */
  beginFrame(): void {
    this.#frameStart = this.size
    this.#frameAt = this.#reserve(4)
    this.#frameChunk = this.#chunk
  }

  /** Ends the frame begun last; returns its bytes, the length's included. */
  endFrame(): number {
    const bytes = this.size - this.#frameStart
    writeInt32(this.#frameChunk, this.#frameAt, bytes - 4)
    return bytes
  }

  /** Everything written as one buffer; copies unless it is a single part. The writer may not be used afterwards. */
  toBuffer(): Buffer {
    const parts = this.finish()
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, this.#partBytes)
  }

  bool(value: boolean): void {
    const at = this.#reserve(1)
    this.#chunk[at] = value ? 1 : 0
  }

  int8(value: number): void {
    const at = this.#reserve(1)
    this.#chunk[at] = value
  }

  int16(value: number): void {
    const at = this.#reserve(2)
    writeInt16(this.#chunk, at, value)
  }

  uint16(value: number): void {
    this.int16(value)
  }

  int32(value: number): void {
    const at = this.#reserve(4)
    writeInt32(this.#chunk, at, value)
  }

  uint32(value: number): void {
    this.int32(value)
  }

  /** Clamped to the range of an int64. A bigint (at run time, for tests) is written exactly. */
  int64(value: number): void {
    const at = this.#reserve(8)
    if (typeof value === 'bigint') {
      this.#chunk.writeBigInt64BE(value, at)
      return
    }
    writeInt32(this.#chunk, at, int64High(value))
    writeInt32(this.#chunk, at + 4, int64Low(value))
  }

  float64(value: number): void {
    const at = this.#reserve(8)
    this.#chunk.writeDoubleBE(value, at)
  }

  /** 22 characters of base64url as 16 bytes. */
  uuid(value: string): void {
    const at = this.#reserve(16)
    writeUuid(this.#chunk, at, value)
  }

  unsignedVarint(value: number): void {
    let at = this.#reserve(5)
    let left = value >>> 0
    while (left >= 0x80) {
      this.#chunk[at++] = (left & 0x7f) | 0x80
      left >>>= 7
    }
    this.#chunk[at++] = left
    this.#position = at
  }

  varint(value: number): void {
    this.unsignedVarint((value << 1) ^ (value >> 31))
  }

  string(value: string): void {
    this.nullableString(value)
  }

  nullableString(value: string | null): void {
    if (value === null) {
      this.int16(-1)
      return
    }
    if (isShortAscii(value)) {
      this.int16(value.length)
      this.#ascii(value)
      return
    }
    const length = textLength(value)
    const at = this.#reserve(2 + length)
    writeInt16(this.#chunk, at, length)
    this.#chunk.write(value, at + 2, length, 'utf8')
  }

  compactString(value: string): void {
    this.compactNullableString(value)
  }

  compactNullableString(value: string | null): void {
    if (value === null) {
      this.unsignedVarint(0)
      return
    }
    if (isShortAscii(value)) {
      this.unsignedVarint(value.length + 1)
      this.#ascii(value)
      return
    }
    const length = textLength(value)
    this.unsignedVarint(length + 1)
    const at = this.#reserve(length)
    this.#chunk.write(value, at, length, 'utf8')
  }

  bytes(value: Buffer): void {
    this.nullableBytes(value)
  }

  nullableBytes(value: Buffer | null): void {
    this.int32(value === null ? -1 : value.length)
    if (value !== null) this.raw(value)
  }

  compactBytes(value: Buffer): void {
    this.compactNullableBytes(value)
  }

  compactNullableBytes(value: Buffer | null): void {
    this.unsignedVarint(value === null ? 0 : value.length + 1)
    if (value !== null) this.raw(value)
  }

  /** A byte field that lies in several buffers, e.g. batches as the log holds them. */
  nullableByteList(value: Buffer | readonly Buffer[] | null): void {
    if (value === null || Buffer.isBuffer(value)) {
      this.nullableBytes(value)
      return
    }
    this.int32(byteLength(value))
    for (const part of value) this.raw(part)
  }

  /** As `nullableByteList`, with the length as a varint. */
  compactNullableByteList(value: Buffer | readonly Buffer[] | null): void {
    if (value === null || Buffer.isBuffer(value)) {
      this.compactNullableBytes(value)
      return
    }
    this.unsignedVarint(byteLength(value) + 1)
    for (const part of value) this.raw(part)
  }

  /** Bytes without a length: copied when small, referenced when large. */
  raw(value: Buffer): void {
    if (value.length < REFERENCE_BYTES) {
      const at = this.#reserve(value.length)
      value.copy(this.#chunk, at)
      return
    }
    this.#cut()
    this.#parts.push(value)
    this.#partBytes += value.length
  }

  /** Bytes without a length, copied whatever their size. */
  copy(value: Buffer): void {
    const at = this.#reserve(value.length)
    this.#chunk.set(value, at)
  }

  /** Count of an array; -1 for null. */
  arrayLength(count: number): void {
    this.int32(count)
  }

  /** Count of an array as a varint; -1 for null. */
  compactArrayLength(count: number): void {
    this.unsignedVarint(count + 1)
  }

  /** A tagged field whose body is in `body`, which is used up. */
  taggedField(tag: number, body: Writer): void {
    this.unsignedVarint(tag)
    this.unsignedVarint(body.size)
    for (const part of body.finish()) this.raw(part)
  }

  /** Overwrites an int32 among the first bytes: the length of a frame, known only at the end. */
  static patchInt32(parts: readonly Buffer[], value: number): void {
    const first = parts[0]
    if (first === undefined || first.length < 4) throw new RangeError('there is no room for the length')
    writeInt32(first, 0, value)
  }

  #ascii(value: string): void {
    const at = this.#reserve(value.length)
    const chunk = this.#chunk
    for (let i = 0; i < value.length; i++) chunk[at + i] = value.charCodeAt(i)
  }

  /** Makes room for `count` bytes and returns where they begin. Must be called before the chunk is touched. */
  #reserve(count: number): number {
    if (this.#position + count > this.#chunk.length) this.#grow(count)
    const at = this.#position
    this.#position = at + count
    return at
  }

  #grow(count: number): void {
    this.#cut()
    const next = Math.min(this.#chunk.length * 2, MAX_CHUNK_BYTES)
    this.#chunk = Buffer.allocUnsafe(Math.max(next, count))
    this.#start = 0
    this.#position = 0
  }

  /** Ends the present part; what is left of the chunk serves the next. */
  #cut(): void {
    if (this.#position === this.#start) return
    this.#parts.push(this.#chunk.subarray(this.#start, this.#position))
    this.#partBytes += this.#position - this.#start
    this.#start = this.#position
  }
}

/** Passes a value through, or throws TypeError: null is not allowed for this field at this version. */
export function notNull<T>(value: T | null, field: string): T {
  if (value === null || value === undefined) throw new TypeError(`${field} may not be null at this version`)
  return value
}

function byteLength(parts: readonly Buffer[]): number {
  let sum = 0
  for (const part of parts) sum += part.length
  return sum
}

function isShortAscii(text: string): boolean {
  if (text.length > SHORT_TEXT) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

function textLength(text: string): number {
  const length = Buffer.byteLength(text, 'utf8')
  if (length > MAX_STRING_BYTES) throw new RangeError(`a string of ${length} bytes is longer than ${MAX_STRING_BYTES}`)
  return length
}
