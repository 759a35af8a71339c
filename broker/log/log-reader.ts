import * as header from '../../proto/kafka/batch/header.ts'
import { LOG_READ_BYTES_MAX, LOG_READ_CURSORS_MAX, LOG_SYNC_READ_BYTES_MAX } from '../limits.ts'
import type { Disk } from '../ports/disk.ts'
import type { LogConfig } from './config.ts'
import { LogCorruptError } from './errors.ts'
import type { Ahead, Extent } from './read-ahead.ts'
import { headerFault, walkHeaders } from './scan.ts'
import type { Segment, SegmentIndexes } from './segment.ts'
import type { SegmentList } from './segment-list.ts'
import type { LogShared } from './shared.ts'
import { type Arena, cutAt, follows, type LogTail } from './tail-cache.ts'

/** Whole batches as stored. */
export interface LogRead {
  readonly buffers: readonly Buffer[]
  readonly bytes: number
  /** The offset after the last batch read, or the offset asked for when nothing was read. */
  readonly nextOffset: number
  /** Gives a large buffer back for reuse once the bytes are sent; optional to call, at most once. Null = nothing to give. */
  readonly release: (() => void) | null
}

/** What a reader looks at of its log. */
export interface ReadState {
  readonly config: LogConfig
  /** Where the written part of the log ends: a batch that says it reaches further is damaged. */
  readonly flushedEndOffset: number
  /** Offsets may be missing between batches: compaction may have run here, or runs now. */
  readonly mayHaveHoles: boolean
}

export interface LogReaderOptions {
  readonly disk: Disk
  readonly shared: LogShared
  readonly segments: SegmentList
  readonly tail: LogTail
  /** The log as it is when it is read. */
  readonly state: () => ReadState
  /** Every read may be done on the event loop: the disk is memory. */
  readonly alwaysSync: boolean
}

/** A place where a batch begins; sequential readers go on from it without an index lookup. */
interface Cursor {
  readonly offset: number
  readonly segment: Segment
  readonly position: number
}

const NONE: Cursor[] = []
const NOTHING_AHEAD: Ahead[] = []
const NOT_READING: number[] = []

/** Where a batch lies. */
export interface BatchPlace {
  readonly segment: Segment
  readonly position: number
  readonly size: number
  readonly baseOffset: number
}

/**
 * Reads one log: from the tail cache, from its files on the event loop when little is wanted, else on a pool thread. Who goes
 * on where an earlier read ended is a sequential reader: what he will want next is read while he is sent what he wanted.
 */
export class LogReader {
  readonly #options: LogReaderOptions
  /** NONE until somebody reads, as thousands of logs may be idle. */
  #cursors = NONE
  #nextCursor = 0
  /** Counts truncations: a read that began before one must not be answered with what was cut. */
  #generation = 0
  /** NOTHING_AHEAD and NOT_READING until there is something, as above. */
  #aheads = NOTHING_AHEAD
  /** Offsets that are being read from because somebody asked. */
  #reading = NOT_READING

  constructor(options: LogReaderOptions) {
    this.#options = options
  }

