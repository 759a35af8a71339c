/** What a queue holds that never held anything: thousands of idle logs have one. */
const NONE: never[] = []

/** A queue that can be looked into by position. Slots are cleared as they are left, so nothing is pinned by accident. */
export class Fifo<T> {
  #items: (T | undefined)[] = NONE
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  get first(): T | undefined {
    return this.#items[this.#head]
  }

  get last(): T | undefined {
    return this.length === 0 ? undefined : this.#items[this.#items.length - 1]
  }

  /** The item at a position counted from the oldest; the caller keeps within `length`. */
  at(index: number): T {
    return this.#items[this.#head + index] as T
  }

  push(item: T): void {
    if (this.#items === NONE) this.#items = [item]
    else this.#items.push(item)
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    // Moving the rest only once half is empty keeps the cost of a shift constant on average.
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  pop(): T | undefined {
    return this.length === 0 ? undefined : this.#items.pop()
  }
}
