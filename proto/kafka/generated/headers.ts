// Generated from schema/data-headers.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Stands before the body of every request. Versions 1-2. */
export interface RequestHeader {
  /** Key. */
  requestApiKey: number
  /** Version of the body. */
  requestApiVersion: number
  /** Comes back in the response. */
  correlationId: number
  /** Name of the client, for people. May be null. */
  clientId: string | null
}

/** Reads a RequestHeader. Throws `WireError` for bad bytes. */
export function readRequestHeader(r: Reader, version: number): RequestHeader {
  if (!(version >= 1 && version <= 2)) throw unsupportedVersion('RequestHeader', version)
  const requestApiKey = r.int16()
  const requestApiVersion = r.int16()
  const correlationId = r.int32()
  const clientId: string | null = r.nullableString()
  if (version >= 2) r.skipTags()
  return { requestApiKey, requestApiVersion, correlationId, clientId }
}

/** Writes a RequestHeader; fields the version lacks are left out. */
export function writeRequestHeader(w: Writer, m: RequestHeader, version: number): void {
  if (!(version >= 1 && version <= 2)) throw unsupportedVersion('RequestHeader', version)
  w.int16(m.requestApiKey)
  w.int16(m.requestApiVersion)
  w.int32(m.correlationId)
  w.nullableString(m.clientId)
  if (version >= 2) w.unsignedVarint(0)
}

/** Stands before the body of every response. Versions 0-1. */
export interface ResponseHeader {
  /** Of the request. */
  correlationId: number
}

/** Reads a ResponseHeader. Throws `WireError` for bad bytes. */
export function readResponseHeader(r: Reader, version: number): ResponseHeader {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('ResponseHeader', version)
  const correlationId = r.int32()
  if (version >= 1) r.skipTags()
  return { correlationId }
}

/** Writes a ResponseHeader; fields the version lacks are left out. */
export function writeResponseHeader(w: Writer, m: ResponseHeader, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('ResponseHeader', version)
  w.int32(m.correlationId)
  if (version >= 1) w.unsignedVarint(0)
}

