// Generated from schema/75-describe-topic-partitions.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** Describes topics page by page, eligible leader replicas included (KIP-966). Versions 0. */
export interface DescribeTopicPartitionsRequest {
  /** Topics; empty for all. */
  topics: TopicRequest[]
  /** Most partitions in the reply. Default 2000. */
  responsePartitionLimit: number
  /** Where to begin, null for the first page. May be null. Default null. */
  cursor: Cursor | null
}

/** Topics; empty for all. */
export interface TopicRequest {
  /** Topic name. */
  name: string
}

/** Where to begin, null for the first page. */
export interface Cursor {
  /** First topic. */
  topicName: string
  /** First partition of it. */
  partitionIndex: number
}

/** Reads a DescribeTopicPartitionsRequest. Throws `WireError` for bad bytes. */
export function readDescribeTopicPartitionsRequest(r: Reader, version: number): DescribeTopicPartitionsRequest {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('DescribeTopicPartitionsRequest', version)
  const topicsCount = r.compactArrayLength(2)
  const topics: TopicRequest[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readTopicRequest(r, version)
  const responsePartitionLimit = r.int32()
  const cursor: Cursor | null = r.int8() < 0 ? null : readCursor(r, version)
  r.skipTags()
  return { topics, responsePartitionLimit, cursor }
}

/** Writes a DescribeTopicPartitionsRequest; fields the version lacks are left out. */
export function writeDescribeTopicPartitionsRequest(w: Writer, m: DescribeTopicPartitionsRequest, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('DescribeTopicPartitionsRequest', version)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeTopicRequest(w, item, version)
  w.int32(m.responsePartitionLimit)
  { if (m.cursor === null) w.int8(-1); else { w.int8(1); writeCursor(w, m.cursor, version) } }
  w.unsignedVarint(0)
}

function readTopicRequest(r: Reader, _version: number): TopicRequest {
  const name = r.compactString()
  r.skipTags()
  return { name }
}

function writeTopicRequest(w: Writer, m: TopicRequest, _version: number): void {
  w.compactString(m.name)
  w.unsignedVarint(0)
}

function readCursor(r: Reader, _version: number): Cursor {
  const topicName = r.compactString()
  const partitionIndex = r.int32()
  r.skipTags()
  return { topicName, partitionIndex }
}

function writeCursor(w: Writer, m: Cursor, _version: number): void {
  w.compactString(m.topicName)
  w.int32(m.partitionIndex)
  w.unsignedVarint(0)
}

/** Answer to `DescribeTopicPartitionsRequest`. Versions 0. */
export interface DescribeTopicPartitionsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Topics in order of their names. */
  topics: DescribeTopicPartitionsResponseTopic[]
  /** Where the next page begins, null at the end. May be null. Default null. */
  nextCursor: NextCursor | null
}

/** Topics in order of their names. */
export interface DescribeTopicPartitionsResponseTopic {
  /** Error, 0 for none. */
  errorCode: number
  /** Topic name. May be null. */
  name: string | null
  /** Topic id. */
  topicId: string
  /** One of the broker's own topics. */
  isInternal: boolean
  /** Partitions. */
  partitions: DescribeTopicPartitionsResponsePartition[]
  /** Bit field by ACL operation, the default for unknown. Default -2147483648. */
  topicAuthorizedOperations: number
}

/** Partitions. */
export interface DescribeTopicPartitionsResponsePartition {
  /** Error, 0 for none. */
  errorCode: number
  /** Partition. */
  partitionIndex: number
  /** Node id of the leader, -1 for none. */
  leaderId: number
  /** Epoch of the leader. Default -1. */
  leaderEpoch: number
  /** All replicas. */
  replicaNodes: number[]
  /** Replicas in sync. */
  isrNodes: number[]
  /** Replicas that may lead though out of sync. May be null. Default null. */
  eligibleLeaderReplicas: number[] | null
  /** That might, after an unclean stop. May be null. Default null. */
  lastKnownElr: number[] | null
  /** Replicas on dead brokers or disks. */
  offlineReplicas: number[]
  /** Why the leader could be chosen, empty for from the beginning. */
  electedAs: string
}

/** Where the next page begins, null at the end. */
export interface NextCursor {
  /** First topic. */
  topicName: string
  /** First partition of it. */
  partitionIndex: number
}

/** Reads a DescribeTopicPartitionsResponse. Throws `WireError` for bad bytes. */
export function readDescribeTopicPartitionsResponse(r: Reader, version: number): DescribeTopicPartitionsResponse {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('DescribeTopicPartitionsResponse', version)
  const throttleTimeMs = r.int32()
  const topicsCount = r.compactArrayLength(26)
  const topics: DescribeTopicPartitionsResponseTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readDescribeTopicPartitionsResponseTopic(r, version)
  const nextCursor: NextCursor | null = r.int8() < 0 ? null : readNextCursor(r, version)
  r.skipTags()
  return { throttleTimeMs, topics, nextCursor }
}

