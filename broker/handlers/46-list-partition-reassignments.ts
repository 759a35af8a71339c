/** ListPartitionReassignments (key 46, KIP-455). Version 0. As this broker's metadata has them. */
import { Errors } from '../../proto/kafka/errors.ts'
import { ListPartitionReassignments } from '../../proto/kafka/generated/apis.ts'
import type {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
  OngoingTopicReassignment,
} from '../../proto/kafka/generated/46-list-partition-reassignments.ts'
import { ongoingMoves } from '../controller/reassign-partitions.ts'
import type { Handler } from './handler.ts'

export const listPartitionReassignmentsHandler: Handler<
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse
> = {
  api: ListPartitionReassignments,
  handle({ topics }, context, { metadata }) {
    const asked =
      topics?.flatMap(({ name, partitionIndexes }) =>
        partitionIndexes.map((partition) => ({ topic: name, partition })),
      ) ?? null
    const moving = new Map<string, OngoingTopicReassignment>()
    for (const { topic, partition, replicas, addingReplicas, removingReplicas } of ongoingMoves(metadata, asked)) {
      const entry = moving.get(topic) ?? { name: topic, partitions: [] }
      moving.set(topic, entry)
      entry.partitions.push({
        partitionIndex: partition,
        replicas: [...replicas],
        addingReplicas: [...addingReplicas],
        removingReplicas: [...removingReplicas],
      })
    }
    context.reply({ throttleTimeMs: 0, errorCode: Errors.NONE, errorMessage: null, topics: [...moving.values()] })
  },
}
