import { readInt16, readInt32, readInt64 } from './int64.ts'
import type { TextCache } from './text-cache.ts'
import { readUuid } from './uuid.ts'
import { WireError } from './wire-error.ts'

export { WireError } from './wire-error.ts'

/**
 * Array elements that one reader hands out at most, all arrays together. An element can be one byte on the wire and a
 * hundred in memory, so bytes left alone do not bound memory. 4 Mi elements: a Metadata reply for half a million
 * partitions still passes.
 */
export const MAX_ARRAY_ELEMENTS = 4 * 1024 * 1024

/** Kafka's longest string, in bytes: int16 even where the length is a varint. */
const MAX_STRING_BYTES = 32767

/** Arrays up to this many elements are made at their final size; longer ones grow, as a count that lies must not cost memory. */
const LIST_PREPARED_MAX = 64

export interface ReaderOptions {
  /** int64 and varlong come out as bigint at run time (typed as number). For tests that compare every bit. */
  readonly exact?: boolean
  /** Ceiling of array elements in all; `MAX_ARRAY_ELEMENTS` unless given. */
  readonly maxArrayElements?: number
  /** Where strings and ids are looked up before they are decoded anew. */
  readonly texts?: TextCache
}

/**
 * Reads Kafka's primitive types from a buffer, in order. Every length and count is checked against the bytes left
 * before anything is allocated from it; what does not fit throws `WireError`. Byte fields are slices of the buffer, so
 * they keep it alive.
 */
export class Reader {
  /** Where the next read begins, in the buffer. */
  position: number
  buffer: Buffer
  #end: number
  readonly #exact: boolean
  readonly #maxArrayElements: number
  #elementsLeft: number
  readonly #texts: TextCache | null

  constructor(buffer: Buffer, start = 0, end = buffer.length, options?: ReaderOptions) {
    checkRange(buffer, start, end)
    this.buffer = buffer
    this.position = start
    this.#end = end
    this.#exact = options?.exact ?? false
    this.#maxArrayElements = options?.maxArrayElements ?? MAX_ARRAY_ELEMENTS
    this.#elementsLeft = this.#maxArrayElements
    this.#texts = options?.texts ?? null
  }

  /** Begins anew, as a reader of these bytes with the same options. */
  reuse(buffer: Buffer, start: number, end: number): void {
    checkRange(buffer, start, end)
    this.buffer = buffer
    this.position = start
    this.#end = end
    this.#elementsLeft = this.#maxArrayElements
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.position
  }

  /** Throws unless every byte has been read. */
  expectEnd(): void {
    if (this.position !== this.#end) this.#fail(`${this.remaining} bytes left over`)
  }

  /** Moves on by `count` bytes and returns where they began. */
  skip(count: number): number {
    const start = this.position
    if (count > this.#end - start || count < 0) this.#fail(`${count} bytes wanted, ${this.#end - start} left`)
    this.position = start + count
    return start
  }

  bool(): boolean {
    return this.buffer[this.skip(1)] !== 0
  }

  int8(): number {
    return (this.buffer[this.skip(1)]! << 24) >> 24
  }

  int16(): number {
    return readInt16(this.buffer, this.skip(2))
  }

  uint16(): number {
    return readInt16(this.buffer, this.skip(2)) & 0xffff
  }

  int32(): number {
    return readInt32(this.buffer, this.skip(4))
  }

  uint32(): number {
    return readInt32(this.buffer, this.skip(4)) >>> 0
  }

  int64(): number {
    const start = this.skip(8)
    if (this.#exact) return this.buffer.readBigInt64BE(start) as unknown as number
    return readInt64(this.buffer, start)
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.skip(8))
  }

  /** 16 bytes as 22 characters of base64url. */
  uuid(): string {
    const start = this.skip(16)
    return this.#texts === null ? readUuid(this.buffer, start) : this.#texts.uuid(this.buffer, start)
  }

  /** At most 5 bytes; a uint32. */
  unsignedVarint(): number {
    const buffer = this.buffer
    const end = this.#end
    let position = this.position
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (position >= end) this.#fail('a varint is cut off')
      const byte = buffer[position++]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.position = position
        return value >>> 0
      }
    }
    return this.#fail('a varint is longer than 5 bytes')
  }

  /** Zig-zag, at most 5 bytes; an int32. */
  varint(): number {
    const value = this.unsignedVarint()
    return (value >>> 1) ^ -(value & 1)
  }

