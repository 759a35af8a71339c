// Generated from schema/82-update-raft-voter.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** A voter tells the leader its new endpoints and versions (KIP-853). Versions 0. */
export interface UpdateRaftVoterRequest {
  /** Cluster id that the sender believes in. May be null. */
  clusterId: string | null
  /** Leader epoch the sender knows, -1 for unknown. */
  currentLeaderEpoch: number
  /** Node id of the voter. */
  voterId: number
  /** Its metadata directory. */
  voterDirectoryId: string
  /** Where it is reached. */
  listeners: Listener[]
  /** Versions of the quorum protocol it speaks. */
  kRaftVersionFeature: KRaftVersionFeature
}

/** Where it is reached. */
export interface Listener {
  /** Name of the listener. */
  name: string
  /** Host name. */
  host: string
  /** Port. */
  port: number
}

/** Versions of the quorum protocol it speaks. */
export interface KRaftVersionFeature {
  /** Lowest level supported. */
  minSupportedVersion: number
  /** Highest level supported. */
  maxSupportedVersion: number
}

/** Every field at its default; shared, so frozen. */
export const defaultKRaftVersionFeature: KRaftVersionFeature = Object.freeze({
  minSupportedVersion: 0,
  maxSupportedVersion: 0,
})

/** Reads a UpdateRaftVoterRequest. Throws `WireError` for bad bytes. */
export function readUpdateRaftVoterRequest(r: Reader, version: number): UpdateRaftVoterRequest {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('UpdateRaftVoterRequest', version)
  const clusterId: string | null = r.compactNullableString()
  const currentLeaderEpoch = r.int32()
  const voterId = r.int32()
  const voterDirectoryId = r.uuid()
  const listenersCount = r.compactArrayLength(5)
  const listeners: Listener[] = r.list(listenersCount)
  for (let i = 0; i < listenersCount; i++) listeners[i] = readListener(r, version)
  const kRaftVersionFeature: KRaftVersionFeature = readKRaftVersionFeature(r, version)
  r.skipTags()
  return { clusterId, currentLeaderEpoch, voterId, voterDirectoryId, listeners, kRaftVersionFeature }
}

/** Writes a UpdateRaftVoterRequest; fields the version lacks are left out. */
export function writeUpdateRaftVoterRequest(w: Writer, m: UpdateRaftVoterRequest, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('UpdateRaftVoterRequest', version)
  w.compactNullableString(m.clusterId)
  w.int32(m.currentLeaderEpoch)
  w.int32(m.voterId)
  w.uuid(m.voterDirectoryId)
  w.compactArrayLength(m.listeners.length)
  for (const item of m.listeners) writeListener(w, item, version)
  writeKRaftVersionFeature(w, m.kRaftVersionFeature, version)
  w.unsignedVarint(0)
}

function readListener(r: Reader, _version: number): Listener {
  const name = r.compactString()
  const host = r.compactString()
  const port = r.uint16()
  r.skipTags()
  return { name, host, port }
}

function writeListener(w: Writer, m: Listener, _version: number): void {
  w.compactString(m.name)
  w.compactString(m.host)
  w.uint16(m.port)
  w.unsignedVarint(0)
}

function readKRaftVersionFeature(r: Reader, _version: number): KRaftVersionFeature {
  const minSupportedVersion = r.int16()
  const maxSupportedVersion = r.int16()
  r.skipTags()
  return { minSupportedVersion, maxSupportedVersion }
}

function writeKRaftVersionFeature(w: Writer, m: KRaftVersionFeature, _version: number): void {
  w.int16(m.minSupportedVersion)
  w.int16(m.maxSupportedVersion)
  w.unsignedVarint(0)
}

/** Answer to `UpdateRaftVoterRequest`. Versions 0. */
export interface UpdateRaftVoterResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Who leads. */
  currentLeader: CurrentLeader
}

/** Who leads. */
export interface CurrentLeader {
  /** Node id of the leader, -1 for unknown. Default -1. */
  leaderId: number
  /** Leader epoch. Default -1. */
  leaderEpoch: number
  /** Host name. */
  host: string
  /** Port. */
  port: number
}

/** Every field at its default; shared, so frozen. */
export const defaultCurrentLeader: CurrentLeader = Object.freeze({
  leaderId: -1,
  leaderEpoch: -1,
  host: '',
  port: 0,
})

/** Reads a UpdateRaftVoterResponse. Throws `WireError` for bad bytes. */
export function readUpdateRaftVoterResponse(r: Reader, version: number): UpdateRaftVoterResponse {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('UpdateRaftVoterResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  let currentLeader: CurrentLeader = defaultCurrentLeader
  {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0) currentLeader = readCurrentLeader(r, version)
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { throttleTimeMs, errorCode, currentLeader }
}

/** Writes a UpdateRaftVoterResponse; fields the version lacks are left out. */
export function writeUpdateRaftVoterResponse(w: Writer, m: UpdateRaftVoterResponse, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('UpdateRaftVoterResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  {
    const hasCurrentLeader = !(isDefaultCurrentLeader(m.currentLeader))
    w.unsignedVarint((hasCurrentLeader ? 1 : 0))
    if (hasCurrentLeader) {
      const body = new Writer(64)
      writeCurrentLeader(body, m.currentLeader, version)
      w.taggedField(0, body)
    }
  }
}

function readCurrentLeader(r: Reader, _version: number): CurrentLeader {
  const leaderId = r.int32()
  const leaderEpoch = r.int32()
  const host = r.compactString()
  const port = r.int32()
  r.skipTags()
  return { leaderId, leaderEpoch, host, port }
}

function writeCurrentLeader(w: Writer, m: CurrentLeader, _version: number): void {
  w.int32(m.leaderId)
  w.int32(m.leaderEpoch)
  w.compactString(m.host)
  w.int32(m.port)
  w.unsignedVarint(0)
}

function isDefaultCurrentLeader(m: CurrentLeader): boolean {
  return m.leaderId === -1 && m.leaderEpoch === -1 && m.host === '' && m.port === 0
}

