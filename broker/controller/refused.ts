/** What each call about several things is answered when none of them could be tried: the same reason for each, in their order. */
import type {
  ConfigChange,
  ItemResult,
  NewPartitions,
  NewTopic,
  NewTopicResult,
  PartitionRef,
  TopicRef,
} from './api.ts'
import { failedTopic } from './create-topics.ts'

export const refused = {
  createTopics: (topics: readonly NewTopic[], why: ItemResult): NewTopicResult[] =>
    topics.map(({ name }) => failedTopic(name, why)),

  deleteTopics: (topics: readonly TopicRef[], why: ItemResult): (ItemResult & TopicRef)[] =>
    topics.map((topic) => ({ ...topic, ...why })),

  createPartitions: (changes: readonly NewPartitions[], why: ItemResult): (ItemResult & { readonly name: string })[] =>
    changes.map(({ name }) => ({ name, ...why })),

  alterConfigs: (changes: readonly ConfigChange[], why: ItemResult): ItemResult[] => changes.map(() => why),

  /** Elections and moves. Null = all there are, none of which is named then. */
  partitions: (refs: readonly PartitionRef[] | null, why: ItemResult): (ItemResult & PartitionRef)[] =>
    (refs ?? []).map(({ topic, partition }) => ({ topic, partition, ...why })),
}
