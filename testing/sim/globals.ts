import type { Timer } from '../../broker/ports/clock.ts'
import type { SimClock } from './clock.ts'
import type { SeededRandom } from './random.ts'

/** Node's shortest timer (ms). */
const TIMER_MIN_MS = 1

/** What `setTimeout` gives. */
class VirtualTimer {
  readonly #set: (timer: VirtualTimer) => Timer
  #pending: Timer

  constructor(set: (timer: VirtualTimer) => Timer) {
    this.#set = set
    this.#pending = set(this)
  }

  refresh(): this {
    this.close()
    this.#pending = this.#set(this)
    return this
  }

  close(): void {
    this.#pending.cancel()
  }

  /** Nothing keeps a simulated world going but what waits in it. */
  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

type Callback = (...args: unknown[]) => void

const real = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate }
const realNow = Date.now
const realRandom = Math.random

/** Resolves when no promise has anything left to do, whatever is in force. */
export function settledForReal(): Promise<void> {
  return new Promise((resolve) => void real.setImmediate(resolve))
}

/**
 * What a program asks the platform for time and chance (timers, `setImmediate`, `Date.now`, `performance.now`, `Math.random`),
 * answered by a simulated world from `install` to `restore`. For the whole process: one world at a time.
 */
export class VirtualGlobals {
  readonly #clock: SimClock
  readonly #random: SeededRandom
  readonly #immediates = new Set<{ readonly run: () => void }>()

  constructor(clock: SimClock, random: SeededRandom) {
    this.#clock = clock
    this.#random = random
  }

  install(): void {
    const clear = (timer: unknown) => {
      if (timer instanceof VirtualTimer) timer.close()
    }
    const own = {
      setTimeout: (fn: Callback, delayMs = TIMER_MIN_MS, ...args: unknown[]) =>
        new VirtualTimer(() => this.#after(delayMs, () => fn(...args))),
      setInterval: (fn: Callback, delayMs = TIMER_MIN_MS, ...args: unknown[]) =>
        new VirtualTimer((timer) => {
          return this.#after(delayMs, () => {
            timer.refresh()
            fn(...args)
          })
        }),
      setImmediate: (fn: Callback, ...args: unknown[]) => {
        const immediate = { run: () => fn(...args) }
        this.#immediates.add(immediate)
        return immediate
      },
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: (immediate: { readonly run: () => void }) => void this.#immediates.delete(immediate),
    }
    Object.assign(globalThis, own)
    Date.now = () => this.#clock.now()
    // Its own is that of its prototype, which shows again when this one goes.
    const now = () => this.#clock.monotonic()
    Object.defineProperty(performance, 'now', { value: now, configurable: true, writable: true })
    Math.random = () => this.#random.uint32() / 0x1_0000_0000
  }

  restore(): void {
    Object.assign(globalThis, real)
    Date.now = realNow
    Math.random = realRandom
    Reflect.deleteProperty(performance, 'now')
    this.#immediates.clear()
  }

  /** Runs what was to run before any more time passes. False: nothing was. */
  runImmediates(): boolean {
    const due = [...this.#immediates]
    for (const immediate of due) if (this.#immediates.delete(immediate)) immediate.run()
    return due.length > 0
  }

  #after(delayMs: number, fn: () => void): Timer {
    return this.#clock.after(Math.max(TIMER_MIN_MS, Math.floor(delayMs) || TIMER_MIN_MS), fn)
  }
}
