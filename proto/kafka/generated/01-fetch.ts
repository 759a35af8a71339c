// Generated from schema/01-fetch.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { ZERO_UUID } from '../uuid.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** Reads batches of some partitions, waiting for them if there are too few. Versions 4-18. */
export interface FetchRequest {
  /** Cluster id that a follower believes in. Versions 12+. May be null. Default null. */
  clusterId: string | null
  /** Node id of a follower, -1 for a consumer. Versions 4-14. Default -1. */
  replicaId: number
  /** Who asks, when it is a replica. Versions 15+. */
  replicaState: ReplicaState
  /** How long to wait for minBytes. */
  maxWaitMs: number
  /** Answer as soon as there are so many. */
  minBytes: number
  /** Most bytes in all, but at least one batch (W11). Default 0x7fffffff. */
  maxBytes: number
  /** 0 read uncommitted, 1 read committed. */
  isolationLevel: number
  /** Fetch session, 0 for none. Versions 7+. */
  sessionId: number
  /** 0 opens a session, -1 closes it or goes without. Versions 7+. Default -1. */
  sessionEpoch: number
  /** What to read. */
  topics: FetchTopic[]
  /** What leaves the session. Versions 7+. */
  forgottenTopicsData: ForgottenTopic[]
  /** Rack of the consumer, empty for none. Versions 11+. */
  rackId: string
}

/** Who asks, when it is a replica. */
export interface ReplicaState {
  /** Node id of a follower, -1 for a consumer. Versions 15+. Default -1. */
  replicaId: number
  /** Broker epoch of the follower, -1 for unknown. Versions 15+. Default -1. */
  replicaEpoch: number
}

/** What to read. */
export interface FetchTopic {
  /** Topic name. Versions 4-12. */
  topic: string
  /** Topic id. Versions 13+. */
  topicId: string
  /** Partitions to read. */
  partitions: FetchPartition[]
}

/** Partitions to read. */
export interface FetchPartition {
  /** Partition. */
  partition: number
  /** Leader epoch the client knows, -1 for unknown. Versions 9+. Default -1. */
  currentLeaderEpoch: number
  /** First offset wanted. */
  fetchOffset: number
  /** Epoch of the last record a follower has, else -1. Versions 12+. Default -1. */
  lastFetchedEpoch: number
  /** First offset of the follower's log, else -1. Versions 5+. Default -1. */
  logStartOffset: number
  /** Most bytes of this partition. */
  partitionMaxBytes: number
  /** Log directory of the follower. Versions 17+. */
  replicaDirectoryId: string
  /** That the follower knows. Versions 18. Default 9223372036854775807. */
  highWatermark: number
}

/** What leaves the session. */
export interface ForgottenTopic {
  /** Topic name. Versions 7-12. */
  topic: string
  /** Topic id. Versions 13+. */
  topicId: string
  /** Partitions that leave. Versions 7+. */
  partitions: number[]
}

/** Every field at its default; shared, so frozen. */
export const defaultReplicaState: ReplicaState = Object.freeze({
  replicaId: -1,
  replicaEpoch: -1,
})

/** Reads a FetchRequest. Throws `WireError` for bad bytes. */
export function readFetchRequest(r: Reader, version: number): FetchRequest {
  if (!(version >= 4 && version <= 18)) throw unsupportedVersion('FetchRequest', version)
  let clusterId: string | null = null
  const replicaId = version >= 15 ? -1 : r.int32()
  let replicaState: ReplicaState = defaultReplicaState
  const maxWaitMs = r.int32()
  const minBytes = r.int32()
  const maxBytes = r.int32()
  const isolationLevel = r.int8()
  const sessionId = version >= 7 ? r.int32() : 0
  const sessionEpoch = version >= 7 ? r.int32() : -1
  const topicsCount = version >= 12 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topics: FetchTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readFetchTopic(r, version)
  const forgottenTopicsDataCount = version >= 12 ? r.compactArrayLength(1) : (version >= 7 ? r.arrayLength(1) : 0)
  const forgottenTopicsData: ForgottenTopic[] = r.list(forgottenTopicsDataCount)
  for (let i = 0; i < forgottenTopicsDataCount; i++) forgottenTopicsData[i] = readForgottenTopic(r, version)
  const rackId = version >= 12 ? r.compactString() : (version >= 11 ? r.string() : '')
  if (version >= 12) {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 12) clusterId = r.compactNullableString()
      else if (tag === 1 && version >= 15) replicaState = readReplicaState(r, version)
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { clusterId, replicaId, replicaState, maxWaitMs, minBytes, maxBytes, isolationLevel, sessionId, sessionEpoch, topics, forgottenTopicsData, rackId }
}

