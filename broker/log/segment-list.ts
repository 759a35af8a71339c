import type { Disk } from '../ports/disk.ts'
import { assert } from './errors.ts'
import { DELETED_SUFFIX, SEGMENT_SUFFIXES, SNAPSHOT_SUFFIX, WINDOW_SUFFIX } from './file-names.ts'
import { Segment } from './segment.ts'
import type { LogShared } from './shared.ts'

interface DeletedFile {
  readonly path: string
  sinceMs: number
}

const NONE: DeletedFile[] = []

/** The segments of one log in offset order, never none; the last takes the appends. Knows files, not their content. */
export class SegmentList {
  readonly #disk: Disk
  readonly #directory: string
  readonly #shared: LogShared
  readonly #segments: Segment[]
  /** NONE while there are none, as thousands of logs may be idle. */
  #deleted = NONE

  constructor(disk: Disk, directory: string, shared: LogShared, segments: Segment[]) {
    assert(segments.length > 0, `${directory} has no segment`)
    this.#disk = disk
    this.#directory = directory
    this.#shared = shared
    // A copy has no room to spare, which thousands of logs would waste.
    this.#segments = segments.slice()
  }

  get count(): number {
    return this.#segments.length
  }

  get first(): Segment {
    return this.#segments[0]!
  }

  get active(): Segment {
    return this.#segments[this.#segments.length - 1]!
  }

  at(index: number): Segment {
    return this.#segments[index]!
  }

  all(): readonly Segment[] {
    return this.#segments
  }

  get sizeBytes(): number {
    let bytes = 0
    for (const segment of this.#segments) bytes += segment.sizeBytes
    return bytes
  }

  /** Index of the segment whose range holds the offset: the last one that begins at or before it; 0 when none does. */
  indexFor(offset: number): number {
    let low = 0
    let high = this.#segments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#segments[middle]!.baseOffset <= offset) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }

  /** Makes the next segment, with its file; the directory entry is still to be synced. */
  add(baseOffset: number, nowMs: number): Segment {
    const segment = createSegment(this.#disk, this.#directory, this.#shared, baseOffset, nowMs)
    this.#segments.push(segment)
    return segment
  }

  /** Takes out `count` segments from position `from` and renames their files `.deleted`; `purge` removes those later. */
  remove(from: number, count: number, nowMs: number): Segment[] {
    const removed = this.#segments.splice(from, count)
    this.#setSegmentsAside(removed, nowMs, -1)
    return removed
  }

  /** The same, with one in their place that begins where the first of them did; the producer snapshot from there stays. */
  replace(from: number, count: number, by: Segment, nowMs: number): Segment[] {
    const replaced = this.#segments.splice(from, count, by)
    assert(replaced[0]?.baseOffset === by.baseOffset, `segment ${by.baseOffset} begins where those it replaces do`)
    this.#setSegmentsAside(replaced, nowMs, by.baseOffset)
    return replaced
  }

  /** Removes the files set aside at least `delayMs` ago, off the event loop. */
  purge(nowMs: number, delayMs: number): void {
    if (this.#deleted.length === 0) return
    // A clock that was set back must not keep them for as long.
    for (const file of this.#deleted) file.sinceMs = Math.min(file.sinceMs, nowMs)
    const due = this.#deleted.filter((file) => nowMs - file.sinceMs >= delayMs)
    const kept = this.#deleted.filter((file) => nowMs - file.sinceMs < delayMs)
    this.#deleted = kept.length === 0 ? NONE : kept
    // A file that could not be removed is found again, by its suffix, when the log is next opened.
    for (const { path } of due) this.#disk.unlink(path, () => undefined)
  }

  #setSegmentsAside(removed: readonly Segment[], nowMs: number, keepsProducersOf: number): void {
    for (const segment of removed) {
      this.#shared.indexes.forget(segment)
      segment.indexes = null
      this.#shared.files.close(segment.handle)
      for (const suffix of SEGMENT_SUFFIXES) {
        const isProducers = suffix === SNAPSHOT_SUFFIX || suffix === WINDOW_SUFFIX
        if (!isProducers || segment.baseOffset !== keepsProducersOf) this.#setAside(segment.path(suffix), nowMs)
      }
      segment.handle.removed = true
    }
  }

  #setAside(path: string, nowMs: number): void {
    if (!this.#disk.existsSync(path)) return
    this.#disk.renameSync(path, path + DELETED_SUFFIX)
    if (this.#deleted === NONE) this.#deleted = []
    this.#deleted.push({ path: path + DELETED_SUFFIX, sinceMs: nowMs })
  }
}

/** A new empty segment that takes appends. */
export function createSegment(
  disk: Disk,
  directory: string,
  shared: LogShared,
  baseOffset: number,
  nowMs: number,
): Segment {
  const segment = new Segment(directory, baseOffset, 0, nowMs)
  segment.resetIndexes()
  segment.open(disk, shared, true)
  return segment
}

/** Removes a segment's files at once: at start, when nobody reads them. */
export function removeSegmentFiles(disk: Disk, segment: Segment, shared: LogShared): void {
  shared.files.close(segment.handle)
  for (const suffix of SEGMENT_SUFFIXES) {
    if (disk.existsSync(segment.path(suffix))) disk.unlinkSync(segment.path(suffix))
  }
}
