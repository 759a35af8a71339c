/** CreateTopics as a command: names, counts, assignments and configs checked as Kafka checks them, in its order. */
import type { MetadataRecord, PartitionRecord } from '../../proto/cluster.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import { readUuid, ZERO_UUID } from '../../proto/kafka/uuid.ts'
import { METADATA_PARTITIONS_PER_REQUEST_MAX } from '../limits.ts'
import type { Random } from '../ports/random.ts'
import type { ItemResult, NewTopic, NewTopicResult } from './api.ts'
import { manualAssignmentProblem } from './assignment.ts'
import { activeReplicas, type CommandContext, failure, type Outcome, success } from './core.ts'
import { ResourceType } from './image.ts'
import { METADATA_TOPIC, topicNameProblem } from './names.ts'
import { PlacementError, placeReplicas } from './placement.ts'
import { topicConfigProblem } from './topic-configs.ts'

/** A version-4 UUID that is not one of Kafka's reserved ones (all zeros but the last byte), nor starts with a dash. */
export function randomTopicId(random: Random): string {
  for (;;) {
    const bytes = random.bytes(16)
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
    const id = readUuid(bytes, 0)
    // Command lines would take a leading dash for an option (as Kafka does).
    if (!id.startsWith('-')) return id
  }
}

type Replicas = readonly (readonly number[])[]

export function failedTopic(name: string, item: ItemResult): NewTopicResult {
  return { ...item, name, topicId: ZERO_UUID, partitions: -1, replicationFactor: -1, configs: new Map() }
}

function nameProblem(context: CommandContext, name: string): ItemResult | null {
  if (name === METADATA_TOPIC) {
    return failure(Errors.INVALID_REQUEST, `Creation of internal topic ${name} is prohibited.`)
  }
  if (context.image.topic(name) !== undefined) {
    return failure(Errors.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  }
  const problem = topicNameProblem(name)
  if (problem !== null) return failure(Errors.INVALID_TOPIC_EXCEPTION, problem)
  const colliding = context.image.collidingTopic(name)
  if (colliding === undefined) return null
  return failure(Errors.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${colliding}`)
}

function manualReplicas(context: CommandContext, topic: NewTopic): Replicas | ItemResult {
  const bad = (message: string) => failure(Errors.INVALID_REPLICA_ASSIGNMENT, message)
  if (topic.replicationFactor !== -1) {
    return failure(
      Errors.INVALID_REQUEST,
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    )
  }
  if (topic.partitions !== -1) {
    return failure(
      Errors.INVALID_REQUEST,
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    )
  }
  const byPartition = new Map<number, readonly number[]>()
  let replicationFactor: number | null = null
  for (const { partition, brokers } of topic.assignments) {
    if (byPartition.has(partition)) {
      return bad(`Found multiple manual partition assignments for partition ${partition}`)
    }
    const problem = manualAssignmentProblem(context, partition, brokers, replicationFactor)
    if (problem !== null) return bad(problem)
    replicationFactor = brokers.length
    byPartition.set(partition, brokers)
  }
  const replicas = topic.assignments.map((_, partition) => byPartition.get(partition))
  const dense = replicas.filter((brokers) => brokers !== undefined)
  return dense.length === replicas.length ? dense : bad('partitions should be a consecutive 0-based integer sequence')
}

function partitionCount(context: CommandContext, topic: NewTopic): number {
  if (topic.assignments.length > 0) return topic.assignments.length
  return topic.partitions === -1 ? context.config.properties['num.partitions'] : topic.partitions
}

function placedReplicas(context: CommandContext, topic: NewTopic): Replicas | ItemResult {
  const { replicationFactor, partitions } = topic
  if (replicationFactor < -1 || replicationFactor === 0) {
    return failure(
      Errors.INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    )
  }
  if (partitions < -1 || partitions === 0) {
    return failure(Errors.INVALID_PARTITIONS, 'Number of partitions was set to an invalid non-positive value.')
  }
  const factor = replicationFactor === -1 ? context.config.properties['default.replication.factor'] : replicationFactor
  try {
    return placeReplicas(context.image.brokers(), partitionCount(context, topic), factor, context.random)
  } catch (error) {
    if (!(error instanceof PlacementError)) throw error
    return failure(
      Errors.INVALID_REPLICATION_FACTOR,
      `Unable to replicate the partition ${factor} time(s): ${error.message}`,
    )
  }
}

/** The record of a partition that begins its life with these replicas. */
export function newPartition(
  context: CommandContext,
  topicId: string,
  partition: number,
  replicas: readonly number[],
): PartitionRecord {
  const isr = activeReplicas(context, replicas)
  const leader = isr[0] ?? -1
  return {
    kind: 'partition',
    topicId,
    partition,
    replicas,
    isr,
    leader,
    leaderEpoch: 0,
    partitionEpoch: 0,
    elr: [],
    lastKnownElr: [],
    addingReplicas: [],
    removingReplicas: [],
    electedAs: '',
  }
}

function createTopic(context: CommandContext, topic: NewTopic, records: MetadataRecord[]): NewTopicResult {
  const name = nameProblem(context, topic.name)
  if (name !== null) return failedTopic(topic.name, name)
  const configs = topicConfigProblem(context, topic.configs)
  if ('error' in configs) return failedTopic(topic.name, configs)
  const replicas = topic.assignments.length > 0 ? manualReplicas(context, topic) : placedReplicas(context, topic)
  if ('error' in replicas) return failedTopic(topic.name, replicas)

  const topicId = randomTopicId(context.random)
  records.push({ kind: 'topic', name: topic.name, topicId })
  for (const [key, value] of configs) {
    records.push({ kind: 'config', resourceType: ResourceType.TOPIC, resourceName: topic.name, name: key, value })
  }
  replicas.forEach((brokers, index) => records.push(newPartition(context, topicId, index, brokers)))
  const replicationFactor = replicas[0]?.length ?? -1
  // Told as the client wrote them, as Kafka does; stored, and described later, in canonical form.
  const asGiven = new Map(topic.configs.map(({ name: key, value }) => [key, value ?? '']))
  return { ...success, name: topic.name, topicId, partitions: replicas.length, replicationFactor, configs: asGiven }
}

/** Names must differ within the request. One topic's error does not keep the others from being made. */
export function createTopics(
  context: CommandContext,
  topics: readonly NewTopic[],
  validateOnly: boolean,
): Outcome<readonly NewTopicResult[]> {
  const asked = topics.reduce((sum, topic) => sum + Math.max(0, partitionCount(context, topic)), 0)
  if (asked > METADATA_PARTITIONS_PER_REQUEST_MAX) {
    const refusal = failure(Errors.POLICY_VIOLATION, 'Excessively large number of partitions per request.')
    return { records: [], result: topics.map((topic) => failedTopic(topic.name, refusal)) }
  }
  const records: MetadataRecord[] = []
  const result = topics.map((topic) => createTopic(context, topic, records))
  return { records: validateOnly ? [] : records, result }
}
