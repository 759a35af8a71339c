/** What another `min.insync.replicas` means for partitions whose in-sync set was under it (KIP-966). */
import type { MetadataRecord } from '../../proto/cluster.ts'
import { afterwards, type CommandContext, minInsyncReplicas } from './core.ts'
import { ResourceType } from './image.ts'
import { changePartition } from './partition-change.ts'

/**
 * An eligible leader replica is complete only as long as the high watermark stands still. A minimum that the in-sync set
 * reaches from now on lets it move without him: so he is none any more, from the same batch of records on.
 */
export function minIsrChanges(context: CommandContext, records: readonly MetadataRecord[]): MetadataRecord[] {
  const resources = records.flatMap((record) =>
    record.kind === 'config' && record.name === 'min.insync.replicas' ? [record] : [],
  )
  if (resources.length === 0) return []
  const after = afterwards(context, records)
  const changes: MetadataRecord[] = []
  for (const topic of after.image.topics()) {
    const isTouched = resources.some(
      ({ resourceType, resourceName }) => resourceType === ResourceType.BROKER || resourceName === topic.name,
    )
    const eligible = topic.partitions.filter(({ elr, lastKnownElr }) => elr.length > 0 || lastKnownElr.length > 0)
    if (!isTouched || eligible.length === 0) continue
    const minIsr = minInsyncReplicas(after, topic)
    for (const partition of eligible) {
      const isActive = (id: number) => after.image.isActive(id)
      const record = changePartition({ topicId: topic.id, partition, minIsr, isActive })
      if (record !== null) changes.push(record)
    }
  }
  return changes
}
