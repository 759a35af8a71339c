/**
 * The partitions of this broker: opened, led and dropped as the metadata says, appended to once per loop turn. Owns the
 * pump of `HostedPartition`; must never change metadata itself.
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import type { TopicReplicas } from '../controller/broker-life.ts'
import type { MetadataDelta, MetadataView, PartitionView, TopicView } from '../controller/view.ts'
import type { Durability, LogConfig } from '../log/config.ts'
import { isPassing } from '../log/errors.ts'
import type { LogManager } from '../log/log-manager.ts'
import type { RecoveryReport } from '../log/recovery.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { LeadershipListener, Partition, PartitionsApi } from './api.ts'
import { HostedPartition, type PartitionHost } from './hosted-partition.ts'
import { effectiveMinIsr } from './isr.ts'
import type { InSyncSetOptions } from './leader/in-sync-set.ts'
import type { ThrottledReplicas } from './throttle.ts'
import type { Turn } from './turn.ts'

/** How often produces are looked at whose time may be up (milliseconds): a timeout fires at most this much late. */
const EXPIRY_INTERVAL_MS = 50

/** How long after a log could not be opened for want of room that is tried again (milliseconds). */
const REOPEN_DELAY_MS = 5_000

export interface PartitionManagerOptions {
  readonly nodeId: number
  readonly clock: Clock
  readonly turn: Turn
  readonly logs: Pick<LogManager, 'listPartitions' | 'openLog' | 'deleteLog' | 'setAside'>
  readonly durability: Durability
  /** The effective options of a topic. */
  readonly topicSettings: (topic: TopicView) => TopicSettings
  /** `replica.lag.time.max.ms`. */
  readonly replicaLagMaxMs: number
  /** No controller has been heard of for so long that it has most likely fenced this broker. */
  readonly isCutOff: () => boolean
  readonly events: PartitionEvents
}

export interface TopicSettings {
  readonly log: LogConfig
  readonly minInsyncReplicas: number
  /** `leader.replication.throttled.replicas` and `follower.replication.throttled.replicas`. */
  readonly throttledLeaders: ThrottledReplicas
  readonly throttledFollowers: ThrottledReplicas
}

/** What the operator should hear of. */
export interface PartitionEvents {
  /** A log failed while it was in use: it answers KAFKA_STORAGE_ERROR from now on. */
  offline(topic: string, partition: number, reason: Error): void
  /** A log has no room: it refuses appends and serves reads until `relieved`. */
  full(topic: string, partition: number, reason: Error): void
  relieved(topic: string, partition: number): void
  /** A log could not be opened. */
  unopened(topic: string, partition: number, reason: Error): void
  /** A log was opened that may lack more than a crash in `fsync` mode takes: what was torn off is kept in `.torn` files. */
  suspect(topic: string, partition: number, report: RecoveryReport): void
  /** A directory of a topic that the metadata does not know. */
  setAside(topic: string, partition: number): void
}

/** Who carries out what the roles of partitions want: told within the call that brings it about. */
export interface RoleListener {
  /** The partition follows another leader, or an epoch of the same one; its `follower` says which. */
  followed(partition: HostedPartition): void
  /** It does not follow any more: it leads, nobody leads it, it left this broker, or its log failed. */
  unfollowed(partition: HostedPartition): void
  /** Its `nextProposal` is to be asked for soon. */
  isrDue(partition: HostedPartition): void
}

export class PartitionManager implements PartitionsApi, PartitionHost {
  readonly nodeId: number
  readonly syncs: boolean
  readonly inSync: InSyncSetOptions
  private readonly options: PartitionManagerOptions
  private readonly byTopic = new Map<string, Map<number, HostedPartition>>()
  /** Partitions that belong here and whose logs do not open. */
  private readonly unopened = new Map<string, TopicReplicas>()
  private readonly listeners = new Map<string, LeadershipListener[]>()
  private roles: RoleListener | null = null
  private metadata: MetadataView | null = null
  private dirty: HostedPartition[] = []
  private readonly dirtySet = new Set<HostedPartition>()
  private readonly parked = new Set<HostedPartition>()
  private expiryTimer: Timer | null = null
  /** Topics with logs that could not be opened for want of room. */
  private readonly roomless = new Set<string>()
  private reopenTimer: Timer | null = null
  /** The partitions being opened are not new: their logs may be there. */
  private starting = false
  private closed = false

