// Generated from schema/62-broker-registration.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** A broker that has started makes itself known to the controller (KIP-631). Versions 0-4. */
export interface BrokerRegistrationRequest {
  /** Node id of the broker. */
  brokerId: number
  /** Cluster id that the sender believes in. */
  clusterId: string
  /** Of this run of the broker. */
  incarnationId: string
  /** Where it is reached. */
  listeners: Listener[]
  /** Features it supports. */
  features: Feature[]
  /** Rack, null for none. May be null. */
  rack: string | null
  /** Always false. Versions 1+. */
  isMigratingZkBroker: boolean
  /** Ids of its log directories. Versions 2+. */
  logDirs: string[]
  /** Epoch before a clean stop, -1 for unknown. Versions 3+. Default -1. */
  previousBrokerEpoch: number
  /** Nothing acknowledged can be missing from its disk. */
  clean: boolean
}

/** Where it is reached. */
export interface Listener {
  /** Name of the listener. */
  name: string
  /** Host name. */
  host: string
  /** Port. */
  port: number
  /** 0 plaintext, 1 TLS, 2 SASL, 3 SASL over TLS. */
  securityProtocol: number
}

/** Features it supports. */
export interface Feature {
  /** Feature. */
  name: string
  /** Lowest level supported. */
  minSupportedVersion: number
  /** Highest level supported. */
  maxSupportedVersion: number
}

/** Reads a BrokerRegistrationRequest. Throws `WireError` for bad bytes. */
export function readBrokerRegistrationRequest(r: Reader, version: number): BrokerRegistrationRequest {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('BrokerRegistrationRequest', version)
  const brokerId = r.int32()
  const clusterId = r.compactString()
  const incarnationId = r.uuid()
  const listenersCount = r.compactArrayLength(7)
  const listeners: Listener[] = r.list(listenersCount)
  for (let i = 0; i < listenersCount; i++) listeners[i] = readListener(r, version)
  const featuresCount = r.compactArrayLength(6)
  const features: Feature[] = r.list(featuresCount)
  for (let i = 0; i < featuresCount; i++) features[i] = readFeature(r, version)
  const rack: string | null = r.compactNullableString()
  const isMigratingZkBroker = version >= 1 ? r.bool() : false
  const logDirsCount = version >= 2 ? r.compactArrayLength(16) : 0
  const logDirs: string[] = r.list(logDirsCount)
  for (let i = 0; i < logDirsCount; i++) logDirs[i] = r.uuid()
  const previousBrokerEpoch = version >= 3 ? r.int64() : -1
  let clean: boolean = false
  {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 10000) clean = r.bool()
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { brokerId, clusterId, incarnationId, listeners, features, rack, isMigratingZkBroker, logDirs, previousBrokerEpoch, clean }
}

/** Writes a BrokerRegistrationRequest; fields the version lacks are left out. */
export function writeBrokerRegistrationRequest(w: Writer, m: BrokerRegistrationRequest, version: number): void {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('BrokerRegistrationRequest', version)
  w.int32(m.brokerId)
  w.compactString(m.clusterId)
  w.uuid(m.incarnationId)
  w.compactArrayLength(m.listeners.length)
  for (const item of m.listeners) writeListener(w, item, version)
  w.compactArrayLength(m.features.length)
  for (const item of m.features) writeFeature(w, item, version)
  w.compactNullableString(m.rack)
  if (version >= 1) w.bool(m.isMigratingZkBroker)
  if (version >= 2) {
    w.compactArrayLength(m.logDirs.length)
    for (const item of m.logDirs) w.uuid(item)
  }
  if (version >= 3) w.int64(m.previousBrokerEpoch)
  {
    const hasClean = !(m.clean === false)
    w.unsignedVarint((hasClean ? 1 : 0))
    if (hasClean) {
      const body = new Writer(64)
      body.bool(m.clean)
      w.taggedField(10000, body)
    }
  }
}

function readListener(r: Reader, _version: number): Listener {
  const name = r.compactString()
  const host = r.compactString()
  const port = r.uint16()
  const securityProtocol = r.int16()
  r.skipTags()
  return { name, host, port, securityProtocol }
}

function writeListener(w: Writer, m: Listener, _version: number): void {
  w.compactString(m.name)
  w.compactString(m.host)
  w.uint16(m.port)
  w.int16(m.securityProtocol)
  w.unsignedVarint(0)
}

function readFeature(r: Reader, _version: number): Feature {
  const name = r.compactString()
  const minSupportedVersion = r.int16()
  const maxSupportedVersion = r.int16()
  r.skipTags()
  return { name, minSupportedVersion, maxSupportedVersion }
}

function writeFeature(w: Writer, m: Feature, _version: number): void {
  w.compactString(m.name)
  w.int16(m.minSupportedVersion)
  w.int16(m.maxSupportedVersion)
  w.unsignedVarint(0)
}

/** Answer to `BrokerRegistrationRequest`. Versions 0-4. */
export interface BrokerRegistrationResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Its epoch, -1 for unknown. Default -1. */
  brokerEpoch: number
}

/** Reads a BrokerRegistrationResponse. Throws `WireError` for bad bytes. */
export function readBrokerRegistrationResponse(r: Reader, version: number): BrokerRegistrationResponse {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('BrokerRegistrationResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const brokerEpoch = r.int64()
  r.skipTags()
  return { throttleTimeMs, errorCode, brokerEpoch }
}

/** Writes a BrokerRegistrationResponse; fields the version lacks are left out. */
export function writeBrokerRegistrationResponse(w: Writer, m: BrokerRegistrationResponse, version: number): void {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('BrokerRegistrationResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.int64(m.brokerEpoch)
  w.unsignedVarint(0)
}

