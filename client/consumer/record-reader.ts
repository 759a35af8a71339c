import {
  baseOffset,
  baseTimestamp,
  batchSize,
  codecId,
  HEADER_BYTES,
  isLogAppendTime,
  maxTimestamp,
  recordsCount,
} from '../../proto/kafka/batch/header.ts'
import { RecordCursor } from '../../proto/kafka/batch/cursor.ts'
import { decompress } from '../../proto/kafka/compression/index.ts'
import { clientError } from '../errors.ts'
import type { Topic } from '../topic.ts'
import { type BatchContext, FetchedRecord } from './record.ts'

/** Most that one batch may decompress to: a guard against bombs, far above any message.max.bytes in use. */
const MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024

/** Reads the records of one batch after another, one object per record. */
export class RecordReader<K, V, Name extends string> {
  readonly #topic: Topic<K, V, Name>
  readonly #partition: number
  #context!: BatchContext<K, V, Name>
  #cursor!: RecordCursor

  constructor(topic: Topic<K, V, Name>, partition: number) {
    this.#topic = topic
    this.#partition = partition
  }

  /**
   * Begins the batch at `position`, whose header has been checked. `isTransient`: the buffer will be used again. Throws
   * CLIENT_CORRUPT_BATCH.
   */
  open(buffer: Buffer, position: number, isTransient: boolean): BatchContext<K, V, Name> {
    const offset = baseOffset(buffer, position)
    const end = position + batchSize(buffer, position)
    const codec = codecId(buffer, position)
    const appendTime = isLogAppendTime(buffer, position) ? maxTimestamp(buffer, position) : null
    const time = baseTimestamp(buffer, position)
    try {
      const records =
        codec === 0 ? buffer : decompress(codec, buffer.subarray(position + HEADER_BYTES, end), MAX_DECOMPRESSED_BYTES)
      const [start, limit] = codec === 0 ? [position + HEADER_BYTES, end] : [0, records.length]
      this.#cursor = new RecordCursor(records, start, limit, recordsCount(buffer, position), offset, time, appendTime)
      this.#context = {
        topic: this.#topic,
        partition: this.#partition,
        baseOffset: offset,
        baseTimestamp: appendTime ?? time,
        isTransient: isTransient && codec === 0,
        buffer: records,
      }
    } catch (cause) {
      throw this.#corrupt(offset, cause)
    }
    return this.#context
  }

  /** The next record of the batch; undefined at its end. Throws CLIENT_CORRUPT_BATCH. */
  next(): FetchedRecord<K, V, Name> | undefined {
    const cursor = this.#cursor
    try {
      if (!cursor.advance()) return undefined
    } catch (cause) {
      throw this.#corrupt(this.#context.baseOffset, cause)
    }
    return new FetchedRecord(this.#context, cursor)
  }

  #corrupt(offset: number, cause: unknown): Error {
    return clientError('CLIENT_CORRUPT_BATCH', `${this.#topic.name}[${this.#partition}]@${offset}`, cause)
  }
}
