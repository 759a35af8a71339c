// Generated from schema/09-offset-fetch.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { ZERO_UUID } from '../uuid.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { notNull, type Writer } from '../writer.ts'

/** Reads a group's stored offsets. Versions 1-10. */
export interface OffsetFetchRequest {
  /** Group. Versions 1-7. */
  groupId: string
  /** Null for all. Versions 1-7. May be null in 2-7. */
  topics: OffsetFetchRequestTopic[] | null
  /** Groups. Versions 8+. */
  groups: OffsetFetchRequestGroup[]
  /** Wait for open transactions (UNSTABLE_OFFSET_COMMIT). Versions 7+. */
  requireStable: boolean
}

/** Null for all. */
export interface OffsetFetchRequestTopic {
  /** Topic name. Versions 1-7. */
  name: string
  /** Partitions. Versions 1-7. */
  partitionIndexes: number[]
}

/** Groups. */
export interface OffsetFetchRequestGroup {
  /** Group. Versions 8+. */
  groupId: string
  /** Member that asks, null for none. Versions 9+. May be null. Default null. */
  memberId: string | null
  /** Its epoch, -1 for none. Versions 9+. Default -1. */
  memberEpoch: number
  /** Null for all. Versions 8+. May be null. */
  topics: OffsetFetchRequestTopics[] | null
}

/** Null for all. */
export interface OffsetFetchRequestTopics {
  /** Topic name. Versions 8-9. */
  name: string
  /** Topic id. Versions 10. */
  topicId: string
  /** Partitions. Versions 8+. */
  partitionIndexes: number[]
}

/** Reads a OffsetFetchRequest. Throws `WireError` for bad bytes. */
export function readOffsetFetchRequest(r: Reader, version: number): OffsetFetchRequest {
  if (!(version >= 1 && version <= 10)) throw unsupportedVersion('OffsetFetchRequest', version)
  const groupId = version >= 8 ? '' : (version >= 6 ? r.compactString() : r.string())
  const topicsCount = version >= 8 ? 0 : (version >= 6 ? r.compactNullableArrayLength(1) : (version >= 2 ? r.nullableArrayLength(1) : r.arrayLength(1)))
  const topics: OffsetFetchRequestTopic[] | null = topicsCount < 0 ? null : r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics![i] = readOffsetFetchRequestTopic(r, version)
  const groupsCount = version >= 8 ? r.compactArrayLength(1) : 0
  const groups: OffsetFetchRequestGroup[] = r.list(groupsCount)
  for (let i = 0; i < groupsCount; i++) groups[i] = readOffsetFetchRequestGroup(r, version)
  const requireStable = version >= 7 ? r.bool() : false
  if (version >= 6) r.skipTags()
  return { groupId, topics, groups, requireStable }
}

/** Writes a OffsetFetchRequest; fields the version lacks are left out. */
export function writeOffsetFetchRequest(w: Writer, m: OffsetFetchRequest, version: number): void {
  if (!(version >= 1 && version <= 10)) throw unsupportedVersion('OffsetFetchRequest', version)
  if (version >= 8) {}
  else if (version >= 6) w.compactString(m.groupId)
  else w.string(m.groupId)
  if (version <= 7) {
    if (version >= 6) w.compactArrayLength(m.topics === null ? -1 : m.topics.length)
    else if (version >= 2) w.arrayLength(m.topics === null ? -1 : m.topics.length)
    else w.arrayLength(notNull(m.topics, 'OffsetFetchRequest.topics').length)
    if (m.topics !== null) for (const item of m.topics) writeOffsetFetchRequestTopic(w, item, version)
  }
  if (version >= 8) {
    w.compactArrayLength(m.groups.length)
    for (const item of m.groups) writeOffsetFetchRequestGroup(w, item, version)
  }
  if (version >= 7) w.bool(m.requireStable)
  if (version >= 6) w.unsignedVarint(0)
}

function readOffsetFetchRequestTopic(r: Reader, version: number): OffsetFetchRequestTopic {
  const name = version >= 6 ? r.compactString() : r.string()
  const partitionIndexesCount = version >= 6 ? r.compactArrayLength(4) : r.arrayLength(4)
  const partitionIndexes: number[] = r.list(partitionIndexesCount)
  for (let i = 0; i < partitionIndexesCount; i++) partitionIndexes[i] = r.int32()
  if (version >= 6) r.skipTags()
  return { name, partitionIndexes }
}

function writeOffsetFetchRequestTopic(w: Writer, m: OffsetFetchRequestTopic, version: number): void {
  if (version >= 6) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 6) w.compactArrayLength(m.partitionIndexes.length)
  else w.arrayLength(m.partitionIndexes.length)
  for (const item of m.partitionIndexes) w.int32(item)
  if (version >= 6) w.unsignedVarint(0)
}

