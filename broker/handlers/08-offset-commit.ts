/**
 * OffsetCommit (key 8). Versions 2 to 10. Up to 4: a retention time of the request's own; 6: leader epoch; 7: instance id
 * (KIP-345); 9: GROUP_ID_NOT_FOUND instead of ILLEGAL_GENERATION (KIP-848); 10: topic ids (KIP-516). Metadata comes back
 * as it was sent (W20).
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { OffsetCommit } from '../../proto/kafka/generated/apis.ts'
import type {
  OffsetCommitRequest,
  OffsetCommitRequestTopic,
  OffsetCommitResponse,
  OffsetCommitResponseTopic,
} from '../../proto/kafka/generated/08-offset-commit.ts'
import type { MetadataView, TopicView } from '../controller/view.ts'
import type { CommitRequest, CommitTopicResult } from '../groups/api.ts'
import type { Handler } from './handler.ts'

const TOPIC_ID_VERSION = 10

type CommitTopic = CommitRequest['topics'][number]

export const offsetCommitHandler: Handler<OffsetCommitRequest, OffsetCommitResponse> = {
  api: OffsetCommit,
  handle(request, context, services) {
    const answer = new Answer()
    const topics: CommitTopic[] = []
    for (const topic of request.topics) {
      const accepted = accept(topic, context.apiVersion, services.metadata, answer)
      if (accepted !== null) topics.push(accepted)
    }
    if (topics.length === 0) {
      context.reply(answer.response())
      return
    }
    const commit: CommitRequest = {
      groupId: request.groupId,
      generationId: request.generationIdOrMemberEpoch,
      memberId: request.memberId,
      groupInstanceId: request.groupInstanceId,
      retentionTimeMs: request.retentionTimeMs,
      knowsGroupIdNotFound: context.apiVersion >= 9,
      topics,
    }
    services.groups.commitOffsets(commit, (results) => {
      for (const [i, result] of results.entries()) answer.addAll(result, topics[i]?.topicId ?? '')
      context.reply(answer.response())
    })
  },
}

/** What the topic really has goes to the coordinator; the rest is answered here. */
function accept(
  topic: OffsetCommitRequestTopic,
  version: number,
  metadata: MetadataView,
  answer: Answer,
): CommitTopic | null {
  const byId = version >= TOPIC_ID_VERSION
  const view: TopicView | undefined = byId ? metadata.topicById(topic.topicId) : metadata.topic(topic.name)
  if (view === undefined) {
    const error = byId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION
    for (const { partitionIndex } of topic.partitions) answer.add(topic.name, topic.topicId, partitionIndex, error)
    return null
  }
  const partitions: CommitTopic['partitions'][number][] = []
  for (const partition of topic.partitions) {
    const { partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata } = partition
    if (view.partitions[partitionIndex] === undefined) {
      answer.add(view.name, view.id, partitionIndex, Errors.UNKNOWN_TOPIC_OR_PARTITION)
    } else {
      const leaderEpoch = committedLeaderEpoch
      partitions.push({ partition: partitionIndex, offset: committedOffset, leaderEpoch, metadata: committedMetadata })
    }
  }
  return partitions.length === 0 ? null : { topic: view.name, topicId: view.id, partitions }
}

/** The answer as it grows: one entry per topic, what was refused before what the coordinator says. */
class Answer {
  readonly #topics = new Map<string, OffsetCommitResponseTopic>()

  add(name: string, topicId: string, partitionIndex: number, errorCode: ErrorCode): void {
    const key = name === '' ? topicId : name
    const topic = this.#topics.get(key)
    if (topic === undefined) this.#topics.set(key, { name, topicId, partitions: [{ partitionIndex, errorCode }] })
    else topic.partitions.push({ partitionIndex, errorCode })
  }

  addAll({ topic, partitions }: CommitTopicResult, topicId: string): void {
    for (const { partition, error } of partitions) this.add(topic, topicId, partition, error)
  }

  response(): OffsetCommitResponse {
    return { throttleTimeMs: 0, topics: [...this.#topics.values()] }
  }
}
