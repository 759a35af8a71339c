import * as header from '../../proto/kafka/batch/header.ts'
import { LOG_UNREAD_BYTES_MAX, LOG_UNREAD_KEPT_BYTES } from '../limits.ts'
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
  readonly owner: LogTail
  /** The chunk it shares with others; null for a batch kept by reference. */
  readonly arena: Arena | null
  /** Its neighbours among the runs of all logs, in the order they came. */
  older: TailRun | null
  newer: TailRun | null
}

/** For where many short-lived caches are made, and few bytes come to them. */
export interface TailCacheSizes {
  /** Of one chunk. */
  readonly arenaBytes: number
  /** What may come to a log after somebody read it until it counts as unread. */
  readonly unreadBytesMax: number
  /** Of the newest batches of a log that is unread. */
  readonly unreadKeptBytes: number
}

/**
 * The newest batches of all logs, kept by reference under one ceiling and evicted in the order they came. Reading old data
 * never brings it in here, so a slow consumer cannot push out the tail of others. A log that nobody reads keeps little: it
 * pushes out nothing either, and its memory is written to again while the processor's cache still has it.
 */
export class TailCache {
  readonly #bytesMax: number
  readonly #unreadBytesMax: number
  readonly #unreadKeptBytes: number
  /** What its batches lie in. Requests may be read into it: then `add` copies nothing. */
  readonly arenas: Arenas
  #oldest: TailRun | null = null
  #newest: TailRun | null = null
  #bytes = 0

  constructor(bytesMax: number, sizes: Partial<TailCacheSizes> = {}) {
    this.#bytesMax = bytesMax
    this.#unreadBytesMax = sizes.unreadBytesMax ?? LOG_UNREAD_BYTES_MAX
    this.#unreadKeptBytes = sizes.unreadKeptBytes ?? LOG_UNREAD_KEPT_BYTES
    this.arenas = new Arenas(bytesMax, sizes.arenaBytes)
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
    this.#charge(last, size)
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
      owner,
      arena,
      older: this.#newest,
      newer: null,
    }
    owner.runs.push(run)
    if (this.#newest === null) this.#oldest = run
    else this.#newest.newer = run
    this.#newest = run
    this.#charge(run, chargeBytes)
    return run
  }

  /** Counts what `newest` has grown by. It stays, whatever that pushes out: its batch is still to be stamped. */
  #charge(newest: TailRun, bytes: number): void {
    const { owner } = newest
    this.#bytes += bytes
    owner.bytes += bytes
    owner.unreadBytes += bytes
    if (owner.unreadBytes > this.#unreadBytesMax) this.#evictUnread(owner, newest)
    while (this.#bytes > this.#bytesMax && this.#oldest !== newest) this.#evict(this.#oldest!)
  }

  /** What is not written yet stays too: a chunk that it is dropped from is never used again. */
  #evictUnread(tail: LogTail, newest: TailRun): void {
    while (tail.bytes > this.#unreadKeptBytes) {
      const run = tail.runs.first
      if (run === undefined || run === newest || run.flushedTo !== run.end) return
      this.#evict(run)
    }
  }

  #evict(run: TailRun): void {
    assert(run.owner.runs.shift() === run, 'the tail of a log is evicted in order')
    this.#drop(run)
  }

  #shorten(run: TailRun, offset: number): void {
    const end = batchAt(run, offset)
    // Only a run of small batches holds more than one, and counts its own bytes.
    const bytes = run.end - end
    this.#bytes -= bytes
    run.owner.bytes -= bytes
    run.chargeBytes -= bytes
    run.end = end
    run.endOffset = offset
    run.flushedTo = end
  }

  #drop(run: TailRun): void {
    this.#bytes -= run.chargeBytes
    run.owner.bytes -= run.chargeBytes
    this.#unlink(run)
    if (run.arena === null || run.flushedTo !== run.end) return
    run.arena.runs -= 1
    this.arenas.reuse(run.arena)
  }

  #unlink(run: TailRun): void {
    const { older, newer } = run
    if (older === null) this.#oldest = newer
    else older.newer = newer
    if (newer === null) this.#newest = older
    else newer.older = older
    run.older = null
    run.newer = null
  }
}

/** The part of the tail cache that belongs to one log: runs in offset order, without gaps. */
export class LogTail {
  readonly runs = new Fifo<TailRun>()
  /** What its runs count against the ceiling. */
  bytes = 0
  /** Counted since somebody read the log, here or in its files. */
  unreadBytes = 0

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