function readOffsetFetchRequestGroup(r: Reader, version: number): OffsetFetchRequestGroup {
  const groupId = r.compactString()
  const memberId: string | null = version >= 9 ? r.compactNullableString() : null
  const memberEpoch = version >= 9 ? r.int32() : -1
  const topicsCount = r.compactNullableArrayLength(3)
  const topics: OffsetFetchRequestTopics[] | null = topicsCount < 0 ? null : r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics![i] = readOffsetFetchRequestTopics(r, version)
  r.skipTags()
  return { groupId, memberId, memberEpoch, topics }
}

function writeOffsetFetchRequestGroup(w: Writer, m: OffsetFetchRequestGroup, version: number): void {
  w.compactString(m.groupId)
  if (version >= 9) w.compactNullableString(m.memberId)
  if (version >= 9) w.int32(m.memberEpoch)
  w.compactArrayLength(m.topics === null ? -1 : m.topics.length)
  if (m.topics !== null) for (const item of m.topics) writeOffsetFetchRequestTopics(w, item, version)
  w.unsignedVarint(0)
}

function readOffsetFetchRequestTopics(r: Reader, version: number): OffsetFetchRequestTopics {
  const name = version >= 10 ? '' : r.compactString()
  const topicId = version >= 10 ? r.uuid() : ZERO_UUID
  const partitionIndexesCount = r.compactArrayLength(4)
  const partitionIndexes: number[] = r.list(partitionIndexesCount)
  for (let i = 0; i < partitionIndexesCount; i++) partitionIndexes[i] = r.int32()
  r.skipTags()
  return { name, topicId, partitionIndexes }
}

function writeOffsetFetchRequestTopics(w: Writer, m: OffsetFetchRequestTopics, version: number): void {
  if (version >= 10) {}
  else w.compactString(m.name)
  if (version >= 10) w.uuid(m.topicId)
  w.compactArrayLength(m.partitionIndexes.length)
  for (const item of m.partitionIndexes) w.int32(item)
  w.unsignedVarint(0)
}

/** Answer to `OffsetFetchRequest`. Versions 1-10. */
export interface OffsetFetchResponse {
  /** How long the client is held back by a quota. Versions 3+. */
  throttleTimeMs: number
  /** Per topic. Versions 1-7. */
  topics: OffsetFetchResponseTopic[]
  /** Error of the whole group. Versions 2-7. */
  errorCode: number
  /** Per group. Versions 8+. */
  groups: OffsetFetchResponseGroup[]
}

/** Per topic. */
export interface OffsetFetchResponseTopic {
  /** Topic name. Versions 1-7. */
  name: string
  /** Per partition. Versions 1-7. */
  partitions: OffsetFetchResponsePartition[]
}

/** Per partition. */
export interface OffsetFetchResponsePartition {
  /** Partition. Versions 1-7. */
  partitionIndex: number
  /** Offset, -1 for none. Versions 1-7. */
  committedOffset: number
  /** Leader epoch of it, -1 for unknown. Versions 5-7. Default -1. */
  committedLeaderEpoch: number
  /** Text stored with it. Versions 1-7. May be null. */
  metadata: string | null
  /** Error, 0 for none. Versions 1-7. */
  errorCode: number
}

/** Per group. */
export interface OffsetFetchResponseGroup {
  /** Group. Versions 8+. */
  groupId: string
  /** Per topic. Versions 8+. */
  topics: OffsetFetchResponseTopics[]
  /** Error of the whole group. Versions 8+. */
  errorCode: number
}

/** Per topic. */
export interface OffsetFetchResponseTopics {
  /** Topic name. Versions 8-9. */
  name: string
  /** Topic id. Versions 10. */
  topicId: string
  /** Per partition. Versions 8+. */
  partitions: OffsetFetchResponsePartitions[]
}

/** Per partition. */
export interface OffsetFetchResponsePartitions {
  /** Partition. Versions 8+. */
  partitionIndex: number
  /** Offset, -1 for none. Versions 8+. */
  committedOffset: number
  /** Leader epoch of it, -1 for unknown. Versions 8+. Default -1. */
  committedLeaderEpoch: number
  /** Text stored with it. Versions 8+. May be null. */
  metadata: string | null
  /** Error, 0 for none. Versions 8+. */
  errorCode: number
}

/** Reads a OffsetFetchResponse. Throws `WireError` for bad bytes. */
export function readOffsetFetchResponse(r: Reader, version: number): OffsetFetchResponse {
  if (!(version >= 1 && version <= 10)) throw unsupportedVersion('OffsetFetchResponse', version)
  const throttleTimeMs = version >= 3 ? r.int32() : 0
  const topicsCount = version >= 8 ? 0 : (version >= 6 ? r.compactArrayLength(1) : r.arrayLength(1))
  const topics: OffsetFetchResponseTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readOffsetFetchResponseTopic(r, version)
  const errorCode = version >= 8 ? 0 : (version >= 2 ? r.int16() : 0)
  const groupsCount = version >= 8 ? r.compactArrayLength(1) : 0
  const groups: OffsetFetchResponseGroup[] = r.list(groupsCount)
  for (let i = 0; i < groupsCount; i++) groups[i] = readOffsetFetchResponseGroup(r, version)
  if (version >= 6) r.skipTags()
  return { throttleTimeMs, topics, errorCode, groups }
}

