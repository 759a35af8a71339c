import { compareKeys, type MapKey } from './keys.ts'

/** A timer of a key, in the queue or not. */
export interface QueuedTimer {
  readonly name: string
  readonly kind: 'event' | 'wall'
  at: number
  readonly owner: { readonly mapKey: MapKey }
  /** Place in the queue; -1 when it is not in it. */
  index: number
  /** The time it is queued under: not later than `at`. */
  queuedAt: number
}

/**
 * Timers by time (then key, then name): an indexed binary heap. Moving a timer later, as a deadline is moved with every
 * record, costs nothing: it stays where it is and moves when it comes up.
 */
export class TimerQueue {
  readonly #heap: QueuedTimer[] = []
  /** The latest time anything was queued for, since the queue was last empty. */
  #latest = Number.NEGATIVE_INFINITY

  get size(): number {
    return this.#heap.length
  }

  /** Not later than the next timer's time; Infinity when there is none. */
  get next(): number {
    return this.#heap[0]?.queuedAt ?? Number.POSITIVE_INFINITY
  }

  /** Not earlier than the last timer's time; -Infinity when there is none. */
  get latest(): number {
    return this.#heap.length === 0 ? Number.NEGATIVE_INFINITY : this.#latest
  }

  /** Puts a timer in, or moves it to `at`. */
  set(timer: QueuedTimer, at: number): void {
    if (this.#heap.length === 0) this.#latest = at
    else if (at > this.#latest) this.#latest = at
    timer.at = at
    if (timer.index < 0) {
      timer.queuedAt = at
      timer.index = this.#heap.length
      this.#heap.push(timer)
      this.#up(timer.index)
    } else if (at < timer.queuedAt) {
      timer.queuedAt = at
      this.#up(timer.index)
    }
  }

  remove(timer: QueuedTimer): void {
    const { index } = timer
    if (index < 0) return
    timer.index = -1
    const last = this.#heap.pop()!
    if (last === timer) return
    this.#place(last, index)
    this.#up(index)
    this.#down(last.index)
  }

  /** Takes out the first timer whose time is at most `until`. */
  take(until: number): QueuedTimer | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.queuedAt <= until; first = this.#heap[0]) {
      if (first.at > first.queuedAt) {
        first.queuedAt = first.at
        this.#down(0)
        continue
      }
      this.remove(first)
      return first
    }
    return undefined
  }

  #up(from: number): void {
    let index = from
    const timer = this.#heap[index]!
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = this.#heap[above]!
      if (!before(timer, parent)) break
      this.#place(parent, index)
      index = above
    }
    this.#place(timer, index)
  }

  #down(from: number): void {
    const heap = this.#heap
    let index = from
    const timer = heap[index]!
    for (;;) {
      let below = 2 * index + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && before(heap[below + 1]!, heap[below]!)) below++
      if (!before(heap[below]!, timer)) break
      this.#place(heap[below]!, index)
      index = below
    }
    this.#place(timer, index)
  }

  #place(timer: QueuedTimer, index: number): void {
    this.#heap[index] = timer
    timer.index = index
  }
}

function before(a: QueuedTimer, b: QueuedTimer): boolean {
  if (a.queuedAt !== b.queuedAt) return a.queuedAt < b.queuedAt
  const keys = compareKeys(a.owner.mapKey, b.owner.mapKey)
  return keys !== 0 ? keys < 0 : a.name < b.name
}
