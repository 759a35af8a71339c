/**
 * The group coordinators of this broker: one per `__consumer_offsets` partition that it leads. Sends each request to the
 * coordinator of its group, keeps one timer for all of them, and stands between them and the rest of the broker.
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import type { BrokerConfig } from '../config.ts'
import type { ControllerApi } from '../controller/api.ts'
import type { MetadataDelta, MetadataView } from '../controller/view.ts'
import { GROUP_ID_LENGTH_MAX, GROUP_STATE_BYTES_MAX, MAX_GROUPS } from '../limits.ts'
import type { Metrics } from '../metrics.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Partition, PartitionsApi } from '../replication/api.ts'
import type { Logger } from '../services.ts'
import type {
  CommitRequest,
  CommitTopicResult,
  DeleteOffsetsRequest,
  DeleteOffsetsResult,
  DescribedGroup,
  Done,
  FetchOffsetsRequest,
  FetchOffsetsResult,
  GroupsApi,
  GroupsLifecycle,
  JoinRequest,
  JoinResult,
  LeaveRequest,
  LeaveResult,
  ListResult,
  MemberRequest,
  SyncRequest,
  SyncResult,
} from './api.ts'
import { Budget } from './budget.ts'
import { allPartitions } from './commit.ts'
import { joinFailure, syncFailure } from './context.ts'
import { Coordinator } from './coordinator.ts'
import { type CoordinatorAddress, CoordinatorLocator } from './locator.ts'
import { GroupMetrics } from './metrics.ts'
import { groupOptions, type GroupOptions } from './options.ts'
import { coordinatorPartition, OFFSETS_TOPIC } from './partition.ts'
import { describeNothing, GroupShard } from './shard.ts'

/** Longest sleep of the timer; a timer of the platform cannot wait longer than 24 days. */
const MAX_SLEEP_MS = 60 * 60 * 1000

export interface GroupManagerDependencies {
  readonly nodeId: number
  readonly config: BrokerConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  readonly metadata: MetadataView
  readonly controller: ControllerApi
  readonly partitions: PartitionsApi
  /** No controller has answered for as long as it takes to be replaced: another broker coordinates by now, for all one knows. */
  readonly isCutOff: () => boolean
}

export class GroupManager implements GroupsApi, GroupsLifecycle {
  readonly #dependencies: GroupManagerDependencies
  readonly #options: GroupOptions
  readonly #budget = new Budget(MAX_GROUPS, GROUP_STATE_BYTES_MAX)
  /** By partition. */
  readonly #coordinators = new Map<number, Coordinator>()
  readonly #locator: CoordinatorLocator
  readonly #metrics: GroupMetrics
  #timer: Timer | null = null
  #timerDueMs = Number.POSITIVE_INFINITY
  #closed = false