/** Writes a FetchRequest; fields the version lacks are left out. */
export function writeFetchRequest(w: Writer, m: FetchRequest, version: number): void {
  if (!(version >= 4 && version <= 18)) throw unsupportedVersion('FetchRequest', version)
  if (version >= 15) {}
  else w.int32(m.replicaId)
  w.int32(m.maxWaitMs)
  w.int32(m.minBytes)
  w.int32(m.maxBytes)
  w.int8(m.isolationLevel)
  if (version >= 7) w.int32(m.sessionId)
  if (version >= 7) w.int32(m.sessionEpoch)
  if (version >= 12) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeFetchTopic(w, item, version)
  if (version >= 7) {
    if (version >= 12) w.compactArrayLength(m.forgottenTopicsData.length)
    else w.arrayLength(m.forgottenTopicsData.length)
    for (const item of m.forgottenTopicsData) writeForgottenTopic(w, item, version)
  }
  if (version >= 12) w.compactString(m.rackId)
  else if (version >= 11) w.string(m.rackId)
  if (version >= 12) {
    const hasClusterId = version >= 12 && !(m.clusterId === null)
    const hasReplicaState = version >= 15 && !(isDefaultReplicaState(m.replicaState))
    w.unsignedVarint((hasClusterId ? 1 : 0) + (hasReplicaState ? 1 : 0))
    if (hasClusterId) {
      const body = new Writer(64)
      body.compactNullableString(m.clusterId)
      w.taggedField(0, body)
    }
    if (hasReplicaState) {
      const body = new Writer(64)
      writeReplicaState(body, m.replicaState, version)
      w.taggedField(1, body)
    }
  }
}

function readReplicaState(r: Reader, _version: number): ReplicaState {
  const replicaId = r.int32()
  const replicaEpoch = r.int64()
  r.skipTags()
  return { replicaId, replicaEpoch }
}

function writeReplicaState(w: Writer, m: ReplicaState, _version: number): void {
  w.int32(m.replicaId)
  w.int64(m.replicaEpoch)
  w.unsignedVarint(0)
}

function readFetchTopic(r: Reader, version: number): FetchTopic {
  const topic = version >= 13 ? '' : (version >= 12 ? r.compactString() : r.string())
  const topicId = version >= 13 ? r.uuid() : ZERO_UUID
  const partitionsCount = version >= 12 ? r.compactArrayLength(16) : r.arrayLength(16)
  const partitions: FetchPartition[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readFetchPartition(r, version)
  if (version >= 12) r.skipTags()
  return { topic, topicId, partitions }
}

function writeFetchTopic(w: Writer, m: FetchTopic, version: number): void {
  if (version >= 13) {}
  else if (version >= 12) w.compactString(m.topic)
  else w.string(m.topic)
  if (version >= 13) w.uuid(m.topicId)
  if (version >= 12) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writeFetchPartition(w, item, version)
  if (version >= 12) w.unsignedVarint(0)
}

function readFetchPartition(r: Reader, version: number): FetchPartition {
  const partition = r.int32()
  const currentLeaderEpoch = version >= 9 ? r.int32() : -1
  const fetchOffset = r.int64()
  const lastFetchedEpoch = version >= 12 ? r.int32() : -1
  const logStartOffset = version >= 5 ? r.int64() : -1
  const partitionMaxBytes = r.int32()
  let replicaDirectoryId: string = ZERO_UUID
  let highWatermark: number = 9223372036854775807
  if (version >= 12) {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 17) replicaDirectoryId = r.uuid()
      else if (tag === 1 && version >= 18) highWatermark = r.int64()
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, logStartOffset, partitionMaxBytes, replicaDirectoryId, highWatermark }
}

function writeFetchPartition(w: Writer, m: FetchPartition, version: number): void {
  w.int32(m.partition)
  if (version >= 9) w.int32(m.currentLeaderEpoch)
  w.int64(m.fetchOffset)
  if (version >= 12) w.int32(m.lastFetchedEpoch)
  if (version >= 5) w.int64(m.logStartOffset)
  w.int32(m.partitionMaxBytes)
  if (version >= 12) {
    const hasReplicaDirectoryId = version >= 17 && !(m.replicaDirectoryId === ZERO_UUID)
    const hasHighWatermark = version >= 18 && !(m.highWatermark === 9223372036854775807)
    w.unsignedVarint((hasReplicaDirectoryId ? 1 : 0) + (hasHighWatermark ? 1 : 0))
    if (hasReplicaDirectoryId) {
      const body = new Writer(64)
      body.uuid(m.replicaDirectoryId)
      w.taggedField(0, body)
    }
    if (hasHighWatermark) {
      const body = new Writer(64)
      body.int64(m.highWatermark)
      w.taggedField(1, body)
    }
  }
}

