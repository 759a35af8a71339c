import type { Clock, Timer } from './clock.ts'
import { CoarseTimers } from './coarse-timers.ts'

/** From this delay on a timer may be late by an eighth of it, and 64 ms at most. */
const COARSE_MIN_MS = 100

const exactClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs: number, fn: () => void): Timer {
    const timer = setTimeout(fn, Math.max(0, Math.ceil(delayMs)))
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  turnEnd(fn: () => void): void {
    setImmediate(fn)
  },
}

const coarse = new CoarseTimers(exactClock)

/** The operating system's time. Timers never keep the process alive; long ones fire together (see CoarseTimers). */
export const nodeClock: Clock = {
  ...exactClock,
  after: (delayMs, fn) => (delayMs < COARSE_MIN_MS ? exactClock : coarse).after(delayMs, fn),
}
