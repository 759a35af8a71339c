/**
 * One partition on this broker: its role, and the requests that wait for it. A synchronous state machine over a Log;
 * `endTurn`, `expire`, the fetches of followers and the sync's end are its events, and the callbacks of requests its
 * effects. A reply never leaves before the append (and, in `fsync` mode, the sync) it depends on.
 */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { encodeBatch } from '../../proto/kafka/batch/encode.ts'
import { checkBatch } from '../log/check.ts'
import type { Log, LogListener } from '../log/log.ts'
import type * as api from './api.ts'
import { type FollowerHost, FollowerRole } from './follower/follower-role.ts'
import type { LeadershipState } from './isr.ts'
import type { IsrProposal } from './leader/in-sync-set.ts'
import { type LeaderHost, LeaderRole } from './leader/leader-role.ts'
import { PartitionLog } from './partition-log.ts'
import { PartitionWatchers } from './partition-watchers.ts'
import { refused } from './produce-results.ts'
import { type PacerClock, SyncPacer } from './sync-pacer.ts'
import { VisibleBytes } from './visible-bytes.ts'

/** What a partition asks of the pump that drives it. */
export interface PartitionHost extends LeaderHost, PacerClock {
  /** True when an acknowledgement waits for fdatasync. */
  readonly syncs: boolean
  nowMs(): number
  /** Asks for `endTurn` at the end of this turn. */
  markDirty(partition: HostedPartition): void
  /** Asks for `expire` every now and then, as long as it returns true. */
  markParked(partition: HostedPartition): void
  /** The in-sync set may be due for a change: asks for `nextProposal` soon. */
  proposeIsr(partition: HostedPartition): void
  /** The log failed: told once. */
  wentOffline(partition: HostedPartition, reason: Error): void
  /** The log has no room and refuses appends; null = it has room again. */
  fullChanged(partition: HostedPartition, reason: Error | null): void
}

export class HostedPartition extends PartitionLog implements api.ReplicatedPartition, LogListener, FollowerHost {
  leaderEpoch = -1
  isThrottledAsLeader = false
  isThrottledAsFollower = false
  /** Null unless this broker leads the partition. */
  private leader: LeaderRole | null = null
  /** Null unless it follows another that does. */
  follower: FollowerRole | null = null
  private readonly host: PartitionHost
  /** Answers that wait for nothing but the end of the turn. */
  private answers: (() => void)[] = []
  private readonly name: string
  private readonly watchers = new PartitionWatchers()
  private readonly visible = new VisibleBytes()
  private notedFlushedEnd: number
  /** Made with the first sync, as thousands of partitions may need none. */
  private pacer: SyncPacer | null = null
  /** No longer hosted here: its log is closed. */
  private retired = false

  constructor(host: PartitionHost, log: Log) {
    super(log)
    this.host = host
    this.name = `${log.topic}-${log.partition}`
    this.notedFlushedEnd = log.flushedEndOffset
    log.listen(this)
  }

  /** What befalls the log (`LogListener`); from here to `relieved`. */
  offline(reason: Error): void {
    this.refuseParked(-1, Errors.KAFKA_STORAGE_ERROR, reason.message)
    this.visible.clear()
    this.watchers.disturbed()
    this.later(() => this.host.wentOffline(this, reason))
  }

  rolledBack(endOffset: number, reason: Error): void {
    this.visible.revert()
    this.refuseParked(endOffset, Errors.KAFKA_STORAGE_ERROR, reason.message)
  }

  full(reason: Error): void {
    this.later(() => this.host.fullChanged(this, reason))
  }

  relieved(): void {
    this.later(() => this.host.fullChanged(this, null))
  }

  get isLeader(): boolean {
    return this.leader !== null
  }

  get isFollower(): boolean {
    return this.follower !== null
  }

  /** Led here, and others have replicas. */
  get hasFollowers(): boolean {
    return this.leader?.hasFollowers ?? false
  }

  get isUnderReplicated(): boolean {
    return this.leader?.isUnderReplicated ?? false
  }

  get isUnderMinIsr(): boolean {
    return this.leader?.hasMinIsr === false
  }

  /** Whom the high watermark waits for (R4); empty unless it is led here. */
  get awaitedReplicas(): readonly number[] {
    return this.leader?.awaitedReplicas ?? []
  }

  get knowsCommittedEnd(): boolean {
    return this.log.highWatermark >= (this.leader?.epochStartOffset ?? 0)
  }

