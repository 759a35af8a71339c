/**
 * A partition as its leader sees it, for one leader epoch: the in-sync set and the high watermark that follows from it, and
 * the requests that wait for it. Made with the epoch and thrown away with it, so that nothing of one can reach another.
 */
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import type { Log } from '../../log/log.ts'
import type { ReadableReplica, ReplicaPosition } from '../api.ts'
import { type IsrState, type LeadershipState, maximalIsr, nextHighWatermark } from '../isr.ts'
import { refused } from '../produce-results.ts'
import { InSyncSet, type InSyncSetOptions, type IsrProposal } from './in-sync-set.ts'
import { ParkedProduces } from './parked-produces.ts'
import { PendingDeletes } from './pending-deletes.ts'

/** How long the high watermark may stand still before a leader that is cut off takes itself for deposed (ms). */
const STALL_MS = 300

/** What leaders need of their broker. */
export interface LeaderHost {
  readonly nodeId: number
  /** How they judge their followers. */
  readonly inSync: InSyncSetOptions
  monotonicMs(): number
  /** No controller has been heard of for so long that it has most likely fenced this broker. */
  isCutOff(): boolean
}

export class LeaderRole {
  readonly leaderEpoch: number
  /** The log's end when this broker began to lead. */
  readonly epochStartOffset: number
  readonly produces = new ParkedProduces()
  private readonly host: LeaderHost
  private readonly log: Log
  private readonly endOf: (replica: number) => number
  private minIsr = 1
  private replicaCount = 1
  private sole: IsrState = { committed: [], proposedAdditions: [] }
  /** Null while this broker is the only replica: the usual case where there is one broker. */
  private followers: InSyncSet | null = null
  /** Where the high watermark stands while something waits for it, and since when; -1 = nothing waits. */
  private stalledAt = -1
  private stalledSinceMs = 0
  /** Made with the first, as thousands of partitions may have none. */
  private deletes: PendingDeletes | null = null

  constructor(host: LeaderHost, log: Log, state: LeadershipState) {
    this.host = host
    this.log = log
    this.leaderEpoch = state.leaderEpoch
    this.epochStartOffset = log.logEndOffset
    this.endOf = (replica) =>
      replica === host.nodeId ? log.committableEndOffset : (this.followers?.endOffsetOf(replica) ?? -1)
    log.assignEpoch(state.leaderEpoch, log.logEndOffset)
    this.metadataChanged(state)
  }

  /** Takes over what the metadata says of this epoch. */
  metadataChanged(state: LeadershipState): void {
    this.minIsr = state.minIsr
    this.replicaCount = state.replicas.length
    this.sole = { committed: state.isr, proposedAdditions: [] }
    if (this.followers !== null) this.followers.committed(state)
    else if (state.replicas.length > 1) {
      this.followers = new InSyncSet(this.host.inSync)
      this.followers.lead(state, this.epochStartOffset, this.host.monotonicMs())
    }
  }

  get hasFollowers(): boolean {
    return this.followers !== null
  }

  /** The in-sync set has as many members as acks=all asks for. */
  get hasMinIsr(): boolean {
    return this.isr.committed.length >= this.minIsr
  }

  /** Whom the high watermark waits for: the maximal in-sync set. */
  get awaitedReplicas(): readonly number[] {
    return maximalIsr(this.isr)
  }

  get isUnderReplicated(): boolean {
    return this.isr.committed.length < this.replicaCount
  }

  /** Where the high watermark stands now; never below where it stood. */
  highWatermark(): number {
    const isr = this.followers === null ? this.sole : this.followers.isrAt(this.host.monotonicMs())
    return nextHighWatermark(this.log.highWatermark, isr, this.minIsr, this.endOf)
  }

  /** The log was written to, from `previousEndOffset` on. */
  written(previousEndOffset: number): void {
    this.followers?.leaderAppended(previousEndOffset, this.host.monotonicMs())
  }

