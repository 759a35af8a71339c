import type { Client } from '../../client/client.ts'
import type { Consumer, ConsumerBatch } from '../../client/consumer/types.ts'
import type { Topic, TopicPartition } from '../../client/topic.ts'
import type { ModelTable } from '../state/model-table.ts'
import { keyOf, readToEnd } from './read-to-end.ts'

/** Fills the tables of models from their topics: all there is before the first record, then what comes. */
export class ModelReader {
  readonly #client: Client
  readonly #tables: readonly ModelTable[]
  readonly #partitions: readonly TopicPartition[]
  readonly #next = new Map<string, number>()
  #consumer: Consumer | undefined

  constructor(client: Client, tables: ReadonlyMap<number, ModelTable>, widths: ReadonlyMap<string, number>) {
    this.#client = client
    this.#tables = [...tables.values()]
    this.#partitions = this.#topics().flatMap(({ name: topic }) =>
      Array.from({ length: widths.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
    )
  }

  async bootstrap(signal: AbortSignal): Promise<void> {
    await readToEnd(this.#client, this.#topics(), this.#partitions, (batch) => this.#apply(batch), signal)
  }

  /** Goes on until closed. `changed` is awaited after each batch that was applied, under `turn`. */
  async follow(turn: (work: () => Promise<void>) => Promise<void>, changed: () => Promise<void>): Promise<void> {
    if (this.#tables.length === 0) return
    const assign = this.#partitions.map((each) => ({ ...each, offset: this.#next.get(keyOf(each)) ?? 0 }))
    this.#consumer = this.#client.consumer({ topics: this.#topics(), assign })
    for await (const batch of this.#consumer.batches()) {
      await turn(async () => {
        this.#apply(batch)
        await changed()
      })
    }
  }

  async close(): Promise<void> {
    await this.#consumer?.close()
  }

  #topics(): Topic[] {
    const byName = new Map(this.#tables.map(({ node }) => [node.topic.name, node.topic]))
    return [...byName.values()]
  }

  #apply(batch: ConsumerBatch): void {
    const tables = this.#tables.filter(({ node }) => node.topic.name === batch.topic)
    for (const record of batch) for (const table of tables) table.apply(record, batch.partition)
    this.#next.set(keyOf(batch), batch.nextOffset)
  }
}
