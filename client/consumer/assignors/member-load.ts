import type { TopicPartition } from '../../topic.ts'
import { compareText } from './partition-table.ts'

/** Members ordered by how many partitions they have, then by id. Their lists may change only between `remove` and `add`. */
export class MemberLoad {
  readonly #lists: ReadonlyMap<string, readonly TopicPartition[]>
  readonly #order: string[] = []

  constructor(lists: ReadonlyMap<string, readonly TopicPartition[]>) {
    this.#lists = lists
    for (const memberId of lists.keys()) this.add(memberId)
  }

  get leastLoaded(): string {
    return this.#order[0]!
  }

  get mostLoaded(): string {
    return this.#order[this.#order.length - 1]!
  }

  get size(): number {
    return this.#order.length
  }

  [Symbol.iterator](): IterableIterator<string> {
    return this.#order[Symbol.iterator]()
  }

  add(memberId: string): void {
    this.#order.splice(this.#position(memberId), 0, memberId)
  }

  remove(memberId: string): void {
    const at = this.#position(memberId)
    if (this.#order[at] === memberId) this.#order.splice(at, 1)
  }

  #position(memberId: string): number {
    let low = 0
    let high = this.#order.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(this.#order[middle]!, memberId) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #compare(a: string, b: string): number {
    return this.#lists.get(a)!.length - this.#lists.get(b)!.length || compareText(a, b)
  }
}
