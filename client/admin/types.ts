import type { Abortable } from '../options.ts'
import type { TopicPartition } from '../topic.ts'

export interface NewTopic {
  readonly name: string
  /** @default the broker's num.partitions */
  readonly partitions?: number
  /** @default the broker's default.replication.factor */
  readonly replicationFactor?: number
  readonly configs?: Readonly<Record<string, string>>
  /** Brokers of each partition, in order of preference, instead of the two counts. */
  readonly assignments?: readonly (readonly number[])[]
}

export interface CreatedTopic {
  readonly name: string
  /** 22 characters of base64url; the zero id when the broker is too old to say. */
  readonly id: string
  readonly partitions: number
  readonly replicationFactor: number
}

export interface TopicListing {
  readonly name: string
  readonly id: string
  readonly internal: boolean
}

export interface PartitionDescription {
  readonly partition: number
  /** Broker id, or -1. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
  readonly offline: readonly number[]
}

export interface TopicDescription extends TopicListing {
  readonly partitions: readonly PartitionDescription[]
}

export interface ConfigResource {
  readonly type: 'topic' | 'broker'
  /** Topic name or broker id. */
  readonly name: string
}

export interface ConfigEntry {
  readonly name: string
  readonly value: string | null
  readonly source: ConfigSource
  readonly readOnly: boolean
  readonly sensitive: boolean
}

export type ConfigSource = 'topic' | 'dynamic-broker' | 'dynamic-default' | 'static' | 'default' | 'other'

/** One incremental change (KIP-339). */
export type ConfigChange =
  | { readonly set: string; readonly to: string }
  | { readonly delete: string }
  | { readonly append: string; readonly to: string }
  | { readonly subtract: string; readonly from: string }

export type OffsetSpec = 'earliest' | 'latest' | 'max-timestamp' | { readonly timestamp: number }

export interface ListedOffset extends TopicPartition {
  /** -1 when there is no record at or after the timestamp. */
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number
}

export interface GroupListing {
  readonly group: string
  readonly protocolType: string
  /** Empty when the broker is too old to say. */
  readonly state: string
  readonly type: string
}

export interface GroupMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly partitions: readonly TopicPartition[]
}

export interface GroupDescription {
  readonly group: string
  readonly state: string
  readonly protocolType: string
  /** Name of the assignor. */
  readonly protocol: string
  readonly members: readonly GroupMember[]
}

export interface GroupOffset extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

export interface ClusterDescription {
  readonly clusterId: string | null
  readonly controller: number
  readonly brokers: readonly {
    readonly id: number
    readonly host: string
    readonly port: number
    readonly rack: string | null
  }[]
}

/** A partition with everything that decides who may lead it (KIP-966). */
export interface ReplicatedPartition extends TopicPartition {
  /** Broker id, or -1. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
  /** Out of sync, and yet with everything that was acknowledged. */
  readonly eligible: readonly number[]
  /** Were complete once, and may have lost something since. */
  readonly lastComplete: readonly number[]
  /** Why the leader could be chosen (`in-sync`, `eligible`, `last`, `longest`, `unclean`); empty: it led from the beginning, or the broker does not say. */
  readonly electedAs: string
}

export interface ReplicaEnd extends TopicPartition {
  readonly broker: number
  /** Of its log, committed or not. */
  readonly endOffset: number
}

export interface BrokerDescription {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
  /** Registered, and not serving. Brokers older than Kafka 4.0 do not tell of fenced ones. */
  readonly fenced: boolean
  readonly controller: boolean
}

/** A member of the metadata quorum, as its leader knows it. Times are Unix milliseconds by the leader's clock; -1 = unknown. */
export interface QuorumReplica {
  readonly id: number
  /** 22 characters of base64url; the zero id when it is unknown. */
  readonly directoryId: string
  readonly logEndOffset: number
  readonly lastFetchMs: number
  readonly lastCaughtUpMs: number
  /** host:port where the others reach it; null for one without a vote, and before Kafka 3.9. */
  readonly address: string | null
}

export interface QuorumDescription {
  /** Broker id, or -1. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly highWatermark: number
  readonly voters: readonly QuorumReplica[]
  /** Those who follow without a vote. */
  readonly observers: readonly QuorumReplica[]
}

/** A feature of the cluster whose level its brokers agree on (KIP-584), such as `metadata.version`. */
export interface FeatureDescription {
  readonly name: string
  /** Levels that the broker that was asked understands; both 0: it knows nothing of the feature. */
  readonly minLevel: number
  readonly maxLevel: number
  /** What the cluster has agreed on; 0 = nothing. */
  readonly level: number
}

export interface FeatureUpdates {
  /** The wanted level by name; 0 takes a feature away. */
  readonly [name: string]: number
}

export interface FeatureUpdateOptions {
  /** Levels may go down; `unsafe`: even where what the later level brought is lost. Default: they only go up. */
  readonly downgrade?: 'safe' | 'unsafe'
  /** Only says whether it could be done. */
  readonly validateOnly?: boolean
}

export interface NewVoter {
  readonly id: number
  /** Of its metadata directory: `describeQuorum` shows it among the observers. */
  readonly directoryId: string
  /** Where other members of the quorum reach it. */
  readonly host: string
  readonly port: number
}

