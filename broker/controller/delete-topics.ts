/** DeleteTopics as a command. */
import type { MetadataRecord } from '../../proto/cluster.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import type { ItemResult, TopicRef } from './api.ts'
import { type CommandContext, failure, type Outcome, success } from './core.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'

const UNKNOWN_TOPIC = 'This server does not host this topic-partition.'

type Deleted = ItemResult & TopicRef

/** Each topic is named once, by name or by id. */
export function deleteTopics(context: CommandContext, topics: readonly TopicRef[]): Outcome<readonly Deleted[]> {
  const records: MetadataRecord[] = []
  const result = topics.map(({ name, id }): Deleted => {
    const topic = name === null ? context.image.topicById(id) : context.image.topic(name)
    if (topic === undefined) {
      return name === null
        ? { ...failure(Errors.UNKNOWN_TOPIC_ID, 'This server does not host this topic ID.'), name, id }
        : { ...failure(Errors.UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC), name, id: ZERO_UUID }
    }
    records.push({ kind: 'removeTopic', topicId: topic.id })
    return { ...success, name: topic.name, id: topic.id }
  })
  return { records, result }
}
