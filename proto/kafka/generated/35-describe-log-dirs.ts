// Generated from schema/35-describe-log-dirs.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Tells the log directories of the broker and what lies in them. Versions 1-5. */
export interface DescribeLogDirsRequest {
  /** Null for all. May be null. */
  topics: DescribableLogDirTopic[] | null
}

/** Null for all. */
export interface DescribableLogDirTopic {
  /** Topic name. */
  topic: string
  /** Partitions. */
  partitions: number[]
}

/** Reads a DescribeLogDirsRequest. Throws `WireError` for bad bytes. */
export function readDescribeLogDirsRequest(r: Reader, version: number): DescribeLogDirsRequest {
  if (!(version >= 1 && version <= 5)) throw unsupportedVersion('DescribeLogDirsRequest', version)
  const topicsCount = version >= 2 ? r.compactNullableArrayLength(3) : r.nullableArrayLength(3)
  const topics: DescribableLogDirTopic[] | null = topicsCount < 0 ? null : r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics![i] = readDescribableLogDirTopic(r, version)
  if (version >= 2) r.skipTags()
  return { topics }
}

/** Writes a DescribeLogDirsRequest; fields the version lacks are left out. */
export function writeDescribeLogDirsRequest(w: Writer, m: DescribeLogDirsRequest, version: number): void {
  if (!(version >= 1 && version <= 5)) throw unsupportedVersion('DescribeLogDirsRequest', version)
  if (version >= 2) w.compactArrayLength(m.topics === null ? -1 : m.topics.length)
  else w.arrayLength(m.topics === null ? -1 : m.topics.length)
  if (m.topics !== null) for (const item of m.topics) writeDescribableLogDirTopic(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readDescribableLogDirTopic(r: Reader, version: number): DescribableLogDirTopic {
  const topic = version >= 2 ? r.compactString() : r.string()
  const partitionsCount = version >= 2 ? r.compactArrayLength(4) : r.arrayLength(4)
  const partitions: number[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = r.int32()
  if (version >= 2) r.skipTags()
  return { topic, partitions }
}

function writeDescribableLogDirTopic(w: Writer, m: DescribableLogDirTopic, version: number): void {
  if (version >= 2) w.compactString(m.topic)
  else w.string(m.topic)
  if (version >= 2) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) w.int32(item)
  if (version >= 2) w.unsignedVarint(0)
}

/** Answer to `DescribeLogDirsRequest`. Versions 1-5. */
export interface DescribeLogDirsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error of the whole request. Versions 3+. */
  errorCode: number
  /** Per directory. */
  results: DescribeLogDirsResult[]
}

/** Per directory. */
export interface DescribeLogDirsResult {
  /** Error, 0 for none. */
  errorCode: number
  /** Absolute path. */
  logDir: string
  /** Per topic. */
  topics: DescribeLogDirsTopic[]
  /** Size of the volume, -1 for unknown. Versions 4+. Default -1. */
  totalBytes: number
  /** Bytes free on it, -1 for unknown. Versions 4+. Default -1. */
  usableBytes: number
  /** Takes no new partitions. Versions 5. */
  isCordoned: boolean
}

/** Per topic. */
export interface DescribeLogDirsTopic {
  /** Topic name. */
  name: string
  /** Per partition. */
  partitions: DescribeLogDirsPartition[]
}

/** Per partition. */
export interface DescribeLogDirsPartition {
  /** Partition. */
  partitionIndex: number
  /** Bytes of all segments. */
  partitionSize: number
  /** How far behind the high watermark, or behind the current replica. */
  offsetLag: number
  /** Being moved here from another directory. */
  isFutureKey: boolean
}

/** Reads a DescribeLogDirsResponse. Throws `WireError` for bad bytes. */
export function readDescribeLogDirsResponse(r: Reader, version: number): DescribeLogDirsResponse {
  if (!(version >= 1 && version <= 5)) throw unsupportedVersion('DescribeLogDirsResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = version >= 3 ? r.int16() : 0
  const resultsCount = version >= 2 ? r.compactArrayLength(5) : r.arrayLength(5)
  const results: DescribeLogDirsResult[] = r.list(resultsCount)
  for (let i = 0; i < resultsCount; i++) results[i] = readDescribeLogDirsResult(r, version)
  if (version >= 2) r.skipTags()
  return { throttleTimeMs, errorCode, results }
}

/** Writes a DescribeLogDirsResponse; fields the version lacks are left out. */
export function writeDescribeLogDirsResponse(w: Writer, m: DescribeLogDirsResponse, version: number): void {
  if (!(version >= 1 && version <= 5)) throw unsupportedVersion('DescribeLogDirsResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 3) w.int16(m.errorCode)
  if (version >= 2) w.compactArrayLength(m.results.length)
  else w.arrayLength(m.results.length)
  for (const item of m.results) writeDescribeLogDirsResult(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readDescribeLogDirsResult(r: Reader, version: number): DescribeLogDirsResult {
  const errorCode = r.int16()
  const logDir = version >= 2 ? r.compactString() : r.string()
  const topicsCount = version >= 2 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: DescribeLogDirsTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readDescribeLogDirsTopic(r, version)
  const totalBytes = version >= 4 ? r.int64() : -1
  const usableBytes = version >= 4 ? r.int64() : -1
  const isCordoned = version >= 5 ? r.bool() : false
  if (version >= 2) r.skipTags()
  return { errorCode, logDir, topics, totalBytes, usableBytes, isCordoned }
}

function writeDescribeLogDirsResult(w: Writer, m: DescribeLogDirsResult, version: number): void {
  w.int16(m.errorCode)
  if (version >= 2) w.compactString(m.logDir)
  else w.string(m.logDir)
  if (version >= 2) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeDescribeLogDirsTopic(w, item, version)
  if (version >= 4) w.int64(m.totalBytes)
  if (version >= 4) w.int64(m.usableBytes)
  if (version >= 5) w.bool(m.isCordoned)
  if (version >= 2) w.unsignedVarint(0)
}

function readDescribeLogDirsTopic(r: Reader, version: number): DescribeLogDirsTopic {
  const name = version >= 2 ? r.compactString() : r.string()
  const partitionsCount = version >= 2 ? r.compactArrayLength(21) : r.arrayLength(21)
  const partitions: DescribeLogDirsPartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readDescribeLogDirsPartition(r, version)
  if (version >= 2) r.skipTags()
  return { name, partitions }
}

function writeDescribeLogDirsTopic(w: Writer, m: DescribeLogDirsTopic, version: number): void {
  if (version >= 2) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 2) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeDescribeLogDirsPartition(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readDescribeLogDirsPartition(r: Reader, version: number): DescribeLogDirsPartition {
  const partitionIndex = r.int32()
  const partitionSize = r.int64()
  const offsetLag = r.int64()
  const isFutureKey = r.bool()
  if (version >= 2) r.skipTags()
  return { partitionIndex, partitionSize, offsetLag, isFutureKey }
}

function writeDescribeLogDirsPartition(w: Writer, m: DescribeLogDirsPartition, version: number): void {
  w.int32(m.partitionIndex)
  w.int64(m.partitionSize)
  w.int64(m.offsetLag)
  w.bool(m.isFutureKey)
  if (version >= 2) w.unsignedVarint(0)
}

