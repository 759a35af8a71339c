/** Time as the broker sees it. Cores never use it: they take `nowMs` as an argument (DESIGN 2.3). */
export interface Clock {
  /** Wall clock in milliseconds since the epoch. May jump; no safety property may depend on it. */
  now(): number
  /** Monotonic milliseconds (fractional), for timeouts and latencies. */
  monotonic(): number
  /** Calls `fn` once, not before `delayMs` milliseconds have passed; a long delay may be some longer. Never keeps the process alive. */
  after(delayMs: number, fn: () => void): Timer
  /** Calls `fn` at the end of this loop turn, after every input that is ready now has been read. */
  turnEnd(fn: () => void): void
}

/** A pending call of {@link Clock.after}. */
export interface Timer {
  cancel(): void
}
