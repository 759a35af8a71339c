import { json } from './serde/json.ts'
import type { Serde } from './serde/serde.ts'
import { string } from './serde/text.ts'

/**
 * A topic as a value: its name and how its keys and values are written. Producer, consumer, processor and gateway share
 * it, so that types follow the data.
 */
export interface Topic<K = unknown, V = unknown, Name extends string = string> {
  readonly name: Name
  readonly key: Serde<K>
  readonly value: Serde<V>
}

/**
 * Describes a topic. Keys are strings and values JSON of unknown shape unless serdes say otherwise.
 *
 * ```ts
 * const Bids = topic('bids', { key: string, value: json(Bid) })
 * ```
 */
export function topic<const Name extends string, K = string, V = unknown>(
  name: Name,
  serdes: { readonly key?: Serde<K>; readonly value?: Serde<V> } = {},
): Topic<K, V, Name> {
  return Object.freeze({
    name,
    key: serdes.key ?? (string as unknown as Serde<K>),
    value: serdes.value ?? (json() as Serde<V>),
  })
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number
}
