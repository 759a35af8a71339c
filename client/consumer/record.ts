import type { RecordCursor } from '../../proto/kafka/batch/cursor.ts'
import { clientError, SerdeError } from '../errors.ts'
import { readText } from '../serde/read-text.ts'
import type { Serde } from '../serde/serde.ts'
import type { Topic } from '../topic.ts'
import { NO_HEADERS, readHeaders } from './record-headers.ts'
import type { ConsumerRecord, RecordHeader } from './types.ts'

/** What the records of one batch have in common. */
export interface BatchContext<K, V, Name extends string> {
  readonly topic: Topic<K, V, Name>
  readonly partition: number
  readonly baseOffset: number
  /** What the records' timestamps count from; under LogAppendTime the time of them all. */
  readonly baseTimestamp: number
  /** Records take what they need of the buffer when they are made, as it may be used again. */
  readonly isTransient: boolean
  /** The bytes that the records lie in, decompressed; undefined once they have been used again. */
  buffer: Buffer | undefined
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * A record as places in its batch; key, value and headers are decoded when first asked for, and kept. In a transient
 * batch it holds its key and value as text (or number) from the start, and outlives the batch.
 */
export class FetchedRecord<K, V, Name extends string> implements ConsumerRecord<K, V, Name> {
  readonly #context: BatchContext<K, V, Name>
  readonly #offsetDelta: number
  readonly #timestampDelta: number
  readonly #keyStart: number
  readonly #keyLength: number
  readonly #valueStart: number
  readonly #valueLength: number
  #keyText: string | undefined
  #valueText: string | undefined
  #key: K | null | undefined
  #value: V | null | undefined
  #headers: readonly RecordHeader[] | undefined
  /** Why a number could not be decoded while the buffer was there: thrown when it is asked for. */
  #keyError: unknown
  #valueError: unknown

  /** The record that the cursor is at. */
  constructor(context: BatchContext<K, V, Name>, cursor: RecordCursor) {
    this.#context = context
    this.#offsetDelta = cursor.offsetDelta
    this.#timestampDelta = cursor.timestamp - context.baseTimestamp
    this.#keyStart = cursor.keyStart
    this.#keyLength = cursor.keyLength
    this.#valueStart = cursor.valueStart
    this.#valueLength = cursor.valueLength
    this.#key = cursor.keyLength < 0 ? null : undefined
    this.#value = cursor.valueLength < 0 ? null : undefined
    this.#headers = cursor.headerCount === 0 ? NO_HEADERS : undefined
    if (context.isTransient) this.#take(context.topic, context.buffer!)
  }

  get topic(): Name {
    return this.#context.topic.name
  }

  get partition(): number {
    return this.#context.partition
  }

  get offset(): number {
    return this.#context.baseOffset + this.#offsetDelta
  }

  get timestamp(): number {
    return this.#context.baseTimestamp + this.#timestampDelta
  }

  get key(): K | null {
    if (this.#key === undefined) {
      if (this.#keyError !== undefined) throw this.#keyError
      this.#key = this.#decode('key', this.#context.topic.key, this.#keyText, this.#keyStart, this.#keyLength)
      this.#keyText = undefined
    }
    return this.#key
  }

  get value(): V | null {
    if (this.#value === undefined) {
      if (this.#valueError !== undefined) throw this.#valueError
      this.#value = this.#decode(
        'value',
        this.#context.topic.value,
        this.#valueText,
        this.#valueStart,
        this.#valueLength,
      )
      this.#valueText = undefined
    }
    return this.#value
  }

  get keyBytes(): Buffer | null {
    return this.#keyLength < 0 ? null : this.#bytes().subarray(this.#keyStart, this.#keyStart + this.#keyLength)
  }

  get valueBytes(): Buffer | null {
    return this.#valueLength < 0 ? null : this.#bytes().subarray(this.#valueStart, this.#valueStart + this.#valueLength)
  }

  get headers(): readonly RecordHeader[] {
    this.#headers ??= readHeaders(this.#bytes(), this.#headerStart)
    return this.#headers
  }

  header(name: string): Buffer | null | undefined {
    return this.headers.findLast((header) => header.key === name)?.value
  }

  [INSPECT](): object {
    const { topic, partition, offset, timestamp, key, value, headers } = this
    return { topic, partition, offset, timestamp, key, value, headers }
  }

  get #headerStart(): number {
    return this.#valueStart + Math.max(0, this.#valueLength)
  }

  /** Takes what key, value and headers need of a buffer that will be used again. */
  #take(topic: Topic<K, V, Name>, buffer: Buffer): void {
    if (this.#keyLength >= 0) {
      const end = this.#keyStart + this.#keyLength
      if (topic.key.fromText !== undefined) this.#keyText = readText(buffer, this.#keyStart, end)
      else this.#takeKey(topic)
    }
    if (this.#valueLength >= 0) {
      const end = this.#valueStart + this.#valueLength
      if (topic.value.fromText !== undefined) this.#valueText = readText(buffer, this.#valueStart, end)
      else this.#takeValue(topic)
    }
    this.#headers ??= readHeaders(buffer, this.#headerStart, true)
  }

  #takeKey(topic: Topic<K, V, Name>): void {
    try {
      this.#key = this.#decode('key', topic.key, undefined, this.#keyStart, this.#keyLength)
    } catch (error) {
      this.#keyError = error
    }
  }

  #takeValue(topic: Topic<K, V, Name>): void {
    try {
      this.#value = this.#decode('value', topic.value, undefined, this.#valueStart, this.#valueLength)
    } catch (error) {
      this.#valueError = error
    }
  }

  #bytes(): Buffer {
    const { buffer } = this.#context
    if (buffer === undefined) {
      throw clientError('CLIENT_STATE', 'encoded bytes are at hand only until the loop has moved on to the next batch')
    }
    return buffer
  }

  #decode<T>(part: 'key' | 'value', serde: Serde<T>, text: string | undefined, start: number, length: number): T {
    try {
      if (text !== undefined) return serde.fromText!(text)
      const buffer = this.#bytes()
      if (serde.fromText !== undefined) return serde.fromText(readText(buffer, start, start + length))
      if (serde.decodeRange !== undefined) return serde.decodeRange(buffer, start, start + length)
      return serde.decode(buffer.subarray(start, start + length))
    } catch (cause) {
      const { topic, partition, offset } = this
      throw new SerdeError({ side: 'decode', part, topic, partition, offset }, cause)
    }
  }
}
