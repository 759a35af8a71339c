/** The world around the group manager, in memory: a clock that stands still, a log per partition, one broker. */
import type { NewTopic, NewTopicResult } from '../../../broker/controller/api.ts'
import type { BrokerView, MetadataDelta, TopicView } from '../../../broker/controller/view.ts'
import { defaultConfig } from '../../../broker/config.ts'
import { GroupManager, type GroupManagerDependencies } from '../../../broker/groups/manager.ts'
import { OFFSETS_TOPIC } from '../../../broker/groups/partition.ts'
import { MetricsRegistry } from '../../../broker/metrics.ts'
import type { Clock, Timer } from '../../../broker/ports/clock.ts'
import type { LeadershipListener, Partition, ReadResult } from '../../../broker/replication/api.ts'
import { commitRequest } from './coordinator.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { Errors, type ErrorCode } from '../../../proto/kafka/errors.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'

/** Time and loop turns go on only when told to. */
export class ManualClock implements Clock {
  monotonicMs = 1_000
  #timers: { dueMs: number; fn: () => void }[] = []
  #turn: (() => void)[] = []

  now(): number {
    return 1_735_689_600_000 + this.monotonicMs
  }

  monotonic(): number {
    return this.monotonicMs
  }

  after(delayMs: number, fn: () => void): Timer {
    const timer = { dueMs: this.monotonicMs + Math.max(0, delayMs), fn }
    this.#timers.push(timer)
    return { cancel: () => void (this.#timers = this.#timers.filter((each) => each !== timer)) }
  }

  turnEnd(fn: () => void): void {
    this.#turn.push(fn)
  }

  /** Ends loop turns until nothing asks for another. */
  settle(): void {
    while (this.#turn.length > 0) for (const fn of this.#turn.splice(0)) fn()
  }

  advance(ms: number): void {
    this.settle()
    const end = this.monotonicMs + ms
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.dueMs - b.dueMs)[0]
      if (next === undefined || next.dueMs > end) break
      this.#timers = this.#timers.filter((each) => each !== next)
      this.monotonicMs = Math.max(this.monotonicMs, next.dueMs)
      next.fn()
      this.settle()
    }
    this.monotonicMs = end
    this.settle()
  }
}

type AppendDone = (error: ErrorCode, baseOffset: number) => void

/** One partition of the offsets topic. Whatever a test does not use is not there. */
export class MemoryPartition {
  readonly topic = OFFSETS_TOPIC
  readonly index: number
  readonly clock: ManualClock
  logStartOffset = 0
  logEndOffset = 0
  highWatermark = 0
  /** Batches as they were appended. */
  batches: Buffer[] = []
  /** While true, nothing that is appended is committed. */
  held = false
  failWith: ErrorCode = Errors.NONE
  #waiting: { done: AppendDone; baseOffset: number; endOffset: number }[] = []

  constructor(index: number, clock: ManualClock) {
    this.index = index
    this.clock = clock
  }

  appendRecords(
    records: readonly { key: Buffer | null; value: Buffer | null; timestampMs: number }[],
    done: AppendDone,
  ): void {
    if (this.failWith !== Errors.NONE) {
      this.clock.turnEnd(() => done(this.failWith, -1))
      return
    }
    const batch = encodeBatch(
      records.map(({ key, value, timestampMs }) => ({ key, value, timestamp: timestampMs, headers: [] })),
    )
    const baseOffset = this.appendBatch(batch)
    this.#waiting.push({ done, baseOffset, endOffset: this.logEndOffset })
    if (!this.held) this.commit()
  }

  /** Puts a batch into the log that the coordinator did not write. */
  appendBatch(batch: Buffer): number {
    const baseOffset = this.logEndOffset
    header.setBaseOffset(batch, 0, baseOffset)
    this.batches.push(batch)
    this.logEndOffset = header.lastOffset(batch, 0) + 1
    return baseOffset
  }