function readForgottenTopic(r: Reader, version: number): ForgottenTopic {
  const topic = version >= 13 ? '' : (version >= 12 ? r.compactString() : r.string())
  const topicId = version >= 13 ? r.uuid() : ZERO_UUID
  const partitionsCount = version >= 12 ? r.compactArrayLength(4) : r.arrayLength(4)
  const partitions: number[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = r.int32()
  if (version >= 12) r.skipTags()
  return { topic, topicId, partitions }
}

function writeForgottenTopic(w: Writer, m: ForgottenTopic, version: number): void {
  if (version >= 13) {}
  else if (version >= 12) w.compactString(m.topic)
  else w.string(m.topic)
  if (version >= 13) w.uuid(m.topicId)
  if (version >= 12) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) w.int32(item)
  if (version >= 12) w.unsignedVarint(0)
}

function isDefaultReplicaState(m: ReplicaState): boolean {
  return m.replicaId === -1 && m.replicaEpoch === -1
}

/** Answer to `FetchRequest`. Versions 4-18. */
export interface FetchResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error of the whole request. Versions 7+. */
  errorCode: number
  /** Fetch session, 0 for none (W13). Versions 7+. */
  sessionId: number
  /** Per topic. */
  responses: FetchableTopicResponse[]
  /** Addresses of the leaders named above. Versions 16+. */
  nodeEndpoints: NodeEndpoint[]
}

/** Per topic. */
export interface FetchableTopicResponse {
  /** Topic name. Versions 4-12. */
  topic: string
  /** Topic id. Versions 13+. */
  topicId: string
  /** Per partition. */
  partitions: PartitionData[]
}

/** Per partition. */
export interface PartitionData {
  /** Partition. */
  partitionIndex: number
  /** Error, 0 for none. */
  errorCode: number
  /** Offset below which records are committed, -1 on error. */
  highWatermark: number
  /** Offset below which no transaction is open. Default -1. */
  lastStableOffset: number
  /** First offset of the log. Versions 5+. Default -1. */
  logStartOffset: number
  /** Where the follower's log leaves the leader's. Versions 12+. */
  divergingEpoch: EpochEndOffset
  /** Set when this broker is not the leader. Versions 12+. */
  currentLeader: LeaderIdAndEpoch
  /** Snapshot to load instead. Versions 12+. */
  snapshotId: SnapshotId
  /** That touch what was read, when reading committed (W17). May be null. */
  abortedTransactions: AbortedTransaction[] | null
  /** Node id to read from next time, -1 for no preference. Versions 11+. Default -1. */
  preferredReadReplica: number
  /** Whole batches; the first may begin before the offset. May be null. */
  records: Buffer | readonly Buffer[] | null
}

/** Where the follower's log leaves the leader's. */
export interface EpochEndOffset {
  /** Largest epoch both know. Versions 12+. Default -1. */
  epoch: number
  /** Where that epoch ends. Versions 12+. Default -1. */
  endOffset: number
}

/** Set when this broker is not the leader. */
export interface LeaderIdAndEpoch {
  /** Node id of the leader, -1 for unknown. Versions 12+. Default -1. */
  leaderId: number
  /** Its epoch. Versions 12+. Default -1. */
  leaderEpoch: number
}

/** Snapshot to load instead. */
export interface SnapshotId {
  /** Offset after the snapshot. Versions 12+. Default -1. */
  endOffset: number
  /** Its epoch. Versions 12+. Default -1. */
  epoch: number
}

/** That touch what was read, when reading committed (W17). */
export interface AbortedTransaction {
  /** Whose transaction. */
  producerId: number
  /** Its first offset. */
  firstOffset: number
}

/** Addresses of the leaders named above. */
export interface NodeEndpoint {
  /** Node id. Versions 16+. */
  nodeId: number
  /** Host name. Versions 16+. */
  host: string
  /** Port. Versions 16+. */
  port: number
  /** Rack, if it has one. Versions 16+. May be null. Default null. */
  rack: string | null
}

