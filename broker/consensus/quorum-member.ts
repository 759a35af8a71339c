/**
 * The pump of one member of the metadata quorum: carries out what the Raft core wants on a real log and a state file,
 * and tells it what happened. Events are taken one after the other, also those that a callback causes.
 */
import { decodeBatch } from '../../proto/kafka/batch/decode.ts'
import { METADATA_FETCH_BYTES_MAX } from '../limits.ts'
import type { Log } from '../log/log.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Disk } from '../ports/disk.ts'
import type { Random } from '../ports/random.ts'
import type { RaftEffect, RaftEvent, RaftLog, RaftOptions } from './events.ts'
import type { EpochEnd, RaftMessage } from './messages.ts'
import {
  formatQuorumState,
  initialQuorumState,
  parseQuorumState,
  type QuorumState,
  QuorumStateError,
} from './quorum-state.ts'
import { Raft } from './raft.ts'

export interface QuorumEvents {
  /** The batch that a new leader begins its epoch with. */
  leaderChangeBatch(leader: number, voters: readonly number[]): Buffer
  /** Everything below `offset` is committed; called with rising offsets. */
  committed(offset: number): void
  leaderChanged(leader: number, epoch: number): void
  /** The disk is full: what this leader appended from `endOffset` on was never written, nor sent, and is taken back. */
  rolledBack(endOffset: number, reason: Error): void
  /** The log or the state file failed: this member has stopped for good. Called once. */
  failed(error: Error): void
}

export interface QuorumMemberOptions {
  readonly raft: RaftOptions
  readonly log: Log
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  /** Sends to another voter; may lose, delay, reorder or repeat. */
  send(to: number, message: RaftMessage): void
  readonly events: QuorumEvents
}

/** Milliseconds after which a follower on a full disk asks again for what it could not write. */
const FULL_RETRY_MS = 1000

/** Kafka's name, inside the directory of the log. */
const STATE_FILE = 'quorum-state'

/** The log as the core wants to see it. */
class LogView implements RaftLog {
  private readonly log: Log

  constructor(log: Log) {
    this.log = log
  }

  get endOffset(): number {
    return this.log.logEndOffset
  }

  get durableEndOffset(): number {
    return this.log.durableEndOffset
  }

  get lastEpoch(): number {
    return this.log.latestEpoch
  }

  endOffsetForEpoch(epoch: number): EpochEnd {
    const end = this.log.endOffsetForEpoch(epoch)
    return end.epoch < 0 ? { epoch: -1, endOffset: 0 } : end
  }
}

export class QuorumMember {
  private readonly options: QuorumMemberOptions
  private readonly statePath: string
  private readonly raft: Raft
  private readonly events: RaftEvent[] = []
  private draining = false
  private flushRequested = false
  private timer: Timer | null = null
  private fullTimer: Timer | null = null
  private stopped = false

