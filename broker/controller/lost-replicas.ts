/** Replicas whose logs failed while their brokers live on: others lead, and acks=all does not wait for them. Pure. */
import type { PartitionChangeRecord } from '../../proto/cluster.ts'
import { topicProperties } from '../config/effective.ts'
import type { TopicReplicas } from './broker-life.ts'
import type { CommandContext } from './core.ts'
import { changePartition, NO_LEADER } from './partition-change.ts'
import type { PartitionView, TopicView } from './view.ts'

/**
 * Takes these replicas out of the in-sync sets, not to be eligible either, and elects other leaders. Where nobody else can
 * lead it changes nothing, as nothing would be gained: the broker tells it again with every heartbeat.
 */
export function withdrawLost(
  context: CommandContext,
  brokerId: number,
  lost: readonly TopicReplicas[],
): PartitionChangeRecord[] {
  const records: PartitionChangeRecord[] = []
  for (const { topicId, partitions } of lost) {
    const topic = context.image.topicById(topicId)
    if (topic === undefined) continue
    for (const index of new Set(partitions)) {
      const partition = topic.partitions[index]
      const counts = partition?.isr.includes(brokerId) === true || partition?.elr.includes(brokerId) === true
      const record = partition !== undefined && counts ? withdrawal(context, brokerId, topic, partition) : null
      if (record !== null) records.push(record)
    }
  }
  return records
}

function withdrawal(
  context: CommandContext,
  brokerId: number,
  topic: TopicView,
  partition: PartitionView,
): PartitionChangeRecord | null {
  const options = topicProperties(topic.configs, context.config, context.image)
  const record = changePartition({
    topicId: topic.id,
    partition,
    minIsr: options['min.insync.replicas'],
    isActive: (id) => id !== brokerId && context.image.isActive(id),
    targetIsr: partition.isr.filter((id) => id !== brokerId),
    unclean: [brokerId],
    ...(options['unclean.leader.election.enable'] ? { election: 'unclean' as const } : {}),
  })
  const leader = record?.leader ?? partition.leader
  if (record === null || leader === NO_LEADER) return null
  // A new epoch also for a leader that stays: what the replica fetched before it failed must not bring it back.
  return { ...record, leader }
}
