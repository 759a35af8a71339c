import { Errors } from '../../../proto/kafka/errors.ts'
import type { JoinGroupResponse } from '../../../proto/kafka/generated/11-join-group.ts'
import { JoinGroup, LeaveGroup, SyncGroup } from '../../../proto/kafka/generated/apis.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { Coordinator } from '../../cluster/coordinator.ts'
import type { Committer } from '../../cluster/group-offsets.ts'
import { clientError, type MillraceError } from '../../errors.ts'
import { abortable, backoffMs, sleep, throwIfAborted } from '../../timing.ts'
import type { TopicPartition } from '../../topic.ts'
import type { Assignor, MemberSubscription } from '../assignors/assignor.ts'
import type { ConsumerConfig } from '../config.ts'
import {
  CONSUMER_PROTOCOL,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './protocol.ts'

/** Beyond the rebalance timeout the coordinator gets this long to answer a JoinGroup. */
const JOIN_GRACE_MS = 5_000

const NO_GENERATION = -1

/** The member's side of the classic group protocol: joining, syncing, leaving. Heartbeats are in `Heartbeat`. */
export class Membership {
  readonly #cluster: Cluster
  readonly #config: ConsumerConfig
  readonly #coordinator: Coordinator
  readonly #channel: string
  memberId = ''
  generation = NO_GENERATION
  /** The next poll joins (again) before it delivers. */
  mustJoin = true
  /** The group went on without this member: what it held may be another's by now. */
  isLost = false
  /** Partition counts that this member, as the group's leader, assigned by; null for others. */
  assignedCounts: ReadonlyMap<string, number> | null = null

  constructor(cluster: Cluster, config: ConsumerConfig, coordinator: Coordinator, channel: string) {
    this.#cluster = cluster
    this.#config = config
    this.#coordinator = coordinator
    this.#channel = channel
  }

  get committer(): Committer {
    const { memberId, generation } = this
    return { group: this.#config.group, memberId, generation, instanceId: this.#config.instanceId }
  }

  /** The group no longer knows this member as it is: join afresh, and give up what was held. */
  lose(forgetId: boolean): void {
    this.generation = NO_GENERATION
    if (forgetId) this.memberId = ''
    this.isLost = true
    this.mustJoin = true
  }

  /**
   * Joins and syncs, however many rounds it takes, and returns the assignment. Undefined: the membership turned out void;
   * the caller gives up what it holds and joins again. Rejects after apiTimeoutMs of nothing but failures.
   */
  async join(owned: readonly TopicPartition[], signal: AbortSignal): Promise<TopicPartition[] | undefined> {
    const { apiTimeoutMs, retryBackoffMs, retryBackoffMaxMs } = this.#cluster.config
    let failingSince = Number.POSITIVE_INFINITY
    for (let rounds = 0; ; rounds++) {
      throwIfAborted(signal)
      this.mustJoin = false
      try {
        return await this.#joinOnce(owned, signal)
      } catch (cause) {
        this.mustJoin = true
        const { code, retriable } = cause as MillraceError
        if (code === 'UNKNOWN_MEMBER_ID' || code === 'ILLEGAL_GENERATION') {
          this.lose(code === 'UNKNOWN_MEMBER_ID')
          return undefined
        }
        if (code === 'MEMBER_ID_REQUIRED') continue
        if (code === 'REBALANCE_IN_PROGRESS') failingSince = Number.POSITIVE_INFINITY
        else if (!retriable) throw cause
        else failingSince = Math.min(failingSince, Date.now())
        if (Date.now() - failingSince > apiTimeoutMs) throw cause
        await sleep(backoffMs(Math.min(rounds, 5), retryBackoffMs, retryBackoffMaxMs), signal)
      }
    }
  }

  /** Tells the group that this member is gone; a static member stays and is only missed after its session (KIP-345). */
  async leave(reason: string, signal?: AbortSignal): Promise<void> {
    const { memberId } = this
    this.generation = NO_GENERATION
    this.memberId = ''
    this.mustJoin = true
    if (memberId === '' || this.#config.instanceId !== null) return
    const message = {
      groupId: this.#config.group,
      memberId,
      members: [{ memberId, groupInstanceId: this.#config.instanceId, reason }],
    }
    const options = { channel: this.#channel, signal }
    await this.#coordinator.call(LeaveGroup, message, (answer) => answer.errorCode, options)
  }

  async #joinOnce(owned: readonly TopicPartition[], signal: AbortSignal): Promise<TopicPartition[]> {
    const joined = await abortable(this.#sendJoin(owned, signal), signal)
    this.generation = joined.generationId
    const assignor = this.#config.assignors.find(({ name }) => name === joined.protocolName)
    if (assignor === undefined) throw clientError('CLIENT_PROTOCOL', `the group chose ${joined.protocolName}`)
    const isLeader = joined.leader === this.memberId
    const assignments = isLeader && !joined.skipAssignment ? await this.#assign(assignor, joined) : []
    if (!isLeader) this.assignedCounts = null
    const synced = await this.#coordinator.call(
      SyncGroup,
      {
        groupId: this.#config.group,
        generationId: this.generation,
        memberId: this.memberId,
        groupInstanceId: this.#config.instanceId,
        protocolType: CONSUMER_PROTOCOL,
        protocolName: assignor.name,
        assignments,
      },
      (answer) => answer.errorCode,
      { channel: this.#channel, timeoutMs: this.#joinTimeoutMs, signal },
    )
    return decodeAssignment(synced.assignment)
  }

  async #sendJoin(owned: readonly TopicPartition[], signal: AbortSignal): Promise<JoinGroupResponse> {
    const message = {
      groupId: this.#config.group,
      sessionTimeoutMs: this.#config.sessionTimeoutMs,
      rebalanceTimeoutMs: this.#config.maxPollIntervalMs,
      memberId: this.memberId,
      groupInstanceId: this.#config.instanceId,
      protocolType: CONSUMER_PROTOCOL,
      protocols: this.#config.assignors.map((assignor) => ({
        name: assignor.name,
        metadata: this.#subscription(assignor, owned),
      })),
      reason: null,
    }
    const noteMemberId = (answer: JoinGroupResponse): number => {
      if (answer.errorCode === Errors.NONE || answer.errorCode === Errors.MEMBER_ID_REQUIRED)
        this.memberId = answer.memberId
      return answer.errorCode
    }
    const options = { channel: this.#channel, timeoutMs: this.#joinTimeoutMs, signal }
    return this.#coordinator.call(JoinGroup, message, noteMemberId, options)
  }

  get #joinTimeoutMs(): number {
    return Math.max(this.#cluster.config.requestTimeoutMs, this.#config.maxPollIntervalMs + JOIN_GRACE_MS)
  }

  #subscription(assignor: Assignor, owned: readonly TopicPartition[]): Buffer {
    return encodeSubscription({
      topics: [...this.#config.topics.keys()],
      userData: assignor.userData?.(owned, this.generation) ?? null,
      ownedPartitions: owned,
      generation: this.generation,
      rack: this.#cluster.config.rack === '' ? null : this.#cluster.config.rack,
    })
  }

  /** The leader's duty: divides the partitions of all topics that any member wants. */
  async #assign(assignor: Assignor, joined: JoinGroupResponse): Promise<{ memberId: string; assignment: Buffer }[]> {
    const members = joined.members.map(({ memberId, groupInstanceId, metadata }) =>
      decodeSubscription(memberId, groupInstanceId, metadata),
    )
    const counts = await this.#countPartitions(members)
    const assignment = assignor.assign(counts, members)
    this.assignedCounts = counts
    return members.map(({ memberId }) => ({ memberId, assignment: encodeAssignment(assignment.get(memberId) ?? []) }))
  }

  async #countPartitions(members: readonly MemberSubscription[]): Promise<Map<string, number>> {
    const topics = new Set(members.flatMap((member) => member.topics))
    this.#cluster.track(topics)
    if ([...topics].some((topic) => this.#cluster.knownTopic(topic) === undefined)) await this.#cluster.refresh()
    const counts = new Map<string, number>()
    for (const topic of topics) {
      const count = this.#cluster.knownTopic(topic)?.partitions.length
      if (count !== undefined) counts.set(topic, count)
    }
    return counts
  }
}
