/** Whom clients are told to ask for changes of the cluster. */
import type { MetadataView } from '../../controller/view.ts'

/**
 * The active controller, as long as it is a broker that serves; else this broker, which forwards to whoever is next, as
 * Kafka's brokers do; -1 when it does not serve either.
 */
export function shownController(metadata: MetadataView, nodeId: number): number {
  return [metadata.controllerId, nodeId].find((id) => metadata.broker(id)?.fenced === false) ?? -1
}
