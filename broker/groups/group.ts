/**
 * One classic group: its members, state and generation. Owns the bookkeeping that must never disagree (members awaiting
 * a join, protocol counts, static ids); when to rebalance is decided in `rebalance.ts`. Follows Kafka's ClassicGroup.
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import type { MemberProtocol } from './api.ts'
import type { Member } from './member.ts'
import { subscribedTopicsOf } from './subscription.ts'
import type { Timer } from './timers.ts'

/** Kafka's names, as DescribeGroups and ListGroups show them. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

/** The protocol type of consumers; others (connect, sr) are opaque. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer'

const previousStates: Readonly<Record<GroupState, readonly GroupState[]>> = {
  Empty: ['PreparingRebalance'],
  PreparingRebalance: ['Stable', 'CompletingRebalance', 'Empty'],
  CompletingRebalance: ['PreparingRebalance'],
  Stable: ['CompletingRebalance'],
  Dead: ['Stable', 'PreparingRebalance', 'CompletingRebalance', 'Empty', 'Dead'],
}

export interface GroupTimers {
  /** Ends the join phase. */
  readonly join: Timer
  /** Ends the wait for SyncGroup. */
  readonly sync: Timer
}

export interface GroupSeed {
  readonly state: 'Empty' | 'Stable'
  readonly generation: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leaderId: string | null
  /** Wall-clock milliseconds at which the state was entered; -1 = not recorded. */
  readonly stateTimestampMs: number
}

export const NEW_GROUP: GroupSeed = {
  state: 'Empty',
  generation: 0,
  protocolType: null,
  protocolName: null,
  leaderId: null,
  stateTimestampMs: -1,
}

export class Group {
  readonly id: string
  readonly members = new Map<string, Member>()
  /** Member id by `group.instance.id`. */
  readonly staticMembers = new Map<string, string>()
  /** Ids given out with MEMBER_ID_REQUIRED whose owner has not come back yet, each with its expiry. */
  readonly pendingJoins = new Map<string, Timer>()
  /** Members of this generation that still owe a SyncGroup. */
  readonly pendingSyncs = new Set<string>()
  readonly timers: GroupTimers
  state: GroupState
  previousState: GroupState = 'Empty'
  stateTimestampMs: number
  generation: number
  protocolType: string | null
  protocolName: string | null
  leaderId: string | null
  /** Someone joined during the initial delay, which is therefore extended. */
  newMemberAdded = false
  /** Null when the group is not a consumer group or a subscription cannot be read. */
  subscribedTopics: ReadonlySet<string> | null = null
  #awaitingJoins = 0
  readonly #protocolCounts = new Map<string, number>()

  constructor(id: string, seed: GroupSeed, makeTimers: (group: Group) => GroupTimers) {
    this.id = id
    this.state = seed.state
    this.generation = seed.generation
    this.protocolType = seed.protocolType
    this.protocolName = seed.protocolName
    this.leaderId = seed.leaderId
    this.stateTimestampMs = seed.stateTimestampMs
    this.timers = makeTimers(this)
  }

  get awaitingJoins(): number {
    return this.#awaitingJoins
  }

  get hasAllMembersJoined(): boolean {
    return this.members.size === this.#awaitingJoins && this.pendingJoins.size === 0
  }

  get usesConsumerProtocol(): boolean {
    return this.protocolType === CONSUMER_PROTOCOL_TYPE
  }

  get canRebalance(): boolean {
    return previousStates.PreparingRebalance.includes(this.state)
  }

  /** The longest a member may take to rejoin. */
  get rebalanceTimeoutMs(): number {
    let longest = 0
    for (const member of this.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs)
    return longest
  }

  isLeader(memberId: string): boolean {
    return this.leaderId !== null && this.leaderId === memberId
  }

  /** Unknown subscriptions count as subscribed to everything, so that nothing is deleted by mistake. */
  isSubscribedTo(topic: string): boolean {
    return this.subscribedTopics === null ? this.usesConsumerProtocol : this.subscribedTopics.has(topic)
  }

  transitionTo(state: GroupState, wallMs: number): void {
    if (!previousStates[state].includes(this.state)) throw new Error(`a group cannot go from ${this.state} to ${state}`)
    this.previousState = this.state
    this.state = state
    this.stateTimestampMs = wallMs
  }

