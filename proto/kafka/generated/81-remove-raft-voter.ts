// Generated from schema/81-remove-raft-voter.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Removes a voter from the metadata quorum (KIP-853). Versions 0. */
export interface RemoveRaftVoterRequest {
  /** Cluster id that the sender believes in. May be null. */
  clusterId: string | null
  /** Node id of the voter. */
  voterId: number
  /** Its metadata directory. */
  voterDirectoryId: string
}

/** Reads a RemoveRaftVoterRequest. Throws `WireError` for bad bytes. */
export function readRemoveRaftVoterRequest(r: Reader, version: number): RemoveRaftVoterRequest {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('RemoveRaftVoterRequest', version)
  const clusterId: string | null = r.compactNullableString()
  const voterId = r.int32()
  const voterDirectoryId = r.uuid()
  r.skipTags()
  return { clusterId, voterId, voterDirectoryId }
}

/** Writes a RemoveRaftVoterRequest; fields the version lacks are left out. */
export function writeRemoveRaftVoterRequest(w: Writer, m: RemoveRaftVoterRequest, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('RemoveRaftVoterRequest', version)
  w.compactNullableString(m.clusterId)
  w.int32(m.voterId)
  w.uuid(m.voterDirectoryId)
  w.unsignedVarint(0)
}

/** Answer to `RemoveRaftVoterRequest`. Versions 0. */
export interface RemoveRaftVoterResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. */
  errorMessage: string | null
}

/** Reads a RemoveRaftVoterResponse. Throws `WireError` for bad bytes. */
export function readRemoveRaftVoterResponse(r: Reader, version: number): RemoveRaftVoterResponse {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('RemoveRaftVoterResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const errorMessage: string | null = r.compactNullableString()
  r.skipTags()
  return { throttleTimeMs, errorCode, errorMessage }
}

/** Writes a RemoveRaftVoterResponse; fields the version lacks are left out. */
export function writeRemoveRaftVoterResponse(w: Writer, m: RemoveRaftVoterResponse, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('RemoveRaftVoterResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.compactNullableString(m.errorMessage)
  w.unsignedVarint(0)
}

