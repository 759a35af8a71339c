/** A member of a consumer group (the classic protocol): joins, is assigned partitions, commits offsets, falls silent at times. */
import { Errors, errorName } from '../../../../proto/kafka/errors.ts'
import {
  FindCoordinator,
  Heartbeat,
  JoinGroup,
  OffsetCommit,
  OffsetFetch,
  SyncGroup,
} from '../../../../proto/kafka/generated/apis.ts'
import type { JoinGroupResponse } from '../../../../proto/kafka/generated/11-join-group.ts'
import type { GroupHistory } from '../group-history.ts'
import type { PartitionHistory } from '../history.ts'
import { must } from '../../log/violation.ts'
import { type ClientOptions, SimClient } from './client.ts'
import { WireConnection } from './wire.ts'

export interface GroupMemberOptions extends ClientOptions {
  readonly group: GroupHistory
  readonly partitions: readonly PartitionHistory[]
  /**
   * The host that coordinates the group by now, null where nobody does. One that was replaced and has not heard of it yet
   * answers with what it knew, as Kafka's does: that breaks no promise.
   */
  readonly coordinator: () => string | null
}

const SESSION_MS = 6_000
const REBALANCE_MS = 5_000
const REQUEST_MS = 3_000
const HEARTBEAT_MS = 700
const COMMIT_MS = 250
const RETRY_MS = 100
/** Chance, at each heartbeat, that a member is silent for longer than its session lasts. */
const SILENCE_CHANCE = 0.02
const NO_MEMBER = ''

const NOT_HERE: ReadonlySet<number> = new Set([
  Errors.NOT_COORDINATOR,
  Errors.COORDINATOR_NOT_AVAILABLE,
  Errors.COORDINATOR_LOAD_IN_PROGRESS,
  Errors.REQUEST_TIMED_OUT,
  Errors.KAFKA_STORAGE_ERROR,
])
const REJOIN: ReadonlySet<number> = new Set([
  Errors.REBALANCE_IN_PROGRESS,
  Errors.ILLEGAL_GENERATION,
  Errors.UNKNOWN_MEMBER_ID,
  Errors.MEMBER_ID_REQUIRED,
])

export class SimGroupMember {
  readonly #client: SimClient
  readonly #options: GroupMemberOptions
  #coordinator: WireConnection | null = null
  #coordinatorHost = ''
  #memberId = NO_MEMBER
  #generation = -1
  #assigned: readonly string[] = []
  /** Counts the times that it began to join: what belongs to an earlier time is over. */
  #round = 0
  #isStopped = false

  constructor(options: GroupMemberOptions) {
    this.#options = options
    this.#client = new SimClient(options)
  }

  start(): void {
    this.#findCoordinator(++this.#round)
  }

  stop(): void {
    this.#isStopped = true
    this.#round++
  }

  /** Whether it has partitions of a generation, and nothing has told it otherwise. */
  get isSettled(): boolean {
    return this.#generation >= 0
  }

