// Generated from schema/59-fetch-snapshot.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { ZERO_UUID } from '../uuid.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** Reads a piece of a snapshot of the metadata log (KIP-630). Versions 0-1. */
export interface FetchSnapshotRequest {
  /** Cluster id that the sender believes in. May be null. Default null. */
  clusterId: string | null
  /** Node id. Default -1. */
  replicaId: number
  /** Most bytes in all. Default 0x7fffffff. */
  maxBytes: number
  /** Topics. */
  topics: TopicSnapshot[]
}

/** Topics. */
export interface TopicSnapshot {
  /** Topic name. */
  name: string
  /** Partitions. */
  partitions: PartitionSnapshot[]
}

/** Partitions. */
export interface PartitionSnapshot {
  /** Partition. */
  partition: number
  /** Leader epoch the sender knows, -1 for unknown. */
  currentLeaderEpoch: number
  /** Which snapshot. */
  snapshotId: SnapshotId
  /** First byte of this piece. */
  position: number
  /** Its directory. Versions 1. */
  replicaDirectoryId: string
}

/** Which snapshot. */
export interface SnapshotId {
  /** Offset after the snapshot. */
  endOffset: number
  /** Epoch of its last record. */
  epoch: number
}

/** Every field at its default; shared, so frozen. */
export const defaultSnapshotId: SnapshotId = Object.freeze({
  endOffset: 0,
  epoch: 0,
})

/** Reads a FetchSnapshotRequest. Throws `WireError` for bad bytes. */
export function readFetchSnapshotRequest(r: Reader, version: number): FetchSnapshotRequest {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('FetchSnapshotRequest', version)
  let clusterId: string | null = null
  const replicaId = r.int32()
  const maxBytes = r.int32()
  const topicsCount = r.compactArrayLength(3)
  const topics: TopicSnapshot[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readTopicSnapshot(r, version)
  {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0) clusterId = r.compactNullableString()
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { clusterId, replicaId, maxBytes, topics }
}

/** Writes a FetchSnapshotRequest; fields the version lacks are left out. */
export function writeFetchSnapshotRequest(w: Writer, m: FetchSnapshotRequest, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('FetchSnapshotRequest', version)
  w.int32(m.replicaId)
  w.int32(m.maxBytes)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeTopicSnapshot(w, item, version)
  {
    const hasClusterId = !(m.clusterId === null)
    w.unsignedVarint((hasClusterId ? 1 : 0))
    if (hasClusterId) {
      const body = new Writer(64)
      body.compactNullableString(m.clusterId)
      w.taggedField(0, body)
    }
  }
}

function readTopicSnapshot(r: Reader, version: number): TopicSnapshot {
  const name = r.compactString()
  const partitionsCount = r.compactArrayLength(30)
  const partitions: PartitionSnapshot[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readPartitionSnapshot(r, version)
  r.skipTags()
  return { name, partitions }
}

function writeTopicSnapshot(w: Writer, m: TopicSnapshot, version: number): void {
  w.compactString(m.name)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) writePartitionSnapshot(w, item, version)
  w.unsignedVarint(0)
}

function readPartitionSnapshot(r: Reader, version: number): PartitionSnapshot {
  const partition = r.int32()
  const currentLeaderEpoch = r.int32()
  const snapshotId: SnapshotId = readSnapshotId(r, version)
  const position = r.int64()
  let replicaDirectoryId: string = ZERO_UUID
  {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 1) replicaDirectoryId = r.uuid()
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { partition, currentLeaderEpoch, snapshotId, position, replicaDirectoryId }
}

function writePartitionSnapshot(w: Writer, m: PartitionSnapshot, version: number): void {
  w.int32(m.partition)
  w.int32(m.currentLeaderEpoch)
  writeSnapshotId(w, m.snapshotId, version)
  w.int64(m.position)
  {
    const hasReplicaDirectoryId = version >= 1 && !(m.replicaDirectoryId === ZERO_UUID)
    w.unsignedVarint((hasReplicaDirectoryId ? 1 : 0))
    if (hasReplicaDirectoryId) {
      const body = new Writer(64)
      body.uuid(m.replicaDirectoryId)
      w.taggedField(0, body)
    }
  }
}

function readSnapshotId(r: Reader, _version: number): SnapshotId {
  const endOffset = r.int64()
  const epoch = r.int32()
  r.skipTags()
  return { endOffset, epoch }
}

function writeSnapshotId(w: Writer, m: SnapshotId, _version: number): void {
  w.int64(m.endOffset)
  w.int32(m.epoch)
  w.unsignedVarint(0)
}

/** Answer to `FetchSnapshotRequest`. Versions 0-1. */
export interface FetchSnapshotResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Topics. */
  topics: TopicSnapshotResult[]
  /** Addresses of the leaders named above. Versions 1. */
  nodeEndpoints: NodeEndpoint[]
}

