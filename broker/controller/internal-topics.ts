/** The topics that the broker makes for itself when they are first needed, with the options Kafka gives them. */
import type { BrokerConfig } from '../config.ts'
import type { NewTopic } from './api.ts'

/** As many replicas as asked for, at most one per broker there is. */
function replicas(wanted: number, brokerCount: number): number {
  return Math.max(1, Math.min(wanted, brokerCount))
}

function options(entries: Readonly<Record<string, string>>): NewTopic['configs'] {
  return Object.entries(entries).map(([name, value]) => ({ name, value }))
}

/** Null when `name` is no internal topic. `brokerCount` is the number of brokers registered. */
export function internalTopic(name: string, config: BrokerConfig, brokerCount: number): NewTopic | null {
  const { properties } = config
  if (name === '__consumer_offsets') {
    return {
      name,
      partitions: properties['offsets.topic.num.partitions'],
      replicationFactor: replicas(properties['offsets.topic.replication.factor'], brokerCount),
      assignments: [],
      configs: options({
        'cleanup.policy': 'compact',
        'compression.type': 'producer',
        'segment.bytes': String(properties['offsets.topic.segment.bytes']),
      }),
    }
  }
  if (name === '__transaction_state') {
    const factor = replicas(properties['transaction.state.log.replication.factor'], brokerCount)
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
    const factor = replicas(properties['share.coordinator.state.topic.replication.factor'], brokerCount)
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
