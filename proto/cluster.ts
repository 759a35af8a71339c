/**
 * `cluster.proto` as a descriptor that needs no file at run time. The .proto file is the source of truth; a test
 * compares the two. The types are the decoded form: absent optional fields are null.
 */
import protobuf from 'protobufjs/light.js'

type FieldSpec = readonly [id: number, type: string, modifier?: 'repeated' | 'optional']

function message(fields: Readonly<Record<string, FieldSpec>>) {
  const entries = Object.entries(fields)
  const optional = entries.filter(([, spec]) => spec[2] === 'optional').map(([name]) => name)
  return {
    // proto3 `optional` is a oneof of one field.
    ...(optional.length === 0 ? {} : { oneofs: Object.fromEntries(optional.map((n) => [`_${n}`, { oneof: [n] }])) }),
    fields: Object.fromEntries(
      entries.map(([name, [id, type, modifier]]) => [
        name,
        {
          ...(modifier === 'repeated' ? { rule: 'repeated' } : {}),
          type,
          id,
          ...(modifier === 'optional' ? { options: { proto3_optional: true } } : {}),
        },
      ]),
    ),
  }
}

const brokerRef = { brokerId: [1, 'int32'], brokerEpoch: [2, 'int64'] } as const

const kinds = {
  leaderChange: [1, 'LeaderChange'],
  registerBroker: [2, 'RegisterBroker'],
  unregisterBroker: [3, 'UnregisterBroker'],
  fenceBroker: [4, 'FenceBroker'],
  unfenceBroker: [5, 'UnfenceBroker'],
  topic: [6, 'Topic'],
  partition: [7, 'Partition'],
  partitionChange: [8, 'PartitionChange'],
  removeTopic: [9, 'RemoveTopic'],
  config: [10, 'Config'],
  producerIds: [11, 'ProducerIds'],
  featureLevel: [12, 'FeatureLevel'],
  noOp: [13, 'NoOp'],
  shutDownBroker: [14, 'ShutDownBroker'],
  voters: [15, 'Voters'],
} as const

const types = {
  MetadataRecord: { oneofs: { record: { oneof: Object.keys(kinds) } }, ...message(kinds) },
  LeaderChange: message({ leaderId: [1, 'int32'], voters: [2, 'int32', 'repeated'] }),
  RegisterBroker: message({
    brokerId: [1, 'int32'],
    incarnationId: [2, 'string'],
    host: [3, 'string'],
    port: [4, 'int32'],
    rack: [5, 'string', 'optional'],
    fenced: [6, 'bool'],
    clean: [7, 'bool'],
    directoryId: [8, 'string'],
    peerHost: [9, 'string'],
    peerPort: [10, 'int32'],
    features: [11, 'FeatureRange', 'repeated'],
    brokerEpoch: [12, 'int64', 'optional'],
  }),
  FeatureRange: message({ name: [1, 'string'], minLevel: [2, 'int32'], maxLevel: [3, 'int32'] }),
  UnregisterBroker: message(brokerRef),
  FenceBroker: message(brokerRef),
  UnfenceBroker: message(brokerRef),
  Topic: message({ name: [1, 'string'], topicId: [2, 'string'] }),
  Partition: message({
    topicId: [1, 'string'],
    partition: [2, 'int32'],
    replicas: [3, 'int32', 'repeated'],
    isr: [4, 'int32', 'repeated'],
    leader: [5, 'int32'],
    leaderEpoch: [6, 'int32'],
    partitionEpoch: [7, 'int32'],
    elr: [8, 'int32', 'repeated'],
    lastKnownElr: [9, 'int32', 'repeated'],
    addingReplicas: [10, 'int32', 'repeated'],
    removingReplicas: [11, 'int32', 'repeated'],
    electedAs: [12, 'string'],
  }),
  PartitionChange: message({
    topicId: [1, 'string'],
    partition: [2, 'int32'],
    leader: [3, 'int32', 'optional'],
    replicas: [4, 'Replicas'],
    isr: [5, 'Replicas'],
    elr: [6, 'Replicas'],
    lastKnownElr: [7, 'Replicas'],
    addingReplicas: [8, 'Replicas'],
    removingReplicas: [9, 'Replicas'],
    electedAs: [10, 'string', 'optional'],
  }),
  Replicas: message({ ids: [1, 'int32', 'repeated'] }),
  RemoveTopic: message({ topicId: [1, 'string'] }),
  Config: message({
    resourceType: [1, 'int32'],
    resourceName: [2, 'string'],
    name: [3, 'string'],
    value: [4, 'string', 'optional'],
  }),
  ProducerIds: message({ ...brokerRef, nextProducerId: [3, 'int64'] }),
  FeatureLevel: message({ name: [1, 'string'], level: [2, 'int32'] }),
  NoOp: message({}),
  ShutDownBroker: message(brokerRef),
  Voters: message({ voters: [1, 'Voter', 'repeated'] }),
  Voter: message({ id: [1, 'int32'], directoryId: [2, 'string'], host: [3, 'string'], port: [4, 'int32'] }),
}

