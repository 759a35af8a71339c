/**
 * Incremental fetch sessions (KIP-227, W13): the broker remembers what a client reads, so that requests and answers name
 * only what changed. Full, the cache gives way by least recent use, and otherwise answers without a session.
 */
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import type { FetchRequest, PartitionData } from '../../../proto/kafka/generated/01-fetch.ts'
import { FETCH_SESSION_PARTITIONS_MAX } from '../../limits.ts'
import type { Random } from '../../ports/random.ts'
import { type FetchTarget, fetchTarget } from './target.ts'

/** Epoch of a request that opens a session, or replaces the one it names. */
const INITIAL_EPOCH = 0
/** Epoch of a request that closes its session, or goes without. */
const FINAL_EPOCH = -1

/** A session in use since is never evicted for a newcomer (Kafka: MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS). */
const KEEP_MS = 120_000

/** What the client was told last of one partition. */
interface SessionPartition extends FetchTarget {
  toldHighWatermark: number
  toldLogStartOffset: number
}

/** How one fetch reads and answers: with a session, with a new one, or without. */
export interface FetchPlan {
  readonly error: ErrorCode
  readonly targets: readonly FetchTarget[]
  /** The session's id for the answer, 0 = none. Called once, when the answer is ready. */
  commit(): number
  /** False: the client knows this already (incremental sessions leave it out). */
  includes(target: FetchTarget, answer: PartitionData): boolean
}

class FetchSession {
  readonly id: number
  readonly byId: boolean
  /** In the order in which they are read: what had data goes to the end. */
  readonly partitions = new Map<string, SessionPartition>()
  nextEpoch = 1
  lastUsedMs: number

  constructor(id: number, byId: boolean, nowMs: number) {
    this.id = id
    this.byId = byId
    this.lastUsedMs = nowMs
  }
}

export class FetchSessions {
  private readonly random: Random
  private readonly slots: number
  /** Least recently used first. */
  private readonly sessions = new Map<number, FetchSession>()
  private partitions = 0

  /** `slots` is `max.incremental.fetch.session.cache.slots`. */
  constructor(random: Random, slots: number) {
    this.random = random
    this.slots = slots
  }

  get size(): number {
    return this.sessions.size
  }

  /** Partitions remembered over all sessions. */
  get partitionCount(): number {
    return this.partitions
  }

  plan(request: FetchRequest, byId: boolean, nowMs: number): FetchPlan {
    const { sessionId, sessionEpoch } = request
    if (sessionEpoch === INITIAL_EPOCH || sessionEpoch === FINAL_EPOCH) {
      if (sessionId !== 0) this.remove(sessionId)
      const targets = requestedTargets(request)
      if (sessionEpoch === FINAL_EPOCH) return everything(targets, () => 0)
      return everything(targets, () => this.create(targets, byId, nowMs))
    }
    const session = this.sessions.get(sessionId)
    if (session === undefined) return refused(Errors.FETCH_SESSION_ID_NOT_FOUND)
    if (session.nextEpoch !== sessionEpoch) return refused(Errors.INVALID_FETCH_SESSION_EPOCH)
    if (session.byId !== byId) return refused(Errors.FETCH_SESSION_TOPIC_ID_ERROR)
    return this.resume(session, request, nowMs)
  }

  private resume(session: FetchSession, request: FetchRequest, nowMs: number): FetchPlan {
    const before = session.partitions.size
    this.update(session, request)
    if (session.partitions.size === 0) {
      this.partitions -= before
      this.sessions.delete(session.id)
      return everything([], () => 0)
    }
    this.partitions += session.partitions.size - before
    session.nextEpoch = session.nextEpoch === 0x7fffffff ? 1 : session.nextEpoch + 1
    session.lastUsedMs = nowMs
    this.sessions.delete(session.id)
    this.sessions.set(session.id, session)
    return {
      error: Errors.NONE,
      targets: [...session.partitions.values()],
      commit: () => session.id,
      includes: (target, answer) => tell(session, target as SessionPartition, answer),
    }
  }

  /** Takes over what the request changes: new offsets and limits, new partitions, forgotten ones. */
  private update(session: FetchSession, request: FetchRequest): void {
    for (const target of requestedTargets(request)) {
      const key = keyOf(target)
      const known = session.partitions.get(key)
      if (known !== undefined) {
        known.currentLeaderEpoch = target.currentLeaderEpoch
        known.fetchOffset = target.fetchOffset
        known.lastFetchedEpoch = target.lastFetchedEpoch
        known.maxBytes = target.maxBytes
      } else if (this.partitions + session.partitions.size < FETCH_SESSION_PARTITIONS_MAX) {
        session.partitions.set(key, { ...target, toldHighWatermark: -1, toldLogStartOffset: -1 })
      }
    }
    for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
      for (const partition of partitions) session.partitions.delete(keyOf({ topic, topicId, partition }))
    }
  }

  /** The new session's id; 0 when there is no room. */
  private create(targets: readonly FetchTarget[], byId: boolean, nowMs: number): number {
    if (targets.length === 0 || this.partitions + targets.length > FETCH_SESSION_PARTITIONS_MAX) return 0
    if (this.sessions.size >= this.slots && !this.evict(nowMs)) return 0
    const session = new FetchSession(this.newId(), byId, nowMs)
    for (const target of targets) {
      session.partitions.set(keyOf(target), { ...target, toldHighWatermark: -1, toldLogStartOffset: -1 })
    }
    this.partitions += session.partitions.size
    this.sessions.set(session.id, session)
    return session.id
  }

  private evict(nowMs: number): boolean {
    const [oldest] = this.sessions.values()
    if (oldest === undefined || nowMs - oldest.lastUsedMs < KEEP_MS) return false
    this.remove(oldest.id)
    return true
  }

  private remove(id: number): void {
    const session = this.sessions.get(id)
    if (session === undefined) return
    this.partitions -= session.partitions.size
    this.sessions.delete(id)
  }

  private newId(): number {
    for (;;) {
      const id = this.random.uint32() & 0x7fffffff
      if (id !== 0 && !this.sessions.has(id)) return id
    }
  }
}

function keyOf(target: { topic: string; topicId: string; partition: number }): string {
  return `${target.partition}:${target.topicId}:${target.topic}`
}

function requestedTargets(request: FetchRequest): FetchTarget[] {
  return request.topics.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((asked) => fetchTarget(topic, topicId, asked)),
  )
}

function everything(targets: readonly FetchTarget[], commit: () => number): FetchPlan {
  return { error: Errors.NONE, targets, commit, includes: () => true }
}

function refused(error: ErrorCode): FetchPlan {
  return { error, targets: [], commit: () => 0, includes: () => false }
}

/** Whether the client must hear of the partition; remembers what it is told, and puts what had data last in line. */
function tell(session: FetchSession, target: SessionPartition, answer: PartitionData): boolean {
  const hasRecords = answer.records !== null && answer.records.length > 0
  const changed =
    answer.highWatermark !== target.toldHighWatermark || answer.logStartOffset !== target.toldLogStartOffset
  const failed = answer.errorCode !== Errors.NONE
  // After an error the watermark is told again, whatever it is.
  target.toldHighWatermark = failed ? -1 : answer.highWatermark
  target.toldLogStartOffset = answer.logStartOffset
  if (hasRecords) {
    const key = keyOf(target)
    if (session.partitions.delete(key)) session.partitions.set(key, target)
  }
  return hasRecords || changed || failed || answer.divergingEpoch.epoch >= 0 || answer.preferredReadReplica >= 0
}
