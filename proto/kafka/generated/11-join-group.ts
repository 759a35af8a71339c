// Generated from schema/11-join-group.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { notNull, type Writer } from '../writer.ts'

/** Joins a group of the classic protocol; answered when the others have joined. Versions 0-9. */
export interface JoinGroupRequest {
  /** Group. */
  groupId: string
  /** Silence after which the member is dropped. */
  sessionTimeoutMs: number
  /** How long the others wait for this member to join again. Versions 1+. Default -1. */
  rebalanceTimeoutMs: number
  /** Empty for a new member (W20). */
  memberId: string
  /** Of a static member. Versions 5+. May be null. Default null. */
  groupInstanceId: string | null
  /** What the group is for, e.g. consumer. */
  protocolType: string
  /** Assignors, the preferred one first. */
  protocols: JoinGroupRequestProtocol[]
  /** Why the member joins, for people. Versions 8+. May be null. Default null. */
  reason: string | null
}

/** Assignors, the preferred one first. */
export interface JoinGroupRequestProtocol {
  /** Assignor. */
  name: string
  /** Subscription, opaque to the broker. */
  metadata: Buffer
}

/** Reads a JoinGroupRequest. Throws `WireError` for bad bytes. */
export function readJoinGroupRequest(r: Reader, version: number): JoinGroupRequest {
  if (!(version >= 0 && version <= 9)) throw unsupportedVersion('JoinGroupRequest', version)
  const groupId = version >= 6 ? r.compactString() : r.string()
  const sessionTimeoutMs = r.int32()
  const rebalanceTimeoutMs = version >= 1 ? r.int32() : -1
  const memberId = version >= 6 ? r.compactString() : r.string()
  const groupInstanceId: string | null = version >= 6 ? r.compactNullableString() : (version >= 5 ? r.nullableString() : null)
  const protocolType = version >= 6 ? r.compactString() : r.string()
  const protocolsCount = version >= 6 ? r.compactArrayLength(3) : r.arrayLength(3)
  const protocols: JoinGroupRequestProtocol[] = r.list(protocolsCount)
  for (let i = 0; i < protocolsCount; i++) protocols[i] = readJoinGroupRequestProtocol(r, version)
  const reason: string | null = version >= 8 ? r.compactNullableString() : null
  if (version >= 6) r.skipTags()
  return { groupId, sessionTimeoutMs, rebalanceTimeoutMs, memberId, groupInstanceId, protocolType, protocols, reason }
}

/** Writes a JoinGroupRequest; fields the version lacks are left out. */
export function writeJoinGroupRequest(w: Writer, m: JoinGroupRequest, version: number): void {
  if (!(version >= 0 && version <= 9)) throw unsupportedVersion('JoinGroupRequest', version)
  if (version >= 6) w.compactString(m.groupId)
  else w.string(m.groupId)
  w.int32(m.sessionTimeoutMs)
  if (version >= 1) w.int32(m.rebalanceTimeoutMs)
  if (version >= 6) w.compactString(m.memberId)
  else w.string(m.memberId)
  if (version >= 6) w.compactNullableString(m.groupInstanceId)
  else if (version >= 5) w.nullableString(m.groupInstanceId)
  if (version >= 6) w.compactString(m.protocolType)
  else w.string(m.protocolType)
  if (version >= 6) w.compactArrayLength(m.protocols.length)
  else w.arrayLength(m.protocols.length)
  for (const item of m.protocols) writeJoinGroupRequestProtocol(w, item, version)
  if (version >= 8) w.compactNullableString(m.reason)
  if (version >= 6) w.unsignedVarint(0)
}

function readJoinGroupRequestProtocol(r: Reader, version: number): JoinGroupRequestProtocol {
  const name = version >= 6 ? r.compactString() : r.string()
  const metadata = version >= 6 ? r.compactBytes() : r.bytes()
  if (version >= 6) r.skipTags()
  return { name, metadata }
}

function writeJoinGroupRequestProtocol(w: Writer, m: JoinGroupRequestProtocol, version: number): void {
  if (version >= 6) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 6) w.compactBytes(m.metadata)
  else w.bytes(m.metadata)
  if (version >= 6) w.unsignedVarint(0)
}

