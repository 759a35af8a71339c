import { Errors } from '../../proto/kafka/errors.ts'
import { Metadata } from '../../proto/kafka/generated/apis.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { EARLIEST, LATEST, listOffsets, MAX_TIMESTAMP } from '../cluster/list-offsets.ts'
import { clientError, KafkaError } from '../errors.ts'
import type { Abortable } from '../options.ts'
import type { TopicPartition, TopicPartitionOffset } from '../topic.ts'
import { alterConfigs, describeConfigs } from './configs.ts'
import { AdminContext } from './context.ts'
import { describeFeatures, updateFeatures } from './features.ts'
import {
  alterGroupOffsets,
  deleteGroupOffsets,
  deleteGroups,
  describeGroups,
  listGroupOffsets,
  listGroups,
} from './groups.ts'
import { describePartitions, listReplicaEnds } from './partitions.ts'
import { addVoter, describeBrokers, describeQuorum, removeVoter, unregisterBroker } from './quorum.ts'
import { alterPartitionReassignments, electLeaders, listPartitionReassignments } from './reassignments.ts'
import { createPartitions, createTopics, deleteRecords, deleteTopics, describeTopics, listTopics } from './topics.ts'
import type {
  Admin,
  ClusterDescription,
  ConfigChange,
  ConfigResource,
  FeatureUpdateOptions,
  FeatureUpdates,
  NewTopic,
  NewVoter,
  OffsetSpec,
  PartitionReassignment,
} from './types.ts'

/** The admin over the Kafka protocol. See `Admin` for what it promises; the calls themselves are next door. */
export class KafkaAdmin implements Admin {
  readonly #context: AdminContext
  readonly #onClose: () => void
  #isClosed = false

  constructor(cluster: Cluster, onClose: () => void) {
    this.#context = new AdminContext(cluster)
    this.#onClose = onClose
  }

  async createTopics(topics: readonly NewTopic[], options: Abortable & { readonly validateOnly?: boolean } = {}) {
    return createTopics(this.#open(), topics, options.validateOnly ?? false, options.signal)
  }

  async deleteTopics(names: readonly string[], { signal }: Abortable = {}) {
    return deleteTopics(this.#open(), names, signal)
  }

  async listTopics({ signal }: Abortable = {}) {
    return listTopics(this.#open(), signal)
  }

  async describeTopics(names: readonly string[], { signal }: Abortable = {}) {
    return describeTopics(this.#open(), names, signal)
  }

  async createPartitions(totals: Readonly<Record<string, number>>, { signal }: Abortable = {}) {
    return createPartitions(this.#open(), totals, signal)
  }

  async describeConfigs(resource: ConfigResource, { signal }: Abortable = {}) {
    return describeConfigs(this.#open(), resource, signal)
  }

  async alterConfigs(resource: ConfigResource, changes: readonly ConfigChange[], { signal }: Abortable = {}) {
    return alterConfigs(this.#open(), resource, changes, signal)
  }

  async listOffsets(partitions: readonly TopicPartition[], spec: OffsetSpec, { signal }: Abortable = {}) {
    return listOffsets(this.#open().cluster, partitions, timestampOf(spec), { isReadCommitted: false, signal })
  }

  async deleteRecords(before: readonly TopicPartitionOffset[], { signal }: Abortable = {}) {
    return deleteRecords(this.#open(), before, signal)
  }

  async listGroups({ signal }: Abortable = {}) {
    return listGroups(this.#open(), signal)
  }

  async describeGroups(groups: readonly string[], { signal }: Abortable = {}) {
    return describeGroups(this.#open(), groups, signal)
  }

  async deleteGroups(groups: readonly string[], { signal }: Abortable = {}) {
    return deleteGroups(this.#open(), groups, signal)
  }

  async listGroupOffsets(group: string, partitions?: readonly TopicPartition[], { signal }: Abortable = {}) {
    return listGroupOffsets(this.#open(), group, partitions, signal)
  }

  async alterGroupOffsets(
    group: string,
    offsets: readonly (TopicPartitionOffset & { readonly metadata?: string })[],
    { signal }: Abortable = {},
  ) {
    return alterGroupOffsets(this.#open(), group, offsets, signal)
  }

  async deleteGroupOffsets(group: string, partitions: readonly TopicPartition[], { signal }: Abortable = {}) {
    return deleteGroupOffsets(this.#open(), group, partitions, signal)
  }

  /** By Metadata, which every broker has; DescribeCluster would need Kafka 2.8. */
  async describeCluster({ signal }: Abortable = {}): Promise<ClusterDescription> {
    const message = {
      topics: [],
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    }
    const answer = await this.#open().any(Metadata, message, signal)
    if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode, 'describe cluster')
    const brokers = answer.brokers.map(({ nodeId, host, port, rack }) => ({ id: nodeId, host, port, rack }))
    return { clusterId: answer.clusterId, controller: answer.controllerId, brokers }
  }

  async describePartitions(topics?: readonly string[], { signal }: Abortable = {}) {
    return describePartitions(this.#open(), topics, signal)
  }

  async listReplicaEnds(broker: number, partitions: readonly TopicPartition[], { signal }: Abortable = {}) {
    return listReplicaEnds(this.#open(), broker, partitions, signal)
  }

  async describeBrokers({ signal }: Abortable = {}) {
    return describeBrokers(this.#open(), signal)
  }

  async unregisterBroker(brokerId: number, { signal }: Abortable = {}) {
    return unregisterBroker(this.#open(), brokerId, signal)
  }

  async alterPartitionReassignments(
    moves: readonly PartitionReassignment[],
    options: Abortable & { readonly allowReplicationFactorChange?: boolean } = {},
  ) {
    const { allowReplicationFactorChange = true, signal } = options
    return alterPartitionReassignments(this.#open(), moves, allowReplicationFactorChange, signal)
  }

  async listPartitionReassignments(partitions?: readonly TopicPartition[], { signal }: Abortable = {}) {
    return listPartitionReassignments(this.#open(), partitions, signal)
  }

  async electLeaders(
    partitions?: readonly TopicPartition[],
    options: Abortable & { readonly unclean?: boolean } = {},
  ): Promise<TopicPartition[]> {
    return electLeaders(this.#open(), partitions, options.unclean ?? false, options.signal)
  }

  async describeFeatures({ signal }: Abortable = {}) {
    return describeFeatures(this.#open(), signal)
  }

  async updateFeatures(levels: FeatureUpdates, options: Abortable & FeatureUpdateOptions = {}) {
    return updateFeatures(this.#open(), levels, options)
  }

  async describeQuorum({ signal }: Abortable = {}) {
    return describeQuorum(this.#open(), signal)
  }

  async addVoter(voter: NewVoter, { signal }: Abortable = {}) {
    return addVoter(this.#open(), voter, signal)
  }

  async removeVoter(voter: { readonly id: number; readonly directoryId: string }, { signal }: Abortable = {}) {
    return removeVoter(this.#open(), voter, signal)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#onClose()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #open(): AdminContext {
    if (this.#isClosed) throw clientError('CLIENT_CLOSED', 'admin')
    return this.#context
  }
}

function timestampOf(spec: OffsetSpec): number {
  if (spec === 'earliest') return EARLIEST
  if (spec === 'latest') return LATEST
  return spec === 'max-timestamp' ? MAX_TIMESTAMP : spec.timestamp
}
