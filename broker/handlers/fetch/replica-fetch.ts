/**
 * Fetch (key 1) of followers, on the listener for brokers: whole batches up to the written end, from where the follower
 * stands, which is what it acknowledges. A fetch without anything to bring waits, and is answered in the very turn in which
 * something is written. What only moved the high watermark waits a little for records to go with.
 */
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import { Fetch } from '../../../proto/kafka/generated/apis.ts'
import type { FetchRequest, FetchResponse, PartitionData } from '../../../proto/kafka/generated/01-fetch.ts'
import type { MetadataView } from '../../controller/view.ts'
import { FETCH_RESPONSE_BYTES_MAX, REPLICA_CATCH_UP_BYTES_MAX } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import { TimerWheel, type WheelEntry } from '../../ports/timer-wheel.ts'
import type { ReadResult, ReplicatedPartition } from '../../replication/api.ts'
import type { ReplicationQuota } from '../../replication/throttle.ts'
import type { Turn } from '../../replication/turn.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { openTarget, replicaAnswer, type ReplicaSource } from './replica-read.ts'
import { type ReplicaSession, ReplicaSessions, type ReplicaTarget, type SessionListener } from './replica-session.ts'

/** How long a moved high watermark or log start waits for records (ms): consumers at a follower see records so much later. */
const NEWS_WAIT_MS = 20

export interface ReplicaFetchesOptions {
  readonly clock: Clock
  readonly turn: Turn
  readonly random: Random
  readonly clusterId: string
  readonly metadata: Pick<MetadataView, 'topicById' | 'broker'>
  readonly partitions: ReplicaSource
  /** `leader.replication.throttled.rate`. */
  readonly quota: ReplicationQuota
}

/** Serves all followers; there is one of it in a broker. */
export class ReplicaFetches implements SessionListener {
  readonly options: ReplicaFetchesOptions
  readonly wheel: TimerWheel
  private readonly sessions: ReplicaSessions
  /** By replica: the fetch that it has here, at most one. */
  private readonly pending = new Map<number, PendingReplicaFetch>()
  private readonly awake = new Set<PendingReplicaFetch>()

  constructor(options: ReplicaFetchesOptions) {
    this.options = options
    this.sessions = new ReplicaSessions(options.random, this)
    this.wheel = new TimerWheel(options.clock)
    options.turn.addStage('resume', () => this.resumeAwake())
  }

  /** Followers with a session. */
  get sessionCount(): number {
    return this.sessions.size
  }

  recordsReady(session: ReplicaSession): void {
    const fetch = this.pending.get(session.replica)
    if (fetch?.session === session) this.wake(fetch)
  }

  newsReady(session: ReplicaSession): void {
    const fetch = this.pending.get(session.replica)
    if (fetch?.session === session) fetch.expectNews()
  }

  /** Looked at again at the end of this turn. */
  wake(fetch: PendingReplicaFetch): void {
    this.awake.add(fetch)
    this.options.turn.request()
  }

  /** Answers every fetch that waits: the broker stops. */
  close(): void {
    for (const fetch of this.pending.values()) fetch.giveUp()
    this.wheel.clear()
  }

  /** The fetch has been answered, or its follower is gone. */
  done(fetch: PendingReplicaFetch): void {
    this.awake.delete(fetch)
    if (this.pending.get(fetch.session.replica) === fetch) this.pending.delete(fetch.session.replica)
  }

  handle(request: FetchRequest, context: RequestContext<FetchResponse>): void {
    const error = this.refusal(request)
    if (error !== Errors.NONE) return context.reply(failed(error))
    // A follower has one fetch at a time: with another one it says that it does not want to wait any longer.
    this.pending.get(request.replicaState.replicaId)?.giveUp()
    const found = this.sessions.sessionFor(request)
    if ('error' in found) return context.reply(failed(found.error))
    const fetch = new PendingReplicaFetch(this, found.session, request, context)
    this.pending.set(found.session.replica, fetch)
    fetch.run()
  }

  private refusal({ clusterId, replicaState }: FetchRequest): ErrorCode {
    const { metadata } = this.options
    if (clusterId !== null && clusterId !== this.options.clusterId) return Errors.INCONSISTENT_CLUSTER_ID
    return metadata.broker(replicaState.replicaId) === undefined ? Errors.BROKER_ID_NOT_REGISTERED : Errors.NONE
  }

  private resumeAwake(): void {
    if (this.awake.size === 0) return
    const awake = [...this.awake]
    this.awake.clear()
    for (const fetch of awake) fetch.run()
  }
}

class PendingReplicaFetch {
  readonly session: ReplicaSession
  private readonly fetches: ReplicaFetches
  private readonly context: RequestContext<FetchResponse>
  private readonly maxBytes: number
  private readonly minBytes: number
  private readonly deadlineMs: number
  private deadline: WheelEntry | null = null
  private news: WheelEntry | null = null
  /** One pass: what it found so far. */
  private answers: { readonly target: ReplicaTarget; readonly data: PartitionData }[] = []
  private bytes = 0
  private catchUpBytes = 0
  private releases: (() => void)[] = []
  private isUrgent = false
  private reading = false
  private answered = false

  constructor(
    fetches: ReplicaFetches,
    session: ReplicaSession,
    request: FetchRequest,
    context: RequestContext<FetchResponse>,
  ) {
    this.fetches = fetches
    this.session = session
    this.context = context
    this.maxBytes = Math.min(request.maxBytes, FETCH_RESPONSE_BYTES_MAX)
    this.minBytes = Math.min(request.minBytes, this.maxBytes)
    this.deadlineMs = fetches.options.clock.monotonic() + Math.max(0, request.maxWaitMs)
  }

