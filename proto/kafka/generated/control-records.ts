// Generated from schema/data-control-records.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { ZERO_UUID } from '../uuid.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Kind of a control record. Versions 0. */
export interface ControlRecordTypeSchema {
  /** 0 abort, 1 commit, 2 leader change, 3 snapshot header, 4 snapshot footer, 5 KRaft version, 6 voters. */
  type: number
}

/** Reads a ControlRecordTypeSchema. Throws `WireError` for bad bytes. */
export function readControlRecordTypeSchema(r: Reader, version: number): ControlRecordTypeSchema {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('ControlRecordTypeSchema', version)
  const type = r.int16()
  return { type }
}

/** Writes a ControlRecordTypeSchema; fields the version lacks are left out. */
export function writeControlRecordTypeSchema(w: Writer, m: ControlRecordTypeSchema, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('ControlRecordTypeSchema', version)
  w.int16(m.type)
}

/** Value of an abort or commit marker, after an int16 version. Versions 0. */
export interface EndTxnMarker {
  /** Epoch of the coordinator that wrote it. */
  coordinatorEpoch: number
}

/** Reads a EndTxnMarker. Throws `WireError` for bad bytes. */
export function readEndTxnMarker(r: Reader, version: number): EndTxnMarker {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('EndTxnMarker', version)
  const coordinatorEpoch = r.int32()
  return { coordinatorEpoch }
}

/** Writes a EndTxnMarker; fields the version lacks are left out. */
export function writeEndTxnMarker(w: Writer, m: EndTxnMarker, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('EndTxnMarker', version)
  w.int32(m.coordinatorEpoch)
}

/** Version of the quorum protocol in use. Versions 0. */
export interface KRaftVersionRecord {
  /** Version of this message. */
  version: number
  /** Version of the protocol. */
  kRaftVersion: number
}

/** Reads a KRaftVersionRecord. Throws `WireError` for bad bytes. */
export function readKRaftVersionRecord(r: Reader, version: number): KRaftVersionRecord {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('KRaftVersionRecord', version)
  const version_ = r.int16()
  const kRaftVersion = r.int16()
  r.skipTags()
  return { version: version_, kRaftVersion }
}

/** Writes a KRaftVersionRecord; fields the version lacks are left out. */
export function writeKRaftVersionRecord(w: Writer, m: KRaftVersionRecord, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('KRaftVersionRecord', version)
  w.int16(m.version)
  w.int16(m.kRaftVersion)
  w.unsignedVarint(0)
}

/** First record of a leader of the metadata log. Versions 0-1. */
export interface LeaderChangeMessage {
  /** Version of this message. */
  version: number
  /** Node id of the new leader. */
  leaderId: number
  /** All voters. */
  voters: Voter[]
  /** Those who voted for it. */
  grantingVoters: Voter[]
}

/** Voter */
export interface Voter {
  /** Node id. */
  voterId: number
  /** Directory id. Versions 1. */
  voterDirectoryId: string
}

/** Reads a LeaderChangeMessage. Throws `WireError` for bad bytes. */
export function readLeaderChangeMessage(r: Reader, version: number): LeaderChangeMessage {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('LeaderChangeMessage', version)
  const version_ = r.int16()
  const leaderId = r.int32()
  const votersCount = r.compactArrayLength(5)
  const voters: Voter[] = r.list(votersCount)
  for (let i = 0; i < votersCount; i++) voters[i] = readVoter(r, version)
  const grantingVotersCount = r.compactArrayLength(5)
  const grantingVoters: Voter[] = r.list(grantingVotersCount)
  for (let i = 0; i < grantingVotersCount; i++) grantingVoters[i] = readVoter(r, version)
  r.skipTags()
  return { version: version_, leaderId, voters, grantingVoters }
}

/** Writes a LeaderChangeMessage; fields the version lacks are left out. */
export function writeLeaderChangeMessage(w: Writer, m: LeaderChangeMessage, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('LeaderChangeMessage', version)
  w.int16(m.version)
  w.int32(m.leaderId)
  w.compactArrayLength(m.voters.length)
  for (const item of m.voters) writeVoter(w, item, version)
  w.compactArrayLength(m.grantingVoters.length)
  for (const item of m.grantingVoters) writeVoter(w, item, version)
  w.unsignedVarint(0)
}

function readVoter(r: Reader, version: number): Voter {
  const voterId = r.int32()
  const voterDirectoryId = version >= 1 ? r.uuid() : ZERO_UUID
  r.skipTags()
  return { voterId, voterDirectoryId }
}

function writeVoter(w: Writer, m: Voter, version: number): void {
  w.int32(m.voterId)
  if (version >= 1) w.uuid(m.voterDirectoryId)
  w.unsignedVarint(0)
}

/** Last record of a snapshot of the metadata log. Versions 0. */
export interface SnapshotFooterRecord {
  /** Version of this message. */
  version: number
}

