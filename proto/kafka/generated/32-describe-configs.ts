// Generated from schema/32-describe-configs.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Tells the configs of topics and brokers. Versions 1-4. */
export interface DescribeConfigsRequest {
  /** What to describe. */
  resources: DescribeConfigsResource[]
  /** Tell where else a value could come from. */
  includeSynonyms: boolean
  /** Tell what a config is for. Versions 3+. */
  includeDocumentation: boolean
}

/** What to describe. */
export interface DescribeConfigsResource {
  /** 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group. */
  resourceType: number
  /** Topic name, node id or group; empty for the brokers' defaults. */
  resourceName: string
  /** Null for all. May be null. */
  configurationKeys: string[] | null
}

/** Reads a DescribeConfigsRequest. Throws `WireError` for bad bytes. */
export function readDescribeConfigsRequest(r: Reader, version: number): DescribeConfigsRequest {
  if (!(version >= 1 && version <= 4)) throw unsupportedVersion('DescribeConfigsRequest', version)
  const resourcesCount = version >= 4 ? r.compactArrayLength(4) : r.arrayLength(4)
  const resources: DescribeConfigsResource[] = r.list(resourcesCount)
  for (let i = 0; i < resourcesCount; i++) resources[i] = readDescribeConfigsResource(r, version)
  const includeSynonyms = r.bool()
  const includeDocumentation = version >= 3 ? r.bool() : false
  if (version >= 4) r.skipTags()
  return { resources, includeSynonyms, includeDocumentation }
}

/** Writes a DescribeConfigsRequest; fields the version lacks are left out. */
export function writeDescribeConfigsRequest(w: Writer, m: DescribeConfigsRequest, version: number): void {
  if (!(version >= 1 && version <= 4)) throw unsupportedVersion('DescribeConfigsRequest', version)
  if (version >= 4) w.compactArrayLength(m.resources.length)
  else w.arrayLength(m.resources.length)
  for (const item of m.resources) writeDescribeConfigsResource(w, item, version)
  w.bool(m.includeSynonyms)
  if (version >= 3) w.bool(m.includeDocumentation)
  if (version >= 4) w.unsignedVarint(0)
}

function readDescribeConfigsResource(r: Reader, version: number): DescribeConfigsResource {
  const resourceType = r.int8()
  const resourceName = version >= 4 ? r.compactString() : r.string()
  const configurationKeysCount = version >= 4 ? r.compactNullableArrayLength(1) : r.nullableArrayLength(1)
  const configurationKeys: string[] | null = configurationKeysCount < 0 ? null : r.list(configurationKeysCount)
  for (let i = 0; i < configurationKeysCount; i++) configurationKeys![i] = version >= 4 ? r.compactString() : r.string()
  if (version >= 4) r.skipTags()
  return { resourceType, resourceName, configurationKeys }
}

function writeDescribeConfigsResource(w: Writer, m: DescribeConfigsResource, version: number): void {
  w.int8(m.resourceType)
  if (version >= 4) w.compactString(m.resourceName)
  else w.string(m.resourceName)
  if (version >= 4) w.compactArrayLength(m.configurationKeys === null ? -1 : m.configurationKeys.length)
  else w.arrayLength(m.configurationKeys === null ? -1 : m.configurationKeys.length)
  if (m.configurationKeys !== null) for (const item of m.configurationKeys) {
    if (version >= 4) w.compactString(item)
    else w.string(item)
  }
  if (version >= 4) w.unsignedVarint(0)
}

/** Answer to `DescribeConfigsRequest`. Versions 1-4. */
export interface DescribeConfigsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Per resource. */
  results: DescribeConfigsResult[]
}

/** Per resource. */
export interface DescribeConfigsResult {
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. */
  errorMessage: string | null
  /** As in the request. */
  resourceType: number
  /** As in the request. */
  resourceName: string
  /** Configs. */
  configs: DescribeConfigsResourceResult[]
}

/** Configs. */
export interface DescribeConfigsResourceResult {
  /** Config. */
  name: string
  /** Value, null when it is a secret or has none. May be null. */
  value: string | null
  /** Cannot be changed. */
  readOnly: boolean
  /** 1 topic, 2 broker, 3 brokers' default, 4 config file, 5 default, 8 group. Default -1. */
  configSource: number
  /** A secret. */
  isSensitive: boolean
  /** In order of precedence. */
  synonyms: DescribeConfigsSynonym[]
  /** 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list, 8 class, 9 password. Versions 3+. */
  configType: number
  /** What the config is for. Versions 3+. May be null. */
  documentation: string | null
}

/** In order of precedence. */
export interface DescribeConfigsSynonym {
  /** Config. */
  name: string
  /** Value. May be null. */
  value: string | null
  /** As configSource. */
  source: number
}

