// Generated from schema/21-delete-records.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Deletes the records before an offset. Versions 0-2. */
export interface DeleteRecordsRequest {
  /** Topics. */
  topics: DeleteRecordsTopic[]
  /** How long to wait for replicas. */
  timeoutMs: number
}

/** Topics. */
export interface DeleteRecordsTopic {
  /** Topic name. */
  name: string
  /** Partitions. */
  partitions: DeleteRecordsPartition[]
}

/** Partitions. */
export interface DeleteRecordsPartition {
  /** Partition. */
  partitionIndex: number
  /** First offset to keep, -1 for the high watermark. */
  offset: number
}

/** Reads a DeleteRecordsRequest. Throws `WireError` for bad bytes. */
export function readDeleteRecordsRequest(r: Reader, version: number): DeleteRecordsRequest {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DeleteRecordsRequest', version)
  const topicsCount = version >= 2 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: DeleteRecordsTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readDeleteRecordsTopic(r, version)
  const timeoutMs = r.int32()
  if (version >= 2) r.skipTags()
  return { topics, timeoutMs }
}

/** Writes a DeleteRecordsRequest; fields the version lacks are left out. */
export function writeDeleteRecordsRequest(w: Writer, m: DeleteRecordsRequest, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DeleteRecordsRequest', version)
  if (version >= 2) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeDeleteRecordsTopic(w, item, version)
  w.int32(m.timeoutMs)
  if (version >= 2) w.unsignedVarint(0)
}

function readDeleteRecordsTopic(r: Reader, version: number): DeleteRecordsTopic {
  const name = version >= 2 ? r.compactString() : r.string()
  const partitionsCount = version >= 2 ? r.compactArrayLength(12) : r.arrayLength(12)
  const partitions: DeleteRecordsPartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readDeleteRecordsPartition(r, version)
  if (version >= 2) r.skipTags()
  return { name, partitions }
}

function writeDeleteRecordsTopic(w: Writer, m: DeleteRecordsTopic, version: number): void {
  if (version >= 2) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 2) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeDeleteRecordsPartition(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readDeleteRecordsPartition(r: Reader, version: number): DeleteRecordsPartition {
  const partitionIndex = r.int32()
  const offset = r.int64()
  if (version >= 2) r.skipTags()
  return { partitionIndex, offset }
}

function writeDeleteRecordsPartition(w: Writer, m: DeleteRecordsPartition, version: number): void {
  w.int32(m.partitionIndex)
  w.int64(m.offset)
  if (version >= 2) w.unsignedVarint(0)
}

/** Answer to `DeleteRecordsRequest`. Versions 0-2. */
export interface DeleteRecordsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Per topic. */
  topics: DeleteRecordsTopicResult[]
}

/** Per topic. */
export interface DeleteRecordsTopicResult {
  /** Topic name. */
  name: string
  /** Per partition. */
  partitions: DeleteRecordsPartitionResult[]
}

/** Per partition. */
export interface DeleteRecordsPartitionResult {
  /** Partition. */
  partitionIndex: number
  /** First offset now, -1 on error. */
  lowWatermark: number
  /** Error, 0 for none. */
  errorCode: number
}

/** Reads a DeleteRecordsResponse. Throws `WireError` for bad bytes. */
export function readDeleteRecordsResponse(r: Reader, version: number): DeleteRecordsResponse {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DeleteRecordsResponse', version)
  const throttleTimeMs = r.int32()
  const topicsCount = version >= 2 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: DeleteRecordsTopicResult[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readDeleteRecordsTopicResult(r, version)
  if (version >= 2) r.skipTags()
  return { throttleTimeMs, topics }
}

/** Writes a DeleteRecordsResponse; fields the version lacks are left out. */
export function writeDeleteRecordsResponse(w: Writer, m: DeleteRecordsResponse, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DeleteRecordsResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 2) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeDeleteRecordsTopicResult(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readDeleteRecordsTopicResult(r: Reader, version: number): DeleteRecordsTopicResult {
  const name = version >= 2 ? r.compactString() : r.string()
  const partitionsCount = version >= 2 ? r.compactArrayLength(14) : r.arrayLength(14)
  const partitions: DeleteRecordsPartitionResult[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readDeleteRecordsPartitionResult(r, version)
  if (version >= 2) r.skipTags()
  return { name, partitions }
}

function writeDeleteRecordsTopicResult(w: Writer, m: DeleteRecordsTopicResult, version: number): void {
  if (version >= 2) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 2) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeDeleteRecordsPartitionResult(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readDeleteRecordsPartitionResult(r: Reader, version: number): DeleteRecordsPartitionResult {
  const partitionIndex = r.int32()
  const lowWatermark = r.int64()
  const errorCode = r.int16()
  if (version >= 2) r.skipTags()
  return { partitionIndex, lowWatermark, errorCode }
}

function writeDeleteRecordsPartitionResult(w: Writer, m: DeleteRecordsPartitionResult, version: number): void {
  w.int32(m.partitionIndex)
  w.int64(m.lowWatermark)
  w.int16(m.errorCode)
  if (version >= 2) w.unsignedVarint(0)
}

