/** A partition manager over real logs on a memory disk, with time and turns in the hands of the test. */
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import type { MetadataDelta, MetadataView, PartitionView, TopicView } from '../../../broker/controller/view.ts'
import { defaultLogConfig, type Durability, type LogConfig } from '../../../broker/log/config.ts'
import { Log } from '../../../broker/log/log.ts'
import { createLogShared } from '../../../broker/log/shared.ts'
import type { Clock, Timer } from '../../../broker/ports/clock.ts'
import { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import type { AppendResult } from '../../../broker/replication/api.ts'
import { PartitionManager, type PartitionManagerOptions } from '../../../broker/replication/partition-manager.ts'
import { NOTHING_THROTTLED } from '../../../broker/replication/throttle.ts'
import { Turn } from '../../../broker/replication/turn.ts'
import { FaultDisk } from '../../support/fault-disk.ts'

export class ManualClock implements Clock {
  time = 1_000_000
  private turns: (() => void)[] = []
  private timers: { at: number; fn: () => void }[] = []

  now(): number {
    return this.time
  }

  monotonic(): number {
    return this.time
  }

  after(delayMs: number, fn: () => void): Timer {
    const timer = { at: this.time + delayMs, fn }
    this.timers.push(timer)
    return { cancel: () => (this.timers = this.timers.filter((other) => other !== timer)) }
  }

  turnEnd(fn: () => void): void {
    this.turns.push(fn)
  }

  /** Ends one loop turn. */
  endTurn(): void {
    for (const fn of this.turns.splice(0)) fn()
  }

  /** Ends turns until nothing asks for another. */
  settle(): void {
    while (this.turns.length > 0) this.endTurn()
  }

  advance(ms: number): void {
    this.time += ms
    for (const timer of this.timers.filter(({ at }) => at <= this.time)) {
      this.timers = this.timers.filter((other) => other !== timer)
      timer.fn()
    }
    this.settle()
  }
}

export interface World {
  readonly clock: ManualClock
  readonly turn: Turn
  readonly faults: FaultDisk
  readonly partitions: PartitionManager
  readonly offline: string[]
  readonly full: string[]
  readonly relieved: string[]
  readonly unopened: string[]
  readonly suspect: string[]
  readonly setAside: string[]
  readonly deleted: string[]
  readonly logs: Map<string, Log>
  /** Applies topics as the whole image, with what changed derived from the names. */
  apply(change: { created?: TopicView[]; changed?: TopicView[]; deleted?: TopicView[] }): void
}

export const NODE = 1

export function partitionView(index: number, changes: Partial<PartitionView> = {}): PartitionView {
  return {
    index,
    leader: NODE,
    leaderEpoch: 0,
    partitionEpoch: 0,
    replicas: [NODE],
    isr: [NODE],
    elr: [],
    lastKnownElr: [],
    addingReplicas: [],
    removingReplicas: [],
    electedAs: '',
    ...changes,
  }
}

export function topicView(
  name: string,
  partitions: PartitionView[],
  id = `${name}-id-`.padEnd(22, 'x').slice(0, 22),
): TopicView {
  return { id, name, isInternal: false, partitions, configs: new Map() }
}

function viewOf(topics: Map<string, TopicView>): MetadataView {
  return {
    clusterId: 'cluster',
    controllerId: NODE,
    brokers: () => [],
    broker: () => undefined,
    topic: (name: string) => topics.get(name),
    topicById: (id: string) => [...topics.values()].find((topic) => topic.id === id),
    topics: () => topics.values(),
    topicCount: topics.size,
    brokerConfig: () => new Map(),
    features: () => new Map(),
  }
}

export function createWorld(
  options: {
    durability?: Durability
    minInsyncReplicas?: number
    log?: Partial<LogConfig>
    stray?: string[]
    tailCacheBytes?: number
  } = {},
): World {
  const clock = new ManualClock()
  const turn = new Turn(clock)
  const faults = new FaultDisk(new MemoryDisk((fn) => clock.turnEnd(fn)))
  const durability = options.durability ?? 'page-cache'
  const shared = createLogShared({
    maxSyncsInFlight: 4,
    tailCacheBytes: options.tailCacheBytes ?? 1024 * 1024,
    maxOpenFiles: 100,
  })
  const logs = new Map<string, Log>()
  const topics = new Map<string, TopicView>()
  const world = {
    offline: [] as string[],
    full: [] as string[],
    relieved: [] as string[],
    unopened: [] as string[],
    suspect: [] as string[],
    setAside: [] as string[],
    deleted: [] as string[],
  }
  const manager: PartitionManagerOptions['logs'] = {
    listPartitions: () => (options.stray ?? []).map((topic) => ({ topic, partition: 0, topicId: null })),
    openLog: (topic, partition, topicId, config, nowMs) => {
      if (topic === 'unopenable') throw new Error('bad bytes')
      const log = Log.open({
        disk: faults.disk,
        directory: `/data/${topic}-${partition}`,
        topic,
        partition,
        topicId,
        config,
        durability,
        shared,
        nowMs,
        cleanShutdown: false,
        recoveryPoint: 0,
        logStartOffset: 0,
        highWatermark: 0,
      })
      logs.set(`${topic}-${partition}`, log)
      return log
    },
    deleteLog: (topic, partition) => {
      logs.get(`${topic}-${partition}`)?.abandon()
      logs.delete(`${topic}-${partition}`)
      world.deleted.push(`${topic}-${partition}`)
    },
    setAside: (topic, partition) => {
      world.setAside.push(`${topic}-${partition}`)
    },
  }
  const partitions = new PartitionManager({
    nodeId: NODE,
    clock,
    turn,
    logs: manager,
    durability,
    replicaLagMaxMs: 30_000,
    isCutOff: () => false,
    topicSettings: () => ({
      log: { ...defaultLogConfig, ...options.log },
      minInsyncReplicas: options.minInsyncReplicas ?? 1,
      throttledLeaders: NOTHING_THROTTLED,
      throttledFollowers: NOTHING_THROTTLED,
    }),
    events: {
      offline: (topic, partition) => world.offline.push(`${topic}-${partition}`),
      full: (topic, partition) => world.full.push(`${topic}-${partition}`),
      relieved: (topic, partition) => world.relieved.push(`${topic}-${partition}`),
      unopened: (topic, partition) => world.unopened.push(`${topic}-${partition}`),
      suspect: (topic, partition, { tornBytes }) => {
        world.suspect.push(`${topic}-${partition}: ${tornBytes} bytes`)
      },
      setAside: () => {},
    },
  })
  partitions.start(viewOf(topics))
  return {
    ...world,
    clock,
    turn,
    faults,
    partitions,
    logs,
    apply: ({ created = [], changed = [], deleted = [] }) => {
      for (const topic of deleted) topics.delete(topic.name)
      for (const topic of [...created, ...changed]) topics.set(topic.name, topic)
      const delta: MetadataDelta = {
        createdTopics: created,
        changedTopics: changed,
        deletedTopics: deleted,
        brokersChanged: false,
        brokerConfigsChanged: false,
      }
      partitions.apply(delta, viewOf(topics))
    },
  }
}

export function batch(count = 1, options: Parameters<typeof encodeBatch>[1] = {}, timestamp = 1_000_000): Buffer {
  const records = Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: `v${index}`, timestamp }))
  return encodeBatch(records, options)
}

/** Collects results in the order of their arrival. */
export function collector(): { readonly results: AppendResult[]; readonly done: (result: AppendResult) => void } {
  const results: AppendResult[] = []
  return { results, done: (result) => results.push(result) }
}
