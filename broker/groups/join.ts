/** JoinGroup: who may come in, under which id, and what that means for the generation. */
import { Errors } from '../../proto/kafka/errors.ts'
import { MAX_GROUP_MEMBERS, MEMBER_ID_PREFIX_MAX } from '../limits.ts'
import type { Done, JoinRequest, JoinResult, MemberProtocol } from './api.ts'
import { joinFailure, type ShardContext, storeError, syncFailure } from './context.ts'
import { type Group, NEW_GROUP } from './group.ts'
import { Member, ownProtocols } from './member.ts'
import { NEW_MEMBER_JOIN_TIMEOUT_MS } from './options.ts'
import type { Rebalancer } from './rebalance.ts'
import { groupMetadataRecord } from './records.ts'

type Reply = Done<JoinResult>

/** What a member asks for, and may change by joining again. */
interface Terms {
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocols: readonly MemberProtocol[]
}

export class Joins {
  readonly #context: ShardContext
  readonly #rebalancer: Rebalancer

  constructor(context: ShardContext, rebalancer: Rebalancer) {
    this.#context = context
    this.#rebalancer = rebalancer
  }

  join(request: JoinRequest, done: Reply): void {
    const { outbox, options } = this.#context
    const timeoutMs = request.sessionTimeoutMs
    if (timeoutMs < options.minSessionTimeoutMs || timeoutMs > options.maxSessionTimeoutMs) {
      outbox.reply(done, joinFailure(Errors.INVALID_SESSION_TIMEOUT, request.memberId))
      return
    }
    const group = this.#context.groups.get(request.groupId) ?? this.#createGroup(request, done)
    if (group === null) return
    if (!this.#accepts(group, request.memberId)) this.#refuse(group, request.memberId, done)
    else if (!group.supports(request.protocolType, request.protocols)) {
      outbox.reply(done, joinFailure(Errors.INCONSISTENT_GROUP_PROTOCOL, request.memberId))
    } else if (request.memberId === '') this.#joinNewMember(group, request, done)
    else this.#joinKnownMember(group, request, done)
  }

  /** A group begins with its first newcomer; a member id of a group that is not there is unknown. */
  #createGroup(request: JoinRequest, done: Reply): Group | null {
    const { outbox, usage } = this.#context
    if (request.memberId !== '') {
      outbox.reply(done, joinFailure(Errors.UNKNOWN_MEMBER_ID, request.memberId))
      return null
    }
    if (usage.budget.hasMaxGroups || usage.budget.isFull) {
      outbox.reply(done, joinFailure(Errors.COORDINATOR_NOT_AVAILABLE, ''))
      return null
    }
    return this.#context.addGroup(request.groupId, NEW_GROUP)
  }

  /**
   * Whether the group has room. While it prepares, those who are back count, not those who might come: so the last ones to
   * rejoin a group that is over its size are the ones to go.
   */
  #accepts(group: Group, memberId: string): boolean {
    const maxSize = Math.min(this.#context.options.maxGroupSize, MAX_GROUP_MEMBERS)
    const member = group.members.get(memberId)
    // Ids that were given out and not used yet are bounded too: each holds a timer for a session timeout.
    if (member === undefined && !group.pendingJoins.has(memberId)) {
      if (group.members.size + group.pendingJoins.size >= MAX_GROUP_MEMBERS) return false
    }
    switch (group.state) {
      case 'PreparingRebalance':
        return (member?.awaitingJoin ?? null) !== null || group.awaitingJoins < maxSize
      case 'CompletingRebalance':
      case 'Stable':
        return member !== undefined || group.members.size < maxSize
      default:
        return true
    }
  }

