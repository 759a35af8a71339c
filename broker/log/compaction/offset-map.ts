import { assert } from '../errors.ts'
import { hashKey, type KeyHash } from './key-hash.ts'

/** Four words of hash, two of offset: as much as Kafka's map takes. */
const WORDS_PER_SLOT = 6
const BYTES_PER_SLOT = WORDS_PER_SLOT * 4
const FIRST_SLOTS = 1024
/** Full at this share when it cannot grow any more: beyond it probing gets slow (`log.cleaner.io.buffer.load.factor`). */
const LOAD_FACTOR = 0.9
/** Grows at this share while it can. */
const GROW_FACTOR = 0.75
const HIGH_WORD = 2 ** 32

/**
 * Key -> last offset of the dirty part of a log (Kafka's SkimpyOffsetMap): a hash table in one typed array, which keeps a
 * 128-bit hash of each key in place of the key. It begins small and doubles up to `bytesMax`; offsets are stored plus one,
 * so that zero marks a free slot.
 */
export class OffsetMap {
  /** The last offset that the map accounts for; -1 = none. Records beyond it are to be kept whatever their key. */
  latestOffset = -1
  readonly #slotsMax: number
  #words = new Uint32Array(FIRST_SLOTS * WORDS_PER_SLOT)
  #slots = FIRST_SLOTS
  #count = 0
  readonly #hash: KeyHash = { a: 0, b: 0, c: 0, d: 0 }

  /** `bytesMax`: ceiling of the table's memory; at least that of the first size. */
  constructor(bytesMax: number) {
    let slots = FIRST_SLOTS
    while (slots * 2 * BYTES_PER_SLOT <= bytesMax) slots *= 2
    this.#slotsMax = slots
  }

  get count(): number {
    return this.#count
  }

  get memoryBytes(): number {
    return this.#words.byteLength
  }

  /** No further key fits. */
  get isFull(): boolean {
    return this.#slots === this.#slotsMax && this.#count >= Math.floor(this.#slots * LOAD_FACTOR)
  }

  /** Notes the offset of a key, which is above all noted before; the map must not be full. */
  put(buffer: Buffer, start: number, length: number, offset: number): void {
    assert(!this.isFull, 'a full offset map takes no key')
    if (this.#slots < this.#slotsMax && this.#count >= this.#slots * GROW_FACTOR) this.#grow()
    hashKey(buffer, start, length, this.#hash)
    const at = this.#find(this.#hash.a, this.#hash.b, this.#hash.c, this.#hash.d)
    const words = this.#words
    if (words[at + 4] === 0 && words[at + 5] === 0) {
      words[at] = this.#hash.a
      words[at + 1] = this.#hash.b
      words[at + 2] = this.#hash.c
      words[at + 3] = this.#hash.d
      this.#count++
    }
    const stored = offset + 1
    words[at + 4] = stored >>> 0
    words[at + 5] = Math.floor(stored / HIGH_WORD)
    this.latestOffset = offset
  }

  /** The last offset of the key, -1 when it is not here. */
  get(buffer: Buffer, start: number, length: number): number {
    hashKey(buffer, start, length, this.#hash)
    const at = this.#find(this.#hash.a, this.#hash.b, this.#hash.c, this.#hash.d)
    return this.#words[at + 5]! * HIGH_WORD + this.#words[at + 4]! - 1
  }

  /** Place of the slot that holds the hash, or of the free one where it belongs. */
  #find(a: number, b: number, c: number, d: number): number {
    const words = this.#words
    const mask = this.#slots - 1
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS_PER_SLOT
      if (words[at + 4] === 0 && words[at + 5] === 0) return at
      if ((words[at]! | 0) === a && (words[at + 1]! | 0) === b) {
        if ((words[at + 2]! | 0) === c && (words[at + 3]! | 0) === d) return at
      }
    }
  }

  #grow(): void {
    const old = this.#words
    this.#slots *= 2
    this.#words = new Uint32Array(this.#slots * WORDS_PER_SLOT)
    for (let from = 0; from < old.length; from += WORDS_PER_SLOT) {
      if (old[from + 4] === 0 && old[from + 5] === 0) continue
      const at = this.#find(old[from]! | 0, old[from + 1]! | 0, old[from + 2]! | 0, old[from + 3]! | 0)
      for (let word = 0; word < WORDS_PER_SLOT; word++) this.#words[at + word] = old[from + word]!
    }
  }
}
