// Generated from schema/12-heartbeat.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Keeps a member of a classic group alive. Versions 0-4. */
export interface HeartbeatRequest {
  /** Group. */
  groupId: string
  /** Generation the member belongs to. */
  generationId: number
  /** Member. */
  memberId: string
  /** Of a static member. Versions 3+. May be null. Default null. */
  groupInstanceId: string | null
}

/** Reads a HeartbeatRequest. Throws `WireError` for bad bytes. */
export function readHeartbeatRequest(r: Reader, version: number): HeartbeatRequest {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('HeartbeatRequest', version)
  const groupId = version >= 4 ? r.compactString() : r.string()
  const generationId = r.int32()
  const memberId = version >= 4 ? r.compactString() : r.string()
  const groupInstanceId: string | null = version >= 4 ? r.compactNullableString() : (version >= 3 ? r.nullableString() : null)
  if (version >= 4) r.skipTags()
  return { groupId, generationId, memberId, groupInstanceId }
}

/** Writes a HeartbeatRequest; fields the version lacks are left out. */
export function writeHeartbeatRequest(w: Writer, m: HeartbeatRequest, version: number): void {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('HeartbeatRequest', version)
  if (version >= 4) w.compactString(m.groupId)
  else w.string(m.groupId)
  w.int32(m.generationId)
  if (version >= 4) w.compactString(m.memberId)
  else w.string(m.memberId)
  if (version >= 4) w.compactNullableString(m.groupInstanceId)
  else if (version >= 3) w.nullableString(m.groupInstanceId)
  if (version >= 4) w.unsignedVarint(0)
}

/** Answer to `HeartbeatRequest`. Versions 0-4. */
export interface HeartbeatResponse {
  /** How long the client is held back by a quota. Versions 1+. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
}

/** Reads a HeartbeatResponse. Throws `WireError` for bad bytes. */
export function readHeartbeatResponse(r: Reader, version: number): HeartbeatResponse {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('HeartbeatResponse', version)
  const throttleTimeMs = version >= 1 ? r.int32() : 0
  const errorCode = r.int16()
  if (version >= 4) r.skipTags()
  return { throttleTimeMs, errorCode }
}

/** Writes a HeartbeatResponse; fields the version lacks are left out. */
export function writeHeartbeatResponse(w: Writer, m: HeartbeatResponse, version: number): void {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('HeartbeatResponse', version)
  if (version >= 1) w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  if (version >= 4) w.unsignedVarint(0)
}

