import { Fifo } from './fifo.ts'

/** One log's sync: starts what it has to sync and calls `finished` when all of that is done, well or badly. */
export type SyncTask = (finished: () => void) => void

/**
 * Limits the fdatasyncs in flight over all logs, first come first served. Each holds a thread of the pool for as long as
 * the disk takes; with all of them held, reads wait behind (measured: 0.03 ms becomes 5 ms).
 */
export class SyncScheduler {
  readonly #maxInFlight: number
  readonly #waiting = new Fifo<SyncTask>()
  #inFlight = 0

  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Starts the task now, or when one in flight has finished. */
  submit(task: SyncTask): void {
    if (this.#inFlight >= this.#maxInFlight) this.#waiting.push(task)
    else this.#start(task)
  }

  #start(task: SyncTask): void {
    this.#inFlight++
    let done = false
    task(() => {
      if (done) return
      done = true
      this.#inFlight--
      const next = this.#waiting.shift()
      if (next !== undefined) this.#start(next)
    })
  }
}
