/** SyncGroup, Heartbeat and LeaveGroup: what a member of a generation may say. */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import type { Done, LeaveRequest, LeaveResult, MemberRequest, SyncRequest, SyncResult } from './api.ts'
import { type ShardContext, storeError, syncFailure } from './context.ts'
import type { Group } from './group.ts'
import { EMPTY_BYTES, type Member, ownBytes } from './member.ts'
import type { Rebalancer } from './rebalance.ts'
import { groupMetadataRecord } from './records.ts'

type LeavingMember = LeaveRequest['members'][number]

export class Membership {
  readonly #context: ShardContext
  readonly #rebalancer: Rebalancer

  constructor(context: ShardContext, rebalancer: Rebalancer) {
    this.#context = context
    this.#rebalancer = rebalancer
  }

  sync(request: SyncRequest, done: Done<SyncResult>): void {
    const group = this.#context.groups.get(request.groupId)
    const error = checkSync(group, request)
    if (error !== Errors.NONE || group === undefined) {
      this.#context.outbox.reply(done, syncFailure(error))
      return
    }
    const member = group.members.get(request.memberId) as Member
    this.#rebalancer.syncReceived(group, member.id)
    if (group.state === 'Stable') {
      this.#context.outbox.reply(done, {
        error: Errors.NONE,
        protocolType: group.protocolType,
        protocolName: group.protocolName,
        assignment: member.assignment,
      })
      return
    }
    this.#context.parkSync(member, done)
    if (group.isLeader(member.id)) this.#storeAssignment(group, request)
  }

  /** REBALANCE_IN_PROGRESS tells the member to rejoin; it lives all the same. */
  heartbeat(request: MemberRequest): ErrorCode {
    const group = this.#context.groups.get(request.groupId)
    if (group === undefined) return Errors.UNKNOWN_MEMBER_ID
    const error = checkGeneration(group, request)
    if (error !== Errors.NONE) return error
    this.#context.heartbeat(group.members.get(request.memberId) as Member)
    return group.state === 'PreparingRebalance' ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE
  }

  leave(request: LeaveRequest): LeaveResult {
    const group = this.#context.groups.get(request.groupId)
    const members = request.members.map((leaving) => ({
      memberId: leaving.memberId,
      groupInstanceId: leaving.groupInstanceId,
      error: group === undefined ? Errors.UNKNOWN_MEMBER_ID : this.#leaveOne(group, leaving),
    }))
    if (group !== undefined && members.some(({ error }) => error === Errors.NONE)) {
      if (group.state === 'PreparingRebalance') this.#rebalancer.completeIfAllJoined(group)
      else if (group.state !== 'Empty') this.#rebalancer.prepare(group, 'members left')
    }
    return { error: Errors.NONE, members }
  }

  /** An administrator names a static member by its instance alone. */
  #leaveOne(group: Group, leaving: LeavingMember): ErrorCode {
    let memberId = leaving.memberId
    if (memberId === '') {
      const current = leaving.groupInstanceId === null ? undefined : group.staticMembers.get(leaving.groupInstanceId)
      if (current === undefined) return Errors.UNKNOWN_MEMBER_ID
      memberId = current
    } else if (group.pendingJoins.has(memberId)) {
      this.#context.dropPendingJoin(group, memberId)
      return Errors.NONE
    } else {
      const error = group.checkMember(memberId, leaving.groupInstanceId)
      if (error !== Errors.NONE) return error
    }
    this.#context.dropMember(group, group.members.get(memberId) as Member)
    this.#context.outbox.note('info', 'member left', { groupId: group.id, memberId, reason: leaving.reason ?? '' })
    return Errors.NONE
  }

  /** The leader's assignment is handed out only once it is durable: a restarted coordinator must know it. */
  #storeAssignment(group: Group, request: SyncRequest): void {
    const context = this.#context
    const assignments = new Map<string, Buffer>()
    for (const { memberId, assignment } of request.assignments) {
      if (group.members.has(memberId)) assignments.set(memberId, ownBytes(assignment))
    }
    for (const memberId of group.members.keys()) {
      if (!assignments.has(memberId)) assignments.set(memberId, EMPTY_BYTES)
    }
    const generation = group.generation
    context.outbox.append([groupMetadataRecord(group, assignments)], context.now.wallMs, {
      applied: () => {},
      answered: (error) => {
        // Another member may have joined meanwhile: then this generation is over and its members know.
        if (group.state !== 'CompletingRebalance' || group.generation !== generation) return
        if (error === Errors.NONE) {
          this.#rebalancer.propagateAssignment(group, assignments)
          group.transitionTo('Stable', context.now.wallMs)
        } else {
          const answer = storeError(error)
          this.#rebalancer.resetAssignments(group, answer)
          this.#rebalancer.prepare(group, `the assignment could not be stored (error ${answer})`)
        }
      },
    })
  }
}

function checkGeneration(group: Group, request: MemberRequest): ErrorCode {
  const error = group.checkMember(request.memberId, request.groupInstanceId)
  if (error !== Errors.NONE) return error
  return request.generationId === group.generation ? Errors.NONE : Errors.ILLEGAL_GENERATION
}

function checkSync(group: Group | undefined, request: SyncRequest): ErrorCode {
  if (group === undefined || group.state === 'Empty') return Errors.UNKNOWN_MEMBER_ID
  const error = checkGeneration(group, request)
  if (error !== Errors.NONE) return error
  const { protocolType, protocolName } = request
  if (protocolType !== null && group.protocolType !== null && protocolType !== group.protocolType) {
    return Errors.INCONSISTENT_GROUP_PROTOCOL
  }
  if (protocolName !== null && group.protocolName !== null && protocolName !== group.protocolName) {
    return Errors.INCONSISTENT_GROUP_PROTOCOL
  }
  return group.state === 'PreparingRebalance' ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE
}
