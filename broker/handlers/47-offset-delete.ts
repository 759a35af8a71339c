/**
 * OffsetDelete (key 47). Version 0 (KIP-496). Deletes committed offsets of a group, except for topics that it is subscribed
 * to (GROUP_SUBSCRIBED_TO_TOPIC).
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { OffsetDelete } from '../../proto/kafka/generated/apis.ts'
import type {
  OffsetDeleteRequest,
  OffsetDeleteResponse,
  OffsetDeleteResponseTopic,
} from '../../proto/kafka/generated/47-offset-delete.ts'
import type { MetadataView } from '../controller/view.ts'
import type { Handler } from './handler.ts'

export const offsetDeleteHandler: Handler<OffsetDeleteRequest, OffsetDeleteResponse> = {
  api: OffsetDelete,
  handle(request, context, services) {
    const { existing, refused } = split(request, services.metadata)
    services.groups.deleteOffsets({ groupId: request.groupId, topics: existing }, ({ error, topics }) => {
      if (error !== Errors.NONE) {
        context.reply({ errorCode: error, throttleTimeMs: 0, topics: [] })
        return
      }
      const answers = new Map(refused)
      for (const { topic, partitions } of topics) {
        const before = answers.get(topic)?.partitions ?? []
        const results = partitions.map((each) => ({ partitionIndex: each.partition, errorCode: each.error }))
        answers.set(topic, { name: topic, partitions: [...before, ...results] })
      }
      context.reply({ errorCode: Errors.NONE, throttleTimeMs: 0, topics: [...answers.values()] })
    })
  },
}

/** What there is, and the answers for what there is not, by topic. */
function split(request: OffsetDeleteRequest, metadata: MetadataView) {
  const existing: { topic: string; partitions: number[] }[] = []
  const refused = new Map<string, OffsetDeleteResponseTopic>()
  for (const { name, partitions } of request.topics) {
    const view = metadata.topic(name)
    const known: number[] = []
    const unknown: { partitionIndex: number; errorCode: ErrorCode }[] = []
    for (const { partitionIndex } of partitions) {
      if (view?.partitions[partitionIndex] !== undefined) known.push(partitionIndex)
      else unknown.push({ partitionIndex, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
    }
    if (known.length > 0) existing.push({ topic: name, partitions: known })
    if (unknown.length > 0) refused.set(name, { name, partitions: unknown })
  }
  return { existing, refused }
}
