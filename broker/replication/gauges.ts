import type { Metrics } from '../metrics.ts'
import type { HostedPartition } from './hosted-partition.ts'
import type { PartitionManager } from './partition-manager.ts'
import type { Replication } from './replication.ts'

/** How the replicas here are, as Kafka's ReplicaManager metrics tell it. */
export function registerReplicationGauges(
  metrics: Metrics,
  partitions: PartitionManager,
  replication: Replication,
): void {
  const counted = (test: (partition: HostedPartition) => boolean) => () => {
    let count = 0
    for (const partition of partitions.all()) if (test(partition)) count += 1
    return count
  }
  metrics.gauge(
    'millrace_led_partitions',
    'Partitions that this broker leads.',
    counted(({ isLeader }) => isLeader),
  )
  metrics.gauge(
    'millrace_under_replicated_partitions',
    'Partitions led here with a replica that is not in sync.',
    counted(({ isUnderReplicated }) => isUnderReplicated),
  )
  metrics.gauge(
    'millrace_under_min_isr_partitions',
    'Partitions led here that refuse acks=all: too few replicas are in sync.',
    counted(({ isUnderMinIsr }) => isUnderMinIsr),
  )
  metrics.gauge(
    'millrace_followed_partitions',
    'Partitions that this broker follows another one in.',
    () => replication.followedCount,
  )
}
