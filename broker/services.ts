import type { BrokerConfig } from './config.ts'
import type { ControllerApi } from './controller/api.ts'
import type { BrokerRequests } from './controller/broker-requests.ts'
import type { Controller } from './controller/controller.ts'
import type { MetadataView, TopicView } from './controller/view.ts'
import type { GroupsApi } from './groups/api.ts'
import type { FetchPurgatory } from './handlers/fetch/purgatory.ts'
import type { ReplicaFetches } from './handlers/fetch/replica-fetch.ts'
import type { FetchSessions } from './handlers/fetch/sessions.ts'
import type { ProducerIds } from './handlers/producer-ids.ts'
import type { Metrics } from './metrics.ts'
import type { Clock } from './ports/clock.ts'
import type { Random } from './ports/random.ts'
import type { PartitionsApi } from './replication/api.ts'
import type { TopicSettings } from './replication/partition-manager.ts'

/** What a request handler may use: the running broker, behind interfaces. Wired once, in `broker/broker.ts`. */
export interface Services {
  readonly nodeId: number
  readonly config: BrokerConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  /** The metadata this broker has applied: topics, partitions, brokers, configs. */
  readonly metadata: MetadataView
  /** Changes to the metadata; each completes once its records are committed and applied here. */
  readonly controller: ControllerApi
  /** What brokers say to each other. */
  readonly cluster: ClusterServices
  /** The partitions this broker hosts. */
  readonly partitions: PartitionsApi
  /** The group coordinators of the `__consumer_offsets` partitions led here. */
  readonly groups: GroupsApi
  /** Fetches that wait for records. */
  readonly fetches: FetchPurgatory
  /** What followers fetch. */
  readonly replicaFetches: ReplicaFetches
  /** What clients with fetch sessions read (KIP-227). */
  readonly fetchSessions: FetchSessions
  /** Ids for idempotent producers. */
  readonly producerIds: ProducerIds
  /** The effective options of a topic, as its partitions obey them. */
  topicSettings(topic: TopicView): TopicSettings
  /** Absolute path of the data directory, for DescribeLogDirs. */
  readonly logDirectory: string
  /** Size of its volume and bytes free on it; -1 when unknown. */
  volume(): { readonly totalBytes: number; readonly usableBytes: number }
}

/** This node's part in the cluster, for the handlers of what other brokers ask. */
export interface ClusterServices {
  /** This node's own controller, active or not. */
  readonly controller: Controller
  /** What the active controller answers to brokers. */
  readonly brokerRequests: BrokerRequests
  /** Of this uptime of this broker; -1 until it is registered. */
  brokerEpoch(): number
}

/** The part of pino's logger that the broker uses. Client input is passed as fields, never inside the message. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
