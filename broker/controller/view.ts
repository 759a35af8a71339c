import type { Election } from '../../proto/cluster.ts'

/** The metadata image as readers see it: never mutated by them, always a consistent state between two records. */
export interface MetadataView {
  readonly clusterId: string
  /** Node id of the active controller as far as known here, -1 = none. */
  readonly controllerId: number
  /** Registered brokers in order of id, fenced ones included. */
  brokers(): readonly BrokerView[]
  broker(id: number): BrokerView | undefined
  topic(name: string): TopicView | undefined
  topicById(id: string): TopicView | undefined
  /** In order of creation. */
  topics(): Iterable<TopicView>
  readonly topicCount: number
  /** Overrides set on a broker (`''` = the cluster-wide default) by AlterConfigs. */
  brokerConfig(nodeId: string): ReadonlyMap<string, string>
  /** Finalized feature levels by name (KIP-584); a feature that is absent has level 0. */
  features(): ReadonlyMap<string, number>
}

export interface BrokerView {
  readonly id: number
  /** One uptime of one broker: the offset of its registration record. */
  readonly epoch: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
  readonly fenced: boolean
  /** About to stop: it leads nothing more, and joins no in-sync set. */
  readonly inControlledShutdown: boolean
  /** Where other brokers reach it; empty and 0 when it has no listener for them. */
  readonly peerHost: string
  readonly peerPort: number
}

export interface TopicView {
  /** Base64url of 16 bytes, as in Kafka's text form of a UUID. */
  readonly id: string
  readonly name: string
  readonly isInternal: boolean
  /** By partition index, dense. */
  readonly partitions: readonly PartitionView[]
  /** Overrides only; the effective config is `topicConfig(view.configs, config, metadata)` of `broker/config/effective`. */
  readonly configs: ReadonlyMap<string, string>
}

export interface PartitionView {
  readonly index: number
  /** Node id, -1 when no replica can lead. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  /** The first is the preferred leader. */
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly elr: readonly number[]
  readonly lastKnownElr: readonly number[]
  /** A move under way (KIP-455): replicas that came with it, and those that leave when it is done. Both are among `replicas`. */
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
  /** Why this leader could be chosen. */
  readonly electedAs: Election
}

/** What changed in one applied batch of metadata records. */
export interface MetadataDelta {
  readonly createdTopics: readonly TopicView[]
  readonly deletedTopics: readonly TopicView[]
  /** Topics whose partitions, leaders, ISR or configs changed (created ones not repeated). */
  readonly changedTopics: readonly TopicView[]
  readonly brokersChanged: boolean
  /** AlterConfigs on a broker or on all of them: effective configs of every topic may differ. */
  readonly brokerConfigsChanged: boolean
}

/** Told after each applied batch, in order. The first call brings everything there is as `createdTopics`. */
export type MetadataListener = (view: MetadataView, delta: MetadataDelta) => void