  /** Takes over what the metadata says. Returns whether this broker began to lead a new epoch. */
  applyLeadership(state: LeadershipState): boolean {
    // News of an epoch that is over, which a restart may replay after a later one, changes nothing.
    if (state.leaderEpoch < this.leaderEpoch) return false
    const newEpoch = state.leaderEpoch > this.leaderEpoch
    const leads = state.leader === this.host.nodeId
    if (newEpoch || leads !== this.isLeader) this.changeEpoch()
    this.leaderEpoch = state.leaderEpoch
    if (!leads) this.follow(state)
    if (!leads || !this.isOnline) return false
    this.follower = null
    if (this.leader === null) this.leader = new LeaderRole(this.host, this.log, state)
    else this.leader.metadataChanged(state)
    // What a crash left in the page cache counts only once it is on disk.
    if (this.log.committableEndOffset < this.log.logEndOffset) this.pace().written()
    this.advance()
    if (this.leader.hasFollowers) this.host.proposeIsr(this)
    return newEpoch
  }

  /** The partition leaves this broker: everything that waits is answered, nothing is written any more. */
  retire(): void {
    this.retired = true
    this.pacer?.stop()
    this.changeEpoch()
    this.follower = null
    this.runAnswers()
  }

  checkLeaderEpoch(epoch: number): ErrorCode {
    if (epoch < 0 || epoch === this.leaderEpoch) return Errors.NONE
    return epoch < this.leaderEpoch ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH
  }

  append(batch: Buffer, acks: number, timeoutMs: number, done: (result: api.AppendResult) => void): void {
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
    const report = (result: api.AppendResult) => done(result.error, result.baseOffset)
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

  endOffsetForEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number } {
    if (epoch === this.leaderEpoch) return { epoch, endOffset: this.log.logEndOffset }
    return this.log.endOffsetForEpoch(epoch)
  }

  readableReplicas(offset: number): readonly api.ReadableReplica[] {
    return this.leader?.readable(offset) ?? []
  }

  replicaFetched(position: api.ReplicaPosition): ErrorCode {
    const { leader } = this
    if (leader === null) return Errors.NOT_LEADER_OR_FOLLOWER
    const error = leader.replicaFetched(position)
    if (error !== Errors.NONE) return error
    if (!leader.isInSync(position.replica)) this.host.proposeIsr(this)
    this.advance()
    return Errors.NONE
  }

  isInSync(replica: number): boolean {
    return this.leader?.isInSync(replica) ?? false
  }

  nextProposal(): IsrProposal | null {
    return this.isOnline ? (this.leader?.nextProposal() ?? null) : null
  }

  /** The controller's word on a proposal of this epoch. */
  proposalAnswered(proposal: IsrProposal, error: ErrorCode, backoffMs: number): void {
    if (this.leader?.proposalAnswered(proposal, error, backoffMs) === true) this.advance()
  }

  deleteRecords(offset: number, timeoutMs: number, done: (error: ErrorCode, lowWatermark: number) => void): void {
    const { leader } = this
    const target = offset === -1 ? this.highWatermark : offset
    if (target < 0 || target > this.highWatermark) {
      this.later(() => done(Errors.OFFSET_OUT_OF_RANGE, -1))
      return
    }
    if (target > this.log.logStartOffset) this.log.deleteRecordsBefore(target)
    if (!this.isOnline || leader === null) {
      this.later(() => done(this.isOnline ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.KAFKA_STORAGE_ERROR, -1))
      return
    }
    this.watchers.moved()
    // In a later turn, like every answer.
    leader.awaitDelete(target, timeoutMs, (error, lowWatermark) => this.later(() => done(error, lowWatermark)))
    this.host.markParked(this)
  }

  watch(watcher: api.PartitionWatcher): void {
    this.watchers.add(watcher)
  }

  unwatch(watcher: api.PartitionWatcher): void {
    this.watchers.remove(watcher)
  }

  watchAsReplica(watcher: api.ReplicaWatcher): void {
    this.watchers.addReplica(watcher)
  }

  unwatchAsReplica(watcher: api.ReplicaWatcher): void {
    this.watchers.removeReplica(watcher)
  }

  /** What was appended in this turn is written, and whoever waited for that hears of it. */
  endTurn(): void {
    if (this.retired) {
      this.runAnswers()
      return
    }
    this.flush()
    this.runAnswers()
    const { leader } = this
    if (leader === null) return
    leader.produces.written(this.log.flushedEndOffset, this.log.logStartOffset)
    this.advance()
    if (leader.isWaiting) this.host.markParked(this)
  }

  /** Answers requests whose time is up; what they appended stays. Returns whether any is still waiting. */
  expire(monotonicMs: number): boolean {
    return this.leader?.expire(monotonicMs) ?? false
  }

