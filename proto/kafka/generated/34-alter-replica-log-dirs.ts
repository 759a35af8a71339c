// Generated from schema/34-alter-replica-log-dirs.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Moves replicas between the log directories of a broker (KIP-113). Versions 1-2. */
export interface AlterReplicaLogDirsRequest {
  /** Log directories. */
  dirs: AlterReplicaLogDir[]
}

/** Log directories. */
export interface AlterReplicaLogDir {
  /** Path of the directory. */
  path: string
  /** Topics. */
  topics: AlterReplicaLogDirTopic[]
}

/** Topics. */
export interface AlterReplicaLogDirTopic {
  /** Topic name. */
  name: string
  /** Partitions. */
  partitions: number[]
}

/** Reads a AlterReplicaLogDirsRequest. Throws `WireError` for bad bytes. */
export function readAlterReplicaLogDirsRequest(r: Reader, version: number): AlterReplicaLogDirsRequest {
  if (!(version >= 1 && version <= 2)) throw unsupportedVersion('AlterReplicaLogDirsRequest', version)
  const dirsCount = version >= 2 ? r.compactArrayLength(3) : r.arrayLength(3)
  const dirs: AlterReplicaLogDir[] = r.list(dirsCount)
  for (let i = 0; i < dirsCount; i++) dirs[i] = readAlterReplicaLogDir(r, version)
  if (version >= 2) r.skipTags()
  return { dirs }
}

/** Writes a AlterReplicaLogDirsRequest; fields the version lacks are left out. */
export function writeAlterReplicaLogDirsRequest(w: Writer, m: AlterReplicaLogDirsRequest, version: number): void {
  if (!(version >= 1 && version <= 2)) throw unsupportedVersion('AlterReplicaLogDirsRequest', version)
  if (version >= 2) w.compactArrayLength(m.dirs.length)
  else w.arrayLength(m.dirs.length)
  for (const item of m.dirs) writeAlterReplicaLogDir(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readAlterReplicaLogDir(r: Reader, version: number): AlterReplicaLogDir {
  const path = version >= 2 ? r.compactString() : r.string()
  const topicsCount = version >= 2 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: AlterReplicaLogDirTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readAlterReplicaLogDirTopic(r, version)
  if (version >= 2) r.skipTags()
  return { path, topics }
}

function writeAlterReplicaLogDir(w: Writer, m: AlterReplicaLogDir, version: number): void {
  if (version >= 2) w.compactString(m.path)
  else w.string(m.path)
  if (version >= 2) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeAlterReplicaLogDirTopic(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readAlterReplicaLogDirTopic(r: Reader, version: number): AlterReplicaLogDirTopic {
  const name = version >= 2 ? r.compactString() : r.string()
  const partitionsCount = version >= 2 ? r.compactArrayLength(4) : r.arrayLength(4)
  const partitions: number[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = r.int32()
  if (version >= 2) r.skipTags()
  return { name, partitions }
}

function writeAlterReplicaLogDirTopic(w: Writer, m: AlterReplicaLogDirTopic, version: number): void {
  if (version >= 2) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 2) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) w.int32(item)
  if (version >= 2) w.unsignedVarint(0)
}

/** Answer to `AlterReplicaLogDirsRequest`. Versions 1-2. */
export interface AlterReplicaLogDirsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Per topic. */
  results: AlterReplicaLogDirTopicResult[]
}

/** Per topic. */
export interface AlterReplicaLogDirTopicResult {
  /** Topic name. */
  topicName: string
  /** Partitions. */
  partitions: AlterReplicaLogDirPartitionResult[]
}

/** Partitions. */
export interface AlterReplicaLogDirPartitionResult {
  /** Partition. */
  partitionIndex: number
  /** Error, 0 for none. */
  errorCode: number
}

/** Reads a AlterReplicaLogDirsResponse. Throws `WireError` for bad bytes. */
export function readAlterReplicaLogDirsResponse(r: Reader, version: number): AlterReplicaLogDirsResponse {
  if (!(version >= 1 && version <= 2)) throw unsupportedVersion('AlterReplicaLogDirsResponse', version)
  const throttleTimeMs = r.int32()
  const resultsCount = version >= 2 ? r.compactArrayLength(3) : r.arrayLength(3)
  const results: AlterReplicaLogDirTopicResult[] = r.list(resultsCount)
  for (let i = 0; i < resultsCount; i++) results[i] = readAlterReplicaLogDirTopicResult(r, version)
  if (version >= 2) r.skipTags()
  return { throttleTimeMs, results }
}

/** Writes a AlterReplicaLogDirsResponse; fields the version lacks are left out. */
export function writeAlterReplicaLogDirsResponse(w: Writer, m: AlterReplicaLogDirsResponse, version: number): void {
  if (!(version >= 1 && version <= 2)) throw unsupportedVersion('AlterReplicaLogDirsResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 2) w.compactArrayLength(m.results.length)
  else w.arrayLength(m.results.length)
  for (const item of m.results) writeAlterReplicaLogDirTopicResult(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readAlterReplicaLogDirTopicResult(r: Reader, version: number): AlterReplicaLogDirTopicResult {
  const topicName = version >= 2 ? r.compactString() : r.string()
  const partitionsCount = version >= 2 ? r.compactArrayLength(6) : r.arrayLength(6)
  const partitions: AlterReplicaLogDirPartitionResult[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readAlterReplicaLogDirPartitionResult(r, version)
  if (version >= 2) r.skipTags()
  return { topicName, partitions }
}

function writeAlterReplicaLogDirTopicResult(w: Writer, m: AlterReplicaLogDirTopicResult, version: number): void {
  if (version >= 2) w.compactString(m.topicName)
  else w.string(m.topicName)
  if (version >= 2) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeAlterReplicaLogDirPartitionResult(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readAlterReplicaLogDirPartitionResult(r: Reader, version: number): AlterReplicaLogDirPartitionResult {
  const partitionIndex = r.int32()
  const errorCode = r.int16()
  if (version >= 2) r.skipTags()
  return { partitionIndex, errorCode }
}

function writeAlterReplicaLogDirPartitionResult(w: Writer, m: AlterReplicaLogDirPartitionResult, version: number): void {
  w.int32(m.partitionIndex)
  w.int16(m.errorCode)
  if (version >= 2) w.unsignedVarint(0)
}

