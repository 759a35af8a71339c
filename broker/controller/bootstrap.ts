/** What a new cluster's metadata begins with. */
import type { MetadataRecord } from '../../proto/cluster.ts'
import { brokerText } from '../config/effective.ts'
import type { CommandContext } from './core.ts'
import { ResourceType } from './image.ts'
import { METADATA_VERSION } from './metadata-version.ts'

/** Empty unless the metadata is. */
export function bootstrapRecords(context: CommandContext): MetadataRecord[] {
  if (context.image.features().has(METADATA_VERSION)) return []
  const level = context.config.properties['millrace.metadata.version']
  const minIsr = brokerText('min.insync.replicas', context.config, context.image)
  return [
    { kind: 'featureLevel', name: METADATA_VERSION, level },
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