/** protobufjs' JSON form of `cluster.proto`. */
export const clusterDescriptor = {
  nested: { millrace: { nested: { cluster: { edition: 'proto3', nested: types } } } },
}

export interface Replicas {
  readonly ids: readonly number[]
}

export interface BrokerRef {
  readonly brokerId: number
  readonly brokerEpoch: number
}

/** One record of the metadata log; `kind` is the name of the field in the oneof. */
export type MetadataRecord =
  | { readonly kind: 'leaderChange'; readonly leaderId: number; readonly voters: readonly number[] }
  | RegisterBrokerRecord
  | ({ readonly kind: 'unregisterBroker' | 'fenceBroker' | 'unfenceBroker' | 'shutDownBroker' } & BrokerRef)
  | { readonly kind: 'topic'; readonly name: string; readonly topicId: string }
  | PartitionRecord
  | PartitionChangeRecord
  | { readonly kind: 'removeTopic'; readonly topicId: string }
  | ConfigRecord
  | ({ readonly kind: 'producerIds'; readonly nextProducerId: number } & BrokerRef)
  | { readonly kind: 'featureLevel'; readonly name: string; readonly level: number }
  | { readonly kind: 'noOp' }
  | VotersRecord

export interface RegisterBrokerRecord {
  readonly kind: 'registerBroker'
  readonly brokerId: number
  readonly incarnationId: string
  readonly host: string
  readonly port: number
  readonly rack: string | null
  readonly fenced: boolean
  readonly clean: boolean
  readonly directoryId: string
  /** Empty when the broker has no listener for others. */
  readonly peerHost: string
  /** 0 when the broker has no listener for others. */
  readonly peerPort: number
  readonly features: readonly FeatureRange[]
  /** In a snapshot only: elsewhere the offset is the epoch. */
  readonly brokerEpoch?: number
}

/** The levels of a feature that a broker understands, both inclusive. */
export interface FeatureRange {
  readonly name: string
  readonly minLevel: number
  readonly maxLevel: number
}

export interface VotersRecord {
  readonly kind: 'voters'
  readonly voters: readonly {
    readonly id: number
    readonly directoryId: string
    readonly host: string
    readonly port: number
  }[]
}

/**
 * Why a leader could be chosen. `''`: it led from the beginning, or nobody leads. `in-sync`, `eligible` (KIP-966): it has
 * everything that was acknowledged. `last`: the only one that was last complete, though its disk may have lost something.
 * `longest`: of all that were last complete it has the most. `unclean`: it was alive.
 */
export type Election = '' | 'in-sync' | 'eligible' | 'last' | 'longest' | 'unclean'

export interface PartitionRecord {
  readonly kind: 'partition'
  readonly topicId: string
  readonly partition: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly elr: readonly number[]
  readonly lastKnownElr: readonly number[]
  /** A move under way (KIP-455): replicas that came with it, and those that leave when it is done. */
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
  readonly electedAs: Election
}

/** Null = unchanged. */
export interface PartitionChangeRecord {
  readonly kind: 'partitionChange'
  readonly topicId: string
  readonly partition: number
  readonly leader: number | null
  readonly replicas: Replicas | null
  readonly isr: Replicas | null
  readonly elr: Replicas | null
  readonly lastKnownElr: Replicas | null
  readonly addingReplicas: Replicas | null
  readonly removingReplicas: Replicas | null
  readonly electedAs: Election | null
}

export interface ConfigRecord {
  readonly kind: 'config'
  readonly resourceType: number
  readonly resourceName: string
  readonly name: string
  readonly value: string | null
}

/** A record that this version cannot read: damaged, or written by a newer one. */
export class MetadataRecordError extends Error {
  override readonly name = 'MetadataRecordError'
}

const recordType = protobuf.Root.fromJSON(clusterDescriptor).lookupType('millrace.cluster.MetadataRecord')

export function encodeMetadataRecord(record: MetadataRecord): Buffer {
  const bytes = recordType.encode({ [record.kind]: record }).finish()
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Optional fields that are absent become null, so that every record of a kind has the same shape. */
const nullable: Readonly<Record<string, readonly string[]>> = {
  registerBroker: ['rack'],
  partitionChange: [
    'leader',
    'replicas',
    'isr',
    'elr',
    'lastKnownElr',
    'addingReplicas',
    'removingReplicas',
    'electedAs',
  ],
  config: ['value'],
}

/** Throws MetadataRecordError. */
export function decodeMetadataRecord(bytes: Uint8Array): MetadataRecord {
  let decoded: Record<string, unknown>
  try {
    decoded = recordType.toObject(recordType.decode(bytes), { longs: Number, defaults: true, oneofs: true })
  } catch (cause) {
    throw new MetadataRecordError('metadata record cannot be decoded', { cause })
  }
  const kind = decoded['record']
  const value = typeof kind === 'string' ? decoded[kind] : undefined
  if (typeof kind !== 'string' || typeof value !== 'object' || value === null) {
    throw new MetadataRecordError('metadata record of an unknown kind')
  }
  const absent = Object.fromEntries((nullable[kind] ?? []).map((field) => [field, null]))
  // The descriptor above is what gives `value` its shape.
  return { kind, ...absent, ...value } as MetadataRecord
}
