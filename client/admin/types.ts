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
  close(): Promise<void>
}