  constructor(options: PartitionManagerOptions) {
    this.options = options
    this.nodeId = options.nodeId
    this.syncs = options.durability === 'fsync'
    this.inSync = {
      nodeId: options.nodeId,
      brokerEpoch: () => this.metadata?.broker(this.nodeId)?.epoch ?? -1,
      lagMaxMs: () => options.replicaLagMaxMs,
      activeEpoch: (brokerId) => {
        const broker = this.metadata?.broker(brokerId)
        return broker === undefined || broker.fenced || broker.inControlledShutdown ? -1 : broker.epoch
      },
    }
    options.turn.addStage('append', () => this.endTurn())
  }

  /** One at most; before `start`. */
  onRoles(listener: RoleListener): void {
    this.roles = listener
  }

  /** Takes up what the metadata says at start; directories it does not know are set aside. */
  start(metadata: MetadataView): void {
    this.metadata = metadata
    for (const { topic, partition, topicId } of this.options.logs.listPartitions()) {
      const known = metadata.topic(topic)
      const replicas = known?.partitions[partition]?.replicas ?? []
      if (known !== undefined && replicas.includes(this.nodeId) && (topicId === null || topicId === known.id)) continue
      this.options.logs.setAside(topic, partition)
      this.options.events.setAside(topic, partition)
    }
    this.starting = true
    for (const topic of metadata.topics()) this.applyTopic(topic)
    this.starting = false
  }

  /** Follows one applied batch of metadata records; `metadata` is the image after it. */
  apply(delta: MetadataDelta, metadata: MetadataView): void {
    this.metadata = metadata
    for (const topic of delta.deletedTopics) this.dropTopic(topic)
    for (const topic of delta.createdTopics) this.applyTopic(topic)
    for (const topic of delta.changedTopics) this.applyTopic(topic)
    if (delta.brokersChanged) this.lookAtIsrs()
  }

  /** Every in-sync set may be due for a change: brokers came or went, or time passed. */
  lookAtIsrs(): void {
    if (this.roles === null) return
    for (const partition of this.all()) if (partition.hasFollowers) this.roles.isrDue(partition)
  }

  /** The broker-wide defaults of topic options changed. */
  settingsChanged(): void {
    for (const topic of this.metadata?.topics() ?? []) this.applyTopic(topic)
  }

  get(topic: string, index: number): HostedPartition | undefined {
    return this.byTopic.get(topic)?.get(index)
  }

  *all(): Iterable<HostedPartition> {
    for (const partitions of this.byTopic.values()) for (const partition of partitions.values()) yield partition
  }

  /** Partitions that belong here and whose logs did not open. */
  get unopenedCount(): number {
    return this.unopened.size
  }

  /** Replicas here whose logs are offline: failed, or not opened. */
  lost(): TopicReplicas[] {
    const found = [...this.unopened.values()]
    for (const { topicId, index, isOnline } of this.all()) if (!isOnline) found.push({ topicId, partitions: [index] })
    return found
  }

  /** Replicas here that have no room for more. */
  full(): TopicReplicas[] {
    const found: TopicReplicas[] = []
    for (const { topicId, index, hasSpace } of this.all()) if (!hasSpace) found.push({ topicId, partitions: [index] })
    return found
  }

  leaderOrError(
    topic: string,
    index: number,
  ): { readonly partition: Partition; readonly error: 0 } | { readonly partition: null; readonly error: ErrorCode } {
    const partition = this.get(topic, index)
    if (partition !== undefined && partition.isLeader && partition.isOnline) return { partition, error: 0 }
    return { partition: null, error: this.absence(topic, index, partition) }
  }

