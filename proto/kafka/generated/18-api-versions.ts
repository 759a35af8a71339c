// Generated from schema/18-api-versions.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** Tells which APIs and versions the broker serves; the first request of most clients. Versions 0-4. */
export interface ApiVersionsRequest {
  /** Name of the client library (W4). Versions 3+. */
  clientSoftwareName: string
  /** Its version. Versions 3+. */
  clientSoftwareVersion: string
}

/** Reads a ApiVersionsRequest. Throws `WireError` for bad bytes. */
export function readApiVersionsRequest(r: Reader, version: number): ApiVersionsRequest {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('ApiVersionsRequest', version)
  const clientSoftwareName = version >= 3 ? r.compactString() : ''
  const clientSoftwareVersion = version >= 3 ? r.compactString() : ''
  if (version >= 3) r.skipTags()
  return { clientSoftwareName, clientSoftwareVersion }
}

/** Writes a ApiVersionsRequest; fields the version lacks are left out. */
export function writeApiVersionsRequest(w: Writer, m: ApiVersionsRequest, version: number): void {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('ApiVersionsRequest', version)
  if (version >= 3) w.compactString(m.clientSoftwareName)
  if (version >= 3) w.compactString(m.clientSoftwareVersion)
  if (version >= 3) w.unsignedVarint(0)
}

/** Answer to `ApiVersionsRequest`. Versions 0-4. */
export interface ApiVersionsResponse {
  /** Error, 0 for none. */
  errorCode: number
  /** APIs served. */
  apiKeys: ApiVersion[]
  /** How long the client is held back by a quota. Versions 1+. */
  throttleTimeMs: number
  /** Features this broker could use. Versions 3+. */
  supportedFeatures: SupportedFeatureKey[]
  /** Epoch of the next list, -1 for unknown. Versions 3+. Default -1. */
  finalizedFeaturesEpoch: number
  /** Features the cluster has switched on (W18). Versions 3+. */
  finalizedFeatures: FinalizedFeatureKey[]
  /** Always false: there is no ZooKeeper. Versions 3+. */
  zkMigrationReady: boolean
}

/** APIs served. */
export interface ApiVersion {
  /** Key. */
  apiKey: number
  /** Lowest version. */
  minVersion: number
  /** Highest version. */
  maxVersion: number
}

/** Features this broker could use. */
export interface SupportedFeatureKey {
  /** Name. Versions 3+. */
  name: string
  /** Lowest level. Versions 3+. */
  minVersion: number
  /** Highest level. Versions 3+. */
  maxVersion: number
}

/** Features the cluster has switched on (W18). */
export interface FinalizedFeatureKey {
  /** Name. Versions 3+. */
  name: string
  /** Highest level in use. Versions 3+. */
  maxVersionLevel: number
  /** Lowest level in use. Versions 3+. */
  minVersionLevel: number
}

/** Reads a ApiVersionsResponse. Throws `WireError` for bad bytes. */
export function readApiVersionsResponse(r: Reader, version: number): ApiVersionsResponse {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('ApiVersionsResponse', version)
  const errorCode = r.int16()
  const apiKeysCount = version >= 3 ? r.compactArrayLength(6) : r.arrayLength(6)
  const apiKeys: ApiVersion[] = r.list(apiKeysCount)
  for (let i = 0; i < apiKeysCount; i++) apiKeys[i] = readApiVersion(r, version)
  const throttleTimeMs = version >= 1 ? r.int32() : 0
  let supportedFeatures: SupportedFeatureKey[] = []
  let finalizedFeaturesEpoch: number = -1
  let finalizedFeatures: FinalizedFeatureKey[] = []
  let zkMigrationReady: boolean = false
  if (version >= 3) {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 3) {
        const count = r.compactArrayLength(6)
        const items: SupportedFeatureKey[] = r.list(count)
        for (let i = 0; i < count; i++) items[i] = readSupportedFeatureKey(r, version)
        supportedFeatures = items
      }       else if (tag === 1 && version >= 3) finalizedFeaturesEpoch = r.int64()
      else if (tag === 2 && version >= 3) {
        const count = r.compactArrayLength(6)
        const items: FinalizedFeatureKey[] = r.list(count)
        for (let i = 0; i < count; i++) items[i] = readFinalizedFeatureKey(r, version)
        finalizedFeatures = items
      }       else if (tag === 3 && version >= 3) zkMigrationReady = r.bool()
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { errorCode, apiKeys, throttleTimeMs, supportedFeatures, finalizedFeaturesEpoch, finalizedFeatures, zkMigrationReady }
}

