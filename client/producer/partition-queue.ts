import { Batch } from './batch.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { EncodedRecord } from './record-encoder.ts'

/** With this many requests unanswered a batch that is not full waits for an answer: load makes batches larger by itself. */
const HOLD_IN_FLIGHT = 2

/** First memory of a batch while its partition sees little traffic. */
const SMALL_BATCH_BYTES = 4_096

/** Brokers forget idle producers, after a day by default. */
const KNOWN_FOR_MS = 3_600_000

const MAX_EPOCH = 0x7fff
const SEQUENCE_MASK = 0x7fff_ffff

/** What `next` goes by. */
export interface SendRules {
  readonly nowMs: number
  readonly lingerMs: number
  readonly maxInFlight: number
  /** Send whatever is there: a flush waits, or memory is short. */
  readonly isUrgent: boolean
}

/**
 * One partition's batches, in order: being filled, full, sent, to be sent again. Also its place in the idempotent
 * producer's sequence, with an epoch of its own: starting a new one at sequence 0 (KIP-360) touches no other partition.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  open: Batch | undefined
  readonly sealed: Batch[] = []
  readonly inFlight: Batch[] = []
  /** Sent before without success; ordered, and ahead of everything not sent yet. */
  readonly retry: Batch[] = []
  /** Bytes of all batches here. */
  pendingBytes = 0
  producerId = -1
  producerEpoch = -1
  /** Not before this time; set after a failure. */
  mutedUntilMs = 0
  /** Failures in a row. */
  failures = 0
  /**
   * The last time that the broker showed to know this producer and epoch here. One that does not takes any sequence for
   * the first, so that until then only one batch may be on its way, or a lost first batch would come after its successors.
   */
  knownAtMs = Number.NEGATIVE_INFINITY
  /** Start a new epoch as soon as nothing is in flight. */
  isBumpWanted = false
  /** Size of the batch sent last: what the next one will likely need. */
  #usualBytes = 0
  #nextSequence = 0
  #nextOrder = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isEmpty(): boolean {
    return this.open === undefined && this.sealed.length === 0 && this.inFlight.length === 0 && this.retry.length === 0
  }

  /** Every batch that is not done, oldest first. */
  all(): Batch[] {
    const batches = [...this.inFlight, ...this.retry, ...this.sealed]
    if (this.open !== undefined) batches.push(this.open)
    return batches
  }

  /** The batch that the record fits in, sealed ones left behind: at most `batchBytes` unless one record is larger. */
  batchFor(record: EncodedRecord, timestamp: number, batchBytes: number, pool: BufferPool): Batch {
    const open = this.open
    if (open !== undefined) {
      if (open.size + open.sizeOf(record, timestamp) <= batchBytes) return open
      this.sealed.push(open)
    }
    const capacity = open === undefined ? this.#usualCapacity(batchBytes) : batchBytes
    this.open = new Batch(pool.take(capacity), Date.now(), this.#nextOrder++)
    return this.open
  }

  /** The batch to send now, if any; it stays in place until `sent`. */
  next(rules: SendRules): Batch | undefined {
    if (this.mutedUntilMs > rules.nowMs) return undefined
    if (this.retry.length > 0 || this.isBumpWanted) return this.#nextRetry()
    if (this.inFlight.length >= this.#allowedInFlight(rules)) return undefined
    if (this.sealed.length > 0) return this.sealed[0]
    if (this.open === undefined) return undefined
    if (rules.isUrgent) return this.open
    if (rules.lingerMs > 0) return this.lingersUntil(rules.lingerMs) <= rules.nowMs ? this.open : undefined
    return this.inFlight.length < HOLD_IN_FLIGHT ? this.open : undefined
  }

  /** When the open batch has waited long enough; infinite without one. */
  lingersUntil(lingerMs: number): number {
    return this.open === undefined ? Number.POSITIVE_INFINITY : this.open.createdAtMs + lingerMs
  }

  /** Moves a batch that `next` gave into flight. */
  sent(batch: Batch): void {
    if (this.open === batch) this.open = undefined
    removeFrom(this.retry, batch)
    removeFrom(this.sealed, batch)
    batch.attempts++
    this.#usualBytes = batch.size
    this.inFlight.push(batch)
  }

  /** Gives the batch its sequence numbers, unless it has some. */
  stamp(batch: Batch): void {
    if (batch.baseSequence >= 0) return
    batch.stamp(this.producerId, this.producerEpoch, this.#nextSequence)
    this.#nextSequence = (this.#nextSequence + batch.count) & SEQUENCE_MASK
  }

  /** Takes a batch out, wherever it is. */
  remove(batch: Batch): void {
    if (this.open === batch) this.open = undefined
    for (const list of [this.inFlight, this.retry, this.sealed]) removeFrom(list, batch)
  }

  /** Puts a batch back to be sent again, before everything younger. */
  sendAgain(batch: Batch): void {
    removeFrom(this.inFlight, batch)
    let at = this.retry.length
    while (at > 0 && this.retry[at - 1]!.order > batch.order) at--
    this.retry.splice(at, 0, batch)
  }

  /** Whether no older batch is undecided: then a gap in the sequence cannot be closed by waiting. */
  isHead(batch: Batch): boolean {
    const isOlder = (other: Batch): boolean => other.order < batch.order
    return !this.inFlight.some(isOlder) && !this.retry.some(isOlder)
  }

  /** Takes on a producer id, from sequence 0. */
  adopt(producerId: number, producerEpoch: number): void {
    this.producerId = producerId
    this.producerEpoch = producerEpoch
    this.#restart()
  }

  /** Forgets the producer id: the next send waits for a new one. */
  disown(): void {
    this.producerId = -1
  }

  /**
   * After a failure batches go one at a time. An uncertain one goes with its old sequence first, which tells whether it
   * was appended; only then may a new epoch renumber what is left.
   */
  #nextRetry(): Batch | undefined {
    if (this.inFlight.length > 0) return undefined
    const first = this.retry[0]
    if (this.isBumpWanted && !first?.isUncertain) this.#bump()
    return first ?? this.sealed[0] ?? this.open
  }

  #allowedInFlight({ nowMs, maxInFlight }: SendRules): number {
    return this.producerId < 0 || nowMs - this.knownAtMs < KNOWN_FOR_MS ? maxInFlight : 1
  }

  #usualCapacity(batchBytes: number): number {
    const expected = this.#usualBytes * 1.25
    return expected > batchBytes / 2
      ? batchBytes
      : Math.min(batchBytes, Math.max(SMALL_BATCH_BYTES, Math.ceil(expected)))
  }

  #bump(): void {
    if (this.producerEpoch >= MAX_EPOCH) this.disown()
    else this.adopt(this.producerId, this.producerEpoch + 1)
  }

  #restart(): void {
    this.isBumpWanted = false
    this.knownAtMs = Number.NEGATIVE_INFINITY
    this.#nextSequence = 0
    for (const batch of this.retry) batch.stamp(this.producerId, this.producerEpoch, -1)
  }
}

function removeFrom(list: Batch[], batch: Batch): void {
  const index = list.indexOf(batch)
  if (index >= 0) list.splice(index, 1)
}
