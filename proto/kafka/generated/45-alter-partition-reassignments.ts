// Generated from schema/45-alter-partition-reassignments.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Begins, changes or cancels moves of partitions to other replicas (KIP-455). Versions 0-1. */
export interface AlterPartitionReassignmentsRequest {
  /** How long to wait. Default 60000. */
  timeoutMs: number
  /** Whether the count of replicas may change. Versions 1. Default true. */
  allowReplicationFactorChange: boolean
  /** Topics. */
  topics: ReassignableTopic[]
}

/** Topics. */
export interface ReassignableTopic {
  /** Topic name. */
  name: string
  /** Partitions. */
  partitions: ReassignablePartition[]
}

/** Partitions. */
export interface ReassignablePartition {
  /** Partition. */
  partitionIndex: number
  /** Node ids of the replicas. May be null. Default null. */
  replicas: number[] | null
}

/** Reads a AlterPartitionReassignmentsRequest. Throws `WireError` for bad bytes. */
export function readAlterPartitionReassignmentsRequest(r: Reader, version: number): AlterPartitionReassignmentsRequest {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('AlterPartitionReassignmentsRequest', version)
  const timeoutMs = r.int32()
  const allowReplicationFactorChange = version >= 1 ? r.bool() : true
  const topicsCount = r.compactArrayLength(3)
  const topics: ReassignableTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readReassignableTopic(r, version)
  r.skipTags()
  return { timeoutMs, allowReplicationFactorChange, topics }
}

/** Writes a AlterPartitionReassignmentsRequest; fields the version lacks are left out. */
export function writeAlterPartitionReassignmentsRequest(w: Writer, m: AlterPartitionReassignmentsRequest, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('AlterPartitionReassignmentsRequest', version)
  w.int32(m.timeoutMs)
  if (version >= 1) w.bool(m.allowReplicationFactorChange)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeReassignableTopic(w, item, version)
  w.unsignedVarint(0)
}

function readReassignableTopic(r: Reader, version: number): ReassignableTopic {
  const name = r.compactString()
  const partitionsCount = r.compactArrayLength(6)
  const partitions: ReassignablePartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readReassignablePartition(r, version)
  r.skipTags()
  return { name, partitions }
}

function writeReassignableTopic(w: Writer, m: ReassignableTopic, version: number): void {
  w.compactString(m.name)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) writeReassignablePartition(w, item, version)
  w.unsignedVarint(0)
}

function readReassignablePartition(r: Reader, _version: number): ReassignablePartition {
  const partitionIndex = r.int32()
  const replicasCount = r.compactNullableArrayLength(4)
  const replicas: number[] | null = replicasCount < 0 ? null : r.list(replicasCount)
  for (let i = 0; i < replicasCount; i++) replicas![i] = r.int32()
  r.skipTags()
  return { partitionIndex, replicas }
}

function writeReassignablePartition(w: Writer, m: ReassignablePartition, _version: number): void {
  w.int32(m.partitionIndex)
  w.compactArrayLength(m.replicas === null ? -1 : m.replicas.length)
  if (m.replicas !== null) for (const item of m.replicas) w.int32(item)
  w.unsignedVarint(0)
}

/** Answer to `AlterPartitionReassignmentsRequest`. Versions 0-1. */
export interface AlterPartitionReassignmentsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Whether the count of replicas may change. Versions 1. Default true. */
  allowReplicationFactorChange: boolean
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. */
  errorMessage: string | null
  /** Per topic. */
  responses: ReassignableTopicResponse[]
}

/** Per topic. */
export interface ReassignableTopicResponse {
  /** Topic name. */
  name: string
  /** Partitions. */
  partitions: ReassignablePartitionResponse[]
}

/** Partitions. */
export interface ReassignablePartitionResponse {
  /** Partition. */
  partitionIndex: number
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. */
  errorMessage: string | null
}

/** Reads a AlterPartitionReassignmentsResponse. Throws `WireError` for bad bytes. */
export function readAlterPartitionReassignmentsResponse(r: Reader, version: number): AlterPartitionReassignmentsResponse {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('AlterPartitionReassignmentsResponse', version)
  const throttleTimeMs = r.int32()
  const allowReplicationFactorChange = version >= 1 ? r.bool() : true
  const errorCode = r.int16()
  const errorMessage: string | null = r.compactNullableString()
  const responsesCount = r.compactArrayLength(3)
  const responses: ReassignableTopicResponse[] = r.list(responsesCount)
  for (let i = 0; i < responsesCount; i++) responses[i] = readReassignableTopicResponse(r, version)
  r.skipTags()
  return { throttleTimeMs, allowReplicationFactorChange, errorCode, errorMessage, responses }
}

/** Writes a AlterPartitionReassignmentsResponse; fields the version lacks are left out. */
export function writeAlterPartitionReassignmentsResponse(w: Writer, m: AlterPartitionReassignmentsResponse, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('AlterPartitionReassignmentsResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 1) w.bool(m.allowReplicationFactorChange)
  w.int16(m.errorCode)
  w.compactNullableString(m.errorMessage)
  w.compactArrayLength(m.responses.length)
  for (const item of m.responses) writeReassignableTopicResponse(w, item, version)
  w.unsignedVarint(0)
}

function readReassignableTopicResponse(r: Reader, version: number): ReassignableTopicResponse {
  const name = r.compactString()
  const partitionsCount = r.compactArrayLength(8)
  const partitions: ReassignablePartitionResponse[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readReassignablePartitionResponse(r, version)
  r.skipTags()
  return { name, partitions }
}

function writeReassignableTopicResponse(w: Writer, m: ReassignableTopicResponse, version: number): void {
  w.compactString(m.name)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) writeReassignablePartitionResponse(w, item, version)
  w.unsignedVarint(0)
}

function readReassignablePartitionResponse(r: Reader, _version: number): ReassignablePartitionResponse {
  const partitionIndex = r.int32()
  const errorCode = r.int16()
  const errorMessage: string | null = r.compactNullableString()
  r.skipTags()
  return { partitionIndex, errorCode, errorMessage }
}

function writeReassignablePartitionResponse(w: Writer, m: ReassignablePartitionResponse, _version: number): void {
  w.int32(m.partitionIndex)
  w.int16(m.errorCode)
  w.compactNullableString(m.errorMessage)
  w.unsignedVarint(0)
}

