/** What the parts of one shard share: its groups, offsets, timers, the time of this step, and the way out. */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import type { Done, JoinResult, SyncResult } from './api.ts'
import type { Budget } from './budget.ts'
import { Usage } from './budget.ts'
import { Group, type GroupSeed, type GroupTimers } from './group.ts'
import { EMPTY_BYTES, type Member } from './member.ts'
import { OffsetStore } from './offset-store.ts'
import type { GroupOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { TimerQueue } from './timers.ts'

/** Both clocks at one step: timeouts run on the monotonic one, records and retention on the wall clock. */
export interface Now {
  readonly monotonicMs: number
  readonly wallMs: number
}

/** What a group costs besides its members and offsets: the object, its maps and timers. */
const GROUP_OVERHEAD_BYTES = 1024

export class ShardContext {
  readonly options: GroupOptions
  readonly groups = new Map<string, Group>()
  readonly offsets: OffsetStore
  readonly timers = new TimerQueue()
  readonly outbox = new Outbox()
  readonly usage: Usage
  /** Random text that makes a member id unique; randomness enters the core only here. */
  readonly newId: () => string
  now: Now = { monotonicMs: 0, wallMs: 0 }
  /** No longer coordinated here: nothing may begin any more. */
  closed = false
  /** Set by `rebalance.ts`, which knows what a group's timers do. */
  makeTimers: (group: Group) => GroupTimers = () => {
    throw new Error('the shard has no rebalancer')
  }

  constructor(options: GroupOptions, budget: Budget, newId: () => string) {
    this.options = options
    this.usage = new Usage(budget)
    this.offsets = new OffsetStore(this.usage)
    this.newId = newId
  }

  addGroup(id: string, seed: GroupSeed): Group {
    const group = new Group(id, seed, this.makeTimers)
    this.groups.set(id, group)
    this.usage.add(1, GROUP_OVERHEAD_BYTES + 2 * id.length)
    return group
  }

  /** Takes a group out of the shard; its members must be gone, its parked requests answered. */
  dropGroup(group: Group): void {
    this.timers.cancel(group.timers.join)
    this.timers.cancel(group.timers.sync)
    for (const timer of group.pendingJoins.values()) this.timers.cancel(timer)
    group.pendingJoins.clear()
    for (const member of group.members.values()) this.dropMember(group, member)
    if (this.groups.get(group.id) === group) this.groups.delete(group.id)
    this.usage.add(-1, -(GROUP_OVERHEAD_BYTES + 2 * group.id.length))
  }

  addMember(group: Group, member: Member): void {
    const pending = group.pendingJoins.get(member.id)
    if (pending !== undefined) this.timers.cancel(pending)
    group.add(member)
    this.usage.add(0, member.costBytes)
  }

  /** Takes a member out of its group, answering whatever it has parked: it would otherwise wait for ever (L2). */
  dropMember(group: Group, member: Member): void {
    this.answerJoin(group, member, joinFailure(Errors.UNKNOWN_MEMBER_ID, ''))
    this.answerSync(member, syncFailure(Errors.UNKNOWN_MEMBER_ID))
    this.timers.cancel(member.session)
    group.remove(member)
    this.usage.add(0, -member.costBytes)
  }

  dropPendingJoin(group: Group, memberId: string): void {
    const timer = group.pendingJoins.get(memberId)
    if (timer !== undefined) this.timers.cancel(timer)
    group.pendingJoins.delete(memberId)
  }

  setAssignment(member: Member, assignment: Buffer): void {
    this.usage.add(0, assignment.length - member.assignment.length)
    member.assignment = assignment
  }

  /** Gives the member (another) `timeoutMs`, by default its session timeout, to be heard of. */
  heartbeat(member: Member, timeoutMs: number = member.sessionTimeoutMs): void {
    this.timers.schedule(member.session, this.now.monotonicMs + timeoutMs)
  }

  /** Parks a join. One that the same member has parked already is superseded: its answer would be stale. */
  parkJoin(group: Group, member: Member, done: Done<JoinResult>): void {
    if (member.awaitingJoin !== null) {
      this.outbox.reply(member.awaitingJoin, joinFailure(Errors.REBALANCE_IN_PROGRESS, member.id))
    }
    group.setAwaitingJoin(member, done)
  }

  parkSync(member: Member, done: Done<SyncResult>): void {
    if (member.awaitingSync !== null) this.outbox.reply(member.awaitingSync, syncFailure(Errors.REBALANCE_IN_PROGRESS))
    member.awaitingSync = done
  }

  /** False when nothing was parked. */
  answerJoin(group: Group, member: Member, result: JoinResult): boolean {
    if (member.awaitingJoin === null) return false
    this.outbox.reply(member.awaitingJoin, result)
    group.setAwaitingJoin(member, null)
    return true
  }

  answerSync(member: Member, result: SyncResult): boolean {
    if (member.awaitingSync === null) return false
    this.outbox.reply(member.awaitingSync, result)
    member.awaitingSync = null
    return true
  }
}

export function joinFailure(error: ErrorCode, memberId: string): JoinResult {
  return {
    error,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  }
}

export function syncFailure(error: ErrorCode): SyncResult {
  return { error, protocolType: null, protocolName: null, assignment: EMPTY_BYTES }
}

/** What a client hears when the coordinator's own append fails, as Kafka translates it. */
export function storeError(error: ErrorCode): ErrorCode {
  switch (error) {
    case Errors.UNKNOWN_TOPIC_OR_PARTITION:
    case Errors.NOT_ENOUGH_REPLICAS:
    case Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case Errors.REQUEST_TIMED_OUT:
      return Errors.COORDINATOR_NOT_AVAILABLE
    case Errors.NOT_LEADER_OR_FOLLOWER:
    case Errors.KAFKA_STORAGE_ERROR:
      return Errors.NOT_COORDINATOR
    case Errors.MESSAGE_TOO_LARGE:
    case Errors.RECORD_LIST_TOO_LARGE:
    case Errors.INVALID_FETCH_SIZE:
      return Errors.UNKNOWN_SERVER_ERROR
    default:
      return error
  }
}
