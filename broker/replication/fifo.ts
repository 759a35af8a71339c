/** What a queue holds that never held anything: thousands of partitions have several of those. */
const NONE: never[] = []

/** A first-in, first-out queue whose `shift` does not move the rest. */
export class Fifo<T> {
  private items: T[] = NONE
  private head = 0

  get size(): number {
    return this.items.length - this.head
  }

  push(item: T): void {
    if (this.items.length === 0) this.items = [item]
    else this.items.push(item)
  }

  peek(): T | undefined {
    return this.items[this.head]
  }

  shift(): T | undefined {
    const item = this.items[this.head]
    if (item === undefined) return undefined
    this.head += 1
    if (this.head === this.items.length) {
      this.items = NONE
      this.head = 0
    } else if (this.head >= 1024 && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return item
  }

  /** Takes everything out, oldest first. */
  drain(): T[] {
    const all = this.items.slice(this.head)
    this.items = NONE
    this.head = 0
    return all
  }

  /** Takes out what `test` says, in order. */
  remove(test: (item: T) => boolean): T[] {
    const removed: T[] = []
    const kept: T[] = []
    for (const item of this.drain()) (test(item) ? removed : kept).push(item)
    this.items = kept
    return removed
  }
}
