/**
 * One partition on this broker: its role, its in-sync set, its high watermark, and the requests that wait for them. A
 * synchronous state machine over a Log; `endTurn`, `expire` and the sync's end are its events, and the callbacks of
 * requests its effects. A reply never leaves before the append (and, in `fsync` mode, the sync) it depends on.
 */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { encodeBatch } from '../../proto/kafka/batch/encode.ts'
import { checkBatch } from '../log/check.ts'
import type { Log } from '../log/log.ts'
import type { AppendResult, OffsetResult, Partition, PartitionWatcher, ReadResult } from './api.ts'
import { Fifo } from './fifo.ts'
import { type IsrState, nextHighWatermark } from './isr.ts'
import { lookUpOffset, readCold, readHot } from './partition-reads.ts'
import { accepted, type ParkedProduce, refused } from './produce-results.ts'

/** What a partition asks of the pump that drives it. */
export interface PartitionHost {
  readonly nodeId: number
  /** True when an acknowledgement waits for fdatasync. */
  readonly syncs: boolean
  nowMs(): number
  monotonicMs(): number
  /** Asks for `endTurn` at the end of this turn. */
  markDirty(partition: HostedPartition): void
  /** Asks for `expire` every now and then, as long as it returns true. */
  markParked(partition: HostedPartition): void
  /** The log failed: told once. */
  wentOffline(partition: HostedPartition, reason: Error): void
}

/** Leadership as the metadata has it. */
export interface LeadershipState {
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** Already min(`min.insync.replicas`, replication factor). */
  readonly minIsr: number
}

export class HostedPartition implements Partition {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  readonly log: Log
  isLeader = false
  leaderEpoch = -1
  private readonly host: PartitionHost
  private isr: IsrState = { committed: [], proposedAdditions: [] }
  private minIsr = 1
  /** Durable (or appended) ends of the other replicas, as their fetches tell. */
  private readonly replicaEnds = new Map<number, number>()
  /** acks=0 and 1: answered once written. */
  private readonly awaitingFlush = new Fifo<ParkedProduce>()
  /** acks=-1: answered once the high watermark has passed. */
  private readonly awaitingCommit = new Fifo<ParkedProduce>()
  /** Answers that wait for nothing but the end of the turn. */
  private answers: (() => void)[] = []
  private readonly watchers = new Set<PartitionWatcher>()
  /** Where the flushes ended and how many bytes each brought, above the high watermark. */
  private readonly flushMarks = new Fifo<{ endOffset: number; bytes: number }>()
  private unflushedBytes = 0
  private syncing = false
  private syncAgain = false
  private offlineTold = false
  /** No longer hosted here: its log is closed. */
  private retired = false

  constructor(host: PartitionHost, log: Log) {
    this.host = host
    this.log = log
    this.topic = log.topic
    this.topicId = log.topicId
    this.index = log.partition
  }

  get isOnline(): boolean {
    return this.log.offline === null
  }

  get logStartOffset(): number {
    return this.log.logStartOffset
  }

  get highWatermark(): number {
    return this.log.highWatermark
  }

  get lastStableOffset(): number {
    return this.log.lastStableOffset
  }

  get logEndOffset(): number {
    return this.log.logEndOffset
  }

  get sizeBytes(): number {
    return this.log.sizeBytes
  }

  /** Takes over what the metadata says. Returns whether this broker began to lead a new epoch. */
  applyLeadership(state: LeadershipState): boolean {
    const newEpoch = state.leaderEpoch > this.leaderEpoch
    const leads = state.leader === this.host.nodeId
    this.minIsr = state.minIsr
    this.isr = { committed: state.isr, proposedAdditions: [] }
    if (newEpoch || leads !== this.isLeader) this.changeEpoch()
    this.leaderEpoch = state.leaderEpoch
    this.isLeader = leads
    if (!leads || !this.isOnline) return false
    if (newEpoch) {
      this.replicaEnds.clear()
      this.log.assignEpoch(state.leaderEpoch, this.log.logEndOffset)
    }
    // What a crash left in the page cache counts only once it is on disk.
    if (this.log.committableEndOffset < this.log.logEndOffset) this.sync()
    this.advance()
    return newEpoch
  }

  /** The partition leaves this broker: everything that waits is answered, nothing is written any more. */
  retire(): void {
    this.isLeader = false
    this.retired = true
    this.changeEpoch()
    this.runAnswers()
  }

  checkLeaderEpoch(epoch: number): ErrorCode {
    if (epoch < 0 || epoch === this.leaderEpoch) return Errors.NONE
    return epoch < this.leaderEpoch ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH
  }

