/**
 * OffsetFetch (key 9). Versions 1 to 10. 2: null topics mean all, and an error of the whole group; 5: leader epoch; 7:
 * RequireStable (KIP-447: waits for commits that are on their way); 8: many groups (KIP-709); 9: member id and epoch
 * (KIP-848; classic groups ignore them, as in Kafka); 10: topic ids.
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { OffsetFetch } from '../../proto/kafka/generated/apis.ts'
import type {
  OffsetFetchRequest,
  OffsetFetchRequestGroup,
  OffsetFetchResponse,
  OffsetFetchResponseGroup,
  OffsetFetchResponsePartitions,
  OffsetFetchResponseTopics,
} from '../../proto/kafka/generated/09-offset-fetch.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type { MetadataView } from '../controller/view.ts'
import type { FetchOffsetsRequest, FetchOffsetsResult } from '../groups/api.ts'
import type { Handler } from './handler.ts'

const GROUP_ERROR_VERSION = 2
const MANY_GROUPS_VERSION = 8
const TOPIC_ID_VERSION = 10

export const offsetFetchHandler: Handler<OffsetFetchRequest, OffsetFetchResponse> = {
  api: OffsetFetch,
  handle(request, context, services) {
    const { apiVersion } = context
    const asked = apiVersion >= MANY_GROUPS_VERSION ? request.groups : [onlyGroup(request)]
    const groups: OffsetFetchResponseGroup[] = []
    let left = asked.length
    const finish = () => context.reply(response(groups, apiVersion))
    if (left === 0) finish()
    for (const [i, group] of asked.entries()) {
      const byId = apiVersion >= TOPIC_ID_VERSION
      const { topics, unknown } = resolve(group, byId, services.metadata)
      const { groupId, memberId, memberEpoch } = group
      const fetch: FetchOffsetsRequest = {
        groupId,
        memberId,
        memberEpoch,
        topics,
        requireStable: request.requireStable,
      }
      services.groups.fetchOffsets(fetch, (result) => {
        groups[i] = answerGroup(group, result, unknown, apiVersion, services.metadata)
        left -= 1
        if (left === 0) finish()
      })
    }
  },
}

/** Before version 8 the request is about one group. */
function onlyGroup({ groupId, topics }: OffsetFetchRequest): OffsetFetchRequestGroup {
  const named = topics?.map(({ name, partitionIndexes }) => ({ name, topicId: ZERO_UUID, partitionIndexes })) ?? null
  return { groupId, memberId: null, memberEpoch: -1, topics: named }
}

function resolve(
  { topics }: OffsetFetchRequestGroup,
  byId: boolean,
  metadata: MetadataView,
): { topics: FetchOffsetsRequest['topics']; unknown: OffsetFetchResponseTopics[] } {
  if (topics === null) return { topics: null, unknown: [] }
  const known: { topic: string; topicId: string; partitions: readonly number[] }[] = []
  const unknown: OffsetFetchResponseTopics[] = []
  for (const { name, topicId, partitionIndexes } of topics) {
    const topic = byId ? metadata.topicById(topicId)?.name : name
    if (topic !== undefined) known.push({ topic, topicId, partitions: partitionIndexes })
    else unknown.push(failedTopic(name, topicId, partitionIndexes, Errors.UNKNOWN_TOPIC_ID))
  }
  return { topics: known, unknown }
}

function answerGroup(
  group: OffsetFetchRequestGroup,
  result: FetchOffsetsResult,
  unknown: readonly OffsetFetchResponseTopics[],
  version: number,
  metadata: MetadataView,
): OffsetFetchResponseGroup {
  const { groupId } = group
  if (result.error !== Errors.NONE) {
    const failed = group.topics?.map((each) =>
      failedTopic(each.name, each.topicId, each.partitionIndexes, result.error),
    )
    return version < GROUP_ERROR_VERSION
      ? { groupId, topics: failed ?? [], errorCode: Errors.NONE }
      : { groupId, topics: [], errorCode: result.error }
  }
  const topics: OffsetFetchResponseTopics[] = []
  for (const { topic, topicId, partitions } of result.topics) {
    const id = topicId === ZERO_UUID ? (metadata.topic(topic)?.id ?? ZERO_UUID) : topicId
    // Asked for everything by id: a topic that is no more has none.
    if (version >= TOPIC_ID_VERSION && id === ZERO_UUID) continue
    topics.push({
      name: topic,
      topicId: id,
      partitions: partitions.map(({ partition, offset, leaderEpoch, metadata: text, error }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch,
        metadata: text,
        errorCode: error,
      })),
    })
  }
  return { groupId, topics: [...topics, ...unknown], errorCode: Errors.NONE }
}

function failedTopic(
  name: string,
  topicId: string,
  partitionIndexes: readonly number[],
  errorCode: ErrorCode,
): OffsetFetchResponseTopics {
  const partitions: OffsetFetchResponsePartitions[] = partitionIndexes.map((partitionIndex) => ({
    partitionIndex,
    committedOffset: -1,
    committedLeaderEpoch: -1,
    metadata: '',
    errorCode,
  }))
  return { name, topicId, partitions }
}

function response(groups: OffsetFetchResponseGroup[], version: number): OffsetFetchResponse {
  if (version >= MANY_GROUPS_VERSION) return { throttleTimeMs: 0, topics: [], errorCode: Errors.NONE, groups }
  const { topics, errorCode } = groups[0] ?? { topics: [], errorCode: Errors.NONE }
  return { throttleTimeMs: 0, topics, errorCode, groups: [] }
}
