// Generated from schema/20-delete-topics.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { ZERO_UUID } from '../uuid.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { notNull, type Writer } from '../writer.ts'

/** Deletes topics. Versions 1-6. */
export interface DeleteTopicsRequest {
  /** Topics. Versions 6. */
  topics: DeleteTopicState[]
  /** Topic names. Versions 1-5. */
  topicNames: string[]
  /** How long to wait. */
  timeoutMs: number
}

/** Topics. */
export interface DeleteTopicState {
  /** Topic name, null to go by id. Versions 6. May be null. Default null. */
  name: string | null
  /** Topic id, zero to go by name. Versions 6. */
  topicId: string
}

/** Reads a DeleteTopicsRequest. Throws `WireError` for bad bytes. */
export function readDeleteTopicsRequest(r: Reader, version: number): DeleteTopicsRequest {
  if (!(version >= 1 && version <= 6)) throw unsupportedVersion('DeleteTopicsRequest', version)
  const topicsCount = version >= 6 ? r.compactArrayLength(1) : 0
  const topics: DeleteTopicState[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readDeleteTopicState(r, version)
  const topicNamesCount = version >= 6 ? 0 : (version >= 4 ? r.compactArrayLength(1) : r.arrayLength(1))
  const topicNames: string[] = r.list(topicNamesCount)
  for (let i = 0; i < topicNamesCount; i++) topicNames[i] = version >= 4 ? r.compactString() : r.string()
  const timeoutMs = r.int32()
  if (version >= 4) r.skipTags()
  return { topics, topicNames, timeoutMs }
}

/** Writes a DeleteTopicsRequest; fields the version lacks are left out. */
export function writeDeleteTopicsRequest(w: Writer, m: DeleteTopicsRequest, version: number): void {
  if (!(version >= 1 && version <= 6)) throw unsupportedVersion('DeleteTopicsRequest', version)
  if (version >= 6) {
    w.compactArrayLength(m.topics.length)
    for (const item of m.topics) writeDeleteTopicState(w, item, version)
  }
  if (version <= 5) {
    if (version >= 4) w.compactArrayLength(m.topicNames.length)
    else w.arrayLength(m.topicNames.length)
    for (const item of m.topicNames) {
      if (version >= 4) w.compactString(item)
      else w.string(item)
    }
  }
  w.int32(m.timeoutMs)
  if (version >= 4) w.unsignedVarint(0)
}

function readDeleteTopicState(r: Reader, _version: number): DeleteTopicState {
  const name: string | null = r.compactNullableString()
  const topicId = r.uuid()
  r.skipTags()
  return { name, topicId }
}

function writeDeleteTopicState(w: Writer, m: DeleteTopicState, _version: number): void {
  w.compactNullableString(m.name)
  w.uuid(m.topicId)
  w.unsignedVarint(0)
}

/** Answer to `DeleteTopicsRequest`. Versions 1-6. */
export interface DeleteTopicsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Per topic. */
  responses: DeletableTopicResult[]
}

/** Per topic. */
export interface DeletableTopicResult {
  /** Topic name, null when the id is unknown. May be null in 6. */
  name: string | null
  /** Topic id. Versions 6. */
  topicId: string
  /** Error, 0 for none. */
  errorCode: number
  /** Why. Versions 5+. May be null. Default null. */
  errorMessage: string | null
}

/** Reads a DeleteTopicsResponse. Throws `WireError` for bad bytes. */
export function readDeleteTopicsResponse(r: Reader, version: number): DeleteTopicsResponse {
  if (!(version >= 1 && version <= 6)) throw unsupportedVersion('DeleteTopicsResponse', version)
  const throttleTimeMs = r.int32()
  const responsesCount = version >= 4 ? r.compactArrayLength(4) : r.arrayLength(4)
  const responses: DeletableTopicResult[] = r.list(responsesCount)
  for (let i = 0; i < responsesCount; i++) responses[i] = readDeletableTopicResult(r, version)
  if (version >= 4) r.skipTags()
  return { throttleTimeMs, responses }
}

/** Writes a DeleteTopicsResponse; fields the version lacks are left out. */
export function writeDeleteTopicsResponse(w: Writer, m: DeleteTopicsResponse, version: number): void {
  if (!(version >= 1 && version <= 6)) throw unsupportedVersion('DeleteTopicsResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 4) w.compactArrayLength(m.responses.length)
  else w.arrayLength(m.responses.length)
  for (const item of m.responses) writeDeletableTopicResult(w, item, version)
  if (version >= 4) w.unsignedVarint(0)
}

function readDeletableTopicResult(r: Reader, version: number): DeletableTopicResult {
  const name: string | null = version >= 6 ? r.compactNullableString() : (version >= 4 ? r.compactString() : r.string())
  const topicId = version >= 6 ? r.uuid() : ZERO_UUID
  const errorCode = r.int16()
  const errorMessage: string | null = version >= 5 ? r.compactNullableString() : null
  if (version >= 4) r.skipTags()
  return { name, topicId, errorCode, errorMessage }
}

function writeDeletableTopicResult(w: Writer, m: DeletableTopicResult, version: number): void {
  if (version >= 6) w.compactNullableString(m.name)
  else if (version >= 4) w.compactString(notNull(m.name, 'name'))
  else w.string(notNull(m.name, 'name'))
  if (version >= 6) w.uuid(m.topicId)
  w.int16(m.errorCode)
  if (version >= 5) w.compactNullableString(m.errorMessage)
  if (version >= 4) w.unsignedVarint(0)
}

