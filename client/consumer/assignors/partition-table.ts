import type { TopicPartition } from '../../topic.ts'
import type { MemberSubscription, TopicCounts } from './assignor.ts'

/** One object per partition of the group's topics, so that partitions can be compared and kept in sets by identity. */
export class PartitionTable {
  readonly #byTopic = new Map<string, readonly TopicPartition[]>()
  /** How many partitions there are. */
  readonly size: number

  constructor(counts: TopicCounts) {
    let size = 0
    for (const [topic, count] of counts) {
      this.#byTopic.set(
        topic,
        Array.from({ length: count }, (_, partition) => ({ topic, partition })),
      )
      size += count
    }
    this.size = size
  }

  has(topic: string): boolean {
    return this.#byTopic.has(topic)
  }

  /** The table's own object for a partition; undefined if there is no such partition. */
  find(partition: TopicPartition): TopicPartition | undefined {
    return this.#byTopic.get(partition.topic)?.[partition.partition]
  }

  of(topic: string): readonly TopicPartition[] {
    return this.#byTopic.get(topic) ?? []
  }

  topics(): string[] {
    return [...this.#byTopic.keys()].sort()
  }
}

/** By partition number, then topic: the order in which a sticky member keeps what it owns. */
export function byPartitionThenTopic(a: TopicPartition, b: TopicPartition): number {
  return a.partition - b.partition || compareText(a.topic, b.topic)
}

/** Order of UTF-16 code units, as Java's String.compareTo. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Static members first, by instance id; then the others by member id: Kafka's order for range and round-robin. */
export function inMemberOrder(members: readonly MemberSubscription[]): MemberSubscription[] {
  return [...members].sort((a, b) => {
    if (a.groupInstanceId !== null && b.groupInstanceId !== null) {
      return compareText(a.groupInstanceId, b.groupInstanceId)
    }
    if (a.groupInstanceId !== null) return -1
    if (b.groupInstanceId !== null) return 1
    return compareText(a.memberId, b.memberId)
  })
}