  /** Whether a member with these protocols could be part of this group. */
  supports(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (this.state === 'Empty') return protocolType !== '' && protocols.length > 0
    if (this.protocolType !== protocolType) return false
    return protocols.some(({ name }) => (this.#protocolCounts.get(name) ?? 0) === this.members.size)
  }

  /** Adds a member that `supports` has accepted; the first one leads. */
  add(member: Member): void {
    if (member.groupInstanceId !== null) this.staticMembers.set(member.groupInstanceId, member.id)
    if (this.members.size === 0) this.protocolType = member.protocolType
    this.leaderId ??= member.id
    this.members.set(member.id, member)
    this.#countProtocols(member, 1)
    if (member.awaitingJoin !== null) this.#awaitingJoins += 1
    this.pendingJoins.delete(member.id)
  }

  /** Forgets a member (its parked requests must have been answered); another one leads if it did. */
  remove(member: Member): void {
    this.members.delete(member.id)
    this.#countProtocols(member, -1)
    if (member.awaitingJoin !== null) this.#awaitingJoins -= 1
    if (member.groupInstanceId !== null) this.staticMembers.delete(member.groupInstanceId)
    if (this.isLeader(member.id)) this.leaderId = this.members.keys().next().value ?? null
    this.pendingSyncs.delete(member.id)
  }

  /** Puts `successor` in the place of a static member with the same protocols: same role, same assignment, new id. */
  replace(old: Member, successor: Member): void {
    this.members.delete(old.id)
    this.members.set(successor.id, successor)
    if (this.isLeader(old.id)) this.leaderId = successor.id
    if (successor.groupInstanceId !== null) this.staticMembers.set(successor.groupInstanceId, successor.id)
    this.pendingSyncs.delete(old.id)
  }

  /** Parks or releases a member's join, keeping the count of those who have joined. */
  setAwaitingJoin(member: Member, done: Member['awaitingJoin']): void {
    if ((done === null) !== (member.awaitingJoin === null)) this.#awaitingJoins += done === null ? -1 : 1
    member.awaitingJoin = done
  }

  setProtocols(member: Member, protocols: readonly MemberProtocol[]): void {
    this.#countProtocols(member, -1)
    member.protocols = protocols
    this.#countProtocols(member, 1)
  }

  /**
   * Makes sure the leader is one who has joined. False when the group has no leader or nobody has joined: then there is no
   * next generation to begin.
   */
  electJoinedLeader(): boolean {
    if (this.leaderId === null) return false
    if ((this.members.get(this.leaderId)?.awaitingJoin ?? null) !== null) return true
    for (const member of this.members.values()) {
      if (member.awaitingJoin !== null) {
        this.leaderId = member.id
        return true
      }
    }
    return false
  }

  /** The protocol with the most votes among those that every member speaks; the first voted wins a draw. */
  selectProtocol(): string {
    const candidates = new Set<string>()
    for (const [name, count] of this.#protocolCounts) if (count === this.members.size) candidates.add(name)
    const votes = new Map<string, number>()
    for (const member of this.members.values()) {
      const choice = member.vote(candidates)
      votes.set(choice, (votes.get(choice) ?? 0) + 1)
    }
    let winner = ''
    let most = 0
    for (const [name, count] of votes) {
      if (count > most) {
        winner = name
        most = count
      }
    }
    return winner
  }

  /** Begins the next generation with the members there are: CompletingRebalance, or Empty without members. */
  beginGeneration(wallMs: number): void {
    this.generation += 1
    this.protocolName = this.members.size === 0 ? null : this.selectProtocol()
    this.refreshSubscribedTopics()
    this.transitionTo(this.members.size === 0 ? 'Empty' : 'CompletingRebalance', wallMs)
    this.pendingSyncs.clear()
  }

  refreshSubscribedTopics(): void {
    this.subscribedTopics = subscribedTopicsOf(this)
  }

  /** What Kafka answers a request of this member, or NONE: a wrong instance is fenced before an unknown id is named. */
  checkMember(memberId: string, groupInstanceId: string | null): ErrorCode {
    if (groupInstanceId !== null) {
      const current = this.staticMembers.get(groupInstanceId)
      if (current === undefined) return Errors.UNKNOWN_MEMBER_ID
      if (current !== memberId) return Errors.FENCED_INSTANCE_ID
    }
    return this.members.has(memberId) ? Errors.NONE : Errors.UNKNOWN_MEMBER_ID
  }

  #countProtocols(member: Member, step: 1 | -1): void {
    for (const { name } of member.protocols) {
      const count = (this.#protocolCounts.get(name) ?? 0) + step
      if (count === 0) this.#protocolCounts.delete(name)
      else this.#protocolCounts.set(name, count)
    }
  }
}