  /** Places in files have changed: after a truncation or a deletion. */
  invalidate(): void {
    this.#cursors = NONE
    this.#nextCursor = 0
    this.#generation++
    for (const ahead of this.#aheads) this.#options.shared.readAheads.drop(ahead)
    this.#aheads = NOTHING_AHEAD
  }

  /** See `Log.read`. */
  read(offset: number, limitOffset: number, maxBytes: number, minOneBatch: boolean): LogRead | null {
    const { tail, alwaysSync } = this.#options
    tail.unreadBytes = 0
    if (offset >= limitOffset) return nothing(offset)
    if (offset >= tail.startOffset) {
      const buffers: Buffer[] = []
      const held: Arena[] = []
      const nextOffset = tail.read(offset, limitOffset, maxBytes, minOneBatch, buffers, held)
      const { tailCache } = this.#options.shared
      return {
        buffers,
        bytes: totalBytes(buffers),
        nextOffset,
        release: held.length === 0 ? null : () => tailCache.release(held),
      }
    }
    const ahead = this.#aheadAt(offset)
    if (ahead?.isReading === true) return null
    const served = ahead && this.#serve(ahead, limitOffset, maxBytes, minOneBatch)
    if (served !== null) return served
    const extent = this.#locate(offset, limitOffset, maxBytes, minOneBatch)
    if (extent === null) return nothing(offset)
    if (extent.bytes > LOG_SYNC_READ_BYTES_MAX && !alwaysSync) return null
    const buffer = Buffer.allocUnsafeSlow(extent.bytes)
    const count = this.#open(extent.segment).readSync(buffer, 0, extent.bytes, extent.position)
    return this.#cut(extent, buffer, count, offset, limitOffset, maxBytes, minOneBatch, null)
  }

  /** See `Log.readAsync`. */
  readAsync(
    offset: number,
    limitOffset: number,
    maxBytes: number,
    minOneBatch: boolean,
    done: (error: Error | null, read: LogRead) => void,
  ): void {
    if (offset >= limitOffset) return done(null, nothing(offset))
    const ahead = this.#aheadAt(offset)
    if (ahead === null || !ahead.isReading || ahead.waiting !== null) {
      return this.#readNew(offset, limitOffset, maxBytes, minOneBatch, done)
    }
    const generation = this.#generation
    ahead.waiting = () => {
      if (generation !== this.#generation) return done(null, nothing(offset))
      const served = this.#serve(ahead, limitOffset, maxBytes, minOneBatch)
      if (served !== null) return done(null, served)
      try {
        this.#readNew(offset, limitOffset, maxBytes, minOneBatch, done)
      } catch (error) {
        done(error as Error, nothing(offset))
      }
    }
  }

  #readNew(
    offset: number,
    limitOffset: number,
    maxBytes: number,
    minOneBatch: boolean,
    done: (error: Error | null, read: LogRead) => void,
  ): void {
    const isSequential = this.#cursorAt(offset) !== undefined
    const extent = this.#locate(offset, limitOffset, maxBytes, minOneBatch)
    if (extent === null) return done(null, nothing(offset))
    const { readBuffers } = this.#options.shared
    const generation = this.#generation
    const file = this.#open(extent.segment)
    const buffer = readBuffers.acquire(extent.bytes)
    if (this.#reading === NOT_READING) this.#reading = []
    this.#reading.push(offset)
    file.read(buffer, 0, extent.bytes, extent.position, (error, count) => {
      this.#reading.splice(this.#reading.indexOf(offset), 1)
      if (error !== null || generation !== this.#generation) {
        readBuffers.release(buffer)
        return done(error, nothing(offset))
      }
      const release = (): void => readBuffers.release(buffer)
      const read = this.#cut(extent, buffer, count, offset, limitOffset, maxBytes, minOneBatch, release)
      if (isSequential && read.bytes > 0) this.#readAhead(read.nextOffset, maxBytes)
      done(null, read)
    })
  }

  /** The segment that holds the offset, and the position of its batch there; null when the file ends before it. */
  positionOf(offset: number): BatchPlace | null {
    const { segments } = this.#options
    for (let i = segments.indexFor(offset); i < segments.count; i++) {
      const segment = segments.at(i)
      const found = this.#findIn(segment, offset)
      if (found !== null) return found
    }
    return null
  }

  /** The indexes of any segment, loaded when they are not in memory. */
  indexesOf(segment: Segment): SegmentIndexes {
    const { disk, shared, segments, state } = this.#options
    const indexes = segment.loadIndexes(disk, shared, state().config.indexIntervalBytes)
    if (segment !== segments.active) shared.indexes.used(segment)
    return indexes
  }

  /** A base offset is outside its batch's CRC: what does not fit its place is damage, and must not hide records. */
  #findIn(segment: Segment, offset: number): BatchPlace | null {
    const cursor = this.#cursorAt(offset)
    const known = cursor?.segment === segment ? cursor.position : undefined
    const from = known ?? this.indexesOf(segment).offsets.lookup(offset - segment.baseOffset)
    let found: BatchPlace | null = null
    let misfit: string | null = null
    const file = this.#open(segment)
    const { shared, state } = this.#options
    const { flushedEndOffset: endOffset } = state()
    const hasHoles = mayHaveHoles(state())
    let expected = known !== undefined ? offset : from === 0 ? segment.baseOffset : -1
    const end = walkHeaders(file, from, segment.sizeBytes, shared.readBuffers, (buffer, at, position, size) => {
      const baseOffset = header.baseOffset(buffer, at)
      const nextOffset = header.nextOffset(buffer, at)
      if (nextOffset > endOffset) misfit = `the batch reaches beyond offset ${endOffset}, the end`
      if (!follows(baseOffset, expected, hasHoles)) misfit = `offset ${baseOffset} where ${expected} should be`
      if (nextOffset > offset && baseOffset > offset && !hasHoles)
        misfit = `offset ${offset} is missing before the batch`
      expected = nextOffset
      if (misfit === null && nextOffset <= offset) return true
      found = { segment, position, size, baseOffset }
      return false
    })
    // Not an end of the log: a reader would wait for ever for what comes behind it.
    const fault = misfit ?? end.fault
    if (fault !== null) throw new LogCorruptError(file.path, end.position, fault)
    return found
  }

  #locate(offset: number, limitOffset: number, maxBytes: number, minOneBatch: boolean): Extent | null {
    const start = this.positionOf(offset)
    if (start === null || start.segment.baseOffset >= limitOffset) return null
    const { segment, position, size } = start
    if (size > maxBytes && !minOneBatch) return null
    const wanted = Math.max(size, Math.min(maxBytes, LOG_READ_BYTES_MAX))
    return { segment, position, bytes: Math.min(wanted, segment.sizeBytes - position) }
  }

