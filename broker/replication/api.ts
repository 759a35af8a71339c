import type { ErrorCode } from '../../proto/kafka/errors.ts'
import type { AbortedTransaction } from '../log/txn-index.ts'

/** The partitions hosted by this broker. */
export interface PartitionsApi {
  get(topic: string, index: number): Partition | undefined
  /** Every hosted partition; for DescribeLogDirs, metrics and periodic work. */
  all(): Iterable<Partition>
  /** Hosted and unhosted both: the error a client must hear when `get` has none or it is not led here. */
  leaderOrError(
    topic: string,
    index: number,
  ): { readonly partition: Partition; readonly error: 0 } | { readonly partition: null; readonly error: ErrorCode }
  /** Coordinators: told when this broker becomes leader of a partition (its log is then readable), and when it stops. */
  onLeadership(topic: string, listener: LeadershipListener): void
}

export interface LeadershipListener {
  /** Also called for partitions that are led already when the listener registers. Again for every new leader epoch. */
  elected(partition: Partition): void
  resigned(index: number): void
}

export interface AppendResult {
  readonly error: ErrorCode
  readonly message: string | null
  readonly recordErrors: readonly { readonly batchIndex: number; readonly message: string | null }[]
  /** -1 on error. */
  readonly baseOffset: number
  /** Milliseconds for LogAppendTime topics, else -1. */
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
}

export interface ReadResult {
  readonly error: ErrorCode
  /** Whole batches, as stored; slices that stay valid until the next turn at least. */
  readonly buffers: readonly Buffer[]
  readonly bytes: number
  /** The offset after the last batch read, or the offset asked for when nothing was read. */
  readonly nextOffset: number
  /** Gives the buffers back for reuse once their bytes are sent: call at most once, or never. Null = nothing to give. */
  readonly release?: (() => void) | null
}

/** A timestamp's first offset, or a special offset; offset -1 when there is none. */
export interface OffsetResult {
  readonly error: ErrorCode
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
}

/** Something that waits for a partition to change: a parked fetch. Kept by the partition until unwatched. */
export interface PartitionWatcher {
  /** More became visible: `bytes` below the high watermark since the last call (an upper bound for read_committed). */
  advanced(bytes: number): void
  /** Leadership, log start or availability changed: whatever was asked must be looked at again. */
  disturbed(): void
}

/** An in-sync follower that consumers may read from (KIP-392). */
export interface ReadableReplica {
  readonly brokerId: number
  /** Exclusive end of what it has. */
  readonly endOffset: number
  /** Monotonic milliseconds: when it last had everything that the leader had. */
  readonly caughtUpMs: number
}

/** Where a follower stands, as its fetch says: it has, for good, everything from its log start up to `fetchOffset`. */
export interface ReplicaPosition {
  readonly replica: number
  /** One uptime of its broker (KIP-903). */
  readonly brokerEpoch: number
  readonly fetchOffset: number
  readonly logStartOffset: number
}

/** A follower's fetch that waits for a partition to change. Called within the turn of the change. */
export interface ReplicaWatcher {
  /** More was written: there is something to send. */
  written(): void
  /** The high watermark or the log start moved: to be told with the next records, or soon. */
  moved(): void
  /** Leadership or availability changed: whatever was asked must be looked at again. */
  disturbed(): void
}

/** A partition as the fetches of its followers see it. */
export interface ReplicatedPartition extends Partition {
  /** Exclusive end of what may be read. */
  readonly flushedEndOffset: number
  /** Followers that are not in sync get their records throttled. */
  readonly isThrottledAsLeader: boolean
  /** Notes where a follower stands. Anything but NONE: it must not be heard, and the error is its answer. */
  replicaFetched(position: ReplicaPosition): ErrorCode
  /** Whether a follower counts for the high watermark. */
  isInSync(replica: number): boolean
  watchAsReplica(watcher: ReplicaWatcher): void
  unwatchAsReplica(watcher: ReplicaWatcher): void
}

/** One partition led (or followed) here. All calls run on the event loop; callbacks run in a later turn, exactly once. */
export interface Partition {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  readonly isLeader: boolean
  /** Follows a leader elsewhere. */
  readonly isFollower: boolean
  readonly leaderEpoch: number
  /** False once the log failed: every request is answered KAFKA_STORAGE_ERROR. */
  readonly isOnline: boolean
  readonly logStartOffset: number
  readonly highWatermark: number
  /**
   * False while a new leader's high watermark is still below where its epoch began: some of what earlier leaders
   * acknowledged lies above it, so nobody may be told where the partition ends (KIP-207).
   */
  readonly knowsCommittedEnd: boolean
  readonly lastStableOffset: number
  readonly logEndOffset: number
  /** Bytes in all segments. */
  readonly sizeBytes: number
  /** NONE, FENCED_LEADER_EPOCH (too old) or UNKNOWN_LEADER_EPOCH (too new); -1 = the client names none (W15). */
  checkLeaderEpoch(epoch: number): ErrorCode
  /**
   * Appends one client batch (checked here: W8 to W10, W16). The buffer becomes the log's own. acks: 0, 1 or -1;
   * `timeoutMs` bounds the wait for acks=-1 (REQUEST_TIMED_OUT; the records stay).
   */
  append(batch: Buffer, acks: number, timeoutMs: number, done: (result: AppendResult) => void): void
  /** Appends records the broker itself makes (group metadata, offsets) as one batch with acks=all semantics. */
  appendRecords(
    records: readonly { key: Buffer | null; value: Buffer | null; timestampMs: number }[],
    done: (error: ErrorCode, baseOffset: number) => void,
  ): void
  /** Reads whole batches from `offset` up to `limitOffset` (exclusive); cold data comes off the event loop. */
  read(
    offset: number,
    limitOffset: number,
    maxBytes: number,
    minOneBatch: boolean,
    done: (result: ReadResult) => void,
  ): void
  /** The same at once when it costs little (tail cache, small reads), else null: use `read`. */
  readNow(offset: number, limitOffset: number, maxBytes: number, minOneBatch: boolean): ReadResult | null
  /**
   * The aborted transactions that reach into what was read, [fromOffset, endOffset) below the last stable offset, oldest
   * marker first; null when that cannot be told (the log cannot be read).
   */
  abortedTransactions(fromOffset: number, endOffset: number): readonly AbortedTransaction[] | null
  /** The first offset below `limitOffset` whose record is not older than `timestampMs`. */
  offsetForTimestamp(timestampMs: number, limitOffset: number, done: (result: OffsetResult) => void): void
  /** The (first) record with the largest timestamp of the log, if it is below `limitOffset`. */
  offsetOfMaxTimestamp(limitOffset: number, done: (result: OffsetResult) => void): void
  /** The epoch of the record at `offset` (or of the last one below it); -1 when unknown. */
  epochAt(offset: number): number
  /** KIP-320: the largest known epoch not above `epoch` and its exclusive end; both -1 when there is none. */
  endOffsetForEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number }
  /** Led here: the followers that have `offset` and may serve consumers. */
  readableReplicas(offset: number): readonly ReadableReplica[]
  /**
   * Moves the log start to `offset` (-1 = high watermark) and waits for the followers to do so too; `lowWatermark` is the
   * smallest log start of all, -1 on error. REQUEST_TIMED_OUT when they take longer; it is done all the same.
   */
  deleteRecords(offset: number, timeoutMs: number, done: (error: ErrorCode, lowWatermark: number) => void): void
  watch(watcher: PartitionWatcher): void
  unwatch(watcher: PartitionWatcher): void
}
