// Generated from schema/56-alter-partition.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** A leader asks the controller to change the in-sync replicas of its partitions (KIP-497). Versions 2-3. */
export interface AlterPartitionRequest {
  /** Node id of the broker. */
  brokerId: number
  /** Its epoch, -1 for unknown. Default -1. */
  brokerEpoch: number
  /** Topics. */
  topics: TopicData[]
}

/** Topics. */
export interface TopicData {
  /** Topic id. */
  topicId: string
  /** Partitions. */
  partitions: PartitionData[]
}

/** Partitions. */
export interface PartitionData {
  /** Partition. */
  partitionIndex: number
  /** Leader epoch. */
  leaderEpoch: number
  /** Wanted in-sync replicas. Versions 2. */
  newIsr: number[]
  /** Wanted in-sync replicas. Versions 3. */
  newIsrWithEpochs: BrokerState[]
  /** 1 after an unclean election, until recovered. */
  leaderRecoveryState: number
  /** Partition epoch, +1 at every change. */
  partitionEpoch: number
}

/** Wanted in-sync replicas. */
export interface BrokerState {
  /** Node id of the broker. Versions 3. */
  brokerId: number
  /** Its epoch, -1 for unknown. Versions 3. Default -1. */
  brokerEpoch: number
}

/** Reads a AlterPartitionRequest. Throws `WireError` for bad bytes. */
export function readAlterPartitionRequest(r: Reader, version: number): AlterPartitionRequest {
  if (!(version >= 2 && version <= 3)) throw unsupportedVersion('AlterPartitionRequest', version)
  const brokerId = r.int32()
  const brokerEpoch = r.int64()
  const topicsCount = r.compactArrayLength(18)
  const topics: TopicData[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readTopicData(r, version)
  r.skipTags()
  return { brokerId, brokerEpoch, topics }
}

/** Writes a AlterPartitionRequest; fields the version lacks are left out. */
export function writeAlterPartitionRequest(w: Writer, m: AlterPartitionRequest, version: number): void {
  if (!(version >= 2 && version <= 3)) throw unsupportedVersion('AlterPartitionRequest', version)
  w.int32(m.brokerId)
  w.int64(m.brokerEpoch)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeTopicData(w, item, version)
  w.unsignedVarint(0)
}

function readTopicData(r: Reader, version: number): TopicData {
  const topicId = r.uuid()
  const partitionsCount = r.compactArrayLength(15)
  const partitions: PartitionData[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readPartitionData(r, version)
  r.skipTags()
  return { topicId, partitions }
}

function writeTopicData(w: Writer, m: TopicData, version: number): void {
  w.uuid(m.topicId)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) writePartitionData(w, item, version)
  w.unsignedVarint(0)
}

function readPartitionData(r: Reader, version: number): PartitionData {
  const partitionIndex = r.int32()
  const leaderEpoch = r.int32()
  const newIsrCount = version >= 3 ? 0 : r.compactArrayLength(4)
  const newIsr: number[] = r.list(newIsrCount)
  for (let i = 0; i < newIsrCount; i++) newIsr[i] = r.int32()
  const newIsrWithEpochsCount = version >= 3 ? r.compactArrayLength(1) : 0
  const newIsrWithEpochs: BrokerState[] = r.list(newIsrWithEpochsCount)
  for (let i = 0; i < newIsrWithEpochsCount; i++) newIsrWithEpochs[i] = readBrokerState(r, version)
  const leaderRecoveryState = r.int8()
  const partitionEpoch = r.int32()
  r.skipTags()
  return { partitionIndex, leaderEpoch, newIsr, newIsrWithEpochs, leaderRecoveryState, partitionEpoch }
}

function writePartitionData(w: Writer, m: PartitionData, version: number): void {
  w.int32(m.partitionIndex)
  w.int32(m.leaderEpoch)
  if (version <= 2) {
    w.compactArrayLength(m.newIsr.length)
    for (const item of m.newIsr) w.int32(item)
  }
  if (version >= 3) {
    w.compactArrayLength(m.newIsrWithEpochs.length)
    for (const item of m.newIsrWithEpochs) writeBrokerState(w, item, version)
  }
  w.int8(m.leaderRecoveryState)
  w.int32(m.partitionEpoch)
  w.unsignedVarint(0)
}

function readBrokerState(r: Reader, _version: number): BrokerState {
  const brokerId = r.int32()
  const brokerEpoch = r.int64()
  r.skipTags()
  return { brokerId, brokerEpoch }
}

function writeBrokerState(w: Writer, m: BrokerState, _version: number): void {
  w.int32(m.brokerId)
  w.int64(m.brokerEpoch)
  w.unsignedVarint(0)
}

/** Answer to `AlterPartitionRequest`. Versions 2-3. */
export interface AlterPartitionResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Topics. */
  topics: TopicDataResult[]
}

