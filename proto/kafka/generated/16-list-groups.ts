// Generated from schema/16-list-groups.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Lists the groups that this broker coordinates. Versions 0-5. */
export interface ListGroupsRequest {
  /** Only these states; empty for all. Versions 4+. */
  statesFilter: string[]
  /** Only these types, e.g. classic; empty for all. Versions 5. */
  typesFilter: string[]
}

/** Reads a ListGroupsRequest. Throws `WireError` for bad bytes. */
export function readListGroupsRequest(r: Reader, version: number): ListGroupsRequest {
  if (!(version >= 0 && version <= 5)) throw unsupportedVersion('ListGroupsRequest', version)
  const statesFilterCount = version >= 4 ? r.compactArrayLength(1) : 0
  const statesFilter: string[] = r.list(statesFilterCount)
  for (let i = 0; i < statesFilterCount; i++) statesFilter[i] = version >= 3 ? r.compactString() : r.string()
  const typesFilterCount = version >= 5 ? r.compactArrayLength(1) : 0
  const typesFilter: string[] = r.list(typesFilterCount)
  for (let i = 0; i < typesFilterCount; i++) typesFilter[i] = version >= 3 ? r.compactString() : r.string()
  if (version >= 3) r.skipTags()
  return { statesFilter, typesFilter }
}

/** Writes a ListGroupsRequest; fields the version lacks are left out. */
export function writeListGroupsRequest(w: Writer, m: ListGroupsRequest, version: number): void {
  if (!(version >= 0 && version <= 5)) throw unsupportedVersion('ListGroupsRequest', version)
  if (version >= 4) {
    w.compactArrayLength(m.statesFilter.length)
    for (const item of m.statesFilter) w.compactString(item)
  }
  if (version >= 5) {
    w.compactArrayLength(m.typesFilter.length)
    for (const item of m.typesFilter) w.compactString(item)
  }
  if (version >= 3) w.unsignedVarint(0)
}

/** Answer to `ListGroupsRequest`. Versions 0-5. */
export interface ListGroupsResponse {
  /** How long the client is held back by a quota. Versions 1+. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Groups. */
  groups: ListedGroup[]
}

/** Groups. */
export interface ListedGroup {
  /** Group. */
  groupId: string
  /** What it is for. */
  protocolType: string
  /** E.g. Stable. Versions 4+. */
  groupState: string
  /** E.g. classic. Versions 5. */
  groupType: string
}

/** Reads a ListGroupsResponse. Throws `WireError` for bad bytes. */
export function readListGroupsResponse(r: Reader, version: number): ListGroupsResponse {
  if (!(version >= 0 && version <= 5)) throw unsupportedVersion('ListGroupsResponse', version)
  const throttleTimeMs = version >= 1 ? r.int32() : 0
  const errorCode = r.int16()
  const groupsCount = version >= 3 ? r.compactArrayLength(3) : r.arrayLength(3)
  const groups: ListedGroup[] = r.list(groupsCount)
  for (let i = 0; i < groupsCount; i++) groups[i] = readListedGroup(r, version)
  if (version >= 3) r.skipTags()
  return { throttleTimeMs, errorCode, groups }
}

/** Writes a ListGroupsResponse; fields the version lacks are left out. */
export function writeListGroupsResponse(w: Writer, m: ListGroupsResponse, version: number): void {
  if (!(version >= 0 && version <= 5)) throw unsupportedVersion('ListGroupsResponse', version)
  if (version >= 1) w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  if (version >= 3) w.compactArrayLength(m.groups.length)
  else w.arrayLength(m.groups.length)
  for (const item of m.groups) writeListedGroup(w, item, version)
  if (version >= 3) w.unsignedVarint(0)
}

function readListedGroup(r: Reader, version: number): ListedGroup {
  const groupId = version >= 3 ? r.compactString() : r.string()
  const protocolType = version >= 3 ? r.compactString() : r.string()
  const groupState = version >= 4 ? r.compactString() : ''
  const groupType = version >= 5 ? r.compactString() : ''
  if (version >= 3) r.skipTags()
  return { groupId, protocolType, groupState, groupType }
}

function writeListedGroup(w: Writer, m: ListedGroup, version: number): void {
  if (version >= 3) w.compactString(m.groupId)
  else w.string(m.groupId)
  if (version >= 3) w.compactString(m.protocolType)
  else w.string(m.protocolType)
  if (version >= 4) w.compactString(m.groupState)
  if (version >= 5) w.compactString(m.groupType)
  if (version >= 3) w.unsignedVarint(0)
}

