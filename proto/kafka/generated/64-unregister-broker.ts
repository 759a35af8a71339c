// Generated from schema/64-unregister-broker.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Forgets a broker that will not come back (KIP-631). Versions 0. */
export interface UnregisterBrokerRequest {
  /** Node id of the broker. */
  brokerId: number
}

/** Reads a UnregisterBrokerRequest. Throws `WireError` for bad bytes. */
export function readUnregisterBrokerRequest(r: Reader, version: number): UnregisterBrokerRequest {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('UnregisterBrokerRequest', version)
  const brokerId = r.int32()
  r.skipTags()
  return { brokerId }
}

/** Writes a UnregisterBrokerRequest; fields the version lacks are left out. */
export function writeUnregisterBrokerRequest(w: Writer, m: UnregisterBrokerRequest, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('UnregisterBrokerRequest', version)
  w.int32(m.brokerId)
  w.unsignedVarint(0)
}

/** Answer to `UnregisterBrokerRequest`. Versions 0. */
export interface UnregisterBrokerResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. */
  errorMessage: string | null
}

/** Reads a UnregisterBrokerResponse. Throws `WireError` for bad bytes. */
export function readUnregisterBrokerResponse(r: Reader, version: number): UnregisterBrokerResponse {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('UnregisterBrokerResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const errorMessage: string | null = r.compactNullableString()
  r.skipTags()
  return { throttleTimeMs, errorCode, errorMessage }
}

/** Writes a UnregisterBrokerResponse; fields the version lacks are left out. */
export function writeUnregisterBrokerResponse(w: Writer, m: UnregisterBrokerResponse, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('UnregisterBrokerResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.compactNullableString(m.errorMessage)
  w.unsignedVarint(0)
}

