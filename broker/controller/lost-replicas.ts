/** Replicas whose logs failed or are full while their brokers live on: others lead, and acks=all does not wait for them. Pure. */
import type { PartitionChangeRecord } from '../../proto/cluster.ts'
import { topicProperties } from '../config/effective.ts'
import type { TopicReplicas } from './broker-life.ts'
import type { CommandContext } from './core.ts'
import { changePartition, NO_LEADER } from './partition-change.ts'
import type { PartitionView, TopicView } from './view.ts'

/** What takes one replica of an in-sync set out of it; null when nothing would be gained. */
type Withdrawal = (
  context: CommandContext,
  brokerId: number,
  topic: TopicView,
  partition: PartitionView,
) => PartitionChangeRecord | null

/**
 * Takes these replicas out of the in-sync sets, not to be eligible either, and elects other leaders. Where nobody else can
 * lead it changes nothing, as nothing would be gained: the broker tells it again with every heartbeat.
 */
export function withdrawLost(
  context: CommandContext,
  brokerId: number,
  lost: readonly TopicReplicas[],
): PartitionChangeRecord[] {
  return withdrawEach(context, brokerId, lost, withdrawal)
}

/**
 * The same for replicas that have everything and no room for more. They stay where those left would be too few to
 * acknowledge anything: nothing would be gained, and with all disks full the leadership would go round for ever.
 */
export function withdrawFull(
  context: CommandContext,
  brokerId: number,
  full: readonly TopicReplicas[],
): PartitionChangeRecord[] {
  return withdrawEach(context, brokerId, full, (_, id, topic, partition) => {
    const minIsr = topicProperties(topic.configs, context.config, context.image)['min.insync.replicas']
    const left = partition.isr.filter((member) => member !== id && context.image.isActive(member))
    const isEnough = left.length >= Math.min(minIsr, partition.replicas.length)
    return isEnough && partition.isr.includes(id) ? withdrawal(context, id, topic, partition) : null
  })
}

function withdrawEach(
  context: CommandContext,
  brokerId: number,
  replicas: readonly TopicReplicas[],
  withdraw: Withdrawal,
): PartitionChangeRecord[] {
  const records: PartitionChangeRecord[] = []
  for (const { topicId, partitions } of replicas) {
    const topic = context.image.topicById(topicId)
    if (topic === undefined) continue
    for (const index of new Set(partitions)) {
      const partition = topic.partitions[index]
      const counts = partition?.isr.includes(brokerId) === true || partition?.elr.includes(brokerId) === true
      const record = partition !== undefined && counts ? withdraw(context, brokerId, topic, partition) : null
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
