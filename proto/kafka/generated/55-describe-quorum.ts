// Generated from schema/55-describe-quorum.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { ZERO_UUID } from '../uuid.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Describes the leader, the voters and the observers of the metadata quorum (KIP-595). Versions 0-2. */
export interface DescribeQuorumRequest {
  /** Topics. */
  topics: TopicData[]
}

/** Topics. */
export interface TopicData {
  /** Topic name. */
  topicName: string
  /** Partitions. */
  partitions: PartitionData[]
}

/** Partitions. */
export interface PartitionData {
  /** Partition. */
  partitionIndex: number
}

/** Reads a DescribeQuorumRequest. Throws `WireError` for bad bytes. */
export function readDescribeQuorumRequest(r: Reader, version: number): DescribeQuorumRequest {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DescribeQuorumRequest', version)
  const topicsCount = r.compactArrayLength(3)
  const topics: TopicData[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readTopicData(r, version)
  r.skipTags()
  return { topics }
}

/** Writes a DescribeQuorumRequest; fields the version lacks are left out. */
export function writeDescribeQuorumRequest(w: Writer, m: DescribeQuorumRequest, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DescribeQuorumRequest', version)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeTopicData(w, item, version)
  w.unsignedVarint(0)
}

function readTopicData(r: Reader, version: number): TopicData {
  const topicName = r.compactString()
  const partitionsCount = r.compactArrayLength(5)
  const partitions: PartitionData[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readPartitionData(r, version)
  r.skipTags()
  return { topicName, partitions }
}

function writeTopicData(w: Writer, m: TopicData, version: number): void {
  w.compactString(m.topicName)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) writePartitionData(w, item, version)
  w.unsignedVarint(0)
}

function readPartitionData(r: Reader, _version: number): PartitionData {
  const partitionIndex = r.int32()
  r.skipTags()
  return { partitionIndex }
}

function writePartitionData(w: Writer, m: PartitionData, _version: number): void {
  w.int32(m.partitionIndex)
  w.unsignedVarint(0)
}

/** Answer to `DescribeQuorumRequest`. Versions 0-2. */
export interface DescribeQuorumResponse {
  /** Error, 0 for none. */
  errorCode: number
  /** Why. Versions 2. May be null. */
  errorMessage: string | null
  /** Topics. */
  topics: TopicDataResult[]
  /** Nodes of the quorum. Versions 2. */
  nodes: Node[]
}

/** How far a replica has come. */
export interface ReplicaState {
  /** Node id. */
  replicaId: number
  /** Its directory. Versions 2. */
  replicaDirectoryId: string
  /** End of its log, -1 for unknown. */
  logEndOffset: number
  /** When it fetched last, by the clock of the leader, -1 for unknown. Versions 1+. Default -1. */
  lastFetchTimestamp: number
  /** When it had everything last, -1 for unknown. Versions 1+. Default -1. */
  lastCaughtUpTimestamp: number
}

/** Topics. */
export interface TopicDataResult {
  /** Topic name. */
  topicName: string
  /** Partitions. */
  partitions: PartitionDataResult[]
}

/** Partitions. */
export interface PartitionDataResult {
  /** Partition. */
  partitionIndex: number
  /** Error, 0 for none. */
  errorCode: number
  /** Why. Versions 2. May be null. */
  errorMessage: string | null
  /** Node id of the leader, -1 for unknown. */
  leaderId: number
  /** Leader epoch. */
  leaderEpoch: number
  /** Offset below which records are committed. */
  highWatermark: number
  /** Voters. */
  currentVoters: ReplicaState[]
  /** Those who fetch and do not vote. */
  observers: ReplicaState[]
}

/** Nodes of the quorum. */
export interface Node {
  /** Node id. Versions 2. */
  nodeId: number
  /** Where it is reached. Versions 2. */
  listeners: Listener[]
}

/** Where it is reached. */
export interface Listener {
  /** Name of the listener. Versions 2. */
  name: string
  /** Host name. Versions 2. */
  host: string
  /** Port. Versions 2. */
  port: number
}

/** Reads a DescribeQuorumResponse. Throws `WireError` for bad bytes. */
export function readDescribeQuorumResponse(r: Reader, version: number): DescribeQuorumResponse {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DescribeQuorumResponse', version)
  const errorCode = r.int16()
  const errorMessage: string | null = version >= 2 ? r.compactNullableString() : ''
  const topicsCount = r.compactArrayLength(3)
  const topics: TopicDataResult[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readTopicDataResult(r, version)
  const nodesCount = version >= 2 ? r.compactArrayLength(1) : 0
  const nodes: Node[] = r.list(nodesCount)
  for (let i = 0; i < nodesCount; i++) nodes[i] = readNode(r, version)
  r.skipTags()
  return { errorCode, errorMessage, topics, nodes }
}

/** Writes a DescribeQuorumResponse; fields the version lacks are left out. */
export function writeDescribeQuorumResponse(w: Writer, m: DescribeQuorumResponse, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DescribeQuorumResponse', version)
  w.int16(m.errorCode)
  if (version >= 2) w.compactNullableString(m.errorMessage)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeTopicDataResult(w, item, version)
  if (version >= 2) {
    w.compactArrayLength(m.nodes.length)
    for (const item of m.nodes) writeNode(w, item, version)
  }
  w.unsignedVarint(0)
}

function readReplicaState(r: Reader, version: number): ReplicaState {
  const replicaId = r.int32()
  const replicaDirectoryId = version >= 2 ? r.uuid() : ZERO_UUID
  const logEndOffset = r.int64()
  const lastFetchTimestamp = version >= 1 ? r.int64() : -1
  const lastCaughtUpTimestamp = version >= 1 ? r.int64() : -1
  r.skipTags()
  return { replicaId, replicaDirectoryId, logEndOffset, lastFetchTimestamp, lastCaughtUpTimestamp }
}

function writeReplicaState(w: Writer, m: ReplicaState, version: number): void {
  w.int32(m.replicaId)
  if (version >= 2) w.uuid(m.replicaDirectoryId)
  w.int64(m.logEndOffset)
  if (version >= 1) w.int64(m.lastFetchTimestamp)
  if (version >= 1) w.int64(m.lastCaughtUpTimestamp)
  w.unsignedVarint(0)
}

function readTopicDataResult(r: Reader, version: number): TopicDataResult {
  const topicName = r.compactString()
  const partitionsCount = r.compactArrayLength(25)
  const partitions: PartitionDataResult[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readPartitionDataResult(r, version)
  r.skipTags()
  return { topicName, partitions }
}

function writeTopicDataResult(w: Writer, m: TopicDataResult, version: number): void {
  w.compactString(m.topicName)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) writePartitionDataResult(w, item, version)
  w.unsignedVarint(0)
}

function readPartitionDataResult(r: Reader, version: number): PartitionDataResult {
  const partitionIndex = r.int32()
  const errorCode = r.int16()
  const errorMessage: string | null = version >= 2 ? r.compactNullableString() : ''
  const leaderId = r.int32()
  const leaderEpoch = r.int32()
  const highWatermark = r.int64()
  const currentVotersCount = r.compactArrayLength(13)
  const currentVoters: ReplicaState[] = r.list(currentVotersCount)
  for (let i = 0; i < currentVotersCount; i++) currentVoters[i] = readReplicaState(r, version)
  const observersCount = r.compactArrayLength(13)
  const observers: ReplicaState[] = r.list(observersCount)
  for (let i = 0; i < observersCount; i++) observers[i] = readReplicaState(r, version)
  r.skipTags()
  return { partitionIndex, errorCode, errorMessage, leaderId, leaderEpoch, highWatermark, currentVoters, observers }
}

function writePartitionDataResult(w: Writer, m: PartitionDataResult, version: number): void {
  w.int32(m.partitionIndex)
  w.int16(m.errorCode)
  if (version >= 2) w.compactNullableString(m.errorMessage)
  w.int32(m.leaderId)
  w.int32(m.leaderEpoch)
  w.int64(m.highWatermark)
  w.compactArrayLength(m.currentVoters.length)
  for (const item of m.currentVoters) writeReplicaState(w, item, version)
  w.compactArrayLength(m.observers.length)
  for (const item of m.observers) writeReplicaState(w, item, version)
  w.unsignedVarint(0)
}

function readNode(r: Reader, version: number): Node {
  const nodeId = r.int32()
  const listenersCount = r.compactArrayLength(5)
  const listeners: Listener[] = r.list(listenersCount)
  for (let i = 0; i < listenersCount; i++) listeners[i] = readListener(r, version)
  r.skipTags()
  return { nodeId, listeners }
}

function writeNode(w: Writer, m: Node, version: number): void {
  w.int32(m.nodeId)
  w.compactArrayLength(m.listeners.length)
  for (const item of m.listeners) writeListener(w, item, version)
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

