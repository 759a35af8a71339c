// Generated from schema/data-consumer-protocol.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** What a member of a consumer group gets. Versions 0-3. */
export interface ConsumerProtocolAssignment {
  /** Per topic. */
  assignedPartitions: AssignedPartitions[]
  /** From the assignor. May be null. Default null. */
  userData: Buffer | null
}

/** Per topic. */
export interface AssignedPartitions {
  /** Topic name. */
  topic: string
  /** Partitions. */
  partitions: number[]
}

/** Reads a ConsumerProtocolAssignment. Throws `WireError` for bad bytes. */
export function readConsumerProtocolAssignment(r: Reader, version: number): ConsumerProtocolAssignment {
  if (!(version >= 0 && version <= 3)) throw unsupportedVersion('ConsumerProtocolAssignment', version)
  const assignedPartitionsCount = r.arrayLength(6)
  const assignedPartitions: AssignedPartitions[] = r.list(assignedPartitionsCount)
  for (let i = 0; i < assignedPartitionsCount; i++) assignedPartitions[i] = readAssignedPartitions(r, version)
  const userData: Buffer | null = r.nullableBytes()
  return { assignedPartitions, userData }
}

/** Writes a ConsumerProtocolAssignment; fields the version lacks are left out. */
export function writeConsumerProtocolAssignment(w: Writer, m: ConsumerProtocolAssignment, version: number): void {
  if (!(version >= 0 && version <= 3)) throw unsupportedVersion('ConsumerProtocolAssignment', version)
  w.arrayLength(m.assignedPartitions.length)
  for (const item of m.assignedPartitions) writeAssignedPartitions(w, item, version)
  w.nullableBytes(m.userData)
}

function readAssignedPartitions(r: Reader, _version: number): AssignedPartitions {
  const topic = r.string()
  const partitionsCount = r.arrayLength(4)
  const partitions: number[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = r.int32()
  return { topic, partitions }
}

function writeAssignedPartitions(w: Writer, m: AssignedPartitions, _version: number): void {
  w.string(m.topic)
  w.arrayLength(m.partitions.length)
  for (const item of m.partitions) w.int32(item)
}

/** What a member of a consumer group wants. Versions 0-3. */
export interface ConsumerProtocolSubscription {
  /** Topics. */
  topics: string[]
  /** For the assignor. May be null. Default null. */
  userData: Buffer | null
  /** What the member has now. Versions 1+. */
  ownedPartitions: OwnedPartitions[]
  /** Generation it got them in. Versions 2+. Default -1. */
  generationId: number
  /** Its rack. Versions 3. May be null. Default null. */
  rackId: string | null
}

/** What the member has now. */
export interface OwnedPartitions {
  /** Topic name. Versions 1+. */
  topic: string
  /** Partitions. Versions 1+. */
  partitions: number[]
}

/** Reads a ConsumerProtocolSubscription. Throws `WireError` for bad bytes. */
export function readConsumerProtocolSubscription(r: Reader, version: number): ConsumerProtocolSubscription {
  if (!(version >= 0 && version <= 3)) throw unsupportedVersion('ConsumerProtocolSubscription', version)
  const topicsCount = r.arrayLength(2)
  const topics: string[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = r.string()
  const userData: Buffer | null = r.nullableBytes()
  const ownedPartitionsCount = version >= 1 ? r.arrayLength(1) : 0
  const ownedPartitions: OwnedPartitions[] = r.list(ownedPartitionsCount)
  for (let i = 0; i < ownedPartitionsCount; i++) ownedPartitions[i] = readOwnedPartitions(r, version)
  const generationId = version >= 2 ? r.int32() : -1
  const rackId: string | null = version >= 3 ? r.nullableString() : null
  return { topics, userData, ownedPartitions, generationId, rackId }
}

/** Writes a ConsumerProtocolSubscription; fields the version lacks are left out. */
export function writeConsumerProtocolSubscription(w: Writer, m: ConsumerProtocolSubscription, version: number): void {
  if (!(version >= 0 && version <= 3)) throw unsupportedVersion('ConsumerProtocolSubscription', version)
  w.arrayLength(m.topics.length)
  for (const item of m.topics) w.string(item)
  w.nullableBytes(m.userData)
  if (version >= 1) {
    w.arrayLength(m.ownedPartitions.length)
    for (const item of m.ownedPartitions) writeOwnedPartitions(w, item, version)
  }
  if (version >= 2) w.int32(m.generationId)
  if (version >= 3) w.nullableString(m.rackId)
}

function readOwnedPartitions(r: Reader, _version: number): OwnedPartitions {
  const topic = r.string()
  const partitionsCount = r.arrayLength(4)
  const partitions: number[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = r.int32()
  return { topic, partitions }
}

function writeOwnedPartitions(w: Writer, m: OwnedPartitions, _version: number): void {
  w.string(m.topic)
  w.arrayLength(m.partitions.length)
  for (const item of m.partitions) w.int32(item)
}

