import { sizeOfVarint, writeVarint } from '../../proto/kafka/batch/varint.ts'
import { SerdeError } from '../errors.ts'
import type { Serde } from '../serde/serde.ts'
import type { Topic } from '../topic.ts'
import type { HeadersInput, HeaderValue } from './types.ts'

const KEY_SCRATCH_BYTES = 4 * 1024
const VALUE_SCRATCH_BYTES = 64 * 1024

/** UTF-8 of one UTF-16 code unit takes at most this much. */
const MAX_BYTES_PER_UNIT = 3

/** Up to this length a loop over characters beats a native call (measured). */
const SHORT_TEXT = 24

/** Views of the key scratch are made once per length below this. */
const CACHED_VIEWS = 256

const NO_BYTES: Buffer = Buffer.alloc(0)

/**
 * Encodes the parts of one record at a time, without an object or a buffer per record: text goes to scratch memory that
 * the next record overwrites. The parts are valid until the next `encode`.
 */
export class RecordEncoder {
  keyBytes: Uint8Array = NO_BYTES
  /** -1 for no key. */
  keyLength = -1
  valueBytes: Uint8Array = NO_BYTES
  /** -1 for a tombstone. */
  valueLength = -1
  /** Header count and headers as the record holds them; none is the single byte 0. */
  headerBytes: Uint8Array = NO_BYTES
  headerLength = 0
  readonly #text = new TextEncoder()
  readonly #keyScratch = Buffer.allocUnsafeSlow(KEY_SCRATCH_BYTES)
  readonly #keyViews: Buffer[] = []
  readonly #valueScratch = Buffer.allocUnsafeSlow(VALUE_SCRATCH_BYTES)
  #bytes: Uint8Array = NO_BYTES

  /** Throws SerdeError. */
  encode<K, V>(
    topic: Topic<K, V>,
    key: K | null | undefined,
    value: V | null,
    headers: HeadersInput | undefined,
  ): void {
    this.keyLength =
      key === null || key === undefined ? -1 : this.#part(topic.name, 'key', topic.key, key, this.#keyScratch)
    if (this.keyLength >= 0) this.keyBytes = this.#bytes
    this.valueLength = value === null ? -1 : this.#part(topic.name, 'value', topic.value, value, this.#valueScratch)
    if (this.valueLength >= 0) this.valueBytes = this.#bytes
    this.headerLength = 0
    if (headers !== undefined) this.#encodeHeaders(headers)
  }

  /** The key as a buffer that may be kept only until the next record; null for none. */
  key(): Buffer | null {
    const length = this.keyLength
    if (length < 0) return null
    if (this.keyBytes !== this.#keyScratch) return asBuffer(this.keyBytes)
    if (length >= CACHED_VIEWS) return this.#keyScratch.subarray(0, length)
    return (this.#keyViews[length] ??= this.#keyScratch.subarray(0, length))
  }

  /** Copies of the present parts, for a record that has to wait. */
  snapshot(): EncodedRecord {
    const copy = (bytes: Uint8Array, length: number): Buffer => Buffer.from(bytes.subarray(0, Math.max(0, length)))
    return {
      keyBytes: copy(this.keyBytes, this.keyLength),
      keyLength: this.keyLength,
      valueBytes: copy(this.valueBytes, this.valueLength),
      valueLength: this.valueLength,
      headerBytes: copy(this.headerBytes, this.headerLength),
      headerLength: this.headerLength,
    }
  }

  /** Makes earlier copies the present parts. */
  restore(record: EncodedRecord): void {
    this.keyBytes = record.keyBytes
    this.keyLength = record.keyLength
    this.valueBytes = record.valueBytes
    this.valueLength = record.valueLength
    this.headerBytes = record.headerBytes
    this.headerLength = record.headerLength
  }

  /** Encodes into `#bytes` and returns the length. */
  #part<T>(topic: string, part: 'key' | 'value', serde: Serde<T>, value: T, scratch: Buffer): number {
    try {
      if (serde.toText !== undefined) return this.#encodeText(serde.toText(value), scratch)
      this.#bytes = serde.encode(value)
      return this.#bytes.length
    } catch (cause) {
      throw new SerdeError({ side: 'encode', part, topic }, cause)
    }
  }

  #encodeText(text: string, scratch: Buffer): number {
    const length = text.length
    if (length > scratch.length / MAX_BYTES_PER_UNIT) {
      const bytes = Buffer.from(text, 'utf8')
      this.#bytes = bytes
      return bytes.length
    }
    this.#bytes = scratch
    if (length <= SHORT_TEXT) {
      let at = 0
      for (; at < length; at++) {
        const unit = text.charCodeAt(at)
        if (unit > 0x7f) break
        scratch[at] = unit
      }
      if (at === length) return length
    }
    return this.#text.encodeInto(text, scratch).written
  }

  #encodeHeaders(headers: HeadersInput): void {
    const pairs = isPairs(headers) ? headers : Object.entries(headers)
    if (pairs.length === 0) return
    const parts: Uint8Array[] = [varint(pairs.length)]
    for (const [name, value] of pairs) {
      const key = Buffer.from(name, 'utf8')
      const bytes = headerBytes(value)
      parts.push(varint(key.length), key, varint(bytes?.length ?? -1))
      if (bytes !== null) parts.push(bytes)
    }
    this.headerBytes = Buffer.concat(parts)
    this.headerLength = this.headerBytes.length
  }
}

/** The encoded parts of a record; lengths of -1 stand for null. */
export interface EncodedRecord {
  readonly keyBytes: Uint8Array
  readonly keyLength: number
  readonly valueBytes: Uint8Array
  readonly valueLength: number
  readonly headerBytes: Uint8Array
  readonly headerLength: number
}

function isPairs(headers: HeadersInput): headers is readonly (readonly [string, HeaderValue])[] {
  return Array.isArray(headers)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function headerBytes(value: HeaderValue): Uint8Array | null {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value
}

function varint(value: number): Buffer {
  const encoded = Buffer.allocUnsafe(sizeOfVarint(value))
  writeVarint(encoded, 0, value)
  return encoded
}