  /** Looks at everything that has news; answers, or goes on waiting. */
  run(): void {
    if (this.reading || this.answered) return
    if (this.context.closed) return this.end()
    this.release()
    this.answers = []
    this.bytes = 0
    this.catchUpBytes = 0
    this.readOn(this.session.ready.values())
  }

  /** Something can be told that need not be told at once. */
  expectNews(): void {
    if (this.answered) return
    this.news ??= this.fetches.wheel.add(NEWS_WAIT_MS, () => {
      this.isUrgent = true
      this.fetches.wake(this)
    })
  }

  /** Answers with what there is: nobody wants to wait any longer. */
  giveUp(): void {
    if (this.answered) return
    this.answers = []
    this.release()
    this.answer()
  }

  private readOn(targets: IterableIterator<ReplicaTarget>): void {
    for (let next = targets.next(); next.done !== true; next = targets.next()) {
      if (this.bytes >= this.maxBytes) break
      if (!this.readOne(next.value, targets)) return
    }
    this.finish()
  }

  /** False: the answer comes later, and reading goes on then. */
  private readOne(target: ReplicaTarget, rest: IterableIterator<ReplicaTarget>): boolean {
    const { options } = this.fetches
    const opened = openTarget(this.session, target, options.partitions, options.metadata)
    if ('errorCode' in opened) {
      this.isUrgent = true
      this.answers.push({ target, data: opened })
      return true
    }
    const { fetchOffset, partitionMaxBytes } = target.asked
    const isCatchUp = !opened.isInSync(this.session.replica)
    if (isCatchUp && opened.isThrottledAsLeader && options.quota.isExceeded(options.clock.monotonic())) return true
    const room = isCatchUp ? Math.max(0, REPLICA_CATCH_UP_BYTES_MAX - this.catchUpBytes) : this.maxBytes
    const maxBytes = Math.min(partitionMaxBytes, this.maxBytes - this.bytes, room)
    const isFirst = this.bytes === 0
    const now = opened.readNow(fetchOffset, Number.MAX_SAFE_INTEGER, maxBytes, isFirst)
    if (now !== null) {
      this.take(target, opened, now, isCatchUp)
      return true
    }
    this.reading = true
    opened.read(fetchOffset, Number.MAX_SAFE_INTEGER, maxBytes, isFirst, (read) => {
      this.reading = false
      this.take(target, opened, read, isCatchUp)
      if (this.answered || this.context.closed) this.end()
      else this.readOn(rest)
    })
    return false
  }

  private take(target: ReplicaTarget, partition: ReplicatedPartition, read: ReadResult, isCatchUp: boolean): void {
    if (read.release) this.releases.push(read.release)
    if (read.error !== Errors.NONE) {
      this.isUrgent = true
      this.answers.push({ target, data: replicaAnswer(target, null, read.error) })
      return
    }
    this.bytes += read.bytes
    if (isCatchUp) this.catchUpBytes += read.bytes
    const { quota, clock } = this.fetches.options
    if (partition.isThrottledAsLeader) quota.record(read.bytes, clock.monotonic())
    const data = replicaAnswer(target, partition, Errors.NONE, read.buffers)
    if (read.bytes > 0 || target.isNews(data.highWatermark, data.logStartOffset)) this.answers.push({ target, data })
    // Nothing left to tell; what did not fit is looked at first the next time.
    else if (target.asked.fetchOffset >= partition.flushedEndOffset) this.session.ready.delete(target)
  }

  private finish(): void {
    const nowMs = this.fetches.options.clock.monotonic()
    if (this.isUrgent || this.bytes >= this.minBytes || this.deadlineMs <= nowMs) return this.answer()
    if (this.answers.length > 0) this.expectNews()
    this.deadline ??= this.fetches.wheel.add(this.deadlineMs - nowMs, () => {
      this.isUrgent = true
      this.fetches.wake(this)
    })
  }

  private answer(): void {
    const topics = new Map<string, PartitionData[]>()
    for (const { target, data } of this.answers) {
      const partitions = topics.get(target.topicId)
      if (partitions === undefined) topics.set(target.topicId, [data])
      else partitions.push(data)
      target.knownHighWatermark = data.highWatermark
      target.knownLogStartOffset = Math.max(target.knownLogStartOffset, data.logStartOffset)
      this.session.ready.delete(target)
      // Looked at again in any case: the follower may not name it, having taken nothing of what it gets.
      this.session.ready.add(target)
    }
    const response = {
      throttleTimeMs: 0,
      errorCode: Errors.NONE,
      sessionId: this.session.id,
      responses: [...topics].map(([topicId, partitions]) => ({ topic: '', topicId, partitions })),
      nodeEndpoints: [],
    }
    const { releases } = this
    this.releases = []
    this.end()
    if (releases.length === 0) this.context.reply(response)
    else this.context.reply(response, () => releases.forEach((release) => release()))
  }

  private end(): void {
    this.answered = true
    this.release()
    if (this.deadline !== null) this.fetches.wheel.cancel(this.deadline)
    if (this.news !== null) this.fetches.wheel.cancel(this.news)
    this.deadline = null
    this.news = null
    if (this.session.id === 0) this.session.close()
    this.fetches.done(this)
  }

  private release(): void {
    for (const release of this.releases.splice(0)) release()
  }
}

/** For the listener of brokers. */
export const replicaFetchHandler: Handler<FetchRequest, FetchResponse> = {
  api: Fetch,
  replyReserveBytes: FETCH_RESPONSE_BYTES_MAX,
  handle: (request, context, services) => services.replicaFetches.handle(request, context),
}

function failed(errorCode: ErrorCode): FetchResponse {
  return { throttleTimeMs: 0, errorCode, sessionId: 0, responses: [], nodeEndpoints: [] }
}
