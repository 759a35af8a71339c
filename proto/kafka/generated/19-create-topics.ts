// Generated from schema/19-create-topics.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { ZERO_UUID } from '../uuid.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** Creates topics. Versions 2-7. */
export interface CreateTopicsRequest {
  /** Topics. */
  topics: CreatableTopic[]
  /** How long to wait. Default 60000. */
  timeoutMs: number
  /** Check, but create nothing. */
  validateOnly: boolean
}

/** Topics. */
export interface CreatableTopic {
  /** Topic name. */
  name: string
  /** Partitions, -1 for the default or with assignments. */
  numPartitions: number
  /** Replicas of each, -1 for the default or with assignments. */
  replicationFactor: number
  /** Placement by hand, else empty. */
  assignments: CreatableReplicaAssignment[]
  /** Configs that differ from the defaults. */
  configs: CreatableTopicConfig[]
}

/** Placement by hand, else empty. */
export interface CreatableReplicaAssignment {
  /** Partition. */
  partitionIndex: number
  /** Its replicas, the preferred leader first. */
  brokerIds: number[]
}

/** Configs that differ from the defaults. */
export interface CreatableTopicConfig {
  /** Config. */
  name: string
  /** Value. May be null. */
  value: string | null
}

/** Reads a CreateTopicsRequest. Throws `WireError` for bad bytes. */
export function readCreateTopicsRequest(r: Reader, version: number): CreateTopicsRequest {
  if (!(version >= 2 && version <= 7)) throw unsupportedVersion('CreateTopicsRequest', version)
  const topicsCount = version >= 5 ? r.compactArrayLength(10) : r.arrayLength(10)
  const topics: CreatableTopic[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readCreatableTopic(r, version)
  const timeoutMs = r.int32()
  const validateOnly = r.bool()
  if (version >= 5) r.skipTags()
  return { topics, timeoutMs, validateOnly }
}

/** Writes a CreateTopicsRequest; fields the version lacks are left out. */
export function writeCreateTopicsRequest(w: Writer, m: CreateTopicsRequest, version: number): void {
  if (!(version >= 2 && version <= 7)) throw unsupportedVersion('CreateTopicsRequest', version)
  if (version >= 5) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeCreatableTopic(w, item, version)
  w.int32(m.timeoutMs)
  w.bool(m.validateOnly)
  if (version >= 5) w.unsignedVarint(0)
}

function readCreatableTopic(r: Reader, version: number): CreatableTopic {
  const name = version >= 5 ? r.compactString() : r.string()
  const numPartitions = r.int32()
  const replicationFactor = r.int16()
  const assignmentsCount = version >= 5 ? r.compactArrayLength(6) : r.arrayLength(6)
  const assignments: CreatableReplicaAssignment[] = r.list(assignmentsCount)
  for (let i = 0; i < assignmentsCount; i++) assignments[i] = readCreatableReplicaAssignment(r, version)
  const configsCount = version >= 5 ? r.compactArrayLength(3) : r.arrayLength(3)
  const configs: CreatableTopicConfig[] = r.list(configsCount)
  for (let i = 0; i < configsCount; i++) configs[i] = readCreatableTopicConfig(r, version)
  if (version >= 5) r.skipTags()
  return { name, numPartitions, replicationFactor, assignments, configs }
}

function writeCreatableTopic(w: Writer, m: CreatableTopic, version: number): void {
  if (version >= 5) w.compactString(m.name)
  else w.string(m.name)
  w.int32(m.numPartitions)
  w.int16(m.replicationFactor)
  if (version >= 5) w.compactArrayLength(m.assignments.length)
  else w.arrayLength(m.assignments.length)
  for (const item of m.assignments) writeCreatableReplicaAssignment(w, item, version)
  if (version >= 5) w.compactArrayLength(m.configs.length)
  else w.arrayLength(m.configs.length)
  for (const item of m.configs) writeCreatableTopicConfig(w, item, version)
  if (version >= 5) w.unsignedVarint(0)
}

function readCreatableReplicaAssignment(r: Reader, version: number): CreatableReplicaAssignment {
  const partitionIndex = r.int32()
  const brokerIdsCount = version >= 5 ? r.compactArrayLength(4) : r.arrayLength(4)
  const brokerIds: number[] = r.list(brokerIdsCount)
  for (let i = 0; i < brokerIdsCount; i++) brokerIds[i] = r.int32()
  if (version >= 5) r.skipTags()
  return { partitionIndex, brokerIds }
}

function writeCreatableReplicaAssignment(w: Writer, m: CreatableReplicaAssignment, version: number): void {
  w.int32(m.partitionIndex)
  if (version >= 5) w.compactArrayLength(m.brokerIds.length)
  else w.arrayLength(m.brokerIds.length)
  for (const item of m.brokerIds) w.int32(item)
  if (version >= 5) w.unsignedVarint(0)
}

function readCreatableTopicConfig(r: Reader, version: number): CreatableTopicConfig {
  const name = version >= 5 ? r.compactString() : r.string()
  const value: string | null = version >= 5 ? r.compactNullableString() : r.nullableString()
  if (version >= 5) r.skipTags()
  return { name, value }
}

function writeCreatableTopicConfig(w: Writer, m: CreatableTopicConfig, version: number): void {
  if (version >= 5) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 5) w.compactNullableString(m.value)
  else w.nullableString(m.value)
  if (version >= 5) w.unsignedVarint(0)
}

