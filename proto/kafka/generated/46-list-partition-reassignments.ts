// Generated from schema/46-list-partition-reassignments.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Lists the moves of partitions under way (KIP-455). Versions 0. */
export interface ListPartitionReassignmentsRequest {
  /** How long to wait. Default 60000. */
  timeoutMs: number
  /** Topics. May be null. Default null. */
  topics: ListPartitionReassignmentsTopics[] | null
}

/** Topics. */
export interface ListPartitionReassignmentsTopics {
  /** Topic name. */
  name: string
  /** Partitions. */
  partitionIndexes: number[]
}

/** Reads a ListPartitionReassignmentsRequest. Throws `WireError` for bad bytes. */
export function readListPartitionReassignmentsRequest(r: Reader, version: number): ListPartitionReassignmentsRequest {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('ListPartitionReassignmentsRequest', version)
  const timeoutMs = r.int32()
  const topicsCount = r.compactNullableArrayLength(3)
  const topics: ListPartitionReassignmentsTopics[] | null = topicsCount < 0 ? null : r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics![i] = readListPartitionReassignmentsTopics(r, version)
  r.skipTags()
  return { timeoutMs, topics }
}

/** Writes a ListPartitionReassignmentsRequest; fields the version lacks are left out. */
export function writeListPartitionReassignmentsRequest(w: Writer, m: ListPartitionReassignmentsRequest, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('ListPartitionReassignmentsRequest', version)
  w.int32(m.timeoutMs)
  w.compactArrayLength(m.topics === null ? -1 : m.topics.length)
  if (m.topics !== null) for (const item of m.topics) writeListPartitionReassignmentsTopics(w, item, version)
  w.unsignedVarint(0)
}

function readListPartitionReassignmentsTopics(r: Reader, _version: number): ListPartitionReassignmentsTopics {
  const name = r.compactString()
  const partitionIndexesCount = r.compactArrayLength(4)
  const partitionIndexes: number[] = r.list(partitionIndexesCount)
  for (let i = 0; i < partitionIndexesCount; i++) partitionIndexes[i] = r.int32()
  r.skipTags()
  return { name, partitionIndexes }
}

function writeListPartitionReassignmentsTopics(w: Writer, m: ListPartitionReassignmentsTopics, _version: number): void {
  w.compactString(m.name)
  w.compactArrayLength(m.partitionIndexes.length)
  for (const item of m.partitionIndexes) w.int32(item)
  w.unsignedVarint(0)
}

/** Answer to `ListPartitionReassignmentsRequest`. Versions 0. */
export interface ListPartitionReassignmentsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. */
  errorMessage: string | null
  /** Topics. */
  topics: OngoingTopicReassignment[]
}

/** Topics. */
export interface OngoingTopicReassignment {
  /** Topic name. */
  name: string
  /** Partitions. */
  partitions: OngoingPartitionReassignment[]
}

/** Partitions. */
export interface OngoingPartitionReassignment {
  /** Partition. */
  partitionIndex: number
  /** Node ids of the replicas. */
  replicas: number[]
  /** Replicas to come. */
  addingReplicas: number[]
  /** Replicas to go. */
  removingReplicas: number[]
}

/** Reads a ListPartitionReassignmentsResponse. Throws `WireError` for bad bytes. */
export function readListPartitionReassignmentsResponse(r: Reader, version: number): ListPartitionReassignmentsResponse {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('ListPartitionReassignmentsResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const errorMessage: string | null = r.compactNullableString()
  const topicsCount = r.compactArrayLength(3)
  const topics: OngoingTopicReassignment[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readOngoingTopicReassignment(r, version)
  r.skipTags()
  return { throttleTimeMs, errorCode, errorMessage, topics }
}

/** Writes a ListPartitionReassignmentsResponse; fields the version lacks are left out. */
export function writeListPartitionReassignmentsResponse(w: Writer, m: ListPartitionReassignmentsResponse, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('ListPartitionReassignmentsResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.compactNullableString(m.errorMessage)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeOngoingTopicReassignment(w, item, version)
  w.unsignedVarint(0)
}

function readOngoingTopicReassignment(r: Reader, version: number): OngoingTopicReassignment {
  const name = r.compactString()
  const partitionsCount = r.compactArrayLength(8)
  const partitions: OngoingPartitionReassignment[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readOngoingPartitionReassignment(r, version)
  r.skipTags()
  return { name, partitions }
}

function writeOngoingTopicReassignment(w: Writer, m: OngoingTopicReassignment, version: number): void {
  w.compactString(m.name)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) writeOngoingPartitionReassignment(w, item, version)
  w.unsignedVarint(0)
}

function readOngoingPartitionReassignment(r: Reader, _version: number): OngoingPartitionReassignment {
  const partitionIndex = r.int32()
  const replicasCount = r.compactArrayLength(4)
  const replicas: number[] = r.list(replicasCount)
  for (let i = 0; i < replicasCount; i++) replicas[i] = r.int32()
  const addingReplicasCount = r.compactArrayLength(4)
  const addingReplicas: number[] = r.list(addingReplicasCount)
  for (let i = 0; i < addingReplicasCount; i++) addingReplicas[i] = r.int32()
  const removingReplicasCount = r.compactArrayLength(4)
  const removingReplicas: number[] = r.list(removingReplicasCount)
  for (let i = 0; i < removingReplicasCount; i++) removingReplicas[i] = r.int32()
  r.skipTags()
  return { partitionIndex, replicas, addingReplicas, removingReplicas }
}

function writeOngoingPartitionReassignment(w: Writer, m: OngoingPartitionReassignment, _version: number): void {
  w.int32(m.partitionIndex)
  w.compactArrayLength(m.replicas.length)
  for (const item of m.replicas) w.int32(item)
  w.compactArrayLength(m.addingReplicas.length)
  for (const item of m.addingReplicas) w.int32(item)
  w.compactArrayLength(m.removingReplicas.length)
  for (const item of m.removingReplicas) w.int32(item)
  w.unsignedVarint(0)
}

