/**
 * The coordinator of one `__consumer_offsets` partition as a pure machine: each call is one step at the time it is given;
 * what it wants done is in its outbox afterwards (records, replies, notes), when it next wants `advance` is `nextDueMs`.
 * Its whole durable state is the log: `replay` the records in order, then `loaded`, and it is what it was.
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import type {
  CommitRequest,
  CommitTopicResult,
  DeleteOffsetsRequest,
  DeleteOffsetsResult,
  DescribedGroup,
  Done,
  FetchOffsetsRequest,
  FetchOffsetsResult,
  JoinRequest,
  JoinResult,
  LeaveRequest,
  LeaveResult,
  ListResult,
  MemberRequest,
  SyncRequest,
  SyncResult,
} from './api.ts'
import type { Budget } from './budget.ts'
import { Cleanup, type DeletedTopic } from './cleanup.ts'
import { Commits } from './commit.ts'
import { joinFailure, type Now, ShardContext, syncFailure } from './context.ts'
import type { Group } from './group.ts'
import { Joins } from './join.ts'
import { EMPTY_BYTES, Member } from './member.ts'
import type { GroupOptions } from './options.ts'
import type { GroupRecord, Outbox } from './outbox.ts'
import { Rebalancer } from './rebalance.ts'
import { type MemberSnapshot, parseRecord, type GroupSnapshot } from './records.ts'
import { Membership } from './sync.ts'

export interface ShardDependencies {
  readonly options: GroupOptions
  readonly budget: Budget
  /** Unique text for a new member id, e.g. a UUID. */
  readonly newId: () => string
}

export class GroupShard {
  readonly #context: ShardContext
  readonly #rebalancer: Rebalancer
  readonly #joins: Joins
  readonly #membership: Membership
  readonly #commits: Commits
  readonly #cleanup: Cleanup

  constructor({ options, budget, newId }: ShardDependencies) {
    this.#context = new ShardContext(options, budget, newId)
    this.#rebalancer = new Rebalancer(this.#context)
    this.#joins = new Joins(this.#context, this.#rebalancer)
    this.#membership = new Membership(this.#context, this.#rebalancer)
    this.#commits = new Commits(this.#context)
    this.#cleanup = new Cleanup(this.#context)
  }

  get outbox(): Outbox {
    return this.#context.outbox
  }

  /** Monotonic milliseconds; Infinity when no timer runs. */
  get nextDueMs(): number {
    return this.#context.timers.nextDueMs
  }

  get groupCount(): number {
    return this.#context.groups.size
  }

  get offsetCount(): number {
    return this.#context.offsets.size
  }

  /** Since this shard was made. */
  get counters() {
    return {
      completedRebalances: this.#rebalancer.completedRebalances,
      committedOffsets: this.#commits.committedOffsets,
      expiredOffsets: this.#cleanup.expiredOffsets,
    }
  }

  /** Applies one record of the log, in order, before `loaded`. Throws WireError when it cannot be read. */
  replay({ key, value }: GroupRecord): void {
    const { groups, offsets } = this.#context
    const record = parseRecord(key, value)
    if (record === null) return
    const group = groups.get(record.groupId)
    if (record.type === 'offset') {
      offsets.replay(record.groupId, record.topic, record.partition, record.value)
      if (record.value !== null && group === undefined) this.#restore(record.groupId, null)
    } else {
      if (group !== undefined) this.#context.dropGroup(group)
      if (record.snapshot !== null) this.#restore(record.groupId, record.snapshot)
    }
  }

  /** Everything is replayed: sessions begin, as if every member had been heard of just now. */
  loaded(now: Now): void {
    this.#step(now)
    const { groups, options } = this.#context
    for (const group of groups.values()) {
      for (const member of group.members.values()) this.#context.heartbeat(member)
      if (group.members.size > options.maxGroupSize) this.#rebalancer.prepare(group, 'loaded over its maximum size')
    }
    this.#cleanup.start()
  }

  /** No longer coordinated here: whoever waits is sent elsewhere. Appends under way still get their calls. */
  resign(now: Now): void {
    this.#step(now)
    const context = this.#context
    context.closed = true
    for (const group of context.groups.values()) {
      group.transitionTo('Dead', now.wallMs)
      for (const member of group.members.values()) {
        context.answerJoin(group, member, joinFailure(Errors.NOT_COORDINATOR, member.id))
        context.answerSync(member, syncFailure(Errors.NOT_COORDINATOR))
      }
      context.dropGroup(group)
    }
    context.usage.releaseAll()
  }

