import type { Random } from '../../broker/ports/random.ts'

/** Randomness from a seed (xoshiro128**): the same seed gives the same numbers on every machine. Never for secrets. */
export class SeededRandom implements Random {
  #a: number
  #b: number
  #c: number
  #d: number

  /** `seed`: any integer; its lowest 32 bits count. */
  constructor(seed: number) {
    let state = seed | 0
    // splitmix32 spreads small seeds over the whole state, which must not be all zeros.
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0
      let mixed = state ^ (state >>> 16)
      mixed = Math.imul(mixed, 0x21f0aaad)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
      return mixed ^ (mixed >>> 15)
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next() | 1
  }

  uint32(): number {
    const product = Math.imul(this.#b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  bytes(length: number): Buffer {
    const data = Buffer.allocUnsafe(length)
    for (let i = 0; i < length; i++) data[i] = this.uint32()
    return data
  }

  /** An integer in [0, end). */
  below(end: number): number {
    return Math.floor((this.uint32() / 0x1_0000_0000) * end)
  }

  /** An integer in [first, last]. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1)
  }

  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.uint32() < probability * 0x1_0000_0000
  }

  /** One of the items, of which there is at least one. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined && items.length === 0) throw new RangeError('there is nothing to pick from')
    return item as T
  }

  /** One of the names, each as likely as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    let total = 0
    for (const name in weights) total += weights[name]
    let left = this.below(total)
    for (const name in weights) {
      left -= weights[name]
      if (left < 0) return name
    }
    throw new RangeError('no weight is above zero')
  }

  /** A generator of its own, so that more draws in one part of a world do not move those of another. */
  fork(): SeededRandom {
    return new SeededRandom(this.uint32())
  }
}
