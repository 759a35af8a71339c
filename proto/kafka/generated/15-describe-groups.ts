// Generated from schema/15-describe-groups.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Describes groups of the classic protocol. Versions 0-6. */
export interface DescribeGroupsRequest {
  /** Groups. */
  groups: string[]
  /** Tell what the client may do to them. Versions 3+. */
  includeAuthorizedOperations: boolean
}

/** Reads a DescribeGroupsRequest. Throws `WireError` for bad bytes. */
export function readDescribeGroupsRequest(r: Reader, version: number): DescribeGroupsRequest {
  if (!(version >= 0 && version <= 6)) throw unsupportedVersion('DescribeGroupsRequest', version)
  const groupsCount = version >= 5 ? r.compactArrayLength(1) : r.arrayLength(1)
  const groups: string[] = r.list(groupsCount)
  for (let i = 0; i < groupsCount; i++) groups[i] = version >= 5 ? r.compactString() : r.string()
  const includeAuthorizedOperations = version >= 3 ? r.bool() : false
  if (version >= 5) r.skipTags()
  return { groups, includeAuthorizedOperations }
}

/** Writes a DescribeGroupsRequest; fields the version lacks are left out. */
export function writeDescribeGroupsRequest(w: Writer, m: DescribeGroupsRequest, version: number): void {
  if (!(version >= 0 && version <= 6)) throw unsupportedVersion('DescribeGroupsRequest', version)
  if (version >= 5) w.compactArrayLength(m.groups.length)
  else w.arrayLength(m.groups.length)
  for (const item of m.groups) {
    if (version >= 5) w.compactString(item)
    else w.string(item)
  }
  if (version >= 3) w.bool(m.includeAuthorizedOperations)
  if (version >= 5) w.unsignedVarint(0)
}

/** Answer to `DescribeGroupsRequest`. Versions 0-6. */
export interface DescribeGroupsResponse {
  /** How long the client is held back by a quota. Versions 1+. */
  throttleTimeMs: number
  /** Per group. */
  groups: DescribedGroup[]
}

/** Per group. */
export interface DescribedGroup {
  /** Error, 0 for none. */
  errorCode: number
  /** Why. Versions 6. May be null. Default null. */
  errorMessage: string | null
  /** Group. */
  groupId: string
  /** E.g. Stable, Empty, Dead. */
  groupState: string
  /** What the group is for. */
  protocolType: string
  /** Assignor. */
  protocolData: string
  /** Members. */
  members: DescribedGroupMember[]
  /** Bit field by ACL operation, the default for unknown. Versions 3+. Default -2147483648. */
  authorizedOperations: number
}

/** Members. */
export interface DescribedGroupMember {
  /** Member. */
  memberId: string
  /** Of a static member. Versions 4+. May be null. Default null. */
  groupInstanceId: string | null
  /** Client id of its join. */
  clientId: string
  /** Where it joined from. */
  clientHost: string
  /** Subscription. */
  memberMetadata: Buffer
  /** Assignment. */
  memberAssignment: Buffer
}

/** Reads a DescribeGroupsResponse. Throws `WireError` for bad bytes. */
export function readDescribeGroupsResponse(r: Reader, version: number): DescribeGroupsResponse {
  if (!(version >= 0 && version <= 6)) throw unsupportedVersion('DescribeGroupsResponse', version)
  const throttleTimeMs = version >= 1 ? r.int32() : 0
  const groupsCount = version >= 5 ? r.compactArrayLength(12) : r.arrayLength(12)
  const groups: DescribedGroup[] = r.list(groupsCount)
  for (let i = 0; i < groupsCount; i++) groups[i] = readDescribedGroup(r, version)
  if (version >= 5) r.skipTags()
  return { throttleTimeMs, groups }
}

/** Writes a DescribeGroupsResponse; fields the version lacks are left out. */
export function writeDescribeGroupsResponse(w: Writer, m: DescribeGroupsResponse, version: number): void {
  if (!(version >= 0 && version <= 6)) throw unsupportedVersion('DescribeGroupsResponse', version)
  if (version >= 1) w.int32(m.throttleTimeMs)
  if (version >= 5) w.compactArrayLength(m.groups.length)
  else w.arrayLength(m.groups.length)
  for (const item of m.groups) writeDescribedGroup(w, item, version)
  if (version >= 5) w.unsignedVarint(0)
}

function readDescribedGroup(r: Reader, version: number): DescribedGroup {
  const errorCode = r.int16()
  const errorMessage: string | null = version >= 6 ? r.compactNullableString() : null
  const groupId = version >= 5 ? r.compactString() : r.string()
  const groupState = version >= 5 ? r.compactString() : r.string()
  const protocolType = version >= 5 ? r.compactString() : r.string()
  const protocolData = version >= 5 ? r.compactString() : r.string()
  const membersCount = version >= 5 ? r.compactArrayLength(7) : r.arrayLength(7)
  const members: DescribedGroupMember[] = r.list(membersCount)
  for (let i = 0; i < membersCount; i++) members[i] = readDescribedGroupMember(r, version)
  const authorizedOperations = version >= 3 ? r.int32() : -2147483648
  if (version >= 5) r.skipTags()
  return { errorCode, errorMessage, groupId, groupState, protocolType, protocolData, members, authorizedOperations }
}

function writeDescribedGroup(w: Writer, m: DescribedGroup, version: number): void {
  w.int16(m.errorCode)
  if (version >= 6) w.compactNullableString(m.errorMessage)
  if (version >= 5) w.compactString(m.groupId)
  else w.string(m.groupId)
  if (version >= 5) w.compactString(m.groupState)
  else w.string(m.groupState)
  if (version >= 5) w.compactString(m.protocolType)
  else w.string(m.protocolType)
  if (version >= 5) w.compactString(m.protocolData)
  else w.string(m.protocolData)
  if (version >= 5) w.compactArrayLength(m.members.length)
  else w.arrayLength(m.members.length)
  for (const item of m.members) writeDescribedGroupMember(w, item, version)
  if (version >= 3) w.int32(m.authorizedOperations)
  if (version >= 5) w.unsignedVarint(0)
}

function readDescribedGroupMember(r: Reader, version: number): DescribedGroupMember {
  const memberId = version >= 5 ? r.compactString() : r.string()
  const groupInstanceId: string | null = version >= 5 ? r.compactNullableString() : (version >= 4 ? r.nullableString() : null)
  const clientId = version >= 5 ? r.compactString() : r.string()
  const clientHost = version >= 5 ? r.compactString() : r.string()
  const memberMetadata = version >= 5 ? r.compactBytes() : r.bytes()
  const memberAssignment = version >= 5 ? r.compactBytes() : r.bytes()
  if (version >= 5) r.skipTags()
  return { memberId, groupInstanceId, clientId, clientHost, memberMetadata, memberAssignment }
}

function writeDescribedGroupMember(w: Writer, m: DescribedGroupMember, version: number): void {
  if (version >= 5) w.compactString(m.memberId)
  else w.string(m.memberId)
  if (version >= 5) w.compactNullableString(m.groupInstanceId)
  else if (version >= 4) w.nullableString(m.groupInstanceId)
  if (version >= 5) w.compactString(m.clientId)
  else w.string(m.clientId)
  if (version >= 5) w.compactString(m.clientHost)
  else w.string(m.clientHost)
  if (version >= 5) w.compactBytes(m.memberMetadata)
  else w.bytes(m.memberMetadata)
  if (version >= 5) w.compactBytes(m.memberAssignment)
  else w.bytes(m.memberAssignment)
  if (version >= 5) w.unsignedVarint(0)
}