/** Writes a DescribeTopicPartitionsResponse; fields the version lacks are left out. */
export function writeDescribeTopicPartitionsResponse(w: Writer, m: DescribeTopicPartitionsResponse, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('DescribeTopicPartitionsResponse', version)
  w.int32(m.throttleTimeMs)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeDescribeTopicPartitionsResponseTopic(w, item, version)
  { if (m.nextCursor === null) w.int8(-1); else { w.int8(1); writeNextCursor(w, m.nextCursor, version) } }
  w.unsignedVarint(0)
}

function readDescribeTopicPartitionsResponseTopic(r: Reader, version: number): DescribeTopicPartitionsResponseTopic {
  const errorCode = r.int16()
  const name: string | null = r.compactNullableString()
  const topicId = r.uuid()
  const isInternal = r.bool()
  const partitionsCount = r.compactArrayLength(20)
  const partitions: DescribeTopicPartitionsResponsePartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readDescribeTopicPartitionsResponsePartition(r, version)
  const topicAuthorizedOperations = r.int32()
  r.skipTags()
  return { errorCode, name, topicId, isInternal, partitions, topicAuthorizedOperations }
}

function writeDescribeTopicPartitionsResponseTopic(w: Writer, m: DescribeTopicPartitionsResponseTopic, version: number): void {
  w.int16(m.errorCode)
  w.compactNullableString(m.name)
  w.uuid(m.topicId)
  w.bool(m.isInternal)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) writeDescribeTopicPartitionsResponsePartition(w, item, version)
  w.int32(m.topicAuthorizedOperations)
  w.unsignedVarint(0)
}

function readDescribeTopicPartitionsResponsePartition(r: Reader, _version: number): DescribeTopicPartitionsResponsePartition {
  const errorCode = r.int16()
  const partitionIndex = r.int32()
  const leaderId = r.int32()
  const leaderEpoch = r.int32()
  const replicaNodesCount = r.compactArrayLength(4)
  const replicaNodes: number[] = r.list(replicaNodesCount)
  for (let i = 0; i < replicaNodesCount; i++) replicaNodes[i] = r.int32()
  const isrNodesCount = r.compactArrayLength(4)
  const isrNodes: number[] = r.list(isrNodesCount)
  for (let i = 0; i < isrNodesCount; i++) isrNodes[i] = r.int32()
  const eligibleLeaderReplicasCount = r.compactNullableArrayLength(4)
  const eligibleLeaderReplicas: number[] | null = eligibleLeaderReplicasCount < 0 ? null : r.list(eligibleLeaderReplicasCount)
  for (let i = 0; i < eligibleLeaderReplicasCount; i++) eligibleLeaderReplicas![i] = r.int32()
  const lastKnownElrCount = r.compactNullableArrayLength(4)
  const lastKnownElr: number[] | null = lastKnownElrCount < 0 ? null : r.list(lastKnownElrCount)
  for (let i = 0; i < lastKnownElrCount; i++) lastKnownElr![i] = r.int32()
  const offlineReplicasCount = r.compactArrayLength(4)
  const offlineReplicas: number[] = r.list(offlineReplicasCount)
  for (let i = 0; i < offlineReplicasCount; i++) offlineReplicas[i] = r.int32()
  let electedAs: string = ''
  {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 10000) electedAs = r.compactString()
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { errorCode, partitionIndex, leaderId, leaderEpoch, replicaNodes, isrNodes, eligibleLeaderReplicas, lastKnownElr, offlineReplicas, electedAs }
}

function writeDescribeTopicPartitionsResponsePartition(w: Writer, m: DescribeTopicPartitionsResponsePartition, _version: number): void {
  w.int16(m.errorCode)
  w.int32(m.partitionIndex)
  w.int32(m.leaderId)
  w.int32(m.leaderEpoch)
  w.compactArrayLength(m.replicaNodes.length)
  for (const item of m.replicaNodes) w.int32(item)
  w.compactArrayLength(m.isrNodes.length)
  for (const item of m.isrNodes) w.int32(item)
  w.compactArrayLength(m.eligibleLeaderReplicas === null ? -1 : m.eligibleLeaderReplicas.length)
  if (m.eligibleLeaderReplicas !== null) for (const item of m.eligibleLeaderReplicas) w.int32(item)
  w.compactArrayLength(m.lastKnownElr === null ? -1 : m.lastKnownElr.length)
  if (m.lastKnownElr !== null) for (const item of m.lastKnownElr) w.int32(item)
  w.compactArrayLength(m.offlineReplicas.length)
  for (const item of m.offlineReplicas) w.int32(item)
  {
    const hasElectedAs = !(m.electedAs === '')
    w.unsignedVarint((hasElectedAs ? 1 : 0))
    if (hasElectedAs) {
      const body = new Writer(64)
      body.compactString(m.electedAs)
      w.taggedField(10000, body)
    }
  }
}

function readNextCursor(r: Reader, _version: number): NextCursor {
  const topicName = r.compactString()
  const partitionIndex = r.int32()
  r.skipTags()
  return { topicName, partitionIndex }
}

function writeNextCursor(w: Writer, m: NextCursor, _version: number): void {
  w.compactString(m.topicName)
  w.int32(m.partitionIndex)
  w.unsignedVarint(0)
}

