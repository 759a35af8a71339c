// Generated from schema/42-delete-groups.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Deletes empty groups and their offsets. Versions 0-2. */
export interface DeleteGroupsRequest {
  /** Groups. */
  groupsNames: string[]
}

/** Reads a DeleteGroupsRequest. Throws `WireError` for bad bytes. */
export function readDeleteGroupsRequest(r: Reader, version: number): DeleteGroupsRequest {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DeleteGroupsRequest', version)
  const groupsNamesCount = version >= 2 ? r.compactArrayLength(1) : r.arrayLength(1)
  const groupsNames: string[] = r.list(groupsNamesCount)
  for (let i = 0; i < groupsNamesCount; i++) groupsNames[i] = version >= 2 ? r.compactString() : r.string()
  if (version >= 2) r.skipTags()
  return { groupsNames }
}

/** Writes a DeleteGroupsRequest; fields the version lacks are left out. */
export function writeDeleteGroupsRequest(w: Writer, m: DeleteGroupsRequest, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DeleteGroupsRequest', version)
  if (version >= 2) w.compactArrayLength(m.groupsNames.length)
  else w.arrayLength(m.groupsNames.length)
  for (const item of m.groupsNames) {
    if (version >= 2) w.compactString(item)
    else w.string(item)
  }
  if (version >= 2) w.unsignedVarint(0)
}

/** Answer to `DeleteGroupsRequest`. Versions 0-2. */
export interface DeleteGroupsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Per group. */
  results: DeletableGroupResult[]
}

/** Per group. */
export interface DeletableGroupResult {
  /** Group. */
  groupId: string
  /** Error, 0 for none. */
  errorCode: number
}

/** Reads a DeleteGroupsResponse. Throws `WireError` for bad bytes. */
export function readDeleteGroupsResponse(r: Reader, version: number): DeleteGroupsResponse {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DeleteGroupsResponse', version)
  const throttleTimeMs = r.int32()
  const resultsCount = version >= 2 ? r.compactArrayLength(4) : r.arrayLength(4)
  const results: DeletableGroupResult[] = r.list(resultsCount)
  for (let i = 0; i < resultsCount; i++) results[i] = readDeletableGroupResult(r, version)
  if (version >= 2) r.skipTags()
  return { throttleTimeMs, results }
}

/** Writes a DeleteGroupsResponse; fields the version lacks are left out. */
export function writeDeleteGroupsResponse(w: Writer, m: DeleteGroupsResponse, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DeleteGroupsResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 2) w.compactArrayLength(m.results.length)
  else w.arrayLength(m.results.length)
  for (const item of m.results) writeDeletableGroupResult(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readDeletableGroupResult(r: Reader, version: number): DeletableGroupResult {
  const groupId = version >= 2 ? r.compactString() : r.string()
  const errorCode = r.int16()
  if (version >= 2) r.skipTags()
  return { groupId, errorCode }
}

function writeDeletableGroupResult(w: Writer, m: DeletableGroupResult, version: number): void {
  if (version >= 2) w.compactString(m.groupId)
  else w.string(m.groupId)
  w.int16(m.errorCode)
  if (version >= 2) w.unsignedVarint(0)
}

