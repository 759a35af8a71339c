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
  /** Offset of the last metadata record the broker has applied. */
  currentMetadataOffset: number
  /** Wants to be fenced. */
  wantFence: boolean
  /** Wants to stop. */
  wantShutDown: boolean
  /** Log directories that failed. Versions 1+. */
  offlineLogDirs: string[]
  /** Log directories that take no new replicas. Versions 2. May be null. Default null. */
  cordonedLogDirs: string[] | null
  /** Replicas here that may lack acknowledged records. */
  suspectReplicas: SuspectTopic[]
  /** What the last answer asked for. */
  replicaEnds: EndTopic[]
  /** Replicas here whose logs are offline. */
  lostReplicas: LostTopic[]
  /** Replicas here that have no room for more. */
  fullReplicas: FullTopic[]
}

/** Replicas here that may lack acknowledged records. */
export interface SuspectTopic {
  /** Topic id. */
  topicId: string
  /** Partitions. */
  partitions: number[]
}

/** What the last answer asked for. */
export interface EndTopic {
  /** Topic id. */
  topicId: string
  /** Partitions. */
  partitions: ReplicaEnd[]
}

/** Partitions. */
export interface ReplicaEnd {
  /** Partition. */
  partition: number
  /** Leader epoch of the last record, -1 for none. */
  lastEpoch: number
  /** End of the log. */
  endOffset: number
}

/** Replicas here whose logs are offline. */
export interface LostTopic {
  /** Topic id. */
  topicId: string
  /** Partitions. */
  partitions: number[]
}

/** Replicas here that have no room for more. */
export interface FullTopic {
  /** Topic id. */
  topicId: string
  /** Partitions. */
  partitions: number[]
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
  let suspectReplicas: SuspectTopic[] = []
  let replicaEnds: EndTopic[] = []
  let lostReplicas: LostTopic[] = []
  let fullReplicas: FullTopic[] = []
  {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 1) {
        const count = r.compactArrayLength(16)
        const items: string[] = r.list(count)
        for (let i = 0; i < count; i++) items[i] = r.uuid()
        offlineLogDirs = items
      }       else if (tag === 1 && version >= 2) {
        const count = r.compactNullableArrayLength(16)
        const items: string[] = r.list(count)
        for (let i = 0; i < count; i++) items[i] = r.uuid()
        cordonedLogDirs = count < 0 ? null : items
      }       else if (tag === 10000) {
        const count = r.compactArrayLength(18)
        const items: SuspectTopic[] = r.list(count)
        for (let i = 0; i < count; i++) items[i] = readSuspectTopic(r, version)
        suspectReplicas = items
      }       else if (tag === 10001) {
        const count = r.compactArrayLength(18)
        const items: EndTopic[] = r.list(count)
        for (let i = 0; i < count; i++) items[i] = readEndTopic(r, version)
        replicaEnds = items
      }       else if (tag === 10002) {
        const count = r.compactArrayLength(18)
        const items: LostTopic[] = r.list(count)
        for (let i = 0; i < count; i++) items[i] = readLostTopic(r, version)
        lostReplicas = items
      }       else if (tag === 10003) {
        const count = r.compactArrayLength(18)
        const items: FullTopic[] = r.list(count)
        for (let i = 0; i < count; i++) items[i] = readFullTopic(r, version)
        fullReplicas = items
      }       else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { brokerId, brokerEpoch, currentMetadataOffset, wantFence, wantShutDown, offlineLogDirs, cordonedLogDirs, suspectReplicas, replicaEnds, lostReplicas, fullReplicas }
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
    const hasSuspectReplicas = !(m.suspectReplicas.length === 0)
    const hasReplicaEnds = !(m.replicaEnds.length === 0)
    const hasLostReplicas = !(m.lostReplicas.length === 0)
    const hasFullReplicas = !(m.fullReplicas.length === 0)
    w.unsignedVarint((hasOfflineLogDirs ? 1 : 0) + (hasCordonedLogDirs ? 1 : 0) + (hasSuspectReplicas ? 1 : 0) + (hasReplicaEnds ? 1 : 0) + (hasLostReplicas ? 1 : 0) + (hasFullReplicas ? 1 : 0))
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
    if (hasSuspectReplicas) {
      const body = new Writer(64)
      body.compactArrayLength(m.suspectReplicas.length)
      for (const item of m.suspectReplicas) writeSuspectTopic(body, item, version)
      w.taggedField(10000, body)
    }
    if (hasReplicaEnds) {
      const body = new Writer(64)
      body.compactArrayLength(m.replicaEnds.length)
      for (const item of m.replicaEnds) writeEndTopic(body, item, version)
      w.taggedField(10001, body)
    }
    if (hasLostReplicas) {
      const body = new Writer(64)
      body.compactArrayLength(m.lostReplicas.length)
      for (const item of m.lostReplicas) writeLostTopic(body, item, version)
      w.taggedField(10002, body)
    }
    if (hasFullReplicas) {
      const body = new Writer(64)
      body.compactArrayLength(m.fullReplicas.length)
      for (const item of m.fullReplicas) writeFullTopic(body, item, version)
      w.taggedField(10003, body)
    }
  }
}

