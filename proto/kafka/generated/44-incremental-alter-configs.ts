// Generated from schema/44-incremental-alter-configs.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Changes some configs of a resource (KIP-339). Versions 0-1. */
export interface IncrementalAlterConfigsRequest {
  /** What to change. */
  resources: AlterConfigsResource[]
  /** Check, but change nothing. */
  validateOnly: boolean
}

/** What to change. */
export interface AlterConfigsResource {
  /** As in DescribeConfigs. */
  resourceType: number
  /** As in DescribeConfigs. */
  resourceName: string
  /** Changes. */
  configs: AlterableConfig[]
}

/** Changes. */
export interface AlterableConfig {
  /** Config. */
  name: string
  /** 0 set, 1 delete, 2 append to a list, 3 take from a list. */
  configOperation: number
  /** Value. May be null. */
  value: string | null
}

/** Reads a IncrementalAlterConfigsRequest. Throws `WireError` for bad bytes. */
export function readIncrementalAlterConfigsRequest(r: Reader, version: number): IncrementalAlterConfigsRequest {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('IncrementalAlterConfigsRequest', version)
  const resourcesCount = version >= 1 ? r.compactArrayLength(4) : r.arrayLength(4)
  const resources: AlterConfigsResource[] = r.list(resourcesCount)
  for (let i = 0; i < resourcesCount; i++) resources[i] = readAlterConfigsResource(r, version)
  const validateOnly = r.bool()
  if (version >= 1) r.skipTags()
  return { resources, validateOnly }
}

/** Writes a IncrementalAlterConfigsRequest; fields the version lacks are left out. */
export function writeIncrementalAlterConfigsRequest(w: Writer, m: IncrementalAlterConfigsRequest, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('IncrementalAlterConfigsRequest', version)
  if (version >= 1) w.compactArrayLength(m.resources.length)
  else w.arrayLength(m.resources.length)
  for (const item of m.resources) writeAlterConfigsResource(w, item, version)
  w.bool(m.validateOnly)
  if (version >= 1) w.unsignedVarint(0)
}

function readAlterConfigsResource(r: Reader, version: number): AlterConfigsResource {
  const resourceType = r.int8()
  const resourceName = version >= 1 ? r.compactString() : r.string()
  const configsCount = version >= 1 ? r.compactArrayLength(4) : r.arrayLength(4)
  const configs: AlterableConfig[] = r.list(configsCount)
  for (let i = 0; i < configsCount; i++) configs[i] = readAlterableConfig(r, version)
  if (version >= 1) r.skipTags()
  return { resourceType, resourceName, configs }
}

function writeAlterConfigsResource(w: Writer, m: AlterConfigsResource, version: number): void {
  w.int8(m.resourceType)
  if (version >= 1) w.compactString(m.resourceName)
  else w.string(m.resourceName)
  if (version >= 1) w.compactArrayLength(m.configs.length)
  else w.arrayLength(m.configs.length)
  for (const item of m.configs) writeAlterableConfig(w, item, version)
  if (version >= 1) w.unsignedVarint(0)
}

function readAlterableConfig(r: Reader, version: number): AlterableConfig {
  const name = version >= 1 ? r.compactString() : r.string()
  const configOperation = r.int8()
  const value: string | null = version >= 1 ? r.compactNullableString() : r.nullableString()
  if (version >= 1) r.skipTags()
  return { name, configOperation, value }
}

function writeAlterableConfig(w: Writer, m: AlterableConfig, version: number): void {
  if (version >= 1) w.compactString(m.name)
  else w.string(m.name)
  w.int8(m.configOperation)
  if (version >= 1) w.compactNullableString(m.value)
  else w.nullableString(m.value)
  if (version >= 1) w.unsignedVarint(0)
}

/** Answer to `IncrementalAlterConfigsRequest`. Versions 0-1. */
export interface IncrementalAlterConfigsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Per resource. */
  responses: AlterConfigsResourceResponse[]
}

/** Per resource. */
export interface AlterConfigsResourceResponse {
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. */
  errorMessage: string | null
  /** As in the request. */
  resourceType: number
  /** As in the request. */
  resourceName: string
}

/** Reads a IncrementalAlterConfigsResponse. Throws `WireError` for bad bytes. */
export function readIncrementalAlterConfigsResponse(r: Reader, version: number): IncrementalAlterConfigsResponse {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('IncrementalAlterConfigsResponse', version)
  const throttleTimeMs = r.int32()
  const responsesCount = version >= 1 ? r.compactArrayLength(6) : r.arrayLength(6)
  const responses: AlterConfigsResourceResponse[] = r.list(responsesCount)
  for (let i = 0; i < responsesCount; i++) responses[i] = readAlterConfigsResourceResponse(r, version)
  if (version >= 1) r.skipTags()
  return { throttleTimeMs, responses }
}

/** Writes a IncrementalAlterConfigsResponse; fields the version lacks are left out. */
export function writeIncrementalAlterConfigsResponse(w: Writer, m: IncrementalAlterConfigsResponse, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('IncrementalAlterConfigsResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 1) w.compactArrayLength(m.responses.length)
  else w.arrayLength(m.responses.length)
  for (const item of m.responses) writeAlterConfigsResourceResponse(w, item, version)
  if (version >= 1) w.unsignedVarint(0)
}

function readAlterConfigsResourceResponse(r: Reader, version: number): AlterConfigsResourceResponse {
  const errorCode = r.int16()
  const errorMessage: string | null = version >= 1 ? r.compactNullableString() : r.nullableString()
  const resourceType = r.int8()
  const resourceName = version >= 1 ? r.compactString() : r.string()
  if (version >= 1) r.skipTags()
  return { errorCode, errorMessage, resourceType, resourceName }
}

function writeAlterConfigsResourceResponse(w: Writer, m: AlterConfigsResourceResponse, version: number): void {
  w.int16(m.errorCode)
  if (version >= 1) w.compactNullableString(m.errorMessage)
  else w.nullableString(m.errorMessage)
  w.int8(m.resourceType)
  if (version >= 1) w.compactString(m.resourceName)
  else w.string(m.resourceName)
  if (version >= 1) w.unsignedVarint(0)
}

