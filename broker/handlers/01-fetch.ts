/**
 * Fetch (key 1). Versions 4 to 18. 5: log start offset; 7: sessions (KIP-227, W13); 9: leader epoch of the client
 * (KIP-320, W15); 11: followers may serve consumers (KIP-392); 12: diverging epoch; 13: topic ids (KIP-516, W14); 15:
 * replica state; 16: leader addresses (KIP-951).
 * Whole batches, the first even when larger than asked (W11); waits for minBytes or maxWait (W12). Records are the log's
 * own buffers, never copied or decoded.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { Fetch } from '../../proto/kafka/generated/apis.ts'
import type {
  FetchableTopicResponse,
  FetchRequest,
  FetchResponse,
  PartitionData,
} from '../../proto/kafka/generated/01-fetch.ts'
import { RACK_AWARE_SELECTOR } from '../config/relations.ts'
import { FETCH_RESPONSE_BYTES_MAX } from '../limits.ts'
import type { Partition, ReadResult } from '../replication/api.ts'
import type { Services } from '../services.ts'
import type { ParkedWork } from './fetch/purgatory.ts'
import type { FetchPlan } from './fetch/sessions.ts'
import { selectReplica } from './fetch/replica-selector.ts'
import {
  divergence,
  failedPartition,
  type FetchTarget,
  locate,
  readPartition,
  type ReadTerms,
  visibleEnd,
} from './fetch/target.ts'
import type { Handler, RequestContext } from './handler.ts'
import { LeaderHints } from './leader-hint.ts'

const RACK_VERSION = 11
const TOPIC_ID_VERSION = 13
const READ_COMMITTED = 1

class PendingFetch implements ParkedWork {
  private readonly context: RequestContext<FetchResponse>
  private readonly services: Services
  private readonly plan: FetchPlan
  private readonly terms: ReadTerms
  /** Of the consumer, where that counts; '' otherwise. */
  private readonly rackId: string
  private readonly maxBytes: number
  private readonly minBytes: number
  private readonly deadlineMs: number
  private readonly hints: LeaderHints
  private answers: PartitionData[] = []
  /** Read without error in this pass: what to watch. */
  private watchable: Partition[] = []
  private bytes = 0
  private urgent = false
  /** Gives back what was read, once it is sent. */
  private releases: (() => void)[] = []

  constructor(request: FetchRequest, plan: FetchPlan, context: RequestContext<FetchResponse>, services: Services) {
    this.context = context
    this.services = services
    this.plan = plan
    this.hints = new LeaderHints(services.metadata)
    this.terms = {
      readCommitted: request.isolationLevel === READ_COMMITTED,
      byId: context.apiVersion >= TOPIC_ID_VERSION,
      replicaId: context.apiVersion >= 15 ? request.replicaState.replicaId : request.replicaId,
      fromFollowers: context.apiVersion >= RACK_VERSION,
    }
    const isRackAware = services.config.properties['replica.selector.class'] === RACK_AWARE_SELECTOR
    this.rackId = isRackAware ? request.rackId : ''
    this.maxBytes = Math.min(request.maxBytes, services.config.properties['fetch.max.bytes'], FETCH_RESPONSE_BYTES_MAX)
    this.minBytes = Math.min(request.minBytes, this.maxBytes)
    this.deadlineMs = services.clock.monotonic() + Math.max(0, request.maxWaitMs)
  }

  get wanted(): boolean {
    return !this.context.closed
  }

  resume(expired: boolean): void {
    this.answers = []
    this.watchable = []
    this.bytes = 0
    this.urgent = expired
    this.release()
    this.readFrom(0)
  }

  /** Reads partition after partition; a cold one goes on when its bytes are there. */
  private readFrom(start: number): void {
    const { targets } = this.plan
    for (let index = start; index < targets.length; index += 1) {
      if (!this.readOne(index)) return
    }
    this.finish()
  }

  /** False: the answer comes later, and `readFrom` is called again then. */
  private readOne(index: number): boolean {
    const target = this.plan.targets[index]
    if (target === undefined) return true
    const located = locate(target, this.terms, this.services)
    if (located.partition === null) {
      const answer = failedPartition(target.partition, located.error)
      answer.currentLeader = this.hints.for(located.name, target.partition, located.error)
      this.settle(answer)
      return true
    }
    const { partition } = located
    const diverged = divergence(partition, target)
    if (diverged !== null) {
      this.urgent = true
      this.settle(diverged)
      return true
    }
    const follower = this.preferredReplica(partition, target)
    if (follower !== null) {
      this.urgent = true
      this.settle(follower)
      return true
    }
    const { readCommitted } = this.terms
    const limit = visibleEnd(partition, readCommitted)
    const maxBytes = Math.min(target.maxBytes, Math.max(0, this.maxBytes - this.bytes))
    const isFirst = this.bytes === 0
    const now = partition.readNow(target.fetchOffset, limit, maxBytes, isFirst)
    if (now !== null) {
      this.take(partition, target.fetchOffset, now)
      return true
    }
    partition.read(target.fetchOffset, limit, maxBytes, isFirst, (read) => {
      this.take(partition, target.fetchOffset, read)
      if (this.wanted) this.readFrom(index + 1)
    })
    return false
  }

  /** The answer to a consumer that a follower near it is to serve; null when this broker is. */
  private preferredReplica(partition: Partition, target: FetchTarget): PartitionData | null {
    if (this.rackId === '') return null
    const { nodeId, metadata } = this.services
    const preferredReadReplica = selectReplica(this.rackId, nodeId, partition, target.fetchOffset, metadata)
    if (preferredReadReplica < 0) return null
    const nothing = { error: Errors.NONE, buffers: [], bytes: 0, nextOffset: target.fetchOffset }
    return { ...readPartition(partition, target.fetchOffset, nothing, this.terms.readCommitted), preferredReadReplica }
  }

  private take(partition: Partition, fetchOffset: number, read: ReadResult): void {
    this.bytes += read.bytes
    if (read.release) this.releases.push(read.release)
    this.watchable.push(partition)
    this.settle(readPartition(partition, fetchOffset, read, this.terms.readCommitted))
  }

  private release(): void {
    const { releases } = this
    this.releases = []
    for (const release of releases) release()
  }

  private settle(answer: PartitionData): void {
    if (answer.errorCode !== Errors.NONE) this.urgent = true
    this.answers.push(answer)
  }

  private finish(): void {
    const { clock, fetches } = this.services
    const enough = this.bytes >= this.minBytes || this.urgent || this.plan.targets.length === 0
    if (enough || this.deadlineMs <= clock.monotonic()) this.answer()
    else fetches.park(this, this.watchable, this.minBytes - this.bytes, this.deadlineMs)
  }

  private answer(): void {
    const { plan, answers } = this
    const responses: FetchableTopicResponse[] = []
    let topic: FetchableTopicResponse | undefined
    plan.targets.forEach((target, index) => {
      const answer = answers[index]
      if (answer === undefined || !plan.includes(target, answer)) return
      if (topic === undefined || topic.topic !== target.topic || topic.topicId !== target.topicId) {
        topic = { topic: target.topic, topicId: target.topicId, partitions: [] }
        responses.push(topic)
      }
      topic.partitions.push(answer)
    })
    const response = {
      throttleTimeMs: 0,
      errorCode: Errors.NONE,
      sessionId: plan.commit(),
      responses,
      nodeEndpoints: this.hints.endpoints(),
    }
    if (this.releases.length === 0) this.context.reply(response)
    else this.context.reply(response, () => this.release())
  }
}

export const fetchHandler: Handler<FetchRequest, FetchResponse> = {
  api: Fetch,
  replyReserveBytes: FETCH_RESPONSE_BYTES_MAX,
  handle(request, context, services) {
    const byId = context.apiVersion >= TOPIC_ID_VERSION
    const plan = services.fetchSessions.plan(request, byId, services.clock.monotonic())
    if (plan.error !== Errors.NONE) {
      context.reply({ throttleTimeMs: 0, errorCode: plan.error, sessionId: 0, responses: [], nodeEndpoints: [] })
      return
    }
    new PendingFetch(request, plan, context, services).resume(false)
  },
}
