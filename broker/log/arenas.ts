/**
 * Memory for batches in large chunks that are used again and again: a fresh one costs a page fault for every 4 KB, and V8
 * collects the whole heap for each handful of them while that is small. Batches are copied in, or arrive in it: what reads
 * requests borrows chunks, and a batch that came that way stays where it lies.
 */
import { LOG_ARENA_LOANS_MAX } from '../limits.ts'
import { assert } from './errors.ts'

/** One buffer for `writev`, one for the reader (bytes). */
const ARENA_BYTES = 1024 * 1024
/** The largest piece that is lent for is this part of a chunk: no more is left unused at the end of one. */
const LOAN_PARTS_MIN = 4

/** A chunk that runs share. It is used again once it is full, no run lies in it, and every read of it was released. */
export interface Arena {
  readonly buffer: Buffer
  /** Where the last batch in it ends. */
  used: number
  /** Runs in it that are cached. One that is dropped before it was written counts for ever: the chunk is not reused. */
  runs: number
  /** Reads that were not released. One that never is keeps the chunk from being reused, no more. */
  readers: number
  isFull: boolean
}

export class Arenas {
  readonly #bytesMax: number
  readonly #arenaBytes: number
  /** Kept for reuse, as many as the cache may fill. */
  readonly #free: Buffer[] = []
  /** What batches are copied to. */
  #open: Arena | null = null
  readonly #lent: Arena[] = []
  /** Given back with room left. */
  readonly #partial: Arena[] = []

  /** `bytesMax`: what all cached batches may take. `arenaBytes`: see ARENA_BYTES; less where many short-lived caches are made. */
  constructor(bytesMax: number, arenaBytes = ARENA_BYTES) {
    this.#bytesMax = bytesMax
    this.#arenaBytes = arenaBytes
  }

  /** The largest batch that `copy` takes. */
  get arenaBytes(): number {
    return this.#arenaBytes
  }

  /** Copies a batch in: it ends at `used` of the chunk returned. */
  copy(batch: Buffer): Arena {
    const arena = this.#roomFor(batch.length)
    arena.buffer.set(batch, arena.used)
    arena.used += batch.length
    return arena
  }

  /**
   * A chunk with room for `bytes` from `used` on, for the borrower alone until it is given back: then only what was kept of it
   * stays. Null when there is none to be had.
   */
  lend(bytes: number): Arena | null {
    if (bytes * LOAN_PARTS_MIN > this.#arenaBytes || this.#lent.length >= LOG_ARENA_LOANS_MAX) return null
    let arena = this.#partial.pop() ?? this.#fresh()
    if (arena.runs === 0 && arena.readers === 0) arena.used = 0
    if (arena.used + bytes > this.#arenaBytes) {
      this.#retire(arena)
      arena = this.#fresh()
    }
    this.#lent.push(arena)
    return arena
  }

  /** The borrower writes to it no more. */
  giveBack(arena: Arena): void {
    const index = this.#lent.indexOf(arena)
    assert(index >= 0, 'a chunk is given back once')
    this.#lent.splice(index, 1)
    this.#partial.push(arena)
  }

  /** Keeps a batch that was put into a chunk on loan. Returns the bytes it takes, with those before it that nobody kept. */
  keep(arena: Arena, start: number, end: number): number {
    const bytes = end - Math.min(arena.used, start)
    arena.used = Math.max(arena.used, end)
    return bytes
  }

  /** The chunk on loan that the bytes lie in, or null. */
  lentWith(bytes: Buffer): Arena | null {
    for (const arena of this.#lent) if (arena.buffer.buffer === bytes.buffer) return arena
    return null
  }

  /** To be called when a run left it or a read of it ended. */
  reuse(arena: Arena): void {
    if (!arena.isFull || arena.runs > 0 || arena.readers > 0) return
    // Once: a chunk that is free must not be freed again.
    arena.runs = 1
    if (this.#free.length * this.#arenaBytes < this.#bytesMax) this.#free.push(arena.buffer)
  }

  #roomFor(bytes: number): Arena {
    if (this.#open !== null && this.#open.used + bytes <= this.#arenaBytes) return this.#open
    if (this.#open !== null) this.#retire(this.#open)
    this.#open = this.#fresh()
    return this.#open
  }

  #retire(arena: Arena): void {
    arena.isFull = true
    this.reuse(arena)
  }

  #fresh(): Arena {
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#arenaBytes)
    return { buffer, used: 0, runs: 0, readers: 0, isFull: false }
  }
}