/** Every field at its default; shared, so frozen. */
export const defaultSnapshotId: SnapshotId = Object.freeze({
  endOffset: -1,
  epoch: -1,
})

/** Every field at its default; shared, so frozen. */
export const defaultLeaderIdAndEpoch: LeaderIdAndEpoch = Object.freeze({
  leaderId: -1,
  leaderEpoch: -1,
})

/** Every field at its default; shared, so frozen. */
export const defaultEpochEndOffset: EpochEndOffset = Object.freeze({
  epoch: -1,
  endOffset: -1,
})

/** Reads a FetchResponse. Throws `WireError` for bad bytes. */
export function readFetchResponse(r: Reader, version: number): FetchResponse {
  if (!(version >= 4 && version <= 18)) throw unsupportedVersion('FetchResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = version >= 7 ? r.int16() : 0
  const sessionId = version >= 7 ? r.int32() : 0
  const responsesCount = version >= 12 ? r.compactArrayLength(3) : r.arrayLength(3)
  const responses: FetchableTopicResponse[] = r.list(responsesCount)
  for (let i = 0; i < responsesCount; i++) responses[i] = readFetchableTopicResponse(r, version)
  let nodeEndpoints: NodeEndpoint[] = []
  if (version >= 12) {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 16) {
        const count = r.compactArrayLength(11)
        const items: NodeEndpoint[] = r.list(count)
        for (let i = 0; i < count; i++) items[i] = readNodeEndpoint(r, version)
        nodeEndpoints = items
      }       else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { throttleTimeMs, errorCode, sessionId, responses, nodeEndpoints }
}

/** Writes a FetchResponse; fields the version lacks are left out. */
export function writeFetchResponse(w: Writer, m: FetchResponse, version: number): void {
  if (!(version >= 4 && version <= 18)) throw unsupportedVersion('FetchResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 7) w.int16(m.errorCode)
  if (version >= 7) w.int32(m.sessionId)
  if (version >= 12) w.compactArrayLength(m.responses.length)
  else w.arrayLength(m.responses.length)
  for (const item of m.responses) writeFetchableTopicResponse(w, item, version)
  if (version >= 12) {
    const hasNodeEndpoints = version >= 16 && !(m.nodeEndpoints.length === 0)
    w.unsignedVarint((hasNodeEndpoints ? 1 : 0))
    if (hasNodeEndpoints) {
      const body = new Writer(64)
      body.compactArrayLength(m.nodeEndpoints.length)
      for (const item of m.nodeEndpoints) writeNodeEndpoint(body, item, version)
      w.taggedField(0, body)
    }
  }
}

function readFetchableTopicResponse(r: Reader, version: number): FetchableTopicResponse {
  const topic = version >= 13 ? '' : (version >= 12 ? r.compactString() : r.string())
  const topicId = version >= 13 ? r.uuid() : ZERO_UUID
  const partitionsCount = version >= 12 ? r.compactArrayLength(30) : r.arrayLength(30)
  const partitions: PartitionData[] = r.list(partitionsCount)
  for (let i = 0; i < partitionsCount; i++) partitions[i] = readPartitionData(r, version)
  if (version >= 12) r.skipTags()
  return { topic, topicId, partitions }
}

function writeFetchableTopicResponse(w: Writer, m: FetchableTopicResponse, version: number): void {
  if (version >= 13) {}
  else if (version >= 12) w.compactString(m.topic)
  else w.string(m.topic)
  if (version >= 13) w.uuid(m.topicId)
  if (version >= 12) w.compactArrayLength(m.partitions.length)
  else w.arrayLength(m.partitions.length)
  for (const item of m.partitions) writePartitionData(w, item, version)
  if (version >= 12) w.unsignedVarint(0)
}

function readPartitionData(r: Reader, version: number): PartitionData {
  const partitionIndex = r.int32()
  const errorCode = r.int16()
  const highWatermark = r.int64()
  const lastStableOffset = r.int64()
  const logStartOffset = version >= 5 ? r.int64() : -1
  let divergingEpoch: EpochEndOffset = defaultEpochEndOffset
  let currentLeader: LeaderIdAndEpoch = defaultLeaderIdAndEpoch
  let snapshotId: SnapshotId = defaultSnapshotId
  const abortedTransactionsCount = version >= 12 ? r.compactNullableArrayLength(16) : r.nullableArrayLength(16)
  const abortedTransactions: AbortedTransaction[] | null = abortedTransactionsCount < 0 ? null : r.list(abortedTransactionsCount)
  for (let i = 0; i < abortedTransactionsCount; i++) abortedTransactions![i] = readAbortedTransaction(r, version)
  const preferredReadReplica = version >= 11 ? r.int32() : -1
  const records: Buffer | readonly Buffer[] | null = version >= 12 ? r.compactNullableBytes() : r.nullableBytes()
  if (version >= 12) {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 12) divergingEpoch = readEpochEndOffset(r, version)
      else if (tag === 1 && version >= 12) currentLeader = readLeaderIdAndEpoch(r, version)
      else if (tag === 2 && version >= 12) snapshotId = readSnapshotId(r, version)
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { partitionIndex, errorCode, highWatermark, lastStableOffset, logStartOffset, divergingEpoch, currentLeader, snapshotId, abortedTransactions, preferredReadReplica, records }
}

function writePartitionData(w: Writer, m: PartitionData, version: number): void {
  w.int32(m.partitionIndex)
  w.int16(m.errorCode)
  w.int64(m.highWatermark)
  w.int64(m.lastStableOffset)
  if (version >= 5) w.int64(m.logStartOffset)
  if (version >= 12) w.compactArrayLength(m.abortedTransactions === null ? -1 : m.abortedTransactions.length)
  else w.arrayLength(m.abortedTransactions === null ? -1 : m.abortedTransactions.length)
  if (m.abortedTransactions !== null) for (const item of m.abortedTransactions) writeAbortedTransaction(w, item, version)
  if (version >= 11) w.int32(m.preferredReadReplica)
  if (version >= 12) w.compactNullableByteList(m.records)
  else w.nullableByteList(m.records)
  if (version >= 12) {
    const hasDivergingEpoch = version >= 12 && !(isDefaultEpochEndOffset(m.divergingEpoch))
    const hasCurrentLeader = version >= 12 && !(isDefaultLeaderIdAndEpoch(m.currentLeader))
    const hasSnapshotId = version >= 12 && !(isDefaultSnapshotId(m.snapshotId))
    w.unsignedVarint((hasDivergingEpoch ? 1 : 0) + (hasCurrentLeader ? 1 : 0) + (hasSnapshotId ? 1 : 0))
    if (hasDivergingEpoch) {
      const body = new Writer(64)
      writeEpochEndOffset(body, m.divergingEpoch, version)
      w.taggedField(0, body)
    }
    if (hasCurrentLeader) {
      const body = new Writer(64)
      writeLeaderIdAndEpoch(body, m.currentLeader, version)
      w.taggedField(1, body)
    }
    if (hasSnapshotId) {
      const body = new Writer(64)
      writeSnapshotId(body, m.snapshotId, version)
      w.taggedField(2, body)
    }
  }
}

function readEpochEndOffset(r: Reader, _version: number): EpochEndOffset {
  const epoch = r.int32()
  const endOffset = r.int64()
  r.skipTags()
  return { epoch, endOffset }
}

function writeEpochEndOffset(w: Writer, m: EpochEndOffset, _version: number): void {
  w.int32(m.epoch)
  w.int64(m.endOffset)
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

function readAbortedTransaction(r: Reader, version: number): AbortedTransaction {
  const producerId = r.int64()
  const firstOffset = r.int64()
  if (version >= 12) r.skipTags()
  return { producerId, firstOffset }
}

function writeAbortedTransaction(w: Writer, m: AbortedTransaction, version: number): void {
  w.int64(m.producerId)
  w.int64(m.firstOffset)
  if (version >= 12) w.unsignedVarint(0)
}

function readNodeEndpoint(r: Reader, _version: number): NodeEndpoint {
  const nodeId = r.int32()
  const host = r.compactString()
  const port = r.int32()
  const rack: string | null = r.compactNullableString()
  r.skipTags()
  return { nodeId, host, port, rack }
}

function writeNodeEndpoint(w: Writer, m: NodeEndpoint, _version: number): void {
  w.int32(m.nodeId)
  w.compactString(m.host)
  w.int32(m.port)
  w.compactNullableString(m.rack)
  w.unsignedVarint(0)
}

function isDefaultEpochEndOffset(m: EpochEndOffset): boolean {
  return m.epoch === -1 && m.endOffset === -1
}

function isDefaultLeaderIdAndEpoch(m: LeaderIdAndEpoch): boolean {
  return m.leaderId === -1 && m.leaderEpoch === -1
}

function isDefaultSnapshotId(m: SnapshotId): boolean {
  return m.endOffset === -1 && m.epoch === -1
}

