import { assert } from './errors.ts'
import { OngoingTransactions } from './ongoing-transactions.ts'
import type { AbortedTransaction } from './txn-index.ts'
import type { TransactionMarker } from './txn-marker.ts'

/** W16: as many batches per producer as a client may have in flight. */
export const BATCHES_KEPT = 5
export const NO_OFFSET = -1

export interface ProducerBatch {
  readonly lastSequence: number
  readonly lastOffset: number
  /** Last offset minus first, and so last sequence minus first. */
  readonly offsetDelta: number
  readonly timestamp: number
}

export interface ProducerEntry {
  readonly producerId: number
  epoch: number
  /** Oldest first, at most BATCHES_KEPT; of the current epoch only. */
  batches: ProducerBatch[]
  coordinatorEpoch: number
  /** First offset of the open transaction, NO_OFFSET when there is none. */
  currentTxnFirstOffset: number
  /** Timestamp of the last batch, as Kafka's snapshot keeps it. */
  lastTimestamp: number
  /** Wall clock of the last append seen here: what expiry goes by, as batches may carry any timestamp. */
  lastActiveMs: number
}

/** The header fields of a batch that matter here. */
export interface ProducerBatchHeader {
  readonly producerId: number
  readonly epoch: number
  readonly baseSequence: number
  readonly lastSequence: number
}

export type SequenceCheck =
  | { readonly kind: 'ok' }
  | { readonly kind: 'duplicate'; readonly batch: ProducerBatch }
  | { readonly kind: 'stale-epoch'; readonly lastEpoch: number }
  | { readonly kind: 'new-epoch-not-at-zero'; readonly lastEpoch: number }
  | { readonly kind: 'gap'; readonly lastSequence: number }
  | { readonly kind: 'in-transaction' }

export type MarkerCheck =
  | { readonly kind: 'ok' }
  | { readonly kind: 'stale-epoch'; readonly lastEpoch: number }
  | { readonly kind: 'stale-coordinator'; readonly lastEpoch: number }

/** A transaction that a marker has ended. */
export interface EndedTransaction extends AbortedTransaction {
  readonly isAbort: boolean
}

const OK = { kind: 'ok' } as const
const NONE = new Map<number, ProducerEntry>()

/**
 * What idempotent and transactional producers have written to one partition: enough to answer a retry with its first
 * offsets, to refuse a gap or a fenced producer, and to know the first open transaction. Pure; offsets must rise.
 */
export class ProducerState {
  readonly #expirationMs: number
  readonly #producersMax: number
  /** NONE until there is one, as thousands of logs may have none. */
  #producers = NONE
  readonly #transactions = new OngoingTransactions()

  constructor(expirationMs: number, producersMax: number) {
    this.#expirationMs = expirationMs
    this.#producersMax = producersMax
  }

  get count(): number {
    return this.#producers.size
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#producers.get(producerId)
  }

  entries(): Iterable<ProducerEntry> {
    return this.#producers.values()
  }

  /** First offset of the oldest transaction that is open, or over but not committed below the high watermark; else NO_OFFSET. */
  get firstUnstableOffset(): number {
    return this.#transactions.firstUnstableOffset
  }

  /** Transactions that ended below it no longer hold the last stable offset back. */
  highWatermarkMoved(highWatermark: number): void {
    this.#transactions.highWatermarkMoved(highWatermark)
  }

  /** Whether a client's batch may be appended. An unknown producer may begin at any sequence. */
  check(batch: ProducerBatchHeader, transactional: boolean): SequenceCheck {
    const entry = this.#producers.get(batch.producerId)
    if (entry === undefined) return OK
    const verdict = this.#checkSequence(entry, batch)
    if (verdict.kind !== 'ok' || transactional || entry.currentTxnFirstOffset === NO_OFFSET) return verdict
    return { kind: 'in-transaction' }
  }

  /** Whether a coordinator's marker may be appended: it fences older epochs of producer and coordinator. */
  checkMarker(producerId: number, epoch: number, marker: TransactionMarker): MarkerCheck {
    const entry = this.#producers.get(producerId)
    if (entry === undefined) return OK
    if (epoch < entry.epoch) return { kind: 'stale-epoch', lastEpoch: entry.epoch }
    if (marker.coordinatorEpoch < entry.coordinatorEpoch) {
      return { kind: 'stale-coordinator', lastEpoch: entry.coordinatorEpoch }
    }
    return OK
  }