  /** Moves the high watermark to the end. */
  commit(): void {
    this.highWatermark = this.logEndOffset
    for (const { done, baseOffset } of this.#waiting.splice(0)) this.clock.turnEnd(() => done(Errors.NONE, baseOffset))
  }

  /** The log is lost to another leader: what waits fails. */
  lose(): void {
    for (const { done } of this.#waiting.splice(0)) this.clock.turnEnd(() => done(Errors.NOT_LEADER_OR_FOLLOWER, -1))
  }

  read(
    offset: number,
    limitOffset: number,
    _maxBytes: number,
    _minOne: boolean,
    done: (result: ReadResult) => void,
  ): void {
    const batch = this.batches.find(
      (each) => header.baseOffset(each, 0) <= offset && offset <= header.lastOffset(each, 0),
    )
    const found = batch !== undefined && header.lastOffset(batch, 0) < limitOffset ? [batch] : []
    const nextOffset = found[0] === undefined ? offset : header.lastOffset(found[0], 0) + 1
    const result = { error: Errors.NONE, buffers: found, bytes: found[0]?.length ?? 0, nextOffset }
    this.clock.turnEnd(() => done(result))
  }

  asPartition(): Partition {
    return this as unknown as Partition
  }
}

const NODE: BrokerView = { id: 1, host: '127.0.0.1', port: 9092, rack: null, fenced: false } as BrokerView

/** A broker of one with a group manager; `__consumer_offsets` does not exist until somebody asks for it. */
export class GroupWorld {
  readonly clock = new ManualClock()
  readonly topics = new Map<string, TopicView>()
  readonly partitions: MemoryPartition[] = []
  readonly created: NewTopic[] = []
  readonly logged: string[] = []
  readonly metrics = new MetricsRegistry()
  /** What creating a topic answers. */
  createError: ErrorCode = Errors.NONE
  /** While false, topics that are created have no leaders yet. */
  elects = true
  /** No controller answers this broker any more. */
  isCutOff = false
  readonly manager: GroupManager
  readonly dependencies: GroupManagerDependencies
  #listener: LeadershipListener | null = null
  #random = 0

  constructor(options: Readonly<Record<string, string>> = {}) {
    const log = (_fields: object, message: string) => void this.logged.push(message)
    const config = defaultConfig({ properties: { 'offsets.topic.num.partitions': '4', ...options } })
    this.dependencies = {
      nodeId: 1,
      config,
      clock: this.clock,
      random: { uint32: () => ++this.#random, bytes: (length) => Buffer.alloc(length, ++this.#random) },
      logger: { debug: log, info: log, warn: log, error: log },
      metrics: this.metrics,
      metadata: {
        clusterId: 'c',
        controllerId: 1,
        brokers: () => [NODE],
        topic: (name: string) => this.topics.get(name),
        topicById: (id: string) => [...this.topics.values()].find((topic) => topic.id === id),
        topics: () => this.topics.values(),
        brokerConfig: () => new Map(),
      } as unknown as GroupManagerDependencies['metadata'],
      controller: {
        createTopics: (
          topics: readonly NewTopic[],
          _options: object,
          done: (results: readonly NewTopicResult[]) => void,
        ) => {
          this.created.push(...topics)
          this.clock.turnEnd(() => this.#create(topics, done))
        },
      } as unknown as GroupManagerDependencies['controller'],
      partitions: {
        onLeadership: (_topic: string, listener: LeadershipListener) => void (this.#listener = listener),
      } as unknown as GroupManagerDependencies['partitions'],
      isCutOff: () => this.isCutOff,
    }
    this.manager = this.newManager()
  }

  /** Another manager over the same logs: a broker that started again. */
  newManager(): GroupManager {
    const manager = new GroupManager(this.dependencies)
    manager.start()
    for (const partition of this.partitions) this.#listener?.elected(partition.asPartition())
    return manager
  }

  addTopic(name: string, partitions: number, id = `${name}${ZERO_UUID}`.slice(0, 22)): TopicView {
    const leader = this.elects ? 1 : -1
    const views = Array.from({ length: partitions }, (_, index) => ({
      index,
      leader,
      leaderEpoch: 0,
      replicas: [1],
      isr: [1],
    }))
    const topic = { id, name, isInternal: false, partitions: views, configs: new Map() } as unknown as TopicView
    this.topics.set(name, topic)
    return topic
  }

  /** The offsets topic exists and is led here, each partition with what its log holds. */
  elect(fill: (partition: MemoryPartition) => void = () => {}): void {
    const count = this.dependencies.config.properties['offsets.topic.num.partitions']
    this.elects = true
    this.addTopic(OFFSETS_TOPIC, count)
    for (let index = 0; index < count; index += 1) {
      const partition = this.partitions[index] ?? new MemoryPartition(index, this.clock)
      this.partitions[index] = partition
      fill(partition)
      this.#listener?.elected(partition.asPartition())
    }
  }

  elected(index: number): void {
    this.#listener?.elected((this.partitions[index] as MemoryPartition).asPartition())
  }

  resign(index: number): void {
    this.#listener?.resigned(index)
    this.partitions[index]?.lose()
  }

  partitionOf(groupId: string): MemoryPartition {
    return this.partitions[this.manager.partitionFor(groupId)] as MemoryPartition
  }

  deleteTopic(name: string): void {
    const topic = this.topics.get(name) as TopicView
    this.topics.delete(name)
    this.manager.metadataChanged({
      deletedTopics: [topic],
      createdTopics: [],
      changedTopics: [],
    } as unknown as MetadataDelta)
  }

  /** Calls and lets loop turns pass; undefined when it is not answered by then. */
  ask<T>(call: (done: (result: T) => void) => void): T | undefined {
    const answers: T[] = []
    call((result) => answers.push(result))
    this.clock.settle()
    if (answers.length > 1) throw new Error('answered more than once')
    return answers[0]
  }

  #create(topics: readonly NewTopic[], done: (results: readonly NewTopicResult[]) => void): void {
    if (this.createError === Errors.NONE) {
      if (this.elects) this.elect()
      else for (const topic of topics) this.addTopic(topic.name, topic.partitions)
    }
    const result = {
      error: this.createError,
      message: null,
      topicId: ZERO_UUID,
      partitions: 1,
      replicationFactor: 1,
      configs: new Map(),
    }
    done(topics.map(({ name }) => ({ name, ...result })))
  }
}

/** Commits without membership; undefined when it is not answered within the turn. */
export function commit(world: GroupWorld, offsets: Record<string, number>, groupId = 'g') {
  return world.ask<readonly { topic: string; partitions: readonly { partition: number; error: number }[] }[]>((done) =>
    world.manager.commitOffsets(commitRequest(offsets, { groupId }), done),
  )
}

export function fetchAll(world: GroupWorld, groupId = 'g', manager = world.manager) {
  const request = { groupId, memberId: null, memberEpoch: -1, topics: null, requireStable: false }
  return world.ask<{ error: number; topics: readonly { topic: string; partitions: readonly { offset: number }[] }[] }>(
    (done) => manager.fetchOffsets(request, done),
  )
}
