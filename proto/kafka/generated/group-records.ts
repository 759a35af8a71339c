// Generated from schema/data-group-records.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { ZERO_UUID } from '../uuid.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** Key of a classic group: type 2. Versions 0. */
export interface GroupMetadataKey {
  /** Group. */
  group: string
}

/** Reads a GroupMetadataKey. Throws `WireError` for bad bytes. */
export function readGroupMetadataKey(r: Reader, version: number): GroupMetadataKey {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('GroupMetadataKey', version)
  const group = r.string()
  return { group }
}

/** Writes a GroupMetadataKey; fields the version lacks are left out. */
export function writeGroupMetadataKey(w: Writer, m: GroupMetadataKey, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('GroupMetadataKey', version)
  w.string(m.group)
}

/** A classic group after a rebalance; no value at all deletes it. Versions 0-4. */
export interface GroupMetadataValue {
  /** What the group is for. */
  protocolType: string
  /** Generation. */
  generation: number
  /** Assignor. May be null. */
  protocol: string | null
  /** Member that assigns. May be null. */
  leader: string | null
  /** Since when it is in its state, milliseconds. Versions 2+. Default -1. */
  currentStateTimestamp: number
  /** Members. */
  members: MemberMetadata[]
}

/** Members. */
export interface MemberMetadata {
  /** Member. */
  memberId: string
  /** Of a static member. Versions 3+. May be null. Default null. */
  groupInstanceId: string | null
  /** Client id of its join. */
  clientId: string
  /** Where it joined from. */
  clientHost: string
  /** Milliseconds. Versions 1+. */
  rebalanceTimeout: number
  /** Milliseconds. */
  sessionTimeout: number
  /** What it wants. */
  subscription: Buffer
  /** What it gets. */
  assignment: Buffer
}

/** Reads a GroupMetadataValue. Throws `WireError` for bad bytes. */
export function readGroupMetadataValue(r: Reader, version: number): GroupMetadataValue {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('GroupMetadataValue', version)
  const protocolType = version >= 4 ? r.compactString() : r.string()
  const generation = r.int32()
  const protocol: string | null = version >= 4 ? r.compactNullableString() : r.nullableString()
  const leader: string | null = version >= 4 ? r.compactNullableString() : r.nullableString()
  const currentStateTimestamp = version >= 2 ? r.int64() : -1
  const membersCount = version >= 4 ? r.compactArrayLength(15) : r.arrayLength(15)
  const members: MemberMetadata[] = r.list(membersCount)
  for (let i = 0; i < membersCount; i++) members[i] = readMemberMetadata(r, version)
  if (version >= 4) r.skipTags()
  return { protocolType, generation, protocol, leader, currentStateTimestamp, members }
}

/** Writes a GroupMetadataValue; fields the version lacks are left out. */
export function writeGroupMetadataValue(w: Writer, m: GroupMetadataValue, version: number): void {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('GroupMetadataValue', version)
  if (version >= 4) w.compactString(m.protocolType)
  else w.string(m.protocolType)
  w.int32(m.generation)
  if (version >= 4) w.compactNullableString(m.protocol)
  else w.nullableString(m.protocol)
  if (version >= 4) w.compactNullableString(m.leader)
  else w.nullableString(m.leader)
  if (version >= 2) w.int64(m.currentStateTimestamp)
  if (version >= 4) w.compactArrayLength(m.members.length)
  else w.arrayLength(m.members.length)
  for (const item of m.members) writeMemberMetadata(w, item, version)
  if (version >= 4) w.unsignedVarint(0)
}

function readMemberMetadata(r: Reader, version: number): MemberMetadata {
  const memberId = version >= 4 ? r.compactString() : r.string()
  const groupInstanceId: string | null = version >= 4 ? r.compactNullableString() : (version >= 3 ? r.nullableString() : null)
  const clientId = version >= 4 ? r.compactString() : r.string()
  const clientHost = version >= 4 ? r.compactString() : r.string()
  const rebalanceTimeout = version >= 1 ? r.int32() : 0
  const sessionTimeout = r.int32()
  const subscription = version >= 4 ? r.compactBytes() : r.bytes()
  const assignment = version >= 4 ? r.compactBytes() : r.bytes()
  if (version >= 4) r.skipTags()
  return { memberId, groupInstanceId, clientId, clientHost, rebalanceTimeout, sessionTimeout, subscription, assignment }
}

