// Generated from schema/23-offset-for-leader-epoch.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Tells where a leader epoch ends, so that a client can find where logs diverge. Versions 2-4. */
export interface OffsetForLeaderEpochRequest {
  /** Node id of a follower, -1 for a consumer, -2 for a debug consumer. Versions 3+. Default -2. */
  replicaId: number
  /** Topics. */
  topics: OffsetForLeaderTopic[]
}

/** Topics. */
export interface OffsetForLeaderTopic {
  /** Topic name. */
  topic: string
  /** Partitions. */
  partitions: OffsetForLeaderPartition[]
}

/** Partitions. */
export interface OffsetForLeaderPartition {
  /** Partition. */
  partition: number
  /** Leader epoch the client knows, -1 for unknown. Default -1. */
  currentLeaderEpoch: number
  /** Epoch asked for. */
  leaderEpoch: number
}

/** Reads a OffsetForLeaderEpochRequest. Throws `WireError` for bad bytes. */
export function readOffsetForLeaderEpochRequest(r: Reader, version: number): OffsetForLeaderEpochRequest {
  if (!(version >= 2 && version <= 4)) throw unsupportedVersion('OffsetForLeaderEpochRequest', version)
  const replicaId = version >= 3 ? r.int32() : -2
  const topicsCount = version >= 4 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: OffsetForLeaderTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readOffsetForLeaderTopic(r, version)
  if (version >= 4) r.skipTags()
  return { replicaId, topics }
}

/** Writes a OffsetForLeaderEpochRequest; fields the version lacks are left out. */
export function writeOffsetForLeaderEpochRequest(w: Writer, m: OffsetForLeaderEpochRequest, version: number): void {
  if (!(version >= 2 && version <= 4)) throw unsupportedVersion('OffsetForLeaderEpochRequest', version)
  if (version >= 3) w.int32(m.replicaId)
  if (version >= 4) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeOffsetForLeaderTopic(w, item, version)
  if (version >= 4) w.unsignedVarint(0)
}

function readOffsetForLeaderTopic(r: Reader, version: number): OffsetForLeaderTopic {
  const topic = version >= 4 ? r.compactString() : r.string()
  const partitionsCount = version >= 4 ? r.compactArrayLength(12) : r.arrayLength(12)
  const partitions: OffsetForLeaderPartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readOffsetForLeaderPartition(r, version)
  if (version >= 4) r.skipTags()
  return { topic, partitions }
}

function writeOffsetForLeaderTopic(w: Writer, m: OffsetForLeaderTopic, version: number): void {
  if (version >= 4) w.compactString(m.topic)
  else w.string(m.topic)
  if (version >= 4) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeOffsetForLeaderPartition(w, item, version)
  if (version >= 4) w.unsignedVarint(0)
}

function readOffsetForLeaderPartition(r: Reader, version: number): OffsetForLeaderPartition {
  const partition = r.int32()
  const currentLeaderEpoch = r.int32()
  const leaderEpoch = r.int32()
  if (version >= 4) r.skipTags()
  return { partition, currentLeaderEpoch, leaderEpoch }
}

function writeOffsetForLeaderPartition(w: Writer, m: OffsetForLeaderPartition, version: number): void {
  w.int32(m.partition)
  w.int32(m.currentLeaderEpoch)
  w.int32(m.leaderEpoch)
  if (version >= 4) w.unsignedVarint(0)
}

/** Answer to `OffsetForLeaderEpochRequest`. Versions 2-4. */
export interface OffsetForLeaderEpochResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Per topic. */
  topics: OffsetForLeaderTopicResult[]
}

/** Per topic. */
export interface OffsetForLeaderTopicResult {
  /** Topic name. */
  topic: string
  /** Per partition. */
  partitions: EpochEndOffset[]
}

/** Per partition. */
export interface EpochEndOffset {
  /** Error, 0 for none. */
  errorCode: number
  /** Partition. */
  partition: number
  /** Largest epoch not above the one asked for. Default -1. */
  leaderEpoch: number
  /** Where it ends. Default -1. */
  endOffset: number
}

/** Reads a OffsetForLeaderEpochResponse. Throws `WireError` for bad bytes. */
export function readOffsetForLeaderEpochResponse(r: Reader, version: number): OffsetForLeaderEpochResponse {
  if (!(version >= 2 && version <= 4)) throw unsupportedVersion('OffsetForLeaderEpochResponse', version)
  const throttleTimeMs = r.int32()
  const topicsCount = version >= 4 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: OffsetForLeaderTopicResult[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readOffsetForLeaderTopicResult(r, version)
  if (version >= 4) r.skipTags()
  return { throttleTimeMs, topics }
}

/** Writes a OffsetForLeaderEpochResponse; fields the version lacks are left out. */
export function writeOffsetForLeaderEpochResponse(w: Writer, m: OffsetForLeaderEpochResponse, version: number): void {
  if (!(version >= 2 && version <= 4)) throw unsupportedVersion('OffsetForLeaderEpochResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 4) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeOffsetForLeaderTopicResult(w, item, version)
  if (version >= 4) w.unsignedVarint(0)
}

function readOffsetForLeaderTopicResult(r: Reader, version: number): OffsetForLeaderTopicResult {
  const topic = version >= 4 ? r.compactString() : r.string()
  const partitionsCount = version >= 4 ? r.compactArrayLength(18) : r.arrayLength(18)
  const partitions: EpochEndOffset[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readEpochEndOffset(r, version)
  if (version >= 4) r.skipTags()
  return { topic, partitions }
}

function writeOffsetForLeaderTopicResult(w: Writer, m: OffsetForLeaderTopicResult, version: number): void {
  if (version >= 4) w.compactString(m.topic)
  else w.string(m.topic)
  if (version >= 4) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeEpochEndOffset(w, item, version)
  if (version >= 4) w.unsignedVarint(0)
}

function readEpochEndOffset(r: Reader, version: number): EpochEndOffset {
  const errorCode = r.int16()
  const partition = r.int32()
  const leaderEpoch = r.int32()
  const endOffset = r.int64()
  if (version >= 4) r.skipTags()
  return { errorCode, partition, leaderEpoch, endOffset }
}

function writeEpochEndOffset(w: Writer, m: EpochEndOffset, version: number): void {
  w.int16(m.errorCode)
  w.int32(m.partition)
  w.int32(m.leaderEpoch)
  w.int64(m.endOffset)
  if (version >= 4) w.unsignedVarint(0)
}

