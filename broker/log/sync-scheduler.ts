import { Fifo } from './fifo.ts'

/**
 * One log's sync: starts what it has to sync and calls `finished` when all of that is done, well or badly. What is given
 * there could not go on for want of file descriptors.
 */
export type SyncTask = (finished: (stalled?: Stalled) => void) => void

/** Resumed once another sync has finished, and may have left it a descriptor. */
export interface Stalled {
  resume(): void
}

/**
 * Limits the fdatasyncs in flight over all logs, first come first served. Each holds a thread of the pool for as long as
 * the disk takes; with all of them held, reads wait behind (measured: 0.03 ms becomes 5 ms).
 */
export class SyncScheduler {
  readonly #maxInFlight: number
  readonly #waiting = new Fifo<SyncTask>()
  readonly #stalled = new Set<Stalled>()
  #inFlight = 0
  #starting = false

  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Starts the task now, or when those before it have had their turn. */
  submit(task: SyncTask): void {
    this.#waiting.push(task)
    this.#startNext()
  }

  /** A loop and no recursion: of a closed broker's logs thousands may be waiting, and have nothing to do. */
  #startNext(): void {
    if (this.#starting) return
    this.#starting = true
    try {
      while (this.#inFlight < this.#maxInFlight) {
        const task = this.#waiting.shift()
        if (task === undefined) break
        this.#start(task)
      }
    } finally {
      this.#starting = false
    }
  }

  #start(task: SyncTask): void {
    this.#inFlight++
    let done = false
    task((stalled) => {
      if (done) return
      done = true
      this.#inFlight--
      if (stalled === undefined) this.#resumeStalled()
      else this.#stalled.add(stalled)
      this.#startNext()
    })
  }

  #resumeStalled(): void {
    if (this.#stalled.size === 0) return
    const stalled = [...this.#stalled]
    this.#stalled.clear()
    for (const one of stalled) one.resume()
  }
}
