// Generated from schema/57-update-features.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Changes finalised feature levels (KIP-584). Versions 0-2. */
export interface UpdateFeaturesRequest {
  /** How long to wait. Default 60000. */
  timeoutMs: number
  /** Changes. */
  featureUpdates: FeatureUpdateKey[]
  /** Only say whether it would work. Versions 1+. */
  validateOnly: boolean
}

/** Changes. */
export interface FeatureUpdateKey {
  /** Feature. */
  feature: string
  /** Level wanted, below 1 to remove it. */
  maxVersionLevel: number
  /** Whether it may go down. Versions 0. */
  allowDowngrade: boolean
  /** 1 upgrade, 2 safe downgrade, 3 unsafe downgrade. Versions 1+. Default 1. */
  upgradeType: number
}

/** Reads a UpdateFeaturesRequest. Throws `WireError` for bad bytes. */
export function readUpdateFeaturesRequest(r: Reader, version: number): UpdateFeaturesRequest {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('UpdateFeaturesRequest', version)
  const timeoutMs = r.int32()
  const featureUpdatesCount = r.compactArrayLength(5)
  const featureUpdates: FeatureUpdateKey[] = r.list(featureUpdatesCount)
  for (let i = 0; i < featureUpdatesCount; i++) featureUpdates[i] = readFeatureUpdateKey(r, version)
  const validateOnly = version >= 1 ? r.bool() : false
  r.skipTags()
  return { timeoutMs, featureUpdates, validateOnly }
}

/** Writes a UpdateFeaturesRequest; fields the version lacks are left out. */
export function writeUpdateFeaturesRequest(w: Writer, m: UpdateFeaturesRequest, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('UpdateFeaturesRequest', version)
  w.int32(m.timeoutMs)
  w.compactArrayLength(m.featureUpdates.length)
  for (const item of m.featureUpdates) writeFeatureUpdateKey(w, item, version)
  if (version >= 1) w.bool(m.validateOnly)
  w.unsignedVarint(0)
}

function readFeatureUpdateKey(r: Reader, version: number): FeatureUpdateKey {
  const feature = r.compactString()
  const maxVersionLevel = r.int16()
  const allowDowngrade = version >= 1 ? false : r.bool()
  const upgradeType = version >= 1 ? r.int8() : 1
  r.skipTags()
  return { feature, maxVersionLevel, allowDowngrade, upgradeType }
}

function writeFeatureUpdateKey(w: Writer, m: FeatureUpdateKey, version: number): void {
  w.compactString(m.feature)
  w.int16(m.maxVersionLevel)
  if (version >= 1) {}
  else w.bool(m.allowDowngrade)
  if (version >= 1) w.int8(m.upgradeType)
  w.unsignedVarint(0)
}

/** Answer to `UpdateFeaturesRequest`. Versions 0-2. */
export interface UpdateFeaturesResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. */
  errorMessage: string | null
  /** Per topic. Versions 0-1. */
  results: UpdatableFeatureResult[]
}

/** Per topic. */
export interface UpdatableFeatureResult {
  /** Feature. Versions 0-1. */
  feature: string
  /** Error, 0 for none. Versions 0-1. */
  errorCode: number
  /** Why. Versions 0-1. May be null. */
  errorMessage: string | null
}

/** Reads a UpdateFeaturesResponse. Throws `WireError` for bad bytes. */
export function readUpdateFeaturesResponse(r: Reader, version: number): UpdateFeaturesResponse {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('UpdateFeaturesResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const errorMessage: string | null = r.compactNullableString()
  const resultsCount = version >= 2 ? 0 : r.compactArrayLength(1)
  const results: UpdatableFeatureResult[] = r.list(resultsCount)
  for (let i = 0; i < resultsCount; i++) results[i] = readUpdatableFeatureResult(r, version)
  r.skipTags()
  return { throttleTimeMs, errorCode, errorMessage, results }
}

/** Writes a UpdateFeaturesResponse; fields the version lacks are left out. */
export function writeUpdateFeaturesResponse(w: Writer, m: UpdateFeaturesResponse, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('UpdateFeaturesResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.compactNullableString(m.errorMessage)
  if (version <= 1) {
    w.compactArrayLength(m.results.length)
    for (const item of m.results) writeUpdatableFeatureResult(w, item, version)
  }
  w.unsignedVarint(0)
}

function readUpdatableFeatureResult(r: Reader, _version: number): UpdatableFeatureResult {
  const feature = r.compactString()
  const errorCode = r.int16()
  const errorMessage: string | null = r.compactNullableString()
  r.skipTags()
  return { feature, errorCode, errorMessage }
}

function writeUpdatableFeatureResult(w: Writer, m: UpdatableFeatureResult, _version: number): void {
  w.compactString(m.feature)
  w.int16(m.errorCode)
  w.compactNullableString(m.errorMessage)
  w.unsignedVarint(0)
}

