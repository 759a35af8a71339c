// Generated from schema/22-init-producer-id.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Gives a producer its id and epoch; ends what its predecessor left open. Versions 0-6. */
export interface InitProducerIdRequest {
  /** Null for a producer that is only idempotent. May be null. */
  transactionalId: string | null
  /** Age at which the coordinator aborts a transaction. */
  transactionTimeoutMs: number
  /** To go on with, -1 for a new one. Versions 3+. Default -1. */
  producerId: number
  /** Its epoch, -1 for none. Versions 3+. Default -1. */
  producerEpoch: number
  /** The producer takes part in two-phase commit. Versions 6. */
  enable2Pc: boolean
  /** Do not abort what is prepared. Versions 6. */
  keepPreparedTxn: boolean
}

/** Reads a InitProducerIdRequest. Throws `WireError` for bad bytes. */
export function readInitProducerIdRequest(r: Reader, version: number): InitProducerIdRequest {
  if (!(version >= 0 && version <= 6)) throw unsupportedVersion('InitProducerIdRequest', version)
  const transactionalId: string | null = version >= 2 ? r.compactNullableString() : r.nullableString()
  const transactionTimeoutMs = r.int32()
  const producerId = version >= 3 ? r.int64() : -1
  const producerEpoch = version >= 3 ? r.int16() : -1
  const enable2Pc = version >= 6 ? r.bool() : false
  const keepPreparedTxn = version >= 6 ? r.bool() : false
  if (version >= 2) r.skipTags()
  return { transactionalId, transactionTimeoutMs, producerId, producerEpoch, enable2Pc, keepPreparedTxn }
}

/** Writes a InitProducerIdRequest; fields the version lacks are left out. */
export function writeInitProducerIdRequest(w: Writer, m: InitProducerIdRequest, version: number): void {
  if (!(version >= 0 && version <= 6)) throw unsupportedVersion('InitProducerIdRequest', version)
  if (version >= 2) w.compactNullableString(m.transactionalId)
  else w.nullableString(m.transactionalId)
  w.int32(m.transactionTimeoutMs)
  if (version >= 3) w.int64(m.producerId)
  if (version >= 3) w.int16(m.producerEpoch)
  if (version >= 6) w.bool(m.enable2Pc)
  if (version >= 6) w.bool(m.keepPreparedTxn)
  if (version >= 2) w.unsignedVarint(0)
}

/** Answer to `InitProducerIdRequest`. Versions 0-6. */
export interface InitProducerIdResponse {
  /** How long the client is held back by a quota. */
  throttleTimeMs: number
  /** Error, 0 for none. */
  errorCode: number
  /** Producer id. Default -1. */
  producerId: number
  /** Its epoch. */
  producerEpoch: number
  /** Producer id of a prepared transaction, -1 for none. Versions 6. Default -1. */
  ongoingTxnProducerId: number
  /** Its epoch, -1 for none. Versions 6. Default -1. */
  ongoingTxnProducerEpoch: number
}

/** Reads a InitProducerIdResponse. Throws `WireError` for bad bytes. */
export function readInitProducerIdResponse(r: Reader, version: number): InitProducerIdResponse {
  if (!(version >= 0 && version <= 6)) throw unsupportedVersion('InitProducerIdResponse', version)
  const throttleTimeMs = r.int32()
  const errorCode = r.int16()
  const producerId = r.int64()
  const producerEpoch = r.int16()
  const ongoingTxnProducerId = version >= 6 ? r.int64() : -1
  const ongoingTxnProducerEpoch = version >= 6 ? r.int16() : -1
  if (version >= 2) r.skipTags()
  return { throttleTimeMs, errorCode, producerId, producerEpoch, ongoingTxnProducerId, ongoingTxnProducerEpoch }
}

/** Writes a InitProducerIdResponse; fields the version lacks are left out. */
export function writeInitProducerIdResponse(w: Writer, m: InitProducerIdResponse, version: number): void {
  if (!(version >= 0 && version <= 6)) throw unsupportedVersion('InitProducerIdResponse', version)
  w.int32(m.throttleTimeMs)
  w.int16(m.errorCode)
  w.int64(m.producerId)
  w.int16(m.producerEpoch)
  if (version >= 6) w.int64(m.ongoingTxnProducerId)
  if (version >= 6) w.int16(m.ongoingTxnProducerEpoch)
  if (version >= 2) w.unsignedVarint(0)
}