  /** What was fetched is written and, where an acknowledgement waits for that, synced; then `done` (`FollowerHost` up to here). */
  persistFetched(done: () => void): void {
    this.flush()
    if (this.retired || !this.host.syncs) done()
    else this.log.sync(done)
  }

  nowMs(): number {
    return this.host.nowMs()
  }

  appended(bytes: number): void {
    this.visible.appended(bytes)
  }

  cut(): void {
    this.visible.clear()
    this.notedFlushedEnd = this.log.flushedEndOffset
    this.watchers.disturbed()
  }

  committed(highWatermark: number): void {
    this.watchers.advanced(this.visible.passed(highWatermark))
  }

  private appendChecked(
    batch: Buffer,
    acks: number,
    deadlineMs: number,
    nowMs: number,
    done: (result: api.AppendResult) => void,
  ): void {
    const appended = this.log.append(batch, this.leaderEpoch, nowMs)
    if (appended.error !== Errors.NONE) {
      this.answer(done, refused(appended.error, this.log.logStartOffset, appended.message))
      return
    }
    if (!appended.duplicate) {
      this.visible.appended(batch.length)
      if (this.host.syncs) this.pace().appended()
    }
    const parked = {
      requiredOffset: appended.lastOffset + 1,
      baseOffset: appended.baseOffset,
      logAppendTimeMs: appended.logAppendTimeMs,
      deadlineMs,
      done,
    }
    this.leader?.produces.park(parked, acks)
    this.host.markDirty(this)
  }

  private refusal(acks: number): ErrorCode {
    if (this.leader === null) return Errors.NOT_LEADER_OR_FOLLOWER
    if (!this.isOnline) return Errors.KAFKA_STORAGE_ERROR
    return acks === -1 && !this.leader.hasMinIsr ? Errors.NOT_ENOUGH_REPLICAS : Errors.NONE
  }

  private pace(): SyncPacer {
    this.pacer ??= new SyncPacer(this.host, this.log, () => this.advance())
    return this.pacer
  }

  /** Moves the high watermark as far as the in-sync replicas reach, and answers what waited for that. */
  private advance(): void {
    const { leader, log } = this
    if (leader === null || !this.isOnline) return
    const before = log.highWatermark
    const next = leader.highWatermark()
    if (next > before) log.updateHighWatermark(next)
    leader.produces.committed(next, log.logStartOffset, leader.hasMinIsr)
    if (next > before) this.watchers.advanced(this.visible.passed(next))
  }

  /** Writes what is queued. What goes wrong the log tells its listener. */
  private flush(): void {
    this.log.flush()
    const endOffset = this.log.flushedEndOffset
    // A roll may have written a part of it already, whatever came of the rest.
    if (endOffset === this.notedFlushedEnd) return
    this.visible.written(endOffset)
    this.leader?.written(this.notedFlushedEnd)
    this.notedFlushedEnd = endOffset
    if (this.leader !== null && this.host.syncs) this.pace().written()
    this.watchers.written()
  }

  /** Follows the leader that the metadata names, if there is one. */
  private follow({ leader, leaderEpoch }: LeadershipState): void {
    if (leader < 0 || this.retired) this.follower = null
    else if (this.follower?.leaderEpoch !== leaderEpoch) {
      this.follower = new FollowerRole(this, this.log, leader, leaderEpoch)
    }
  }

  /** A parked produce is bound to its leader epoch: whatever comes next, this broker cannot vouch for it. */
  private changeEpoch(): void {
    // Written first: a follower's log must not have anything queued that its next leader may not have.
    if (this.leader !== null && !this.retired) this.flush()
    this.refuseParked(-1, Errors.NOT_LEADER_OR_FOLLOWER)
    this.leader?.refuseDeletes(Errors.NOT_LEADER_OR_FOLLOWER)
    this.leader = null
    this.watchers.disturbed()
  }

  /** Answers those that wait for more than `endOffset`. */
  private refuseParked(endOffset: number, error: ErrorCode, message: string | null = null): void {
    for (const { done } of this.leader?.produces.takeAbove(endOffset) ?? []) {
      this.answer(done, refused(error, this.log.logStartOffset, message))
    }
  }

  private answer(done: (result: api.AppendResult) => void, result: api.AppendResult): void {
    this.later(() => done(result))
  }

  protected override later(answer: () => void): void {
    this.answers.push(answer)
    this.host.markDirty(this)
  }

  private runAnswers(): void {
    const { answers } = this
    if (answers.length === 0) return
    this.answers = []
    for (const answer of answers) answer()
  }

  private failure(error: ErrorCode): api.AppendResult {
    return refused(error, this.log.logStartOffset)
  }
}