/** Answer to `JoinGroupRequest`. Versions 0-9. */
export interface JoinGroupResponse {
  /** How long the client is held back by a quota. Versions 2+. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Generation of the group. Default -1. */
  generationId: number
  /** What the group is for. Versions 7+. May be null. Default null. */
  protocolType: string | null
  /** Assignor picked. May be null in 7+. */
  protocolName: string | null
  /** Member that assigns. */
  leader: string
  /** The leader need not assign anew. Versions 9. */
  skipAssignment: boolean
  /** The member's id, also when it must join again with it. */
  memberId: string
  /** For the leader only. */
  members: JoinGroupResponseMember[]
}

/** For the leader only. */
export interface JoinGroupResponseMember {
  /** Member. */
  memberId: string
  /** Of a static member. Versions 5+. May be null. Default null. */
  groupInstanceId: string | null
  /** Its subscription. */
  metadata: Buffer
}

/** Reads a JoinGroupResponse. Throws `WireError` for bad bytes. */
export function readJoinGroupResponse(r: Reader, version: number): JoinGroupResponse {
  if (!(version >= 0 && version <= 9)) throw unsupportedVersion('JoinGroupResponse', version)
  const throttleTimeMs = version >= 2 ? r.int32() : 0
  const errorCode = r.int16()
  const generationId = r.int32()
  const protocolType: string | null = version >= 7 ? r.compactNullableString() : null
  const protocolName: string | null = version >= 7 ? r.compactNullableString() : (version >= 6 ? r.compactString() : r.string())
  const leader = version >= 6 ? r.compactString() : r.string()
  const skipAssignment = version >= 9 ? r.bool() : false
  const memberId = version >= 6 ? r.compactString() : r.string()
  const membersCount = version >= 6 ? r.compactArrayLength(4) : r.arrayLength(4)
  const members: JoinGroupResponseMember[] = r.list(membersCount)
  for (let i = 0; i < membersCount; i++) members[i] = readJoinGroupResponseMember(r, version)
  if (version >= 6) r.skipTags()
  return { throttleTimeMs, errorCode, generationId, protocolType, protocolName, leader, skipAssignment, memberId, members }
}

/** Writes a JoinGroupResponse; fields the version lacks are left out. */
export function writeJoinGroupResponse(w: Writer, m: JoinGroupResponse, version: number): void {
  if (!(version >= 0 && version <= 9)) throw unsupportedVersion('JoinGroupResponse', version)
  if (version >= 2) w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.int32(m.generationId)
  if (version >= 7) w.compactNullableString(m.protocolType)
  if (version >= 7) w.compactNullableString(m.protocolName)
  else if (version >= 6) w.compactString(notNull(m.protocolName, 'protocolName'))
  else w.string(notNull(m.protocolName, 'protocolName'))
  if (version >= 6) w.compactString(m.leader)
  else w.string(m.leader)
  if (version >= 9) w.bool(m.skipAssignment)
  if (version >= 6) w.compactString(m.memberId)
  else w.string(m.memberId)
  if (version >= 6) w.compactArrayLength(m.members.length)
  else w.arrayLength(m.members.length)
  for (const item of m.members) writeJoinGroupResponseMember(w, item, version)
  if (version >= 6) w.unsignedVarint(0)
}

function readJoinGroupResponseMember(r: Reader, version: number): JoinGroupResponseMember {
  const memberId = version >= 6 ? r.compactString() : r.string()
  const groupInstanceId: string | null = version >= 6 ? r.compactNullableString() : (version >= 5 ? r.nullableString() : null)
  const metadata = version >= 6 ? r.compactBytes() : r.bytes()
  if (version >= 6) r.skipTags()
  return { memberId, groupInstanceId, metadata }
}

function writeJoinGroupResponseMember(w: Writer, m: JoinGroupResponseMember, version: number): void {
  if (version >= 6) w.compactString(m.memberId)
  else w.string(m.memberId)
  if (version >= 6) w.compactNullableString(m.groupInstanceId)
  else if (version >= 5) w.nullableString(m.groupInstanceId)
  if (version >= 6) w.compactBytes(m.metadata)
  else w.bytes(m.metadata)
  if (version >= 6) w.unsignedVarint(0)
}

