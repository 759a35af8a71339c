import type { Abortable } from '../options.ts'
import type { Topic, TopicPartition, TopicPartitionOffset } from '../topic.ts'
import type { Assignor } from './assignors/assignor.ts'

export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

/** A record read from a topic. Key, value and headers are decoded when first asked for. */
export interface ConsumerRecord<K = unknown, V = unknown, Name extends string = string> {
  readonly topic: Name
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the epoch: the producer's, or the broker's under LogAppendTime. */
  readonly timestamp: number
  /** Throws SerdeError if the bytes do not decode. */
  readonly key: K | null
  /** Null is a tombstone. Throws SerdeError if the bytes do not decode. */
  readonly value: V | null
  /** The encoded key and value: slices of the fetched buffer. */
  readonly keyBytes: Buffer | null
  readonly valueBytes: Buffer | null
  readonly headers: readonly RecordHeader[]
  /** The last header of that name. */
  header(name: string): Buffer | null | undefined
}

/** Consecutive records of one partition. Iterating decodes lazily, and may be done more than once while the loop is at
 * this batch (a batch that was not read to its end then may also be read later). */
export interface ConsumerBatch<K = unknown, V = unknown, Name extends string = string>
  extends Iterable<ConsumerRecord<K, V, Name>> {
  readonly topic: Name
  readonly partition: number
  /** Offset after the last one of this batch: where the partition goes on. */
  readonly nextOffset: number
  /** The partition's high watermark when this was fetched. */
  readonly highWatermark: number
  /** Encoded size, for flow control. */
  readonly bytes: number
  /** All records of the batch. */
  toArray(): ConsumerRecord<K, V, Name>[]
  /**
   * Optional: hands the memory to later fetches at once. Afterwards neither the batch nor binary values (`bytes`) read
   * from it may be used. Saves half the CPU time of large binary values; text, JSON and numbers need no help.
   */
  release(): void
}

/** The records that a topic descriptor yields; distributes over a union of descriptors. */
export type RecordOf<T extends Topic> = T extends Topic<infer K, infer V, infer N> ? ConsumerRecord<K, V, N> : never

/** The batches that a topic descriptor yields; distributes over a union of descriptors. */
export type BatchOf<T extends Topic> = T extends Topic<infer K, infer V, infer N> ? ConsumerBatch<K, V, N> : never

/** Where to begin without a committed offset: an end, fail (`none`), or the first record at or after a time (ms). */
export type OffsetReset = 'earliest' | 'latest' | 'none' | { readonly timestamp: number }

/** A partition to read without group membership, from `offset`, else from the group's committed one, else by offsetReset. */
export interface Assignment extends TopicPartition {
  readonly offset?: number
}

/** What a commit accepts: offsets of the next record to read, with an optional note of at most 4096 bytes. */
export interface CommitOffset extends TopicPartitionOffset {
  readonly metadata?: string
  readonly leaderEpoch?: number
}

export type AssignorName = 'range' | 'roundrobin' | 'cooperative-sticky'

export interface ConsumerOptions<T extends Topic = Topic> {
  /** Topics to read; with `assign`, those whose partitions are assigned. */
  readonly topics: readonly T[]
  /** Group that shares the partitions, and that commits go to. Needed unless `assign` is given. */
  readonly group?: string
  /** Partitions to read without joining a group. */
  readonly assign?: readonly Assignment[]
  /** In order of preference; all members of a group need one in common. @default ['cooperative-sticky', 'range'] */
  readonly assignors?: readonly (AssignorName | Assignor)[]
  /** Static membership: a restart within the session keeps the assignment (KIP-345). @default none */
  readonly instanceId?: string
  /** @default 45000 */
  readonly sessionTimeoutMs?: number
  /** @default 3000 */
  readonly heartbeatIntervalMs?: number
  /** Longest time between two asks for the next record; beyond it the member leaves the group. @default 300000 */
  readonly maxPollIntervalMs?: number
  /** @default 'earliest' */
  readonly offsetReset?: OffsetReset
  /** Commit in the background what the loop has passed. @default true with a group */
  readonly autoCommit?: boolean
  /** @default 5000 */
  readonly autoCommitIntervalMs?: number
  /** @default 'read_uncommitted' */
  readonly isolation?: 'read_uncommitted' | 'read_committed'
  /** The broker answers a fetch once this many bytes are there. @default 1 */
  readonly minBytes?: number
  /** ... or this much time has passed. @default 500 */
  readonly maxWaitMs?: number
  /** Most bytes of one fetch answer. @default 16777216 */
  readonly maxBytes?: number
  /** Most bytes of one partition in a fetch answer. @default 1048576 */
  readonly maxPartitionBytes?: number
  /** Bytes fetched ahead of the loop, all partitions together. @default 33554432 */
  readonly prefetchBytes?: number
  /** Check each batch's CRC. @default true */
  readonly checkCrcs?: boolean
  /** Called, and awaited, before records of newly assigned partitions are delivered; may `seek`. */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /** Called, and awaited, before partitions are given up; may `commit`. */
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /** Called when partitions were already taken away, so that commits are in vain. @default onRevoked */
  readonly onLost?: (partitions: readonly TopicPartition[]) => void | Promise<void>
}

/**
 * Reads records. Made by `client.consumer()`. The group is joined when the first record is asked for, and rebalances
 * happen only while the loop waits for its next record or batch, so that work in hand is never taken away under way.
 */
export interface Consumer<T extends Topic = Topic> extends AsyncDisposable {
  /** One record at a time. A record becomes committable when the loop asks for the next one. Ends on `close()`. */
  records(options?: Abortable): AsyncIterableIterator<RecordOf<T>>
  /** One partition's run of records at a time; committable when the loop asks for the next batch. */
  batches(options?: Abortable): AsyncIterableIterator<BatchOf<T>>
  /**
   * Commits: everything committable (no argument), up to and including a record or a batch, or offsets as given.
   * Rejects with `ILLEGAL_GENERATION`, `UNKNOWN_MEMBER_ID` or `REBALANCE_IN_PROGRESS` when the group has moved on.
   */
  commit(what?: CommitTarget, options?: Abortable): Promise<void>
  /** Committed offsets of the given partitions, or of the assignment; partitions without one are absent. */
  committed(partitions?: readonly TopicPartition[], options?: Abortable): Promise<CommitOffset[]>
  /** Goes on reading there, for assigned partitions. */
  seek(
    target: TopicPartition,
    to: number | 'earliest' | 'latest' | { readonly timestamp: number },
    options?: Abortable,
  ): Promise<void>
  /** Stops delivering (and fetching) these partitions until `resume`; group membership goes on. */
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  readonly paused: readonly TopicPartition[]
  readonly assignment: readonly TopicPartition[]
  /** Offset of the next record the loop will get, if known. */
  position(partition: TopicPartition): number | undefined
  /** Records between the loop and the high watermark that the last fetch saw, if known. */
  lag(partition: TopicPartition): number | undefined
  readonly memberId: string
  readonly generation: number
  /** Commits (if automatic), leaves the group, ends the iterators. Idempotent. */
  close(options?: Abortable): Promise<void>
}

export type CommitTarget = ConsumerRecord | ConsumerBatch | readonly CommitOffset[]