  onLeadership(topic: string, listener: LeadershipListener): void {
    const listeners = this.listeners.get(topic)
    if (listeners === undefined) this.listeners.set(topic, [listener])
    else listeners.push(listener)
    for (const partition of this.byTopic.get(topic)?.values() ?? []) {
      if (partition.isLeader && partition.isOnline) listener.elected(partition)
    }
  }

  isCutOff(): boolean {
    return this.options.isCutOff()
  }

  nowMs(): number {
    return this.options.turn.nowMs()
  }

  monotonicMs(): number {
    return this.options.turn.monotonicMs()
  }

  after(delayMs: number, fn: () => void): Timer {
    return this.options.clock.after(delayMs, fn)
  }

  markDirty(partition: HostedPartition): void {
    if (this.dirtySet.has(partition)) return
    this.dirtySet.add(partition)
    this.dirty.push(partition)
    this.options.turn.request()
  }

  markParked(partition: HostedPartition): void {
    this.parked.add(partition)
    this.scheduleExpiry()
  }

  proposeIsr(partition: HostedPartition): void {
    this.roles?.isrDue(partition)
  }

  /** What has no room does not fetch: it would be taken for a follower that keeps up until there is something to fetch. */
  fullChanged(partition: HostedPartition, reason: Error | null): void {
    const { topic, index } = partition
    if (reason === null) this.options.events.relieved(topic, index)
    else this.options.events.full(topic, index, reason)
    if (partition.hasSpace) this.takeUp(partition)
    else if (partition.isFollower) this.roles?.unfollowed(partition)
  }

  wentOffline(partition: HostedPartition, reason: Error): void {
    this.options.events.offline(partition.topic, partition.index, reason)
    if (partition.isFollower) this.roles?.unfollowed(partition)
    this.tellResigned(partition.topic, partition.index)
  }

  /** Leads nothing any more: whatever waits is answered, what was appended stays written. */
  stop(): void {
    this.endTurn()
    for (const partition of this.all()) partition.retire()
    this.close()
  }

  /** Stops the timers; the logs are the LogManager's to close. */
  close(): void {
    this.closed = true
    this.expiryTimer?.cancel()
    this.expiryTimer = null
    this.reopenTimer?.cancel()
    this.reopenTimer = null
    this.parked.clear()
  }

  private absence(topic: string, index: number, partition: HostedPartition | undefined): ErrorCode {
    if (partition !== undefined) return partition.isOnline ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.KAFKA_STORAGE_ERROR
    if (this.unopened.has(`${topic}-${index}`)) return Errors.KAFKA_STORAGE_ERROR
    const known = this.metadata?.topic(topic)?.partitions[index] !== undefined
    return known ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.UNKNOWN_TOPIC_OR_PARTITION
  }

  private applyTopic(topic: TopicView): void {
    const settings = this.options.topicSettings(topic)
    for (const view of topic.partitions) {
      if (view.replicas.includes(this.nodeId)) this.applyPartition(topic, view, settings)
      else this.drop(topic.name, view.index)
    }
  }

  private applyPartition(topic: TopicView, view: PartitionView, settings: TopicSettings): void {
    let partition = this.get(topic.name, view.index)
    if (partition !== undefined && partition.topicId !== topic.id) {
      this.drop(topic.name, view.index)
      partition = undefined
    }
    partition ??= this.open(topic, view, settings)
    if (partition === undefined) return
    if (partition.log.config !== settings.log) partition.log.updateConfig(settings.log)
    partition.isThrottledAsLeader = settings.throttledLeaders.has(view.index, this.nodeId)
    partition.isThrottledAsFollower = settings.throttledFollowers.has(view.index, this.nodeId)
    const { isLeader: wasLeader, follower: followed } = partition
    const elected = partition.applyLeadership({
      leader: view.leader,
      leaderEpoch: view.leaderEpoch,
      partitionEpoch: view.partitionEpoch,
      replicas: view.replicas,
      isr: view.isr,
      minIsr: effectiveMinIsr(settings.minInsyncReplicas, view.replicas.length),
    })
    if (partition.follower !== followed) {
      if (followed !== null) this.roles?.unfollowed(partition)
      this.takeUp(partition)
    }
    if (wasLeader && !partition.isLeader) this.tellResigned(topic.name, view.index)
    if (elected) for (const listener of this.listeners.get(topic.name) ?? []) listener.elected(partition)
  }

