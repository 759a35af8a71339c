// Generated from schema/80-add-raft-voter.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Adds a voter to the metadata quorum (KIP-853). Versions 0-1. */
export interface AddRaftVoterRequest {
  /** Cluster id that the sender believes in. May be null. */
  clusterId: string | null
  /** How long to wait. */
  timeoutMs: number
  /** Node id of the voter. */
  voterId: number
  /** Its metadata directory. */
  voterDirectoryId: string
  /** Where it is reached. */
  listeners: Listener[]
  /** Answer after the change is committed, not after it is written. Versions 1. Default true. */
  ackWhenCommitted: boolean
}

/** Where it is reached. */
export interface Listener {
  /** Name of the listener. */
  name: string
  /** Host name. */
  host: string
  /** Port. */
  port: number
}

/** Reads a AddRaftVoterRequest. Throws `WireError` for bad bytes. */
export function readAddRaftVoterRequest(r: Reader, version: number): AddRaftVoterRequest {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('AddRaftVoterRequest', version)
  const clusterId: string | null = r.compactNullableString()
  const timeoutMs = r.int32()
  const voterId = r.int32()
  const voterDirectoryId = r.uuid()
  const listenersCount = r.compactArrayLength(5)
  const listeners: Listener[] = r.list(listenersCount)
  for (let i = 0; i < listenersCount; i++) listeners[i] = readListener(r, version)
  const ackWhenCommitted = version >= 1 ? r.bool() : true
  r.skipTags()
  return { clusterId, timeoutMs, voterId, voterDirectoryId, listeners, ackWhenCommitted }
}

/** Writes a AddRaftVoterRequest; fields the version lacks are left out. */
export function writeAddRaftVoterRequest(w: Writer, m: AddRaftVoterRequest, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('AddRaftVoterRequest', version)
  w.compactNullableString(m.clusterId)
  w.int32(m.timeoutMs)
  w.int32(m.voterId)
  w.uuid(m.voterDirectoryId)
  w.compactArrayLength(m.listeners.length)
  for (const item of m.listeners) writeListener(w, item, version)
  if (version >= 1) w.bool(m.ackWhenCommitted)
  w.unsignedVarint(0)
}

function readListener(r: Reader, _version: number): Listener {
  const name = r.compactString()
  const host = r.compactString()
  const port = r.uint16()
  r.skipTags()
  return { name, host, port }
}

function writeListener(w: Writer, m: Listener, _version: number): void {
  w.compactString(m.name)
  w.compactString(m.host)
  w.uint16(m.port)
  w.unsignedVarint(0)
}

/** Answer to `AddRaftVoterRequest`. Versions 0-1. */
export interface AddRaftVoterResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. */
  errorMessage: string | null
}

/** Reads a AddRaftVoterResponse. Throws `WireError` for bad bytes. */
export function readAddRaftVoterResponse(r: Reader, version: number): AddRaftVoterResponse {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('AddRaftVoterResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const errorMessage: string | null = r.compactNullableString()
  r.skipTags()
  return { throttleTimeMs, errorCode, errorMessage }
}

/** Writes a AddRaftVoterResponse; fields the version lacks are left out. */
export function writeAddRaftVoterResponse(w: Writer, m: AddRaftVoterResponse, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('AddRaftVoterResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.compactNullableString(m.errorMessage)
  w.unsignedVarint(0)
}

