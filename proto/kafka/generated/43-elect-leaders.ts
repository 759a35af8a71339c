// Generated from schema/43-elect-leaders.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Elects the preferred leader, or an unclean one, of partitions. Versions 0-2. */
export interface ElectLeadersRequest {
  /** 0 preferred, 1 unclean. Versions 1+. */
  electionType: number
  /** Null for all. May be null. */
  topicPartitions: TopicPartitions[] | null
  /** How long to wait. Default 60000. */
  timeoutMs: number
}

/** Null for all. */
export interface TopicPartitions {
  /** Topic name. */
  topic: string
  /** Partitions. */
  partitions: number[]
}

/** Reads a ElectLeadersRequest. Throws `WireError` for bad bytes. */
export function readElectLeadersRequest(r: Reader, version: number): ElectLeadersRequest {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('ElectLeadersRequest', version)
  const electionType = version >= 1 ? r.int8() : 0
  const topicPartitionsCount = version >= 2 ? r.compactNullableArrayLength(3) : r.nullableArrayLength(3)
  const topicPartitions: TopicPartitions[] | null = topicPartitionsCount < 0 ? null : r.list(topicPartitionsCount)
  for (let i = 0; i < topicPartitionsCount; i++) topicPartitions![i] = readTopicPartitions(r, version)
  const timeoutMs = r.int32()
  if (version >= 2) r.skipTags()
  return { electionType, topicPartitions, timeoutMs }
}

/** Writes a ElectLeadersRequest; fields the version lacks are left out. */
export function writeElectLeadersRequest(w: Writer, m: ElectLeadersRequest, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('ElectLeadersRequest', version)
  if (version >= 1) w.int8(m.electionType)
  if (version >= 2) w.compactArrayLength(m.topicPartitions === null ? -1 : m.topicPartitions.length)
  else w.arrayLength(m.topicPartitions === null ? -1 : m.topicPartitions.length)
  if (m.topicPartitions !== null) for (const item of m.topicPartitions) writeTopicPartitions(w, item, version)
  w.int32(m.timeoutMs)
  if (version >= 2) w.unsignedVarint(0)
}

function readTopicPartitions(r: Reader, version: number): TopicPartitions {
  const topic = version >= 2 ? r.compactString() : r.string()
  const partitionsCount = version >= 2 ? r.compactArrayLength(4) : r.arrayLength(4)
  const partitions: number[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = r.int32()
  if (version >= 2) r.skipTags()
  return { topic, partitions }
}

function writeTopicPartitions(w: Writer, m: TopicPartitions, version: number): void {
  if (version >= 2) w.compactString(m.topic)
  else w.string(m.topic)
  if (version >= 2) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) w.int32(item)
  if (version >= 2) w.unsignedVarint(0)
}

/** Answer to `ElectLeadersRequest`. Versions 0-2. */
export interface ElectLeadersResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error of the whole request. Versions 1+. */
  errorCode: number
  /** Per topic. */
  replicaElectionResults: ReplicaElectionResult[]
}

/** Per topic. */
export interface ReplicaElectionResult {
  /** Topic name. */
  topic: string
  /** Per partition. */
  partitionResult: PartitionResult[]
}

/** Per partition. */
export interface PartitionResult {
  /** Partition. */
  partitionId: number
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. */
  errorMessage: string | null
}

/** Reads a ElectLeadersResponse. Throws `WireError` for bad bytes. */
export function readElectLeadersResponse(r: Reader, version: number): ElectLeadersResponse {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('ElectLeadersResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = version >= 1 ? r.int16() : 0
  const replicaElectionResultsCount = version >= 2 ? r.compactArrayLength(3) : r.arrayLength(3)
  const replicaElectionResults: ReplicaElectionResult[] = r.list(replicaElectionResultsCount)
  for (let i = 0; i < replicaElectionResultsCount; i++) replicaElectionResults[i] = readReplicaElectionResult(r, version)
  if (version >= 2) r.skipTags()
  return { throttleTimeMs, errorCode, replicaElectionResults }
}

/** Writes a ElectLeadersResponse; fields the version lacks are left out. */
export function writeElectLeadersResponse(w: Writer, m: ElectLeadersResponse, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('ElectLeadersResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 1) w.int16(m.errorCode)
  if (version >= 2) w.compactArrayLength(m.replicaElectionResults.length)
  else w.arrayLength(m.replicaElectionResults.length)
  for (const item of m.replicaElectionResults) writeReplicaElectionResult(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readReplicaElectionResult(r: Reader, version: number): ReplicaElectionResult {
  const topic = version >= 2 ? r.compactString() : r.string()
  const partitionResultCount = version >= 2 ? r.compactArrayLength(8) : r.arrayLength(8)
  const partitionResult: PartitionResult[] = r.list(partitionResultCount)
  for (let i = 0; i < partitionResultCount; i++) partitionResult[i] = readPartitionResult(r, version)
  if (version >= 2) r.skipTags()
  return { topic, partitionResult }
}

function writeReplicaElectionResult(w: Writer, m: ReplicaElectionResult, version: number): void {
  if (version >= 2) w.compactString(m.topic)
  else w.string(m.topic)
  if (version >= 2) w.compactArrayLength(m.partitionResult.length)
  else w.arrayLength(m.partitionResult.length)
  for (const item of m.partitionResult) writePartitionResult(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readPartitionResult(r: Reader, version: number): PartitionResult {
  const partitionId = r.int32()
  const errorCode = r.int16()
  const errorMessage: string | null = version >= 2 ? r.compactNullableString() : r.nullableString()
  if (version >= 2) r.skipTags()
  return { partitionId, errorCode, errorMessage }
}

function writePartitionResult(w: Writer, m: PartitionResult, version: number): void {
  w.int32(m.partitionId)
  w.int16(m.errorCode)
  if (version >= 2) w.compactNullableString(m.errorMessage)
  else w.nullableString(m.errorMessage)
  if (version >= 2) w.unsignedVarint(0)
}

