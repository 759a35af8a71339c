/**
 * Timers that do not mind a little delay, gathered so that a process wakes once for several of them. What recurs about every
 * half second (heartbeats, fetches that wait, looks at deadlines) falls into step within a few rounds: an idle broker sleeps
 * between the steps.
 */
import type { Clock, Timer } from './clock.ts'
import { TimerWheel } from './timer-wheel.ts'

/** How late a timer may be, as a share of its delay, and at most (ms). */
const SLACK_SHARE = 1 / 8
const SLACK_MAX_MS = 64

/** Timers meet at multiples of this (ms); of a smaller power of two when their delay is shorter. Half a second and its multiples reach one. */
const STEP_MAX_MS = 512

export class CoarseTimers {
  private readonly clock: Clock
  private readonly wheel: TimerWheel

  constructor(clock: Clock) {
    this.clock = clock
    this.wheel = new TimerWheel(clock)
  }

  /** As `Clock.after`. */
  after(delayMs: number, fn: () => void): Timer {
    const nowMs = this.clock.monotonic()
    const entry = this.wheel.addAt(meetingAt(nowMs + delayMs, delayMs), nowMs, () => this.run(fn))
    return { cancel: () => this.wheel.cancel(entry) }
  }

  /** An error must not hold up the others of this moment: it is thrown where a timer of its own would have thrown it. */
  private run(fn: () => void): void {
    try {
      fn()
    } catch (error) {
      this.clock.turnEnd(() => {
        throw error
      })
    }
  }
}

/**
 * When a timer fires: where others do, if that is soon enough, else as late as it may, so that its next round comes nearer
 * to where others do. Exported for its test.
 */
export function meetingAt(dueMs: number, delayMs: number): number {
  const slackMs = Math.min(delayMs * SLACK_SHARE, SLACK_MAX_MS)
  const stepMs = Math.min(STEP_MAX_MS, 2 ** Math.floor(Math.log2(delayMs + slackMs)))
  return Math.min(Math.ceil(dueMs / stepMs) * stepMs, dueMs + slackMs)
}
