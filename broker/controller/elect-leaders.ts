/** ElectLeaders as a command. */
import type { MetadataRecord } from '../../proto/cluster.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import type { ItemResult, PartitionRef } from './api.ts'
import { type CommandContext, failure, minInsyncReplicas, type Outcome, success } from './core.ts'
import { changePartition, NO_LEADER } from './partition-change.ts'

type Elected = ItemResult & PartitionRef

function electOne(context: CommandContext, ref: PartitionRef, unclean: boolean, records: MetadataRecord[]): ItemResult {
  const topic = context.image.topic(ref.topic)
  if (topic === undefined) return failure(Errors.UNKNOWN_TOPIC_OR_PARTITION, `No such topic as ${ref.topic}`)
  const partition = topic.partitions[ref.partition]
  if (partition === undefined) {
    return failure(Errors.UNKNOWN_TOPIC_OR_PARTITION, `No such partition as ${ref.topic}-${ref.partition}`)
  }
  const needless = unclean ? partition.leader !== NO_LEADER : partition.leader === partition.replicas[0]
  if (needless) return failure(Errors.ELECTION_NOT_NEEDED, 'Leader election not needed for topic partition.')
  const record = changePartition({
    topicId: topic.id,
    partition,
    minIsr: minInsyncReplicas(context, topic),
    isActive: (id) => context.image.isActive(id),
    election: unclean ? 'unclean' : 'preferred',
  })
  if (record === null || record.leader === null) {
    return unclean
      ? failure(Errors.ELIGIBLE_LEADERS_NOT_AVAILABLE, 'Eligible topic partition leaders are not available.')
      : failure(Errors.PREFERRED_LEADER_NOT_AVAILABLE, 'The preferred leader was not available.')
  }
  records.push(record)
  return success
}

/** Null partitions = all, without those that need no election. */
export function electLeaders(
  context: CommandContext,
  partitions: readonly PartitionRef[] | null,
  unclean: boolean,
): Outcome<readonly Elected[]> {
  const records: MetadataRecord[] = []
  const asked =
    partitions ??
    [...context.image.topics()].flatMap((topic) =>
      topic.partitions.map(({ index }) => ({ topic: topic.name, partition: index })),
    )
  const result = asked.map((ref) => ({ ...electOne(context, ref, unclean, records), ...ref }))
  const wanted = partitions === null ? result.filter((item) => item.error !== Errors.ELECTION_NOT_NEEDED) : result
  return { records, result: wanted }
}
