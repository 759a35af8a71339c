import type { SeededRandom } from '../random.ts'

/** What a disk may do wrong by itself. The chance is per call that it can hit. */
export const diskFaultKinds = [
  'eio-write',
  'eio-sync',
  'eio-read',
  'eio-open',
  'eio-rename',
  'emfile',
  'short-write',
  'slow-sync',
] as const

export type DiskFaultKind = (typeof diskFaultKinds)[number]

/** How the process ends in the middle of a disk call. */
export type Death = 'kill' | 'power-cut'

/** Decides which disk call fails, and counts the failures. All faults are off until `set`. */
export class DiskFaults {
  readonly counts = new Map<string, number>()
  /** Bytes that there is room for: no limit unless the disk is full. */
  #room = Number.POSITIVE_INFINITY
  /** Holds random faults and deaths back while true (a world that must make progress). */
  paused = false
  readonly #random: SeededRandom
  readonly #chances = new Map<DiskFaultKind, number>()
  #callsLeft = Number.POSITIVE_INFINITY
  #death: Death | null = null
  #deathPlace = ''

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** Faults that have happened. */
  get total(): number {
    let total = 0
    for (const count of this.counts.values()) total += count
    return total
  }

  /** No space is left: nothing grows and no name is made until it is false again, or something is deleted. */
  get full(): boolean {
    return this.#room < Number.POSITIVE_INFINITY
  }

  set full(isFull: boolean) {
    this.#room = isFull ? 0 : Number.POSITIVE_INFINITY
  }

  /** Takes room for so many bytes; false, and an `enospc` counted, when there is less. */
  takeRoom(bytes: number): boolean {
    if (bytes <= this.#room) {
      this.#room -= bytes
      return true
    }
    this.count('enospc')
    return false
  }

  /** Something of so many bytes is no longer there. */
  giveRoom(bytes: number): void {
    this.#room += bytes
  }

  /** Switches a kind on (0 = off). */
  set(kind: DiskFaultKind, chance: number): void {
    this.#chances.set(kind, chance)
  }

  /** The process dies in the `calls`-th disk call from now, of those on paths that have `place` in them. */
  dieAfter(calls: number, death: Death, place = ''): void {
    this.#callsLeft = calls
    this.#death = death
    this.#deathPlace = place
  }

  /** Counts a call on a path; says how the process dies in it, or null. */
  diesNow(path: string): Death | null {
    if (this.paused || this.#death === null || !path.includes(this.#deathPlace)) return null
    this.#callsLeft--
    if (this.#callsLeft > 0) return null
    const death = this.#death
    this.#death = null
    this.#callsLeft = Number.POSITIVE_INFINITY
    return death
  }

  /** Whether a fault of the kind happens now. */
  draw(kind: DiskFaultKind): boolean {
    const chance = this.#chances.get(kind) ?? 0
    if (chance === 0 || this.paused || !this.#random.chance(chance)) return false
    this.count(kind)
    return true
  }

  /** Counts a fault that was injected from outside, too. */
  count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
  }
}
