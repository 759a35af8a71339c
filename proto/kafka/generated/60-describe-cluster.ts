// Generated from schema/60-describe-cluster.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Describes the cluster and its brokers (KIP-700). Versions 0-2. */
export interface DescribeClusterRequest {
  /** Tell what the client may do to the cluster. */
  includeClusterAuthorizedOperations: boolean
  /** 1 brokers, 2 controllers. Versions 1+. Default 1. */
  endpointType: number
  /** Brokers that are fenced, too. Versions 2. */
  includeFencedBrokers: boolean
}

/** Reads a DescribeClusterRequest. Throws `WireError` for bad bytes. */
export function readDescribeClusterRequest(r: Reader, version: number): DescribeClusterRequest {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DescribeClusterRequest', version)
  const includeClusterAuthorizedOperations = r.bool()
  const endpointType = version >= 1 ? r.int8() : 1
  const includeFencedBrokers = version >= 2 ? r.bool() : false
  r.skipTags()
  return { includeClusterAuthorizedOperations, endpointType, includeFencedBrokers }
}

/** Writes a DescribeClusterRequest; fields the version lacks are left out. */
export function writeDescribeClusterRequest(w: Writer, m: DescribeClusterRequest, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DescribeClusterRequest', version)
  w.bool(m.includeClusterAuthorizedOperations)
  if (version >= 1) w.int8(m.endpointType)
  if (version >= 2) w.bool(m.includeFencedBrokers)
  w.unsignedVarint(0)
}

/** Answer to `DescribeClusterRequest`. Versions 0-2. */
export interface DescribeClusterResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Why. May be null. Default null. */
  errorMessage: string | null
  /** 1 brokers, 2 controllers. Versions 1+. Default 1. */
  endpointType: number
  /** Cluster id. */
  clusterId: string
  /** Node id of a broker that serves the controller's requests. Default -1. */
  controllerId: number
  /** Brokers. */
  brokers: DescribeClusterBroker[]
  /** Bit field by ACL operation, the default for unknown. Default -2147483648. */
  clusterAuthorizedOperations: number
}

/** Brokers. */
export interface DescribeClusterBroker {
  /** Node id. */
  brokerId: number
  /** Host name. */
  host: string
  /** Port. */
  port: number
  /** Rack, if it has one. May be null. Default null. */
  rack: string | null
  /** Registered but not serving. Versions 2. */
  isFenced: boolean
}

/** Reads a DescribeClusterResponse. Throws `WireError` for bad bytes. */
export function readDescribeClusterResponse(r: Reader, version: number): DescribeClusterResponse {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DescribeClusterResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const errorMessage: string | null = r.compactNullableString()
  const endpointType = version >= 1 ? r.int8() : 1
  const clusterId = r.compactString()
  const controllerId = r.int32()
  const brokersCount = r.compactArrayLength(11)
  const brokers: DescribeClusterBroker[] = r.list(brokersCount)
  for (let i = 0; i < brokersCount; i++) brokers[i] = readDescribeClusterBroker(r, version)
  const clusterAuthorizedOperations = r.int32()
  r.skipTags()
  return { throttleTimeMs, errorCode, errorMessage, endpointType, clusterId, controllerId, brokers, clusterAuthorizedOperations }
}

/** Writes a DescribeClusterResponse; fields the version lacks are left out. */
export function writeDescribeClusterResponse(w: Writer, m: DescribeClusterResponse, version: number): void {
  if (!(version >= 0 && version <= 2)) throw unsupportedVersion('DescribeClusterResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.compactNullableString(m.errorMessage)
  if (version >= 1) w.int8(m.endpointType)
  w.compactString(m.clusterId)
  w.int32(m.controllerId)
  w.compactArrayLength(m.brokers.length)
  for (const item of m.brokers) writeDescribeClusterBroker(w, item, version)
  w.int32(m.clusterAuthorizedOperations)
  w.unsignedVarint(0)
}

function readDescribeClusterBroker(r: Reader, version: number): DescribeClusterBroker {
  const brokerId = r.int32()
  const host = r.compactString()
  const port = r.int32()
  const rack: string | null = r.compactNullableString()
  const isFenced = version >= 2 ? r.bool() : false
  r.skipTags()
  return { brokerId, host, port, rack, isFenced }
}

function writeDescribeClusterBroker(w: Writer, m: DescribeClusterBroker, version: number): void {
  w.int32(m.brokerId)
  w.compactString(m.host)
  w.int32(m.port)
  w.compactNullableString(m.rack)
  if (version >= 2) w.bool(m.isFenced)
  w.unsignedVarint(0)
}

