import { decompress } from '../../../proto/kafka/compression/index.ts'
import { RecordCursor } from '../../../proto/kafka/batch/cursor.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { LOG_DECOMPRESSED_BATCH_BYTES_MAX } from '../../limits.ts'
import { type KeptRecords, emptyBatch, rewriteBatch } from './batch-rewrite.ts'
import type { CleanedTransactions } from './cleaned-transactions.ts'
import type { OffsetMap } from './offset-map.ts'

/** What is known of a producer that may still write: enough to keep the batch that its state is read from. */
export interface ActiveProducer {
  readonly producerId: number
  readonly epoch: number
  /** Last offset of its last data batch; -1 when only markers of its present epoch are in the log. */
  readonly lastDataOffset: number
}

/** What a cleaning goes by, batch after batch. */
export interface FilterTerms {
  readonly map: OffsetMap
  readonly transactions: CleanedTransactions
  readonly producers: ReadonlyMap<number, ActiveProducer>
  /** Where the cleanable part ends: the batch that ends there is kept, so that the log does not seem to end sooner. */
  readonly endOffset: number
  readonly nowMs: number
  /** `delete.retention.ms`. */
  readonly deleteRetentionMs: number
}

export interface FilterCounts {
  recordsRead: number
  recordsKept: number
}

/** What to do with a batch that keeps no record. */
type WhenEmpty = 'keep' | 'drop'

/**
 * Decides about each batch of a log in turn, as Kafka's Cleaner and MemoryRecords.filterTo do: which records stay, whether
 * the batch gets a delete horizon, and what of it is written. Batches must have passed their CRC.
 */
export class BatchFilter {
  readonly counts: FilterCounts = { recordsRead: 0, recordsKept: 0 }
  readonly #terms: FilterTerms
  #flags = new Uint8Array(1024)

  constructor(terms: FilterTerms) {
    this.#terms = terms
  }

  /** The bytes that take the batch's place: those of `buffer` itself when nothing changes. Null = the batch goes. */
  apply(buffer: Buffer, at: number): Buffer | null {
    const { transactions, nowMs, deleteRetentionMs } = this.#terms
    const isControl = header.isControl(buffer, at)
    const isDecided = isControl ? transactions.onControl(buffer, at) : transactions.onData(buffer, at)
    // A marker without data stays for as long as a tombstone does: a reader may still be in its transaction.
    const dropsRecords = isDecided && (!isControl || this.#isPastHorizon(buffer, at))
    const whenEmpty = this.#whenEmpty(buffer, at)
    if (whenEmpty === 'drop' && dropsRecords) return null
    const kept = this.#select(buffer, at, isControl, dropsRecords)
    if (kept.count === 0) return whenEmpty === 'keep' ? emptyBatch(buffer, at) : null
    const hasHorizon = header.hasDeleteHorizon(buffer, at)
    const getsHorizon = !hasHorizon && (kept.hasTombstone || (isControl && isDecided))
    if (kept.isAll && !getsHorizon) return buffer.subarray(at, at + header.batchSize(buffer, at))
    if (getsHorizon) return rewriteBatch(buffer, at, kept, nowMs + deleteRetentionMs)
    return rewriteBatch(buffer, at, kept, hasHorizon ? header.baseTimestamp(buffer, at) : null)
  }

  #isPastHorizon(buffer: Buffer, at: number): boolean {
    return header.hasDeleteHorizon(buffer, at) && header.baseTimestamp(buffer, at) <= this.#terms.nowMs
  }

  #whenEmpty(buffer: Buffer, at: number): WhenEmpty {
    if (header.nextOffset(buffer, at) === this.#terms.endOffset) return 'keep'
    const producerId = header.producerId(buffer, at)
    const active = producerId < 0 ? undefined : this.#terms.producers.get(producerId)
    if (active === undefined) return 'drop'
    // Its last sequence is read from its last data batch, or its epoch from its last marker.
    const isLast =
      active.lastDataOffset >= 0
        ? header.lastOffset(buffer, at) === active.lastDataOffset
        : header.isControl(buffer, at) && header.producerEpoch(buffer, at) === active.epoch
    return isLast ? 'keep' : 'drop'
  }

  #select(buffer: Buffer, at: number, isControl: boolean, dropsRecords: boolean): KeptRecords {
    const open = openRecords(buffer, at)
    const cursor = open()
    if (this.#flags.length < cursor.count) this.#flags = new Uint8Array(cursor.count * 2)
    const flags = this.#flags
    let count = 0
    let bytes = 0
    let hasTombstone = false
    while (cursor.advance()) {
      const stays = !dropsRecords && (isControl || this.#stays(cursor, buffer, at))
      flags[cursor.index] = stays ? 1 : 0
      if (!stays) continue
      count++
      bytes += cursor.end - cursor.start
      if (cursor.valueLength < 0) hasTombstone = true
    }
    this.counts.recordsRead += cursor.count
    this.counts.recordsKept += count
    return { open, flags, count, bytes, hasTombstone, isAll: count === cursor.count }
  }

  /** A data record: nothing newer has its key, and if it is a tombstone its time has not come. */
  #stays(record: RecordCursor, buffer: Buffer, at: number): boolean {
    const { map } = this.#terms
    if (record.offset > map.latestOffset) return true
    // Written before the topic was compacted.
    if (record.keyLength < 0) return false
    if (record.offset < map.get(record.buffer, record.keyStart, record.keyLength)) return false
    return record.valueLength >= 0 || !this.#isPastHorizon(buffer, at)
  }
}

/** Makes cursors over the records of a batch, which is decompressed once. */
export function openRecords(buffer: Buffer, at: number): () => RecordCursor {
  const codec = header.codecId(buffer, at)
  let start = at + header.HEADER_BYTES
  let end = at + header.batchSize(buffer, at)
  let records = buffer
  if (codec !== 0 && start < end) {
    records = decompress(codec, buffer.subarray(start, end), LOG_DECOMPRESSED_BATCH_BYTES_MAX)
    start = 0
    end = records.length
  }
  const count = header.recordsCount(buffer, at)
  const baseOffset = header.baseOffset(buffer, at)
  const baseTimestamp = header.baseTimestamp(buffer, at)
  const appendTime = header.isLogAppendTime(buffer, at) ? header.maxTimestamp(buffer, at) : null
  return () => new RecordCursor(records, start, end, count, baseOffset, baseTimestamp, appendTime)
}
