/** Partitions that nobody complete can lead, where the topic (by now) allows a leader that may have lost records. */
import type { MetadataRecord } from '../../proto/cluster.ts'
import { topicProperties } from '../config/effective.ts'
import { LEADER_MOVES_PER_CHECK_MAX } from '../limits.ts'
import type { CommandContext, Outcome } from './core.ts'
import { changePartition, NO_LEADER } from './partition-change.ts'

/** `unclean.leader.election.enable` may be switched on after everybody was lost. The result is how many were elected. */
export function electUncleanLeaders(context: CommandContext): Outcome<number> {
  const records: MetadataRecord[] = []
  for (const topic of context.image.topics()) {
    const orphans = topic.partitions.filter(({ leader }) => leader === NO_LEADER)
    if (orphans.length === 0) continue
    const options = topicProperties(topic.configs, context.config, context.image)
    if (!options['unclean.leader.election.enable']) continue
    for (const partition of orphans.slice(0, LEADER_MOVES_PER_CHECK_MAX - records.length)) {
      const record = changePartition({
        topicId: topic.id,
        partition,
        minIsr: options['min.insync.replicas'],
        isActive: (id) => context.image.isActive(id),
        election: 'unclean',
      })
      if (record !== null) records.push(record)
    }
  }
  return { records, result: records.length }
}
