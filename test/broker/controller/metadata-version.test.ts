import { describe, expect, it } from 'vitest'
import { defaultConfig } from '../../../broker/config.ts'
import { bootstrapRecords } from '../../../broker/controller/bootstrap.ts'
import {
  METADATA_VERSION,
  METADATA_VERSION_NEWEST,
  METADATA_VERSION_OLDEST,
  recordsAtLevel,
  supportedFeatures,
} from '../../../broker/controller/metadata-version.ts'
import type { PartitionChangeRecord } from '../../../proto/cluster.ts'
import { Cluster } from './image-cluster.ts'

const option = (level: number) => ({ 'millrace.metadata.version': level })

describe('metadata.version', () => {
  it('is understood from the oldest to the newest level, unless the broker is told to take part in less', () => {
    const range = (maxLevel: number) => [{ name: METADATA_VERSION, minLevel: METADATA_VERSION_OLDEST, maxLevel }]
    expect(supportedFeatures(defaultConfig())).toEqual(range(METADATA_VERSION_NEWEST))
    expect(supportedFeatures(defaultConfig({ properties: option(1) }))).toEqual(range(1))
    const beyond = METADATA_VERSION_NEWEST + 1
    expect(() => defaultConfig({ properties: option(beyond) })).toThrow('millrace.metadata.version')
  })

  it('begins, in a new cluster, with the highest that its first controller takes part in', () => {
    const first = (properties: Record<string, number>) => bootstrapRecords(new Cluster(properties).context)[0]
    expect(first({})).toMatchObject({ name: METADATA_VERSION, level: METADATA_VERSION_NEWEST })
    expect(first(option(1))).toMatchObject({ name: METADATA_VERSION, level: 1 })
  })

  it('keeps out of the log what the agreed level lacks, and nothing else', () => {
    const change: PartitionChangeRecord = {
      kind: 'partitionChange',
      topicId: 't',
      partition: 0,
      leader: 2,
      replicas: null,
      isr: { ids: [2] },
      elr: null,
      lastKnownElr: null,
      addingReplicas: null,
      removingReplicas: null,
      electedAs: 'in-sync',
    }
    const records = [change, { kind: 'noOp' } as const]
    expect(recordsAtLevel(records, 2)).toEqual(records)
    expect(recordsAtLevel(records, 1)).toEqual([{ ...change, electedAs: null }, { kind: 'noOp' }])
  })
})
