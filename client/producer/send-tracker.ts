import type { MillraceError } from '../errors.ts'
import { deferred } from '../timing.ts'
import type { Batch, BatchListener, BatchMark } from './batch.ts'
import type { RecordMetadata } from './types.ts'

/** Consecutive records of a `send` that went into one batch. */
interface Run {
  readonly batch: Batch
  readonly partition: number
  /** The batch before the first of them. */
  readonly before: BatchMark
  count: number
}

/** Follows the records of one `send` through the batches they went into, with no object per record. */
export class SendTracker implements BatchListener {
  readonly #done = deferred<RecordMetadata[]>()
  readonly #runs: Run[] = []
  #waitingFor = 0
  #failure: MillraceError | undefined

  /** One entry per record, in order; rejects with the first failure once no record is undecided. */
  get promise(): Promise<RecordMetadata[]> {
    return this.#done.promise
  }

  /** Must be called before the record is appended to the batch. */
  add(batch: Batch, partition: number): void {
    const last = this.#runs[this.#runs.length - 1]
    if (last?.batch === batch) {
      last.count++
      return
    }
    if (batch.listeners[batch.listeners.length - 1] !== this) {
      batch.listeners.push(this)
      this.#waitingFor++
    }
    this.#runs.push({ batch, partition, before: batch.mark(), count: 1 })
  }

  /**
   * Takes the records out of their batches again; possible until control goes back to the event loop. Calls back with
   * the bytes freed; a batch left with a count of 0 is to be dropped.
   */
  undo(freed: (partition: number, batch: Batch, bytes: number) => void): void {
    for (const { batch, partition, before } of this.#runs.reverse()) {
      const bytes = batch.size - before.size
      batch.truncate(before)
      const at = batch.listeners.lastIndexOf(this)
      if (at >= 0) batch.listeners.splice(at, 1)
      freed(partition, batch, bytes)
    }
    this.#runs.length = 0
    this.#waitingFor = 0
  }

  /** The call fails before any of its records was on its way. */
  fail(error: unknown): void {
    this.#done.reject(error)
  }

  batchDone(batch: Batch): void {
    this.#failure ??= batch.error
    this.#waitingFor--
    if (this.#waitingFor > 0) return
    if (this.#failure !== undefined) this.#done.reject(this.#failure)
    else this.#done.resolve(this.#results())
  }

  #results(): RecordMetadata[] {
    const results: RecordMetadata[] = []
    for (const { batch, partition, before, count } of this.#runs) {
      for (let i = 0; i < count; i++) results.push({ partition, offset: batch.offsetOf(before.count + i) })
    }
    return results
  }
}

/** Waits for a set of batches; failures are not its business. */
export class FlushTracker implements BatchListener {
  readonly #done = deferred<undefined>()
  #waitingFor: number

  constructor(batches: readonly Batch[]) {
    this.#waitingFor = batches.length
    for (const batch of batches) batch.listeners.push(this)
    if (batches.length === 0) this.#done.resolve(undefined)
  }

  get promise(): Promise<undefined> {
    return this.#done.promise
  }

  batchDone(): void {
    this.#waitingFor--
    if (this.#waitingFor === 0) this.#done.resolve(undefined)
  }
}
