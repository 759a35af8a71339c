// Generated from schema/00-produce.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { ZERO_UUID } from '../uuid.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** Appends one batch to each of some partitions. Versions 3-13. */
export interface ProduceRequest {
  /** Of the producer, null when it has none. May be null. Default null. */
  transactionalId: string | null
  /** 0: no reply; 1: the leader has it; -1: all in-sync replicas have it. */
  acks: number
  /** How long the broker may wait for replicas. */
  timeoutMs: number
  /** Topics to write to. */
  topicData: TopicProduceData[]
}

/** Topics to write to. */
export interface TopicProduceData {
  /** Topic name. Versions 3-12. */
  name: string
  /** Topic id. Versions 13. */
  topicId: string
  /** Partitions to write to. */
  partitionData: PartitionProduceData[]
}

/** Partitions to write to. */
export interface PartitionProduceData {
  /** Partition. */
  index: number
  /** Exactly one batch (W8). May be null. */
  records: Buffer | null
}

/** Reads a ProduceRequest. Throws `WireError` for bad bytes. */
export function readProduceRequest(r: Reader, version: number): ProduceRequest {
  if (!(version >= 3 && version <= 13)) throw unsupportedVersion('ProduceRequest', version)
  const transactionalId: string | null = version >= 9 ? r.compactNullableString() : r.nullableString()
  const acks = r.int16()
  const timeoutMs = r.int32()
  const topicDataCount = version >= 9 ? r.compactArrayLength(3) : r.arrayLength(3)
  const topicData: TopicProduceData[] = r.list(topicDataCount)
  for (let i = 0; i < topicDataCount; i++) topicData[i] = readTopicProduceData(r, version)
  if (version >= 9) r.skipTags()
  return { transactionalId, acks, timeoutMs, topicData }
}

/** Writes a ProduceRequest; fields the version lacks are left out. */
export function writeProduceRequest(w: Writer, m: ProduceRequest, version: number): void {
  if (!(version >= 3 && version <= 13)) throw unsupportedVersion('ProduceRequest', version)
  if (version >= 9) w.compactNullableString(m.transactionalId)
  else w.nullableString(m.transactionalId)
  w.int16(m.acks)
  w.int32(m.timeoutMs)
  if (version >= 9) w.compactArrayLength(m.topicData.length)
  else w.arrayLength(m.topicData.length)
  for (const item of m.topicData) writeTopicProduceData(w, item, version)
  if (version >= 9) w.unsignedVarint(0)
}

function readTopicProduceData(r: Reader, version: number): TopicProduceData {
  const name = version >= 13 ? '' : (version >= 9 ? r.compactString() : r.string())
  const topicId = version >= 13 ? r.uuid() : ZERO_UUID
  const partitionDataCount = version >= 9 ? r.compactArrayLength(6) : r.arrayLength(6)
  const partitionData: PartitionProduceData[] = r.list(partitionDataCount)
  for (let i = 0; i < partitionDataCount; i++) partitionData[i] = readPartitionProduceData(r, version)
  if (version >= 9) r.skipTags()
  return { name, topicId, partitionData }
}

function writeTopicProduceData(w: Writer, m: TopicProduceData, version: number): void {
  if (version >= 13) {}
  else if (version >= 9) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 13) w.uuid(m.topicId)
  if (version >= 9) w.compactArrayLength(m.partitionData.length)
  else w.arrayLength(m.partitionData.length)
  for (const item of m.partitionData) writePartitionProduceData(w, item, version)
  if (version >= 9) w.unsignedVarint(0)
}

function readPartitionProduceData(r: Reader, version: number): PartitionProduceData {
  const index = r.int32()
  const records: Buffer | null = version >= 9 ? r.compactNullableBytes() : r.nullableBytes()
  if (version >= 9) r.skipTags()
  return { index, records }
}

function writePartitionProduceData(w: Writer, m: PartitionProduceData, version: number): void {
  w.int32(m.index)
  if (version >= 9) w.compactNullableBytes(m.records)
  else w.nullableBytes(m.records)
  if (version >= 9) w.unsignedVarint(0)
}

