/** AlterPartitionReassignments and ListPartitionReassignments as commands (KIP-455, KIP-860). */
import type { MetadataRecord } from '../../proto/cluster.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import { topicProperties } from '../config/effective.ts'
import type { ItemResult, OngoingMove, PartitionRef, Reassignment } from './api.ts'
import { manualAssignmentProblem } from './assignment.ts'
import { type CommandContext, failure, minInsyncReplicas, type Outcome, success } from './core.ts'
import { changePartition, type Move } from './partition-change.ts'
import type { MetadataView, PartitionView, TopicView } from './view.ts'

function isMoving({ addingReplicas, removingReplicas }: PartitionView): boolean {
  return addingReplicas.length > 0 || removingReplicas.length > 0
}

/** Back to the replicas that the partition had before its move began. */
function cancelled(context: CommandContext, topic: TopicView, partition: PartitionView): MetadataRecord | ItemResult {
  if (!isMoving(partition)) return failure(Errors.NO_REASSIGNMENT_IN_PROGRESS)
  const replicas = partition.replicas.filter((id) => !partition.addingReplicas.includes(id))
  const targetIsr = partition.isr.filter((id) => replicas.includes(id))
  const unclean = targetIsr.length === 0
  if (unclean && !topicProperties(topic.configs, context.config, context.image)['unclean.leader.election.enable']) {
    return failure(
      Errors.INVALID_REPLICA_ASSIGNMENT,
      `Unable to revert partition assignment for ${topic.name}-${partition.index} because it would require an unclean leader election.`,
    )
  }
  return moved(context, topic, partition, { replicas, adding: [], removing: [] }, targetIsr, unclean)
}

/** Those wanted that were not there before come; those that were there and are not wanted leave when these are in sync. */
function moveTo(partition: PartitionView, wanted: readonly number[]): Move {
  const { replicas, addingReplicas, isr } = partition
  const original = replicas.filter((id) => !addingReplicas.includes(id))
  const adding = wanted.filter((id) => !original.includes(id))
  // A replica of an earlier move that has not arrived is dropped at once; one in sync may be the only one with all records.
  const removing = replicas.filter((id) => !wanted.includes(id) && (original.includes(id) || isr.includes(id)))
  return { replicas: [...wanted, ...removing], adding, removing }
}

function moved(
  context: CommandContext,
  topic: TopicView,
  partition: PartitionView,
  move: Move,
  targetIsr: readonly number[],
  unclean: boolean,
): MetadataRecord | ItemResult {
  const record = changePartition({
    topicId: topic.id,
    partition,
    minIsr: minInsyncReplicas(context, topic),
    isActive: (id) => context.image.isActive(id),
    move,
    targetIsr,
    ...(unclean ? { election: 'unclean' as const } : {}),
  })
  return record ?? success
}

function reassignOne(
  context: CommandContext,
  { topic: name, partition: index, replicas }: Reassignment,
  allowReplicationFactorChange: boolean,
): MetadataRecord | ItemResult {
  const topic = context.image.topic(name)
  const partition = topic?.partitions[index]
  if (topic === undefined || partition === undefined) {
    return failure(Errors.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.')
  }
  if (replicas === null) return cancelled(context, topic, partition)
  const problem = manualAssignmentProblem(context, index, replicas, null)
  if (problem !== null) return failure(Errors.INVALID_REPLICA_ASSIGNMENT, problem)
  const present = partition.replicas.length - partition.addingReplicas.length
  if (!allowReplicationFactorChange && replicas.length !== present) {
    return failure(
      Errors.INVALID_REPLICATION_FACTOR,
      `The replication factor is changed from ${present} to ${replicas.length}`,
    )
  }
  const move = moveTo(partition, replicas)
  return moved(
    context,
    topic,
    partition,
    move,
    partition.isr.filter((id) => move.replicas.includes(id)),
    false,
  )
}

/** Results come in the order of the items; one item's error does not keep the others from being done. */
export function reassignPartitions(
  context: CommandContext,
  items: readonly Reassignment[],
  allowReplicationFactorChange: boolean,
): Outcome<readonly (ItemResult & PartitionRef)[]> {
  const records: MetadataRecord[] = []
  const result = items.map((item) => {
    const outcome = reassignOne(context, item, allowReplicationFactorChange)
    if ('kind' in outcome) records.push(outcome)
    const { topic, partition } = item
    return { topic, partition, ...('kind' in outcome ? success : outcome) }
  })
  return { records, result }
}

/** Moves under way; null partitions = all. What does not exist or does not move is left out. */
export function ongoingMoves(metadata: MetadataView, partitions: readonly PartitionRef[] | null): OngoingMove[] {
  const asked =
    partitions ??
    [...metadata.topics()].flatMap(({ name, partitions: all }) =>
      all.map(({ index }) => ({ topic: name, partition: index })),
    )
  return asked.flatMap(({ topic, partition }) => {
    const view = metadata.topic(topic)?.partitions[partition]
    if (view === undefined || !isMoving(view)) return []
    const { replicas, addingReplicas, removingReplicas } = view
    return [{ topic, partition, replicas, addingReplicas, removingReplicas }]
  })
}
