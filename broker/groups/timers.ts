/** Deadlines of one shard: an indexed binary heap, so that a heartbeat moves its timer in O(log n) and leaves no debris. */

/** One pending call; owned by whoever schedules it, at most once in a queue. */
export class Timer {
  /** Monotonic milliseconds; Infinity while not scheduled. */
  dueMs = Number.POSITIVE_INFINITY
  /** Place in the heap, -1 when not in it. Only the queue writes it. */
  position = -1
  /** Breaks ties in the order of scheduling, so that runs repeat. */
  sequence = 0
  readonly fire: () => void

  constructor(fire: () => void) {
    this.fire = fire
  }
}

export class TimerQueue {
  readonly #heap: Timer[] = []
  #sequence = 0

  get size(): number {
    return this.#heap.length
  }

  /** When the queue next wants {@link fireDue}; Infinity when it is empty. */
  get nextDueMs(): number {
    return this.#heap[0]?.dueMs ?? Number.POSITIVE_INFINITY
  }

  /** Schedules, or moves a timer that is already scheduled. */
  schedule(timer: Timer, dueMs: number): void {
    timer.dueMs = dueMs
    timer.sequence = this.#sequence++
    if (timer.position === -1) {
      timer.position = this.#heap.length
      this.#heap.push(timer)
    }
    this.#up(timer.position)
    this.#down(timer.position)
  }

  cancel(timer: Timer): void {
    const position = timer.position
    if (position === -1) return
    timer.position = -1
    timer.dueMs = Number.POSITIVE_INFINITY
    const last = this.#heap.pop() as Timer
    if (last === timer) return
    this.#heap[position] = last
    last.position = position
    this.#up(position)
    this.#down(last.position)
  }

  /** Fires, in order, what is due at `nowMs`; a timer that schedules another for now or earlier has that fired too. */
  fireDue(nowMs: number): void {
    for (let timer = this.#heap[0]; timer !== undefined && timer.dueMs <= nowMs; timer = this.#heap[0]) {
      this.cancel(timer)
      timer.fire()
    }
  }

  #before(a: Timer, b: Timer): boolean {
    return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence)
  }

  #up(from: number): void {
    let position = from
    const timer = this.#heap[position] as Timer
    while (position > 0) {
      const parentPosition = (position - 1) >> 1
      const parent = this.#heap[parentPosition] as Timer
      if (!this.#before(timer, parent)) break
      this.#heap[position] = parent
      parent.position = position
      position = parentPosition
    }
    this.#heap[position] = timer
    timer.position = position
  }

  #down(from: number): void {
    let position = from
    const timer = this.#heap[position] as Timer
    for (;;) {
      let child = 2 * position + 1
      const left = this.#heap[child]
      if (left === undefined) break
      const right = this.#heap[child + 1]
      if (right !== undefined && this.#before(right, left)) child += 1
      const smaller = this.#heap[child] as Timer
      if (!this.#before(smaller, timer)) break
      this.#heap[position] = smaller
      smaller.position = position
      position = child
    }
    this.#heap[position] = timer
    timer.position = position
  }
}
