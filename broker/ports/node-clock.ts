import type { Clock, Timer } from './clock.ts'

/** The operating system's time. Timers never keep the process alive. */
export const nodeClock: Clock = {
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
