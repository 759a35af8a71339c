/** Records of the internal topics as people read them: what their keys and values say. */
import { type ParsedRecord, parseRecord } from '../broker/groups/records.ts'
import { decodeMetadataRecord } from '../proto/cluster.ts'
import { readTransactionLogKey, readTransactionLogValue } from '../proto/kafka/generated/transaction-records.ts'
import { Reader } from '../proto/kafka/reader.ts'

interface StoredRecord {
  readonly partition: string
  readonly isControl: boolean
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** What a record of an internal topic, or a control record, says; null for any other, and for what cannot be read. */
export function decodeInternal(record: StoredRecord): unknown {
  const topic = record.partition.slice(0, record.partition.lastIndexOf('-'))
  try {
    if (record.isControl) return controlRecord(record)
    if (topic === '__cluster_metadata') return metadataRecord(record)
    if (topic === '__consumer_offsets') return groupRecord(record)
    return topic === '__transaction_state' ? transactionRecord(record) : null
  } catch {
    return null
  }
}

/** Kafka's ControlRecordType, by number. */
const CONTROL_TYPES = [
  'ABORT',
  'COMMIT',
  'LEADER_CHANGE',
  'SNAPSHOT_HEADER',
  'SNAPSHOT_FOOTER',
  'KRAFT_VERSION',
  'KRAFT_VOTERS',
]

function controlRecord({ key, value }: StoredRecord): unknown {
  if (key === null) return null
  const reader = new Reader(key)
  reader.int16()
  const type = reader.int16()
  const control = CONTROL_TYPES[type] ?? `type ${type}`
  if (value === null || type > 1) return { control }
  const body = new Reader(value)
  body.int16()
  return { control, coordinatorEpoch: body.int32() }
}

/** Kafka's MetadataRecordType, by number. */
const KAFKA_METADATA_TYPES: Readonly<Record<number, string>> = {
  0: 'RegisterBroker',
  1: 'UnregisterBroker',
  2: 'Topic',
  3: 'Partition',
  4: 'Config',
  5: 'PartitionChange',
  7: 'FenceBroker',
  8: 'UnfenceBroker',
  9: 'RemoveTopic',
  10: 'DelegationToken',
  11: 'UserScramCredential',
  12: 'FeatureLevel',
  14: 'ClientQuota',
  15: 'ProducerIds',
  17: 'BrokerRegistrationChange',
  18: 'AccessControlEntry',
  19: 'RemoveAccessControlEntry',
  20: 'NoOp',
  21: 'ZkMigrationState',
  22: 'RemoveUserScramCredential',
  23: 'BeginTransaction',
  24: 'EndTransaction',
  25: 'AbortTransaction',
  26: 'RemoveDelegationToken',
  27: 'RegisterController',
  28: 'ClearElr',
}
/** Kafka's frame begins with this byte; no field of ours has that tag. */
const KAFKA_FRAME_VERSION = 1

function metadataRecord({ value }: StoredRecord): unknown {
  if (value === null) return null
  if (value[0] !== KAFKA_FRAME_VERSION) return decodeMetadataRecord(value)
  const reader = new Reader(value, 1)
  const type = reader.unsignedVarint()
  const version = reader.unsignedVarint()
  const kind = KAFKA_METADATA_TYPES[type] ?? `type ${type}`
  if (kind !== 'Topic') return { kind: `kafka ${kind}`, version }
  return { kind: 'kafka Topic', version, name: reader.compactString(), topicId: reader.uuid() }
}

function groupRecord({ key, value }: StoredRecord): unknown {
  if (key === null) return null
  const parsed = parseRecord(key, value)
  return parsed === null ? { type: `key type ${new Reader(key).int16()}` } : readable(parsed)
}

/** Subscriptions and assignments are bytes of the client's own. */
function readable(parsed: ParsedRecord): unknown {
  if (parsed.type === 'offset' || parsed.snapshot === null) return parsed
  const members = parsed.snapshot.members.map(({ subscription, assignment, ...member }) => ({
    ...member,
    subscriptionBytes: subscription.length,
    assignmentBytes: assignment.length,
  }))
  return { ...parsed, snapshot: { ...parsed.snapshot, members } }
}

function transactionRecord({ key, value }: StoredRecord): unknown {
  if (key === null) return null
  const reader = new Reader(key)
  const id = readTransactionLogKey(reader, reader.int16())
  if (value === null) return { ...id, removed: true }
  const body = new Reader(value)
  return { ...id, ...readTransactionLogValue(body, body.int16()) }
}
