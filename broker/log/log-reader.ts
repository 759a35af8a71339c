import * as header from '../../proto/kafka/batch/header.ts'
import { LOG_READ_BYTES_MAX, LOG_READ_CURSORS_MAX, LOG_SYNC_READ_BYTES_MAX } from '../limits.ts'
import type { Disk } from '../ports/disk.ts'
import { LogCorruptError } from './errors.ts'
import { walkHeaders } from './scan.ts'
import type { Segment, SegmentIndexes } from './segment.ts'
import type { SegmentList } from './segment-list.ts'
import type { LogShared } from './shared.ts'
import { type Arena, cutAt, type LogTail } from './tail-cache.ts'

/** Whole batches as stored. */
export interface LogRead {
  readonly buffers: readonly Buffer[]
  readonly bytes: number
  /** The offset after the last batch read, or the offset asked for when nothing was read. */
  readonly nextOffset: number
  /** Gives a large buffer back for reuse once the bytes are sent; optional to call, at most once. Null = nothing to give. */
  readonly release: (() => void) | null
}

export interface LogReaderOptions {
  readonly disk: Disk
  readonly shared: LogShared
  readonly segments: SegmentList
  readonly tail: LogTail
  readonly indexIntervalBytes: () => number
  /** Where the written part of the log ends: a batch that says it reaches further is damaged. */
  readonly endOffset: () => number
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

/** Where a batch lies. */
export interface BatchPlace {
  readonly segment: Segment
  readonly position: number
  readonly size: number
  readonly baseOffset: number
}

/** What to read: `bytes` at `position` of the segment's file begin with the batch that holds the offset. */
interface Extent {
  readonly segment: Segment
  readonly position: number
  readonly bytes: number
}

/** Reads one log: from the tail cache, from its files on the event loop when little is wanted, else on a pool thread. */
export class LogReader {
  readonly #options: LogReaderOptions
  /** NONE until somebody reads, as thousands of logs may be idle. */
  #cursors = NONE
  #nextCursor = 0
  /** Counts truncations: a read that began before one must not be answered with what was cut. */
  #generation = 0

  constructor(options: LogReaderOptions) {
    this.#options = options
  }

  /** Places in files have changed: after a truncation or a deletion. */
  invalidate(): void {
    this.#cursors = NONE
    this.#nextCursor = 0
    this.#generation++
  }

  /** See `Log.read`. */
  read(offset: number, limitOffset: number, maxBytes: number, minOneBatch: boolean): LogRead | null {
    if (offset >= limitOffset) return nothing(offset)
    const { tail, alwaysSync } = this.#options
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
    const extent = offset < limitOffset ? this.#locate(offset, limitOffset, maxBytes, minOneBatch) : null
    if (extent === null) return done(null, nothing(offset))
    const { readBuffers } = this.#options.shared
    const generation = this.#generation
    const buffer = readBuffers.acquire(extent.bytes)
    this.#open(extent.segment).read(buffer, 0, extent.bytes, extent.position, (error, count) => {
      if (error !== null || generation !== this.#generation) {
        readBuffers.release(buffer)
        return done(error, nothing(offset))
      }
      const release = (): void => readBuffers.release(buffer)
      done(null, this.#cut(extent, buffer, count, offset, limitOffset, maxBytes, minOneBatch, release))
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
    const { disk, shared, segments, indexIntervalBytes } = this.#options
    const indexes = segment.loadIndexes(disk, shared, indexIntervalBytes())
    if (segment !== segments.active) shared.indexes.used(segment)
    return indexes
  }

  #findIn(segment: Segment, offset: number): BatchPlace | null {
    const cursor = this.#cursors.find((known) => known.offset === offset && known.segment === segment)
    const from = cursor?.position ?? this.indexesOf(segment).offsets.lookup(offset - segment.baseOffset)
    let found: BatchPlace | null = null
    let misfitAt = -1
    const file = this.#open(segment)
    const { readBuffers } = this.#options.shared
    const endOffset = this.#options.endOffset()
    const end = walkHeaders(file, from, segment.sizeBytes, readBuffers, (buffer, at, position, size) => {
      if (header.nextOffset(buffer, at) <= offset) return true
      found = { segment, position, size, baseOffset: header.baseOffset(buffer, at) }
      if (header.nextOffset(buffer, at) > endOffset) misfitAt = position
      return false
    })
    // Not an end of the log: a reader would wait for ever for what comes behind it.
    if (end.fault !== null) throw new LogCorruptError(file.path, end.position, end.fault)
    if (misfitAt >= 0)
      throw new LogCorruptError(file.path, misfitAt, `the batch reaches beyond offset ${endOffset}, the end`)
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
    const { position, endOffset } = cutAt(buffer, 0, count, limitOffset, maxBytes, minOneBatch)
    if (position === 0) {
      release?.()
      return nothing(offset)
    }
    this.#remember({ offset: endOffset, segment: extent.segment, position: extent.position + position })
    return { buffers: [buffer.subarray(0, position)], bytes: position, nextOffset: endOffset, release }
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

function nothing(offset: number): LogRead {
  return { buffers: [], bytes: 0, nextOffset: offset, release: null }
}

function totalBytes(buffers: readonly Buffer[]): number {
  let bytes = 0
  for (const buffer of buffers) bytes += buffer.length
  return bytes
}
