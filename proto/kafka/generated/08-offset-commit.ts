// Generated from schema/08-offset-commit.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { ZERO_UUID } from '../uuid.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Stores a group's offsets. Versions 2-10. */
export interface OffsetCommitRequest {
  /** Group. */
  groupId: string
  /** Generation (classic) or member epoch (KIP-848), -1 for none. Default -1. */
  generationIdOrMemberEpoch: number
  /** Member, empty for none. */
  memberId: string
  /** Of a static member. Versions 7+. May be null. Default null. */
  groupInstanceId: string | null
  /** How long to keep the offsets, -1 for the broker's own time. Versions 2-4. Default -1. */
  retentionTimeMs: number
  /** What to store. */
  topics: OffsetCommitRequestTopic[]
}

/** What to store. */
export interface OffsetCommitRequestTopic {
  /** Topic name. Versions 2-9. */
  name: string
  /** Topic id. Versions 10. */
  topicId: string
  /** Per partition. */
  partitions: OffsetCommitRequestPartition[]
}

/** Per partition. */
export interface OffsetCommitRequestPartition {
  /** Partition. */
  partitionIndex: number
  /** Offset to go on from. */
  committedOffset: number
  /** Leader epoch of the last record consumed, -1 for unknown. Versions 6+. Default -1. */
  committedLeaderEpoch: number
  /** Text of the client's, kept with the offset (W20). May be null. */
  committedMetadata: string | null
}

/** Reads a OffsetCommitRequest. Throws `WireError` for bad bytes. */
export function readOffsetCommitRequest(r: Reader, version: number): OffsetCommitRequest {
  if (!(version >= 2 && version <= 10)) throw unsupportedVersion('OffsetCommitRequest', version)
  const groupId = version >= 8 ? r.compactString() : r.string()
  const generationIdOrMemberEpoch = r.int32()
  const memberId = version >= 8 ? r.compactString() : r.string()
  const groupInstanceId: string | null = version >= 8 ? r.compactNullableString() : (version >= 7 ? r.nullableString() : null)
  const retentionTimeMs = version >= 5 ? -1 : r.int64()
  const topicsCount = version >= 8 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: OffsetCommitRequestTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readOffsetCommitRequestTopic(r, version)
  if (version >= 8) r.skipTags()
  return { groupId, generationIdOrMemberEpoch, memberId, groupInstanceId, retentionTimeMs, topics }
}

/** Writes a OffsetCommitRequest; fields the version lacks are left out. */
export function writeOffsetCommitRequest(w: Writer, m: OffsetCommitRequest, version: number): void {
  if (!(version >= 2 && version <= 10)) throw unsupportedVersion('OffsetCommitRequest', version)
  if (version >= 8) w.compactString(m.groupId)
  else w.string(m.groupId)
  w.int32(m.generationIdOrMemberEpoch)
  if (version >= 8) w.compactString(m.memberId)
  else w.string(m.memberId)
  if (version >= 8) w.compactNullableString(m.groupInstanceId)
  else if (version >= 7) w.nullableString(m.groupInstanceId)
  if (version >= 5) {}
  else w.int64(m.retentionTimeMs)
  if (version >= 8) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeOffsetCommitRequestTopic(w, item, version)
  if (version >= 8) w.unsignedVarint(0)
}

function readOffsetCommitRequestTopic(r: Reader, version: number): OffsetCommitRequestTopic {
  const name = version >= 10 ? '' : (version >= 8 ? r.compactString() : r.string())
  const topicId = version >= 10 ? r.uuid() : ZERO_UUID
  const partitionsCount = version >= 8 ? r.compactArrayLength(14) : r.arrayLength(14)
  const partitions: OffsetCommitRequestPartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readOffsetCommitRequestPartition(r, version)
  if (version >= 8) r.skipTags()
  return { name, topicId, partitions }
}

function writeOffsetCommitRequestTopic(w: Writer, m: OffsetCommitRequestTopic, version: number): void {
  if (version >= 10) {}
  else if (version >= 8) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 10) w.uuid(m.topicId)
  if (version >= 8) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeOffsetCommitRequestPartition(w, item, version)
  if (version >= 8) w.unsignedVarint(0)
}

