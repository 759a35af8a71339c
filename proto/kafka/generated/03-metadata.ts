// Generated from schema/03-metadata.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { ZERO_UUID } from '../uuid.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { notNull, type Writer } from '../writer.ts'

/** Describes brokers and topics, and may create topics (W22). Versions 0-13. */
export interface MetadataRequest {
  /** Null: all; empty: none (version 0: all). May be null in 1+. */
  topics: MetadataRequestTopic[] | null
  /** Create missing topics if the broker may. Versions 4+. Default true. */
  allowAutoTopicCreation: boolean
  /** Tell what the client may do to the cluster. Versions 8-10. */
  includeClusterAuthorizedOperations: boolean
  /** Tell what the client may do to the topics. Versions 8+. */
  includeTopicAuthorizedOperations: boolean
}

/** Null: all; empty: none (version 0: all). */
export interface MetadataRequestTopic {
  /** Topic id, zero when asked by name. Versions 10+. */
  topicId: string
  /** Topic name, null when asked by id. May be null in 10+. */
  name: string | null
}

/** Reads a MetadataRequest. Throws `WireError` for bad bytes. */
export function readMetadataRequest(r: Reader, version: number): MetadataRequest {
  if (!(version >= 0 && version <= 13)) throw unsupportedVersion('MetadataRequest', version)
  const topicsCount = version >= 9 ? r.compactNullableArrayLength(2) : (version >= 1 ? r.nullableArrayLength(2) : r.arrayLength(2))
  const topics: MetadataRequestTopic[] | null = topicsCount < 0 ? null : r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics![i] = readMetadataRequestTopic(r, version)
  const allowAutoTopicCreation = version >= 4 ? r.bool() : true
  const includeClusterAuthorizedOperations = version >= 11 ? false : (version >= 8 ? r.bool() : false)
  const includeTopicAuthorizedOperations = version >= 8 ? r.bool() : false
  if (version >= 9) r.skipTags()
  return { topics, allowAutoTopicCreation, includeClusterAuthorizedOperations, includeTopicAuthorizedOperations }
}

/** Writes a MetadataRequest; fields the version lacks are left out. */
export function writeMetadataRequest(w: Writer, m: MetadataRequest, version: number): void {
  if (!(version >= 0 && version <= 13)) throw unsupportedVersion('MetadataRequest', version)
  if (version >= 9) w.compactArrayLength(m.topics === null ? -1 : m.topics.length)
  else if (version >= 1) w.arrayLength(m.topics === null ? -1 : m.topics.length)
  else w.arrayLength(notNull(m.topics, 'MetadataRequest.topics').length)
  if (m.topics !== null) for (const item of m.topics) writeMetadataRequestTopic(w, item, version)
  if (version >= 4) w.bool(m.allowAutoTopicCreation)
  if (version >= 11) {}
  else if (version >= 8) w.bool(m.includeClusterAuthorizedOperations)
  if (version >= 8) w.bool(m.includeTopicAuthorizedOperations)
  if (version >= 9) w.unsignedVarint(0)
}

function readMetadataRequestTopic(r: Reader, version: number): MetadataRequestTopic {
  const topicId = version >= 10 ? r.uuid() : ZERO_UUID
  const name: string | null = version >= 10 ? r.compactNullableString() : (version >= 9 ? r.compactString() : r.string())
  if (version >= 9) r.skipTags()
  return { topicId, name }
}

function writeMetadataRequestTopic(w: Writer, m: MetadataRequestTopic, version: number): void {
  if (version >= 10) w.uuid(m.topicId)
  if (version >= 10) w.compactNullableString(m.name)
  else if (version >= 9) w.compactString(notNull(m.name, 'name'))
  else w.string(notNull(m.name, 'name'))
  if (version >= 9) w.unsignedVarint(0)
}

/** Answer to `MetadataRequest`. Versions 0-13. */
export interface MetadataResponse {
  /** How long the client is held back by a quota. Versions 3+. */
  throttleTimeMs: number
  /** Live brokers. */
  brokers: MetadataResponseBroker[]
  /** Cluster id. Versions 2+. May be null. Default null. */
  clusterId: string | null
  /** Node id of a broker that serves the controller's requests. Versions 1+. Default -1. */
  controllerId: number
  /** Topics. */
  topics: MetadataResponseTopic[]
  /** Bit field by ACL operation, the default for unknown. Versions 8-10. Default -2147483648. */
  clusterAuthorizedOperations: number
  /** Error of the whole request. Versions 13. */
  errorCode: number
}