/** Writes a OffsetFetchResponse; fields the version lacks are left out. */
export function writeOffsetFetchResponse(w: Writer, m: OffsetFetchResponse, version: number): void {
  if (!(version >= 1 && version <= 10)) throw unsupportedVersion('OffsetFetchResponse', version)
  if (version >= 3) w.int32(m.throttleTimeMs)
  if (version <= 7) {
    if (version >= 6) w.compactArrayLength(m.topics.length)
    else w.arrayLength(m.topics.length)
    for (const item of m.topics) writeOffsetFetchResponseTopic(w, item, version)
  }
  if (version >= 8) {}
  else if (version >= 2) w.int16(m.errorCode)
  if (version >= 8) {
    w.compactArrayLength(m.groups.length)
    for (const item of m.groups) writeOffsetFetchResponseGroup(w, item, version)
  }
  if (version >= 6) w.unsignedVarint(0)
}

function readOffsetFetchResponseTopic(r: Reader, version: number): OffsetFetchResponseTopic {
  const name = version >= 6 ? r.compactString() : r.string()
  const partitionsCount = version >= 6 ? r.compactArrayLength(16) : r.arrayLength(16)
  const partitions: OffsetFetchResponsePartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readOffsetFetchResponsePartition(r, version)
  if (version >= 6) r.skipTags()
  return { name, partitions }
}

function writeOffsetFetchResponseTopic(w: Writer, m: OffsetFetchResponseTopic, version: number): void {
  if (version >= 6) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 6) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeOffsetFetchResponsePartition(w, item, version)
  if (version >= 6) w.unsignedVarint(0)
}

function readOffsetFetchResponsePartition(r: Reader, version: number): OffsetFetchResponsePartition {
  const partitionIndex = r.int32()
  const committedOffset = r.int64()
  const committedLeaderEpoch = version >= 5 ? r.int32() : -1
  const metadata: string | null = version >= 6 ? r.compactNullableString() : r.nullableString()
  const errorCode = r.int16()
  if (version >= 6) r.skipTags()
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode }
}

function writeOffsetFetchResponsePartition(w: Writer, m: OffsetFetchResponsePartition, version: number): void {
  w.int32(m.partitionIndex)
  w.int64(m.committedOffset)
  if (version >= 5) w.int32(m.committedLeaderEpoch)
  if (version >= 6) w.compactNullableString(m.metadata)
  else w.nullableString(m.metadata)
  w.int16(m.errorCode)
  if (version >= 6) w.unsignedVarint(0)
}

function readOffsetFetchResponseGroup(r: Reader, version: number): OffsetFetchResponseGroup {
  const groupId = r.compactString()
  const topicsCount = r.compactArrayLength(3)
  const topics: OffsetFetchResponseTopics[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readOffsetFetchResponseTopics(r, version)
  const errorCode = r.int16()
  r.skipTags()
  return { groupId, topics, errorCode }
}

function writeOffsetFetchResponseGroup(w: Writer, m: OffsetFetchResponseGroup, version: number): void {
  w.compactString(m.groupId)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeOffsetFetchResponseTopics(w, item, version)
  w.int16(m.errorCode)
  w.unsignedVarint(0)
}

function readOffsetFetchResponseTopics(r: Reader, version: number): OffsetFetchResponseTopics {
  const name = version >= 10 ? '' : r.compactString()
  const topicId = version >= 10 ? r.uuid() : ZERO_UUID
  const partitionsCount = r.compactArrayLength(20)
  const partitions: OffsetFetchResponsePartitions[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readOffsetFetchResponsePartitions(r, version)
  r.skipTags()
  return { name, topicId, partitions }
}

function writeOffsetFetchResponseTopics(w: Writer, m: OffsetFetchResponseTopics, version: number): void {
  if (version >= 10) {}
  else w.compactString(m.name)
  if (version >= 10) w.uuid(m.topicId)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) writeOffsetFetchResponsePartitions(w, item, version)
  w.unsignedVarint(0)
}

function readOffsetFetchResponsePartitions(r: Reader, _version: number): OffsetFetchResponsePartitions {
  const partitionIndex = r.int32()
  const committedOffset = r.int64()
  const committedLeaderEpoch = r.int32()
  const metadata: string | null = r.compactNullableString()
  const errorCode = r.int16()
  r.skipTags()
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode }
}

function writeOffsetFetchResponsePartitions(w: Writer, m: OffsetFetchResponsePartitions, _version: number): void {
  w.int32(m.partitionIndex)
  w.int64(m.committedOffset)
  w.int32(m.committedLeaderEpoch)
  w.compactNullableString(m.metadata)
  w.int16(m.errorCode)
  w.unsignedVarint(0)
}