/** Answer to `ProduceRequest`. Versions 3-13. */
export interface ProduceResponse {
  /** Per topic. */
  responses: TopicProduceResponse[]
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Addresses of the leaders named above. Versions 10+. */
  nodeEndpoints: NodeEndpoint[]
}

/** Per topic. */
export interface TopicProduceResponse {
  /** Topic name. Versions 3-12. */
  name: string
  /** Topic id. Versions 13. */
  topicId: string
  /** Per partition. */
  partitionResponses: PartitionProduceResponse[]
}

/** Per partition. */
export interface PartitionProduceResponse {
  /** Partition. */
  index: number
  /** Error, 0 for none. */
  errorCode: number
  /** Offset of the first record, -1 on error. */
  baseOffset: number
  /** When appended, for topics with LogAppendTime, else -1. Default -1. */
  logAppendTimeMs: number
  /** First offset of the log. Versions 5+. Default -1. */
  logStartOffset: number
  /** Records that had the batch refused. Versions 8+. */
  recordErrors: BatchIndexAndErrorMessage[]
  /** Why the batch was refused. Versions 8+. May be null. Default null. */
  errorMessage: string | null
  /** Set when this broker is not the leader. Versions 10+. */
  currentLeader: LeaderIdAndEpoch
}

/** Records that had the batch refused. */
export interface BatchIndexAndErrorMessage {
  /** Which record of the batch. Versions 8+. */
  batchIndex: number
  /** Why. Versions 8+. May be null. Default null. */
  batchIndexErrorMessage: string | null
}

/** Set when this broker is not the leader. */
export interface LeaderIdAndEpoch {
  /** Node id of the leader, -1 for unknown. Versions 10+. Default -1. */
  leaderId: number
  /** Its epoch. Versions 10+. Default -1. */
  leaderEpoch: number
}

/** Addresses of the leaders named above. */
export interface NodeEndpoint {
  /** Node id. Versions 10+. */
  nodeId: number
  /** Host name. Versions 10+. */
  host: string
  /** Port. Versions 10+. */
  port: number
  /** Rack, if it has one. Versions 10+. May be null. Default null. */
  rack: string | null
}

/** Every field at its default; shared, so frozen. */
export const defaultLeaderIdAndEpoch: LeaderIdAndEpoch = Object.freeze({
  leaderId: -1,
  leaderEpoch: -1,
})

/** Reads a ProduceResponse. Throws `WireError` for bad bytes. */
export function readProduceResponse(r: Reader, version: number): ProduceResponse {
  if (!(version >= 3 && version <= 13)) throw unsupportedVersion('ProduceResponse', version)
  const responsesCount = version >= 9 ? r.compactArrayLength(3) : r.arrayLength(3)
  const responses: TopicProduceResponse[] = r.list(responsesCount)
  for (let i = 0; i < responsesCount; i++) responses[i] = readTopicProduceResponse(r, version)
  const throttleTimeMs = r.int32()
  let nodeEndpoints: NodeEndpoint[] = []
  if (version >= 9) {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 10) {
        const count = r.compactArrayLength(11)
        const items: NodeEndpoint[] = r.list(count)
        for (let i = 0; i < count; i++) items[i] = readNodeEndpoint(r, version)
        nodeEndpoints = items
      }       else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { responses, throttleTimeMs, nodeEndpoints }
}

/** Writes a ProduceResponse; fields the version lacks are left out. */
export function writeProduceResponse(w: Writer, m: ProduceResponse, version: number): void {
  if (!(version >= 3 && version <= 13)) throw unsupportedVersion('ProduceResponse', version)
  if (version >= 9) w.compactArrayLength(m.responses.length)
  else w.arrayLength(m.responses.length)
  for (const item of m.responses) writeTopicProduceResponse(w, item, version)
  w.int32(m.throttleTimeMs)
  if (version >= 9) {
    const hasNodeEndpoints = version >= 10 && !(m.nodeEndpoints.length === 0)
    w.unsignedVarint((hasNodeEndpoints ? 1 : 0))
    if (hasNodeEndpoints) {
      const body = new Writer(64)
      body.compactArrayLength(m.nodeEndpoints.length)
      for (const item of m.nodeEndpoints) writeNodeEndpoint(body, item, version)
      w.taggedField(0, body)
    }
  }
}

