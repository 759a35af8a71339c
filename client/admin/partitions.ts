import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { DescribeTopicPartitions, ListOffsets } from '../../proto/kafka/generated/apis.ts'
import type { Cursor } from '../../proto/kafka/generated/75-describe-topic-partitions.ts'
import { LATEST } from '../cluster/list-offsets.ts'
import { groupByTopic } from '../cluster/group-offsets.ts'
import { KafkaError } from '../errors.ts'
import type { TopicPartition } from '../topic.ts'
import type { AdminContext } from './context.ts'
import type { ReplicaEnd, ReplicatedPartition } from './types.ts'

/** Kafka's debugging consumer: any replica may be asked. */
const DEBUGGING_REPLICA = -2

const PAGE = 2000

/** Page by page, so that no answer is too large. */
export async function describePartitions(
  context: AdminContext,
  topics: readonly string[] | undefined,
  signal: AbortSignal | undefined,
): Promise<ReplicatedPartition[]> {
  const found: ReplicatedPartition[] = []
  let cursor: Cursor | null = null
  do {
    const message: Parameters<typeof DescribeTopicPartitions.writeRequest>[1] = {
      topics: (topics ?? []).map((name) => ({ name })),
      responsePartitionLimit: PAGE,
      cursor,
    }
    const answer = await context.any(DescribeTopicPartitions, message, signal)
    for (const topic of answer.topics) {
      check(topic.errorCode, `describe topic ${topic.name ?? topic.topicId}`)
      for (const partition of topic.partitions) {
        found.push({
          topic: topic.name ?? '',
          partition: partition.partitionIndex,
          leader: partition.leaderId,
          leaderEpoch: partition.leaderEpoch,
          replicas: partition.replicaNodes,
          inSync: partition.isrNodes,
          eligible: partition.eligibleLeaderReplicas ?? [],
          lastComplete: partition.lastKnownElr ?? [],
          electedAs: partition.electedAs,
        })
      }
    }
    cursor = answer.nextCursor
  } while (cursor !== null)
  return found
}

/** How far the replicas of a broker go, committed or not. Those it does not have, or cannot read, are left out. */
export async function listReplicaEnds(
  context: AdminContext,
  broker: number,
  partitions: readonly TopicPartition[],
  signal: AbortSignal | undefined,
): Promise<ReplicaEnd[]> {
  const byTopic = groupByTopic(partitions, ({ partition }) => ({
    partitionIndex: partition,
    currentLeaderEpoch: -1,
    timestamp: LATEST,
  }))
  const message = {
    replicaId: DEBUGGING_REPLICA,
    isolationLevel: 0,
    topics: [...byTopic].map(([name, asked]) => ({ name, partitions: asked })),
    timeoutMs: context.requestTimeoutMs,
  }
  const { topics } = await context.broker(broker, ListOffsets, message, signal)
  return topics.flatMap(({ name, partitions: answers }) =>
    answers
      .filter(({ errorCode }) => errorCode === Errors.NONE)
      .map(({ partitionIndex, offset }) => ({ topic: name, partition: partitionIndex, broker, endOffset: offset })),
  )
}

function check(code: ErrorCode, what: string): void {
  if (code !== Errors.NONE) throw new KafkaError(code, what)
}
