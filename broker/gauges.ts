/** What a broker is in numbers, for whoever watches it: what it hosts and serves, and the cluster as it knows it. */
import type { MetadataView } from './controller/view.ts'
import type { Metrics } from './metrics.ts'
import type { Services } from './services.ts'

export function registerGauges(metrics: Metrics, services: Services): void {
  const { partitions, fetches, fetchSessions } = services
  metrics.gauge('millrace_partitions', 'Partitions hosted by this broker.', () => [...partitions.all()].length)
  metrics.gauge('millrace_parked_fetches', 'Fetches waiting for records.', () => fetches.size)
  metrics.gauge('millrace_fetch_sessions', 'Fetch sessions kept (KIP-227).', () => fetchSessions.size)
  registerClusterGauges(metrics, services)
}

function registerClusterGauges(metrics: Metrics, { cluster: { controller }, metadata }: Services): void {
  metrics.gauge(
    'millrace_active_controller',
    'Whether this node is the active controller: the sum over all nodes is 1.',
    () => (controller.isActive ? 1 : 0),
  )
  metrics.gauge('millrace_quorum_epoch', 'Epoch of the metadata quorum.', () => controller.epoch)
  metrics.gauge(
    'millrace_metadata_offset',
    'Offset of the next metadata record to apply.',
    () => controller.appliedOffset,
  )
  metrics.gauge(
    'millrace_fenced_brokers',
    'Brokers that are registered and do not serve.',
    () => metadata.brokers().filter(({ fenced }) => fenced).length,
  )
  metrics.gauge('millrace_leaderless_partitions', 'Partitions that nobody can lead.', () => leaderless(metadata))
}

function leaderless(metadata: MetadataView): number {
  let count = 0
  for (const { partitions } of metadata.topics()) count += partitions.filter(({ leader }) => leader < 0).length
  return count
}
