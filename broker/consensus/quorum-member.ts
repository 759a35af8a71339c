/**
 * The pump of one member of the metadata quorum: carries out what the Raft core wants on a real log and a state file,
 * and tells it what happened. Events are taken one after the other, also those that a callback causes.
 */
import type { MetadataRecord } from '../../proto/cluster.ts'
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { METADATA_FETCH_BYTES_MAX } from '../limits.ts'
import type { Log } from '../log/log.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Disk } from '../ports/disk.ts'
import type { Random } from '../ports/random.ts'
import type { RaftEffect, RaftEvent, RaftOptions } from './events.ts'
import type { RaftMessage } from './messages.ts'
import { describeQuorum, type QuorumDescription } from './quorum-description.ts'
import { QuorumLog } from './quorum-log.ts'
import { QuorumStateFile } from './quorum-state.ts'
import { Raft } from './raft.ts'
import type { Snapshot } from './snapshot-file.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import { SnapshotTransfer } from './snapshot-transfer.ts'
import type { Voter, VoterChange } from './voters.ts'

export interface QuorumEvents {
  /** Everything below `offset` is committed; called with rising offsets, from the end of the newest snapshot on. */
  committed(offset: number): void
  leaderChanged(leader: number, epoch: number): void
  /** The disk is full: what this leader appended from `endOffset` on was never written, nor sent, and is taken back. */
  rolledBack(endOffset: number, reason: Error): void
  /** The leader's snapshot has taken the place of a log that ended before it: what it says is committed. */
  installed(snapshot: Snapshot): void
  /** Something to be logged; the member goes on. */
  noticed(problem: Error): void
  /** The log or the state file failed: this member has stopped for good. Called once. */
  failed(error: Error): void
}

export interface QuorumMemberOptions {
  readonly raft: RaftOptions
  /** The one that the directory belongs to, for the state file. */
  readonly clusterId?: string
  readonly log: Log
  /** Those in the directory of the log. */
  readonly snapshots: SnapshotStore
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  /** Sends to another voter; may lose, delay, reorder or repeat. */
  send(to: number, message: RaftMessage): void
  readonly events: QuorumEvents
}

/** Told what became of a change of voters. */
export type ChangeDone = (error: ErrorCode, message: string | null) => void

/** Milliseconds after which a full disk is looked at again, and a follower on it asks again for what it could not write. */
const FULL_RETRY_MS = 1000

export class QuorumMember {
  /** The log with what belongs to it; the application reads it, and makes its snapshots. */
  readonly log: QuorumLog
  private readonly options: QuorumMemberOptions
  private readonly stateFile: QuorumStateFile
  private readonly transfer: SnapshotTransfer
  private readonly raft: Raft
  private readonly events: RaftEvent[] = []
  private readonly changes = new Map<number, ChangeDone>()
  private nextChange = 1
  private started = false
  private draining = false
  private flushRequested = false
  private timer: Timer | null = null
  private fullTimer: Timer | null = null
  private stopped = false

  /** Reads the state file. Throws QuorumStateError when it is damaged and the configuration names other voters. */
  constructor(options: QuorumMemberOptions) {
    this.options = options
    const { raft, clusterId, log, snapshots, disk, clock } = options
    this.stateFile = new QuorumStateFile(disk, log.directory, raft, clusterId)
    this.log = new QuorumLog(log, snapshots, clock.now())
    this.raft = new Raft(raft, this.stateFile.read(), this.log)
    this.transfer = new SnapshotTransfer({
      nodeId: raft.nodeId,
      snapshots,
      send: (to, message) => options.send(to, message),
      fetched: (snapshot) => this.install(snapshot),
      refused: (snapshot, reason) => {
        options.events.noticed(new Error('a snapshot of the quorum leader was refused', { cause: reason }))
        this.post({ type: 'snapshot-refused', snapshot })
      },
    })
    log.listen({
      offline: (reason) => this.fail(reason),
      rolledBack: (endOffset, reason) => this.rolledBack(endOffset, reason),
      full: () => {},
      relieved: () => {},
    })
  }

  get isLeader(): boolean {
    return !this.stopped && this.raft.isLeader
  }

  get leader(): number {
    return this.raft.leader
  }

  get epoch(): number {
    return this.raft.epoch
  }

  get highWatermark(): number {
    return this.raft.highWatermark
  }

  /** Offset of the first record of the epoch that this node leads; -1 when it leads none. */
  get epochStartOffset(): number {
    return this.raft.epochStartOffset
  }

