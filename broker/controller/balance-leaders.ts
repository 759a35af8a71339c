/** Leaders go back to the first of their replicas when that one is in sync again (`auto.leader.rebalance.enable`). */
import type { MetadataRecord } from '../../proto/cluster.ts'
import { LEADER_MOVES_PER_CHECK_MAX } from '../limits.ts'
import { type CommandContext, minInsyncReplicas, type Outcome } from './core.ts'
import { changePartition } from './partition-change.ts'

/** As many at once as Kafka moves; the rest at the next check. The result is how many. */
export function balanceLeaders(context: CommandContext): Outcome<number> {
  const records: MetadataRecord[] = []
  for (const topic of context.image.topics()) {
    for (const partition of topic.partitions) {
      if (records.length >= LEADER_MOVES_PER_CHECK_MAX) return { records, result: records.length }
      const [preferred] = partition.replicas
      if (preferred === undefined || preferred === partition.leader || !context.image.isActive(preferred)) continue
      if (!partition.isr.includes(preferred)) continue
      const record = changePartition({
        topicId: topic.id,
        partition,
        minIsr: minInsyncReplicas(context, topic),
        isActive: (id) => context.image.isActive(id),
        election: 'preferred',
      })
      if (record !== null) records.push(record)
    }
  }
  return { records, result: records.length }
}