  /** Lets expire what is due. */
  advance(now: Now): void {
    this.#step(now)
    this.#context.timers.fireDue(now.monotonicMs)
  }

  join(request: JoinRequest, now: Now, done: Done<JoinResult>): void {
    this.#step(now)
    this.#joins.join(request, done)
  }

  sync(request: SyncRequest, now: Now, done: Done<SyncResult>): void {
    this.#step(now)
    this.#membership.sync(request, done)
  }

  heartbeat(request: MemberRequest, now: Now): ErrorCode {
    this.#step(now)
    return this.#membership.heartbeat(request)
  }

  leave(request: LeaveRequest, now: Now): LeaveResult {
    this.#step(now)
    return this.#membership.leave(request)
  }

  commit(request: CommitRequest, now: Now, done: Done<CommitTopicResult[]>): void {
    this.#step(now)
    this.#commits.commit(request, done)
  }

  fetch(request: FetchOffsetsRequest, done: Done<FetchOffsetsResult>): void {
    this.#commits.fetch(request, done)
  }

  deleteGroup(groupId: string, now: Now, done: Done<{ readonly groupId: string; readonly error: ErrorCode }>): void {
    this.#step(now)
    this.#cleanup.deleteGroup(groupId, done)
  }

  deleteOffsets(request: DeleteOffsetsRequest, now: Now, done: Done<DeleteOffsetsResult>): void {
    this.#step(now)
    this.#cleanup.deleteOffsets(request, done)
  }

  topicsDeleted(topics: readonly DeletedTopic[], now: Now): void {
    this.#step(now)
    this.#cleanup.topicsDeleted(topics)
  }

  describe(groupId: string): DescribedGroup {
    const group = this.#context.groups.get(groupId)
    if (group !== undefined) return describeGroup(group)
    const message = `Group ${groupId} not found.`
    return { ...describeNothing(groupId, Errors.GROUP_ID_NOT_FOUND), message, state: 'Dead' }
  }

  list(): ListResult['groups'] {
    return Array.from(this.#context.groups.values(), ({ id, protocolType, state }) => ({
      groupId: id,
      protocolType: protocolType ?? '',
      state,
      type: 'classic',
    }))
  }

  /** An outcome of an append belongs to a step too. */
  appendSettled(now: Now, settle: () => void): void {
    this.#step(now)
    settle()
  }

  #step(now: Now): void {
    this.#context.now = now
  }

  #restore(groupId: string, snapshot: GroupSnapshot | null): void {
    const group = this.#context.addGroup(groupId, {
      state: snapshot === null || snapshot.members.length === 0 ? 'Empty' : 'Stable',
      generation: snapshot?.generation ?? 0,
      protocolType: snapshot?.protocolType ?? null,
      protocolName: snapshot?.protocolName ?? null,
      leaderId: snapshot?.leaderId ?? null,
      stateTimestampMs: snapshot?.stateTimestampMs ?? -1,
    })
    for (const each of snapshot?.members ?? []) this.#context.addMember(group, this.#restoreMember(group, each))
    group.refreshSubscribedTopics()
  }

  /** Only the protocol in use is stored; the others are known again when the member rejoins. */
  #restoreMember(group: Group, snapshot: MemberSnapshot): Member {
    const member = new Member(
      { ...snapshot, protocolType: group.protocolType ?? '' },
      snapshot,
      [{ name: group.protocolName ?? '', metadata: snapshot.subscription }],
      this.#rebalancer.sessionTimer(group.id, snapshot.memberId),
    )
    member.assignment = snapshot.assignment
    return member
  }
}

/** A group about which nothing can be said but the error. */
export function describeNothing(groupId: string, error: ErrorCode): DescribedGroup {
  return { error, message: null, groupId, state: '', protocolType: '', protocolName: '', members: [] }
}

/** Subscriptions are shown of a stable group only: before that the protocol is not decided. */
function describeGroup(group: Group): DescribedGroup {
  const protocolName = group.state === 'Stable' ? (group.protocolName ?? '') : ''
  return {
    error: Errors.NONE,
    message: null,
    groupId: group.id,
    state: group.state,
    protocolType: group.protocolType ?? '',
    protocolName,
    members: Array.from(group.members.values(), (member) => ({
      memberId: member.id,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      metadata: (group.state === 'Stable' ? member.metadataFor(protocolName) : null) ?? EMPTY_BYTES,
      assignment: member.assignment,
    })),
  }
}
