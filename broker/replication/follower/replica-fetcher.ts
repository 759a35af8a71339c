/**
 * Follows one leader: what to ask it for next, and what its answers do to the replicas here. A pure state machine; the pump
 * sends `next`, hands in what comes back, and has everything appended made durable before it asks again, so that the offset
 * asked for is also the acknowledgement. Truncation goes by leader epochs (KIP-279, KIP-595), never by the high watermark.
 */
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import type {
  FetchPartition,
  FetchRequest,
  FetchResponse,
  PartitionData,
} from '../../../proto/kafka/generated/01-fetch.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { checkFetched } from './fetched-batches.ts'
import { FollowerSession } from './fetch-session.ts'
import type { Replica } from './replica.ts'

export interface ReplicaFetcherOptions {
  readonly clusterId: string
  readonly nodeId: number
  /** Of this uptime: the leader refuses to add an earlier one to its in-sync set (KIP-903). */
  readonly brokerEpoch: () => number
  /** `replica.fetch.wait.max.ms`. */
  readonly maxWaitMs: number
  /** `replica.fetch.min.bytes`. */
  readonly minBytes: number
  /** `replica.fetch.response.max.bytes`. */
  readonly maxBytes: number
  /** `replica.fetch.max.bytes`, per partition. */
  readonly partitionMaxBytes: number
  /** `replica.fetch.backoff.ms`: how long a partition rests after an error. */
  readonly backoffMs: number
  /** A partition cannot be followed for now: to be logged. */
  readonly problem: (replica: Replica, reason: string) => void
}

interface Followed {
  readonly replica: Replica
  /** Not asked for before; infinity until it is assigned anew. */
  restsUntilMs: number
}

export class ReplicaFetcher {
  private readonly options: ReplicaFetcherOptions
  private readonly session = new FollowerSession()
  private readonly followed = new Map<string, Followed>()
  /** Nothing is asked before: the leader did not answer. */
  private restsUntilMs = Number.NEGATIVE_INFINITY

  constructor(options: ReplicaFetcherOptions) {
    this.options = options
  }

  get size(): number {
    return this.followed.size
  }

  /** Begins to follow, or goes on under another leader epoch. */
  assign(replica: Replica): void {
    this.followed.set(keyOf(replica.topicId, replica.index), { replica, restsUntilMs: Number.NEGATIVE_INFINITY })
  }

  remove(topicId: string, index: number): void {
    this.followed.delete(keyOf(topicId, index))
  }

  /** The request to send now; null when there is nothing to ask for before `wakeAtMs`. */
  next(nowMs: number): FetchRequest | null {
    if (nowMs < this.restsUntilMs) return null
    const wanted: FetchPartition[] = []
    const topicIds: string[] = []
    for (const { replica, restsUntilMs } of this.followed.values()) {
      if (nowMs < restsUntilMs) continue
      wanted.push(this.positionOf(replica))
      topicIds.push(replica.topicId)
    }
    if (wanted.length === 0) return null
    const { clusterId, nodeId, brokerEpoch, maxWaitMs, minBytes, maxBytes } = this.options
    return {
      clusterId,
      replicaId: nodeId,
      replicaState: { replicaId: nodeId, replicaEpoch: brokerEpoch() },
      maxWaitMs,
      minBytes,
      maxBytes,
      isolationLevel: 0,
      rackId: '',
      ...this.session.request(wanted, topicIds),
    }
  }

  /** When something that rests is to be asked for again; infinity when nothing rests, or only what waits to be assigned. */
  wakeAtMs(nowMs: number): number {
    let wake = Number.POSITIVE_INFINITY
    for (const { restsUntilMs } of this.followed.values()) {
      const atMs = Math.max(restsUntilMs, this.restsUntilMs)
      if (atMs > nowMs) wake = Math.min(wake, atMs)
    }
    return wake
  }

  /** The leader could not be asked, or its answer never came. What it did with the request does not matter. */
  failed(nowMs: number): void {
    this.session.reset()
    this.restsUntilMs = nowMs + this.options.backoffMs
  }

