/** Feature levels (KIP-584): what this release understands. What the cluster has agreed on is in its metadata. */
import type { FeatureRange } from '../../proto/cluster.ts'
import { METADATA_VERSION, METADATA_VERSION_LEVEL } from './image.ts'

/** By name. A broker registers them, and is refused where the agreed level is outside. */
export const supportedFeatures: readonly FeatureRange[] = [
  { name: METADATA_VERSION, minLevel: 1, maxLevel: METADATA_VERSION_LEVEL },
]
