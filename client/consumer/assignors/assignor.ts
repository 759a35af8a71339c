import type { TopicPartition } from '../../topic.ts'

/** What the group's leader knows of one member. */
export interface MemberSubscription {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly topics: readonly string[]
  readonly userData: Buffer | null
  readonly ownedPartitions: readonly TopicPartition[]
  /** Generation in which `ownedPartitions` were assigned; -1 if unknown. */
  readonly generation: number
  readonly rack: string | null
}

/** Partition counts of every subscribed topic that exists. */
export type TopicCounts = ReadonlyMap<string, number>

/** Member id to its partitions; every member has an entry. */
export type GroupAssignment = Map<string, TopicPartition[]>

/** Divides partitions among the members of a group: a pure function that every leader must compute alike. */
export interface Assignor {
  /** Name in JoinGroup, as in Kafka: `range`, `roundrobin`, `cooperative-sticky`. */
  readonly name: string
  /** Whether members keep their partitions while rejoining (KIP-429). */
  readonly cooperative: boolean
  assign(counts: TopicCounts, members: readonly MemberSubscription[]): GroupAssignment
  /** Bytes for this member's subscription, given what it owns now. */
  userData?(owned: readonly TopicPartition[], generation: number): Buffer | null
}
