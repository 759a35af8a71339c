import { crc32c } from '../../proto/kafka/crc32c.ts'
import { readInt16, readInt32, readInt64, writeInt16, writeInt32, writeInt64 } from '../../proto/kafka/int64.ts'
import { SNAPSHOT_VERSION } from './format-versions.ts'
import type { TransactionIndexSeal } from './txn-index.ts'
import { NO_OFFSET, type ProducerBatch, type ProducerEntry } from './producer-state.ts'

/**
 * Kafka's `.snapshot`: int16 version (1), uint32 CRC-32C of what follows, int32 count, then per producer: id int64, epoch
 * int16, last sequence int32, last offset int64, offset delta int32, timestamp int64, coordinator epoch int32, first offset
 * of the open transaction int64. It holds only the last batch of a producer.
 */
const SNAPSHOT_HEADER_BYTES = 10
const SNAPSHOT_ENTRY_BYTES = 46

export function encodeSnapshot(entries: Iterable<ProducerEntry>): Buffer {
  const all = [...entries]
  const data = Buffer.allocUnsafe(SNAPSHOT_HEADER_BYTES + all.length * SNAPSHOT_ENTRY_BYTES)
  writeInt16(data, 0, SNAPSHOT_VERSION)
  writeInt32(data, 6, all.length)
  let at = SNAPSHOT_HEADER_BYTES
  for (const entry of all) {
    const last = entry.batches.at(-1)
    writeInt64(data, at, entry.producerId)
    writeInt16(data, at + 8, entry.epoch)
    writeInt32(data, at + 10, last?.lastSequence ?? -1)
    writeInt64(data, at + 14, last?.lastOffset ?? NO_OFFSET)
    writeInt32(data, at + 22, last?.offsetDelta ?? 0)
    writeInt64(data, at + 26, entry.lastTimestamp)
    writeInt32(data, at + 34, entry.coordinatorEpoch)
    writeInt64(data, at + 38, entry.currentTxnFirstOffset)
    at += SNAPSHOT_ENTRY_BYTES
  }
  writeInt32(data, 2, crc32c(data, 6, data.length))
  return data
}

/** Null when the file is damaged or of another version. `nowMs` counts as the producers' last activity. */
export function decodeSnapshot(data: Buffer, nowMs: number): ProducerEntry[] | null {
  if (data.length < SNAPSHOT_HEADER_BYTES || readInt16(data, 0) !== SNAPSHOT_VERSION) return null
  if (readInt32(data, 2) >>> 0 !== crc32c(data, 6, data.length)) return null
  const count = readInt32(data, 6)
  if (data.length !== SNAPSHOT_HEADER_BYTES + count * SNAPSHOT_ENTRY_BYTES) return null
  const entries: ProducerEntry[] = []
  for (let at = SNAPSHOT_HEADER_BYTES; at < data.length; at += SNAPSHOT_ENTRY_BYTES) {
    const timestamp = readInt64(data, at + 26)
    const lastOffset = readInt64(data, at + 14)
    const last: ProducerBatch = {
      lastSequence: readInt32(data, at + 10),
      lastOffset,
      offsetDelta: readInt32(data, at + 22),
      timestamp,
    }
    entries.push({
      producerId: readInt64(data, at),
      epoch: readInt16(data, at + 8),
      batches: lastOffset >= 0 ? [last] : [],
      coordinatorEpoch: readInt32(data, at + 34),
      currentTxnFirstOffset: readInt64(data, at + 38),
      lastTimestamp: timestamp,
      lastActiveMs: nowMs,
    })
  }
  return entries
}

/**
 * Our sidecar `.producers`, which keeps the whole window of five (W16): uint32 CRC-32C of what follows, int32 version,
 * int64 offset it belongs to; of the segment that ends there, int32 aborted transactions and uint32 CRC-32C of its
 * `.txnindex`; int32 count, then per producer: id int64, batches uint8, and per batch, oldest first: last sequence int32,
 * last offset int64, offset delta int32, timestamp int64.
 */