/** Answer to `CreateTopicsRequest`. Versions 2-7. */
export interface CreateTopicsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Per topic. */
  topics: CreatableTopicResult[]
}

/** Per topic. */
export interface CreatableTopicResult {
  /** Topic name. */
  name: string
  /** Topic id. Versions 7. */
  topicId: string
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. */
  errorMessage: string | null
  /** Why the configs are not told. Versions 5+. */
  topicConfigErrorCode: number
  /** Partitions. Versions 5+. Default -1. */
  numPartitions: number
  /** Replicas of each. Versions 5+. Default -1. */
  replicationFactor: number
  /** Configs in force. Versions 5+. May be null. */
  configs: CreatableTopicConfigs[] | null
}

/** Configs in force. */
export interface CreatableTopicConfigs {
  /** Config. Versions 5+. */
  name: string
  /** Value. Versions 5+. May be null. */
  value: string | null
  /** Cannot be changed. Versions 5+. */
  readOnly: boolean
  /** Where the value comes from, as in DescribeConfigs. Versions 5+. Default -1. */
  configSource: number
  /** A secret: the value is null. Versions 5+. */
  isSensitive: boolean
}

/** Reads a CreateTopicsResponse. Throws `WireError` for bad bytes. */
export function readCreateTopicsResponse(r: Reader, version: number): CreateTopicsResponse {
  if (!(version >= 2 && version <= 7)) throw unsupportedVersion('CreateTopicsResponse', version)
  const throttleTimeMs = r.int32()
  const topicsCount = version >= 5 ? r.compactArrayLength(6) : r.arrayLength(6)
  const topics: CreatableTopicResult[] = r.list(topicsCount)
  for (let i = 0; i < topicsCount; i++) topics[i] = readCreatableTopicResult(r, version)
  if (version >= 5) r.skipTags()
  return { throttleTimeMs, topics }
}

/** Writes a CreateTopicsResponse; fields the version lacks are left out. */
export function writeCreateTopicsResponse(w: Writer, m: CreateTopicsResponse, version: number): void {
  if (!(version >= 2 && version <= 7)) throw unsupportedVersion('CreateTopicsResponse', version)
  w.int32(m.throttleTimeMs)
  if (version >= 5) w.compactArrayLength(m.topics.length)
  else w.arrayLength(m.topics.length)
  for (const item of m.topics) writeCreatableTopicResult(w, item, version)
  if (version >= 5) w.unsignedVarint(0)
}

function readCreatableTopicResult(r: Reader, version: number): CreatableTopicResult {
  const name = version >= 5 ? r.compactString() : r.string()
  const topicId = version >= 7 ? r.uuid() : ZERO_UUID
  const errorCode = r.int16()
  const errorMessage: string | null = version >= 5 ? r.compactNullableString() : r.nullableString()
  let topicConfigErrorCode: number = 0
  const numPartitions = version >= 5 ? r.int32() : -1
  const replicationFactor = version >= 5 ? r.int16() : -1
  const configsCount = version >= 5 ? r.compactNullableArrayLength(1) : 0
  const configs: CreatableTopicConfigs[] | null = configsCount < 0 ? null : r.list(configsCount)
  for (let i = 0; i < configsCount; i++) configs![i] = readCreatableTopicConfigs(r, version)
  if (version >= 5) {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 5) topicConfigErrorCode = r.int16()
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { name, topicId, errorCode, errorMessage, topicConfigErrorCode, numPartitions, replicationFactor, configs }
}

function writeCreatableTopicResult(w: Writer, m: CreatableTopicResult, version: number): void {
  if (version >= 5) w.compactString(m.name)
  else w.string(m.name)
  if (version >= 7) w.uuid(m.topicId)
  w.int16(m.errorCode)
  if (version >= 5) w.compactNullableString(m.errorMessage)
  else w.nullableString(m.errorMessage)
  if (version >= 5) w.int32(m.numPartitions)
  if (version >= 5) w.int16(m.replicationFactor)
  if (version >= 5) {
    w.compactArrayLength(m.configs === null ? -1 : m.configs.length)
    if (m.configs !== null) for (const item of m.configs) writeCreatableTopicConfigs(w, item, version)
  }
  if (version >= 5) {
    const hasTopicConfigErrorCode = version >= 5 && !(m.topicConfigErrorCode === 0)
    w.unsignedVarint((hasTopicConfigErrorCode ? 1 : 0))
    if (hasTopicConfigErrorCode) {
      const body = new Writer(64)
      body.int16(m.topicConfigErrorCode)
      w.taggedField(0, body)
    }
  }
}

function readCreatableTopicConfigs(r: Reader, _version: number): CreatableTopicConfigs {
  const name = r.compactString()
  const value: string | null = r.compactNullableString()
  const readOnly = r.bool()
  const configSource = r.int8()
  const isSensitive = r.bool()
  r.skipTags()
  return { name, value, readOnly, configSource, isSensitive }
}

function writeCreatableTopicConfigs(w: Writer, m: CreatableTopicConfigs, _version: number): void {
  w.compactString(m.name)
  w.compactNullableString(m.value)
  w.bool(m.readOnly)
  w.int8(m.configSource)
  w.bool(m.isSensitive)
  w.unsignedVarint(0)
}

