/**
 * The records of `__consumer_offsets`, in Kafka's own encoding: an int16 key type (0 and 1 = an offset, 2 = a classic
 * group), then the key; an int16 version, then the value. Other key types (KIP-848, share and streams groups) are left alone.
 */
import {
  readGroupMetadataKey,
  readGroupMetadataValue,
  readOffsetCommitKey,
  readOffsetCommitValue,
  writeGroupMetadataKey,
  writeGroupMetadataValue,
  writeOffsetCommitKey,
  writeOffsetCommitValue,
} from '../../proto/kafka/generated/group-records.ts'
import { Reader } from '../../proto/kafka/reader.ts'
import { Writer } from '../../proto/kafka/writer.ts'
import type { Group } from './group.ts'
import { EMPTY_BYTES, ownBytes } from './member.ts'
import type { CommittedOffset } from './offset-store.ts'
import type { GroupRecord } from './outbox.ts'

const OFFSET_KEY = 1
const LEGACY_OFFSET_KEY = 0
const GROUP_KEY = 2

/** What Kafka 4.3 writes: version 4 has the topic id, version 1 alone has an expiry of its own. */
const OFFSET_VALUE_VERSION = 4
const EXPIRING_OFFSET_VALUE_VERSION = 1
const GROUP_VALUE_VERSION = 3

export interface MemberSnapshot {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  /** For the group's protocol. */
  readonly subscription: Buffer
  readonly assignment: Buffer
}

export interface GroupSnapshot {
  readonly protocolType: string | null
  readonly generation: number
  readonly protocolName: string | null
  readonly leaderId: string | null
  readonly stateTimestampMs: number
  readonly members: readonly MemberSnapshot[]
}

export type ParsedRecord =
  | {
      readonly type: 'offset'
      readonly groupId: string
      readonly topic: string
      readonly partition: number
      readonly value: CommittedOffset | null
    }
  | { readonly type: 'group'; readonly groupId: string; readonly snapshot: GroupSnapshot | null }

/** A committed offset, or its tombstone. */
export function offsetRecord(
  groupId: string,
  topic: string,
  partition: number,
  value: CommittedOffset | null,
): GroupRecord {
  const key = typed(OFFSET_KEY)
  writeOffsetCommitKey(key, { group: groupId, topic, partition }, 0)
  if (value === null) return { key: key.toBuffer(), value: null }
  const version = value.expireTimestampMs === -1 ? OFFSET_VALUE_VERSION : EXPIRING_OFFSET_VALUE_VERSION
  const body = typed(version)
  const { offset, leaderEpoch, metadata, topicId } = value
  const times = { commitTimestamp: value.commitTimestampMs, expireTimestamp: value.expireTimestampMs }
  writeOffsetCommitValue(body, { offset, leaderEpoch, metadata, topicId, ...times }, version)
  return { key: key.toBuffer(), value: body.toBuffer() }
}

/** The group as it is, with these assignments by member id. */
export function groupMetadataRecord(group: Group, assignments: ReadonlyMap<string, Buffer>): GroupRecord {
  const body = typed(GROUP_VALUE_VERSION)
  const value = {
    protocolType: group.protocolType ?? '',
    generation: group.generation,
    protocol: group.protocolName,
    leader: group.leaderId,
    currentStateTimestamp: group.stateTimestampMs,
    members: Array.from(group.members.values(), (member) => ({
      memberId: member.id,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: member.metadataFor(group.protocolName ?? '') ?? EMPTY_BYTES,
      assignment: assignments.get(member.id) ?? EMPTY_BYTES,
    })),
  }
  writeGroupMetadataValue(body, value, GROUP_VALUE_VERSION)
  return { key: groupKey(group.id), value: body.toBuffer() }
}

export function groupTombstone(groupId: string): GroupRecord {
  return { key: groupKey(groupId), value: null }
}

/** Null for key types of other protocols. Throws WireError when the bytes are not what the type says. */
export function parseRecord(key: Buffer, value: Buffer | null): ParsedRecord | null {
  const reader = new Reader(key)
  switch (reader.int16()) {
    case LEGACY_OFFSET_KEY:
    case OFFSET_KEY: {
      const { group, topic, partition } = readOffsetCommitKey(reader, 0)
      return { type: 'offset', groupId: group, topic, partition, value: value === null ? null : parseOffset(value) }
    }
    case GROUP_KEY: {
      const { group } = readGroupMetadataKey(reader, 0)
      return { type: 'group', groupId: group, snapshot: value === null ? null : parseGroup(value) }
    }
    default:
      return null
  }
}

function parseOffset(bytes: Buffer): CommittedOffset {
  const reader = new Reader(bytes)
  const value = readOffsetCommitValue(reader, reader.int16())
  const { offset, leaderEpoch, metadata, topicId } = value
  const times = { commitTimestampMs: value.commitTimestamp, expireTimestampMs: value.expireTimestamp }
  return { offset, leaderEpoch, metadata, topicId, ...times }
}

function parseGroup(bytes: Buffer): GroupSnapshot {
  const reader = new Reader(bytes)
  const version = reader.int16()
  const value = readGroupMetadataValue(reader, version)
  return {
    protocolType: value.protocolType === '' ? null : value.protocolType,
    generation: value.generation,
    protocolName: value.protocol,
    leaderId: value.leader,
    stateTimestampMs: value.currentStateTimestamp,
    members: value.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      // Version 0 knew one timeout only.
      rebalanceTimeoutMs: version === 0 ? member.sessionTimeout : member.rebalanceTimeout,
      sessionTimeoutMs: member.sessionTimeout,
      subscription: ownBytes(member.subscription),
      assignment: ownBytes(member.assignment),
    })),
  }
}

function groupKey(groupId: string): Buffer {
  const key = typed(GROUP_KEY)
  writeGroupMetadataKey(key, { group: groupId }, 0)
  return key.toBuffer()
}

function typed(int16: number): Writer {
  const writer = new Writer()
  writer.int16(int16)
  return writer
}
