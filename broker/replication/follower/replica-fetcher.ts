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
import { beginOf, checkFetched } from './fetched-batches.ts'
import { FollowerSession, type Position } from './fetch-session.ts'
import type { ReplicationQuota } from '../throttle.ts'
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
  /** `replica.fetch.backoff.ms`: how long a partition rests after an error, and at most a leader that does not answer. */
  readonly backoffMs: number
  /** What throttled replicas that lag may fetch. */
  readonly quota: ReplicationQuota
  /** A partition cannot be followed for now: to be logged. */
  readonly problem: (replica: Replica, reason: string) => void
}

/** The first pause while a failover settles, doubled up to `backoffMs`: the leader will hear of its election any moment. */
const FIRST_PAUSE_MS = 20

/** How long a replica that is throttled is not asked for (ms). */
const THROTTLE_PAUSE_MS = 100

interface Followed {
  readonly replica: Replica
  /** The next pause of that kind. */
  pauseMs: number
  /** Has less than its leader has committed, as far as is known. */
  lags: boolean
  /** What was reported last, so that it is reported once; null since it went well. */
  reported: string | null
  /** Not asked for before; infinity until it is assigned anew. */
  restsUntilMs: number
}

export class ReplicaFetcher {
  private readonly options: ReplicaFetcherOptions
  private readonly session = new FollowerSession()
  private readonly followed = new Map<string, Followed>()
  /** Followed, and perhaps elsewhere than the leader knows. Idle partitions are not: thousands of them cost nothing. */
  private readonly stale = new Set<Followed>()
  /** Not to be asked for: those that rest. */
  private readonly resting = new Set<Followed>()
  /** Not followed any more, and the leader has not heard of that. */
  private left: { readonly topicId: string; readonly partition: number }[] = []
  /** Nothing is asked before: the leader did not answer. */
  private restsUntilMs = Number.NEGATIVE_INFINITY
  private pauseMs = FIRST_PAUSE_MS

  constructor(options: ReplicaFetcherOptions) {
    this.options = options
  }

  get size(): number {
    return this.followed.size
  }

  /** Begins to follow, or goes on under another leader epoch. */
  assign(replica: Replica): void {
    this.remove(replica.topicId, replica.index)
    const followed = {
      replica,
      restsUntilMs: Number.NEGATIVE_INFINITY,
      pauseMs: FIRST_PAUSE_MS,
      lags: true,
      reported: null,
    }
    this.followed.set(keyOf(replica.topicId, replica.index), followed)
    this.stale.add(followed)
  }

  remove(topicId: string, index: number): void {
    const key = keyOf(topicId, index)
    const followed = this.followed.get(key)
    if (followed === undefined) return
    this.followed.delete(key)
    this.stale.delete(followed)
    this.resting.delete(followed)
    if (!this.session.isNew) this.left.push({ topicId, partition: index })
  }

  /** The request to send now; null when there is nothing to ask for before `wakeAtMs`. */
  next(nowMs: number): FetchRequest | null {
    if (nowMs < this.restsUntilMs) return null
    for (const followed of this.resting) if (followed.restsUntilMs <= nowMs) this.resting.delete(followed)
    const candidates = this.session.isNew ? this.followed.values() : this.stale
    for (const followed of candidates) this.throttle(followed, nowMs)
    if (this.resting.size === this.followed.size) return null
    const wanted: Position[] = []
    const unwanted = this.left
    this.left = []
    for (const followed of this.session.isNew ? this.followed.values() : this.stale) {
      const { replica } = followed
      const isWanted = !this.resting.has(followed) && replica.isOnline
      if (isWanted) wanted.push({ topicId: replica.topicId, asked: this.positionOf(replica) })
      else unwanted.push({ topicId: replica.topicId, partition: replica.index })
      // What rests is looked at again until it is asked for.
      if (isWanted) this.stale.delete(followed)
      else this.stale.add(followed)
    }
    const named = new Set(wanted.map(({ topicId, asked }) => keyOf(topicId, asked.partition)))
    const gone = unwanted.filter(({ topicId, partition }) => !named.has(keyOf(topicId, partition)))
    return { ...this.nothing(), ...this.session.request(wanted, gone) }
  }

  /** A request without a session that names no partition. */
  nothing(): FetchRequest {
    const { clusterId, nodeId, brokerEpoch, maxWaitMs, minBytes, maxBytes } = this.options
    return {
      clusterId,
      replicaId: nodeId,
      replicaState: { replicaId: nodeId, replicaEpoch: brokerEpoch() },
      maxWaitMs,
      minBytes,
      maxBytes,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [],
      forgottenTopicsData: [],
      rackId: '',
    }
  }