function writeMemberMetadata(w: Writer, m: MemberMetadata, version: number): void {
  if (version >= 4) w.compactString(m.memberId)
  else w.string(m.memberId)
  if (version >= 4) w.compactNullableString(m.groupInstanceId)
  else if (version >= 3) w.nullableString(m.groupInstanceId)
  if (version >= 4) w.compactString(m.clientId)
  else w.string(m.clientId)
  if (version >= 4) w.compactString(m.clientHost)
  else w.string(m.clientHost)
  if (version >= 1) w.int32(m.rebalanceTimeout)
  w.int32(m.sessionTimeout)
  if (version >= 4) w.compactBytes(m.subscription)
  else w.bytes(m.subscription)
  if (version >= 4) w.compactBytes(m.assignment)
  else w.bytes(m.assignment)
  if (version >= 4) w.unsignedVarint(0)
}

/** Key of a stored offset: type 1, or 0 in old logs. Versions 0. */
export interface OffsetCommitKey {
  /** Group. */
  group: string
  /** Topic name. */
  topic: string
  /** Partition. */
  partition: number
}

/** Reads a OffsetCommitKey. Throws `WireError` for bad bytes. */
export function readOffsetCommitKey(r: Reader, version: number): OffsetCommitKey {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('OffsetCommitKey', version)
  const group = r.string()
  const topic = r.string()
  const partition = r.int32()
  return { group, topic, partition }
}

/** Writes a OffsetCommitKey; fields the version lacks are left out. */
export function writeOffsetCommitKey(w: Writer, m: OffsetCommitKey, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('OffsetCommitKey', version)
  w.string(m.group)
  w.string(m.topic)
  w.int32(m.partition)
}

/** Value of a stored offset; no value at all deletes it. Versions 0-4. */
export interface OffsetCommitValue {
  /** Offset to go on from. */
  offset: number
  /** Leader epoch of the last record consumed, -1 for unknown. Versions 3+. Default -1. */
  leaderEpoch: number
  /** Text of the client's. */
  metadata: string
  /** When stored, milliseconds. */
  commitTimestamp: number
  /** When to forget it, -1 for the broker's own time. Versions 1. Default -1. */
  expireTimestamp: number
  /** Topic id, zero for unknown. Versions 4. */
  topicId: string
}

/** Reads a OffsetCommitValue. Throws `WireError` for bad bytes. */
export function readOffsetCommitValue(r: Reader, version: number): OffsetCommitValue {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('OffsetCommitValue', version)
  const offset = r.int64()
  const leaderEpoch = version >= 3 ? r.int32() : -1
  const metadata = version >= 4 ? r.compactString() : r.string()
  const commitTimestamp = r.int64()
  const expireTimestamp = version >= 2 ? -1 : (version >= 1 ? r.int64() : -1)
  let topicId: string = ZERO_UUID
  if (version >= 4) {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 4) topicId = r.uuid()
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId }
}

/** Writes a OffsetCommitValue; fields the version lacks are left out. */
export function writeOffsetCommitValue(w: Writer, m: OffsetCommitValue, version: number): void {
  if (!(version >= 0 && version <= 4)) throw unsupportedVersion('OffsetCommitValue', version)
  w.int64(m.offset)
  if (version >= 3) w.int32(m.leaderEpoch)
  if (version >= 4) w.compactString(m.metadata)
  else w.string(m.metadata)
  w.int64(m.commitTimestamp)
  if (version >= 2) {}
  else if (version >= 1) w.int64(m.expireTimestamp)
  if (version >= 4) {
    const hasTopicId = version >= 4 && !(m.topicId === ZERO_UUID)
    w.unsignedVarint((hasTopicId ? 1 : 0))
    if (hasTopicId) {
      const body = new Writer(64)
      body.uuid(m.topicId)
      w.taggedField(0, body)
    }
  }
}