  private open(topic: TopicView, view: PartitionView, settings: TopicSettings): HostedPartition | undefined {
    const { logs, clock, events } = this.options
    const key = `${topic.name}-${view.index}`
    try {
      const log = logs.openLog(topic.name, view.index, topic.id, settings.log, clock.now(), this.starting)
      if (log.recovery.suspect) events.suspect(topic.name, view.index, log.recovery)
      const partition = new HostedPartition(this, log)
      let partitions = this.byTopic.get(topic.name)
      if (partitions === undefined) {
        partitions = new Map()
        this.byTopic.set(topic.name, partitions)
      }
      partitions.set(view.index, partition)
      this.unopened.delete(key)
      return partition
    } catch (error) {
      if (!this.unopened.has(key)) events.unopened(topic.name, view.index, error as Error)
      this.unopened.set(key, { topicId: topic.id, partitions: [view.index] })
      if (isPassing(error)) this.reopenLater(topic.name)
      return undefined
    }
  }

  /** Fetches what it follows, if it can take it. */
  private takeUp(partition: HostedPartition): void {
    if (partition.follower !== null && partition.isOnline && partition.hasSpace) this.roles?.followed(partition)
  }

  private reopenLater(topic: string): void {
    this.roomless.add(topic)
    if (this.reopenTimer !== null || this.closed) return
    this.reopenTimer = this.options.clock.after(REOPEN_DELAY_MS, () => {
      this.reopenTimer = null
      const names = [...this.roomless]
      this.roomless.clear()
      for (const name of names) {
        const view = this.metadata?.topic(name)
        if (view !== undefined) this.applyTopic(view)
      }
    })
  }

  private dropTopic(topic: TopicView): void {
    for (const view of topic.partitions) this.drop(topic.name, view.index)
  }

  private drop(topic: string, index: number): void {
    this.unopened.delete(`${topic}-${index}`)
    const partitions = this.byTopic.get(topic)
    const partition = partitions?.get(index)
    if (partitions === undefined || partition === undefined) return
    partitions.delete(index)
    if (partitions.size === 0) this.byTopic.delete(topic)
    this.dirtySet.delete(partition)
    this.parked.delete(partition)
    const { isLeader: wasLeader, isFollower: wasFollower } = partition
    partition.retire()
    if (wasFollower) this.roles?.unfollowed(partition)
    if (wasLeader) this.tellResigned(topic, index)
    this.options.logs.deleteLog(topic, index, this.options.clock.now())
  }

  private tellResigned(topic: string, index: number): void {
    for (const listener of this.listeners.get(topic) ?? []) listener.resigned(index)
  }

  /** Stage of the turn: one write per log that was appended to. */
  private endTurn(): void {
    if (this.dirty.length === 0) return
    const partitions = this.dirty
    this.dirty = []
    // Taken out first: what the callbacks append belongs to the next turn.
    const live = partitions.filter((partition) => this.dirtySet.delete(partition))
    for (const partition of live) partition.endTurn()
  }

  private scheduleExpiry(): void {
    if (this.expiryTimer !== null || this.closed) return
    this.expiryTimer = this.options.clock.after(EXPIRY_INTERVAL_MS, () => {
      this.expiryTimer = null
      const now = this.monotonicMs()
      for (const partition of this.parked) {
        if (!partition.expire(now)) this.parked.delete(partition)
      }
      if (this.parked.size > 0) this.scheduleExpiry()
    })
  }
}
