/** The state of one member: what is persistent, the role it plays, and the effects that this step asks for. */
import type { RaftEffect, RaftLog, RaftOptions } from './events.ts'
import type { RaftMessage } from './messages.ts'
import type { QuorumState } from './quorum-state.ts'

/** No leader known. Voters wait for one, vote, and stand for election when the deadline comes. */
export interface Unattached {
  readonly name: 'unattached'
  electionDeadlineMs: number
}

/** Asks whether an election could be won (KIP-996), so that a cut-off node does not disturb the others by raising epochs. */
export interface Prospective {
  readonly name: 'prospective'
  electionDeadlineMs: number
  readonly granted: Set<number>
  readonly refused: Set<number>
}

export interface Candidate {
  readonly name: 'candidate'
  electionDeadlineMs: number
  readonly granted: Set<number>
  readonly refused: Set<number>
}

export interface Follower {
  readonly name: 'follower'
  readonly leader: number
  /** When the leader is given up. */
  fetchDeadlineMs: number
  /** The fetch under way; null while what it brought is being written. */
  inFlight: { readonly requestId: number; readonly deadlineMs: number } | null
  /** When to fetch again after an error; null = no need to. */
  retryAtMs: number | null
  /** The leader's high watermark: commits here as far as the own log is durable. */
  leaderHighWatermark: number
  /** It answered a fetch and has not said that it stops: no reason for an election until the deadline. */
  leaderIsLive: boolean
}

export interface ParkedFetch {
  readonly from: number
  readonly requestId: number
  readonly fetchOffset: number
  readonly highWatermark: number
  readonly deadlineMs: number
}

export interface Progress {
  /** Durable end of the replica's log, as it said in its last fetch. */
  endOffset: number
  lastFetchMs: number
  /** When to announce the epoch again unless it has fetched. */
  nextBeginMs: number
}

export interface Leader {
  readonly name: 'leader'
  readonly sinceMs: number
  /** Offset of this epoch's first record: nothing is committed before that one is (Raft 5.4.2). */
  readonly epochStartOffset: number
  /** By voter, without this node. */
  readonly progress: Map<number, Progress>
  /** By replica: at most one fetch each waits. */
  readonly parked: Map<number, ParkedFetch>
}

/** Led this epoch and no longer does: it may neither vote in it nor lead it again. */
export interface Resigned {
  readonly name: 'resigned'
  electionDeadlineMs: number
  readonly unacknowledged: Set<number>
  /** The voters best fit to lead next, best first. */
  readonly successors: readonly number[]
  nextEndMs: number
}

export type Role = Unattached | Prospective | Candidate | Follower | Leader | Resigned

export class RaftState {
  readonly options: RaftOptions
  readonly log: RaftLog
  readonly otherVoters: readonly number[]
  readonly isVoter: boolean
  role: Role = { name: 'unattached', electionDeadlineMs: 0 }
  persistent: QuorumState
  highWatermark = 0
  /** The time that this step was given. */
  nowMs = 0
  private draw = 0
  private effects: RaftEffect[] = []
  private persisted: QuorumState
  private nextRequestId = 1

  constructor(options: RaftOptions, persisted: QuorumState, log: RaftLog) {
    this.options = options
    this.log = log
    this.persistent = persisted
    this.persisted = persisted
    this.otherVoters = options.voters.filter((id) => id !== options.nodeId)
    this.isVoter = options.voters.includes(options.nodeId)
  }

  get epoch(): number {
    return this.persistent.epoch
  }

  get leader(): number {
    return this.persistent.leader
  }

  beginStep(nowMs: number, random: number): void {
    this.nowMs = nowMs
    this.draw = random >>> 0
  }

  /** The effects of this step; a changed persistent state comes before everything that tells others of it. */
  endStep(): RaftEffect[] {
    const effects = this.effects
    this.effects = []
    if (this.persistent !== this.persisted) {
      effects.unshift({ type: 'persist', state: this.persistent })
      this.persisted = this.persistent
    }
    return effects
  }

  emit(effect: RaftEffect): void {
    this.effects.push(effect)
  }

  send(to: number, message: RaftMessage): void {
    this.effects.push({ type: 'send', to, message })
  }

  requestId(): number {
    return this.nextRequestId++
  }

  /** Between `baseMs` and twice that, by this step's draw; further draws of one step differ. */
  randomTimeoutMs(baseMs: number): number {
    this.draw = (Math.imul(this.draw, 1_664_525) + 1_013_904_223) >>> 0
    return baseMs + Math.floor((this.draw / 0x1_0000_0000) * baseMs)
  }

  electionDeadline(): number {
    return this.nowMs + this.randomTimeoutMs(this.options.electionTimeoutMs)
  }

  /** Moves the high watermark up; it never goes back. */
  commit(offset: number): boolean {
    if (offset <= this.highWatermark) return false
    this.highWatermark = offset
    this.emit({ type: 'committed', offset })
    return true
  }

  remember(change: Partial<QuorumState>): void {
    const next = { ...this.persistent, ...change }
    const same =
      next.epoch === this.persistent.epoch &&
      next.votedFor === this.persistent.votedFor &&
      next.leader === this.persistent.leader
    if (!same) this.persistent = next
  }

  /** Whether a log with this end could lead: it holds everything this one holds (Raft 5.4.1). */
  isUpToDate(lastEpoch: number, endOffset: number): boolean {
    const own = this.log.lastEpoch
    return lastEpoch > own || (lastEpoch === own && endOffset >= this.log.endOffset)
  }
}