  /** Zig-zag, at most 10 bytes; an int64. */
  varlong(): number {
    if (this.#exact) return this.#varlongExact() as unknown as number
    let low = 0
    let middle = 0
    let high = 0
    let byte = 0x80
    for (let shift = 0; byte >= 0x80; shift += 7) {
      if (shift >= 70) this.#fail('a varlong is longer than 10 bytes')
      byte = this.buffer[this.skip(1)]!
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift < 56) middle |= bits << (shift - 28)
      else high |= bits << (shift - 56)
    }
    // 28 + 28 + 8 bits, halved piece by piece: exact wherever the result fits a double.
    const half = (low >>> 1) + middle * 2 ** 27 + (high & 0xff) * 2 ** 55
    return low & 1 ? -half - 1 : half
  }

  #varlongExact(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.buffer[this.skip(1)]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, BigInt.asUintN(64, value >> 1n) ^ -(value & 1n))
    }
    return this.#fail('a varlong is longer than 10 bytes')
  }

  string(): string {
    return this.nullableString() ?? this.#fail('a string is null')
  }

  nullableString(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.#text(length)
  }

  compactString(): string {
    return this.compactNullableString() ?? this.#fail('a string is null')
  }

  compactNullableString(): string | null {
    const length = this.unsignedVarint() - 1
    return length < 0 ? null : this.#text(length)
  }

  bytes(): Buffer {
    return this.nullableBytes() ?? this.#fail('a byte field is null')
  }

  nullableBytes(): Buffer | null {
    const length = this.int32()
    return length < 0 ? null : this.slice(length)
  }

  compactBytes(): Buffer {
    return this.compactNullableBytes() ?? this.#fail('a byte field is null')
  }

  compactNullableBytes(): Buffer | null {
    const length = this.unsignedVarint() - 1
    return length < 0 ? null : this.slice(length)
  }

  /** The next `length` bytes, not copied. */
  slice(length: number): Buffer {
    const start = this.skip(length)
    return this.buffer.subarray(start, start + length)
  }

  /** Count of an array that may not be null; each element takes at least `minElementBytes`. */
  arrayLength(minElementBytes: number): number {
    return this.#notNull(this.nullableArrayLength(minElementBytes))
  }

  /** As `arrayLength`; -1 stands for null. */
  nullableArrayLength(minElementBytes: number): number {
    return this.#count(this.int32(), minElementBytes)
  }

  /** As `arrayLength`, with the count as a varint. */
  compactArrayLength(minElementBytes: number): number {
    return this.#notNull(this.compactNullableArrayLength(minElementBytes))
  }

  /** As `nullableArrayLength`, with the count as a varint. */
  compactNullableArrayLength(minElementBytes: number): number {
    return this.#count(this.unsignedVarint() - 1, minElementBytes)
  }

  /** An array for `count` elements, which are to be assigned in order. A negative count is that of null, or of none. */
  list<T>(count: number): T[] {
    return count > 0 && count <= LIST_PREPARED_MAX ? new Array<T>(count) : []
  }

  /** Begins a section of tagged fields: how many follow. Each takes at least two bytes. */
  tagCount(): number {
    return this.#count(this.unsignedVarint(), 2)
  }

  /** The next tag; tags ascend strictly. */
  nextTag(previous: number): number {
    const tag = this.unsignedVarint()
    if (tag <= previous) this.#fail(`tag ${tag} does not ascend`)
    return tag
  }

  /** Reads the size of a tagged field and returns where the field ends. */
  tagEnd(): number {
    const size = this.unsignedVarint()
    if (size > this.remaining) this.#fail(`a tagged field of ${size} bytes, ${this.remaining} left`)
    return this.position + size
  }

  /** Throws unless the tagged field was read exactly to its end. */
  expectTagEnd(end: number): void {
    if (this.position !== end) this.#fail('a tagged field differs from its size')
  }

  /** Skips a whole section of tagged fields, none of which is known. */
  skipTags(): void {
    let previous = -1
    for (let left = this.tagCount(); left > 0; left--) {
      previous = this.nextTag(previous)
      this.position = this.tagEnd()
    }
  }

  #count(count: number, minElementBytes: number): number {
    if (count < 0) return -1
    if (count * minElementBytes > this.remaining) this.#fail(`${count} elements, ${this.remaining} bytes left`)
    this.#elementsLeft -= count
    if (this.#elementsLeft < 0) this.#fail('too many array elements')
    return count
  }

  #notNull(count: number): number {
    return count < 0 ? this.#fail('an array is null') : count
  }

  #text(length: number): string {
    if (length > MAX_STRING_BYTES) this.#fail(`a string of ${length} bytes`)
    const start = this.skip(length)
    if (this.#texts !== null) return this.#texts.text(this.buffer, start, length)
    return this.buffer.toString('utf8', start, start + length)
  }

  #fail(message: string): never {
    throw new WireError(message, this.position)
  }
}

function checkRange(buffer: Buffer, start: number, end: number): void {
  if (start < 0 || end > buffer.length || start > end) throw new RangeError('the range lies outside the buffer')
}
