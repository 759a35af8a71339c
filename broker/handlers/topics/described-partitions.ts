/**
 * The partitions of a topic as Metadata answers them, kept as long as neither the topic nor who is alive changes: clients ask
 * again every few minutes, and 10,000 partitions put together anew are garbage that takes longer to collect than to encode.
 */
import type { MetadataResponsePartition } from '../../../proto/kafka/generated/03-metadata.ts'
import type { MetadataView, TopicView } from '../../controller/view.ts'
import { partitionState } from './partition-metadata.ts'

interface Described {
  /** Ids of the brokers that were alive. */
  readonly alive: string
  readonly partitions: MetadataResponsePartition[]
}

/** A topic that changes is another object in the image: what is kept of the old one goes with it. */
const kept = new WeakMap<TopicView, Described>()

/** Not to be changed by whoever gets it. */
export function describedPartitions(topic: TopicView, metadata: MetadataView): MetadataResponsePartition[] {
  let alive = ''
  for (const { id, fenced } of metadata.brokers()) if (!fenced) alive += `${id} `
  const known = kept.get(topic)
  if (known?.alive === alive) return known.partitions
  const partitions = topic.partitions.map((partition) => {
    const { errorCode, leaderId, offlineReplicas } = partitionState(metadata, partition)
    return {
      errorCode,
      partitionIndex: partition.index,
      leaderId,
      leaderEpoch: partition.leaderEpoch,
      replicaNodes: [...partition.replicas],
      isrNodes: [...partition.isr],
      offlineReplicas,
    }
  })
  kept.set(topic, { alive, partitions })
  return partitions
}
