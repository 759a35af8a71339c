/**
 * The in-sync set of a partition as its leader keeps it: who follows how closely, whom to ask the controller to take in or
 * leave out, and what counts for the high watermark meanwhile (KIP-497, KIP-903, KIP-966). Pure.
 */
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import type { ReadableReplica } from '../api.ts'
import type { IsrState } from '../isr.ts'

/** How a follower stands, by what its fetches said. */
interface Follower {
  /** Exclusive end of what it acknowledges. -1 before its first fetch in this leader epoch. */
  endOffset: number
  /** When it had everything that the leader had at that time. */
  caughtUpMs: number
  /** The leader's end and the time of its last fetch. */
  leaderEndAtFetch: number
  fetchedMs: number
  /** One uptime of its broker, as the fetch stated it. */
  brokerEpoch: number
  /** Where its log begins; -1 before its first fetch. */
  logStartOffset: number
}

/** An in-sync set wanted by the leader, for AlterPartition. */
export interface IsrProposal {
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly isr: readonly { readonly brokerId: number; readonly brokerEpoch: number }[]
}

/** What the metadata says of the partition, to its leader. */
export interface LeaderEpochState {
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

export interface InSyncSetOptions {
  readonly nodeId: number
  /** Of this uptime of the leader's broker. */
  readonly brokerEpoch: () => number
  /** `replica.lag.time.max.ms`. */
  readonly lagMaxMs: () => number
  /** The uptime of a broker that may be in an in-sync set: registered, not fenced, not shutting down. Else -1. */
  readonly activeEpoch: (brokerId: number) => number
}

export class InSyncSet {
  private readonly options: InSyncSetOptions
  private readonly followers = new Map<number, Follower>()
  private state: LeaderEpochState = { leaderEpoch: -1, partitionEpoch: -1, replicas: [], isr: [] }
  /** Where the epoch began: who has less may miss what earlier epochs acknowledged. */
  private epochStartOffset = 0
  private proposed: IsrProposal | null = null
  /** What counts for the high watermark, but for who is about to come in. */
  private counted: IsrState = { committed: [], proposedAdditions: [] }
  /** Some replica is in neither set. */
  private hasOutsiders = false
  /** Nothing is proposed before: the controller refused, or could not be asked. */
  private restsUntilMs = Number.NEGATIVE_INFINITY

  constructor(options: InSyncSetOptions) {
    this.options = options
  }

  /** The committed set and what was asked to be added to it: all of these have to have a record for it to be committed. */
  get isr(): IsrState {
    return this.counted
  }

  /**
   * The same and, as Kafka does it, whoever keeps up and may come in: a busy leader would be ahead of him forever if it
   * did not wait for him.
   */
  isrAt(nowMs: number): IsrState {
    if (!this.hasOutsiders) return this.counted
    const { committed, proposedAdditions } = this.counted
    const joining = [...this.followers].flatMap(([id, follower]) =>
      !committed.includes(id) && !proposedAdditions.includes(id) && this.isJoining(id, follower, nowMs) ? [id] : [],
    )
    return joining.length === 0 ? this.counted : { committed, proposedAdditions: [...proposedAdditions, ...joining] }
  }

  /** A proposal is with the controller. */
  get isPending(): boolean {
    return this.proposed !== null
  }

  /** Whether a broker other than this one has a replica. */
  isReplica(brokerId: number): boolean {
    return this.followers.has(brokerId)
  }

  /** End of what a follower acknowledges; -1 when it has not fetched in this epoch. */
  endOffsetOf(replica: number): number {
    return this.followers.get(replica)?.endOffset ?? -1
  }

  /** This broker leads a new epoch. Everybody in the set starts with a full `lagMaxMs` of grace. */
  lead(state: LeaderEpochState, epochStartOffset: number, nowMs: number): void {
    this.state = state
    this.epochStartOffset = epochStartOffset
    this.setProposed(null)
    this.restsUntilMs = Number.NEGATIVE_INFINITY
    this.followers.clear()
    for (const replica of state.replicas) {
      if (replica === this.options.nodeId) continue
      const caughtUpMs = state.isr.includes(replica) ? nowMs : Number.NEGATIVE_INFINITY
      this.followers.set(replica, {
        endOffset: -1,
        caughtUpMs,
        leaderEndAtFetch: epochStartOffset,
        fetchedMs: Number.NEGATIVE_INFINITY,
        brokerEpoch: -1,
        logStartOffset: -1,
      })
    }
  }