  /** Those that count now, and where they are found. */
  get voters(): readonly Voter[] {
    return this.raft.voters
  }

  /** Looks for the voters in the log first; messages wait that long. The loaded snapshot is let go of. */
  start(): void {
    this.options.snapshots.loaded = null
    this.log.findVoters((error) => {
      const problem = error ?? this.stateFile.problemWith(this.log.voters?.voters ?? null, this.log.endOffset === 0)
      if (this.stopped) return
      if (problem !== null) return this.fail(problem)
      this.started = true
      this.events.unshift({ type: 'start' })
      this.drain()
      // What a crash left in the page cache is followed by nothing until it is durable.
      if (!this.stopped && this.log.durableEndOffset < this.log.endOffset) this.sync()
    })
  }

  receive(from: number, message: RaftMessage): void {
    this.post({ type: 'receive', from, message })
  }

  /** A hint: the connection to this node broke, and cannot be made again. */
  leaderDown(nodeId: number): void {
    this.post({ type: 'leader-down', leader: nodeId })
  }

  /** Hands leadership over, if there is anybody to take it. */
  resign(): void {
    this.post({ type: 'resign' })
  }

  /** `done` is called once the change is appended, with `waits` committed, or will not be made by this leader. */
  changeVoters(change: VoterChange, waits: boolean, done: ChangeDone): void {
    if (this.stopped || !this.started) return done(Errors.NOT_LEADER_OR_FOLLOWER, null)
    const requestId = this.nextChange++
    this.changes.set(requestId, done)
    this.post({ type: 'change-voters', requestId, change, waits })
  }

  /** What this leader knows of the quorum; null when it does not lead. */
  describe(): QuorumDescription | null {
    return this.isLeader ? describeQuorum(this.raft, this.options.clock) : null
  }

  /**
   * The leader's application appends one batch; it is written and synced with the others of this turn. Returns its first
   * offset. Throws LogFullError when there is no room for it now, and another error when the log takes nothing more;
   * `failed` has then been told, or will be.
   */
  append(batch: Buffer): number {
    const baseOffset = this.log.append(batch, this.raft.epoch, this.options.clock.now())
    this.requestFlush()
    return baseOffset
  }

  close(): void {
    this.stopped = true
    this.timer?.cancel()
    this.timer = null
    this.fullTimer?.cancel()
    this.fullTimer = null
    this.transfer.close()
    const message = 'This node stops.'
    for (const done of this.changes.values()) done(Errors.NOT_LEADER_OR_FOLLOWER, message)
    this.changes.clear()
  }

  private post(event: RaftEvent): void {
    if (this.stopped) return
    this.events.push(event)
    this.drain()
  }

  private drain(): void {
    if (this.draining || !this.started) return
    this.draining = true
    try {
      for (let next = this.events.shift(); next !== undefined && !this.stopped; next = this.events.shift()) {
        const { clock, random } = this.options
        for (const effect of this.raft.step(next, clock.monotonic(), random.uint32())) this.carryOut(effect)
      }
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.draining = false
    }
    this.schedule()
  }

  private fail(error: Error): void {
    if (this.stopped) return
    this.close()
    this.options.events.failed(error)
  }