  #cut(
    extent: Extent,
    buffer: Buffer,
    count: number,
    offset: number,
    limitOffset: number,
    maxBytes: number,
    minOneBatch: boolean,
    release: (() => void) | null,
  ): LogRead {
    // A batch that does not follow ends the answer: the next read begins with it, and tells.
    const hasHoles = mayHaveHoles(this.#options.state())
    const { position, endOffset } = cutAt(buffer, 0, count, limitOffset, maxBytes, minOneBatch, hasHoles)
    if (position === 0) {
      release?.()
      return nothing(offset)
    }
    this.#remember({ offset: endOffset, segment: extent.segment, position: extent.position + position })
    return { buffers: [buffer.subarray(0, position)], bytes: position, nextOffset: endOffset, release }
  }

  /**
   * Answers with what was read ahead. Null, and it is dropped: it is less than is wanted now, or something is wrong with it,
   * and reading anew tells what.
   */
  #serve(ahead: Ahead, limitOffset: number, maxBytes: number, minOneBatch: boolean): LogRead | null {
    const { shared, state } = this.#options
    const { offset, extent, buffer, count } = ahead
    const left = extent.segment.sizeBytes - extent.position
    const isWhole =
      count >= Math.min(maxBytes, LOG_READ_BYTES_MAX, left) && headerFault(buffer, 0, count, left) === null
    const size = isWhole ? header.batchSize(buffer, 0) : 0
    if (
      !isWhole ||
      size > count ||
      !follows(header.baseOffset(buffer, 0), offset, mayHaveHoles(state())) ||
      header.nextOffset(buffer, 0) > state().flushedEndOffset
    ) {
      this.#forget(ahead)
      shared.readAheads.drop(ahead)
      return null
    }
    if (size > maxBytes && !minOneBatch) return nothing(offset)
    this.#forget(ahead)
    shared.readAheads.take(ahead)
    const release = (): void => shared.readBuffers.release(buffer)
    const read = this.#cut(extent, buffer, count, offset, limitOffset, maxBytes, minOneBatch, release)
    if (read.bytes > 0) this.#readAhead(read.nextOffset, maxBytes)
    return read
  }

  /** Begins to read what follows the last answer: from the place where that ended, so that no header need be looked at. */
  #readAhead(offset: number, maxBytes: number): void {
    const { tail, alwaysSync, shared, segments } = this.#options
    if (alwaysSync || offset >= tail.startOffset || this.#reading.includes(offset) || this.#aheadAt(offset)) return
    const cursor = this.#cursorAt(offset)!
    const isAtEnd = cursor.position === cursor.segment.sizeBytes
    const next = segments.all()[segments.all().indexOf(cursor.segment) + 1]
    const segment = isAtEnd ? next : cursor.segment
    if (segment === undefined) return
    const position = isAtEnd ? 0 : cursor.position
    const bytes = Math.min(maxBytes, LOG_READ_BYTES_MAX, segment.sizeBytes - position)
    if (bytes <= LOG_SYNC_READ_BYTES_MAX) return
    try {
      const ahead = shared.readAheads.start(offset, { segment, position, bytes }, () => this.#open(segment))
      if (ahead === null) return
      this.#aheads = this.#aheads.filter(({ isDropped }) => !isDropped)
      this.#aheads.push(ahead)
    } catch {
      // No descriptor for it, say: whoever reads on will hear.
    }
  }

  #aheadAt(offset: number): Ahead | null {
    return this.#aheads.find((ahead) => ahead.offset === offset && !ahead.isDropped) ?? null
  }

  #forget(ahead: Ahead): void {
    this.#aheads = this.#aheads.length === 1 ? NOTHING_AHEAD : this.#aheads.filter((other) => other !== ahead)
  }

  #cursorAt(offset: number): Cursor | undefined {
    return this.#cursors.find((cursor) => cursor.offset === offset)
  }

  #remember(cursor: Cursor): void {
    if (this.#cursors === NONE) this.#cursors = []
    this.#cursors[this.#nextCursor] = cursor
    this.#nextCursor = (this.#nextCursor + 1) % LOG_READ_CURSORS_MAX
  }

  #open(segment: Segment): ReturnType<Segment['open']> {
    return segment.open(this.#options.disk, this.#options.shared)
  }
}

function mayHaveHoles({ mayHaveHoles: had, config }: ReadState): boolean {
  return had || config.cleanupPolicy.compact
}

function nothing(offset: number): LogRead {
  return { buffers: [], bytes: 0, nextOffset: offset, release: null }
}

function totalBytes(buffers: readonly Buffer[]): number {
  let bytes = 0
  for (const buffer of buffers) bytes += buffer.length
  return bytes
}
