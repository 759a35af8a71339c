/**
 * What one follower fetches from this broker (KIP-227): its partitions, where it stands in each, and which of them have
 * something to tell. An idle partition costs nothing: it is looked at when the follower names it, or when it changes.
 */
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import { type FetchPartition, type FetchRequest } from '../../../proto/kafka/generated/01-fetch.ts'
import { FETCH_SESSION_PARTITIONS_MAX } from '../../limits.ts'
import type { Random } from '../../ports/random.ts'
import type { ReplicatedPartition, ReplicaWatcher } from '../../replication/api.ts'

/** Epoch of a request that opens a session. */
const INITIAL_EPOCH = 0
/** Epoch of a request without a session. */
const FINAL_EPOCH = -1

/** Who is told of news for a follower. */
export interface SessionListener {
  /** There are records to send. */
  recordsReady(session: ReplicaSession): void
  /** There is something to tell that can wait for records, but not for long. */
  newsReady(session: ReplicaSession): void
}

/** One partition of a follower's session. */
export class ReplicaTarget implements ReplicaWatcher {
  readonly topicId: string
  readonly index: number
  asked: FetchPartition
  /** The position is new: its leader has not noted it. */
  isNew = true
  /** What the follower knows: as it says itself (KIP-1166), and as it was told since. */
  knownHighWatermark = -1
  knownLogStartOffset = -1
  private readonly session: ReplicaSession
  /** What it is read from, as long as nothing disturbs that. */
  private watched: ReplicatedPartition | null = null

  constructor(session: ReplicaSession, topicId: string, asked: FetchPartition) {
    this.session = session
    this.topicId = topicId
    this.index = asked.partition
    this.asked = asked
  }

  /** The follower names the partition: it stands elsewhere, or did not take what it was told. */
  name(asked: FetchPartition): void {
    this.asked = asked
    this.isNew = true
    this.knownHighWatermark = asked.highWatermark
    this.knownLogStartOffset = asked.logStartOffset
  }

  /** There is something about the partition that the follower does not know. A log start below its own is no news. */
  isNews(highWatermark: number, logStartOffset: number): boolean {
    return highWatermark !== this.knownHighWatermark || logStartOffset > this.knownLogStartOffset
  }

  get partition(): ReplicatedPartition | null {
    return this.watched
  }

  watch(partition: ReplicatedPartition): void {
    this.unwatch()
    this.watched = partition
    partition.watchAsReplica(this)
  }

  unwatch(): void {
    this.watched?.unwatchAsReplica(this)
    this.watched = null
  }

  written(): void {
    this.session.recordsIn(this)
  }

  moved(): void {
    this.session.newsOf(this)
  }

  disturbed(): void {
    this.unwatch()
    this.session.recordsIn(this)
  }
}

export class ReplicaSession {
  readonly id: number
  readonly replica: number
  /** Of the uptime of its broker that fetches. */
  brokerEpoch: number
  nextEpoch = 1
  /** What to look at, in this order: what was served goes to the end, so that none starves another. */
  readonly ready = new Set<ReplicaTarget>()
  private readonly targets = new Map<string, ReplicaTarget>()
  private readonly listener: SessionListener

  constructor(id: number, request: FetchRequest, listener: SessionListener) {
    this.id = id
    this.replica = request.replicaState.replicaId
    this.brokerEpoch = request.replicaState.replicaEpoch
    this.listener = listener
  }

  get size(): number {
    return this.targets.size
  }

  /** Takes over what the request names and forgets. False: too many partitions. */
  update(request: FetchRequest): boolean {
    this.brokerEpoch = request.replicaState.replicaEpoch
    for (const { topicId, partitions } of request.forgottenTopicsData) {
      for (const index of partitions) this.forget(`${topicId}:${index}`)
    }
    for (const { topicId, partitions } of request.topics) {
      for (const asked of partitions) this.name(topicId, asked)
    }
    return this.targets.size <= FETCH_SESSION_PARTITIONS_MAX
  }

  recordsIn(target: ReplicaTarget): void {
    this.ready.add(target)
    this.listener.recordsReady(this)
  }

  newsOf(target: ReplicaTarget): void {
    this.ready.add(target)
    this.listener.newsReady(this)
  }

  /** Its follower has another one, or is gone: nothing is watched any more. */
  close(): void {
    for (const target of this.targets.values()) target.unwatch()
    this.targets.clear()
    this.ready.clear()
  }

  private name(topicId: string, asked: FetchPartition): void {
    const key = `${topicId}:${asked.partition}`
    let target = this.targets.get(key)
    if (target === undefined) {
      target = new ReplicaTarget(this, topicId, asked)
      this.targets.set(key, target)
    }
    target.name(asked)
    this.ready.add(target)
  }

  private forget(key: string): void {
    const target = this.targets.get(key)
    if (target === undefined) return
    target.unwatch()
    this.targets.delete(key)
    this.ready.delete(target)
  }
}

/** The sessions of all followers: at most one each, as a broker has one fetcher for each leader. */
export class ReplicaSessions {
  private readonly random: Random
  private readonly listener: SessionListener
  private readonly byReplica = new Map<number, ReplicaSession>()

  constructor(random: Random, listener: SessionListener) {
    this.random = random
    this.listener = listener
  }

  get size(): number {
    return this.byReplica.size
  }

  /** The session that a request is part of, brought up to date; one of its own for a request without (id 0). */
  sessionFor(request: FetchRequest): { readonly session: ReplicaSession } | { readonly error: ErrorCode } {
    const { sessionId, sessionEpoch, replicaState } = request
    const present = this.byReplica.get(replicaState.replicaId)
    let session = present
    if (sessionEpoch === INITIAL_EPOCH || sessionEpoch === FINAL_EPOCH) {
      if (sessionEpoch === INITIAL_EPOCH || sessionId === present?.id) this.close(replicaState.replicaId)
      session = new ReplicaSession(sessionEpoch === FINAL_EPOCH ? 0 : this.newId(), request, this.listener)
      if (session.id !== 0) this.byReplica.set(session.replica, session)
    } else if (session === undefined || session.id !== sessionId) {
      return { error: Errors.FETCH_SESSION_ID_NOT_FOUND }
    } else if (session.nextEpoch !== sessionEpoch) {
      return { error: Errors.INVALID_FETCH_SESSION_EPOCH }
    } else {
      session.nextEpoch = sessionEpoch === 0x7fff_ffff ? 1 : sessionEpoch + 1
    }
    if (session.update(request)) return { session }
    this.close(replicaState.replicaId)
    return { error: Errors.INVALID_REQUEST }
  }

  private close(replica: number): void {
    this.byReplica.get(replica)?.close()
    this.byReplica.delete(replica)
  }

  private newId(): number {
    for (;;) {
      const id = this.random.uint32() & 0x7fff_ffff
      if (id !== 0) return id
    }
  }
}
