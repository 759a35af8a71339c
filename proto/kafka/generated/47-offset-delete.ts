// Generated from schema/47-offset-delete.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Deletes stored offsets of topics that no member subscribes to (KIP-496). Versions 0. */
export interface OffsetDeleteRequest {
  /** Group. */
  groupId: string
  /** Topics. */
  topics: OffsetDeleteRequestTopic[]
}

/** Topics. */
export interface OffsetDeleteRequestTopic {
  /** Topic name. */
  name: string
  /** Partitions. */
  partitions: OffsetDeleteRequestPartition[]
}

/** Partitions. */
export interface OffsetDeleteRequestPartition {
  /** Partition. */
  partitionIndex: number
}

/** Reads a OffsetDeleteRequest. Throws `WireError` for bad bytes. */
export function readOffsetDeleteRequest(r: Reader, version: number): OffsetDeleteRequest {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('OffsetDeleteRequest', version)
  const groupId = r.string()
  const topicsCount = r.arrayLength(6)
  const topics: OffsetDeleteRequestTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readOffsetDeleteRequestTopic(r, version)
  return { groupId, topics }
}

/** Writes a OffsetDeleteRequest; fields the version lacks are left out. */
export function writeOffsetDeleteRequest(w: Writer, m: OffsetDeleteRequest, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('OffsetDeleteRequest', version)
  w.string(m.groupId)
  w.arrayLength(m.topics.length)
  for (const item of m.topics) writeOffsetDeleteRequestTopic(w, item, version)
}

function readOffsetDeleteRequestTopic(r: Reader, version: number): OffsetDeleteRequestTopic {
  const name = r.string()
  const partitionsCount = r.arrayLength(4)
  const partitions: OffsetDeleteRequestPartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readOffsetDeleteRequestPartition(r, version)
  return { name, partitions }
}

function writeOffsetDeleteRequestTopic(w: Writer, m: OffsetDeleteRequestTopic, version: number): void {
  w.string(m.name)
  w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeOffsetDeleteRequestPartition(w, item, version)
}

function readOffsetDeleteRequestPartition(r: Reader, _version: number): OffsetDeleteRequestPartition {
  const partitionIndex = r.int32()
  return { partitionIndex }
}

function writeOffsetDeleteRequestPartition(w: Writer, m: OffsetDeleteRequestPartition, _version: number): void {
  w.int32(m.partitionIndex)
}

/** Answer to `OffsetDeleteRequest`. Versions 0. */
export interface OffsetDeleteResponse {
  /** Error of the whole request. */
  errorCode: number
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Per topic. */
  topics: OffsetDeleteResponseTopic[]
}

/** Per topic. */
export interface OffsetDeleteResponseTopic {
  /** Topic name. */
  name: string
  /** Per partition. */
  partitions: OffsetDeleteResponsePartition[]
}

/** Per partition. */
export interface OffsetDeleteResponsePartition {
  /** Partition. */
  partitionIndex: number
  /** Error, 0 for none. */
  errorCode: number
}

/** Reads a OffsetDeleteResponse. Throws `WireError` for bad bytes. */
export function readOffsetDeleteResponse(r: Reader, version: number): OffsetDeleteResponse {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('OffsetDeleteResponse', version)
  const errorCode = r.int16()
  const throttleTimeMs = r.int32()
  const topicsCount = r.arrayLength(6)
  const topics: OffsetDeleteResponseTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readOffsetDeleteResponseTopic(r, version)
  return { errorCode, throttleTimeMs, topics }
}

/** Writes a OffsetDeleteResponse; fields the version lacks are left out. */
export function writeOffsetDeleteResponse(w: Writer, m: OffsetDeleteResponse, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('OffsetDeleteResponse', version)
  w.int16(m.errorCode)
  w.int32(m.throttleTimeMs)
  w.arrayLength(m.topics.length)
  for (const item of m.topics) writeOffsetDeleteResponseTopic(w, item, version)
}

function readOffsetDeleteResponseTopic(r: Reader, version: number): OffsetDeleteResponseTopic {
  const name = r.string()
  const partitionsCount = r.arrayLength(6)
  const partitions: OffsetDeleteResponsePartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readOffsetDeleteResponsePartition(r, version)
  return { name, partitions }
}

function writeOffsetDeleteResponseTopic(w: Writer, m: OffsetDeleteResponseTopic, version: number): void {
  w.string(m.name)
  w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeOffsetDeleteResponsePartition(w, item, version)
}

function readOffsetDeleteResponsePartition(r: Reader, _version: number): OffsetDeleteResponsePartition {
  const partitionIndex = r.int32()
  const errorCode = r.int16()
  return { partitionIndex, errorCode }
}

function writeOffsetDeleteResponsePartition(w: Writer, m: OffsetDeleteResponsePartition, _version: number): void {
  w.int32(m.partitionIndex)
  w.int16(m.errorCode)
}

