import type { TopicPartition } from '../../topic.ts'
import type { GroupAssignment } from './assignor.ts'
import type { Ownership } from './ownership.ts'
import { byPartitionThenTopic, compareText, type PartitionTable } from './partition-table.ts'

export interface StickyResult {
  readonly assignment: GroupAssignment
  /** Partitions that would move from one member straight to another, with their new member. */
  readonly moving: ReadonlyMap<TopicPartition, string>
}

/**
 * The sticky assignment when all members want the same topics. Every member ends with the quota rounded down, the first
 * few that can with one more; owners keep what they have up to their share, in order of partition number.
 */
export function assignEqual(table: PartitionTable, ownership: Ownership): StickyResult {
  return new EqualAssignment(table, ownership).build()
}

class EqualAssignment {
  readonly #table: PartitionTable
  readonly #ownership: Ownership
  readonly #minQuota: number
  readonly #maxQuota: number
  /** How many members may still get one more than the lower quota. */
  #extrasLeft: number
  readonly #assignment: GroupAssignment = new Map()
  readonly #givenUp = new Map<TopicPartition, string>()
  readonly #moving = new Map<TopicPartition, string>()
  readonly #taken = new Set<TopicPartition>()
  readonly #belowQuota: string[] = []
  #atQuota: string[] = []

  constructor(table: PartitionTable, ownership: Ownership) {
    const members = ownership.owned.size
    this.#table = table
    this.#ownership = ownership
    this.#minQuota = Math.floor(table.size / members)
    this.#maxQuota = Math.ceil(table.size / members)
    this.#extrasLeft = table.size % members
  }

  build(): StickyResult {
    for (const [memberId, owned] of this.#ownership.owned) this.#keepOwned(memberId, owned)
    const free = this.#table
      .topics()
      .flatMap((topic) => this.#table.of(topic))
      .filter((partition) => !this.#taken.has(partition))
    this.#belowQuota.sort(compareText)
    this.#atQuota.sort(compareText)
    this.#dealOut(free)
    return { assignment: this.#assignment, moving: this.#moving }
  }

  #keepOwned(memberId: string, owned: readonly TopicPartition[]): void {
    const valid = owned.filter((partition) => !this.#ownership.disputed.has(partition)).sort(byPartitionThenTopic)
    let keep = this.#minQuota
    if (valid.length < this.#minQuota) {
      this.#belowQuota.push(memberId)
    } else if (valid.length >= this.#maxQuota && this.#extrasLeft > 0) {
      keep = this.#maxQuota
      this.#extrasLeft--
      if (this.#extrasLeft === 0) this.#atQuota = []
    } else if (this.#extrasLeft > 0) {
      this.#atQuota.push(memberId)
    }
    const kept = valid.slice(0, keep)
    this.#assignment.set(memberId, kept)
    for (const partition of kept) this.#taken.add(partition)
    for (const partition of valid.slice(keep)) this.#givenUp.set(partition, memberId)
  }

  /** In turn to members below the lower quota; when there are none left, one each to members exactly at it. */
  #dealOut(free: readonly TopicPartition[]): void {
    let turn = 0
    for (const partition of free) {
      if (this.#belowQuota.length === 0) {
        this.#give(partition, this.#atQuota.shift()!)
        continue
      }
      if (turn >= this.#belowQuota.length) turn = 0
      const memberId = this.#belowQuota[turn]!
      if (this.#give(partition, memberId) < this.#minQuota) {
        turn++
      } else {
        this.#belowQuota.splice(turn, 1)
        this.#atQuota.push(memberId)
      }
    }
  }

  #give(partition: TopicPartition, memberId: string): number {
    const list = this.#assignment.get(memberId)!
    list.push(partition)
    const former = this.#givenUp.get(partition)
    if ((former !== undefined && former !== memberId) || this.#ownership.disputed.has(partition)) {
      this.#moving.set(partition, memberId)
    }
    return list.length
  }
}