  #refuse(group: Group, memberId: string, done: Reply): void {
    const member = group.members.get(memberId)
    if (member !== undefined) this.#context.dropMember(group, member)
    this.#context.dropPendingJoin(group, memberId)
    this.#context.outbox.reply(done, joinFailure(Errors.GROUP_MAX_SIZE_REACHED, ''))
    this.#rebalancer.completeIfAllJoined(group)
  }

  #joinNewMember(group: Group, request: JoinRequest, done: Reply): void {
    const { outbox, usage, timers, now } = this.#context
    const memberId = `${idPrefix(request.groupInstanceId ?? request.clientId)}-${this.#context.newId()}`
    const current = request.groupInstanceId === null ? undefined : group.staticMembers.get(request.groupInstanceId)
    if (current !== undefined) {
      this.#replaceStaticMember(group, group.members.get(current) as Member, memberId, request, done)
    } else if (usage.budget.isFull) {
      outbox.reply(done, joinFailure(Errors.COORDINATOR_NOT_AVAILABLE, ''))
    } else if (request.requireKnownMemberId && request.groupInstanceId === null) {
      const timer = this.#rebalancer.sessionTimer(group.id, memberId)
      group.pendingJoins.set(memberId, timer)
      timers.schedule(timer, now.monotonicMs + request.sessionTimeoutMs)
      outbox.reply(done, joinFailure(Errors.MEMBER_ID_REQUIRED, memberId))
    } else {
      this.#addMember(group, memberId, request, done)
    }
  }

  #joinKnownMember(group: Group, request: JoinRequest, done: Reply): void {
    const { outbox } = this.#context
    const { memberId, groupInstanceId } = request
    if (group.pendingJoins.has(memberId)) {
      // Ids are given out in advance to dynamic members only (Kafka's coordinator throws here).
      if (groupInstanceId !== null) outbox.reply(done, joinFailure(Errors.UNKNOWN_SERVER_ERROR, ''))
      else this.#addMember(group, memberId, request, done)
      return
    }
    const error = group.checkMember(memberId, groupInstanceId)
    if (error !== Errors.NONE) {
      outbox.reply(done, joinFailure(error, memberId))
      return
    }
    const member = group.members.get(memberId) as Member
    const changed = !member.hasSameProtocols(ownProtocols(request.protocols))
    // A leader that rejoins wants a rebalance even without a change: it may have seen new partitions.
    const wantsRebalance = changed || (group.state === 'Stable' && group.isLeader(memberId))
    if (group.state === 'PreparingRebalance' || wantsRebalance) {
      this.#updateMember(group, member, request, done)
      this.#rebalancer.rebalanceOrComplete(group, `member rejoins: ${request.reason ?? 'no reason given'}`)
    } else {
      // It may have missed the answer to its join: the same answer again.
      outbox.reply(done, this.#rebalancer.joinResult(group, member))
    }
  }

  #addMember(group: Group, memberId: string, request: JoinRequest, done: Reply): void {
    const member = new Member(
      { ...request, memberId },
      request,
      ownProtocols(request.protocols),
      this.#rebalancer.sessionTimer(group.id, memberId),
    )
    member.isNew = true
    member.awaitingJoin = done
    if (group.state === 'PreparingRebalance' && group.previousState === 'Empty') group.newMemberAdded = true
    this.#context.addMember(group, member)
    this.#context.heartbeat(member, NEW_MEMBER_JOIN_TIMEOUT_MS)
    this.#rebalancer.rebalanceOrComplete(group, `member joins: ${request.reason ?? 'no reason given'}`)
  }

  #updateMember(group: Group, member: Member, request: JoinRequest, done: Reply): void {
    this.#setTerms(group, member, { ...request, protocols: ownProtocols(request.protocols) })
    this.#context.parkJoin(group, member, done)
  }

  #setTerms(group: Group, member: Member, terms: Terms): void {
    const before = member.costBytes
    group.setProtocols(member, terms.protocols)
    member.sessionTimeoutMs = terms.sessionTimeoutMs
    member.rebalanceTimeoutMs = terms.rebalanceTimeoutMs
    this.#context.usage.add(0, member.costBytes - before)
  }

  /** A static member came back without its id (KIP-345): it takes its old place under a new id, the old id is fenced. */
  #replaceStaticMember(group: Group, old: Member, memberId: string, request: JoinRequest, done: Reply): void {
    const { sessionTimeoutMs, rebalanceTimeoutMs, protocols } = old
    const before = { id: old.id, leader: group.leaderId, sessionTimeoutMs, rebalanceTimeoutMs, protocols }
    const member = this.#succeed(group, old, memberId)
    this.#updateMember(group, member, request, done)
    const reason = `static member replaced: ${request.reason ?? 'no reason given'}`
    if (group.state === 'Stable') {
      if (group.selectProtocol() === group.protocolName) this.#storeReplacement(group, member, before, request)
      else this.#rebalancer.rebalanceOrComplete(group, reason)
    } else if (group.state === 'CompletingRebalance') {
      // The leader may be assigning to the old id just now.
      this.#rebalancer.prepare(group, reason)
    } else {
      this.#rebalancer.completeIfAllJoined(group)
    }
  }

  /** Gives a static member's place to a new id; whoever waits under the old one is fenced. */
  #succeed(group: Group, old: Member, memberId: string): Member {
    const context = this.#context
    context.answerJoin(group, old, joinFailure(Errors.FENCED_INSTANCE_ID, old.id))
    context.answerSync(old, syncFailure(Errors.FENCED_INSTANCE_ID))
    context.timers.cancel(old.session)
    const timer = this.#rebalancer.sessionTimer(group.id, memberId)
    const { groupInstanceId, clientId, clientHost, protocolType } = old
    const identity = { memberId, groupInstanceId, clientId, clientHost, protocolType }
    const member = new Member(identity, old, old.protocols, timer)
    member.assignment = old.assignment
    group.replace(old, member)
    context.heartbeat(member)
    return member
  }

  /** The replacement changes nothing for the others: stored under the same generation, no rebalance. */
  #storeReplacement(
    group: Group,
    member: Member,
    before: Terms & { readonly id: string; readonly leader: string | null },
    request: JoinRequest,
  ): void {
    const context = this.#context
    const generation = group.generation
    const assignments = new Map(Array.from(group.members.values(), (each) => [each.id, each.assignment]))
    const isCurrent = () => group.members.get(member.id) === member && group.generation === generation
    context.outbox.append([groupMetadataRecord(group, assignments)], context.now.wallMs, {
      applied: () => {},
      answered: (error) => {
        if (error !== Errors.NONE) {
          const failure = joinFailure(storeError(error), '')
          context.answerJoin(group, member, { ...failure, generationId: group.generation })
          if (!isCurrent()) return
          this.#setTerms(group, member, before)
          this.#succeed(group, member, before.id)
        } else if (isCurrent() && group.state === 'Stable') {
          const skipAssignment = request.supportsSkippingAssignment && group.isLeader(member.id)
          const leader = request.supportsSkippingAssignment ? group.leaderId : before.leader
          const overrides = { leader: leader ?? '', skipAssignment }
          const result = this.#rebalancer.joinResult(group, member, overrides)
          context.answerJoin(group, member, skipAssignment ? result : { ...result, members: [] })
        }
      },
    })
  }
}

/** A client id may be as long as a string can be on the wire; the member id made from it has to fit as well. */
function idPrefix(name: string): string {
  const cut = name.slice(0, MEMBER_ID_PREFIX_MAX)
  // Half a surrogate pair would not survive the way to the client and back.
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut
}