/** Reads a DescribeConfigsResponse. Throws `WireError` for bad bytes. */
export function readDescribeConfigsResponse(r: Reader, version: number): DescribeConfigsResponse {
  if (!(version >= 1 && version <= 4)) throw unsupportedVersion('DescribeConfigsResponse', version)
  const throttleTimeMs = r.int32()
  const resultsCount = version >= 4 ? r.compactArrayLength(7) : r.arrayLength(7)
  const results: DescribeConfigsResult[] = r.list(resultsCount)
  for (let i = 0; i < resultsCount; i++) results[i] = readDescribeConfigsResult(r, version)
  if (version >= 4) r.skipTags()
  return { throttleTimeMs, results }
}

/** Writes a DescribeConfigsResponse; fields the version lacks are left out. */
export function writeDescribeConfigsResponse(w: Writer, m: DescribeConfigsResponse, version: number): void {
  if (!(version >= 1 && version <= 4)) throw unsupportedVersion('DescribeConfigsResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 4) w.compactArrayLength(m.results.length)
  else w.arrayLength(m.results.length)
  for (const item of m.results) writeDescribeConfigsResult(w, item, version)
  if (version >= 4) w.unsignedVarint(0)
}

function readDescribeConfigsResult(r: Reader, version: number): DescribeConfigsResult {
  const errorCode = r.int16()
  const errorMessage: string | null = version >= 4 ? r.compactNullableString() : r.nullableString()
  const resourceType = r.int8()
  const resourceName = version >= 4 ? r.compactString() : r.string()
  const configsCount = version >= 4 ? r.compactArrayLength(9) : r.arrayLength(9)
  const configs: DescribeConfigsResourceResult[] = r.list(configsCount)
  for (let i = 0; i < configsCount; i++) configs[i] = readDescribeConfigsResourceResult(r, version)
  if (version >= 4) r.skipTags()
  return { errorCode, errorMessage, resourceType, resourceName, configs }
}

function writeDescribeConfigsResult(w: Writer, m: DescribeConfigsResult, version: number): void {
  w.int16(m.errorCode)
  if (version >= 4) w.compactNullableString(m.errorMessage)
  else w.nullableString(m.errorMessage)
  w.int8(m.resourceType)
  if (version >= 4) w.compactString(m.resourceName)
  else w.string(m.resourceName)
  if (version >= 4) w.compactArrayLength(m.configs.length)
  else w.arrayLength(m.configs.length)
  for (const item of m.configs) writeDescribeConfigsResourceResult(w, item, version)
  if (version >= 4) w.unsignedVarint(0)
}

function readDescribeConfigsResourceResult(r: Reader, version: number): DescribeConfigsResourceResult {
  const name = version >= 4 ? r.compactString() : r.string()
  const value: string | null = version >= 4 ? r.compactNullableString() : r.nullableString()
  const readOnly = r.bool()
  const configSource = r.int8()
  const isSensitive = r.bool()
  const synonymsCount = version >= 4 ? r.compactArrayLength(4) : r.arrayLength(4)
  const synonyms: DescribeConfigsSynonym[] = r.list(synonymsCount)
  for (let i = 0; i < synonymsCount; i++) synonyms[i] = readDescribeConfigsSynonym(r, version)
  const configType = version >= 3 ? r.int8() : 0
  const documentation: string | null = version >= 4 ? r.compactNullableString() : (version >= 3 ? r.nullableString() : '')
  if (version >= 4) r.skipTags()
  return { name, value, readOnly, configSource, isSensitive, synonyms, configType, documentation }
}

function writeDescribeConfigsResourceResult(w: Writer, m: DescribeConfigsResourceResult, version: number): void {
  if (version >= 4) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 4) w.compactNullableString(m.value)
  else w.nullableString(m.value)
  w.bool(m.readOnly)
  w.int8(m.configSource)
  w.bool(m.isSensitive)
  if (version >= 4) w.compactArrayLength(m.synonyms.length)
  else w.arrayLength(m.synonyms.length)
  for (const item of m.synonyms) writeDescribeConfigsSynonym(w, item, version)
  if (version >= 3) w.int8(m.configType)
  if (version >= 4) w.compactNullableString(m.documentation)
  else if (version >= 3) w.nullableString(m.documentation)
  if (version >= 4) w.unsignedVarint(0)
}

function readDescribeConfigsSynonym(r: Reader, version: number): DescribeConfigsSynonym {
  const name = version >= 4 ? r.compactString() : r.string()
  const value: string | null = version >= 4 ? r.compactNullableString() : r.nullableString()
  const source = r.int8()
  if (version >= 4) r.skipTags()
  return { name, value, source }
}

function writeDescribeConfigsSynonym(w: Writer, m: DescribeConfigsSynonym, version: number): void {
  if (version >= 4) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 4) w.compactNullableString(m.value)
  else w.nullableString(m.value)
  w.int8(m.source)
  if (version >= 4) w.unsignedVarint(0)
}

