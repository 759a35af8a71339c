import type { Clock, Timer } from '../../broker/ports/clock.ts'

interface Due {
  readonly atMs: number
  /** Breaks ties: first come, first served. */
  readonly order: number
  fn: (() => void) | null
}

/**
 * Virtual time: nothing happens until `step` runs the next callback that is due, and time is where that one was set. What
 * many simulated nodes wait for can stand in one clock.
 */
export class SimClock implements Clock {
  #monotonicMs = 0
  #wallOffsetMs: number
  #order = 0
  /** A binary heap, the earliest first. */
  readonly #heap: Due[] = []
  #turnEnds: (() => void)[] = []

  constructor(startMs = 1_700_000_000_000) {
    this.#wallOffsetMs = startMs
  }

  now(): number {
    return Math.floor(this.#wallOffsetMs + this.#monotonicMs)
  }

  monotonic(): number {
    return this.#monotonicMs
  }

  after(delayMs: number, fn: () => void): Timer {
    const due: Due = { atMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, fn }
    this.#push(due)
    return { cancel: () => void (due.fn = null) }
  }

  turnEnd(fn: () => void): void {
    this.#turnEnds.push(fn)
  }

  /** Callbacks that wait; cancelled ones may still be counted. */
  get pending(): number {
    return this.#heap.length + this.#turnEnds.length
  }

  /** Ends the turn, or else goes on to the next callback that is due and runs it. False: nothing waits. */
  step(): boolean {
    if (this.#turnEnds.length > 0) {
      this.#endTurn()
      return true
    }
    for (let due = this.#pop(); due !== undefined; due = this.#pop()) {
      if (due.fn === null) continue
      this.#monotonicMs = due.atMs
      due.fn()
      return true
    }
    return false
  }

  /** Lets so much time pass, running everything that becomes due. */
  advance(ms: number): void {
    const untilMs = this.#monotonicMs + ms
    this.#endTurn()
    while ((this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY) <= untilMs) this.step()
    this.#monotonicMs = Math.max(this.#monotonicMs, untilMs)
  }

  /** The wall clock jumps, forwards or (negative) backwards; monotonic time does not notice. */
  jump(ms: number): void {
    this.#wallOffsetMs += ms
  }

  /** Forgets everything that waits: whoever set it has died. */
  clear(): void {
    this.#heap.length = 0
    this.#turnEnds = []
  }

  #endTurn(): void {
    while (this.#turnEnds.length > 0) {
      const ending = this.#turnEnds
      this.#turnEnds = []
      for (const fn of ending) fn()
    }
  }

  #push(due: Due): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(due)
    while (at > 0) {
      const parent = (at - 1) >>> 1
      const above = heap[parent]!
      if (isBefore(above, due)) break
      heap[at] = above
      at = parent
    }
    heap[at] = due
  }

  #pop(): Due | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (heap.length === 0 || last === undefined) return first
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (isBefore(last, heap[child]!)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs
}
