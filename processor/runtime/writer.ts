import type { Client } from '../../client/client.ts'
import type { Producer } from '../../client/producer/types.ts'
import { bytes } from '../../client/serde/text.ts'
import { type Topic, topic } from '../../client/topic.ts'
import type { ChangelogRecord, OutputRecord, RecordHeader } from '../record.ts'
import { changelogTopic } from '../topology/plan.ts'

/** What tasks give, to the producer: bytes as they are. Waits while the producer's buffer is full. */
export class Writer {
  readonly #producer: Producer
  readonly #appId: string
  readonly #topics = new Map<string, Topic<Uint8Array, Uint8Array>>()
  #isDirty = false

  constructor(client: Client, appId: string) {
    this.#producer = client.producer()
    this.#appId = appId
  }

  async outputs(records: readonly OutputRecord[]): Promise<void> {
    for (const { topic: name, key, value, partition, timestamp, headers } of records) {
      const full = this.#producer.write(this.#topic(name), {
        key,
        value,
        partition,
        timestamp,
        headers: pairs(headers),
      })
      this.#isDirty = true
      if (full !== undefined) await full
    }
  }

  async changes(partition: number, records: readonly ChangelogRecord[]): Promise<void> {
    for (const { store, key, value, timestamp } of records) {
      const target = this.#topic(changelogTopic(this.#appId, store))
      const full = this.#producer.write(target, { key, value, partition, timestamp })
      this.#isDirty = true
      if (full !== undefined) await full
    }
  }

  /** Resolves when all that was written is acknowledged. */
  async flush(): Promise<void> {
    if (!this.#isDirty) return
    this.#isDirty = false
    await this.#producer.flush()
  }

  close(): Promise<void> {
    return this.#producer.close()
  }

  #topic(name: string): Topic<Uint8Array, Uint8Array> {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const made = topic(name, { key: bytes, value: bytes })
    this.#topics.set(name, made)
    return made
  }
}

function pairs(headers: readonly RecordHeader[]): [string, Uint8Array | null][] | undefined {
  return headers.length === 0 ? undefined : headers.map(({ key, value }) => [key, value])
}
