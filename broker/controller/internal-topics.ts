/** The topics that the broker makes for itself when they are first needed, with the options Kafka gives them. */
import type { BrokerConfig } from '../config.ts'
import type { NewTopic } from './api.ts'

/**
 * As many replicas as asked for, at most one per broker that the cluster is configured with: the topic waits for those that
 * have not come up yet, as it would have too few replicas for ever.
 */
export function internalReplicas(wanted: number, { voters }: Pick<BrokerConfig, 'voters'>): number {
  return Math.max(1, Math.min(wanted, voters.length))
}

function options(entries: Readonly<Record<string, string>>): NewTopic['configs'] {
  return Object.entries(entries).map(([name, value]) => ({ name, value }))
}

/** Null when `name` is no internal topic. */
export function internalTopic(name: string, config: BrokerConfig): NewTopic | null {
  const { properties } = config
  if (name === '__consumer_offsets') {
    return {
      name,
      partitions: properties['offsets.topic.num.partitions'],
      replicationFactor: internalReplicas(properties['offsets.topic.replication.factor'], config),
      assignments: [],
      configs: options({
        'cleanup.policy': 'compact',
        'compression.type': 'producer',
        'segment.bytes': String(properties['offsets.topic.segment.bytes']),
      }),
    }
  }
  if (name === '__transaction_state') {
    const factor = internalReplicas(properties['transaction.state.log.replication.factor'], config)
    return {
      name,
      partitions: properties['transaction.state.log.num.partitions'],
      replicationFactor: factor,
      assignments: [],
      configs: options({
        'cleanup.policy': 'compact',
        'compression.type': 'uncompressed',
        'min.insync.replicas': String(Math.min(properties['transaction.state.log.min.isr'], factor)),
        'segment.bytes': String(properties['transaction.state.log.segment.bytes']),
        'unclean.leader.election.enable': 'false',
      }),
    }
  }
  if (name === '__share_group_state') {
    const factor = internalReplicas(properties['share.coordinator.state.topic.replication.factor'], config)
    return {
      name,
      partitions: properties['share.coordinator.state.topic.num.partitions'],
      replicationFactor: factor,
      assignments: [],
      configs: options({
        'cleanup.policy': 'delete',
        'compression.type': 'uncompressed',
        'min.insync.replicas': String(Math.min(properties['share.coordinator.state.topic.min.isr'], factor)),
        'retention.ms': '-1',
        'segment.bytes': String(properties['share.coordinator.state.topic.segment.bytes']),
      }),
    }
  }
  return null
}