  /** A follower asks for what comes after its log, which is the start of this one so far. Not NONE: it must not be heard. */
  replicaFetched({ replica, brokerEpoch, fetchOffset, logStartOffset }: ReplicaPosition): ErrorCode {
    const { followers, host, log } = this
    if (followers === null || !followers.isReplica(replica)) return Errors.UNKNOWN_LEADER_EPOCH
    const isStale = brokerEpoch < host.inSync.activeEpoch(replica)
    if (isStale || !followers.fetched(replica, fetchOffset, brokerEpoch, log.flushedEndOffset, host.monotonicMs())) {
      return Errors.NOT_LEADER_OR_FOLLOWER
    }
    followers.startsAt(replica, logStartOffset)
    this.lookAtDeletes()
    return Errors.NONE
  }

  /** Whether a follower counts for the high watermark: it is in the set, or was asked to be taken in. */
  isInSync(replica: number): boolean {
    const { committed, proposedAdditions } = this.isr
    return committed.includes(replica) || proposedAdditions.includes(replica)
  }

  readable(offset: number): readonly ReadableReplica[] {
    return this.followers?.readable(offset) ?? []
  }

  /** The change of the in-sync set to ask for now, or to ask for again; null when there is none. */
  nextProposal(): IsrProposal | null {
    const nowMs = this.host.monotonicMs()
    const { followers, log } = this
    if (followers === null) return null
    return followers.retry(nowMs) ?? followers.propose(log.highWatermark, log.flushedEndOffset, nowMs)
  }

  /** The controller's word on a proposal. Returns whether the high watermark may move. */
  proposalAnswered(proposal: IsrProposal, error: ErrorCode, backoffMs: number): boolean {
    return this.followers?.answered(proposal, error, this.host.monotonicMs(), backoffMs) ?? false
  }

  /** Smallest log start over this broker and the active brokers of its followers. */
  get lowWatermark(): number {
    return Math.min(this.log.logStartOffset, this.followers?.smallestLogStart ?? Number.POSITIVE_INFINITY)
  }

  /** Answers once the low watermark has reached `offset`, or the time is up. */
  awaitDelete(offset: number, timeoutMs: number, done: (error: ErrorCode, lowWatermark: number) => void): void {
    this.deletes ??= new PendingDeletes()
    this.deletes.park(offset, this.host.monotonicMs() + timeoutMs, done)
    this.lookAtDeletes()
  }

  /** Answers what has waited too long. Returns whether anything is still waiting. */
  expire(monotonicMs: number): boolean {
    this.giveUpIfDeposed(monotonicMs)
    this.produces.expire(monotonicMs, this.log.logStartOffset)
    this.deletes?.look(this.lowWatermark, monotonicMs)
    if (!this.isWaiting) this.stalledAt = -1
    return this.isWaiting
  }

  get isWaiting(): boolean {
    return this.produces.isAwaitingCommit || (this.deletes?.size ?? 0) > 0
  }

  /** Nobody will delete any more on behalf of this leader. */
  refuseDeletes(error: ErrorCode): void {
    this.deletes?.refuse(error)
  }

  /**
   * Cut off from the controller, and nothing gets committed: another broker leads by now, for all this one can know. Clients
   * are sent to look for it, as their requests would only wait here until their time is up.
   */
  private giveUpIfDeposed(monotonicMs: number): void {
    const { highWatermark, logStartOffset } = this.log
    if (highWatermark !== this.stalledAt) {
      this.stalledAt = highWatermark
      this.stalledSinceMs = monotonicMs
      return
    }
    if (monotonicMs - this.stalledSinceMs < STALL_MS || !this.host.isCutOff()) return
    for (const { done } of this.produces.takeAbove(highWatermark)) {
      done(refused(Errors.NOT_LEADER_OR_FOLLOWER, logStartOffset))
    }
  }

  private get isr(): IsrState {
    return this.followers?.isr ?? this.sole
  }

  private lookAtDeletes(): void {
    this.deletes?.look(this.lowWatermark, this.host.monotonicMs())
  }
}