/** Writes a ApiVersionsResponse; fields the version lacks are left out. */
export function writeApiVersionsResponse(w: Writer, m: ApiVersionsResponse, version: number): void {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('ApiVersionsResponse', version)
  w.int16(m.errorCode)
  if (version >= 3) w.compactArrayLength(m.apiKeys.length)
  else w.arrayLength(m.apiKeys.length)
  for (const item of m.apiKeys) writeApiVersion(w, item, version)
  if (version >= 1) w.int32(m.throttleTimeMs)
  if (version >= 3) {
    const hasSupportedFeatures = version >= 3 && !(m.supportedFeatures.length === 0)
    const hasFinalizedFeaturesEpoch = version >= 3 && !(m.finalizedFeaturesEpoch === -1)
    const hasFinalizedFeatures = version >= 3 && !(m.finalizedFeatures.length === 0)
    const hasZkMigrationReady = version >= 3 && !(m.zkMigrationReady === false)
    w.unsignedVarint((hasSupportedFeatures ? 1 : 0) + (hasFinalizedFeaturesEpoch ? 1 : 0) + (hasFinalizedFeatures ? 1 : 0) + (hasZkMigrationReady ? 1 : 0))
    if (hasSupportedFeatures) {
      const body = new Writer(64)
      body.compactArrayLength(m.supportedFeatures.length)
      for (const item of m.supportedFeatures) writeSupportedFeatureKey(body, item, version)
      w.taggedField(0, body)
    }
    if (hasFinalizedFeaturesEpoch) {
      const body = new Writer(64)
      body.int64(m.finalizedFeaturesEpoch)
      w.taggedField(1, body)
    }
    if (hasFinalizedFeatures) {
      const body = new Writer(64)
      body.compactArrayLength(m.finalizedFeatures.length)
      for (const item of m.finalizedFeatures) writeFinalizedFeatureKey(body, item, version)
      w.taggedField(2, body)
    }
    if (hasZkMigrationReady) {
      const body = new Writer(64)
      body.bool(m.zkMigrationReady)
      w.taggedField(3, body)
    }
  }
}

function readApiVersion(r: Reader, version: number): ApiVersion {
  const apiKey = r.int16()
  const minVersion = r.int16()
  const maxVersion = r.int16()
  if (version >= 3) r.skipTags()
  return { apiKey, minVersion, maxVersion }
}

function writeApiVersion(w: Writer, m: ApiVersion, version: number): void {
  w.int16(m.apiKey)
  w.int16(m.minVersion)
  w.int16(m.maxVersion)
  if (version >= 3) w.unsignedVarint(0)
}

function readSupportedFeatureKey(r: Reader, _version: number): SupportedFeatureKey {
  const name = r.compactString()
  const minVersion = r.int16()
  const maxVersion = r.int16()
  r.skipTags()
  return { name, minVersion, maxVersion }
}

function writeSupportedFeatureKey(w: Writer, m: SupportedFeatureKey, _version: number): void {
  w.compactString(m.name)
  w.int16(m.minVersion)
  w.int16(m.maxVersion)
  w.unsignedVarint(0)
}

function readFinalizedFeatureKey(r: Reader, _version: number): FinalizedFeatureKey {
  const name = r.compactString()
  const maxVersionLevel = r.int16()
  const minVersionLevel = r.int16()
  r.skipTags()
  return { name, maxVersionLevel, minVersionLevel }
}

function writeFinalizedFeatureKey(w: Writer, m: FinalizedFeatureKey, _version: number): void {
  w.compactString(m.name)
  w.int16(m.maxVersionLevel)
  w.int16(m.minVersionLevel)
  w.unsignedVarint(0)
}

