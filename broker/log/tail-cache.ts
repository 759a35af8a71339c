import * as header from '../../proto/kafka/batch/header.ts'
import { type Arena, Arenas } from './arenas.ts'
import { assert } from './errors.ts'
import { Fifo } from './fifo.ts'

export type { Arena } from './arenas.ts'

/** From this size on a batch that lies in a chunk already stays there: a copy costs more than an element of a `writev`. */
const IN_PLACE_BYTES_MIN = 8 * 1024
/** A run of small batches is closed at this size, so that finding an offset in it stays a short walk. */
const RUN_BYTES_MAX = 64 * 1024
const EMPTY = Buffer.alloc(0)

/** Consecutive bytes of one log: one large batch by reference, or a run of small ones in an arena chunk. */
export interface TailRun {
  chunk: Buffer
  readonly start: number
  end: number
  readonly baseOffset: number
  /** Exclusive. */
  endOffset: number
  /** How far it has been handed to `writev`. */
  flushedTo: number
  /** What it counts against the ceiling: what it takes of an arena, the whole backing buffer otherwise (DESIGN 2.7). */
  chargeBytes: number
  /** Evicted, truncated or closed: no longer to be extended or read from the cache. */
  dropped: boolean
  readonly owner: LogTail
  /** The chunk it shares with others; null for a batch kept by reference. */
  readonly arena: Arena | null
}

/**
 * The newest batches of all logs, kept by reference under one ceiling and evicted in the order they came. Reading old data
 * never brings it in here, so a slow consumer cannot push out the tail of others.
 */
export class TailCache {
  readonly #bytesMax: number
  /** What its batches lie in. Requests may be read into it: then `add` copies nothing. */
  readonly arenas: Arenas
  readonly #runs = new Fifo<TailRun>()
  #bytes = 0

  /** `arenaBytes`: of one chunk, for where many short-lived caches are made. */
  constructor(bytesMax: number, arenaBytes?: number) {
    this.#bytesMax = bytesMax
    this.arenas = new Arenas(bytesMax, arenaBytes)
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Takes a batch over: copies it when it is small or when its slice would pin a chunk more than twice its size, else
   * keeps the reference, as of one that has been read into a chunk of its own. Returns the run it is in; the batch now lies
   * at `run.end - size`.
   */
  add(tail: LogTail, batch: Buffer, baseOffset: number, endOffset: number): TailRun {
    const size = batch.length
    const { arenaBytes } = this.arenas
    const lent = size >= IN_PLACE_BYTES_MIN ? this.arenas.lentWith(batch) : null
    if (lent !== null) {
      const start = batch.byteOffset - lent.buffer.byteOffset
      const end = start + size
      const taken = this.arenas.keep(lent, start, end)
      return this.#addRun(tail, lent.buffer, start, end, baseOffset, endOffset, taken, lent)
    }
    if (size > arenaBytes / 2 && size * 2 >= batch.buffer.byteLength) {
      return this.#addRun(tail, batch, 0, size, baseOffset, endOffset, batch.buffer.byteLength)
    }
    if (size > arenaBytes) {
      const copy = Buffer.allocUnsafeSlow(size)
      batch.copy(copy)
      return this.#addRun(tail, copy, 0, size, baseOffset, endOffset, size)
    }
    const arena = this.arenas.copy(batch)
    const start = arena.used - size
    const last = tail.runs.last
    const extend = last !== undefined && last.arena === arena && last.end === start && last.endOffset === baseOffset
    if (!extend || last.end - last.start + size > RUN_BYTES_MAX) {
      return this.#addRun(tail, arena.buffer, start, start + size, baseOffset, endOffset, size, arena)
    }
    last.end += size
    last.endOffset = endOffset
    last.chargeBytes += size
    this.#bytes += size
    this.#evict(last)
    return last
  }

  /** Forgets the batches of a log from `offset` on, which begins one. All must have been flushed. */
  truncate(tail: LogTail, offset: number): void {
    for (let run = tail.runs.last; run !== undefined && run.endOffset > offset; run = tail.runs.last) {
      if (run.baseOffset < offset) return this.#shorten(run, offset)
      tail.runs.pop()
      this.#drop(run)
      run.chunk = EMPTY
    }
  }

  /** Forgets the oldest batches of a log, all that begin below `offset` and what they share a run with: they changed on disk. */
  dropBelow(tail: LogTail, offset: number): void {
    for (let run = tail.runs.first; run !== undefined && run.baseOffset < offset; run = tail.runs.first) {
      tail.runs.shift()
      this.#drop(run)
    }
  }

  /** A read of these chunks is over: its bytes have been sent. */
  release(arenas: readonly Arena[]): void {
    for (const arena of arenas) {
      arena.readers -= 1
      this.arenas.reuse(arena)
    }
  }

  #addRun(
    owner: LogTail,
    chunk: Buffer,
    start: number,
    end: number,
    baseOffset: number,
    endOffset: number,
    chargeBytes: number,
    arena: Arena | null = null,
  ): TailRun {
    if (arena !== null) arena.runs += 1
    const run = {
      chunk,
      start,
      end,
      baseOffset,
      endOffset,
      flushedTo: start,
      chargeBytes,
      dropped: false,
      owner,
      arena,
    }
    owner.runs.push(run)
    this.#runs.push(run)
    this.#bytes += chargeBytes
    this.#evict(run)
    return run
  }