const WINDOW_VERSION = 2
export const WINDOW_HEADER_BYTES = 28
const WINDOW_ENTRY_BYTES = 9
const WINDOW_BATCH_BYTES = 24

export function encodeWindow(entries: Iterable<ProducerEntry>, offset: number, seal: TransactionIndexSeal): Buffer {
  const all = [...entries]
  let bytes = WINDOW_HEADER_BYTES
  for (const entry of all) bytes += WINDOW_ENTRY_BYTES + entry.batches.length * WINDOW_BATCH_BYTES
  const data = Buffer.allocUnsafe(bytes)
  writeInt32(data, 4, WINDOW_VERSION)
  writeInt64(data, 8, offset)
  writeInt32(data, 16, seal.count)
  writeInt32(data, 20, seal.crc)
  writeInt32(data, 24, all.length)
  let at = WINDOW_HEADER_BYTES
  for (const entry of all) {
    writeInt64(data, at, entry.producerId)
    data[at + 8] = entry.batches.length
    at += WINDOW_ENTRY_BYTES
    for (const batch of entry.batches) {
      writeInt32(data, at, batch.lastSequence)
      writeInt64(data, at + 4, batch.lastOffset)
      writeInt32(data, at + 12, batch.offsetDelta)
      writeInt64(data, at + 16, batch.timestamp)
      at += WINDOW_BATCH_BYTES
    }
  }
  writeInt32(data, 0, crc32c(data, 4, data.length))
  return data
}

/** The seal in the first `WINDOW_HEADER_BYTES` of a sidecar; null when they are not of one that this program wrote for the offset. */
export function readSeal(data: Buffer, offset: number): TransactionIndexSeal | null {
  if (data.length < WINDOW_HEADER_BYTES || readInt32(data, 4) !== WINDOW_VERSION) return null
  return readInt64(data, 8) === offset ? { count: readInt32(data, 16), crc: readInt32(data, 20) >>> 0 } : null
}

/** The sidecar at `offset` with another seal; null when the file is not that one's or damaged. */
export function withSeal(data: Buffer, offset: number, seal: TransactionIndexSeal): Buffer | null {
  if (readSeal(data, offset) === null || readInt32(data, 0) >>> 0 !== crc32c(data, 4, data.length)) return null
  const sealed = Buffer.from(data)
  writeInt32(sealed, 16, seal.count)
  writeInt32(sealed, 20, seal.crc)
  writeInt32(sealed, 0, crc32c(sealed, 4, sealed.length))
  return sealed
}

/** Widens the entries of a snapshot at `offset` to the whole window. False, and nothing done: it is not that one's, or damaged. */
export function applyWindow(entries: readonly ProducerEntry[], data: Buffer, offset: number): boolean {
  if (data.length < WINDOW_HEADER_BYTES || readInt32(data, 4) !== WINDOW_VERSION) return false
  if (readInt32(data, 0) >>> 0 !== crc32c(data, 4, data.length) || readInt64(data, 8) !== offset) return false
  const byId = new Map(entries.map((entry) => [entry.producerId, entry]))
  let at = WINDOW_HEADER_BYTES
  for (let i = readInt32(data, 24); i > 0; i--) {
    const entry = byId.get(readInt64(data, at))
    const batches: ProducerBatch[] = []
    const count = data[at + 8]!
    at += WINDOW_ENTRY_BYTES
    for (let j = 0; j < count; j++) {
      batches.push({
        lastSequence: readInt32(data, at),
        lastOffset: readInt64(data, at + 4),
        offsetDelta: readInt32(data, at + 12),
        timestamp: readInt64(data, at + 16),
      })
      at += WINDOW_BATCH_BYTES
    }
    if (entry !== undefined) entry.batches = batches
  }
  return true
}