  /** The metadata moved on within the epoch: the proposal made it, or was overtaken. Older news changes nothing. */
  committed(state: LeaderEpochState): void {
    if (state.leaderEpoch !== this.state.leaderEpoch || state.partitionEpoch <= this.state.partitionEpoch) return
    this.state = state
    this.setProposed(null)
    this.restsUntilMs = Number.NEGATIVE_INFINITY
    for (const replica of [...this.followers.keys()])
      if (!state.replicas.includes(replica)) this.followers.delete(replica)
    for (const replica of state.replicas) {
      if (replica === this.options.nodeId || this.followers.has(replica)) continue
      const never = Number.NEGATIVE_INFINITY
      this.followers.set(replica, {
        endOffset: -1,
        caughtUpMs: never,
        leaderEndAtFetch: this.epochStartOffset,
        fetchedMs: never,
        brokerEpoch: -1,
        logStartOffset: -1,
      })
    }
  }

  /**
   * A follower asks for `fetchOffset`: it has, durably, everything below. False when it is no replica, or an uptime of its
   * broker that is over.
   */
  fetched(replica: number, fetchOffset: number, brokerEpoch: number, leaderEndOffset: number, nowMs: number): boolean {
    const follower = this.followers.get(replica)
    if (follower === undefined || brokerEpoch < follower.brokerEpoch) return false
    // Kafka's rule: what was the end at the last fetch is enough, or a busy leader would never see anybody catch up.
    if (fetchOffset >= leaderEndOffset) follower.caughtUpMs = Math.max(follower.caughtUpMs, nowMs)
    else if (fetchOffset >= follower.leaderEndAtFetch) {
      follower.caughtUpMs = Math.max(follower.caughtUpMs, follower.fetchedMs)
    }
    // A restarted follower may have lost its end, and one that was cut has: the last word counts.
    follower.endOffset = fetchOffset
    follower.brokerEpoch = brokerEpoch
    follower.leaderEndAtFetch = leaderEndOffset
    follower.fetchedMs = nowMs
    return true
  }

  /** Where the log of a follower begins, as its fetch says. */
  startsAt(replica: number, logStartOffset: number): void {
    const follower = this.followers.get(replica)
    if (follower !== undefined) follower.logStartOffset = logStartOffset
  }

  /** The leader's log has grown from `previousEndOffset` on: whoever had everything until now begins to be behind only now. */
  leaderAppended(previousEndOffset: number, nowMs: number): void {
    for (const follower of this.followers.values()) {
      if (follower.endOffset >= previousEndOffset) follower.caughtUpMs = nowMs
    }
  }

  /** Smallest log start of the followers whose brokers are active; infinity when there are none (DeleteRecords). */
  get smallestLogStart(): number {
    let smallest = Number.POSITIVE_INFINITY
    for (const [id, { logStartOffset }] of this.followers) {
      if (this.options.activeEpoch(id) >= 0) smallest = Math.min(smallest, logStartOffset)
    }
    return smallest
  }

  /** Followers that consumers may read from (KIP-392): in sync, and holding `offset`. */
  readable(offset: number): ReadableReplica[] {
    return [...this.followers].flatMap(([brokerId, { endOffset, caughtUpMs, logStartOffset }]) => {
      const holds = this.state.isr.includes(brokerId) && logStartOffset <= offset && offset <= endOffset
      return holds ? [{ brokerId, endOffset, caughtUpMs }] : []
    })
  }

