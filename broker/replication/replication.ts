/** Carries out what the roles of the partitions here want of other brokers: fetches from leaders, in-sync sets from the controller. */
import type { ControllerLink } from '../controller/link.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import { type FetchChannels, FetcherManager } from './fetcher-manager.ts'
import type { Replica } from './follower/replica.ts'
import type { HostedPartition } from './hosted-partition.ts'
import { IsrProposer } from './leader/isr-proposer.ts'
import type { PartitionManager, RoleListener } from './partition-manager.ts'
import type { ReplicationQuota } from './throttle.ts'

/** The broker's options that matter here, by Kafka's names. */
export interface ReplicationProperties {
  readonly 'replica.fetch.wait.max.ms': number
  readonly 'replica.fetch.min.bytes': number
  readonly 'replica.fetch.response.max.bytes': number
  readonly 'replica.fetch.max.bytes': number
  readonly 'replica.fetch.backoff.ms': number
  readonly 'replica.socket.timeout.ms': number
  readonly 'replica.lag.time.max.ms': number
}

export interface ReplicationOptions {
  readonly clusterId: string
  readonly nodeId: number
  readonly clock: Clock
  readonly partitions: PartitionManager
  readonly channels: FetchChannels
  readonly link: ControllerLink
  readonly properties: ReplicationProperties
  /** `follower.replication.throttled.rate`. */
  readonly quota: ReplicationQuota
  /** A partition cannot be followed for now: to be logged. */
  readonly problem: (replica: Replica, reason: string) => void
}

export class Replication implements RoleListener {
  private readonly options: ReplicationOptions
  private readonly fetchers: FetcherManager
  private readonly proposer: IsrProposer
  private timer: Timer | null = null
  private closed = false

  /** Made before the partitions are opened: listens to them from here on. */
  constructor(options: ReplicationOptions) {
    const { clusterId, nodeId, clock, partitions, channels, link, properties, quota, problem } = options
    const { brokerEpoch } = partitions.inSync
    this.options = options
    this.fetchers = new FetcherManager({
      clusterId,
      nodeId,
      brokerEpoch,
      clock,
      channels,
      maxWaitMs: properties['replica.fetch.wait.max.ms'],
      minBytes: properties['replica.fetch.min.bytes'],
      maxBytes: properties['replica.fetch.response.max.bytes'],
      partitionMaxBytes: properties['replica.fetch.max.bytes'],
      backoffMs: properties['replica.fetch.backoff.ms'],
      timeoutMs: properties['replica.socket.timeout.ms'],
      quota,
      problem,
    })
    this.proposer = new IsrProposer({ nodeId, brokerEpoch, clock, link })
    partitions.onRoles(this)
    this.watchLag()
  }

  /** Partitions that are followed. */
  get followedCount(): number {
    return this.fetchers.size
  }

  followed({ follower }: HostedPartition): void {
    if (follower !== null) this.fetchers.follow(follower)
  }

  unfollowed({ topicId, index }: HostedPartition): void {
    this.fetchers.unfollow(topicId, index)
  }

  isrDue(partition: HostedPartition): void {
    this.proposer.offer(partition)
  }

  close(): void {
    this.closed = true
    this.timer?.cancel()
    this.fetchers.close()
    this.proposer.close()
  }

  /** A follower that fell silent causes no event: looked for, as Kafka does, twice within the time that it has. */
  private watchLag(): void {
    const { clock, partitions, properties } = this.options
    this.timer = clock.after(properties['replica.lag.time.max.ms'] / 2, () => {
      if (this.closed) return
      partitions.lookAtIsrs()
      this.watchLag()
    })
  }
}
