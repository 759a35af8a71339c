// Generated from schema/02-list-offsets.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Finds offsets by time, or the ends of the log. Versions 1-11. */
export interface ListOffsetsRequest {
  /** Node id of a follower, -1 for a consumer. */
  replicaId: number
  /** 0 read uncommitted, 1 read committed. Versions 2+. */
  isolationLevel: number
  /** Topics to look in. */
  topics: ListOffsetsTopic[]
  /** How long a remote look-up may take. Versions 10+. */
  timeoutMs: number
}

/** Topics to look in. */
export interface ListOffsetsTopic {
  /** Topic name. */
  name: string
  /** Partitions to look in. */
  partitions: ListOffsetsPartition[]
}

/** Partitions to look in. */
export interface ListOffsetsPartition {
  /** Partition. */
  partitionIndex: number
  /** Leader epoch the client knows, -1 for unknown. Versions 4+. Default -1. */
  currentLeaderEpoch: number
  /** Milliseconds, or a special value (W19). */
  timestamp: number
}

/** Reads a ListOffsetsRequest. Throws `WireError` for bad bytes. */
export function readListOffsetsRequest(r: Reader, version: number): ListOffsetsRequest {
  if (!(version >= 1 && version <= 11)) throw unsupportedVersion('ListOffsetsRequest', version)
  const replicaId = r.int32()
  const isolationLevel = version >= 2 ? r.int8() : 0
  const topicsCount = version >= 6 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: ListOffsetsTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readListOffsetsTopic(r, version)
  const timeoutMs = version >= 10 ? r.int32() : 0
  if (version >= 6) r.skipTags()
  return { replicaId, isolationLevel, topics, timeoutMs }
}

/** Writes a ListOffsetsRequest; fields the version lacks are left out. */
export function writeListOffsetsRequest(w: Writer, m: ListOffsetsRequest, version: number): void {
  if (!(version >= 1 && version <= 11)) throw unsupportedVersion('ListOffsetsRequest', version)
  w.int32(m.replicaId)
  if (version >= 2) w.int8(m.isolationLevel)
  if (version >= 6) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeListOffsetsTopic(w, item, version)
  if (version >= 10) w.int32(m.timeoutMs)
  if (version >= 6) w.unsignedVarint(0)
}

function readListOffsetsTopic(r: Reader, version: number): ListOffsetsTopic {
  const name = version >= 6 ? r.compactString() : r.string()
  const partitionsCount = version >= 6 ? r.compactArrayLength(12) : r.arrayLength(12)
  const partitions: ListOffsetsPartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readListOffsetsPartition(r, version)
  if (version >= 6) r.skipTags()
  return { name, partitions }
}

function writeListOffsetsTopic(w: Writer, m: ListOffsetsTopic, version: number): void {
  if (version >= 6) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 6) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeListOffsetsPartition(w, item, version)
  if (version >= 6) w.unsignedVarint(0)
}

function readListOffsetsPartition(r: Reader, version: number): ListOffsetsPartition {
  const partitionIndex = r.int32()
  const currentLeaderEpoch = version >= 4 ? r.int32() : -1
  const timestamp = r.int64()
  if (version >= 6) r.skipTags()
  return { partitionIndex, currentLeaderEpoch, timestamp }
}

function writeListOffsetsPartition(w: Writer, m: ListOffsetsPartition, version: number): void {
  w.int32(m.partitionIndex)
  if (version >= 4) w.int32(m.currentLeaderEpoch)
  w.int64(m.timestamp)
  if (version >= 6) w.unsignedVarint(0)
}

/** Answer to `ListOffsetsRequest`. Versions 1-11. */
export interface ListOffsetsResponse {
  /** How long the client is held back by a quota. Versions 2+. */
  throttleTimeMs: number
  /** Per topic. */
  topics: ListOffsetsTopicResponse[]
}

/** Per topic. */
export interface ListOffsetsTopicResponse {
  /** Topic name. */
  name: string
  /** Per partition. */
  partitions: ListOffsetsPartitionResponse[]
}

/** Per partition. */
export interface ListOffsetsPartitionResponse {
  /** Partition. */
  partitionIndex: number
  /** Error, 0 for none. */
  errorCode: number
  /** Of the record found, -1 for special values. Default -1. */
  timestamp: number
  /** Found, -1 for none. Default -1. */
  offset: number
  /** Epoch of the record found. Versions 4+. Default -1. */
  leaderEpoch: number
}

/** Reads a ListOffsetsResponse. Throws `WireError` for bad bytes. */
export function readListOffsetsResponse(r: Reader, version: number): ListOffsetsResponse {
  if (!(version >= 1 && version <= 11)) throw unsupportedVersion('ListOffsetsResponse', version)
  const throttleTimeMs = version >= 2 ? r.int32() : 0
  const topicsCount = version >= 6 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: ListOffsetsTopicResponse[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readListOffsetsTopicResponse(r, version)
  if (version >= 6) r.skipTags()
  return { throttleTimeMs, topics }
}

/** Writes a ListOffsetsResponse; fields the version lacks are left out. */
export function writeListOffsetsResponse(w: Writer, m: ListOffsetsResponse, version: number): void {
  if (!(version >= 1 && version <= 11)) throw unsupportedVersion('ListOffsetsResponse', version)
  if (version >= 2) w.int32(m.throttleTimeMs)
  if (version >= 6) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeListOffsetsTopicResponse(w, item, version)
  if (version >= 6) w.unsignedVarint(0)
}

function readListOffsetsTopicResponse(r: Reader, version: number): ListOffsetsTopicResponse {
  const name = version >= 6 ? r.compactString() : r.string()
  const partitionsCount = version >= 6 ? r.compactArrayLength(22) : r.arrayLength(22)
  const partitions: ListOffsetsPartitionResponse[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readListOffsetsPartitionResponse(r, version)
  if (version >= 6) r.skipTags()
  return { name, partitions }
}

function writeListOffsetsTopicResponse(w: Writer, m: ListOffsetsTopicResponse, version: number): void {
  if (version >= 6) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 6) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeListOffsetsPartitionResponse(w, item, version)
  if (version >= 6) w.unsignedVarint(0)
}

function readListOffsetsPartitionResponse(r: Reader, version: number): ListOffsetsPartitionResponse {
  const partitionIndex = r.int32()
  const errorCode = r.int16()
  const timestamp = r.int64()
  const offset = r.int64()
  const leaderEpoch = version >= 4 ? r.int32() : -1
  if (version >= 6) r.skipTags()
  return { partitionIndex, errorCode, timestamp, offset, leaderEpoch }
}

function writeListOffsetsPartitionResponse(w: Writer, m: ListOffsetsPartitionResponse, version: number): void {
  w.int32(m.partitionIndex)
  w.int16(m.errorCode)
  w.int64(m.timestamp)
  w.int64(m.offset)
  if (version >= 4) w.int32(m.leaderEpoch)
  if (version >= 6) w.unsignedVarint(0)
}

