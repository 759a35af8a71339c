// Generated from schema/33-alter-configs.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Replaces all configs of a resource; superseded by IncrementalAlterConfigs. Versions 0-2. */
export interface AlterConfigsRequest {
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
  /** All configs it shall have. */
  configs: AlterableConfig[]
}

/** All configs it shall have. */
export interface AlterableConfig {
  /** Config. */
  name: string
  /** Value. May be null. */
  value: string | null
}

/** Reads a AlterConfigsRequest. Throws `WireError` for bad bytes. */
export function readAlterConfigsRequest(r: Reader, version: number): AlterConfigsRequest {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('AlterConfigsRequest', version)
  const resourcesCount = version >= 2 ? r.compactArrayLength(4) : r.arrayLength(4)
  const resources: AlterConfigsResource[] = r.list(resourcesCount)
  for (let i = 0; i < resourcesCount; i++) resources[i] = readAlterConfigsResource(r, version)
  const validateOnly = r.bool()
  if (version >= 2) r.skipTags()
  return { resources, validateOnly }
}

/** Writes a AlterConfigsRequest; fields the version lacks are left out. */
export function writeAlterConfigsRequest(w: Writer, m: AlterConfigsRequest, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('AlterConfigsRequest', version)
  if (version >= 2) w.compactArrayLength(m.resources.length)
  else w.arrayLength(m.resources.length)
  for (const item of m.resources) writeAlterConfigsResource(w, item, version)
  w.bool(m.validateOnly)
  if (version >= 2) w.unsignedVarint(0)
}

function readAlterConfigsResource(r: Reader, version: number): AlterConfigsResource {
  const resourceType = r.int8()
  const resourceName = version >= 2 ? r.compactString() : r.string()
  const configsCount = version >= 2 ? r.compactArrayLength(3) : r.arrayLength(3)
  const configs: AlterableConfig[] = r.list(configsCount)
  for (let i = 0; i < configsCount; i++) configs[i] = readAlterableConfig(r, version)
  if (version >= 2) r.skipTags()
  return { resourceType, resourceName, configs }
}

function writeAlterConfigsResource(w: Writer, m: AlterConfigsResource, version: number): void {
  w.int8(m.resourceType)
  if (version >= 2) w.compactString(m.resourceName)
  else w.string(m.resourceName)
  if (version >= 2) w.compactArrayLength(m.configs.length)
  else w.arrayLength(m.configs.length)
  for (const item of m.configs) writeAlterableConfig(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readAlterableConfig(r: Reader, version: number): AlterableConfig {
  const name = version >= 2 ? r.compactString() : r.string()
  const value: string | null = version >= 2 ? r.compactNullableString() : r.nullableString()
  if (version >= 2) r.skipTags()
  return { name, value }
}

function writeAlterableConfig(w: Writer, m: AlterableConfig, version: number): void {
  if (version >= 2) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 2) w.compactNullableString(m.value)
  else w.nullableString(m.value)
  if (version >= 2) w.unsignedVarint(0)
}

/** Answer to `AlterConfigsRequest`. Versions 0-2. */
export interface AlterConfigsResponse {
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

/** Reads a AlterConfigsResponse. Throws `WireError` for bad bytes. */
export function readAlterConfigsResponse(r: Reader, version: number): AlterConfigsResponse {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('AlterConfigsResponse', version)
  const throttleTimeMs = r.int32()
  const responsesCount = version >= 2 ? r.compactArrayLength(6) : r.arrayLength(6)
  const responses: AlterConfigsResourceResponse[] = r.list(responsesCount)
  for (let i = 0; i < responsesCount; i++) responses[i] = readAlterConfigsResourceResponse(r, version)
  if (version >= 2) r.skipTags()
  return { throttleTimeMs, responses }
}

/** Writes a AlterConfigsResponse; fields the version lacks are left out. */
export function writeAlterConfigsResponse(w: Writer, m: AlterConfigsResponse, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('AlterConfigsResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 2) w.compactArrayLength(m.responses.length)
  else w.arrayLength(m.responses.length)
  for (const item of m.responses) writeAlterConfigsResourceResponse(w, item, version)
  if (version >= 2) w.unsignedVarint(0)
}

function readAlterConfigsResourceResponse(r: Reader, version: number): AlterConfigsResourceResponse {
  const errorCode = r.int16()
  const errorMessage: string | null = version >= 2 ? r.compactNullableString() : r.nullableString()
  const resourceType = r.int8()
  const resourceName = version >= 2 ? r.compactString() : r.string()
  if (version >= 2) r.skipTags()
  return { errorCode, errorMessage, resourceType, resourceName }
}

function writeAlterConfigsResourceResponse(w: Writer, m: AlterConfigsResourceResponse, version: number): void {
  w.int16(m.errorCode)
  if (version >= 2) w.compactNullableString(m.errorMessage)
  else w.nullableString(m.errorMessage)
  w.int8(m.resourceType)
  if (version >= 2) w.compactString(m.resourceName)
  else w.string(m.resourceName)
  if (version >= 2) w.unsignedVarint(0)
}