export interface PartitionReassignment extends TopicPartition {
  /** Brokers in order of preference; null cancels the move under way. */
  readonly replicas: readonly number[] | null
}

/** A move under way: `replicas` holds those that come and those that leave. */
export interface PartitionMove extends TopicPartition {
  readonly replicas: readonly number[]
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

/**
 * Administers a cluster. Made by `client.admin()`. A call about several things rejects with the first that failed
 * (its error names the thing); `code` is Kafka's error name, e.g. `TOPIC_ALREADY_EXISTS`.
 */
export interface Admin extends AsyncDisposable {
  /** Resolves once the topics can be used. */
  createTopics(
    topics: readonly NewTopic[],
    options?: Abortable & { readonly validateOnly?: boolean },
  ): Promise<CreatedTopic[]>
  deleteTopics(names: readonly string[], options?: Abortable): Promise<void>
  listTopics(options?: Abortable): Promise<TopicListing[]>
  describeTopics(names: readonly string[], options?: Abortable): Promise<TopicDescription[]>
  /** Grows topics to a total number of partitions each; resolves once those can be used. */
  createPartitions(totals: Readonly<Record<string, number>>, options?: Abortable): Promise<void>
  describeConfigs(resource: ConfigResource, options?: Abortable): Promise<ConfigEntry[]>
  alterConfigs(resource: ConfigResource, changes: readonly ConfigChange[], options?: Abortable): Promise<void>
  listOffsets(partitions: readonly TopicPartition[], spec: OffsetSpec, options?: Abortable): Promise<ListedOffset[]>
  /** Deletes records before the given offsets; -1 means all up to the high watermark. Returns the new first offsets. */
  deleteRecords(
    before: readonly (TopicPartition & { readonly offset: number })[],
    options?: Abortable,
  ): Promise<(TopicPartition & { readonly offset: number })[]>
  listGroups(options?: Abortable): Promise<GroupListing[]>
  describeGroups(groups: readonly string[], options?: Abortable): Promise<GroupDescription[]>
  deleteGroups(groups: readonly string[], options?: Abortable): Promise<void>
  /** Committed offsets of a group: of the given partitions, or all. */
  listGroupOffsets(group: string, partitions?: readonly TopicPartition[], options?: Abortable): Promise<GroupOffset[]>
  /** Sets committed offsets of a group that has no active members. */
  alterGroupOffsets(
    group: string,
    offsets: readonly (TopicPartition & { readonly offset: number; readonly metadata?: string })[],
    options?: Abortable,
  ): Promise<void>
  deleteGroupOffsets(group: string, partitions: readonly TopicPartition[], options?: Abortable): Promise<void>
  describeCluster(options?: Abortable): Promise<ClusterDescription>
  /** The partitions of topics, or of all; needs Kafka 3.7. */
  describePartitions(topics?: readonly string[], options?: Abortable): Promise<ReplicatedPartition[]>
  /** How far the replicas of a broker go; those that it cannot read are left out. */
  listReplicaEnds(broker: number, partitions: readonly TopicPartition[], options?: Abortable): Promise<ReplicaEnd[]>
  /** Registered brokers, the fenced ones too (KIP-1073). */
  describeBrokers(options?: Abortable): Promise<BrokerDescription[]>
  /** Forgets a broker that will not come back (KIP-631). */
  unregisterBroker(brokerId: number, options?: Abortable): Promise<void>
  /** Begins, changes or cancels moves of partitions to other brokers (KIP-455); resolves once they have begun. */
  alterPartitionReassignments(
    moves: readonly PartitionReassignment[],
    options?: Abortable & { readonly allowReplicationFactorChange?: boolean },
  ): Promise<void>
  /** Moves under way, of the given partitions or all. */
  listPartitionReassignments(partitions?: readonly TopicPartition[], options?: Abortable): Promise<PartitionMove[]>
  /**
   * Gives partitions (all, unless given) back to their preferred leaders; with `unclean`, leaders to those that have none,
   * at the price of records that no living replica has. Resolves with those that changed.
   */
  electLeaders(
    partitions?: readonly TopicPartition[],
    options?: Abortable & { readonly unclean?: boolean },
  ): Promise<TopicPartition[]>
  /** What the cluster's brokers have agreed on, and what they could (KIP-584). Needs Kafka 2.7. */
  describeFeatures(options?: Abortable): Promise<FeatureDescription[]>
  /**
   * Changes agreed levels: all or none. A level goes up once every broker of the cluster understands it, which is the last step
   * of a rolling upgrade. Rejects with INVALID_UPDATE_VERSION, which names the broker that does not.
   */
  updateFeatures(levels: FeatureUpdates, options?: Abortable & FeatureUpdateOptions): Promise<void>
  describeQuorum(options?: Abortable): Promise<QuorumDescription>
  /** Makes a caught-up observer a voter (KIP-853). */
  addVoter(voter: NewVoter, options?: Abortable): Promise<void>
  removeVoter(voter: { readonly id: number; readonly directoryId: string }, options?: Abortable): Promise<void>
  close(): Promise<void>
}