function readTopicProduceResponse(r: Reader, version: number): TopicProduceResponse {
  const name = version >= 13 ? '' : (version >= 9 ? r.compactString() : r.string())
  const topicId = version >= 13 ? r.uuid() : ZERO_UUID
  const partitionResponsesCount = version >= 9 ? r.compactArrayLength(22) : r.arrayLength(22)
  const partitionResponses: PartitionProduceResponse[] = r.list(partitionResponsesCount)
  for (let i = 0; i < partitionResponsesCount; i++) partitionResponses[i] = readPartitionProduceResponse(r, version)
  if (version >= 9) r.skipTags()
  return { name, topicId, partitionResponses }
}

function writeTopicProduceResponse(w: Writer, m: TopicProduceResponse, version: number): void {
  if (version >= 13) {}
  else if (version >= 9) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 13) w.uuid(m.topicId)
  if (version >= 9) w.compactArrayLength(m.partitionResponses.length)
  else w.arrayLength(m.partitionResponses.length)
  for (const item of m.partitionResponses) writePartitionProduceResponse(w, item, version)
  if (version >= 9) w.unsignedVarint(0)
}

function readPartitionProduceResponse(r: Reader, version: number): PartitionProduceResponse {
  const index = r.int32()
  const errorCode = r.int16()
  const baseOffset = r.int64()
  const logAppendTimeMs = r.int64()
  const logStartOffset = version >= 5 ? r.int64() : -1
  const recordErrorsCount = version >= 9 ? r.compactArrayLength(1) : (version >= 8 ? r.arrayLength(1) : 0)
  const recordErrors: BatchIndexAndErrorMessage[] = r.list(recordErrorsCount)
  for (let i = 0; i < recordErrorsCount; i++) recordErrors[i] = readBatchIndexAndErrorMessage(r, version)
  const errorMessage: string | null = version >= 9 ? r.compactNullableString() : (version >= 8 ? r.nullableString() : null)
  let currentLeader: LeaderIdAndEpoch = defaultLeaderIdAndEpoch
  if (version >= 9) {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 10) currentLeader = readLeaderIdAndEpoch(r, version)
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { index, errorCode, baseOffset, logAppendTimeMs, logStartOffset, recordErrors, errorMessage, currentLeader }
}

function writePartitionProduceResponse(w: Writer, m: PartitionProduceResponse, version: number): void {
  w.int32(m.index)
  w.int16(m.errorCode)
  w.int64(m.baseOffset)
  w.int64(m.logAppendTimeMs)
  if (version >= 5) w.int64(m.logStartOffset)
  if (version >= 8) {
    if (version >= 9) w.compactArrayLength(m.recordErrors.length)
    else w.arrayLength(m.recordErrors.length)
    for (const item of m.recordErrors) writeBatchIndexAndErrorMessage(w, item, version)
  }
  if (version >= 9) w.compactNullableString(m.errorMessage)
  else if (version >= 8) w.nullableString(m.errorMessage)
  if (version >= 9) {
    const hasCurrentLeader = version >= 10 && !(isDefaultLeaderIdAndEpoch(m.currentLeader))
    w.unsignedVarint((hasCurrentLeader ? 1 : 0))
    if (hasCurrentLeader) {
      const body = new Writer(64)
      writeLeaderIdAndEpoch(body, m.currentLeader, version)
      w.taggedField(0, body)
    }
  }
}

function readBatchIndexAndErrorMessage(r: Reader, version: number): BatchIndexAndErrorMessage {
  const batchIndex = r.int32()
  const batchIndexErrorMessage: string | null = version >= 9 ? r.compactNullableString() : r.nullableString()
  if (version >= 9) r.skipTags()
  return { batchIndex, batchIndexErrorMessage }
}

function writeBatchIndexAndErrorMessage(w: Writer, m: BatchIndexAndErrorMessage, version: number): void {
  w.int32(m.batchIndex)
  if (version >= 9) w.compactNullableString(m.batchIndexErrorMessage)
  else w.nullableString(m.batchIndexErrorMessage)
  if (version >= 9) w.unsignedVarint(0)
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

function isDefaultLeaderIdAndEpoch(m: LeaderIdAndEpoch): boolean {
  return m.leaderId === -1 && m.leaderEpoch === -1
}

