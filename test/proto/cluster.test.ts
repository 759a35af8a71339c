import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import {
  clusterDescriptor,
  decodeMetadataRecord,
  encodeMetadataRecord,
  type MetadataRecord,
  MetadataRecordError,
} from '../../proto/cluster.ts'

const protoText = readFileSync(join(import.meta.dirname, '../../proto/cluster.proto'), 'utf8')

/** Fields, oneofs and rules by message, without the parser's own notes. */
function shape(root: protobuf.Root): unknown {
  const namespace = root.lookup('millrace.cluster') as protobuf.Namespace
  return Object.fromEntries(
    namespace.nestedArray.map((node) => {
      const type = node as protobuf.Type
      return [
        type.name,
        type.fieldsArray.map((field) => ({
          name: field.name,
          id: field.id,
          type: field.type,
          repeated: field.repeated,
          packed: field.packed,
          partOf: field.partOf?.name ?? null,
        })),
      ]
    }),
  )
}

const records: MetadataRecord[] = [
  { kind: 'leaderChange', leaderId: 1, voters: [1, 2, 3] },
  {
    kind: 'registerBroker',
    brokerId: 1,
    incarnationId: 'AAAAAAAAAAAAAAAAAAAAAg',
    host: '127.0.0.1',
    port: 9092,
    rack: null,
    fenced: true,
    clean: false,
    directoryId: 'AAAAAAAAAAAAAAAAAAAAAw',
    peerHost: '10.0.0.1',
    peerPort: 9093,
    features: [{ name: 'metadata.version', minLevel: 1, maxLevel: 2 }],
  },
  {
    kind: 'registerBroker',
    brokerId: 0,
    incarnationId: '',
    host: '',
    port: 0,
    rack: '',
    fenced: false,
    clean: true,
    directoryId: '',
    peerHost: '',
    peerPort: 0,
    features: [],
  },
  { kind: 'shutDownBroker', brokerId: 3, brokerEpoch: 7 },
  { kind: 'unregisterBroker', brokerId: 3, brokerEpoch: 2 ** 40 },
  { kind: 'fenceBroker', brokerId: 3, brokerEpoch: 0 },
  { kind: 'unfenceBroker', brokerId: 3, brokerEpoch: Number.MAX_SAFE_INTEGER },
  { kind: 'topic', name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAABA' },
  {
    kind: 'partition',
    topicId: 'AAAAAAAAAAAAAAAAAAAABA',
    partition: 0,
    replicas: [1, 2],
    isr: [1],
    leader: -1,
    leaderEpoch: 0,
    partitionEpoch: 0,
    elr: [],
    lastKnownElr: [2],
    addingReplicas: [2],
    removingReplicas: [],
    electedAs: '',
  },
  {
    kind: 'partitionChange',
    topicId: 'AAAAAAAAAAAAAAAAAAAABA',
    partition: 7,
    leader: 0,
    replicas: null,
    isr: { ids: [] },
    elr: { ids: [1] },
    lastKnownElr: null,
    addingReplicas: null,
    removingReplicas: null,
    electedAs: null,
  },
  {
    kind: 'partitionChange',
    topicId: 'AAAAAAAAAAAAAAAAAAAABA',
    partition: 7,
    leader: null,
    replicas: { ids: [1, 2] },
    isr: null,
    elr: null,
    lastKnownElr: { ids: [] },
    addingReplicas: { ids: [2] },
    removingReplicas: { ids: [] },
    electedAs: 'eligible',
  },
  { kind: 'removeTopic', topicId: 'AAAAAAAAAAAAAAAAAAAABA' },
  { kind: 'config', resourceType: 2, resourceName: 'orders', name: 'retention.ms', value: '' },
  { kind: 'config', resourceType: 4, resourceName: '', name: 'log.retention.ms', value: null },
  { kind: 'producerIds', brokerId: 1, brokerEpoch: 5, nextProducerId: 2 ** 52 },
  { kind: 'featureLevel', name: 'metadata.version', level: 1 },
  { kind: 'noOp' },
]

describe('cluster.proto', () => {
  it('is what the embedded descriptor says, field by field', () => {
    const parsed = protobuf.parse(protoText).root
    const embedded = protobuf.Root.fromJSON(clusterDescriptor)
    parsed.resolveAll()
    embedded.resolveAll()
    expect(shape(embedded)).toEqual(shape(parsed))
  })

  it.each(records.map((record) => [record.kind, record] as const))('round-trips %s', (_, record) => {
    expect(decodeMetadataRecord(encodeMetadataRecord(record))).toEqual(record)
  })

  it('reads what the parsed .proto file writes', () => {
    const type = protobuf.parse(protoText).root.lookupType('millrace.cluster.MetadataRecord')
    for (const record of records) {
      const bytes = type.encode(type.fromObject({ [record.kind]: record })).finish()
      expect(decodeMetadataRecord(bytes)).toEqual(record)
    }
  })

  it('refuses a record of a newer version and damaged bytes', () => {
    expect(() => decodeMetadataRecord(Buffer.from([0xfa, 0x01, 0x00]))).toThrow(MetadataRecordError)
    expect(() => decodeMetadataRecord(Buffer.from([0x0a, 0x7f]))).toThrow(MetadataRecordError)
    expect(() => decodeMetadataRecord(Buffer.alloc(0))).toThrow(MetadataRecordError)
  })
})