  /** Reads the state file. Throws QuorumStateError when it is damaged and there are other voters. */
  constructor(options: QuorumMemberOptions) {
    this.options = options
    this.statePath = `${options.log.directory}/${STATE_FILE}`
    this.raft = new Raft(options.raft, this.readState(), new LogView(options.log))
    options.log.listen({
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

  start(): void {
    this.post({ type: 'start' })
  }

  receive(from: number, message: RaftMessage): void {
    this.post({ type: 'receive', from, message })
  }

  /** Hands leadership over, if there is anybody to take it. */
  resign(): void {
    this.post({ type: 'resign' })
  }

  /**
   * The leader's application appends one batch; it is written and synced with the others of this turn. Returns its first
   * offset. Throws LogFullError when there is no room for it now, and another error when the log takes nothing more;
   * `failed` has then been told, or will be.
   */
  append(batch: Buffer): number {
    const { log, clock } = this.options
    const appended = log.append(batch, this.raft.epoch, clock.now())
    if (appended.error !== 0) throw log.full ?? new Error(appended.message ?? 'the metadata log refuses the batch')
    this.requestFlush()
    return appended.baseOffset
  }

  close(): void {
    this.stopped = true
    this.timer?.cancel()
    this.timer = null
    this.fullTimer?.cancel()
    this.fullTimer = null
  }

  /** With one voter there is no second vote to fear: the epochs in the log say enough, and no sync is needed. */
  private get isOnlyVoter(): boolean {
    const { voters, nodeId } = this.options.raft
    return voters.length === 1 && voters[0] === nodeId
  }

  private readState(): QuorumState {
    const { disk } = this.options
    if (!disk.existsSync(this.statePath)) return initialQuorumState
    try {
      return parseQuorumState(disk.readFileSync(this.statePath).toString('utf8'))
    } catch (error) {
      if (!this.isOnlyVoter || !(error instanceof QuorumStateError)) throw error
      return initialQuorumState
    }
  }

  private post(event: RaftEvent): void {
    this.events.push(event)
    if (this.draining || this.stopped) return
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
    const { deadlineMs } = this.raft
    if (this.stopped || deadlineMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.max(0, deadlineMs - this.options.clock.monotonic())
    this.timer = this.options.clock.after(delayMs, () => this.post({ type: 'tick' }))
  }

  private carryOut(effect: RaftEffect): void {
    const { log, disk, clock, events, raft } = this.options
    switch (effect.type) {
      case 'persist':
        disk.replaceSync(this.statePath, Buffer.from(formatQuorumState(effect.state, raft.voters)), {
          sync: !this.isOnlyVoter,
        })
        break
      case 'send':
        this.options.send(effect.to, effect.message)
        break
      case 'send-records':
        this.sendRecords(effect)
        break
      case 'truncate': {
        const problem = log.truncateTo(effect.offset, clock.now())
        if (problem !== null) throw problem
        break
      }
      case 'append-records':
        this.appendRecords(effect.records)
        break
      case 'append-leader-change':
        this.append(events.leaderChangeBatch(raft.nodeId, effect.voters))
        break
      case 'leader-changed':
        events.leaderChanged(effect.leader, effect.epoch)
        break
      case 'committed':
        log.updateHighWatermark(effect.offset)
        events.committed(effect.offset)
        break
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

  /** A follower's append: the leader's batches at the leader's offsets, under the epoch they were written in. */
  private appendRecords(records: readonly Buffer[]): void {
    const { log, clock } = this.options
    for (const buffer of records) {
      for (let position = 0; position < buffer.length; ) {
        const { baseOffset, sizeBytes, leaderEpoch } = decodeBatch(buffer, position)
        if (baseOffset !== log.logEndOffset) {
          throw new Error(`the quorum leader sent offset ${baseOffset} for ${log.logEndOffset}`)
        }
        const batch = Buffer.from(buffer.subarray(position, position + sizeBytes))
        const appended = log.append(batch, leaderEpoch, clock.now())
        // On a full disk the rest is fetched again.
        if (log.full !== null) return this.requestFlush()
        if (appended.error !== 0) throw new Error(appended.message ?? 'the metadata log refuses a batch')
        position += sizeBytes
      }
    }
    this.requestFlush()
  }

  private requestFlush(): void {
    if (this.flushRequested) return
    this.flushRequested = true
    this.options.clock.turnEnd(() => this.flush())
  }

  private flush(): void {
    this.flushRequested = false
    if (this.stopped) return
    const { log, clock } = this.options
    // What goes wrong the log tells its listener.
    log.flush()
    if (this.stopped) return
    if (log.full !== null && !this.raft.isLeader) {
      // A synced log is what makes a follower fetch on, and it would fetch the same again.
      this.fullTimer ??= clock.after(FULL_RETRY_MS, () => {
        this.fullTimer = null
        this.sync()
      })
      return
    }
    this.post({ type: 'log-appended' })
    this.sync()
  }

  private sync(): void {
    this.options.log.sync((error) => {
      if (error !== null) this.fail(error)
      else this.post({ type: 'log-synced' })
    })
  }

  /** Nobody has seen what is taken back, so Raft need not know; but a leader must have begun its epoch. */
  private rolledBack(endOffset: number, reason: Error): void {
    if (!this.raft.isLeader) return
    if (endOffset <= this.raft.epochStartOffset) this.fail(reason)
    else this.options.events.rolledBack(endOffset, reason)
  }
}