  append(batch: Buffer, acks: number, timeoutMs: number, done: (result: AppendResult) => void): void {
    const refusal = this.refusal(acks)
    if (refusal !== Errors.NONE) {
      this.answer(done, this.failure(refusal))
      return
    }
    const nowMs = this.host.nowMs()
    const problem = checkBatch(batch, this.log.config, nowMs)
    if (problem !== null) {
      this.answer(done, refused(problem.error, this.log.logStartOffset, problem.message, problem.recordErrors))
      return
    }
    this.appendChecked(batch, acks, this.host.monotonicMs() + timeoutMs, nowMs, done)
  }

  appendRecords(
    records: readonly { key: Buffer | null; value: Buffer | null; timestampMs: number }[],
    done: (error: ErrorCode, baseOffset: number) => void,
  ): void {
    const report = (result: AppendResult) => done(result.error, result.baseOffset)
    const refusal = this.refusal(-1)
    if (refusal !== Errors.NONE) {
      this.answer(report, this.failure(refusal))
      return
    }
    const batch = encodeBatch(
      records.map(({ key, value, timestampMs }) => ({ key, value, timestamp: timestampMs, headers: [] })),
    )
    this.appendChecked(batch, -1, Number.POSITIVE_INFINITY, this.host.nowMs(), report)
  }

  read(
    offset: number,
    limitOffset: number,
    maxBytes: number,
    minOneBatch: boolean,
    done: (result: ReadResult) => void,
  ): void {
    const now = this.readNow(offset, limitOffset, maxBytes, minOneBatch)
    if (now !== null) {
      this.later(() => done(now))
      return
    }
    readCold(this.log, offset, limitOffset, maxBytes, minOneBatch, done)
  }

  readNow(offset: number, limitOffset: number, maxBytes: number, minOneBatch: boolean): ReadResult | null {
    return readHot(this.log, offset, limitOffset, maxBytes, minOneBatch)
  }

  offsetForTimestamp(timestampMs: number, limitOffset: number, done: (result: OffsetResult) => void): void {
    const result = lookUpOffset(() => {
      const found = this.log.offsetForTimestamp(timestampMs)
      return found !== null && found.offset < limitOffset ? found : null
    })
    this.later(() => done(result))
  }

  offsetOfMaxTimestamp(done: (result: OffsetResult) => void): void {
    const result = lookUpOffset(() => this.log.offsetOfMaxTimestamp())
    this.later(() => done(result))
  }

  epochAt(offset: number): number {
    return this.log.epochForOffset(offset)
  }

  endOffsetForEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number } {
    if (epoch === this.leaderEpoch) return { epoch, endOffset: this.log.logEndOffset }
    return this.log.endOffsetForEpoch(epoch)
  }

  deleteRecords(offset: number, done: (error: ErrorCode, lowWatermark: number) => void): void {
    const target = offset === -1 ? this.highWatermark : offset
    if (target < 0 || target > this.highWatermark) {
      this.later(() => done(Errors.OFFSET_OUT_OF_RANGE, -1))
      return
    }
    if (target > this.log.logStartOffset) this.log.deleteRecordsBefore(target)
    this.later(() =>
      done(this.isOnline ? Errors.NONE : Errors.KAFKA_STORAGE_ERROR, this.isOnline ? this.logStartOffset : -1),
    )
  }

  watch(watcher: PartitionWatcher): void {
    this.watchers.add(watcher)
  }

  unwatch(watcher: PartitionWatcher): void {
    this.watchers.delete(watcher)
  }

  /** What was appended in this turn is written, and whoever waited for that hears of it. */
  endTurn(): void {
    if (this.retired) {
      this.runAnswers()
      return
    }
    if (this.log.hasUnflushed) {
      const problem = this.log.flush()
      if (problem !== null) this.fail(problem)
      else this.flushMarks.push({ endOffset: this.log.flushedEndOffset, bytes: this.unflushedBytes })
      this.unflushedBytes = 0
      if (problem === null && this.host.syncs) this.sync()
    }
    this.runAnswers()
    const flushed = this.log.flushedEndOffset
    for (
      let next = this.awaitingFlush.peek();
      next !== undefined && next.requiredOffset <= flushed;
      next = this.awaitingFlush.peek()
    ) {
      this.awaitingFlush.shift()
      next.done(accepted(next, this.log.logStartOffset))
    }
    this.advance()
    if (this.awaitingCommit.size > 0) this.host.markParked(this)
  }

  /** Answers produces whose time is up; their records stay. Returns whether any is still waiting. */
  expire(monotonicMs: number): boolean {
    for (const late of this.awaitingCommit.remove((parked) => parked.deadlineMs <= monotonicMs)) {
      late.done(this.failure(Errors.REQUEST_TIMED_OUT))
    }
    return this.awaitingCommit.size > 0
  }

  private appendChecked(
    batch: Buffer,
    acks: number,
    deadlineMs: number,
    nowMs: number,
    done: (result: AppendResult) => void,
  ): void {
    const appended = this.log.append(batch, this.leaderEpoch, nowMs)
    if (appended.error !== Errors.NONE) {
      this.answer(done, refused(appended.error, this.log.logStartOffset, appended.message))
      return
    }
    if (!appended.duplicate) this.unflushedBytes += batch.length
    const parked = {
      requiredOffset: appended.lastOffset + 1,
      baseOffset: appended.baseOffset,
      logAppendTimeMs: appended.logAppendTimeMs,
      deadlineMs,
      done,
    }
    if (acks === -1) this.awaitingCommit.push(parked)
    else this.awaitingFlush.push(parked)
    this.host.markDirty(this)
  }

  private refusal(acks: number): ErrorCode {
    if (!this.isLeader) return Errors.NOT_LEADER_OR_FOLLOWER
    if (!this.isOnline) return Errors.KAFKA_STORAGE_ERROR
    return acks === -1 && this.isr.committed.length < this.minIsr ? Errors.NOT_ENOUGH_REPLICAS : Errors.NONE
  }

  private sync(): void {
    if (this.syncing) {
      this.syncAgain = true
      return
    }
    this.syncing = true
    this.log.sync((problem) => {
      this.syncing = false
      if (this.retired) return
      if (problem !== null) {
        this.fail(problem)
        this.host.markDirty(this)
        return
      }
      if (this.syncAgain) {
        this.syncAgain = false
        this.sync()
      }
      this.advance()
    })
  }

  /** Moves the high watermark as far as the in-sync replicas reach, and answers what waited for that. */
  private advance(): void {
    if (!this.isLeader || !this.isOnline) return
    const before = this.log.highWatermark
    const next = nextHighWatermark(before, this.isr, this.minIsr, (replica) =>
      replica === this.host.nodeId ? this.log.committableEndOffset : (this.replicaEnds.get(replica) ?? -1),
    )
    if (next > before) this.log.updateHighWatermark(next)
    const { awaitingCommit } = this
    for (
      let head = awaitingCommit.peek();
      head !== undefined && head.requiredOffset <= next;
      head = awaitingCommit.peek()
    ) {
      awaitingCommit.shift()
      const enough = this.isr.committed.length >= this.minIsr
      head.done(
        enough ? accepted(head, this.log.logStartOffset) : this.failure(Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND),
      )
    }
    if (next > before) this.tellAdvanced(next)
  }

  private tellAdvanced(highWatermark: number): void {
    let bytes = 0
    for (
      let mark = this.flushMarks.peek();
      mark !== undefined && mark.endOffset <= highWatermark;
      mark = this.flushMarks.peek()
    ) {
      bytes += mark.bytes
      this.flushMarks.shift()
    }
    for (const watcher of this.watchers) watcher.advanced(Math.max(1, bytes))
  }

  /** A parked produce is bound to its leader epoch: whatever comes next, this broker cannot vouch for it. */
  private changeEpoch(): void {
    for (const parked of [...this.awaitingFlush.drain(), ...this.awaitingCommit.drain()]) {
      this.answer(parked.done, this.failure(Errors.NOT_LEADER_OR_FOLLOWER))
    }
    for (const watcher of this.watchers) watcher.disturbed()
  }

  private fail(reason: Error): void {
    for (const parked of [...this.awaitingFlush.drain(), ...this.awaitingCommit.drain()]) {
      this.answer(parked.done, this.failure(Errors.KAFKA_STORAGE_ERROR))
    }
    this.flushMarks.drain()
    for (const watcher of this.watchers) watcher.disturbed()
    if (this.offlineTold) return
    this.offlineTold = true
    this.host.wentOffline(this, reason)
  }

  private answer(done: (result: AppendResult) => void, result: AppendResult): void {
    this.later(() => done(result))
  }

  private later(answer: () => void): void {
    this.answers.push(answer)
    this.host.markDirty(this)
  }

  private runAnswers(): void {
    const { answers } = this
    if (answers.length === 0) return
    this.answers = []
    for (const answer of answers) answer()
  }

  private failure(error: ErrorCode): AppendResult {
    return refused(error, this.log.logStartOffset)
  }
}
