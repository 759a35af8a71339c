import { onAbort, throwIfAborted } from '../timing.ts'
import type { Delivery } from './fetcher.ts'
import type { FetchedBatch, RecordIterator } from './fetched-batch.ts'
import type { Poller } from './poller.ts'
import type { FetchedRecord } from './record.ts'

type AnyBatch = FetchedBatch<unknown, unknown, string>
type AnyRecord = FetchedRecord<unknown, unknown, string>

interface Current extends Delivery {
  readonly batch: AnyBatch
}

/** What both ways of reading share: one delivery at a time, passed when the loop asks for more. */
abstract class PollIterator<T> implements AsyncIterableIterator<T> {
  readonly poller: Poller
  readonly #signal: AbortSignal
  readonly #stopListening: () => void
  readonly #onEnd: () => void
  #isEnded = false
  /** A call of `next` that waits; others queue behind it. */
  #polling: Promise<IteratorResult<T, undefined>> | undefined

  constructor(poller: Poller, signal: AbortSignal | undefined, onEnd: () => void) {
    this.poller = poller
    this.#signal = poller.signalWith(signal)
    this.#onEnd = onEnd
    this.#stopListening = this.#signal.aborted ? () => undefined : onAbort(this.#signal, () => poller.wake())
  }

  /** Notes that what was handed over last has been dealt with. */
  abstract pass(): void
  /** The next thing that is at hand; undefined when a delivery has to be taken first. */
  abstract read(): T | undefined
  abstract begin(delivery: Current): void
  /** Puts back what is left of the delivery. */
  abstract leave(): void

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#polling !== undefined) return this.#polling.then(() => this.next())
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined })
    this.poller.ask()
    this.pass()
    if (!this.poller.isDue && !this.#signal.aborted) {
      const value = this.read()
      if (value !== undefined) return Promise.resolve({ done: false, value })
    }
    const polling = this.#poll().finally(() => {
      this.#polling = undefined
    })
    this.#polling = polling
    return polling
  }

  return(): Promise<IteratorResult<T, undefined>> {
    if (!this.#isEnded) {
      this.leave()
      this.#end()
    }
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #poll(): Promise<IteratorResult<T, undefined>> {
    try {
      if (!this.poller.isClosed) throwIfAborted(this.#signal)
      if (!(await this.poller.prepare(this.#signal))) return this.#done()
      for (;;) {
        const value = this.read()
        if (value !== undefined) return { done: false, value }
        const delivery = await this.poller.next(this.#signal)
        if (delivery?.batch === undefined) return this.#done()
        const { state, batch } = delivery
        state.leaderEpoch = batch.leaderEpoch
        if (batch.isEmpty) {
          skip(delivery, batch)
          batch.discard()
        } else this.begin({ ...delivery, batch })
      }
    } catch (error) {
      this.leave()
      this.#end()
      throw error
    }
  }

  #done(): IteratorResult<T, undefined> {
    this.#end()
    return { done: true, value: undefined }
  }

  #end(): void {
    this.#isEnded = true
    this.#stopListening()
    this.#onEnd()
  }
}

/** Nothing for the application in it (markers, aborted or compacted records): the position moves over it. */
function skip({ state }: Delivery, batch: AnyBatch): void {
  state.position = batch.nextOffset
  state.committable = batch.nextOffset
}

/** Hands over one record at a time. */
export class RecordsIterator extends PollIterator<AnyRecord> {
  #current: Current | undefined
  #records: RecordIterator<unknown, unknown, string> | undefined
  #last: AnyRecord | undefined

  pass(): void {
    if (this.#last === undefined || this.#current === undefined) return
    const { state, version } = this.#current
    if (state.version === version) state.committable = this.#last.offset + 1
    this.#last = undefined
  }

  read(): AnyRecord | undefined {
    const current = this.#current
    if (current === undefined) return undefined
    const { state } = current
    if (state.version !== current.version) {
      this.#current = undefined
      return undefined
    }
    if (state.isPaused) {
      this.leave()
      return undefined
    }
    const record = this.#records!.read()
    if (record === undefined) {
      skip(current, current.batch)
      current.batch.retire()
      this.#current = undefined
      return undefined
    }
    state.position = record.offset + 1
    this.#last = record
    return record
  }

  begin(delivery: Current): void {
    this.#current = delivery
    this.#records = delivery.batch[Symbol.iterator]()
  }

  leave(): void {
    const current = this.#current
    this.#current = undefined
    this.#last = undefined
    if (current === undefined || current.state.version !== current.version) return
    const from = current.state.position
    if (from < current.batch.nextOffset)
      this.poller.fetcher.putBack({ ...current, batch: current.batch.startingAt(from) })
  }
}

/** Hands over all that one fetch brought of a partition. */
export class BatchesIterator extends PollIterator<AnyBatch> {
  #next: Current | undefined
  #last: Current | undefined

  pass(): void {
    const last = this.#last
    this.#last = undefined
    if (last === undefined) return
    last.batch.retire()
    if (last.state.version === last.version) last.state.committable = last.batch.nextOffset
  }

  read(): AnyBatch | undefined {
    const next = this.#next
    this.#next = undefined
    if (next === undefined) return undefined
    next.state.position = next.batch.nextOffset
    this.#last = next
    return next.batch
  }

  begin(delivery: Current): void {
    this.#next = delivery
  }

  leave(): void {
    if (this.#next !== undefined) this.poller.fetcher.putBack(this.#next)
    this.#next = undefined
    this.#last = undefined
  }
}