/** Reads a SnapshotFooterRecord. Throws `WireError` for bad bytes. */
export function readSnapshotFooterRecord(r: Reader, version: number): SnapshotFooterRecord {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('SnapshotFooterRecord', version)
  const version_ = r.int16()
  r.skipTags()
  return { version: version_ }
}

/** Writes a SnapshotFooterRecord; fields the version lacks are left out. */
export function writeSnapshotFooterRecord(w: Writer, m: SnapshotFooterRecord, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('SnapshotFooterRecord', version)
  w.int16(m.version)
  w.unsignedVarint(0)
}

/** First record of a snapshot of the metadata log. Versions 0. */
export interface SnapshotHeaderRecord {
  /** Version of this message. */
  version: number
  /** Append time of the last record inside, milliseconds. */
  lastContainedLogTimestamp: number
}

/** Reads a SnapshotHeaderRecord. Throws `WireError` for bad bytes. */
export function readSnapshotHeaderRecord(r: Reader, version: number): SnapshotHeaderRecord {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('SnapshotHeaderRecord', version)
  const version_ = r.int16()
  const lastContainedLogTimestamp = r.int64()
  r.skipTags()
  return { version: version_, lastContainedLogTimestamp }
}

/** Writes a SnapshotHeaderRecord; fields the version lacks are left out. */
export function writeSnapshotHeaderRecord(w: Writer, m: SnapshotHeaderRecord, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('SnapshotHeaderRecord', version)
  w.int16(m.version)
  w.int64(m.lastContainedLogTimestamp)
  w.unsignedVarint(0)
}

/** The set of voters (KIP-853). Versions 0. */
export interface VotersRecord {
  /** Version of this message. */
  version: number
  /** Voters. */
  voters: VoterOfSet[]
}

/** Voters. */
export interface VoterOfSet {
  /** Node id. */
  voterId: number
  /** Directory id. */
  voterDirectoryId: string
  /** Where it listens. */
  endpoints: VoterEndpoint[]
  /** Versions of the quorum protocol it knows. */
  kRaftVersionFeature: KRaftVersionFeature
}

/** Where it listens. */
export interface VoterEndpoint {
  /** Listener. */
  name: string
  /** Host name. */
  host: string
  /** Port. */
  port: number
}

/** Versions of the quorum protocol it knows. */
export interface KRaftVersionFeature {
  /** Lowest. */
  minSupportedVersion: number
  /** Highest. */
  maxSupportedVersion: number
}

/** Every field at its default; shared, so frozen. */
export const defaultKRaftVersionFeature: KRaftVersionFeature = Object.freeze({
  minSupportedVersion: 0,
  maxSupportedVersion: 0,
})

/** Reads a VotersRecord. Throws `WireError` for bad bytes. */
export function readVotersRecord(r: Reader, version: number): VotersRecord {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('VotersRecord', version)
  const version_ = r.int16()
  const votersCount = r.compactArrayLength(27)
  const voters: VoterOfSet[] = r.list(votersCount)
  for (let i = 0; i < votersCount; i++) voters[i] = readVoterOfSet(r, version)
  r.skipTags()
  return { version: version_, voters }
}

/** Writes a VotersRecord; fields the version lacks are left out. */
export function writeVotersRecord(w: Writer, m: VotersRecord, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('VotersRecord', version)
  w.int16(m.version)
  w.compactArrayLength(m.voters.length)
  for (const item of m.voters) writeVoterOfSet(w, item, version)
  w.unsignedVarint(0)
}

function readVoterOfSet(r: Reader, version: number): VoterOfSet {
  const voterId = r.int32()
  const voterDirectoryId = r.uuid()
  const endpointsCount = r.compactArrayLength(5)
  const endpoints: VoterEndpoint[] = r.list(endpointsCount)
  for (let i = 0; i < endpointsCount; i++) endpoints[i] = readVoterEndpoint(r, version)
  const kRaftVersionFeature: KRaftVersionFeature = readKRaftVersionFeature(r, version)
  r.skipTags()
  return { voterId, voterDirectoryId, endpoints, kRaftVersionFeature }
}

function writeVoterOfSet(w: Writer, m: VoterOfSet, version: number): void {
  w.int32(m.voterId)
  w.uuid(m.voterDirectoryId)
  w.compactArrayLength(m.endpoints.length)
  for (const item of m.endpoints) writeVoterEndpoint(w, item, version)
  writeKRaftVersionFeature(w, m.kRaftVersionFeature, version)
  w.unsignedVarint(0)
}

function readVoterEndpoint(r: Reader, _version: number): VoterEndpoint {
  const name = r.compactString()
  const host = r.compactString()
  const port = r.uint16()
  r.skipTags()
  return { name, host, port }
}

function writeVoterEndpoint(w: Writer, m: VoterEndpoint, _version: number): void {
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

