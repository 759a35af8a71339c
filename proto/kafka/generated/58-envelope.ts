// Generated from schema/58-envelope.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** A request that a broker forwards to the controller for its client (KIP-590). Versions 0. */
export interface EnvelopeRequest {
  /** The request, header included. */
  requestData: Buffer
  /** Who asked, as the broker serialised it. May be null. */
  requestPrincipal: Buffer | null
  /** Address of the client, 4 or 16 bytes. */
  clientHostAddress: Buffer
  /** Node id of the broker that was asked. Default -1. */
  forwardedBy: number
}

/** Reads a EnvelopeRequest. Throws `WireError` for bad bytes. */
export function readEnvelopeRequest(r: Reader, version: number): EnvelopeRequest {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('EnvelopeRequest', version)
  const requestData = r.compactBytes()
  const requestPrincipal: Buffer | null = r.compactNullableBytes()
  const clientHostAddress = r.compactBytes()
  let forwardedBy: number = -1
  {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 10000) forwardedBy = r.int32()
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { requestData, requestPrincipal, clientHostAddress, forwardedBy }
}

/** Writes a EnvelopeRequest; fields the version lacks are left out. */
export function writeEnvelopeRequest(w: Writer, m: EnvelopeRequest, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('EnvelopeRequest', version)
  w.compactBytes(m.requestData)
  w.compactNullableBytes(m.requestPrincipal)
  w.compactBytes(m.clientHostAddress)
  {
    const hasForwardedBy = !(m.forwardedBy === -1)
    w.unsignedVarint((hasForwardedBy ? 1 : 0))
    if (hasForwardedBy) {
      const body = new Writer(64)
      body.int32(m.forwardedBy)
      w.taggedField(10000, body)
    }
  }
}

/** Answer to `EnvelopeRequest`. Versions 0. */
export interface EnvelopeResponse {
  /** The answer, header included. May be null. Default null. */
  responseData: Buffer | null
  /** Error, 0 for none. */
  errorCode: number
  /** Metadata below it must be applied before the answer is given. Default -1. */
  metadataOffset: number
}

/** Reads a EnvelopeResponse. Throws `WireError` for bad bytes. */
export function readEnvelopeResponse(r: Reader, version: number): EnvelopeResponse {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('EnvelopeResponse', version)
  const responseData: Buffer | null = r.compactNullableBytes()
  const errorCode = r.int16()
  let metadataOffset: number = -1
  {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 10000) metadataOffset = r.int64()
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { responseData, errorCode, metadataOffset }
}

/** Writes a EnvelopeResponse; fields the version lacks are left out. */
export function writeEnvelopeResponse(w: Writer, m: EnvelopeResponse, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('EnvelopeResponse', version)
  w.compactNullableBytes(m.responseData)
  w.int16(m.errorCode)
  {
    const hasMetadataOffset = !(m.metadataOffset === -1)
    w.unsignedVarint((hasMetadataOffset ? 1 : 0))
    if (hasMetadataOffset) {
      const body = new Writer(64)
      body.int64(m.metadataOffset)
      w.taggedField(10000, body)
    }
  }
}

