/**
 * Many coarse timeouts on one timer of the Clock: adding and cancelling cost a few pointer writes, so a request may carry
 * one. Owns no meaning; never fires early, fires at most one tick late (plus what the loop is late).
 */
import type { Clock, Timer } from './clock.ts'

/** Milliseconds per slot: a fetch that waits 500 ms does not mind 4. */
const TICK_MS = 4
/** Slots per revolution; a longer timeout goes round more than once. */
const SLOTS = 512

/** A pending timeout; an intrusive node of its slot's ring. */
export interface WheelEntry {
  readonly fn: () => void
  /** Tick at which it is due; -1 once fired or cancelled. */
  dueTick: number
  /** In a slot; false while its round is firing, and after. */
  linked: boolean
  previous: WheelEntry
  next: WheelEntry
}

export class TimerWheel {
  private readonly slots: (WheelEntry | undefined)[] = Array.from({ length: SLOTS })
  private readonly clock: Clock
  private timer: Timer | null = null
  private timerTick = 0
  private count = 0
  /** The last tick whose slot was emptied. */
  private doneTick: number

  constructor(clock: Clock) {
    this.clock = clock
    this.doneTick = Math.floor(clock.monotonic() / TICK_MS)
  }

  /** Pending timeouts. */
  get size(): number {
    return this.count
  }

  add(delayMs: number, fn: () => void): WheelEntry {
    const nowMs = this.clock.monotonic()
    return this.addAt(nowMs + delayMs, nowMs, fn)
  }

  /** At `atMs` of the monotonic clock, where it is `nowMs`. */
  addAt(atMs: number, nowMs: number, fn: () => void): WheelEntry {
    if (this.count === 0) this.doneTick = Math.floor(nowMs / TICK_MS)
    const dueTick = Math.max(this.doneTick + 1, Math.ceil(atMs / TICK_MS))
    const entry = { fn, dueTick, linked: true } as WheelEntry
    const slot = dueTick % SLOTS
    const head = this.slots[slot]
    if (head === undefined) {
      entry.previous = entry
      entry.next = entry
      this.slots[slot] = entry
    } else {
      entry.previous = head.previous
      entry.next = head
      head.previous.next = entry
      head.previous = entry
    }
    this.count += 1
    if (this.timer === null || dueTick < this.timerTick) this.arm(Math.min(dueTick, this.doneTick + SLOTS))
    return entry
  }

  /** Does nothing when the entry has fired or was cancelled before. */
  cancel(entry: WheelEntry): void {
    if (entry.dueTick < 0) return
    // The timer stays armed: a busy consumer cancels and adds thousands of times between two firings.
    if (entry.linked) this.unlink(entry)
    entry.dueTick = -1
  }

  /** Forgets everything without firing. */
  clear(): void {
    this.slots.fill(undefined)
    this.count = 0
    this.disarm()
  }

  private unlink(entry: WheelEntry): void {
    const slot = entry.dueTick % SLOTS
    if (entry.next === entry) {
      this.slots[slot] = undefined
    } else {
      entry.previous.next = entry.next
      entry.next.previous = entry.previous
      if (this.slots[slot] === entry) this.slots[slot] = entry.next
    }
    entry.linked = false
    this.count -= 1
  }

  private arm(tick: number): void {
    this.disarm()
    this.timerTick = tick
    this.timer = this.clock.after(Math.max(0, tick * TICK_MS - this.clock.monotonic()), () => this.fire())
  }

  private disarm(): void {
    this.timer?.cancel()
    this.timer = null
  }

  private fire(): void {
    this.timer = null
    const nowTick = Math.floor(this.clock.monotonic() / TICK_MS)
    const due: WheelEntry[] = []
    const last = Math.min(nowTick, this.doneTick + SLOTS)
    for (let tick = this.doneTick + 1; tick <= last; tick += 1) this.collect(tick % SLOTS, nowTick, due)
    this.doneTick = Math.max(this.doneTick, nowTick)
    for (const entry of due) {
      // An earlier callback of this round may have cancelled it.
      if (entry.dueTick < 0) continue
      entry.dueTick = -1
      entry.fn()
    }
    if (this.count > 0 && this.timer === null) this.arm(this.nextTick())
  }

  /** Takes what is due out of a slot; entries of a later revolution stay. */
  private collect(slot: number, nowTick: number, due: WheelEntry[]): void {
    const head = this.slots[slot]
    if (head === undefined) return
    const all: WheelEntry[] = []
    let entry = head
    do {
      all.push(entry)
      entry = entry.next
    } while (entry !== head)
    for (const candidate of all) {
      if (candidate.dueTick > nowTick) continue
      this.unlink(candidate)
      due.push(candidate)
    }
  }

  private nextTick(): number {
    for (let tick = this.doneTick + 1; tick <= this.doneTick + SLOTS; tick += 1) {
      if (this.slots[tick % SLOTS] !== undefined) return tick
    }
    return this.doneTick + SLOTS
  }
}
