import type { TopicPartition } from '../../topic.ts'
import type { GroupAssignment, MemberSubscription } from './assignor.ts'
import { MemberLoad } from './member-load.ts'
import { Movements } from './movements.ts'
import { type Ownership, remove } from './ownership.ts'
import { compareText, type PartitionTable } from './partition-table.ts'

/**
 * The sticky assignment when members want different topics: keep what is valid, give the rest to the least loaded member
 * that wants it, then move partitions for as long as that makes the assignment more even.
 */
export function assignUnequal(
  table: PartitionTable,
  members: readonly MemberSubscription[],
  ownership: Ownership,
): GroupAssignment {
  return new UnequalAssignment(table, members, ownership).build()
}

class UnequalAssignment {
  readonly #table: PartitionTable
  readonly #ownership: Ownership
  readonly #lists: GroupAssignment = new Map()
  readonly #owner = new Map<TopicPartition, string>()
  readonly #wants = new Map<string, string[]>()
  readonly #takers = new Map<string, string[]>()
  readonly #movements = new Movements()
  /** All partitions, those of topics with the fewest takers first. */
  readonly #all: TopicPartition[]
  #load!: MemberLoad
  #revoking = false

  constructor(table: PartitionTable, members: readonly MemberSubscription[], ownership: Ownership) {
    this.#table = table
    this.#ownership = ownership
    for (const topic of table.topics()) this.#takers.set(topic, [])
    for (const member of [...members].sort((a, b) => compareText(a.memberId, b.memberId))) {
      const topics = member.topics.filter((topic) => table.has(topic))
      this.#wants.set(member.memberId, topics)
      for (const topic of topics) this.#takers.get(topic)!.push(member.memberId)
    }
    const scarceFirst = (a: string, b: string): number =>
      this.#takers.get(a)!.length - this.#takers.get(b)!.length || compareText(a, b)
    this.#all = table
      .topics()
      .sort(scarceFirst)
      .flatMap((topic) => table.of(topic))
  }

  build(): GroupAssignment {
    this.#keepOwned()
    const unowned = this.#all.filter((partition) => !this.#owner.has(partition))
    this.#load = new MemberLoad(this.#lists)
    const startedEmpty = this.#lists.get(this.#load.mostLoaded)!.length === 0
    for (const partition of unowned) this.#giveToLeastLoaded(partition)
    const fixed = this.#setFixedAside()
    if (this.#load.size > 0) this.#balance(unowned, startedEmpty)
    for (const [memberId, list] of fixed) this.#lists.set(memberId, list)
    return this.#lists
  }

  #keepOwned(): void {
    for (const [memberId, owned] of this.#ownership.owned) {
      const valid = owned.filter((partition) => this.#wants.get(memberId)!.includes(partition.topic))
      if (valid.length < owned.length) this.#revoking = true
      this.#lists.set(memberId, valid)
      for (const partition of valid) this.#owner.set(partition, memberId)
    }
  }

  #giveToLeastLoaded(partition: TopicPartition): void {
    for (const memberId of this.#load) {
      if (!this.#wants.get(memberId)!.includes(partition.topic)) continue
      this.#load.remove(memberId)
      this.#lists.get(memberId)!.push(partition)
      this.#owner.set(partition, memberId)
      this.#load.add(memberId)
      return
    }
  }

  /** Takes out of the balancing those members whose partitions nobody else could have. */
  #setFixedAside(): Map<string, TopicPartition[]> {
    const fixed = new Map<string, TopicPartition[]>()
    for (const memberId of this.#wants.keys()) {
      const list = this.#lists.get(memberId)!
      if (list.length < this.#mostOf(memberId) || list.some((partition) => this.#isContested(partition))) continue
      this.#load.remove(memberId)
      this.#lists.delete(memberId)
      fixed.set(memberId, list)
    }
    return fixed
  }

  #balance(unowned: readonly TopicPartition[], startedEmpty: boolean): void {
    const before = new Map([...this.#lists].map(([memberId, list]) => [memberId, [...list]]))
    const contested = (partition: TopicPartition): boolean => this.#isContested(partition)
    if (!this.#revoking) this.#reassign(unowned.filter(contested))
    const changed = this.#reassign(this.#all.filter(contested))
    if (startedEmpty || !changed || unevenness(this.#lists) < unevenness(before)) return
    for (const [memberId, list] of before) this.#lists.set(memberId, list)
  }

  /** Moves partitions to less loaded members until nothing moves any more. True if the last round set moved anything. */
  #reassign(partitions: readonly TopicPartition[]): boolean {
    let changed = false
    for (let moved = true; moved; ) {
      moved = false
      for (const partition of partitions) {
        if (this.#isBalanced()) break
        const target = this.#betterMember(partition)
        if (target === undefined) continue
        this.#move(this.#movements.instead(partition, this.#owner.get(partition)!, target), target)
        moved = true
        changed = true
      }
    }
    return changed
  }

  #betterMember(partition: TopicPartition): string | undefined {
    const size = this.#sizeOf(this.#owner.get(partition)!)
    const previous = this.#ownership.previous.get(partition)
    if (previous !== undefined && size > this.#sizeOf(previous.memberId) + 1) return previous.memberId
    const takers = this.#takers.get(partition.topic)!
    if (!takers.some((memberId) => size > this.#sizeOf(memberId) + 1)) return undefined
    for (const memberId of this.#load) if (this.#wants.get(memberId)!.includes(partition.topic)) return memberId
    return undefined
  }

  #move(partition: TopicPartition, to: string): void {
    const from = this.#owner.get(partition)!
    this.#load.remove(from)
    this.#load.remove(to)
    this.#movements.move(partition, from, to)
    remove(this.#lists.get(from)!, partition)
    this.#lists.get(to)!.push(partition)
    this.#owner.set(partition, to)
    this.#load.add(to)
    this.#load.add(from)
  }

  #isBalanced(): boolean {
    if (this.#sizeOf(this.#load.leastLoaded) >= this.#sizeOf(this.#load.mostLoaded) - 1) return true
    for (const memberId of this.#load) {
      const size = this.#sizeOf(memberId)
      if (size === this.#mostOf(memberId)) continue
      for (const topic of this.#wants.get(memberId)!) {
        for (const partition of this.#table.of(topic)) {
          const owner = this.#owner.get(partition)!
          if (owner !== memberId && size + 1 < this.#sizeOf(owner)) return false
        }
      }
    }
    return true
  }

  /** The most partitions a member could have. */
  #mostOf(memberId: string): number {
    return this.#wants.get(memberId)!.reduce((sum, topic) => sum + this.#table.of(topic).length, 0)
  }

  #isContested(partition: TopicPartition): boolean {
    return this.#takers.get(partition.topic)!.length >= 2
  }

  /** A member set aside counts as full. */
  #sizeOf(memberId: string): number {
    return this.#lists.get(memberId)?.length ?? Number.POSITIVE_INFINITY
  }
}

/** Sum of the differences between all pairs of members; 0 is perfectly even. */
function unevenness(lists: ReadonlyMap<string, readonly TopicPartition[]>): number {
  const sizes = [...lists.values()].map((list) => list.length)
  let sum = 0
  sizes.forEach((size, index) => {
    for (const other of sizes.slice(index + 1)) sum += Math.abs(size - other)
  })
  return sum
}