  /**
   * The change to ask the controller for, if it is time: replicas that reached the high watermark come in, those that are
   * behind for too long, or whose broker is gone, go out. At most one proposal is under way.
   */
  propose(highWatermark: number, leaderEndOffset: number, nowMs: number): IsrProposal | null {
    if (this.proposed !== null || nowMs < this.restsUntilMs) return null
    const { isr, leaderEpoch, partitionEpoch } = this.state
    const { nodeId } = this.options
    const staying = isr.filter((id) => id === nodeId || !this.lags(id, leaderEndOffset, nowMs))
    const coming = [...this.followers].flatMap(([id, follower]) =>
      !isr.includes(id) && this.mayJoin(id, follower, highWatermark) ? [id] : [],
    )
    if (staying.length === isr.length && coming.length === 0) return null
    // One direction at a time: what is added counts for the high watermark at once, what is left out only when committed.
    const wanted = coming.length > 0 ? [...isr, ...coming] : staying
    const proposal = { leaderEpoch, partitionEpoch, isr: wanted.map((id) => this.member(id)) }
    this.setProposed(proposal)
    return proposal
  }

  /** When a member of the set would be behind for too long, unless it catches up; infinity when none is behind. */
  lagDeadlineMs(leaderEndOffset: number): number {
    let deadline = Number.POSITIVE_INFINITY
    for (const [id, follower] of this.followers) {
      if (!this.state.isr.includes(id) || follower.endOffset >= leaderEndOffset) continue
      deadline = Math.min(deadline, follower.caughtUpMs + this.options.lagMaxMs())
    }
    return Math.max(deadline, this.restsUntilMs)
  }

  /** The controller's word on `proposal`. NONE: the metadata brings it. Returns whether the high watermark may move. */
  answered(proposal: IsrProposal, error: ErrorCode, nowMs: number, backoffMs: number): boolean {
    if (proposal !== this.proposed) return false
    if (error === Errors.NONE) {
      // The metadata brings it any moment: not to be asked for again meanwhile.
      this.restsUntilMs = nowMs + backoffMs
      return false
    }
    // It may have been done all the same, so what was to come in counts until newer metadata says otherwise.
    const isKnownRefusal = error === Errors.INELIGIBLE_REPLICA || error === Errors.INVALID_REQUEST
    if (isKnownRefusal) this.setProposed(null)
    else if (error === Errors.INVALID_UPDATE_VERSION || error === Errors.FENCED_LEADER_EPOCH) return false
    this.restsUntilMs = nowMs + backoffMs
    return isKnownRefusal
  }

  /** The proposal to ask for again, after an answer that was lost: the same one, so that it is done once. */
  retry(nowMs: number): IsrProposal | null {
    return nowMs < this.restsUntilMs ? null : this.proposed
  }

  private member(id: number): { readonly brokerId: number; readonly brokerEpoch: number } {
    const { nodeId, brokerEpoch, activeEpoch } = this.options
    if (id === nodeId) return { brokerId: id, brokerEpoch: brokerEpoch() }
    const stated = this.followers.get(id)?.brokerEpoch ?? -1
    return { brokerId: id, brokerEpoch: stated >= 0 ? stated : activeEpoch(id) }
  }

  private setProposed(proposal: IsrProposal | null): void {
    const { isr, replicas } = this.state
    const proposedAdditions = (proposal?.isr ?? []).flatMap(({ brokerId }) =>
      isr.includes(brokerId) ? [] : [brokerId],
    )
    this.proposed = proposal
    this.counted = { committed: isr, proposedAdditions }
    this.hasOutsiders = replicas.length > isr.length + proposedAdditions.length
  }

  private isJoining(id: number, follower: Follower, nowMs: number): boolean {
    const { activeEpoch, lagMaxMs } = this.options
    return (
      nowMs - follower.caughtUpMs <= lagMaxMs() && follower.brokerEpoch >= 0 && activeEpoch(id) === follower.brokerEpoch
    )
  }

  private lags(id: number, leaderEndOffset: number, nowMs: number): boolean {
    const follower = this.followers.get(id)
    // Fenced, or stopping: it cannot lead, so it must not hold the high watermark back.
    if (follower === undefined || this.options.activeEpoch(id) < 0) return true
    if (follower.endOffset >= leaderEndOffset) return false
    return nowMs - follower.caughtUpMs > this.options.lagMaxMs()
  }

  private mayJoin(id: number, follower: Follower, highWatermark: number): boolean {
    if (follower.endOffset < highWatermark || follower.endOffset < this.epochStartOffset) return false
    return follower.brokerEpoch >= 0 && this.options.activeEpoch(id) === follower.brokerEpoch
  }
}
