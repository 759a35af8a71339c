// Generated from schema/58-envelope.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** A request that a broker forwards to the controller for its client (KIP-590). Versions 0. */
export interface EnvelopeRequest {
  /** The request, header included. */
  requestData: Buffer
  /** Who asked, as the broker serialised it. May be null. */
  requestPrincipal: Buffer | null
  /** Address of the client, 4 or 16 bytes. */
  clientHostAddress: Buffer
}

/** Reads a EnvelopeRequest. Throws `WireError` for bad bytes. */
export function readEnvelopeRequest(r: Reader, version: number): EnvelopeRequest {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('EnvelopeRequest', version)
  const requestData = r.compactBytes()
  const requestPrincipal: Buffer | null = r.compactNullableBytes()
  const clientHostAddress = r.compactBytes()
  r.skipTags()
  return { requestData, requestPrincipal, clientHostAddress }
}

/** Writes a EnvelopeRequest; fields the version lacks are left out. */
export function writeEnvelopeRequest(w: Writer, m: EnvelopeRequest, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('EnvelopeRequest', version)
  w.compactBytes(m.requestData)
  w.compactNullableBytes(m.requestPrincipal)
  w.compactBytes(m.clientHostAddress)
  w.unsignedVarint(0)
}

/** Answer to `EnvelopeRequest`. Versions 0. */
export interface EnvelopeResponse {
  /** The answer, header included. May be null. Default null. */
  responseData: Buffer | null
  /** Error, 0 for none. */
  errorCode: number
}

/** Reads a EnvelopeResponse. Throws `WireError` for bad bytes. */
export function readEnvelopeResponse(r: Reader, version: number): EnvelopeResponse {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('EnvelopeResponse', version)
  const responseData: Buffer | null = r.compactNullableBytes()
  const errorCode = r.int16()
  r.skipTags()
  return { responseData, errorCode }
}

/** Writes a EnvelopeResponse; fields the version lacks are left out. */
export function writeEnvelopeResponse(w: Writer, m: EnvelopeResponse, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('EnvelopeResponse', version)
  w.compactNullableBytes(m.responseData)
  w.int16(m.errorCode)
  w.unsignedVarint(0)
}

