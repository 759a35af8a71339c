import type { Disk } from '../../ports/disk.ts'
import type { Steps } from './batch-source.ts'
import { buildOffsetMap, type MapTask } from './build-map.ts'
import { type CleanedGroup, type CleaningState, cleanGroup, type GroupTask } from './clean-group.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'

/** What a map tells the cleaner: the map itself stays with the runner. */
export interface BuiltMap {
  /** Exclusive end of what it accounts for. */
  readonly endOffset: number
  readonly bytesRead: number
}

/**
 * Does the reading and recopying of one cleaning at a time: a map first, then group after group with it. `done` comes in a
 * later turn, once, unless `end` comes first.
 */
export interface CompactionRunner {
  buildMap(task: MapTask, done: (error: Error | null, map: BuiltMap | null) => void): void
  cleanGroup(task: GroupTask, done: (error: Error | null, group: CleanedGroup | null) => void): void
  /** The cleaning is over or given up: what is under way stops, the map goes. */
  end(): void
  /** Nothing will follow. */
  close(): void
}

/** When the next step is due. */
export interface Pacing {
  /** Bytes read and written per second at most. */
  readonly bytesPerSecond: () => number
  /** Milliseconds, fractional; never goes back. */
  readonly monotonic: () => number
  /** Calls back once, later: `delayMs` is 0 or more. */
  readonly after: (delayMs: number, fn: () => void) => unknown
}

/** Does the work step by step in its own thread, at no more than a given rate, with other work in between. */
export class StepRunner implements CompactionRunner {
  readonly #disk: Disk
  readonly #pacing: Pacing
  #state: CleaningState | null = null
  #running: Steps<unknown> | null = null
  /** When the bytes so far are paid for. */
  #paidMs = 0

  constructor(disk: Disk, pacing: Pacing) {
    this.#disk = disk
    this.#pacing = pacing
  }

  buildMap(task: MapTask, done: (error: Error | null, map: BuiltMap | null) => void): void {
    let bytesRead = 0
    const count = (bytes: number): void => void (bytesRead += bytes)
    this.#run(buildOffsetMap(this.#disk, task), count, (error, map) => {
      if (map === null) return done(error, null)
      this.#state = { map, transactions: new CleanedTransactions() }
      done(null, { endOffset: map.latestOffset + 1, bytesRead })
    })
  }

  cleanGroup(task: GroupTask, done: (error: Error | null, group: CleanedGroup | null) => void): void {
    if (this.#state === null) throw new Error('a group is cleaned once the map is built')
    this.#run(cleanGroup(this.#disk, this.#state, task), () => undefined, done)
  }

  end(): void {
    const running = this.#running
    this.#running = null
    this.#state = null
    running?.return(undefined)
  }

  close(): void {
    this.end()
  }

  #run<T>(
    steps: Steps<T>,
    count: (bytes: number) => void,
    done: (error: Error | null, result: T | null) => void,
  ): void {
    this.#running = steps
    const step = (): void => {
      // Given up meanwhile.
      if (this.#running !== steps) return
      try {
        const { done: isDone, value } = steps.next()
        if (!isDone) {
          count(value)
          this.#pacing.after(this.#delayAfter(value), step)
          return
        }
        this.#running = null
        done(null, value)
      } catch (error) {
        this.#running = null
        done(error as Error, null)
      }
    }
    this.#pacing.after(0, step)
  }

  #delayAfter(bytes: number): number {
    const { bytesPerSecond, monotonic } = this.#pacing
    const now = monotonic()
    this.#paidMs = Math.max(now, this.#paidMs) + (bytes / bytesPerSecond()) * 1000
    return Math.max(0, this.#paidMs - now)
  }
}