function readOffsetCommitRequestPartition(r: Reader, version: number): OffsetCommitRequestPartition {
  const partitionIndex = r.int32()
  const committedOffset = r.int64()
  const committedLeaderEpoch = version >= 6 ? r.int32() : -1
  const committedMetadata: string | null = version >= 8 ? r.compactNullableString() : r.nullableString()
  if (version >= 8) r.skipTags()
  return { partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }
}

function writeOffsetCommitRequestPartition(w: Writer, m: OffsetCommitRequestPartition, version: number): void {
  w.int32(m.partitionIndex)
  w.int64(m.committedOffset)
  if (version >= 6) w.int32(m.committedLeaderEpoch)
  if (version >= 8) w.compactNullableString(m.committedMetadata)
  else w.nullableString(m.committedMetadata)
  if (version >= 8) w.unsignedVarint(0)
}

/** Answer to `OffsetCommitRequest`. Versions 2-10. */
export interface OffsetCommitResponse {
  /** How long the client is held back by a quota. Versions 3+. */
  throttleTimeMs: number
  /** Per topic. */
  topics: OffsetCommitResponseTopic[]
}

/** Per topic. */
export interface OffsetCommitResponseTopic {
  /** Topic name. Versions 2-9. */
  name: string
  /** Topic id. Versions 10. */
  topicId: string
  /** Per partition. */
  partitions: OffsetCommitResponsePartition[]
}

/** Per partition. */
export interface OffsetCommitResponsePartition {
  /** Partition. */
  partitionIndex: number
  /** Error, 0 for none. */
  errorCode: number
}

/** Reads a OffsetCommitResponse. Throws `WireError` for bad bytes. */
export function readOffsetCommitResponse(r: Reader, version: number): OffsetCommitResponse {
  if (!(version >= 2 && version <= 10)) throw unsupportedVersion('OffsetCommitResponse', version)
  const throttleTimeMs = version >= 3 ? r.int32() : 0
  const topicsCount = version >= 8 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: OffsetCommitResponseTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readOffsetCommitResponseTopic(r, version)
  if (version >= 8) r.skipTags()
  return { throttleTimeMs, topics }
}

/** Writes a OffsetCommitResponse; fields the version lacks are left out. */
export function writeOffsetCommitResponse(w: Writer, m: OffsetCommitResponse, version: number): void {
  if (!(version >= 2 && version <= 10)) throw unsupportedVersion('OffsetCommitResponse', version)
  if (version >= 3) w.int32(m.throttleTimeMs)
  if (version >= 8) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeOffsetCommitResponseTopic(w, item, version)
  if (version >= 8) w.unsignedVarint(0)
}

function readOffsetCommitResponseTopic(r: Reader, version: number): OffsetCommitResponseTopic {
  const name = version >= 10 ? '' : (version >= 8 ? r.compactString() : r.string())
  const topicId = version >= 10 ? r.uuid() : ZERO_UUID
  const partitionsCount = version >= 8 ? r.compactArrayLength(6) : r.arrayLength(6)
  const partitions: OffsetCommitResponsePartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readOffsetCommitResponsePartition(r, version)
  if (version >= 8) r.skipTags()
  return { name, topicId, partitions }
}

function writeOffsetCommitResponseTopic(w: Writer, m: OffsetCommitResponseTopic, version: number): void {
  if (version >= 10) {}
  else if (version >= 8) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 10) w.uuid(m.topicId)
  if (version >= 8) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeOffsetCommitResponsePartition(w, item, version)
  if (version >= 8) w.unsignedVarint(0)
}

function readOffsetCommitResponsePartition(r: Reader, version: number): OffsetCommitResponsePartition {
  const partitionIndex = r.int32()
  const errorCode = r.int16()
  if (version >= 8) r.skipTags()
  return { partitionIndex, errorCode }
}

function writeOffsetCommitResponsePartition(w: Writer, m: OffsetCommitResponsePartition, version: number): void {
  w.int32(m.partitionIndex)
  w.int16(m.errorCode)
  if (version >= 8) w.unsignedVarint(0)
}

