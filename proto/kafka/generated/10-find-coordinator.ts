// Generated from schema/10-find-coordinator.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Names the broker that coordinates a group, a transaction or a share partition. Versions 0-6. */
export interface FindCoordinatorRequest {
  /** Group or transactional id. Versions 0-3. */
  key: string
  /** 0 group, 1 transaction, 2 share. Versions 1+. */
  keyType: number
  /** Group or transactional ids. Versions 4+. */
  coordinatorKeys: string[]
}

/** Reads a FindCoordinatorRequest. Throws `WireError` for bad bytes. */
export function readFindCoordinatorRequest(r: Reader, version: number): FindCoordinatorRequest {
  if (!(version >= 0 && version <= 6)) throw unsupportedVersion('FindCoordinatorRequest', version)
  const key = version >= 4 ? '' : (version >= 3 ? r.compactString() : r.string())
  const keyType = version >= 1 ? r.int8() : 0
  const coordinatorKeysCount = version >= 4 ? r.compactArrayLength(1) : 0
  const coordinatorKeys: string[] = r.list(coordinatorKeysCount)
  for (let i = 0; i < coordinatorKeysCount; i++) coordinatorKeys[i] = version >= 3 ? r.compactString() : r.string()
  if (version >= 3) r.skipTags()
  return { key, keyType, coordinatorKeys }
}

/** Writes a FindCoordinatorRequest; fields the version lacks are left out. */
export function writeFindCoordinatorRequest(w: Writer, m: FindCoordinatorRequest, version: number): void {
  if (!(version >= 0 && version <= 6)) throw unsupportedVersion('FindCoordinatorRequest', version)
  if (version >= 4) {}
  else if (version >= 3) w.compactString(m.key)
  else w.string(m.key)
  if (version >= 1) w.int8(m.keyType)
  if (version >= 4) {
    w.compactArrayLength(m.coordinatorKeys.length)
    for (const item of m.coordinatorKeys) w.compactString(item)
  }
  if (version >= 3) w.unsignedVarint(0)
}

/** Answer to `FindCoordinatorRequest`. Versions 0-6. */
export interface FindCoordinatorResponse {
  /** How long the client is held back by a quota. Versions 1+. */
  throttleTimeMs: number
  /** Error, 0 for none. Versions 0-3. */
  errorCode: number
  /** Why. Versions 1-3. May be null. */
  errorMessage: string | null
  /** Node id, -1 on error. Versions 0-3. */
  nodeId: number
  /** Host name. Versions 0-3. */
  host: string
  /** Port. Versions 0-3. */
  port: number
  /** Per key. Versions 4+. */
  coordinators: Coordinator[]
}

/** Per key. */
export interface Coordinator {
  /** Group or transactional id. Versions 4+. */
  key: string
  /** Node id, -1 on error. Versions 4+. */
  nodeId: number
  /** Host name. Versions 4+. */
  host: string
  /** Port. Versions 4+. */
  port: number
  /** Error, 0 for none. Versions 4+. */
  errorCode: number
  /** Why. Versions 4+. May be null. */
  errorMessage: string | null
}

/** Reads a FindCoordinatorResponse. Throws `WireError` for bad bytes. */
export function readFindCoordinatorResponse(r: Reader, version: number): FindCoordinatorResponse {
  if (!(version >= 0 && version <= 6)) throw unsupportedVersion('FindCoordinatorResponse', version)
  const throttleTimeMs = version >= 1 ? r.int32() : 0
  const errorCode = version >= 4 ? 0 : r.int16()
  const errorMessage: string | null = version >= 4 ? '' : (version >= 3 ? r.compactNullableString() : (version >= 1 ? r.nullableString() : ''))
  const nodeId = version >= 4 ? 0 : r.int32()
  const host = version >= 4 ? '' : (version >= 3 ? r.compactString() : r.string())
  const port = version >= 4 ? 0 : r.int32()
  const coordinatorsCount = version >= 4 ? r.compactArrayLength(1) : 0
  const coordinators: Coordinator[] = r.list(coordinatorsCount)
  for (let i = 0; i < coordinatorsCount; i++) coordinators[i] = readCoordinator(r, version)
  if (version >= 3) r.skipTags()
  return { throttleTimeMs, errorCode, errorMessage, nodeId, host, port, coordinators }
}

/** Writes a FindCoordinatorResponse; fields the version lacks are left out. */
export function writeFindCoordinatorResponse(w: Writer, m: FindCoordinatorResponse, version: number): void {
  if (!(version >= 0 && version <= 6)) throw unsupportedVersion('FindCoordinatorResponse', version)
  if (version >= 1) w.int32(m.throttleTimeMs)
  if (version >= 4) {}
  else w.int16(m.errorCode)
  if (version >= 4) {}
  else if (version >= 3) w.compactNullableString(m.errorMessage)
  else if (version >= 1) w.nullableString(m.errorMessage)
  if (version >= 4) {}
  else w.int32(m.nodeId)
  if (version >= 4) {}
  else if (version >= 3) w.compactString(m.host)
  else w.string(m.host)
  if (version >= 4) {}
  else w.int32(m.port)
  if (version >= 4) {
    w.compactArrayLength(m.coordinators.length)
    for (const item of m.coordinators) writeCoordinator(w, item, version)
  }
  if (version >= 3) w.unsignedVarint(0)
}

function readCoordinator(r: Reader, _version: number): Coordinator {
  const key = r.compactString()
  const nodeId = r.int32()
  const host = r.compactString()
  const port = r.int32()
  const errorCode = r.int16()
  const errorMessage: string | null = r.compactNullableString()
  r.skipTags()
  return { key, nodeId, host, port, errorCode, errorMessage }
}

function writeCoordinator(w: Writer, m: Coordinator, _version: number): void {
  w.compactString(m.key)
  w.int32(m.nodeId)
  w.compactString(m.host)
  w.int32(m.port)
  w.int16(m.errorCode)
  w.compactNullableString(m.errorMessage)
  w.unsignedVarint(0)
}

