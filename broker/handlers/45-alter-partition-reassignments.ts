/** AlterPartitionReassignments (key 45, KIP-455). Versions 0 and 1. 1: the number of replicas may be kept (KIP-860). */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { AlterPartitionReassignments } from '../../proto/kafka/generated/apis.ts'
import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
  ReassignableTopicResponse,
} from '../../proto/kafka/generated/45-alter-partition-reassignments.ts'
import type { ItemResult, PartitionRef, Reassignment } from '../controller/api.ts'
import type { Handler } from './handler.ts'
import { withinTimeout } from './topics/deadline.ts'

type Reassigned = ItemResult & PartitionRef

export const alterPartitionReassignmentsHandler: Handler<
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse
> = {
  api: AlterPartitionReassignments,
  handle({ topics, timeoutMs, allowReplicationFactorChange }, context, { controller, clock }) {
    const items: Reassignment[] = topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, replicas }) => ({ topic: name, partition: partitionIndex, replicas })),
    )
    const answer = (errorCode: ErrorCode, results: readonly Reassigned[]) =>
      context.reply({
        throttleTimeMs: 0,
        allowReplicationFactorChange,
        errorCode,
        errorMessage: null,
        responses: byTopic(results),
      })
    withinTimeout<readonly Reassigned[]>(
      timeoutMs,
      clock,
      (done) => controller.reassignPartitions(items, { allowReplicationFactorChange }, done),
      (results) => {
        const isRefused = results.length > 0 && results.every(({ error }) => error === Errors.NOT_CONTROLLER)
        answer(isRefused ? Errors.NOT_CONTROLLER : Errors.NONE, results)
      },
      () => answer(Errors.REQUEST_TIMED_OUT, []),
    )
  },
}

function byTopic(results: readonly Reassigned[]): ReassignableTopicResponse[] {
  const topics = new Map<string, ReassignableTopicResponse>()
  for (const { topic, partition, error, message } of results) {
    const entry = topics.get(topic) ?? { name: topic, partitions: [] }
    topics.set(topic, entry)
    entry.partitions.push({ partitionIndex: partition, errorCode: error, errorMessage: message })
  }
  return [...topics.values()]
}