  /** When something that rests is to be asked for again; infinity when nothing rests, or only what waits to be assigned. */
  wakeAtMs(nowMs: number): number {
    let wake = Number.POSITIVE_INFINITY
    for (const { restsUntilMs } of this.resting) {
      if (restsUntilMs > nowMs) wake = Math.min(wake, Math.max(restsUntilMs, this.restsUntilMs))
    }
    // Nothing rests by itself, but the leader did not answer.
    const isWanted = this.resting.size < this.followed.size
    return isWanted && this.restsUntilMs > nowMs ? Math.min(wake, this.restsUntilMs) : wake
  }

  /** The leader could not be asked, or its answer never came. What it did with the request does not matter. */
  failed(nowMs: number): void {
    this.forgetSession()
    this.restsUntilMs = nowMs + this.pauseMs
    this.pauseMs = Math.min(this.pauseMs * 2, this.options.backoffMs)
  }

  /** The answer to the last `next`. Returns the replicas that were appended to or cut, and so have to be made durable. */
  received(response: FetchResponse, nowMs: number): Replica[] {
    if (response.errorCode !== Errors.NONE) {
      this.forgetSession()
      const isSession =
        response.errorCode === Errors.FETCH_SESSION_ID_NOT_FOUND ||
        response.errorCode === Errors.INVALID_FETCH_SESSION_EPOCH
      if (!isSession) this.restsUntilMs = nowMs + this.options.backoffMs
      return []
    }
    this.session.answered(response.sessionId)
    this.pauseMs = FIRST_PAUSE_MS
    const changed: Replica[] = []
    for (const { topicId, partitions } of response.responses) {
      for (const data of partitions) {
        const followed = this.followed.get(keyOf(topicId, data.partitionIndex))
        // Taken away, or assigned anew, while the request was under way: the answer is about another past.
        if (followed === undefined) continue
        this.stale.add(followed)
        if (!this.isCurrent(followed.replica)) continue
        if (this.takePartition(followed, data, nowMs)) changed.push(followed.replica)
      }
    }
    return changed
  }

  private forgetSession(): void {
    this.session.reset()
    this.left = []
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
    followed.pauseMs = FIRST_PAUSE_MS
    const before = replica.logEndOffset
    const records = joined(data.records)
    if (records.length > 0) {
      const from = beginOf(records, replica)
      const { bytes, fault } = checkFetched(records, from, replica.leaderEpoch)
      const isReady = bytes === 0 || from === before || replica.startOverAt(from)
      if (bytes > 0 && !(isReady && replica.appendFetched(records.subarray(0, bytes)))) {
        this.rest(followed, nowMs, 'its log takes nothing more')
        return true
      }
      if (fault !== null) this.rest(followed, nowMs, `the leader sent ${fault}`)
    }
    if (replica.isThrottled) this.options.quota.record(records.length, nowMs)
    followed.lags = replica.logEndOffset < data.highWatermark
    if (replica.logEndOffset !== before) followed.reported = null
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
    if (data.errorCode === Errors.FENCED_LEADER_EPOCH) this.restUntil(followed, Number.POSITIVE_INFINITY)
    else this.rest(followed, nowMs, `the leader answers with error ${data.errorCode}`, data.errorCode)
    return false
  }

  private rest(followed: Followed, nowMs: number, reason: string, code?: ErrorCode): void {
    // The leader has not heard of its own election yet, or no longer leads: the usual course of a failover.
    const isUsual = code === Errors.UNKNOWN_LEADER_EPOCH || code === Errors.NOT_LEADER_OR_FOLLOWER
    this.restUntil(followed, nowMs + (isUsual ? followed.pauseMs : this.options.backoffMs))
    if (isUsual) followed.pauseMs = Math.min(followed.pauseMs * 2, this.options.backoffMs)
    else if (followed.reported !== reason) this.options.problem(followed.replica, reason)
    if (!isUsual) followed.reported = reason
  }

  private throttle(followed: Followed, nowMs: number): void {
    const { replica, lags } = followed
    if (lags && replica.isThrottled && this.options.quota.isExceeded(nowMs)) {
      this.restUntil(followed, nowMs + THROTTLE_PAUSE_MS)
    }
  }

  private restUntil(followed: Followed, atMs: number): void {
    followed.restsUntilMs = atMs
    this.resting.add(followed)
    this.stale.add(followed)
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
