import { SerdeError } from '../../client/errors.ts'
import type { Topic } from '../../client/topic.ts'
import type { InputRecord, RecordHeader } from '../record.ts'

/** A record of an in-memory partition; decodes when asked, as the client's records do. */
class LogRecord implements InputRecord {
  readonly offset: number
  readonly timestamp: number
  readonly keyBytes: Buffer | null
  readonly valueBytes: Buffer | null
  readonly headers: InputRecord['headers']
  readonly #topic: Topic
  readonly #partition: number

  constructor(topic: Topic, partition: number, offset: number, record: AppendedRecord) {
    this.#topic = topic
    this.#partition = partition
    this.offset = offset
    this.timestamp = record.timestamp
    this.keyBytes = copied(record.key)
    this.valueBytes = copied(record.value)
    this.headers = record.headers.map(({ key, value }) => ({ key, value: copied(value) }))
  }

  get key(): unknown {
    return this.#decode('key', this.keyBytes)
  }

  get value(): unknown {
    return this.#decode('value', this.valueBytes)
  }

  #decode(part: 'key' | 'value', bytes: Buffer | null): unknown {
    if (bytes === null) return null
    try {
      return this.#topic[part].decode(bytes)
    } catch (thrown) {
      const place = { topic: this.#topic.name, partition: this.#partition, offset: this.offset }
      throw new SerdeError({ ...place, part, side: 'decode' }, thrown)
    }
  }
}

export interface AppendedRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestamp: number
  readonly headers: readonly RecordHeader[]
}

/** A topic in memory, for the test driver. */
export class MemoryTopic {
  readonly topic: Topic
  readonly partitions: InputRecord[][]

  constructor(topic: Topic, partitions: number) {
    this.topic = topic
    this.partitions = Array.from({ length: partitions }, () => [])
  }

  append(partition: number, record: AppendedRecord): void {
    const log = this.partitions[partition]
    if (log === undefined) throw new RangeError(`${this.topic.name} has no partition ${partition}`)
    log.push(new LogRecord(this.topic, partition, log.length, record))
  }
}

function copied(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes)
}