  constructor(dependencies: GroupManagerDependencies) {
    this.#dependencies = dependencies
    this.#options = groupOptions(dependencies.config)
    this.#locator = new CoordinatorLocator({
      ...dependencies,
      partitionFor: (groupId) => this.partitionFor(groupId),
      isServing: (partition) => this.#coordinators.get(partition)?.error === Errors.NONE && !dependencies.isCutOff(),
    })
    this.#metrics = new GroupMetrics(dependencies.metrics, this.#budget, () => this.#shards())
  }

  start(): void {
    this.#dependencies.partitions.onLeadership(OFFSETS_TOPIC, {
      elected: (partition) => this.#elected(partition),
      resigned: (index) => this.#resigned(index),
    })
  }

  metadataChanged(delta: MetadataDelta): void {
    if (delta.deletedTopics.length === 0) return
    for (const coordinator of this.#coordinators.values()) coordinator.topicsDeleted(delta.deletedTopics)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    for (const index of this.#coordinators.keys()) this.#resigned(index)
  }

  partitionFor(groupId: string): number {
    const { metadata, config } = this.#dependencies
    const count = metadata.topic(OFFSETS_TOPIC)?.partitions.length ?? config.properties['offsets.topic.num.partitions']
    return coordinatorPartition(groupId, count)
  }

  findCoordinator(groupId: string, done: Done<CoordinatorAddress>): void {
    if (this.#closed) done({ error: Errors.COORDINATOR_NOT_AVAILABLE, nodeId: -1 })
    else if (groupId.length > GROUP_ID_LENGTH_MAX) done({ error: Errors.INVALID_GROUP_ID, nodeId: -1 })
    else this.#locator.find(groupId, done)
  }

  join(request: JoinRequest, done: Done<JoinResult>): void {
    this.#route(request.groupId, true, (error) => done(joinFailure(error, request.memberId)))?.run((shard, now) =>
      shard.join(request, now, done),
    )
  }

  sync(request: SyncRequest, done: Done<SyncResult>): void {
    this.#route(request.groupId, true, (error) => done(syncFailure(error)))?.run((shard, now) =>
      shard.sync(request, now, done),
    )
  }

  heartbeat(request: MemberRequest, done: Done<ErrorCode>): void {
    // A member of a group that is still being loaded lives on, as in Kafka.
    const coordinator = this.#route(request.groupId, true, (error) =>
      done(error === Errors.COORDINATOR_LOAD_IN_PROGRESS ? Errors.NONE : error),
    )
    if (coordinator !== null) done(coordinator.run((shard, now) => shard.heartbeat(request, now)))
  }

  leave(request: LeaveRequest, done: Done<LeaveResult>): void {
    const coordinator = this.#route(request.groupId, true, (error) => done({ error, members: [] }))
    if (coordinator !== null) done(coordinator.run((shard, now) => shard.leave(request, now)))
  }

  commitOffsets(request: CommitRequest, done: Done<CommitTopicResult[]>): void {
    this.#route(request.groupId, false, (error) => done(allPartitions(request, error)))?.run((shard, now) =>
      shard.commit(request, now, done),
    )
  }

  fetchOffsets(request: FetchOffsetsRequest, done: Done<FetchOffsetsResult>): void {
    this.#route(request.groupId, false, (error) => done({ error, topics: [] }))?.run((shard) =>
      shard.fetch(request, done),
    )
  }

  describe(groupIds: readonly string[], done: Done<DescribedGroup[]>): void {
    const describeOne = (groupId: string): DescribedGroup => {
      let failure: ErrorCode = Errors.NONE
      const coordinator = this.#route(groupId, false, (error) => {
        failure = error
      })
      return coordinator?.shard.describe(groupId) ?? describeNothing(groupId, failure)
    }
    done(groupIds.map(describeOne))
  }

  list(
    filter: { readonly states: readonly string[]; readonly types: readonly string[] },
    done: Done<ListResult>,
  ): void {
    const coordinators = [...this.#coordinators.values()]
    if (this.#closed) done({ error: Errors.COORDINATOR_NOT_AVAILABLE, groups: [] })
    else if (coordinators.some(({ isLoading }) => isLoading)) {
      done({ error: Errors.COORDINATOR_LOAD_IN_PROGRESS, groups: [] })
    } else {
      const states = filterOf(filter.states)
      const types = filterOf(filter.types)
      const active = coordinators.filter(({ error }) => error === Errors.NONE)
      const groups = active.flatMap(({ shard }) => shard.list())
      done({ error: Errors.NONE, groups: groups.filter(({ state, type }) => states(state) && types(type)) })
    }
  }

  deleteGroups(
    groupIds: readonly string[],
    done: Done<{ readonly groupId: string; readonly error: ErrorCode }[]>,
  ): void {
    const results = groupIds.map((groupId) => ({ groupId, error: Errors.NONE as ErrorCode }))
    let left = results.length
    if (left === 0) done([])
    for (const result of results) {
      const finish = (error: ErrorCode) => {
        result.error = error
        left -= 1
        if (left === 0) done(results)
      }
      this.#route(result.groupId, false, finish)?.run((shard, now) =>
        shard.deleteGroup(result.groupId, now, ({ error }) => finish(error)),
      )
    }
  }

  deleteOffsets(request: DeleteOffsetsRequest, done: Done<DeleteOffsetsResult>): void {
    this.#route(request.groupId, true, (error) => done({ error, topics: [] }))?.run((shard, now) =>
      shard.deleteOffsets(request, now, done),
    )
  }

  /**
   * The coordinator of a group; null after `refuse` was called. An empty id is fine for what deals in offsets only (Kafka
   * keeps that for old clients).
   */
  #route(groupId: string, mustBeNamed: boolean, refuse: (error: ErrorCode) => void): Coordinator | null {
    if (this.#closed) refuse(Errors.COORDINATOR_NOT_AVAILABLE)
    else if ((mustBeNamed && groupId === '') || groupId.length > GROUP_ID_LENGTH_MAX) {
      refuse(Errors.INVALID_GROUP_ID)
    } else {
      const coordinator = this.#coordinators.get(this.partitionFor(groupId))
      const isDeposed = coordinator === undefined || this.#dependencies.isCutOff()
      const error = isDeposed ? Errors.NOT_COORDINATOR : coordinator.error
      if (coordinator !== undefined && error === Errors.NONE) return coordinator
      refuse(error)
    }
    return null
  }

  /** A new leader epoch of a partition that is led here already changes nothing: nobody else wrote to it meanwhile. */
  #elected(partition: Partition): void {
    if (this.#closed || this.#coordinators.get(partition.index)?.partition === partition) return
    this.#resigned(partition.index)
    const { clock, logger, config, random } = this.#dependencies
    const shard = new GroupShard({ options: this.#options, budget: this.#budget, newId: () => randomUuid(random) })
    const host = {
      clock,
      logger,
      commitTimeoutMs: config.properties['offsets.commit.timeout.ms'],
      loadBytes: config.properties['offsets.load.buffer.size'],
      dueChanged: () => this.#arm(shard.nextDueMs),
    }
    this.#coordinators.set(partition.index, new Coordinator(host, partition, shard))
  }

  #resigned(index: number): void {
    const coordinator = this.#coordinators.get(index)
    this.#coordinators.delete(index)
    if (coordinator === undefined) return
    this.#metrics.keepCountersOf(coordinator.shard)
    coordinator.resign()
  }

  *#shards(): Iterable<GroupShard> {
    for (const { shard } of this.#coordinators.values()) yield shard
  }

  #arm(dueMs: number): void {
    if (this.#closed || dueMs >= this.#timerDueMs) return
    const { clock } = this.#dependencies
    this.#timer?.cancel()
    this.#timerDueMs = dueMs
    const delayMs = Math.min(dueMs - clock.monotonic(), MAX_SLEEP_MS)
    // After a stall of this process the heartbeats that came meanwhile are read before anybody is declared dead.
    const advance = () => clock.turnEnd(() => this.#advance())
    this.#timer = delayMs > 0 ? clock.after(delayMs, advance) : null
    if (this.#timer === null) advance()
  }

  #advance(): void {
    this.#timer = null
    this.#timerDueMs = Number.POSITIVE_INFINITY
    if (this.#closed) return
    const nowMs = this.#dependencies.clock.monotonic()
    for (const coordinator of this.#coordinators.values()) {
      const { shard, isLoading } = coordinator
      if (isLoading) continue
      if (shard.nextDueMs <= nowMs) coordinator.run((due, now) => due.advance(now))
      else this.#arm(shard.nextDueMs)
    }
  }
}

/** Kafka compares states and types without case and surrounding blanks; no words let everything through. */
function filterOf(words: readonly string[]): (value: string) => boolean {
  const wanted = new Set(words.map((word) => word.trim().toLowerCase()))
  return (value) => wanted.size === 0 || wanted.has(value.toLowerCase())
}

/** A version 4 UUID in its usual text form. */
function randomUuid(random: Random): string {
  const bytes = random.bytes(16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