/** Topics. */
export interface TopicDataResult {
  /** Topic id. */
  topicId: string
  /** Partitions. */
  partitions: PartitionDataResult[]
}

/** Partitions. */
export interface PartitionDataResult {
  /** Partition. */
  partitionIndex: number
  /** Error, 0 for none. */
  errorCode: number
  /** Node id of the leader, -1 for unknown. */
  leaderId: number
  /** Leader epoch. */
  leaderEpoch: number
  /** In-sync replicas. */
  isr: number[]
  /** 1 after an unclean election, until recovered. */
  leaderRecoveryState: number
  /** Partition epoch, +1 at every change. */
  partitionEpoch: number
}

/** Reads a AlterPartitionResponse. Throws `WireError` for bad bytes. */
export function readAlterPartitionResponse(r: Reader, version: number): AlterPartitionResponse {
  if (!(version >= 2 && version <= 3)) throw unsupportedVersion('AlterPartitionResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const topicsCount = r.compactArrayLength(18)
  const topics: TopicDataResult[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readTopicDataResult(r, version)
  r.skipTags()
  return { throttleTimeMs, errorCode, topics }
}

/** Writes a AlterPartitionResponse; fields the version lacks are left out. */
export function writeAlterPartitionResponse(w: Writer, m: AlterPartitionResponse, version: number): void {
  if (!(version >= 2 && version <= 3)) throw unsupportedVersion('AlterPartitionResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeTopicDataResult(w, item, version)
  w.unsignedVarint(0)
}

function readTopicDataResult(r: Reader, version: number): TopicDataResult {
  const topicId = r.uuid()
  const partitionsCount = r.compactArrayLength(21)
  const partitions: PartitionDataResult[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readPartitionDataResult(r, version)
  r.skipTags()
  return { topicId, partitions }
}

function writeTopicDataResult(w: Writer, m: TopicDataResult, version: number): void {
  w.uuid(m.topicId)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) writePartitionDataResult(w, item, version)
  w.unsignedVarint(0)
}

function readPartitionDataResult(r: Reader, _version: number): PartitionDataResult {
  const partitionIndex = r.int32()
  const errorCode = r.int16()
  const leaderId = r.int32()
  const leaderEpoch = r.int32()
  const isrCount = r.compactArrayLength(4)
  const isr: number[] = r.list(isrCount)
  for (let i = 0; i < isrCount; i++) isr[i] = r.int32()
  const leaderRecoveryState = r.int8()
  const partitionEpoch = r.int32()
  r.skipTags()
  return { partitionIndex, errorCode, leaderId, leaderEpoch, isr, leaderRecoveryState, partitionEpoch }
}

function writePartitionDataResult(w: Writer, m: PartitionDataResult, _version: number): void {
  w.int32(m.partitionIndex)
  w.int16(m.errorCode)
  w.int32(m.leaderId)
  w.int32(m.leaderEpoch)
  w.compactArrayLength(m.isr.length)
  for (const item of m.isr) w.int32(item)
  w.int8(m.leaderRecoveryState)
  w.int32(m.partitionEpoch)
  w.unsignedVarint(0)
}