  /** Notes a data batch that is now in the log, a client's or a leader's. */
  append(
    batch: ProducerBatchHeader,
    baseOffset: number,
    lastOffset: number,
    timestamp: number,
    transactional: boolean,
    nowMs: number,
  ): void {
    const entry = this.#entry(batch.producerId, batch.epoch)
    if (entry.batches.length === BATCHES_KEPT) entry.batches.shift()
    entry.batches.push({
      lastSequence: batch.lastSequence,
      lastOffset,
      offsetDelta: lastOffset - baseOffset,
      timestamp,
    })
    entry.lastTimestamp = timestamp
    entry.lastActiveMs = nowMs
    if (transactional && entry.currentTxnFirstOffset === NO_OFFSET) {
      entry.currentTxnFirstOffset = baseOffset
      this.#transactions.begin(baseOffset)
    }
    if (this.#producers.size > this.#producersMax) this.#dropIdle()
  }

  /** Notes a marker that is now in the log at `offset`. Returns the transaction it ended; null when the producer had none. */
  appendMarker(
    producerId: number,
    epoch: number,
    marker: TransactionMarker,
    offset: number,
    timestamp: number,
    nowMs: number,
  ): EndedTransaction | null {
    const entry = this.#entry(producerId, epoch)
    const firstOffset = entry.currentTxnFirstOffset
    entry.currentTxnFirstOffset = NO_OFFSET
    entry.coordinatorEpoch = marker.coordinatorEpoch
    entry.lastTimestamp = timestamp
    entry.lastActiveMs = nowMs
    if (firstOffset === NO_OFFSET) return null
    const lastStableOffset = this.#transactions.end(firstOffset, offset)
    return { producerId, firstOffset, lastOffset: offset, lastStableOffset, isAbort: marker.isAbort }
  }

  /** Takes over an entry from a snapshot. */
  restore(entry: ProducerEntry): void {
    this.#writable().set(entry.producerId, entry)
    if (entry.currentTxnFirstOffset !== NO_OFFSET) this.#transactions.begin(entry.currentTxnFirstOffset)
  }

  /** Takes back what was noted at `endOffset` and after; `before` has the producers of that as they were (null = unknown). */
  revert(before: ReadonlyMap<number, ProducerEntry | null>, endOffset: number): void {
    for (const [producerId, entry] of before) {
      if (entry === null) this.#producers.delete(producerId)
      else this.#writable().set(producerId, entry)
    }
    this.#transactions.revert(endOffset)
  }

  clear(): void {
    this.#producers.clear()
    this.#transactions.clear()
  }

  /** Forgets producers idle for `producer.id.expiration.ms`; never one with an open transaction. Returns how many. */
  expire(nowMs: number): number {
    let expired = 0
    for (const entry of this.#producers.values()) {
      if (entry.currentTxnFirstOffset !== NO_OFFSET || nowMs - entry.lastActiveMs < this.#expirationMs) continue
      this.#producers.delete(entry.producerId)
      expired++
    }
    return expired
  }

  #checkSequence({ epoch, batches }: ProducerEntry, batch: ProducerBatchHeader): SequenceCheck {
    if (batch.epoch < epoch) return { kind: 'stale-epoch', lastEpoch: epoch }
    // What a coordinator appends for a producer (its offsets, in a transaction) has no sequence.
    if (batch.baseSequence < 0) return OK
    if (batch.epoch > epoch) return batch.baseSequence === 0 ? OK : { kind: 'new-epoch-not-at-zero', lastEpoch: epoch }
    const duplicate = batches.find(
      (kept) => kept.lastSequence === batch.lastSequence && firstSequence(kept) === batch.baseSequence,
    )
    if (duplicate !== undefined) return { kind: 'duplicate', batch: duplicate }
    const last = batches.at(-1)
    // Only a marker is known of this epoch: as with Kafka, its first batch starts at zero.
    const lastSequence = last === undefined ? -1 : last.lastSequence
    return isNext(lastSequence, batch.baseSequence) ? OK : { kind: 'gap', lastSequence }
  }

  #writable(): Map<number, ProducerEntry> {
    if (this.#producers === NONE) this.#producers = new Map()
    return this.#producers
  }

  /** The producer's entry at this epoch; a newer epoch forgets the batches of the older one. */
  #entry(producerId: number, epoch: number): ProducerEntry {
    let entry = this.#producers.get(producerId)
    if (entry === undefined) {
      entry = {
        producerId,
        epoch,
        batches: [],
        coordinatorEpoch: -1,
        currentTxnFirstOffset: NO_OFFSET,
        lastTimestamp: -1,
        lastActiveMs: 0,
      }
      this.#writable().set(producerId, entry)
    } else if (entry.epoch !== epoch) {
      entry.epoch = epoch
      entry.batches = []
    }
    return entry
  }

  /** Over the ceiling: drops the tenth that has been idle for longest, so that the sort is paid for rarely. */
  #dropIdle(): void {
    const idle = [...this.#producers.values()].filter((entry) => entry.currentTxnFirstOffset === NO_OFFSET)
    idle.sort((a, b) => a.lastActiveMs - b.lastActiveMs)
    for (const entry of idle.slice(0, Math.ceil(this.#producersMax / 10))) this.#producers.delete(entry.producerId)
  }
}

/** Sequences wrap from 2^31 - 1 to 0. */
function firstSequence(batch: ProducerBatch): number {
  return (batch.lastSequence - batch.offsetDelta) & 0x7fffffff
}

function isNext(lastSequence: number, nextSequence: number): boolean {
  assert(nextSequence >= 0, `sequence ${nextSequence} reached the producer state`)
  return nextSequence === ((lastSequence + 1) & 0x7fffffff)
}