  #again(delayMs = RETRY_MS): void {
    const round = ++this.#round
    this.#generation = -1
    this.#client.after(delayMs, () => {
      if (round === this.#round && !this.#isStopped) this.#findCoordinator(round)
    })
  }

  #findCoordinator(round: number): void {
    const message = { key: '', keyType: 0, coordinatorKeys: [this.#options.group.name] }
    this.#client.anyBroker().request(FindCoordinator, 4, message, REQUEST_MS, (response) => {
      if (round !== this.#round) return
      const found = response?.coordinators[0]
      if (found === undefined || found.errorCode !== Errors.NONE) return this.#again()
      this.#coordinator?.close()
      const { process, network } = this.#options
      this.#coordinator = new WireConnection(process, network, { host: found.host, port: found.port })
      this.#coordinatorHost = found.host
      this.#join(round)
    })
  }

  /** Looks at an error; true = go on. */
  #isGood(round: number, error: number | null): boolean {
    if (round !== this.#round) return false
    if (error === Errors.NONE) return true
    must(error === null || NOT_HERE.has(error) || REJOIN.has(error), 'G-error', () => {
      return `group ${this.#options.group.name} answers ${errorName(error ?? 0)}`
    })
    if (error === Errors.UNKNOWN_MEMBER_ID) this.#memberId = NO_MEMBER
    this.#again()
    return false
  }

  #join(round: number): void {
    const message = {
      groupId: this.#options.group.name,
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: REBALANCE_MS,
      memberId: this.#memberId,
      groupInstanceId: null,
      protocolType: 'sim',
      protocols: [{ name: 'in-turn', metadata: Buffer.alloc(0) }],
      reason: null,
    }
    this.#coordinator?.request(JoinGroup, 7, message, REBALANCE_MS + REQUEST_MS, (response) => {
      if (round !== this.#round) return
      if (response?.errorCode === Errors.MEMBER_ID_REQUIRED) {
        this.#memberId = response.memberId
        this.#join(round)
      } else if (this.#isGood(round, response?.errorCode ?? null)) this.#sync(round, response!)
    })
  }

  #sync(round: number, { memberId, generationId, leader, members }: JoinGroupResponse): void {
    this.#memberId = memberId
    const assignments = leader === memberId ? this.#assign(members.map((member) => member.memberId)) : []
    const message = {
      groupId: this.#options.group.name,
      generationId,
      memberId,
      groupInstanceId: null,
      protocolType: 'sim',
      protocolName: 'in-turn',
      assignments,
    }
    this.#coordinator?.request(SyncGroup, 5, message, REBALANCE_MS + REQUEST_MS, (response) => {
      if (!this.#isGood(round, response?.errorCode ?? null)) return
      const text = response!.assignment.toString()
      this.#assigned = text === '' ? [] : text.split(' ')
      this.#generation = generationId
      this.#options.group.assigned(memberId, generationId, this.#assigned)
      this.#beat(round)
      this.#fetchOffsets(round)
    })
  }

  /** Partitions to members, in turn. */
  #assign(members: readonly string[]): { memberId: string; assignment: Buffer }[] {
    const { partitions } = this.#options
    return members.map((memberId, turn) => {
      const own = partitions.filter((_, index) => index % members.length === turn)
      return { memberId, assignment: Buffer.from(own.map(({ name }) => name).join(' ')) }
    })
  }

  #beat(round: number): void {
    const isSilent = this.#client.random.chance(SILENCE_CHANCE)
    this.#client.after(isSilent ? SESSION_MS * 2 : HEARTBEAT_MS, () => {
      if (round !== this.#round) return
      const { name: groupId } = this.#options.group
      const message = { groupId, generationId: this.#generation, memberId: this.#memberId, groupInstanceId: null }
      this.#coordinator?.request(Heartbeat, 4, message, REQUEST_MS, (response) => {
        if (this.#isGood(round, response?.errorCode ?? null)) this.#beat(round)
      })
    })
  }

  #fetchOffsets(round: number): void {
    const { group } = this.#options
    const askedMs = this.#client.nowMs
    const topics = this.#own().map(({ topic, index }) => ({ name: topic, partitionIndexes: [index] }))
    const message = { groupId: group.name, topics, groups: [], requireStable: true }
    this.#coordinator?.request(OffsetFetch, 7, message, REQUEST_MS, (response) => {
      if (!this.#isGood(round, response?.errorCode ?? null)) return
      const isDeposed = (this.#options.coordinator() ?? this.#coordinatorHost) !== this.#coordinatorHost
      for (const { name, partitions } of response!.topics) {
        for (const { partitionIndex, errorCode, committedOffset } of partitions) {
          if (errorCode === Errors.NONE && !isDeposed)
            group.fetched(`${name}-${partitionIndex}`, committedOffset, askedMs)
        }
      }
      this.#commit(round)
    })
  }

  /** Commits, and now and then looks at what is committed. */
  #commit(round: number): void {
    this.#client.after(COMMIT_MS, () => {
      if (round !== this.#round || this.#assigned.length === 0) return
      const { group } = this.#options
      const { topic, index, name } = this.#client.random.pick(this.#own())
      const commit = group.begin(name, this.#generation, this.#client.nowMs)
      const partition = {
        partitionIndex: index,
        committedOffset: commit.offset,
        committedLeaderEpoch: -1,
        committedMetadata: '',
      }
      const message = {
        groupId: group.name,
        generationIdOrMemberEpoch: this.#generation,
        memberId: this.#memberId,
        groupInstanceId: null,
        retentionTimeMs: -1,
        topics: [{ name: topic, topicId: '', partitions: [partition] }],
      }
      this.#coordinator?.request(OffsetCommit, 8, message, REQUEST_MS, (response) => {
        const error = response?.topics[0]?.partitions[0]?.errorCode ?? null
        if (error === Errors.NONE) group.acknowledged(name, commit, this.#client.nowMs)
        if (!this.#isGood(round, error)) return
        if (this.#client.random.chance(0.3)) this.#fetchOffsets(round)
        else this.#commit(round)
      })
    })
  }

  #own(): readonly PartitionHistory[] {
    return this.#options.partitions.filter(({ name }) => this.#assigned.includes(name))
  }
}
