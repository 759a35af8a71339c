// Generated from schema/17-sasl-handshake.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Picks a SASL mechanism. Versions 0-1. */
export interface SaslHandshakeRequest {
  /** Mechanism the client wants. */
  mechanism: string
}

/** Reads a SaslHandshakeRequest. Throws `WireError` for bad bytes. */
export function readSaslHandshakeRequest(r: Reader, version: number): SaslHandshakeRequest {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('SaslHandshakeRequest', version)
  const mechanism = r.string()
  return { mechanism }
}

/** Writes a SaslHandshakeRequest; fields the version lacks are left out. */
export function writeSaslHandshakeRequest(w: Writer, m: SaslHandshakeRequest, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('SaslHandshakeRequest', version)
  w.string(m.mechanism)
}

/** Answer to `SaslHandshakeRequest`. Versions 0-1. */
export interface SaslHandshakeResponse {
  /** Error, 0 for none. */
  errorCode: number
  /** Mechanisms the broker has. */
  mechanisms: string[]
}

/** Reads a SaslHandshakeResponse. Throws `WireError` for bad bytes. */
export function readSaslHandshakeResponse(r: Reader, version: number): SaslHandshakeResponse {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('SaslHandshakeResponse', version)
  const errorCode = r.int16()
  const mechanismsCount = r.arrayLength(2)
  const mechanisms: string[] = r.list(mechanismsCount)
  for (let i = 0; i < mechanismsCount; i++) mechanisms[i] = r.string()
  return { errorCode, mechanisms }
}

/** Writes a SaslHandshakeResponse; fields the version lacks are left out. */
export function writeSaslHandshakeResponse(w: Writer, m: SaslHandshakeResponse, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('SaslHandshakeResponse', version)
  w.int16(m.errorCode)
  w.arrayLength(m.mechanisms.length)
  for (const item of m.mechanisms) w.string(item)
}