  private schedule(): void {
    this.timer?.cancel()
    this.timer = null
    this.lookForRoom()
    const { deadlineMs } = this.raft
    if (this.stopped || deadlineMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.max(0, deadlineMs - this.options.clock.monotonic())
    this.timer = this.options.clock.after(delayMs, () => this.post({ type: 'tick' }))
  }

  /** Decides whether this node stands, and joins: also before anybody else looks after its logs. */
  private lookForRoom(): void {
    const { log, clock } = this.options
    if (this.stopped || log.full === null) return
    this.fullTimer ??= clock.after(FULL_RETRY_MS, () => {
      this.fullTimer = null
      log.tick(clock.now())
      this.post({ type: 'tick' })
      // A synced log is what makes a follower fetch on; before, it would have fetched the same again.
      if (!this.stopped) this.sync()
    })
  }

  private carryOut(effect: RaftEffect): void {
    const { clock, events } = this.options
    switch (effect.type) {
      case 'persist':
        this.stateFile.write(effect.state, this.raft.voters)
        break
      case 'send':
        this.options.send(effect.to, effect.message)
        break
      case 'send-records':
        this.sendRecords(effect)
        break
      case 'truncate':
        this.log.truncateTo(effect.offset, clock.now())
        break
      case 'append-records':
        this.log.appendFetched(effect.records, clock.now())
        this.requestFlush()
        break
      case 'append-leader-change':
        this.appendLeaderChange(effect)
        break
      case 'append-voters':
        this.appendVoters(effect.voters)
        break
      case 'voters-answered':
        this.changes.get(effect.requestId)?.(effect.error, effect.message)
        this.changes.delete(effect.requestId)
        break
      case 'send-snapshot':
        this.transfer.serve(effect)
        break
      case 'keep-snapshot':
        this.transfer.keep(effect)
        break
      case 'install-snapshot':
        this.transfer.install(effect.snapshot)
        break
      case 'drop-snapshot':
        this.transfer.drop()
        break
      case 'leader-changed':
        events.leaderChanged(effect.leader, effect.epoch)
        break
      case 'committed':
        this.options.log.updateHighWatermark(effect.offset)
        events.committed(effect.offset)
        break
    }
  }

  private appendLeaderChange(effect: Extract<RaftEffect, { type: 'append-leader-change' }>): void {
    const { voters, epoch, bootstraps } = effect
    const leaderId = this.options.raft.nodeId
    const records: MetadataRecord[] = [{ kind: 'leaderChange', leaderId, voters: voters.map(({ id }) => id) }]
    if (bootstraps) records.push({ kind: 'voters', voters })
    try {
      this.log.appendRecords(records, epoch, this.options.clock.now())
      this.requestFlush()
    } catch (error) {
      if (this.options.log.full === null) throw error
      // An epoch that cannot begin is somebody else's.
      this.resign()
    }
  }

  private appendVoters(voters: readonly Voter[]): void {
    // A voter that was alone did not sync its state: from now on its vote counts for others.
    this.stateFile.harden(voters)
    try {
      this.log.appendRecords([{ kind: 'voters', voters }], this.raft.epoch, this.options.clock.now())
      this.requestFlush()
    } catch (error) {
      if (this.options.log.full === null) throw error
      // The core sees that they are not there.
      this.post({ type: 'log-appended' })
    }
  }

  private sendRecords(effect: Extract<RaftEffect, { type: 'send-records' }>): void {
    const { log, raft } = this.options
    const answer = (records: readonly Buffer[]) =>
      this.options.send(effect.to, {
        type: 'fetch-response',
        requestId: effect.requestId,
        epoch: effect.epoch,
        leader: raft.nodeId,
        result: 'ok',
        diverging: null,
        snapshot: null,
        highWatermark: effect.highWatermark,
        records,
      })
    const { fetchOffset } = effect
    // What is appended but not written yet is read by the next fetch.
    const limit = log.flushedEndOffset
    if (fetchOffset >= limit) return answer([])
    const read = log.read(fetchOffset, limit, METADATA_FETCH_BYTES_MAX, true)
    if (read !== null) return answer(read.buffers)
    log.readAsync(fetchOffset, limit, METADATA_FETCH_BYTES_MAX, true, (error, cold) => {
      // Without an answer the follower asks again.
      if (error === null && !this.stopped) answer(cold.buffers.map((buffer) => Buffer.from(buffer)))
      cold.release?.()
    })
  }

  private install(snapshot: Snapshot): void {
    try {
      this.log.install(snapshot.id, snapshot.voters, this.options.clock.now())
    } catch (error) {
      return this.fail(error instanceof Error ? error : new Error(String(error)))
    }
    this.options.events.installed(snapshot)
    this.post({ type: 'snapshot-installed', snapshot: snapshot.id })
    // The new beginning is followed by nothing until it is durable.
    this.sync()
  }

  private requestFlush(): void {
    if (this.flushRequested) return
    this.flushRequested = true
    this.options.clock.turnEnd(() => this.flush())
  }

  private flush(): void {
    this.flushRequested = false
    if (this.stopped) return
    const { log } = this.options
    // What goes wrong the log tells its listener.
    log.flush()
    if (this.stopped) return
    if (log.full !== null && !this.raft.isLeader) return this.lookForRoom()
    this.post({ type: 'log-appended' })
    this.sync()
  }

  private sync(): void {
    this.options.log.sync((error) => {
      if (error !== null) this.fail(error)
      else this.post({ type: 'log-synced' })
    })
  }

  /** Nobody has seen what is taken back, so Raft need not know; but who cannot begin its epoch does not lead it. */
  private rolledBack(endOffset: number, reason: Error): void {
    this.log.rolledBack(endOffset)
    if (!this.raft.isLeader) return
    this.options.events.rolledBack(endOffset, reason)
    if (endOffset <= this.raft.epochStartOffset) this.resign()
  }
}
