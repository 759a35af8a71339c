/**
 * One partition on this broker: its role, its in-sync set, its high watermark, and the requests that wait for them. A
 * synchronous state machine over a Log; `endTurn`, `expire` and the sync's end are its events, and the callbacks of
 * requests its effects. A reply never leaves before the append (and, in `fsync` mode, the sync) it depends on.
 */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { encodeBatch } from '../../proto/kafka/batch/encode.ts'
import { checkBatch } from '../log/check.ts'
import type { Log, LogListener } from '../log/log.ts'
import type { AbortedTransaction } from '../log/txn-index.ts'
import type { AppendResult, OffsetResult, Partition, PartitionWatcher, ReadResult } from './api.ts'
import { Fifo } from './fifo.ts'
import { type IsrState, type LeadershipState, nextHighWatermark } from './isr.ts'
import { abortedWithin, lookUpOffset, readCold, readHot } from './partition-reads.ts'
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
  /** The log has no room and refuses appends; null = it has room again. */
  fullChanged(partition: HostedPartition, reason: Error | null): void
}

const NO_ENDS: ReadonlyMap<number, number> = new Map()

export class HostedPartition implements Partition, LogListener {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  readonly log: Log
  isLeader = false
  leaderEpoch = -1
  private readonly host: PartitionHost
  private isr: IsrState = { committed: [], proposedAdditions: [] }
  private minIsr = 1
  /** The log's end when this broker began to lead its epoch. */
  private epochStartOffset = 0
  /** Durable (or appended) ends of the other replicas, as their fetches tell. */
  private replicaEnds: ReadonlyMap<number, number> = NO_ENDS
  /** acks=0 and 1: answered once written. */
  private readonly awaitingFlush = new Fifo<ParkedProduce>()
  /** acks=-1: answered once the high watermark has passed. */
  private readonly awaitingCommit = new Fifo<ParkedProduce>()
  /** Answers that wait for nothing but the end of the turn. */
  private answers: (() => void)[] = []
  private readonly name: string
  /** Made with the first, as thousands of partitions may have none. */
  private watchers: Set<PartitionWatcher> | null = null
  /** Where the flushes ended and how many bytes each brought, above the high watermark. */
  private readonly flushMarks = new Fifo<{ endOffset: number; bytes: number }>()
  private unflushedBytes = 0
  private notedFlushedEnd: number
  private syncing = false
  private syncAgain = false
  /** No longer hosted here: its log is closed. */
  private retired = false

  constructor(host: PartitionHost, log: Log) {
    this.host = host
    this.log = log
    this.topic = log.topic
    this.topicId = log.topicId
    this.index = log.partition
    this.name = `${log.topic}-${log.partition}`
    this.notedFlushedEnd = log.flushedEndOffset
    log.listen(this)
  }

  /** What befalls the log (`LogListener`); from here to `relieved`. */
  offline(reason: Error): void {
    this.refuseParked(-1, Errors.KAFKA_STORAGE_ERROR, reason.message)
    this.flushMarks.drain()
    for (const watcher of this.watchers ?? []) watcher.disturbed()
    this.later(() => this.host.wentOffline(this, reason))
  }

  rolledBack(endOffset: number, reason: Error): void {
    this.unflushedBytes = 0
    this.refuseParked(endOffset, Errors.KAFKA_STORAGE_ERROR, reason.message)
  }

  full(reason: Error): void {
    this.host.fullChanged(this, reason)
  }

  relieved(): void {
    this.host.fullChanged(this, null)
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

  get knowsCommittedEnd(): boolean {
    return this.log.highWatermark >= this.epochStartOffset
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
      this.epochStartOffset = this.log.logEndOffset
      this.replicaEnds = NO_ENDS
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
    const problem = checkBatch(batch, this.log.config, nowMs, this.name)
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

  abortedTransactions(fromOffset: number, endOffset: number): readonly AbortedTransaction[] | null {
    return abortedWithin(this.log, fromOffset, endOffset)
  }

  offsetForTimestamp(timestampMs: number, limitOffset: number, done: (result: OffsetResult) => void): void {
    const result = lookUpOffset(() => this.log.offsetForTimestamp(timestampMs), limitOffset)
    this.later(() => done(result))
  }

  offsetOfMaxTimestamp(limitOffset: number, done: (result: OffsetResult) => void): void {
    const result = lookUpOffset(() => this.log.offsetOfMaxTimestamp(), limitOffset)
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
    this.watchers ??= new Set()
    this.watchers.add(watcher)
  }

  unwatch(watcher: PartitionWatcher): void {
    this.watchers?.delete(watcher)
  }

  /** What was appended in this turn is written, and whoever waited for that hears of it. */
  endTurn(): void {
    if (this.retired) {
      this.runAnswers()
      return
    }
    // What goes wrong the log tells its listener.
    this.log.flush()
    const flushed = this.log.flushedEndOffset
    // A roll may have written a part of it already, whatever came of the rest.
    if (flushed !== this.notedFlushedEnd) this.noteFlushed(flushed)
    this.runAnswers()
    for (const written of this.awaitingFlush.takeWhile(({ requiredOffset }) => requiredOffset <= flushed)) {
      written.done(accepted(written, this.log.logStartOffset))
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
      if (this.retired || problem !== null) return
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
    for (const parked of this.awaitingCommit.takeWhile(({ requiredOffset }) => requiredOffset <= next)) {
      const enough = this.isr.committed.length >= this.minIsr
      parked.done(
        enough ? accepted(parked, this.log.logStartOffset) : this.failure(Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND),
      )
    }
    if (next > before) this.tellAdvanced(next)
  }

  private tellAdvanced(highWatermark: number): void {
    let bytes = 0
    for (const mark of this.flushMarks.takeWhile(({ endOffset }) => endOffset <= highWatermark)) bytes += mark.bytes
    for (const watcher of this.watchers ?? []) watcher.advanced(Math.max(1, bytes))
  }

  private noteFlushed(endOffset: number): void {
    this.flushMarks.push({ endOffset, bytes: this.unflushedBytes })
    this.unflushedBytes = 0
    this.notedFlushedEnd = endOffset
    if (this.host.syncs) this.sync()
  }

  /** A parked produce is bound to its leader epoch: whatever comes next, this broker cannot vouch for it. */
  private changeEpoch(): void {
    this.refuseParked(-1, Errors.NOT_LEADER_OR_FOLLOWER)
    for (const watcher of this.watchers ?? []) watcher.disturbed()
  }

  /** Answers those that wait for more than `endOffset`. */
  private refuseParked(endOffset: number, error: ErrorCode, message: string | null = null): void {
    for (const waiting of [this.awaitingFlush, this.awaitingCommit]) {
      for (const { done } of waiting.remove(({ requiredOffset }) => requiredOffset > endOffset)) {
        this.answer(done, refused(error, this.log.logStartOffset, message))
      }
    }
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