/** Topics. */
export interface TopicSnapshotResult {
  /** Topic name. */
  name: string
  /** Partitions. */
  partitions: PartitionSnapshotResult[]
}

/** Partitions. */
export interface PartitionSnapshotResult {
  /** Partition. */
  index: number
  /** Error, 0 for none. */
  errorCode: number
  /** Which snapshot. */
  snapshotId: SnapshotIdResult
  /** Who leads. */
  currentLeader: LeaderIdAndEpoch
  /** Bytes in the whole snapshot. */
  size: number
  /** First byte of this piece. */
  position: number
  /** Bytes of the snapshot, cut anywhere. */
  unalignedRecords: Buffer
}

/** Which snapshot. */
export interface SnapshotIdResult {
  /** Offset after the snapshot. */
  endOffset: number
  /** Epoch of its last record. */
  epoch: number
}

/** Who leads. */
export interface LeaderIdAndEpoch {
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

/** Every field at its default; shared, so frozen. */
export const defaultLeaderIdAndEpoch: LeaderIdAndEpoch = Object.freeze({
  leaderId: 0,
  leaderEpoch: 0,
})

/** Every field at its default; shared, so frozen. */
export const defaultSnapshotIdResult: SnapshotIdResult = Object.freeze({
  endOffset: 0,
  epoch: 0,
})

/** Reads a FetchSnapshotResponse. Throws `WireError` for bad bytes. */
export function readFetchSnapshotResponse(r: Reader, version: number): FetchSnapshotResponse {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('FetchSnapshotResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const topicsCount = r.compactArrayLength(3)
  const topics: TopicSnapshotResult[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readTopicSnapshotResult(r, version)
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
  return { throttleTimeMs, errorCode, topics, nodeEndpoints }
}

/** Writes a FetchSnapshotResponse; fields the version lacks are left out. */
export function writeFetchSnapshotResponse(w: Writer, m: FetchSnapshotResponse, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('FetchSnapshotResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.compactArrayLength(m.topics.length)
  for (const item of m.topics) writeTopicSnapshotResult(w, item, version)
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

function readTopicSnapshotResult(r: Reader, version: number): TopicSnapshotResult {
  const name = r.compactString()
  const partitionsCount = r.compactArrayLength(37)
  const partitions: PartitionSnapshotResult[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readPartitionSnapshotResult(r, version)
  r.skipTags()
  return { name, partitions }
}

function writeTopicSnapshotResult(w: Writer, m: TopicSnapshotResult, version: number): void {
  w.compactString(m.name)
  w.compactArrayLength(m.partitions.length)
  for (const item of m.partitions) writePartitionSnapshotResult(w, item, version)
  w.unsignedVarint(0)
}

function readPartitionSnapshotResult(r: Reader, version: number): PartitionSnapshotResult {
  const index = r.int32()
  const errorCode = r.int16()
  const snapshotId: SnapshotIdResult = readSnapshotIdResult(r, version)
  let currentLeader: LeaderIdAndEpoch = defaultLeaderIdAndEpoch
  const size = r.int64()
  const position = r.int64()
  const unalignedRecords = r.compactBytes()
  {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0) currentLeader = readLeaderIdAndEpoch(r, version)
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { index, errorCode, snapshotId, currentLeader, size, position, unalignedRecords }
}

function writePartitionSnapshotResult(w: Writer, m: PartitionSnapshotResult, version: number): void {
  w.int32(m.index)
  w.int16(m.errorCode)
  writeSnapshotIdResult(w, m.snapshotId, version)
  w.int64(m.size)
  w.int64(m.position)
  w.compactBytes(m.unalignedRecords)
  {
    const hasCurrentLeader = !(isDefaultLeaderIdAndEpoch(m.currentLeader))
    w.unsignedVarint((hasCurrentLeader ? 1 : 0))
    if (hasCurrentLeader) {
      const body = new Writer(64)
      writeLeaderIdAndEpoch(body, m.currentLeader, version)
      w.taggedField(0, body)
    }
  }
}

function readSnapshotIdResult(r: Reader, _version: number): SnapshotIdResult {
  const endOffset = r.int64()
  const epoch = r.int32()
  r.skipTags()
  return { endOffset, epoch }
}

function writeSnapshotIdResult(w: Writer, m: SnapshotIdResult, _version: number): void {
  w.int64(m.endOffset)
  w.int32(m.epoch)
  w.unsignedVarint(0)
}

function readLeaderIdAndEpoch(r: Reader, _version: number): LeaderIdAndEpoch {
  const leaderId = r.int32()
  const leaderEpoch = r.int32()
  r.skipTags()
  return { leaderId, leaderEpoch }
}

function writeLeaderIdAndEpoch(w: Writer, m: LeaderIdAndEpoch, _version: number): void {
  w.int32(m.leaderId)
  w.int32(m.leaderEpoch)
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

function isDefaultLeaderIdAndEpoch(m: LeaderIdAndEpoch): boolean {
  return m.leaderId === 0 && m.leaderEpoch === 0
}

