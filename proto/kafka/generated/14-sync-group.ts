// Generated from schema/14-sync-group.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Hands over the leader's assignment and fetches the member's own. Versions 0-5. */
export interface SyncGroupRequest {
  /** Group. */
  groupId: string
  /** Generation. */
  generationId: number
  /** Member. */
  memberId: string
  /** Of a static member. Versions 3+. May be null. Default null. */
  groupInstanceId: string | null
  /** What the group is for; must agree with the group. Versions 5. May be null. Default null. */
  protocolType: string | null
  /** Assignor; must agree with the group. Versions 5. May be null. Default null. */
  protocolName: string | null
  /** From the leader, else empty. */
  assignments: SyncGroupRequestAssignment[]
}

/** From the leader, else empty. */
export interface SyncGroupRequestAssignment {
  /** Member. */
  memberId: string
  /** What it gets, opaque to the broker. */
  assignment: Buffer
}

/** Reads a SyncGroupRequest. Throws `WireError` for bad bytes. */
export function readSyncGroupRequest(r: Reader, version: number): SyncGroupRequest {
  if (!(version >= 0 && version <= 5)) throw unsupportedVersion('SyncGroupRequest', version)
  const groupId = version >= 4 ? r.compactString() : r.string()
  const generationId = r.int32()
  const memberId = version >= 4 ? r.compactString() : r.string()
  const groupInstanceId: string | null = version >= 4 ? r.compactNullableString() : (version >= 3 ? r.nullableString() : null)
  const protocolType: string | null = version >= 5 ? r.compactNullableString() : null
  const protocolName: string | null = version >= 5 ? r.compactNullableString() : null
  const assignmentsCount = version >= 4 ? r.compactArrayLength(3) : r.arrayLength(3)
  const assignments: SyncGroupRequestAssignment[] = r.list(assignmentsCount)
  for (let i = 0; i < assignmentsCount; i++) assignments[i] = readSyncGroupRequestAssignment(r, version)
  if (version >= 4) r.skipTags()
  return { groupId, generationId, memberId, groupInstanceId, protocolType, protocolName, assignments }
}

/** Writes a SyncGroupRequest; fields the version lacks are left out. */
export function writeSyncGroupRequest(w: Writer, m: SyncGroupRequest, version: number): void {
  if (!(version >= 0 && version <= 5)) throw unsupportedVersion('SyncGroupRequest', version)
  if (version >= 4) w.compactString(m.groupId)
  else w.string(m.groupId)
  w.int32(m.generationId)
  if (version >= 4) w.compactString(m.memberId)
  else w.string(m.memberId)
  if (version >= 4) w.compactNullableString(m.groupInstanceId)
  else if (version >= 3) w.nullableString(m.groupInstanceId)
  if (version >= 5) w.compactNullableString(m.protocolType)
  if (version >= 5) w.compactNullableString(m.protocolName)
  if (version >= 4) w.compactArrayLength(m.assignments.length)
  else w.arrayLength(m.assignments.length)
  for (const item of m.assignments) writeSyncGroupRequestAssignment(w, item, version)
  if (version >= 4) w.unsignedVarint(0)
}

function readSyncGroupRequestAssignment(r: Reader, version: number): SyncGroupRequestAssignment {
  const memberId = version >= 4 ? r.compactString() : r.string()
  const assignment = version >= 4 ? r.compactBytes() : r.bytes()
  if (version >= 4) r.skipTags()
  return { memberId, assignment }
}

function writeSyncGroupRequestAssignment(w: Writer, m: SyncGroupRequestAssignment, version: number): void {
  if (version >= 4) w.compactString(m.memberId)
  else w.string(m.memberId)
  if (version >= 4) w.compactBytes(m.assignment)
  else w.bytes(m.assignment)
  if (version >= 4) w.unsignedVarint(0)
}

/** Answer to `SyncGroupRequest`. Versions 0-5. */
export interface SyncGroupResponse {
  /** How long the client is held back by a quota. Versions 1+. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** What the group is for. Versions 5. May be null. Default null. */
  protocolType: string | null
  /** Assignor. Versions 5. May be null. Default null. */
  protocolName: string | null
  /** What this member gets. */
  assignment: Buffer
}

/** Reads a SyncGroupResponse. Throws `WireError` for bad bytes. */
export function readSyncGroupResponse(r: Reader, version: number): SyncGroupResponse {
  if (!(version >= 0 && version <= 5)) throw unsupportedVersion('SyncGroupResponse', version)
  const throttleTimeMs = version >= 1 ? r.int32() : 0
  const errorCode = r.int16()
  const protocolType: string | null = version >= 5 ? r.compactNullableString() : null
  const protocolName: string | null = version >= 5 ? r.compactNullableString() : null
  const assignment = version >= 4 ? r.compactBytes() : r.bytes()
  if (version >= 4) r.skipTags()
  return { throttleTimeMs, errorCode, protocolType, protocolName, assignment }
}

/** Writes a SyncGroupResponse; fields the version lacks are left out. */
export function writeSyncGroupResponse(w: Writer, m: SyncGroupResponse, version: number): void {
  if (!(version >= 0 && version <= 5)) throw unsupportedVersion('SyncGroupResponse', version)
  if (version >= 1) w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  if (version >= 5) w.compactNullableString(m.protocolType)
  if (version >= 5) w.compactNullableString(m.protocolName)
  if (version >= 4) w.compactBytes(m.assignment)
  else w.bytes(m.assignment)
  if (version >= 4) w.unsignedVarint(0)
}

