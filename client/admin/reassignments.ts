import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import {
  AlterPartitionReassignments,
  ElectLeaders,
  ListPartitionReassignments,
} from '../../proto/kafka/generated/apis.ts'
import { groupByTopic } from '../cluster/group-offsets.ts'
import { KafkaError } from '../errors.ts'
import type { TopicPartition } from '../topic.ts'
import type { AdminContext } from './context.ts'
import type { PartitionMove, PartitionReassignment } from './types.ts'

const PREFERRED = 0
const UNCLEAN = 1

/** Null replicas cancel the move under way. */
export async function alterPartitionReassignments(
  context: AdminContext,
  moves: readonly PartitionReassignment[],
  allowReplicationFactorChange: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const byTopic = groupByTopic(moves, ({ partition, replicas }) => ({
    partitionIndex: partition,
    replicas: replicas === null ? null : [...replicas],
  }))
  const topics = [...byTopic].map(([name, partitions]) => ({ name, partitions }))
  const message = { timeoutMs: context.requestTimeoutMs, allowReplicationFactorChange, topics }
  const answer = await context.controller(AlterPartitionReassignments, message, signal, (response) => [response])
  check(answer.errorCode, 'reassign partitions', answer.errorMessage)
  for (const { name, partitions } of answer.responses) {
    for (const { partitionIndex, errorCode, errorMessage } of partitions) {
      check(errorCode, `reassign ${name}[${partitionIndex}]`, errorMessage)
    }
  }
}

export async function listPartitionReassignments(
  context: AdminContext,
  partitions: readonly TopicPartition[] | undefined,
  signal: AbortSignal | undefined,
): Promise<PartitionMove[]> {
  const named = partitions === undefined ? null : groupByTopic(partitions, ({ partition }) => partition)
  const topics = named === null ? null : [...named].map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
  const message = { timeoutMs: context.requestTimeoutMs, topics }
  const answer = await context.controller(ListPartitionReassignments, message, signal, (response) => [response])
  check(answer.errorCode, 'list reassignments', answer.errorMessage)
  return answer.topics.flatMap(({ name, partitions: moving }) =>
    moving.map(({ partitionIndex, replicas, addingReplicas, removingReplicas }) => ({
      topic: name,
      partition: partitionIndex,
      replicas,
      adding: addingReplicas,
      removing: removingReplicas,
    })),
  )
}

/** Resolves with the partitions that got a new leader; those that need none are passed over. */
export async function electLeaders(
  context: AdminContext,
  partitions: readonly TopicPartition[] | undefined,
  unclean: boolean,
  signal: AbortSignal | undefined,
): Promise<TopicPartition[]> {
  const named = partitions === undefined ? null : groupByTopic(partitions, ({ partition }) => partition)
  const message = {
    electionType: unclean ? UNCLEAN : PREFERRED,
    topicPartitions: named === null ? null : [...named].map(([topic, indexes]) => ({ topic, partitions: indexes })),
    timeoutMs: context.requestTimeoutMs,
  }
  const answer = await context.controller(ElectLeaders, message, signal, (response) => [response])
  check(answer.errorCode, 'elect leaders')
  const elected: TopicPartition[] = []
  for (const { topic, partitionResult } of answer.replicaElectionResults) {
    for (const { partitionId, errorCode, errorMessage } of partitionResult) {
      if (errorCode === Errors.ELECTION_NOT_NEEDED) continue
      check(errorCode, `elect a leader of ${topic}[${partitionId}]`, errorMessage)
      elected.push({ topic, partition: partitionId })
    }
  }
  return elected
}

function check(code: ErrorCode, what: string, detail?: string | null): void {
  if (code !== Errors.NONE) throw new KafkaError(code, what, detail)
}