/** Live brokers. */
export interface MetadataResponseBroker {
  /** Node id. */
  nodeId: number
  /** Host name. */
  host: string
  /** Port. */
  port: number
  /** Rack, if it has one. Versions 1+. May be null. Default null. */
  rack: string | null
}

/** Topics. */
export interface MetadataResponseTopic {
  /** Error, 0 for none. */
  errorCode: number
  /** Topic name, null when the id is unknown. May be null in 12+. */
  name: string | null
  /** Topic id. Versions 10+. */
  topicId: string
  /** One of the broker's own topics. Versions 1+. */
  isInternal: boolean
  /** Partitions. */
  partitions: MetadataResponsePartition[]
  /** Bit field by ACL operation, the default for unknown. Versions 8+. Default -2147483648. */
  topicAuthorizedOperations: number
}

/** Partitions. */
export interface MetadataResponsePartition {
  /** Error, 0 for none. */
  errorCode: number
  /** Partition. */
  partitionIndex: number
  /** Node id of the leader, -1 for none. */
  leaderId: number
  /** Epoch of the leader. Versions 7+. Default -1. */
  leaderEpoch: number
  /** All replicas. */
  replicaNodes: number[]
  /** Replicas in sync. */
  isrNodes: number[]
  /** Replicas on dead brokers or disks. Versions 5+. */
  offlineReplicas: number[]
}

/** Reads a MetadataResponse. Throws `WireError` for bad bytes. */
export function readMetadataResponse(r: Reader, version: number): MetadataResponse {
  if (!(version >= 0 && version <= 13)) throw unsupportedVersion('MetadataResponse', version)
  const throttleTimeMs = version >= 3 ? r.int32() : 0
  const brokersCount = version >= 9 ? r.compactArrayLength(10) : r.arrayLength(10)
  const brokers: MetadataResponseBroker[] = r.list(brokersCount)
  for (let i = 0; i < brokersCount; i++) brokers[i] = readMetadataResponseBroker(r, version)
  const clusterId: string | null = version >= 9 ? r.compactNullableString() : (version >= 2 ? r.nullableString() : null)
  const controllerId = version >= 1 ? r.int32() : -1
  const topicsCount = version >= 9 ? r.compactArrayLength(8) : r.arrayLength(8)
  const topics: MetadataResponseTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readMetadataResponseTopic(r, version)
  const clusterAuthorizedOperations = version >= 11 ? -2147483648 : (version >= 8 ? r.int32() : -2147483648)
  const errorCode = version >= 13 ? r.int16() : 0
  if (version >= 9) r.skipTags()
  return { throttleTimeMs, brokers, clusterId, controllerId, topics, clusterAuthorizedOperations, errorCode }
}

/** Writes a MetadataResponse; fields the version lacks are left out. */
export function writeMetadataResponse(w: Writer, m: MetadataResponse, version: number): void {
  if (!(version >= 0 && version <= 13)) throw unsupportedVersion('MetadataResponse', version)
  if (version >= 3) w.int32(m.throttleTimeMs)
  if (version >= 9) w.compactArrayLength(m.brokers.length)
  else w.arrayLength(m.brokers.length)
  for (const item of m.brokers) writeMetadataResponseBroker(w, item, version)
  if (version >= 9) w.compactNullableString(m.clusterId)
  else if (version >= 2) w.nullableString(m.clusterId)
  if (version >= 1) w.int32(m.controllerId)
  if (version >= 9) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeMetadataResponseTopic(w, item, version)
  if (version >= 11) {}
  else if (version >= 8) w.int32(m.clusterAuthorizedOperations)
  if (version >= 13) w.int16(m.errorCode)
  if (version >= 9) w.unsignedVarint(0)
}

function readMetadataResponseBroker(r: Reader, version: number): MetadataResponseBroker {
  const nodeId = r.int32()
  const host = version >= 9 ? r.compactString() : r.string()
  const port = r.int32()
  const rack: string | null = version >= 9 ? r.compactNullableString() : (version >= 1 ? r.nullableString() : null)
  if (version >= 9) r.skipTags()
  return { nodeId, host, port, rack }
}

