import type { Clock, Timer } from '../../broker/ports/clock.ts'
import type { SimClock } from './clock.ts'

/** How long the poll phase of an event loop goes on (milliseconds): what arrives within it shares a turn. */
const TURN_MS = 0.05

/** The shortest timer of Node, and the steps in which it counts (milliseconds). */
const TIMER_STEP_MS = 1

/** How a process sees time. */
export interface ClockFault {
  /** What its wall clock is ahead of true time (ms). */
  readonly skewMs: number
  /** Its seconds per true second, near 1. */
  readonly rate: number
}

const TRUE_TIME: ClockFault = { skewMs: 0, rate: 1 }

/**
 * A process of a simulated world: what it waits for dies with it, and waits for it while it is paused. Everything that
 * happens to it goes through `enter`, so that nothing of it runs in between.
 */
export class SimProcess {
  readonly name: string
  readonly clock: Clock
  readonly #world: SimClock
  /** An error that nobody caught: what ends a real process. */
  readonly #uncaught: (error: unknown) => void
  #entered = 0
  #isAlive = true
  #isPaused = false
  #held: (() => void)[] = []
  #turnEnds: (() => void)[] = []

  constructor(name: string, world: SimClock, uncaught: (error: unknown) => void, fault: ClockFault = TRUE_TIME) {
    this.name = name
    this.#world = world
    this.#uncaught = uncaught
    this.clock = new ProcessClock(this, world, fault)
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Events that have run in it so far. */
  get entered(): number {
    return this.#entered
  }

  /** Runs `fn` as an event of this process: now, when it runs again, or never when it is dead. */
  enter(fn: () => void): void {
    if (!this.#isAlive) return
    if (this.#isPaused) {
      this.#held.push(fn)
      return
    }
    this.#entered++
    try {
      fn()
    } catch (error) {
      this.#uncaught(error)
    }
  }

  /** The same after `delayMs` of true time. */
  after(delayMs: number, fn: () => void): Timer {
    return this.#world.after(delayMs, () => this.enter(fn))
  }

  turnEnd(fn: () => void): void {
    if (this.#turnEnds.length === 0) this.after(TURN_MS, () => this.#endTurn())
    this.#turnEnds.push(fn)
  }

  /** Stops it where it is, as SIGSTOP does; the world around goes on. */
  pause(): void {
    this.#isPaused = true
  }

  /** Everything that came meanwhile happens now, in the order it came. */
  resume(): void {
    this.#isPaused = false
    const held = this.#held
    this.#held = []
    for (const fn of held) this.enter(fn)
  }

  die(): void {
    this.#isAlive = false
    this.#held = []
    this.#turnEnds = []
  }

  #endTurn(): void {
    const ending = this.#turnEnds
    this.#turnEnds = []
    for (const fn of ending) this.enter(fn)
  }
}

/** The clock of a process: begins when it does, runs at its own rate, and its wall time may be wrong. */
class ProcessClock implements Clock {
  readonly #process: SimProcess
  readonly #world: SimClock
  readonly #fault: ClockFault
  readonly #bornMs: number

  constructor(process: SimProcess, world: SimClock, fault: ClockFault) {
    this.#process = process
    this.#world = world
    this.#fault = fault
    this.#bornMs = world.monotonic()
  }

  now(): number {
    return Math.floor(this.#world.now() + this.#fault.skewMs + this.monotonic() * (1 - 1 / this.#fault.rate))
  }

  monotonic(): number {
    return (this.#world.monotonic() - this.#bornMs) * this.#fault.rate
  }

  after(delayMs: number, fn: () => void): Timer {
    const ticks = Math.max(TIMER_STEP_MS, Math.ceil(delayMs))
    return this.#process.after(ticks / this.#fault.rate, fn)
  }

  turnEnd(fn: () => void): void {
    this.#process.turnEnd(fn)
  }
}
