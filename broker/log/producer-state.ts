import { assert } from './errors.ts'

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

const OK: SequenceCheck = { kind: 'ok' }

/**
 * What idempotent and transactional producers have written to one partition: enough to answer a retry with its first
 * offsets, to refuse a gap or a fenced producer, and to know the first open transaction. Pure; offsets must rise.
 */
export class ProducerState {
  readonly #expirationMs: number
  readonly #producersMax: number
  readonly #producers = new Map<number, ProducerEntry>()
  /** First offset of each open transaction, in rising order, with the producer's id. */
  readonly #openTransactions = new Map<number, number>()

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

  /** First offset of the oldest open transaction, NO_OFFSET when there is none. */
  get firstOpenOffset(): number {
    for (const first of this.#openTransactions.keys()) return first
    return NO_OFFSET
  }

  /** Whether a client's batch may be appended. An unknown producer may begin at any sequence. */
  check(batch: ProducerBatchHeader): SequenceCheck {
    const entry = this.#producers.get(batch.producerId)
    if (entry === undefined) return OK
    const { epoch, batches } = entry
    if (batch.epoch < epoch) return { kind: 'stale-epoch', lastEpoch: epoch }
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
      this.#openTransactions.set(baseOffset, batch.producerId)
    }
    if (this.#producers.size > this.#producersMax) this.#dropIdle()
  }

  /** Notes a commit or abort marker: the producer's transaction is over. */
  appendMarker(producerId: number, epoch: number, timestamp: number, coordinatorEpoch: number, nowMs: number): void {
    const entry = this.#entry(producerId, epoch)
    if (entry.currentTxnFirstOffset !== NO_OFFSET) this.#openTransactions.delete(entry.currentTxnFirstOffset)
    entry.currentTxnFirstOffset = NO_OFFSET
    entry.coordinatorEpoch = coordinatorEpoch
    entry.lastTimestamp = timestamp
    entry.lastActiveMs = nowMs
  }

  /** Takes over an entry from a snapshot. */
  restore(entry: ProducerEntry): void {
    this.#producers.set(entry.producerId, entry)
    if (entry.currentTxnFirstOffset === NO_OFFSET) return
    this.#openTransactions.set(entry.currentTxnFirstOffset, entry.producerId)
    const rising = [...this.#openTransactions].sort(([a], [b]) => a - b)
    this.#openTransactions.clear()
    for (const [first, producerId] of rising) this.#openTransactions.set(first, producerId)
  }

  clear(): void {
    this.#producers.clear()
    this.#openTransactions.clear()
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
      this.#producers.set(producerId, entry)
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
