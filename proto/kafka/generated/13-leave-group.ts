// Generated from schema/13-leave-group.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Takes members out of a group. Versions 0-5. */
export interface LeaveGroupRequest {
  /** Group. */
  groupId: string
  /** Member. Versions 0-2. */
  memberId: string
  /** Members. Versions 3+. */
  members: MemberIdentity[]
}

/** Members. */
export interface MemberIdentity {
  /** Member, empty to go by the instance id. Versions 3+. */
  memberId: string
  /** Of a static member. Versions 3+. May be null. Default null. */
  groupInstanceId: string | null
  /** Why, for people. Versions 5. May be null. Default null. */
  reason: string | null
}

/** Reads a LeaveGroupRequest. Throws `WireError` for bad bytes. */
export function readLeaveGroupRequest(r: Reader, version: number): LeaveGroupRequest {
  if (!(version >= 0 && version <= 5)) throw unsupportedVersion('LeaveGroupRequest', version)
  const groupId = version >= 4 ? r.compactString() : r.string()
  const memberId = version >= 3 ? '' : r.string()
  const membersCount = version >= 4 ? r.compactArrayLength(1) : (version >= 3 ? r.arrayLength(1) : 0)
  const members: MemberIdentity[] = r.list(membersCount)
  for (let i = 0; i < membersCount; i++) members[i] = readMemberIdentity(r, version)
  if (version >= 4) r.skipTags()
  return { groupId, memberId, members }
}

/** Writes a LeaveGroupRequest; fields the version lacks are left out. */
export function writeLeaveGroupRequest(w: Writer, m: LeaveGroupRequest, version: number): void {
  if (!(version >= 0 && version <= 5)) throw unsupportedVersion('LeaveGroupRequest', version)
  if (version >= 4) w.compactString(m.groupId)
  else w.string(m.groupId)
  if (version >= 3) {}
  else w.string(m.memberId)
  if (version >= 3) {
    if (version >= 4) w.compactArrayLength(m.members.length)
    else w.arrayLength(m.members.length)
    for (const item of m.members) writeMemberIdentity(w, item, version)
  }
  if (version >= 4) w.unsignedVarint(0)
}

function readMemberIdentity(r: Reader, version: number): MemberIdentity {
  const memberId = version >= 4 ? r.compactString() : r.string()
  const groupInstanceId: string | null = version >= 4 ? r.compactNullableString() : r.nullableString()
  const reason: string | null = version >= 5 ? r.compactNullableString() : null
  if (version >= 4) r.skipTags()
  return { memberId, groupInstanceId, reason }
}

function writeMemberIdentity(w: Writer, m: MemberIdentity, version: number): void {
  if (version >= 4) w.compactString(m.memberId)
  else w.string(m.memberId)
  if (version >= 4) w.compactNullableString(m.groupInstanceId)
  else w.nullableString(m.groupInstanceId)
  if (version >= 5) w.compactNullableString(m.reason)
  if (version >= 4) w.unsignedVarint(0)
}

/** Answer to `LeaveGroupRequest`. Versions 0-5. */
export interface LeaveGroupResponse {
  /** How long the client is held back by a quota. Versions 1+. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Per member. Versions 3+. */
  members: MemberResponse[]
}

/** Per member. */
export interface MemberResponse {
  /** Member. Versions 3+. */
  memberId: string
  /** Of a static member. Versions 3+. May be null. */
  groupInstanceId: string | null
  /** Error, 0 for none. Versions 3+. */
  errorCode: number
}

/** Reads a LeaveGroupResponse. Throws `WireError` for bad bytes. */
export function readLeaveGroupResponse(r: Reader, version: number): LeaveGroupResponse {
  if (!(version >= 0 && version <= 5)) throw unsupportedVersion('LeaveGroupResponse', version)
  const throttleTimeMs = version >= 1 ? r.int32() : 0
  const errorCode = r.int16()
  const membersCount = version >= 4 ? r.compactArrayLength(1) : (version >= 3 ? r.arrayLength(1) : 0)
  const members: MemberResponse[] = r.list(membersCount)
  for (let i = 0; i < membersCount; i++) members[i] = readMemberResponse(r, version)
  if (version >= 4) r.skipTags()
  return { throttleTimeMs, errorCode, members }
}

/** Writes a LeaveGroupResponse; fields the version lacks are left out. */
export function writeLeaveGroupResponse(w: Writer, m: LeaveGroupResponse, version: number): void {
  if (!(version >= 0 && version <= 5)) throw unsupportedVersion('LeaveGroupResponse', version)
  if (version >= 1) w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  if (version >= 3) {
    if (version >= 4) w.compactArrayLength(m.members.length)
    else w.arrayLength(m.members.length)
    for (const item of m.members) writeMemberResponse(w, item, version)
  }
  if (version >= 4) w.unsignedVarint(0)
}

function readMemberResponse(r: Reader, version: number): MemberResponse {
  const memberId = version >= 4 ? r.compactString() : r.string()
  const groupInstanceId: string | null = version >= 4 ? r.compactNullableString() : r.nullableString()
  const errorCode = r.int16()
  if (version >= 4) r.skipTags()
  return { memberId, groupInstanceId, errorCode }
}

function writeMemberResponse(w: Writer, m: MemberResponse, version: number): void {
  if (version >= 4) w.compactString(m.memberId)
  else w.string(m.memberId)
  if (version >= 4) w.compactNullableString(m.groupInstanceId)
  else w.nullableString(m.groupInstanceId)
  w.int16(m.errorCode)
  if (version >= 4) w.unsignedVarint(0)
}