function writeMetadataResponseBroker(w: Writer, m: MetadataResponseBroker, version: number): void {
  w.int32(m.nodeId)
  if (version >= 9) w.compactString(m.host)
  else w.string(m.host)
  w.int32(m.port)
  if (version >= 9) w.compactNullableString(m.rack)
  else if (version >= 1) w.nullableString(m.rack)
  if (version >= 9) w.unsignedVarint(0)
}

function readMetadataResponseTopic(r: Reader, version: number): MetadataResponseTopic {
  const errorCode = r.int16()
  const name: string | null = version >= 12 ? r.compactNullableString() : (version >= 9 ? r.compactString() : r.string())
  const topicId = version >= 10 ? r.uuid() : ZERO_UUID
  const isInternal = version >= 1 ? r.bool() : false
  const partitionsCount = version >= 9 ? r.compactArrayLength(18) : r.arrayLength(18)
  const partitions: MetadataResponsePartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readMetadataResponsePartition(r, version)
  const topicAuthorizedOperations = version >= 8 ? r.int32() : -2147483648
  if (version >= 9) r.skipTags()
  return { errorCode, name, topicId, isInternal, partitions, topicAuthorizedOperations }
}

function writeMetadataResponseTopic(w: Writer, m: MetadataResponseTopic, version: number): void {
  w.int16(m.errorCode)
  if (version >= 12) w.compactNullableString(m.name)
  else if (version >= 9) w.compactString(notNull(m.name, 'name'))
  else w.string(notNull(m.name, 'name'))
  if (version >= 10) w.uuid(m.topicId)
  if (version >= 1) w.bool(m.isInternal)
  if (version >= 9) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeMetadataResponsePartition(w, item, version)
  if (version >= 8) w.int32(m.topicAuthorizedOperations)
  if (version >= 9) w.unsignedVarint(0)
}

function readMetadataResponsePartition(r: Reader, version: number): MetadataResponsePartition {
  const errorCode = r.int16()
  const partitionIndex = r.int32()
  const leaderId = r.int32()
  const leaderEpoch = version >= 7 ? r.int32() : -1
  const replicaNodesCount = version >= 9 ? r.compactArrayLength(4) : r.arrayLength(4)
  const replicaNodes: number[] = r.list(replicaNodesCount)
  for (let i = 0; i < replicaNodesCount; i++) replicaNodes[i] = r.int32()
  const isrNodesCount = version >= 9 ? r.compactArrayLength(4) : r.arrayLength(4)
  const isrNodes: number[] = r.list(isrNodesCount)
  for (let i = 0; i < isrNodesCount; i++) isrNodes[i] = r.int32()
  const offlineReplicasCount = version >= 9 ? r.compactArrayLength(4) : (version >= 5 ? r.arrayLength(4) : 0)
  const offlineReplicas: number[] = r.list(offlineReplicasCount)
  for (let i = 0; i < offlineReplicasCount; i++) offlineReplicas[i] = r.int32()
  if (version >= 9) r.skipTags()
  return { errorCode, partitionIndex, leaderId, leaderEpoch, replicaNodes, isrNodes, offlineReplicas }
}

function writeMetadataResponsePartition(w: Writer, m: MetadataResponsePartition, version: number): void {
  w.int16(m.errorCode)
  w.int32(m.partitionIndex)
  w.int32(m.leaderId)
  if (version >= 7) w.int32(m.leaderEpoch)
  if (version >= 9) w.compactArrayLength(m.replicaNodes.length)
  else w.arrayLength(m.replicaNodes.length)
  for (const item of m.replicaNodes) w.int32(item)
  if (version >= 9) w.compactArrayLength(m.isrNodes.length)
  else w.arrayLength(m.isrNodes.length)
  for (const item of m.isrNodes) w.int32(item)
  if (version >= 5) {
    if (version >= 9) w.compactArrayLength(m.offlineReplicas.length)
    else w.arrayLength(m.offlineReplicas.length)
    for (const item of m.offlineReplicas) w.int32(item)
  }
  if (version >= 9) w.unsignedVarint(0)
}

