// Generated from schema/63-broker-heartbeat.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** A broker says that it lives, and asks to be unfenced or to stop (KIP-631). Versions 0-2. */
export interface BrokerHeartbeatRequest {
  /** Node id of the broker. */
  brokerId: number
  /** Its epoch, -1 for unknown. Default -1. */
  brokerEpoch: number
  /** End of the metadata the broker has applied. */
  currentMetadataOffset: number
  /** Wants to be fenced. */
  wantFence: boolean
  /** Wants to stop. */
  wantShutDown: boolean
  /** Log directories that failed. Versions 1+. */
  offlineLogDirs: string[]
  /** Log directories that take no new replicas. Versions 2. May be null. Default null. */
  cordonedLogDirs: string[] | null
}

/** Reads a BrokerHeartbeatRequest. Throws `WireError` for bad bytes. */
export function readBrokerHeartbeatRequest(r: Reader, version: number): BrokerHeartbeatRequest {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('BrokerHeartbeatRequest', version)
  const brokerId = r.int32()
  const brokerEpoch = r.int64()
  const currentMetadataOffset = r.int64()
  const wantFence = r.bool()
  const wantShutDown = r.bool()
  let offlineLogDirs: string[] = []
  let cordonedLogDirs: string[] | null = null
  {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 1) {
        const count = r.compactArrayLength(16)
        const items: string[] = []
        for (let i = 0; i < count; i++) items.push(r.uuid())
        offlineLogDirs = items
      }       else if (tag === 1 && version >= 2) {
        const count = r.compactNullableArrayLength(16)
        const items: string[] = []
        for (let i = 0; i < count; i++) items.push(r.uuid())
        cordonedLogDirs = count < 0 ? null : items
      }       else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { brokerId, brokerEpoch, currentMetadataOffset, wantFence, wantShutDown, offlineLogDirs, cordonedLogDirs }
}

/** Writes a BrokerHeartbeatRequest; fields the version lacks are left out. */
export function writeBrokerHeartbeatRequest(w: Writer, m: BrokerHeartbeatRequest, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('BrokerHeartbeatRequest', version)
  w.int32(m.brokerId)
  w.int64(m.brokerEpoch)
  w.int64(m.currentMetadataOffset)
  w.bool(m.wantFence)
  w.bool(m.wantShutDown)
  {
    const hasOfflineLogDirs = version >= 1 && !(m.offlineLogDirs.length === 0)
    const hasCordonedLogDirs = version >= 2 && !(m.cordonedLogDirs === null)
    w.unsignedVarint((hasOfflineLogDirs ? 1 : 0) + (hasCordonedLogDirs ? 1 : 0))
    if (hasOfflineLogDirs) {
      const body = new Writer(64)
      body.compactArrayLength(m.offlineLogDirs.length)
      for (const item of m.offlineLogDirs) body.uuid(item)
      w.taggedField(0, body)
    }
    if (hasCordonedLogDirs) {
      const body = new Writer(64)
      body.compactArrayLength(m.cordonedLogDirs === null ? -1 : m.cordonedLogDirs.length)
      if (m.cordonedLogDirs !== null) for (const item of m.cordonedLogDirs) body.uuid(item)
      w.taggedField(1, body)
    }
  }
}

/** Answer to `BrokerHeartbeatRequest`. Versions 0-2. */
export interface BrokerHeartbeatResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Whether it has read up to its own registration. */
  isCaughtUp: boolean
  /** Whether the broker is fenced. Default true. */
  isFenced: boolean
  /** Whether it may stop now. */
  shouldShutDown: boolean
}

/** Reads a BrokerHeartbeatResponse. Throws `WireError` for bad bytes. */
export function readBrokerHeartbeatResponse(r: Reader, version: number): BrokerHeartbeatResponse {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('BrokerHeartbeatResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const isCaughtUp = r.bool()
  const isFenced = r.bool()
  const shouldShutDown = r.bool()
  r.skipTags()
  return { throttleTimeMs, errorCode, isCaughtUp, isFenced, shouldShutDown }
}

/** Writes a BrokerHeartbeatResponse; fields the version lacks are left out. */
export function writeBrokerHeartbeatResponse(w: Writer, m: BrokerHeartbeatResponse, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('BrokerHeartbeatResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.bool(m.isCaughtUp)
  w.bool(m.isFenced)
  w.bool(m.shouldShutDown)
  w.unsignedVarint(0)
}