function readSuspectTopic(r: Reader, _version: number): SuspectTopic {
  const topicId = r.uuid()
  const partitionsCount = r.compactArrayLength(4)
  const partitions: number[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = r.int32()
  r.skipTags()
  return { topicId, partitions }
}

function writeSuspectTopic(w: Writer, m: SuspectTopic, _version: number): void {
  w.uuid(m.topicId)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) w.int32(item)
  w.unsignedVarint(0)
}

function readEndTopic(r: Reader, version: number): EndTopic {
  const topicId = r.uuid()
  const partitionsCount = r.compactArrayLength(17)
  const partitions: ReplicaEnd[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readReplicaEnd(r, version)
  r.skipTags()
  return { topicId, partitions }
}

function writeEndTopic(w: Writer, m: EndTopic, version: number): void {
  w.uuid(m.topicId)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) writeReplicaEnd(w, item, version)
  w.unsignedVarint(0)
}

function readReplicaEnd(r: Reader, _version: number): ReplicaEnd {
  const partition = r.int32()
  const lastEpoch = r.int32()
  const endOffset = r.int64()
  r.skipTags()
  return { partition, lastEpoch, endOffset }
}

function writeReplicaEnd(w: Writer, m: ReplicaEnd, _version: number): void {
  w.int32(m.partition)
  w.int32(m.lastEpoch)
  w.int64(m.endOffset)
  w.unsignedVarint(0)
}

function readLostTopic(r: Reader, _version: number): LostTopic {
  const topicId = r.uuid()
  const partitionsCount = r.compactArrayLength(4)
  const partitions: number[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = r.int32()
  r.skipTags()
  return { topicId, partitions }
}

function writeLostTopic(w: Writer, m: LostTopic, _version: number): void {
  w.uuid(m.topicId)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) w.int32(item)
  w.unsignedVarint(0)
}

function readFullTopic(r: Reader, _version: number): FullTopic {
  const topicId = r.uuid()
  const partitionsCount = r.compactArrayLength(4)
  const partitions: number[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = r.int32()
  r.skipTags()
  return { topicId, partitions }
}

function writeFullTopic(w: Writer, m: FullTopic, _version: number): void {
  w.uuid(m.topicId)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) w.int32(item)
  w.unsignedVarint(0)
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
  /** Replicas whose ends the next heartbeat shall tell. */
  wantedEnds: WantedTopic[]
}

/** Replicas whose ends the next heartbeat shall tell. */
export interface WantedTopic {
  /** Topic id. */
  topicId: string
  /** Partitions. */
  partitions: number[]
}

/** Reads a BrokerHeartbeatResponse. Throws `WireError` for bad bytes. */
export function readBrokerHeartbeatResponse(r: Reader, version: number): BrokerHeartbeatResponse {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('BrokerHeartbeatResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const isCaughtUp = r.bool()
  const isFenced = r.bool()
  const shouldShutDown = r.bool()
  let wantedEnds: WantedTopic[] = []
  {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 10000) {
        const count = r.compactArrayLength(18)
        const items: WantedTopic[] = r.list(count)
        for (let i = 0; i < count; i++) items[i] = readWantedTopic(r, version)
        wantedEnds = items
      }       else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { throttleTimeMs, errorCode, isCaughtUp, isFenced, shouldShutDown, wantedEnds }
}

/** Writes a BrokerHeartbeatResponse; fields the version lacks are left out. */
export function writeBrokerHeartbeatResponse(w: Writer, m: BrokerHeartbeatResponse, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('BrokerHeartbeatResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.bool(m.isCaughtUp)
  w.bool(m.isFenced)
  w.bool(m.shouldShutDown)
  {
    const hasWantedEnds = !(m.wantedEnds.length === 0)
    w.unsignedVarint((hasWantedEnds ? 1 : 0))
    if (hasWantedEnds) {
      const body = new Writer(64)
      body.compactArrayLength(m.wantedEnds.length)
      for (const item of m.wantedEnds) writeWantedTopic(body, item, version)
      w.taggedField(10000, body)
    }
  }
}

function readWantedTopic(r: Reader, _version: number): WantedTopic {
  const topicId = r.uuid()
  const partitionsCount = r.compactArrayLength(4)
  const partitions: number[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = r.int32()
  r.skipTags()
  return { topicId, partitions }
}

function writeWantedTopic(w: Writer, m: WantedTopic, _version: number): void {
  w.uuid(m.topicId)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) w.int32(item)
  w.unsignedVarint(0)
}