  /** Drops the oldest runs while over the ceiling, `newest` excepted: its batch is still to be stamped. */
  #evict(newest: TailRun): void {
    while (this.#bytes > this.#bytesMax && this.#runs.first !== newest) {
      const oldest = this.#runs.shift()!
      if (oldest.dropped) continue
      assert(oldest.owner.runs.shift() === oldest, 'the tail is evicted in order')
      this.#drop(oldest)
    }
  }

  #shorten(run: TailRun, offset: number): void {
    const end = batchAt(run, offset)
    // Only a run of small batches holds more than one, and counts its own bytes.
    this.#bytes -= run.end - end
    run.chargeBytes -= run.end - end
    run.end = end
    run.endOffset = offset
    run.flushedTo = end
  }

  #drop(run: TailRun): void {
    run.dropped = true
    this.#bytes -= run.chargeBytes
    if (run.arena === null || run.flushedTo !== run.end) return
    run.arena.runs -= 1
    this.arenas.reuse(run.arena)
  }
}

/** The part of the tail cache that belongs to one log: runs in offset order, without gaps. */
export class LogTail {
  readonly runs = new Fifo<TailRun>()

  /** The first offset in the cache; Infinity when it is empty. */
  get startOffset(): number {
    return this.runs.first?.baseOffset ?? Number.POSITIVE_INFINITY
  }

  /**
   * Whole batches from the one that holds `offset` up to `limitOffset` and `maxBytes`. `offset` is at or after
   * `startOffset`. Returns the offset after the last one; `offset` itself when nothing fits. The chunks read from go to
   * `held`: `TailCache.release` gives them back.
   */
  read(
    offset: number,
    limitOffset: number,
    maxBytes: number,
    minOneBatch: boolean,
    into: Buffer[],
    held: Arena[],
  ): number {
    let left = maxBytes
    let next = offset
    for (let i = this.#indexOf(offset); i < this.runs.length; i++) {
      const run = this.runs.at(i)
      if (run.baseOffset >= limitOffset) break
      const start = next > run.baseOffset ? batchAt(run, next) : run.start
      let end = run.end
      let endOffset = run.endOffset
      if (end - start > left || endOffset > limitOffset) {
        const first = minOneBatch && into.length === 0
        const cut = cutAt(run.chunk, start, run.end, limitOffset, left, first, true)
        end = cut.position
        endOffset = cut.endOffset
      }
      if (end === start) break
      into.push(run.chunk.subarray(start, end))
      if (run.arena !== null) {
        run.arena.readers += 1
        held.push(run.arena)
      }
      left -= end - start
      next = endOffset
      if (end < run.end) break
    }
    return next
  }

  /** Index of the run that holds `offset`, or of the first after it. */
  #indexOf(offset: number): number {
    let low = 0
    let high = this.runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.runs.at(middle).endOffset <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Position in the run of the batch that holds `offset`. */
function batchAt(run: TailRun, offset: number): number {
  let position = run.start
  while (header.nextOffset(run.chunk, position) <= offset) position += header.batchSize(run.chunk, position)
  return position
}

/**
 * The end of the whole batches in `[start, end)` that follow one another, lie below `limitOffset` and fit `maxBytes`; with
 * `minOneBatch` the first comes even when larger. A partial batch at the end is left out.
 */
export function cutAt(
  buffer: Buffer,
  start: number,
  end: number,
  limitOffset: number,
  maxBytes: number,
  minOneBatch: boolean,
  hasHoles: boolean,
): { readonly position: number; readonly endOffset: number } {
  let position = start
  let endOffset = -1
  while (position + header.HEADER_BYTES <= end) {
    const after = position + header.batchSize(buffer, position)
    const baseOffset = header.baseOffset(buffer, position)
    const nextOffset = baseOffset + header.lastOffsetDelta(buffer, position) + 1
    if (after > end || nextOffset > limitOffset || !follows(baseOffset, endOffset, hasHoles)) break
    if (after - start > maxBytes && !(minOneBatch && position === start)) break
    endOffset = nextOffset
    position = after
  }
  return { position, endOffset }
}

/** Whether a batch may come where the one before it ended; -1 = that is not known. Only compaction leaves holes. */
export function follows(baseOffset: number, endOffset: number, hasHoles: boolean): boolean {
  return endOffset < 0 || baseOffset === endOffset || (hasHoles && baseOffset > endOffset)
}
