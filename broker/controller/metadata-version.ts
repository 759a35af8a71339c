/**
 * The levels of `metadata.version` (KIP-584, KIP-778): which records may be in the metadata log. A controller writes nothing
 * that the agreed level lacks, so that brokers of the release before go on understanding everything until the level is raised.
 *
 * | level | since then |
 * |---|---|
 * | 1 | the records of the first release |
 * | 2 | a partition says why its leader could be chosen (`electedAs`) |
 *
 * Each level changed what is in the records, so there is no way back from it: see `updateFeatures`.
 */
import type { FeatureRange, MetadataRecord } from '../../proto/cluster.ts'
import type { BrokerConfig } from '../config.ts'

export const METADATA_VERSION = 'metadata.version'

/** The oldest level that this release works at. */
export const METADATA_VERSION_OLDEST = 1

/** The newest level that this release understands. Raised when a later one adds records or fields. */
export const METADATA_VERSION_NEWEST = 2

const ELECTED_AS_SINCE = 2

/**
 * What this broker understands, by name: it registers with it, and is refused where the agreed level is outside. The option
 * `millrace.metadata.version` makes it less.
 */
export function supportedFeatures({ properties }: Pick<BrokerConfig, 'properties'>): readonly FeatureRange[] {
  const maxLevel = properties['millrace.metadata.version']
  return [{ name: METADATA_VERSION, minLevel: METADATA_VERSION_OLDEST, maxLevel }]
}

/** The records as a log of this level may hold them. */
export function recordsAtLevel(records: readonly MetadataRecord[], level: number): readonly MetadataRecord[] {
  if (level >= ELECTED_AS_SINCE) return records
  return records.map((record) => (record.kind === 'partitionChange' ? { ...record, electedAs: null } : record))
}
