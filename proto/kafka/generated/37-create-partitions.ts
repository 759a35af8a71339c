// Generated from schema/37-create-partitions.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Adds partitions to topics. Versions 0-3. */
export interface CreatePartitionsRequest {
  /** Topics. */
  topics: CreatePartitionsTopic[]
  /** How long to wait. */
  timeoutMs: number
  /** Check, but change nothing. */
  validateOnly: boolean
}

/** Topics. */
export interface CreatePartitionsTopic {
  /** Topic name. */
  name: string
  /** Partitions it shall have in all. */
  count: number
  /** Placement of the new ones, null to let the cluster choose. May be null. */
  assignments: CreatePartitionsAssignment[] | null
}

/** Placement of the new ones, null to let the cluster choose. */
export interface CreatePartitionsAssignment {
  /** Replicas, the preferred leader first. */
  brokerIds: number[]
}

/** Reads a CreatePartitionsRequest. Throws `WireError` for bad bytes. */
export function readCreatePartitionsRequest(r: Reader, version: number): CreatePartitionsRequest {
  if (!(version >= 0 && version <= 3)) throw unsupportedVersion('CreatePartitionsRequest', version)
  const topicsCount = version >= 2 ? r.compactArrayLength(7) : r.arrayLength(7)
  const topics: CreatePartitionsTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readCreatePartitionsTopic(r, version)
  const timeoutMs = r.int32()
  const validateOnly = r.bool()
  if (version >= 2) r.skipTags()
  return { topics, timeoutMs, validateOnly }
}

/** Writes a CreatePartitionsRequest; fields the version lacks are left out. */
export function writeCreatePartitionsRequest(w: Writer, m: CreatePartitionsRequest, version: number): void {
  if (!(version >= 0 && version <= 3)) throw unsupportedVersion('CreatePartitionsRequest', version)
  if (version >= 2) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeCreatePartitionsTopic(w, item, version)
  w.int32(m.timeoutMs)
  w.bool(m.validateOnly)
  if (version >= 2) w.unsignedVarint(0)
}

function readCreatePartitionsTopic(r: Reader, version: number): CreatePartitionsTopic {
  const name = version >= 2 ? r.compactString() : r.string()
  const count = r.int32()
  const assignmentsCount = version >= 2 ? r.compactNullableArrayLength(2) : r.nullableArrayLength(2)
  const assignments: CreatePartitionsAssignment[] | null = assignmentsCount < 0 ? null : r.list(assignmentsCount)
  for (let i = 0; i < assignmentsCount; i++) assignments![i] = readCreatePartitionsAssignment(r, version)
  if (version >= 2) r.skipTags()
  return { name, count, assignments }
}

function writeCreatePartitionsTopic(w: Writer, m: CreatePartitionsTopic, version: number): void {
  if (version >= 2) w.compactString(m.name)
  else w.string(m.name)
  w.int32(m.count)
  if (version >= 2) w.compactArrayLength(m.assignments === null ? -1 : m.assignments.length)
  else w.arrayLength(m.assignments === null ? -1 : m.assignments.length)
  if (m.assignments !== null) for (const item of m.assignments) writeCreatePartitionsAssignment(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readCreatePartitionsAssignment(r: Reader, version: number): CreatePartitionsAssignment {
  const brokerIdsCount = version >= 2 ? r.compactArrayLength(4) : r.arrayLength(4)
  const brokerIds: number[] = r.list(brokerIdsCount)
  for (let i = 0; i < brokerIdsCount; i++) brokerIds[i] = r.int32()
  if (version >= 2) r.skipTags()
  return { brokerIds }
}

function writeCreatePartitionsAssignment(w: Writer, m: CreatePartitionsAssignment, version: number): void {
  if (version >= 2) w.compactArrayLength(m.brokerIds.length)
  else w.arrayLength(m.brokerIds.length)
  for (const item of m.brokerIds) w.int32(item)
  if (version >= 2) w.unsignedVarint(0)
}

/** Answer to `CreatePartitionsRequest`. Versions 0-3. */
export interface CreatePartitionsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Per topic. */
  results: CreatePartitionsTopicResult[]
}

/** Per topic. */
export interface CreatePartitionsTopicResult {
  /** Topic name. */
  name: string
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. Default null. */
  errorMessage: string | null
}

/** Reads a CreatePartitionsResponse. Throws `WireError` for bad bytes. */
export function readCreatePartitionsResponse(r: Reader, version: number): CreatePartitionsResponse {
  if (!(version >= 0 && version <= 3)) throw unsupportedVersion('CreatePartitionsResponse', version)
  const throttleTimeMs = r.int32()
  const resultsCount = version >= 2 ? r.compactArrayLength(5) : r.arrayLength(5)
  const results: CreatePartitionsTopicResult[] = r.list(resultsCount)
  for (let i = 0; i < resultsCount; i++) results[i] = readCreatePartitionsTopicResult(r, version)
  if (version >= 2) r.skipTags()
  return { throttleTimeMs, results }
}

/** Writes a CreatePartitionsResponse; fields the version lacks are left out. */
export function writeCreatePartitionsResponse(w: Writer, m: CreatePartitionsResponse, version: number): void {
  if (!(version >= 0 && version <= 3)) throw unsupportedVersion('CreatePartitionsResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 2) w.compactArrayLength(m.results.length)
  else w.arrayLength(m.results.length)
  for (const item of m.results) writeCreatePartitionsTopicResult(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readCreatePartitionsTopicResult(r: Reader, version: number): CreatePartitionsTopicResult {
  const name = version >= 2 ? r.compactString() : r.string()
  const errorCode = r.int16()
  const errorMessage: string | null = version >= 2 ? r.compactNullableString() : r.nullableString()
  if (version >= 2) r.skipTags()
  return { name, errorCode, errorMessage }
}

function writeCreatePartitionsTopicResult(w: Writer, m: CreatePartitionsTopicResult, version: number): void {
  if (version >= 2) w.compactString(m.name)
  else w.string(m.name)
  w.int16(m.errorCode)
  if (version >= 2) w.compactNullableString(m.errorMessage)
  else w.nullableString(m.errorMessage)
  if (version >= 2) w.unsignedVarint(0)
}

