/** What a new cluster's metadata begins with. */
import type { MetadataRecord } from '../../proto/cluster.ts'
import { brokerText } from '../config/effective.ts'
import type { CommandContext } from './core.ts'
import { METADATA_VERSION, METADATA_VERSION_LEVEL, ResourceType } from './image.ts'

/** Empty unless the metadata is. */
export function bootstrapRecords(context: CommandContext): MetadataRecord[] {
  if (context.image.features().has(METADATA_VERSION)) return []
  const minIsr = brokerText('min.insync.replicas', context.config, context.image)
  return [
    { kind: 'featureLevel', name: METADATA_VERSION, level: METADATA_VERSION_LEVEL },
    // As Kafka does since it has eligible leader replicas: brokers that disagree on the minimum would break them (KIP-966).
    {
      kind: 'config',
      resourceType: ResourceType.BROKER,
      resourceName: '',
      name: 'min.insync.replicas',
      value: minIsr,
    },
  ]
}
