import type { Api } from './api.ts'
import { WireError, type Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** What stands before the body of every request. */
export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
}

/** The parts of an Api that decide which header a message has. */
export type HeaderRules = Pick<Api<unknown, unknown>, 'key' | 'flexibleFrom'>

const API_VERSIONS_KEY = 18

/** Header versions of requests: 2 (with tagged fields) for flexible versions, else 1. */
export function requestHeaderVersion(api: HeaderRules, apiVersion: number): 1 | 2 {
  return apiVersion >= api.flexibleFrom ? 2 : 1
}

/** Header versions of responses: 1 (with tagged fields) for flexible versions, else 0; always 0 for ApiVersions (W1). */
export function responseHeaderVersion(api: HeaderRules, apiVersion: number): 0 | 1 {
  return api.key !== API_VERSIONS_KEY && apiVersion >= api.flexibleFrom ? 1 : 0
}

/**
 * Reads a request's header. `apis` tells which versions are flexible; for a key that is not in it the header is read as
 * version 1, so that the caller can answer or refuse. The client id is a classic string in every version (W3).
 */
export function readRequestHeader(reader: Reader, apis: ReadonlyMap<number, HeaderRules>): RequestHeader {
  const apiKey = reader.int16()
  const apiVersion = reader.int16()
  const correlationId = reader.int32()
  const clientId = reader.nullableString()
  const api = apis.get(apiKey)
  if (api !== undefined && requestHeaderVersion(api, apiVersion) === 2) reader.skipTags()
  return { apiKey, apiVersion, correlationId, clientId }
}

export function writeRequestHeader(
  writer: Writer,
  api: HeaderRules,
  apiVersion: number,
  correlationId: number,
  clientId: string | null,
): void {
  writer.int16(api.key)
  writer.int16(apiVersion)
  writer.int32(correlationId)
  writer.nullableString(clientId)
  if (requestHeaderVersion(api, apiVersion) === 2) writer.unsignedVarint(0)
}

/** Reads a response's header and returns the correlation id. Which version it has depends on the request it answers. */
export function readResponseHeader(reader: Reader, api: HeaderRules, apiVersion: number): number {
  const correlationId = reader.int32()
  if (responseHeaderVersion(api, apiVersion) === 1) reader.skipTags()
  return correlationId
}

/** The correlation id alone, to find the request that a response answers before its header can be read. */
export function peekCorrelationId(frame: Buffer): number {
  if (frame.length < 4) throw new WireError('a response without a correlation id')
  return frame.readInt32BE(0)
}

export function writeResponseHeader(writer: Writer, api: HeaderRules, apiVersion: number, correlationId: number): void {
  writer.int32(correlationId)
  if (responseHeaderVersion(api, apiVersion) === 1) writer.unsignedVarint(0)
}
