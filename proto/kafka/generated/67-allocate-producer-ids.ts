// Generated from schema/67-allocate-producer-ids.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** A broker asks the controller for a block of producer ids (KIP-730). Versions 0. */
export interface AllocateProducerIdsRequest {
  /** Node id of the broker. */
  brokerId: number
  /** Its epoch, -1 for unknown. Default -1. */
  brokerEpoch: number
}

/** Reads a AllocateProducerIdsRequest. Throws `WireError` for bad bytes. */
export function readAllocateProducerIdsRequest(r: Reader, version: number): AllocateProducerIdsRequest {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('AllocateProducerIdsRequest', version)
  const brokerId = r.int32()
  const brokerEpoch = r.int64()
  r.skipTags()
  return { brokerId, brokerEpoch }
}

/** Writes a AllocateProducerIdsRequest; fields the version lacks are left out. */
export function writeAllocateProducerIdsRequest(w: Writer, m: AllocateProducerIdsRequest, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('AllocateProducerIdsRequest', version)
  w.int32(m.brokerId)
  w.int64(m.brokerEpoch)
  w.unsignedVarint(0)
}

/** Answer to `AllocateProducerIdsRequest`. Versions 0. */
export interface AllocateProducerIdsResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** First id of the block. */
  producerIdStart: number
  /** Ids in the block. */
  producerIdLen: number
}

/** Reads a AllocateProducerIdsResponse. Throws `WireError` for bad bytes. */
export function readAllocateProducerIdsResponse(r: Reader, version: number): AllocateProducerIdsResponse {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('AllocateProducerIdsResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const producerIdStart = r.int64()
  const producerIdLen = r.int32()
  r.skipTags()
  return { throttleTimeMs, errorCode, producerIdStart, producerIdLen }
}

/** Writes a AllocateProducerIdsResponse; fields the version lacks are left out. */
export function writeAllocateProducerIdsResponse(w: Writer, m: AllocateProducerIdsResponse, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('AllocateProducerIdsResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.int64(m.producerIdStart)
  w.int32(m.producerIdLen)
  w.unsignedVarint(0)
}

