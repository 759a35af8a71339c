/** The state of one member: what is persistent, the role it plays, and the effects that this step asks for. */
import type { RaftEffect, RaftLog, RaftOptions } from './events.ts'
import { NO_NODE, type RaftMessage, type SnapshotId } from './messages.ts'
import type { QuorumState } from './quorum-state.ts'
import { bootstrapVoters, isVoterAmong, type Voter, type VotersAt } from './voters.ts'

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

/** What the leader knows of a replica that fetches from it. */
export interface Progress {
  /** As it said in its last fetch; the zero id before the first. */
  directoryId: string
  /** Durable end of the replica's log, as it said in its last fetch; -1 before the first. */
  endOffset: number
  /** -1 = never in this epoch. */
  lastFetchMs: number
  /** When it had everything there was at its last or last but one fetch (KIP-836); -1 = never. */
  caughtUpMs: number
  /** End of the leader's log at its last fetch. */
  leaderEndOffset: number
  /** When a voter that has not fetched is told again who leads. */
  nextBeginMs: number
  /** When a voter became one, or the epoch began: it is given as long to fetch as if it just had. */
  readonly sinceMs: number
}

/** A change of voters that is in the log and not committed, and who waits for it. */
export interface PendingChange {
  readonly requestId: number
  /** Of its record. */
  readonly offset: number
}

export interface Leader {
  readonly name: 'leader'
  readonly sinceMs: number
  /** Offset of this epoch's first record: nothing is committed before that one is (Raft 5.4.2). */
  readonly epochStartOffset: number
  /** By voter, without this node. */
  progress: Map<number, Progress>
  /** Replicas without a vote that have fetched lately. */
  readonly observers: Map<number, Progress>
  change: PendingChange | null
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

/** A snapshot of the leader on its way here. Once it is complete nothing is fetched until it is in place. */
export interface Download {
  readonly snapshot: SnapshotId
  /** Bytes that are here. */
  position: number
  isComplete: boolean
}

export class RaftState {
  readonly options: RaftOptions
  readonly log: RaftLog
  /** Those that count now. */
  voters: readonly Voter[]
  otherVoters: readonly number[] = []
  isVoter = false
  download: Download | null = null
  role: Role = { name: 'unattached', electionDeadlineMs: 0 }
  persistent: QuorumState
  highWatermark = 0
  /** The time that this step was given. */
  nowMs = 0
  private draw = 0
  private effects: RaftEffect[] = []
  private persisted: QuorumState
  private nextRequestId = 1
  private votersAt: VotersAt | null

  constructor(options: RaftOptions, persisted: QuorumState, log: RaftLog) {
    this.options = options
    this.log = log
    this.persistent = persisted
    this.persisted = persisted
    // A snapshot holds only what was committed.
    this.highWatermark = log.snapshot?.endOffset ?? 0
    this.votersAt = log.voters
    this.voters = this.votersAt?.voters ?? bootstrapVoters(options.voters)
    this.sortVoters()
  }

  get epoch(): number {
    return this.persistent.epoch
  }

  get leader(): number {
    return this.persistent.leader
  }

  /**
   * Whom to name as the leader to others: only one that leads or that is heard, else nodes that have given up a dead leader
   * could send each other back to it for ever.
   */
  get toldLeader(): number {
    return this.knowsLiveLeader ? this.persistent.leader : NO_NODE
  }

  /** A leader that was heard from lately, or is this node itself: no reason for an election. */
  get knowsLiveLeader(): boolean {
    const { role } = this
    return (
      role.name === 'leader' || (role.name === 'follower' && role.leaderIsLive && this.nowMs < role.fetchDeadlineMs)
    )
  }

  /**
   * Whether this node may stand for election: as a voter, and as one that a record removes which may not be committed. The
   * others may need its log to commit that (Raft thesis 4.2.2); it does not count its own vote. Not with a full disk.
   */
  get mayStand(): boolean {
    if (this.log.isFull) return false
    if (this.isVoter || this.votersAt === null || this.votersAt.offset < this.highWatermark) return this.isVoter
    const { nodeId, directoryId, voters } = this.options
    return isVoterAmong(this.votersAt.before ?? bootstrapVoters(voters), nodeId, directoryId)
  }

  /** Whether this node needs nobody else to lead and to commit. */
  get isOnlyVoter(): boolean {
    return this.isVoter && this.voters.length === 1
  }

  /** Returns whether other voters count than in the step before. */
  beginStep(nowMs: number, random: number): boolean {
    this.nowMs = nowMs
    this.draw = random >>> 0
    const { voters } = this.log
    if (voters === this.votersAt) return false
    this.votersAt = voters
    this.voters = voters?.voters ?? bootstrapVoters(this.options.voters)
    this.sortVoters()
    return true
  }

  private sortVoters(): void {
    const { nodeId, directoryId } = this.options
    this.otherVoters = this.voters.map(({ id }) => id).filter((id) => id !== nodeId)
    this.isVoter = isVoterAmong(this.voters, nodeId, directoryId)
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

  /** Milliseconds in [0, belowMs), by this step's draw; further draws of one step differ. */
  randomMs(belowMs: number): number {
    this.draw = (Math.imul(this.draw, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.draw / 0x1_0000_0000) * belowMs)
  }

  electionDeadline(): number {
    const { electionTimeoutMs } = this.options
    return this.nowMs + electionTimeoutMs + this.randomMs(electionTimeoutMs)
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
