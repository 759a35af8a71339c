/**
 * When a group rebalances, and how a generation begins and ends: the middle of the classic protocol. Joins, syncs, leaves
 * and expiries all come here once they have changed the membership. Follows Kafka's GroupMetadataManager, KIP-134
 * (initial delay), KIP-345 (static members stay), KIP-394 (pending members).
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import type { JoinResult } from './api.ts'
import type { ShardContext } from './context.ts'
import type { Group, GroupTimers } from './group.ts'
import { EMPTY_BYTES, type Member } from './member.ts'
import { groupMetadataRecord } from './records.ts'
import { Timer } from './timers.ts'

export class Rebalancer {
  readonly #context: ShardContext
  /** Milliseconds that the initial delay of a group has left, while it lasts. */
  readonly #initialDelays = new WeakMap<Group, { delayMs: number; remainingMs: number }>()
  /** Generations begun with members, for metrics. */
  completedRebalances = 0

  constructor(context: ShardContext) {
    this.#context = context
    context.makeTimers = (group) => this.#makeTimers(group)
  }

  /** A session timer for a member that is about to be created. */
  sessionTimer(groupId: string, memberId: string): Timer {
    return new Timer(() => this.#expireSession(groupId, memberId))
  }

  /** After a change of membership: begins a rebalance, or completes the one that is under way. */
  rebalanceOrComplete(group: Group, reason: string): void {
    if (group.canRebalance) this.prepare(group, reason)
    else this.completeIfAllJoined(group)
  }

  prepare(group: Group, reason: string): void {
    const { timers, options, now, outbox } = this.#context
    if (group.state === 'CompletingRebalance') this.resetAssignments(group, Errors.REBALANCE_IN_PROGRESS)
    group.pendingSyncs.clear()
    timers.cancel(group.timers.sync)
    const isInitial = group.state === 'Empty'
    if (isInitial) {
      const delayMs = options.initialRebalanceDelayMs
      const remainingMs = Math.max(group.rebalanceTimeoutMs - delayMs, 0)
      this.#initialDelays.set(group, { delayMs, remainingMs })
      timers.schedule(group.timers.join, now.monotonicMs + delayMs)
    }
    group.transitionTo('PreparingRebalance', now.wallMs)
    outbox.note('info', 'rebalance begins', { groupId: group.id, generation: group.generation, reason })
    if (isInitial) return
    if (group.hasAllMembersJoined) this.complete(group)
    else timers.schedule(group.timers.join, now.monotonicMs + group.rebalanceTimeoutMs)
  }

  /** Ends the join phase once everybody is there; an initial rebalance waits for its delay instead. */
  completeIfAllJoined(group: Group): void {
    if (group.state !== 'PreparingRebalance' || group.previousState === 'Empty') return
    if (group.hasAllMembersJoined) this.complete(group)
  }

  /** Ends the join phase with those who came. Dynamic members who did not are out; static ones keep their place. */
  complete(group: Group): void {
    const context = this.#context
    context.timers.cancel(group.timers.join)
    this.#initialDelays.delete(group)
    for (const member of group.members.values()) {
      if (member.awaitingJoin === null && member.groupInstanceId === null) context.dropMember(group, member)
    }
    if (!group.electJoinedLeader() && group.members.size > 0) {
      // Only static members are left and none of them came: wait until their sessions expire.
      context.timers.schedule(group.timers.join, context.now.monotonicMs + group.rebalanceTimeoutMs)
      return
    }
    group.beginGeneration(context.now.wallMs)
    if (group.members.size === 0) this.#becomeEmpty(group)
    else this.#answerJoins(group)
  }

  /** Takes a member out for good and lets the group go on without it. */
  removeMember(group: Group, member: Member, reason: string): void {
    this.#context.dropMember(group, member)
    if (group.state === 'Stable' || group.state === 'CompletingRebalance') this.prepare(group, reason)
    else if (group.state === 'PreparingRebalance' && group.hasAllMembersJoined) this.complete(group)
  }

  /** The assignment is durable: hands it out. */
  propagateAssignment(group: Group, assignments: ReadonlyMap<string, Buffer>): void {
    for (const member of group.members.values()) {
      this.#context.setAssignment(member, assignments.get(member.id) ?? EMPTY_BYTES)
    }
    this.#answerSyncs(group, Errors.NONE)
  }

  /** Takes back every assignment of this generation and tells those who wait for theirs. */
  resetAssignments(group: Group, error: ErrorCode): void {
    for (const member of group.members.values()) this.#context.setAssignment(member, EMPTY_BYTES)
    this.#answerSyncs(group, error)
  }

  /** Notes that a member has sent its SyncGroup; the wait ends with the last one. */
  syncReceived(group: Group, memberId: string): void {
    group.pendingSyncs.delete(memberId)
    if (group.pendingSyncs.size === 0) this.#context.timers.cancel(group.timers.sync)
  }

  /** What a member of the present generation is told about it. */
  joinResult(group: Group, member: Member, overrides: Partial<JoinResult> = {}): JoinResult {
    return {
      error: Errors.NONE,
      generationId: group.generation,
      protocolType: group.protocolType,
      protocolName: group.protocolName,
      leader: group.leaderId ?? '',
      skipAssignment: false,
      memberId: member.id,
      members: group.isLeader(member.id) ? this.#describeMembers(group) : [],
      ...overrides,
    }
  }

  #describeMembers(group: Group): JoinResult['members'] {
    return Array.from(group.members.values(), (member) => ({
      memberId: member.id,
      groupInstanceId: member.groupInstanceId,
      metadata: member.metadataFor(group.protocolName ?? '') ?? EMPTY_BYTES,
    }))
  }

  #becomeEmpty(group: Group): void {
    const { outbox, now } = this.#context
    outbox.note('info', 'group is empty', { groupId: group.id, generation: group.generation })
    outbox.append([groupMetadataRecord(group, new Map())], now.wallMs, {
      applied: () => {},
      // Nobody waits for it. Should it be lost, an older generation comes back after a restart and times out.
      answered: (error) => {
        if (error !== Errors.NONE) outbox.note('warn', 'empty group not stored', { groupId: group.id, error })
      },
    })
  }

  #answerJoins(group: Group): void {
    const context = this.#context
    this.completedRebalances += 1
    context.outbox.note('info', 'generation begins', {
      groupId: group.id,
      generation: group.generation,
      members: group.members.size,
    })
    for (const member of group.members.values()) {
      context.answerJoin(group, member, this.joinResult(group, member))
      context.heartbeat(member)
      member.isNew = false
      group.pendingSyncs.add(member.id)
    }
    context.timers.schedule(group.timers.sync, context.now.monotonicMs + group.rebalanceTimeoutMs)
  }

  #answerSyncs(group: Group, error: ErrorCode): void {
    const failed = error !== Errors.NONE
    for (const member of group.members.values()) {
      const answered = this.#context.answerSync(member, {
        error,
        protocolType: failed ? null : group.protocolType,
        protocolName: failed ? null : group.protocolName,
        assignment: member.assignment,
      })
      // Its session may have run out unnoticed while the sync was parked.
      if (answered) this.#context.heartbeat(member)
    }
  }

  #makeTimers(group: Group): GroupTimers {
    return { join: new Timer(() => this.#joinPhaseTimedOut(group)), sync: new Timer(() => this.#expireSyncs(group)) }
  }

  #joinPhaseTimedOut(group: Group): void {
    const initial = this.#initialDelays.get(group)
    if (initial === undefined || !group.newMemberAdded || initial.remainingMs === 0) {
      this.complete(group)
      return
    }
    // Someone came during the delay: wait again, for as long as the rebalance timeout allows.
    group.newMemberAdded = false
    const { options, timers, now } = this.#context
    const delayMs = Math.min(options.initialRebalanceDelayMs, initial.remainingMs)
    this.#initialDelays.set(group, { delayMs, remainingMs: Math.max(initial.remainingMs - initial.delayMs, 0) })
    timers.schedule(group.timers.join, now.monotonicMs + delayMs)
  }

  #expireSyncs(group: Group): void {
    if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return
    if (group.pendingSyncs.size === 0) return
    const late = [...group.pendingSyncs]
    for (const memberId of late) {
      const member = group.members.get(memberId)
      if (member !== undefined) this.#context.dropMember(group, member)
    }
    this.prepare(group, `${late.length} members sent no SyncGroup in time`)
  }

  #expireSession(groupId: string, memberId: string): void {
    const context = this.#context
    const group = context.groups.get(groupId)
    if (group === undefined) return
    if (group.pendingJoins.has(memberId)) {
      context.dropPendingJoin(group, memberId)
      if (group.state === 'PreparingRebalance' && group.hasAllMembersJoined) this.complete(group)
      return
    }
    const member = group.members.get(memberId)
    if (member === undefined || member.hasSatisfiedHeartbeat) return
    context.outbox.note('info', 'member failed', { groupId, memberId })
    this.removeMember(group, member, 'a session expired')
  }
}