  /** The answer to the last `next`. Returns whether anything was appended or cut, and so has to be made durable. */
  received(response: FetchResponse, nowMs: number): boolean {
    if (response.errorCode !== Errors.NONE) {
      this.session.reset()
      const isSession =
        response.errorCode === Errors.FETCH_SESSION_ID_NOT_FOUND ||
        response.errorCode === Errors.INVALID_FETCH_SESSION_EPOCH
      if (!isSession) this.restsUntilMs = nowMs + this.options.backoffMs
      return false
    }
    this.session.answered(response.sessionId)
    let changed = false
    for (const { topicId, partitions } of response.responses) {
      for (const data of partitions) {
        const followed = this.followed.get(keyOf(topicId, data.partitionIndex))
        // Taken away, or assigned anew, while the request was under way: the answer is about another past.
        if (followed === undefined || !this.isCurrent(followed.replica)) continue
        if (this.takePartition(followed, data, nowMs)) changed = true
      }
    }
    return changed
  }

  private isCurrent(replica: Replica): boolean {
    const asked = this.session.askedPosition(replica.topicId, replica.index)
    return asked?.currentLeaderEpoch === replica.leaderEpoch && asked.fetchOffset === replica.logEndOffset
  }

  private positionOf(replica: Replica): FetchPartition {
    return {
      partition: replica.index,
      currentLeaderEpoch: replica.leaderEpoch,
      fetchOffset: replica.logEndOffset,
      lastFetchedEpoch: replica.latestEpoch,
      logStartOffset: replica.logStartOffset,
      partitionMaxBytes: this.options.partitionMaxBytes,
      replicaDirectoryId: ZERO_UUID,
      highWatermark: replica.highWatermark,
    }
  }

  private takePartition(followed: Followed, data: PartitionData, nowMs: number): boolean {
    const { replica } = followed
    if (data.errorCode !== Errors.NONE) return this.takeError(followed, data, nowMs)
    if (data.divergingEpoch.endOffset >= 0) return this.cut(followed, data, nowMs)
    const before = replica.logEndOffset
    const records = joined(data.records)
    if (records.length > 0) {
      const { bytes, fault } = checkFetched(records, before, replica.leaderEpoch)
      if (bytes > 0 && !replica.appendFetched(records.subarray(0, bytes))) {
        this.rest(followed, nowMs, 'its log takes nothing more')
        return true
      }
      if (fault !== null) this.rest(followed, nowMs, `the leader sent ${fault}`)
    }
    replica.leaderIsAt(data.highWatermark, data.logStartOffset)
    return replica.logEndOffset !== before
  }

  /** The logs part somewhere at or before the epoch that the leader names: both keep what they share for sure. */
  private cut(followed: Followed, { divergingEpoch }: PartitionData, nowMs: number): boolean {
    const { replica } = followed
    const own = replica.endOffsetForEpoch(divergingEpoch.epoch)
    const shared = own.epoch < 0 ? replica.logStartOffset : Math.min(divergingEpoch.endOffset, own.endOffset)
    const offset = Math.max(shared, replica.logStartOffset)
    if (offset >= replica.logEndOffset) {
      this.rest(
        followed,
        nowMs,
        `the leader names a divergence at ${divergingEpoch.endOffset}, but nothing is left to cut`,
      )
      return false
    }
    if (!replica.truncateTo(offset)) this.rest(followed, nowMs, 'its log cannot be cut')
    return true
  }

  private takeError(followed: Followed, data: PartitionData, nowMs: number): boolean {
    const { replica } = followed
    if (data.errorCode === Errors.OFFSET_OUT_OF_RANGE && data.logStartOffset > replica.logEndOffset) {
      if (!replica.startOverAt(data.logStartOffset)) this.rest(followed, nowMs, 'its log cannot be started over')
      return true
    }
    // A newer epoch exists: the metadata will say who leads it.
    if (data.errorCode === Errors.FENCED_LEADER_EPOCH) followed.restsUntilMs = Number.POSITIVE_INFINITY
    else this.rest(followed, nowMs, `the leader answers with error ${data.errorCode}`, data.errorCode)
    return false
  }

  private rest(followed: Followed, nowMs: number, reason: string, code?: ErrorCode): void {
    followed.restsUntilMs = nowMs + this.options.backoffMs
    // The leader has not heard of its own election yet, or no longer leads: the usual course of a failover.
    const isUsual = code === Errors.UNKNOWN_LEADER_EPOCH || code === Errors.NOT_LEADER_OR_FOLLOWER
    if (!isUsual) this.options.problem(followed.replica, reason)
  }
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}:${partition}`
}

function joined(records: PartitionData['records']): Buffer {
  if (records === null) return Buffer.alloc(0)
  if (Buffer.isBuffer(records)) return records
  return records.length === 1 ? records[0]! : Buffer.concat(records)
}
