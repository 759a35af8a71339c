import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { OffsetCommit, OffsetFetch } from '../../proto/kafka/generated/apis.ts'
import type { OffsetFetchResponse } from '../../proto/kafka/generated/09-offset-fetch.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import { KafkaError } from '../errors.ts'
import { safeOffset } from '../timing.ts'
import type { TopicPartition } from '../topic.ts'
import type { RequestOptions } from './cluster.ts'
import type { Coordinator } from './coordinator.ts'

/** Version 10 of both APIs names topics by id, which a deleted topic no longer has. */
const LAST_VERSION_WITH_NAMES = 9

/** Who commits. Outside of a generation: id '' and generation -1. */
export interface Committer {
  readonly group: string
  readonly memberId: string
  readonly generation: number
  readonly instanceId: string | null
}

export interface OffsetToCommit extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

/** Commits once. Throws the first partition's error. */
export async function commitOffsets(
  coordinator: Coordinator,
  committer: Committer,
  offsets: readonly OffsetToCommit[],
  options: Omit<RequestOptions, 'node'>,
): Promise<void> {
  const topics = groupByTopic(offsets, ({ partition, offset, leaderEpoch, metadata }) => ({
    partitionIndex: partition,
    committedOffset: safeOffset(offset, 'offset to commit'),
    committedLeaderEpoch: leaderEpoch ?? -1,
    committedMetadata: metadata ?? '',
  }))
  const message = {
    groupId: committer.group,
    generationIdOrMemberEpoch: committer.generation,
    memberId: committer.memberId,
    groupInstanceId: committer.instanceId,
    retentionTimeMs: -1,
    topics: [...topics].map(([name, partitions]) => ({ name, topicId: ZERO_UUID, partitions })),
  }
  const firstCode = (answer: { topics: { partitions: { errorCode: ErrorCode }[] }[] }): ErrorCode =>
    answer.topics.flatMap((topic) => topic.partitions).find(({ errorCode }) => errorCode !== Errors.NONE)?.errorCode ??
    Errors.NONE
  await coordinator.call(OffsetCommit, message, firstCode, { ...options, maxVersion: LAST_VERSION_WITH_NAMES })
}

/** Fetches committed offsets once: of some partitions, or all (null). Partitions without one are absent. */
export async function fetchOffsets(
  coordinator: Coordinator,
  group: string,
  partitions: readonly TopicPartition[] | null,
  requireStable: boolean,
  options: Omit<RequestOptions, 'node'>,
): Promise<CommittedOffset[]> {
  const byTopic = partitions === null ? null : [...groupByTopic(partitions, ({ partition }) => partition)]
  const topics = byTopic?.map(([name, partitionIndexes]) => ({ name, topicId: ZERO_UUID, partitionIndexes })) ?? null
  const message = {
    groupId: group,
    topics,
    groups: [{ groupId: group, memberId: null, memberEpoch: -1, topics }],
    requireStable,
  }
  const codeOf = (answer: OffsetFetchResponse): ErrorCode => answer.groups[0]?.errorCode ?? answer.errorCode
  const response = await coordinator.call(OffsetFetch, message, codeOf, {
    ...options,
    maxVersion: LAST_VERSION_WITH_NAMES,
  })
  const committed: CommittedOffset[] = []
  for (const topic of response.groups[0]?.topics ?? response.topics) {
    for (const answer of topic.partitions) {
      const place = `committed offset of ${topic.name}[${answer.partitionIndex}]`
      if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode, place)
      if (answer.committedOffset < 0) continue
      committed.push({
        topic: topic.name,
        partition: answer.partitionIndex,
        offset: safeOffset(answer.committedOffset, place),
        leaderEpoch: answer.committedLeaderEpoch,
        metadata: answer.metadata ?? '',
      })
    }
  }
  return committed
}

/** Values by topic, in order of first appearance. */
export function groupByTopic<P extends TopicPartition, T>(items: readonly P[], map: (item: P) => T): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(item.topic)
    if (group === undefined) groups.set(item.topic, [map(item)])
    else group.push(map(item))
  }
  return groups
}
