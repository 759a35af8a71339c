// Generated from schema/52-vote.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { ZERO_UUID } from '../uuid.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** Asks a voter of the metadata quorum for its vote (KIP-595). Versions 0-2. */
export interface VoteRequest {
  /** Cluster id that the sender believes in. May be null. Default null. */
  clusterId: string | null
  /** Node id of the voter. Versions 1+. Default -1. */
  voterId: number
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
  /** Epoch of the candidate. */
  replicaEpoch: number
  /** Node id. */
  replicaId: number
  /** Its directory. Versions 1+. */
  replicaDirectoryId: string
  /** Its metadata directory. Versions 1+. */
  voterDirectoryId: string
  /** Epoch of the last record of the candidate. */
  lastOffsetEpoch: number
  /** End of the log of the candidate. */
  lastOffset: number
  /** A question only, nothing is remembered (KIP-996). Versions 2. */
  preVote: boolean
}

/** Reads a VoteRequest. Throws `WireError` for bad bytes. */
export function readVoteRequest(r: Reader, version: number): VoteRequest {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('VoteRequest', version)
  const clusterId: string | null = r.compactNullableString()
  const voterId = version >= 1 ? r.int32() : -1
  const topicsCount = r.compactArrayLength(3)
  const topics: TopicData[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readTopicData(r, version)
  r.skipTags()
  return { clusterId, voterId, topics }
}

/** Writes a VoteRequest; fields the version lacks are left out. */
export function writeVoteRequest(w: Writer, m: VoteRequest, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('VoteRequest', version)
  w.compactNullableString(m.clusterId)
  if (version >= 1) w.int32(m.voterId)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeTopicData(w, item, version)
  w.unsignedVarint(0)
}

function readTopicData(r: Reader, version: number): TopicData {
  const topicName = r.compactString()
  const partitionsCount = r.compactArrayLength(25)
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

function readPartitionData(r: Reader, version: number): PartitionData {
  const partitionIndex = r.int32()
  const replicaEpoch = r.int32()
  const replicaId = r.int32()
  const replicaDirectoryId = version >= 1 ? r.uuid() : ZERO_UUID
  const voterDirectoryId = version >= 1 ? r.uuid() : ZERO_UUID
  const lastOffsetEpoch = r.int32()
  const lastOffset = r.int64()
  const preVote = version >= 2 ? r.bool() : false
  r.skipTags()
  return { partitionIndex, replicaEpoch, replicaId, replicaDirectoryId, voterDirectoryId, lastOffsetEpoch, lastOffset, preVote }
}

function writePartitionData(w: Writer, m: PartitionData, version: number): void {
  w.int32(m.partitionIndex)
  w.int32(m.replicaEpoch)
  w.int32(m.replicaId)
  if (version >= 1) w.uuid(m.replicaDirectoryId)
  if (version >= 1) w.uuid(m.voterDirectoryId)
  w.int32(m.lastOffsetEpoch)
  w.int64(m.lastOffset)
  if (version >= 2) w.bool(m.preVote)
  w.unsignedVarint(0)
}

/** Answer to `VoteRequest`. Versions 0-2. */
export interface VoteResponse {
  /** Error, 0 for none. */
  errorCode: number
  /** Topics. */
  topics: TopicDataResult[]
  /** Addresses of the leaders named above. Versions 1+. */
  nodeEndpoints: NodeEndpoint[]
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
  /** Node id of the leader, -1 for unknown. */
  leaderId: number
  /** Leader epoch. */
  leaderEpoch: number
  /** Whether the vote is given. */
  voteGranted: boolean
}

/** Addresses of the leaders named above. */
export interface NodeEndpoint {
  /** Node id. Versions 1+. */
  nodeId: number
  /** Host name. Versions 1+. */
  host: string
  /** Port. Versions 1+. */
  port: number
}

/** Reads a VoteResponse. Throws `WireError` for bad bytes. */
export function readVoteResponse(r: Reader, version: number): VoteResponse {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('VoteResponse', version)
  const errorCode = r.int16()
  const topicsCount = r.compactArrayLength(3)
  const topics: TopicDataResult[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readTopicDataResult(r, version)
  let nodeEndpoints: NodeEndpoint[] = []
  {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 1) {
        const count = r.compactArrayLength(8)
        const items: NodeEndpoint[] = r.list(count)
        for (let i = 0; i < count; i++) items[i] = readNodeEndpoint(r, version)
        nodeEndpoints = items
      }       else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { errorCode, topics, nodeEndpoints }
}

/** Writes a VoteResponse; fields the version lacks are left out. */
export function writeVoteResponse(w: Writer, m: VoteResponse, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('VoteResponse', version)
  w.int16(m.errorCode)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeTopicDataResult(w, item, version)
  {
    const hasNodeEndpoints = version >= 1 && !(m.nodeEndpoints.length === 0)
    w.unsignedVarint((hasNodeEndpoints ? 1 : 0))
    if (hasNodeEndpoints) {
      const body = new Writer(64)
      body.compactArrayLength(m.nodeEndpoints.length)
      for (const item of m.nodeEndpoints) writeNodeEndpoint(body, item, version)
      w.taggedField(0, body)
    }
  }
}

function readTopicDataResult(r: Reader, version: number): TopicDataResult {
  const topicName = r.compactString()
  const partitionsCount = r.compactArrayLength(16)
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

function readPartitionDataResult(r: Reader, _version: number): PartitionDataResult {
  const partitionIndex = r.int32()
  const errorCode = r.int16()
  const leaderId = r.int32()
  const leaderEpoch = r.int32()
  const voteGranted = r.bool()
  r.skipTags()
  return { partitionIndex, errorCode, leaderId, leaderEpoch, voteGranted }
}

function writePartitionDataResult(w: Writer, m: PartitionDataResult, _version: number): void {
  w.int32(m.partitionIndex)
  w.int16(m.errorCode)
  w.int32(m.leaderId)
  w.int32(m.leaderEpoch)
  w.bool(m.voteGranted)
  w.unsignedVarint(0)
}

function readNodeEndpoint(r: Reader, _version: number): NodeEndpoint {
  const nodeId = r.int32()
  const host = r.compactString()
  const port = r.uint16()
  r.skipTags()
  return { nodeId, host, port }
}

function writeNodeEndpoint(w: Writer, m: NodeEndpoint, _version: number): void {
  w.int32(m.nodeId)
  w.compactString(m.host)
  w.uint16(m.port)
  w.unsignedVarint(0)
}

