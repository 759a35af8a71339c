/** CreatePartitions as a command: a topic grows, never shrinks. */
import type { MetadataRecord } from '../../proto/cluster.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import { METADATA_PARTITIONS_PER_REQUEST_MAX } from '../limits.ts'
import type { ItemResult, NewPartitions } from './api.ts'
import { manualAssignmentProblem } from './assignment.ts'
import { type CommandContext, failure, type Outcome, success } from './core.ts'
import { newPartition } from './create-topics.ts'
import { PlacementError, placeReplicas } from './placement.ts'
import type { TopicView } from './view.ts'

function countProblem(topic: TopicView, count: number): ItemResult | null {
  const present = topic.partitions.length
  if (count === present) {
    return failure(Errors.INVALID_PARTITIONS, `Topic already has ${present} partition(s).`)
  }
  if (count < present) {
    return failure(
      Errors.INVALID_PARTITIONS,
      `The topic ${topic.name} currently has ${present} partition(s); ${count} would not be an increase.`,
    )
  }
  return null
}

/** Replicas of each added partition. */
function addedReplicas(
  context: CommandContext,
  topic: TopicView,
  change: NewPartitions,
): readonly (readonly number[])[] | ItemResult {
  const present = topic.partitions.length
  const additional = change.count - present
  const factor = topic.partitions[0]?.replicas.length ?? 1
  if (change.assignments === null) {
    try {
      return placeReplicas(context.image.brokers(), additional, factor, context.random)
    } catch (error) {
      if (!(error instanceof PlacementError)) throw error
      return failure(Errors.INVALID_REPLICATION_FACTOR, error.message)
    }
  }
  if (change.assignments.length !== additional) {
    return failure(
      Errors.INVALID_REPLICA_ASSIGNMENT,
      `Attempted to add ${additional} additional partition(s), but only ${change.assignments.length} assignment(s) were specified.`,
    )
  }
  for (const [i, brokers] of change.assignments.entries()) {
    const problem = manualAssignmentProblem(context, present + i, brokers, factor)
    if (problem !== null) return failure(Errors.INVALID_REPLICA_ASSIGNMENT, problem)
  }
  return change.assignments
}

function growTopic(context: CommandContext, change: NewPartitions, records: MetadataRecord[]): ItemResult {
  const topic = context.image.topic(change.name)
  if (topic === undefined) return failure(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  const problem = countProblem(topic, change.count)
  if (problem !== null) return problem
  if (records.length + change.count - topic.partitions.length > METADATA_PARTITIONS_PER_REQUEST_MAX) {
    return failure(Errors.POLICY_VIOLATION, 'Excessively large number of partitions per request.')
  }
  const replicas = addedReplicas(context, topic, change)
  if ('error' in replicas) return replicas
  replicas.forEach((brokers, i) => records.push(newPartition(context, topic.id, topic.partitions.length + i, brokers)))
  return success
}

/** Topic names must differ within the request. */
export function createPartitions(
  context: CommandContext,
  changes: readonly NewPartitions[],
  validateOnly: boolean,
): Outcome<readonly (ItemResult & { readonly name: string })[]> {
  const records: MetadataRecord[] = []
  const result = changes.map((change) => ({ ...growTopic(context, change, records), name: change.name }))
  return { records: validateOnly ? [] : records, result }
}
