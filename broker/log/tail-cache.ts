import * as header from '../../proto/kafka/batch/header.ts'
import { assert } from './errors.ts'
import { Fifo } from './fifo.ts'

/** Small batches are copied together into chunks of this size: one buffer for `writev`, one for the reader. */
const ARENA_BYTES = 256 * 1024
/** A run of small batches is closed at this size, so that finding an offset in it stays a short walk. */
const RUN_BYTES_MAX = 64 * 1024
/** A batch up to this size is always copied: that is cheaper than one more element of a `writev`. */
const SMALL_BATCH_BYTES = 4096

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
  /** What it counts against the ceiling: its own bytes in an arena, the whole backing buffer otherwise (DESIGN 2.7). */
  chargeBytes: number
  /** Evicted, truncated or closed: no longer to be extended or read from the cache. */
  dropped: boolean
  readonly owner: LogTail
}

/**
 * The newest batches of all logs, kept by reference under one ceiling and evicted in the order they came. Reading old data
 * never brings it in here, so a slow consumer cannot push out the tail of others.
 */
export class TailCache {
  readonly #bytesMax: number
  readonly #runs = new Fifo<TailRun>()
  #bytes = 0
  #arena: Buffer = EMPTY
  #arenaUsed = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Takes a batch over: copies it when it is small or when its slice would pin a chunk more than twice its size, else
   * keeps the reference. Returns the run it is in; the batch now lies at `run.end - size`.
   */
  add(tail: LogTail, batch: Buffer, baseOffset: number, endOffset: number): TailRun {
    const size = batch.length
    const pinned = batch.buffer.byteLength
    if (size > SMALL_BATCH_BYTES && size * 2 >= pinned)
      return this.#addRun(tail, batch, 0, size, baseOffset, endOffset, pinned)
    if (size > ARENA_BYTES / 2) {
      const copy = Buffer.allocUnsafeSlow(size)
      batch.copy(copy)
      return this.#addRun(tail, copy, 0, size, baseOffset, endOffset, size)
    }
    const start = this.#copyToArena(batch)
    const last = tail.runs.last
    const extend =
      last !== undefined && last.chunk === this.#arena && last.end === start && last.endOffset === baseOffset
    if (!extend || last.end - last.start + size > RUN_BYTES_MAX) {
      return this.#addRun(tail, this.#arena, start, start + size, baseOffset, endOffset, size)
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

  #copyToArena(batch: Buffer): number {
    if (this.#arenaUsed + batch.length > this.#arena.length) {
      this.#arena = Buffer.allocUnsafeSlow(ARENA_BYTES)
      this.#arenaUsed = 0
    }
    const start = this.#arenaUsed
    batch.copy(this.#arena, start)
    this.#arenaUsed += batch.length
    return start
  }

  #addRun(
    owner: LogTail,
    chunk: Buffer,
    start: number,
    end: number,
    baseOffset: number,
    endOffset: number,
    chargeBytes: number,
  ): TailRun {
    const run = { chunk, start, end, baseOffset, endOffset, flushedTo: start, chargeBytes, dropped: false, owner }
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
   * `startOffset`. Returns the offset after the last one; `offset` itself when nothing fits.
   */
  read(offset: number, limitOffset: number, maxBytes: number, minOneBatch: boolean, into: Buffer[]): number {
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
        const cut = cutAt(run.chunk, start, run.end, limitOffset, left, first)
        end = cut.position
        endOffset = cut.endOffset
      }
      if (end === start) break
      into.push(run.chunk.subarray(start, end))
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
 * The end of the whole batches in `[start, end)` that lie below `limitOffset` and fit `maxBytes`; with `minOneBatch` the
 * first comes even when larger. A partial batch at the end is left out.
 */
export function cutAt(
  buffer: Buffer,
  start: number,
  end: number,
  limitOffset: number,
  maxBytes: number,
  minOneBatch: boolean,
): { readonly position: number; readonly endOffset: number } {
  let position = start
  let endOffset = -1
  while (position + header.HEADER_BYTES <= end) {
    const after = position + header.batchSize(buffer, position)
    if (after > end || header.nextOffset(buffer, position) > limitOffset) break
    if (after - start > maxBytes && !(minOneBatch && position === start)) break
    endOffset = header.nextOffset(buffer, position)
    position = after
  }
  return { position, endOffset }
}
