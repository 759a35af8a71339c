// Generated from schema/data-transaction-records.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import { Writer } from '../writer.ts'

/** Key of a transaction. Versions 0. */
export interface TransactionLogKey {
  /** Transactional id. */
  transactionalId: string
}

/** Reads a TransactionLogKey. Throws `WireError` for bad bytes. */
export function readTransactionLogKey(r: Reader, version: number): TransactionLogKey {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('TransactionLogKey', version)
  const transactionalId = r.string()
  return { transactionalId }
}

/** Writes a TransactionLogKey; fields the version lacks are left out. */
export function writeTransactionLogKey(w: Writer, m: TransactionLogKey, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('TransactionLogKey', version)
  w.string(m.transactionalId)
}

/** State of a transaction; no value at all deletes it. Versions 0-1. */
export interface TransactionLogValue {
  /** Producer id. */
  producerId: number
  /** That the last transaction used. Versions 1. Default -1. */
  previousProducerId: number
  /** That the next transaction will use. Versions 1. Default -1. */
  nextProducerId: number
  /** Its epoch. */
  producerEpoch: number
  /** Epoch of the next transaction. Versions 1. Default -1. */
  nextProducerEpoch: number
  /** Age at which it is aborted. */
  transactionTimeoutMs: number
  /** 0 empty, 1 ongoing, 2 and 3 prepared, 4 and 5 complete. */
  transactionStatus: number
  /** Partitions it wrote to. May be null. */
  transactionPartitions: PartitionsOfTransaction[] | null
  /** Time of the last change. */
  transactionLastUpdateTimestampMs: number
  /** Time of the first. */
  transactionStartTimestampMs: number
  /** Version of the transaction protocol (KIP-890). Versions 1. */
  clientTransactionVersion: number
}

/** Partitions it wrote to. */
export interface PartitionsOfTransaction {
  /** Topic name. */
  topic: string
  /** Partitions. */
  partitionIds: number[]
}

/** Reads a TransactionLogValue. Throws `WireError` for bad bytes. */
export function readTransactionLogValue(r: Reader, version: number): TransactionLogValue {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('TransactionLogValue', version)
  const producerId = r.int64()
  let previousProducerId: number = -1
  let nextProducerId: number = -1
  const producerEpoch = r.int16()
  let nextProducerEpoch: number = -1
  const transactionTimeoutMs = r.int32()
  const transactionStatus = r.int8()
  const transactionPartitionsCount = version >= 1 ? r.compactNullableArrayLength(3) : r.nullableArrayLength(3)
  const transactionPartitions: PartitionsOfTransaction[] | null = transactionPartitionsCount < 0 ? null : r.list(transactionPartitionsCount)
  for (let i = 0; i < transactionPartitionsCount; i++) transactionPartitions![i] = readPartitionsOfTransaction(r, version)
  const transactionLastUpdateTimestampMs = r.int64()
  const transactionStartTimestampMs = r.int64()
  let clientTransactionVersion: number = 0
  if (version >= 1) {
    let tag = -1
    for (let tags = r.tagCount(); tags > 0; tags--) {
      tag = r.nextTag(tag)
      const end = r.tagEnd()
      if (tag === 0 && version >= 1) previousProducerId = r.int64()
      else if (tag === 1 && version >= 1) nextProducerId = r.int64()
      else if (tag === 3 && version >= 1) nextProducerEpoch = r.int16()
      else if (tag === 2 && version >= 1) clientTransactionVersion = r.int16()
      else r.position = end
      r.expectTagEnd(end)
    }
  }
  return { producerId, previousProducerId, nextProducerId, producerEpoch, nextProducerEpoch, transactionTimeoutMs, transactionStatus, transactionPartitions, transactionLastUpdateTimestampMs, transactionStartTimestampMs, clientTransactionVersion }
}

/** Writes a TransactionLogValue; fields the version lacks are left out. */
export function writeTransactionLogValue(w: Writer, m: TransactionLogValue, version: number): void {
  if (!(version >= 0 && version <= 1)) throw unsupportedVersion('TransactionLogValue', version)
  w.int64(m.producerId)
  w.int16(m.producerEpoch)
  w.int32(m.transactionTimeoutMs)
  w.int8(m.transactionStatus)
  if (version >= 1) w.compactArrayLength(m.transactionPartitions === null ? -1 : m.transactionPartitions.length)
  else w.arrayLength(m.transactionPartitions === null ? -1 : m.transactionPartitions.length)
  if (m.transactionPartitions !== null) for (const item of m.transactionPartitions) writePartitionsOfTransaction(w, item, version)
  w.int64(m.transactionLastUpdateTimestampMs)
  w.int64(m.transactionStartTimestampMs)
  if (version >= 1) {
    const hasPreviousProducerId = version >= 1 && !(m.previousProducerId === -1)
    const hasNextProducerId = version >= 1 && !(m.nextProducerId === -1)
    const hasClientTransactionVersion = version >= 1 && !(m.clientTransactionVersion === 0)
    const hasNextProducerEpoch = version >= 1 && !(m.nextProducerEpoch === -1)
    w.unsignedVarint((hasPreviousProducerId ? 1 : 0) + (hasNextProducerId ? 1 : 0) + (hasClientTransactionVersion ? 1 : 0) + (hasNextProducerEpoch ? 1 : 0))
    if (hasPreviousProducerId) {
      const body = new Writer(64)
      body.int64(m.previousProducerId)
      w.taggedField(0, body)
    }
    if (hasNextProducerId) {
      const body = new Writer(64)
      body.int64(m.nextProducerId)
      w.taggedField(1, body)
    }
    if (hasClientTransactionVersion) {
      const body = new Writer(64)
      body.int16(m.clientTransactionVersion)
      w.taggedField(2, body)
    }
    if (hasNextProducerEpoch) {
      const body = new Writer(64)
      body.int16(m.nextProducerEpoch)
      w.taggedField(3, body)
    }
  }
}

function readPartitionsOfTransaction(r: Reader, version: number): PartitionsOfTransaction {
  const topic = version >= 1 ? r.compactString() : r.string()
  const partitionIdsCount = version >= 1 ? r.compactArrayLength(4) : r.arrayLength(4)
  const partitionIds: number[] = r.list(partitionIdsCount)
  for (let i = 0; i < partitionIdsCount; i++) partitionIds[i] = r.int32()
  if (version >= 1) r.skipTags()
  return { topic, partitionIds }
}

function writePartitionsOfTransaction(w: Writer, m: PartitionsOfTransaction, version: number): void {
  if (version >= 1) w.compactString(m.topic)
  else w.string(m.topic)
  if (version >= 1) w.compactArrayLength(m.partitionIds.length)
  else w.arrayLength(m.partitionIds.length)
  for (const item of m.partitionIds) w.int32(item)
  if (version >= 1) w.unsignedVarint(0)
}

