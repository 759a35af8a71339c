import { decodeMetadataRecord } from '../../../proto/cluster.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { recordsOf } from '../../../proto/kafka/batch/decode.ts'
import { Reader } from '../../../proto/kafka/reader.ts'
import type { Disk } from '../../ports/disk.ts'
import { LOG_SUFFIX, stemOf } from '../file-names.ts'
import { walkBatches } from './batch-walk.ts'
import { FileWindow } from './file-window.ts'
import { listPartition } from './partition-files.ts'

export const METADATA_PARTITION = '__cluster_metadata-0'
/** The id that its topic has in every cluster, Kafka's and ours. */
export const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'
const CLEANUP_POLICY = 'cleanup.policy'
const TOPIC_RESOURCE = 2

/** Kafka's own form of a metadata record begins with this; in ours, a protobuf message, no field tag is 1. */
const KAFKA_FRAME_VERSION = 1
const KAFKA_TOPIC_RECORD = 2
const KAFKA_CONFIG_RECORD = 4

/** What the metadata log of a data directory says about a topic. */
export interface ClusterTopic {
  /** Every id that its name has ever had. */
  readonly ids: string[]
  /** Its `cleanup.policy` has ever had `compact` in it. */
  isCompacted: boolean
}

/** Topics by name, from a metadata log in our form or Kafka's; empty when there is none. Damaged batches are passed over. */
export function readClusterTopics(disk: Disk, dataDir: string): Map<string, ClusterTopic> {
  const topics = new Map<string, ClusterTopic>()
  const directory = `${dataDir}/${METADATA_PARTITION}`
  if (!disk.existsSync(directory)) return topics
  for (const baseOffset of listPartition(disk, directory).segments) {
    const window = new FileWindow(disk, `${directory}/${stemOf(baseOffset)}${LOG_SUFFIX}`)
    try {
      walkBatches(window, () => ({ from: 0, to: Number.MAX_SAFE_INTEGER }), {
        batch({ position, size, at }) {
          const isData = !header.isControl(window.buffer, at)
          const whole = isData ? window.at(position, size) : -1
          if (whole >= 0) noteBatch(topics, window.buffer, whole)
          return true
        },
        damage: () => true,
      })
    } finally {
      window.close()
    }
  }
  return topics
}

function noteBatch(topics: Map<string, ClusterTopic>, buffer: Buffer, at: number): void {
  try {
    const records = recordsOf(buffer, at)
    while (records.advance()) {
      const value = records.value()
      if (value === null || value.length === 0) continue
      if (value[0] === KAFKA_FRAME_VERSION) noteKafkaRecord(topics, value)
      else noteRecord(topics, value)
    }
  } catch {
    // A record of a newer version, or none at all: what it says is not known, and the verification of the log tells.
  }
}

function noteRecord(topics: Map<string, ClusterTopic>, value: Buffer): void {
  const record = decodeMetadataRecord(value)
  if (record.kind === 'topic') topicOf(topics, record.name).ids.push(record.topicId)
  if (record.kind !== 'config' || record.resourceType !== TOPIC_RESOURCE || record.name !== CLEANUP_POLICY) return
  if (record.value?.includes('compact') === true) topicOf(topics, record.resourceName).isCompacted = true
}

function noteKafkaRecord(topics: Map<string, ClusterTopic>, value: Buffer): void {
  const reader = new Reader(value, 1)
  const type = reader.unsignedVarint()
  reader.unsignedVarint()
  if (type === KAFKA_TOPIC_RECORD) {
    const name = reader.compactString()
    topicOf(topics, name).ids.push(reader.uuid())
  } else if (type === KAFKA_CONFIG_RECORD) {
    const isTopic = reader.int8() === TOPIC_RESOURCE
    const name = reader.compactString()
    const isPolicy = reader.compactString() === CLEANUP_POLICY
    const policy = reader.compactNullableString()
    if (isTopic && isPolicy && policy?.includes('compact') === true) topicOf(topics, name).isCompacted = true
  }
}

function topicOf(topics: Map<string, ClusterTopic>, name: string): ClusterTopic {
  let topic = topics.get(name)
  if (topic === undefined) {
    topic = { ids: [], isCompacted: false }
    topics.set(name, topic)
  }
  return topic
}
