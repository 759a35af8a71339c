import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type { CreatableTopic } from '../../proto/kafka/generated/19-create-topics.ts'
import {
  CreatePartitions,
  CreateTopics,
  DeleteRecords,
  DeleteTopics,
  Metadata,
} from '../../proto/kafka/generated/apis.ts'
import type { MetadataResponseTopic } from '../../proto/kafka/generated/03-metadata.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import { groupByTopic } from '../cluster/group-offsets.ts'
import { groupByLeader } from '../cluster/list-offsets.ts'
import { clientError, KafkaError } from '../errors.ts'
import type { TopicPartitionOffset } from '../topic.ts'
import type { AdminContext } from './context.ts'
import type { CreatedTopic, NewTopic, TopicDescription, TopicListing } from './types.ts'

/** Partition counts and replication factors that leave the choice to the broker. */
const BROKER_DEFAULT = -1

export async function createTopics(
  context: AdminContext,
  topics: readonly NewTopic[],
  validateOnly: boolean,
  signal: AbortSignal | undefined,
): Promise<CreatedTopic[]> {
  const message = { topics: topics.map(creatable), timeoutMs: context.requestTimeoutMs, validateOnly }
  const response = await context.controller(CreateTopics, message, signal, (answer) => answer.topics)
  const created = topics.map((topic) => {
    const result = response.topics.find(({ name }) => name === topic.name)
    if (result === undefined) throw clientError('CLIENT_PROTOCOL', `no answer for topic ${topic.name}`)
    check(result.errorCode, `create topic ${topic.name}`, result.errorMessage)
    return {
      name: topic.name,
      id: result.topicId,
      partitions: result.numPartitions,
      replicationFactor: result.replicationFactor,
    }
  })
  if (!validateOnly) await visible(context, new Map(created.map(({ name, partitions }) => [name, partitions])), signal)
  return created
}

export async function deleteTopics(
  context: AdminContext,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const message = {
    topics: names.map((name) => ({ name, topicId: ZERO_UUID })),
    topicNames: [...names],
    timeoutMs: context.requestTimeoutMs,
  }
  const response = await context.controller(DeleteTopics, message, signal, (answer) => answer.responses)
  for (const { name, errorCode, errorMessage } of response.responses)
    check(errorCode, `delete topic ${name}`, errorMessage)
  for (const name of names) context.cluster.metadata.forget(name)
}

export async function createPartitions(
  context: AdminContext,
  totals: Readonly<Record<string, number>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const topics = Object.entries(totals).map(([name, count]) => ({ name, count, assignments: null }))
  const message = { topics, timeoutMs: context.requestTimeoutMs, validateOnly: false }
  const response = await context.controller(CreatePartitions, message, signal, (answer) => answer.results)
  for (const { name, errorCode, errorMessage } of response.results) check(errorCode, `grow topic ${name}`, errorMessage)
  await visible(context, new Map(Object.entries(totals)), signal)
}

export async function listTopics(context: AdminContext, signal: AbortSignal | undefined): Promise<TopicListing[]> {
  const topics = await fetchTopics(context, null, signal)
  return topics.map(({ name, topicId, isInternal }) => ({ name: name ?? '', id: topicId, internal: isInternal }))
}

export async function describeTopics(
  context: AdminContext,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<TopicDescription[]> {
  const topics = await fetchTopics(context, names, signal)
  return names.map((wanted) => {
    const topic = topics.find(({ name }) => name === wanted)
    check(topic?.errorCode ?? Errors.UNKNOWN_TOPIC_OR_PARTITION, `describe topic ${wanted}`)
    const partitions = [...topic!.partitions].sort((a, b) => a.partitionIndex - b.partitionIndex)
    return {
      name: wanted,
      id: topic!.topicId,
      internal: topic!.isInternal,
      partitions: partitions.map((partition) => ({
        partition: partition.partitionIndex,
        leader: partition.leaderId,
        leaderEpoch: partition.leaderEpoch,
        replicas: partition.replicaNodes,
        inSync: partition.isrNodes,
        offline: partition.offlineReplicas,
      })),
    }
  })
}

export async function deleteRecords(
  context: AdminContext,
  before: readonly TopicPartitionOffset[],
  signal: AbortSignal | undefined,
): Promise<TopicPartitionOffset[]> {
  const { cluster } = context
  for (const { topic } of before) await cluster.topic(topic, signal)
  const results = await context.retry(signal, async () => {
    const requests = [...groupByLeader(cluster, before)].map(async ([node, group]) => {
      const topics = groupByTopic(group, ({ partition, offset }) => ({ partitionIndex: partition, offset }))
      const message = {
        topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
        timeoutMs: context.requestTimeoutMs,
      }
      const { topics: answered } = await cluster.request(DeleteRecords, message, { node, signal })
      return answered.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, lowWatermark, errorCode }) => {
          check(errorCode, `delete records of ${name}[${partitionIndex}]`)
          return { topic: name, partition: partitionIndex, offset: lowWatermark }
        }),
      )
    })
    return (await Promise.all(requests)).flat()
  })
  return before.map(
    ({ topic, partition }) => results.find((other) => other.topic === topic && other.partition === partition)!,
  )
}

/** Waits until a broker shows the topics with at least so many partitions, all led: until then they are of no use. */
async function visible(
  context: AdminContext,
  counts: ReadonlyMap<string, number>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await context.retry(signal, async () => {
    for (const { name, errorCode, partitions } of await fetchTopics(context, [...counts.keys()], signal)) {
      check(errorCode, `topic ${name}`)
      const isComplete =
        partitions.length >= (counts.get(name ?? '') ?? 0) && partitions.every(({ leaderId }) => leaderId >= 0)
      if (!isComplete) throw new KafkaError(Errors.LEADER_NOT_AVAILABLE, `topic ${name}`)
    }
  })
}

/** Null for all topics. Never creates any. */
async function fetchTopics(
  context: AdminContext,
  names: readonly string[] | null,
  signal: AbortSignal | undefined,
): Promise<MetadataResponseTopic[]> {
  const response = await context.any(
    Metadata,
    {
      topics: names === null ? null : names.map((name) => ({ name, topicId: ZERO_UUID })),
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    },
    signal,
  )
  check(response.errorCode, 'Metadata')
  return response.topics
}

function creatable(topic: NewTopic): CreatableTopic {
  const { assignments } = topic
  return {
    name: topic.name,
    numPartitions: assignments === undefined ? (topic.partitions ?? BROKER_DEFAULT) : BROKER_DEFAULT,
    replicationFactor: assignments === undefined ? (topic.replicationFactor ?? BROKER_DEFAULT) : BROKER_DEFAULT,
    assignments: (assignments ?? []).map((brokerIds, partitionIndex) => ({
      partitionIndex,
      brokerIds: [...brokerIds],
    })),
    configs: Object.entries(topic.configs ?? {}).map(([name, value]) => ({ name, value })),
  }
}

function check(code: ErrorCode, what: string, detail?: string | null): void {
  if (code !== Errors.NONE) throw new KafkaError(code, what, detail)
}
