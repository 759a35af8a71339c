import type { ErrorCode } from '../../proto/kafka/errors.ts'
import type { QuorumDescription } from '../consensus/quorum-description.ts'
import type { VoterChange } from '../consensus/voters.ts'

/** Outcome of one item of a request; `message` is what Kafka would put in `errorMessage`. */
export interface ItemResult {
  readonly error: ErrorCode
  readonly message: string | null
}

export interface NewTopic {
  readonly name: string
  /** -1 = `num.partitions` (or as many as `assignments` has). */
  readonly partitions: number
  /** -1 = `default.replication.factor`. */
  readonly replicationFactor: number
  readonly assignments: readonly { readonly partition: number; readonly brokers: readonly number[] }[]
  readonly configs: readonly { readonly name: string; readonly value: string | null }[]
}

export interface NewTopicResult extends ItemResult {
  readonly name: string
  /** The zero id unless created. */
  readonly topicId: string
  /** -1 on error. */
  readonly partitions: number
  readonly replicationFactor: number
  /** The overrides the topic has (or would have, with validateOnly), as they were given. */
  readonly configs: ReadonlyMap<string, string>
}

/** A topic named by a client: by name (id is the zero id), or by id (name is null). */
export interface TopicRef {
  readonly name: string | null
  readonly id: string
}

export interface NewPartitions {
  readonly name: string
  /** Partitions after the change. */
  readonly count: number
  /** Replicas of each added partition; null = the controller places them. */
  readonly assignments: readonly (readonly number[])[] | null
}

export type ConfigOperation = 'set' | 'delete' | 'append' | 'subtract'

export interface ConfigChange {
  /** Kafka's ConfigResource.Type: 2 topic, 4 broker. */
  readonly resourceType: number
  readonly resourceName: string
  readonly operations: readonly {
    readonly name: string
    readonly op: ConfigOperation
    readonly value: string | null
  }[]
  /** AlterConfigs: what is not named is removed. IncrementalAlterConfigs: false. */
  readonly replaceAll: boolean
}

export interface PartitionRef {
  readonly topic: string
  readonly partition: number
}

/** Null replicas = cancel the move under way. */
export interface Reassignment extends PartitionRef {
  readonly replicas: readonly number[] | null
}

/** A move under way: `replicas` holds both the ones that came and the ones that leave. */
export interface OngoingMove extends PartitionRef {
  readonly replicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
}

/** A feature's level to be agreed on (KIP-584); 0 takes the feature away. */
export interface FeatureUpdate {
  readonly name: string
  readonly level: number
  /** `unknown` is refused: a client of a later version may mean anything by it. */
  readonly upgradeType: 'upgrade' | 'safe-downgrade' | 'unsafe-downgrade' | 'unknown'
}

/**
 * Asks the active controller for a change. `done` runs in a later turn, after the records are committed by the quorum and
 * applied to this broker's image and every metadata listener has seen them, so that a reader who heard of the change sees
 * it. Results come in the order of the items. NOT_CONTROLLER when there is no active controller to ask.
 */
export interface ControllerApi {
  createTopics(
    topics: readonly NewTopic[],
    options: { readonly validateOnly: boolean },
    done: (results: readonly NewTopicResult[]) => void,
  ): void
  deleteTopics(topics: readonly TopicRef[], done: (results: readonly (ItemResult & TopicRef)[]) => void): void
  createPartitions(
    changes: readonly NewPartitions[],
    options: { readonly validateOnly: boolean },
    done: (results: readonly (ItemResult & { readonly name: string })[]) => void,
  ): void
  alterConfigs(
    changes: readonly ConfigChange[],
    options: { readonly validateOnly: boolean },
    done: (results: readonly ItemResult[]) => void,
  ): void
  /** Null partitions = all; then those that need no election are left out of the results. */
  electLeaders(
    options: { readonly unclean: boolean; readonly partitions: readonly PartitionRef[] | null },
    done: (results: readonly (ItemResult & PartitionRef)[]) => void,
  ): void
  reassignPartitions(
    items: readonly Reassignment[],
    options: { readonly allowReplicationFactorChange: boolean },
    done: (results: readonly (ItemResult & PartitionRef)[]) => void,
  ): void
  /** All of them or none. */
  updateFeatures(
    updates: readonly FeatureUpdate[],
    options: { readonly validateOnly: boolean },
    done: (result: ItemResult) => void,
  ): void
  /** Forgets a broker that will not come back (KIP-631). */
  unregisterBroker(brokerId: number, done: (result: ItemResult) => void): void
  /** The metadata quorum as its leader sees it; null on error. */
  describeQuorum(done: (result: ItemResult & { readonly quorum: QuorumDescription | null }) => void): void
  /** One voter more or less, or elsewhere (KIP-853). `waits`: for the commit, and not only until it is written. */
  changeVoters(change: VoterChange, options: { readonly waits: boolean }, done: (result: ItemResult) => void): void
  /** A block of producer ids that no broker of the cluster was given before, durable before it is handed out. */
  allocateProducerIds(done: (result: ProducerIdBlock) => void): void
}

export interface ProducerIdBlock {
  readonly error: ErrorCode
  readonly first: number
  readonly count: number
}
