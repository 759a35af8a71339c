/**
 * DescribeTopicPartitions (key 75, KIP-966). Version 0. Topics come in order of name, at most
 * `max.request.partition.size.limit` partitions at a time; the cursor says where to go on.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { DescribeTopicPartitions } from '../../proto/kafka/generated/apis.ts'
import type {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
  DescribeTopicPartitionsResponseTopic,
} from '../../proto/kafka/generated/75-describe-topic-partitions.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import { isInternalTopic } from '../controller/names.ts'
import type { MetadataView, PartitionView, TopicView } from '../controller/view.ts'
import type { Handler } from './handler.ts'
import { NOT_ASKED, TOPIC_OPERATIONS } from './topics/authorized-operations.ts'
import { absentTopicError } from './topics/auto-create.ts'
import { partitionState } from './topics/partition-metadata.ts'

export const describeTopicPartitionsHandler: Handler<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse> =
  {
    api: DescribeTopicPartitions,
    handle(request, context, { metadata, config }) {
      const { cursor } = request
      const all = request.topics.length === 0
      const asked = all ? [...metadata.topics()].map(({ name }) => name) : request.topics.map(({ name }) => name)
      const startName = cursor?.topicName ?? ''
      // Java compares UTF-16 units, as JavaScript does.
      const names = [...new Set(asked)].filter((name) => name >= startName).sort()
      const missesCursor = cursor !== null && !all && !names.includes(cursor.topicName)
      if (missesCursor || (cursor !== null && cursor.partitionIndex < 0)) return context.reply(refusal(request))
      const most = config.properties['max.request.partition.size.limit']
      const limit = Math.max(1, Math.min(most, request.responsePartitionLimit))
      const start = cursor === null ? null : { name: cursor.topicName, partition: cursor.partitionIndex }
      context.reply(describe(metadata, names, start, limit, all))
    },
  }

/** There is no top-level error: each topic asked for carries it. */
function refusal(request: DescribeTopicPartitionsRequest): DescribeTopicPartitionsResponse {
  const topics = request.topics.map(({ name }) => ({ ...absentTopic(name, Errors.INVALID_REQUEST), isInternal: false }))
  return {
    throttleTimeMs: 0,
    topics: topics.map((topic) => ({ ...topic, topicAuthorizedOperations: NOT_ASKED })),
    nextCursor: null,
  }
}

function describe(
  metadata: MetadataView,
  names: readonly string[],
  start: { readonly name: string; readonly partition: number } | null,
  limit: number,
  skipAbsent: boolean,
): DescribeTopicPartitionsResponse {
  const response: DescribeTopicPartitionsResponse = { throttleTimeMs: 0, topics: [], nextCursor: null }
  let remaining = limit
  for (const name of names) {
    if (remaining === 0) {
      response.nextCursor = { topicName: name, partitionIndex: 0 }
      break
    }
    const topic = metadata.topic(name)
    if (topic === undefined) {
      if (!skipAbsent) response.topics.push(absentTopic(name, absentTopicError(name)))
      continue
    }
    const from = start?.name === name ? start.partition : 0
    const shown = topic.partitions.slice(from, from + remaining)
    response.topics.push(describeTopic(metadata, topic, shown))
    remaining -= shown.length
    if (from + shown.length < topic.partitions.length) {
      response.nextCursor = { topicName: name, partitionIndex: from + shown.length }
      break
    }
  }
  return response
}

function absentTopic(name: string, errorCode: number): DescribeTopicPartitionsResponseTopic {
  return {
    errorCode,
    name,
    topicId: ZERO_UUID,
    isInternal: isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  }
}

function describeTopic(
  metadata: MetadataView,
  topic: TopicView,
  partitions: readonly PartitionView[],
): DescribeTopicPartitionsResponseTopic {
  return {
    errorCode: Errors.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: topic.isInternal,
    partitions: partitions.map((partition) => {
      const state = partitionState(metadata, partition)
      return {
        errorCode: state.errorCode,
        partitionIndex: partition.index,
        leaderId: state.leaderId,
        leaderEpoch: partition.leaderEpoch,
        replicaNodes: [...partition.replicas],
        isrNodes: [...partition.isr],
        eligibleLeaderReplicas: [...partition.elr],
        lastKnownElr: [...partition.lastKnownElr],
        offlineReplicas: state.offlineReplicas,
        electedAs: partition.electedAs,
      }
    }),
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  }
}
