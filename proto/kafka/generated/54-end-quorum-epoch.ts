// Generated from schema/54-end-quorum-epoch.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** A leader of the metadata quorum steps down and names who should follow (KIP-595). Versions 0-1. */
export interface EndQuorumEpochRequest {
  /** Cluster id that the sender believes in. May be null. Default null. */
  clusterId: string | null
  /** Topics. */
  topics: TopicData[]
  /** Where the leader is reached. Versions 1. */
  leaderEndpoints: LeaderEndpoint[]
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
  /** Node id of the leader, -1 for unknown. */
  leaderId: number
  /** Leader epoch. */
  leaderEpoch: number
  /** Who should stand first, best first. Versions 0. */
  preferredSuccessors: number[]
  /** Who should stand first, best first. Versions 1. */
  preferredCandidates: ReplicaInfo[]
}

/** Who should stand first, best first. */
export interface ReplicaInfo {
  /** Node id. Versions 1. */
  candidateId: number
  /** Its metadata directory. Versions 1. */
  candidateDirectoryId: string
}

/** Where the leader is reached. */
export interface LeaderEndpoint {
  /** Name of the listener. Versions 1. */
  name: string
  /** Host name. Versions 1. */
  host: string
  /** Port. Versions 1. */
  port: number
}

/** Reads a EndQuorumEpochRequest. Throws `WireError` for bad bytes. */
export function readEndQuorumEpochRequest(r: Reader, version: number): EndQuorumEpochRequest {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('EndQuorumEpochRequest', version)
  const clusterId: string | null = version >= 1 ? r.compactNullableString() : r.nullableString()
  const topicsCount = version >= 1 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: TopicData[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readTopicData(r, version)
  const leaderEndpointsCount = version >= 1 ? r.compactArrayLength(1) : 0
  const leaderEndpoints: LeaderEndpoint[] = r.list(leaderEndpointsCount)
  for (let i = 0; i < leaderEndpointsCount; i++) leaderEndpoints[i] = readLeaderEndpoint(r, version)
  if (version >= 1) r.skipTags()
  return { clusterId, topics, leaderEndpoints }
}

/** Writes a EndQuorumEpochRequest; fields the version lacks are left out. */
export function writeEndQuorumEpochRequest(w: Writer, m: EndQuorumEpochRequest, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('EndQuorumEpochRequest', version)
  if (version >= 1) w.compactNullableString(m.clusterId)
  else w.nullableString(m.clusterId)
  if (version >= 1) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeTopicData(w, item, version)
  if (version >= 1) {
    w.compactArrayLength(m.leaderEndpoints.length)
    for (const item of m.leaderEndpoints) writeLeaderEndpoint(w, item, version)
  }
  if (version >= 1) w.unsignedVarint(0)
}

function readTopicData(r: Reader, version: number): TopicData {
  const topicName = version >= 1 ? r.compactString() : r.string()
  const partitionsCount = version >= 1 ? r.compactArrayLength(14) : r.arrayLength(14)
  const partitions: PartitionData[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readPartitionData(r, version)
  if (version >= 1) r.skipTags()
  return { topicName, partitions }
}

function writeTopicData(w: Writer, m: TopicData, version: number): void {
  if (version >= 1) w.compactString(m.topicName)
  else w.string(m.topicName)
  if (version >= 1) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writePartitionData(w, item, version)
  if (version >= 1) w.unsignedVarint(0)
}

function readPartitionData(r: Reader, version: number): PartitionData {
  const partitionIndex = r.int32()
  const leaderId = r.int32()
  const leaderEpoch = r.int32()
  const preferredSuccessorsCount = version >= 1 ? 0 : r.arrayLength(4)
  const preferredSuccessors: number[] = r.list(preferredSuccessorsCount)
  for (let i = 0; i < preferredSuccessorsCount; i++) preferredSuccessors[i] = r.int32()
  const preferredCandidatesCount = version >= 1 ? r.compactArrayLength(1) : 0
  const preferredCandidates: ReplicaInfo[] = r.list(preferredCandidatesCount)
  for (let i = 0; i < preferredCandidatesCount; i++) preferredCandidates[i] = readReplicaInfo(r, version)
  if (version >= 1) r.skipTags()
  return { partitionIndex, leaderId, leaderEpoch, preferredSuccessors, preferredCandidates }
}

function writePartitionData(w: Writer, m: PartitionData, version: number): void {
  w.int32(m.partitionIndex)
  w.int32(m.leaderId)
  w.int32(m.leaderEpoch)
  if (version <= 0) {
    w.arrayLength(m.preferredSuccessors.length)
    for (const item of m.preferredSuccessors) w.int32(item)
  }
  if (version >= 1) {
    w.compactArrayLength(m.preferredCandidates.length)
    for (const item of m.preferredCandidates) writeReplicaInfo(w, item, version)
  }
  if (version >= 1) w.unsignedVarint(0)
}

function readReplicaInfo(r: Reader, _version: number): ReplicaInfo {
  const candidateId = r.int32()
  const candidateDirectoryId = r.uuid()
  r.skipTags()
  return { candidateId, candidateDirectoryId }
}

function writeReplicaInfo(w: Writer, m: ReplicaInfo, _version: number): void {
  w.int32(m.candidateId)
  w.uuid(m.candidateDirectoryId)
  w.unsignedVarint(0)
}

function readLeaderEndpoint(r: Reader, _version: number): LeaderEndpoint {
  const name = r.compactString()
  const host = r.compactString()
  const port = r.uint16()
  r.skipTags()
  return { name, host, port }
}

function writeLeaderEndpoint(w: Writer, m: LeaderEndpoint, _version: number): void {
  w.compactString(m.name)
  w.compactString(m.host)
  w.uint16(m.port)
  w.unsignedVarint(0)
}

/** Answer to `EndQuorumEpochRequest`. Versions 0-1. */
export interface EndQuorumEpochResponse {
  /** Error, 0 for none. */
  errorCode: number
  /** Topics. */
  topics: TopicDataResult[]
  /** Addresses of the leaders named above. Versions 1. */
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
}

/** Addresses of the leaders named above. */
export interface NodeEndpoint {
  /** Node id. Versions 1. */
  nodeId: number
  /** Host name. Versions 1. */
  host: string
  /** Port. Versions 1. */
  port: number
}

/** Reads a EndQuorumEpochResponse. Throws `WireError` for bad bytes. */
export function readEndQuorumEpochResponse(r: Reader, version: number): EndQuorumEpochResponse {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('EndQuorumEpochResponse', version)
  const errorCode = r.int16()
  const topicsCount = version >= 1 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: TopicDataResult[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readTopicDataResult(r, version)
  let nodeEndpoints: NodeEndpoint[] = []
  if (version >= 1) {
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

/** Writes a EndQuorumEpochResponse; fields the version lacks are left out. */
export function writeEndQuorumEpochResponse(w: Writer, m: EndQuorumEpochResponse, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('EndQuorumEpochResponse', version)
  w.int16(m.errorCode)
  if (version >= 1) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeTopicDataResult(w, item, version)
  if (version >= 1) {
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
  const topicName = version >= 1 ? r.compactString() : r.string()
  const partitionsCount = version >= 1 ? r.compactArrayLength(14) : r.arrayLength(14)
  const partitions: PartitionDataResult[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readPartitionDataResult(r, version)
  if (version >= 1) r.skipTags()
  return { topicName, partitions }
}

function writeTopicDataResult(w: Writer, m: TopicDataResult, version: number): void {
  if (version >= 1) w.compactString(m.topicName)
  else w.string(m.topicName)
  if (version >= 1) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writePartitionDataResult(w, item, version)
  if (version >= 1) w.unsignedVarint(0)
}

function readPartitionDataResult(r: Reader, version: number): PartitionDataResult {
  const partitionIndex = r.int32()
  const errorCode = r.int16()
  const leaderId = r.int32()
  const leaderEpoch = r.int32()
  if (version >= 1) r.skipTags()
  return { partitionIndex, errorCode, leaderId, leaderEpoch }
}

function writePartitionDataResult(w: Writer, m: PartitionDataResult, version: number): void {
  w.int32(m.partitionIndex)
  w.int16(m.errorCode)
  w.int32(m.leaderId)
  w.int32(m.leaderEpoch)
  if (version >= 1) w.unsignedVarint(0)
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

