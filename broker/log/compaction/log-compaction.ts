import { LOG_COMPACTION_GROUP_SEGMENTS_MAX } from '../../limits.ts'
import type { DiskDone } from '../../ports/disk.ts'
import { collectAborted } from '../aborted-transactions.ts'
import { INDEX_SUFFIX, LOG_SUFFIX, TIME_INDEX_SUFFIX } from '../file-names.ts'
import type { LogParts } from '../log-parts.ts'
import type { Segment } from '../segment.ts'
import type { ActiveProducer } from './batch-filter.ts'
import type { MapTask, SourceSegment } from './build-map.ts'
import { dropCleaned, type GroupTask } from './clean-group.ts'
import { type GroupedSegment, groupSegments } from './groups.ts'
import { finishSwap, nameSwap, serveSwapped } from './swap.ts'
import { type Survey, survey } from './survey.ts'

/** Segments that become one, as they were when the cleaning began. */
export interface SegmentGroup {
  readonly segments: readonly Segment[]
  /** What is to be done, as of now: asked for when its turn comes. */
  task(): GroupTask
}

/**
 * What the cleaner asks of one log: how dirty it is, what to read and recopy, and to take the result in. The reading and
 * recopying are done elsewhere, while the log goes on; when it was truncated or its segments went meanwhile, the result is
 * not taken.
 */
export class LogCompaction {
  /** Why the log is not cleaned any more (Kafka's uncleanable partitions); null while it is. */
  failure: Error | null = null
  readonly #parts: LogParts
  readonly #lastStableOffset: () => number

  constructor(parts: LogParts, lastStableOffset: () => number) {
    this.#parts = parts
    this.#lastStableOffset = lastStableOffset
  }

  /** Below it the log was cleaned, for `cleaner-offset-checkpoint`; -1 = never. */
  get cleanedTo(): number {
    return this.#parts.compaction.cleanedTo
  }

  set cleanedTo(offset: number) {
    this.#parts.compaction.cleanedTo = offset
  }

  /** Counts truncations: see `isCurrent`. */
  get truncations(): number {
    return this.#parts.compaction.truncations
  }

  survey(nowMs: number): Survey {
    return survey(this.#parts, this.#lastStableOffset(), nowMs)
  }

  /**
   * Makes what is to be cleaned durable, and the note of it too: recovery judges by it, and it must not stand inside a
   * segment whose bytes are about to move.
   */
  prepare(done: DiskDone): void {
    this.#parts.commit.sync((error) => (error === null ? this.#parts.commit.syncMark(done) : done(error)))
  }

  /** What the map of last offsets is built from. */
  mapTask(found: Survey, mapBytesMax: number): MapTask {
    const { segments, reader } = this.#parts
    const { firstDirtyOffset, endOffset } = found
    const first = segments.at(segments.indexFor(firstDirtyOffset))
    const offsets = reader.indexesOf(first).offsets
    return {
      segments: this.#sources(firstDirtyOffset, endOffset),
      firstDirtyOffset,
      firstPosition: offsets.lookup(Math.max(0, firstDirtyOffset - first.baseOffset)),
      aborted: collectAborted(this.#parts, firstDirtyOffset, endOffset),
      mapBytesMax,
    }
  }

  /** The segments below `mapEndOffset`, in groups that become one each. */
  groups(found: Survey, mapEndOffset: number, nowMs: number): SegmentGroup[] {
    const { config, segments } = this.#parts
    const below = segments.all().filter((segment) => segment.baseOffset < mapEndOffset)
    const views = below.map((segment) => ({ ...this.#sizes(segment), segment }))
    const limits = { ...config, segments: LOG_COMPACTION_GROUP_SEGMENTS_MAX }
    return groupSegments(views, limits, found.endOffset).map((group) => {
      const members = group.map((view) => view.segment)
      return { segments: members, task: () => this.#groupTask(members, found.endOffset, nowMs) }
    })
  }

  /** All segments of a group are in the log as they were when it was truncated so many times. */
  isCurrent(group: readonly Segment[], truncations: number): boolean {
    const { segments, health, compaction } = this.#parts
    if (health.offline !== null || compaction.truncations !== truncations) return false
    const from = segments.all().indexOf(group[0]!)
    return from >= 0 && group.every((segment, i) => segments.all()[from + i] === segment)
  }

  /** Removes the cleaned files of a group that is not taken in. */
  discard(group: readonly Segment[]): void {
    dropCleaned(this.#parts.options.disk, group[0]!)
  }

  /**
   * Takes the cleaned files of a group in, each step durable before the next. `done` comes in a later turn, with the reason
   * when that took the log offline.
   */
  swapIn(group: readonly Segment[], nowMs: () => number, done: DiskDone): void {
    const parts = this.#parts
    const { disk, directory } = parts.options
    const inTurn = (phase: 'named' | 'serving', next: () => void) => {
      disk.syncDirectory(directory, (error) => {
        // Somebody who could not wait has brought the swap to its end.
        const isOver = parts.health.offline !== null || parts.compaction.swap?.phase !== phase
        if (isOver) return done(parts.health.offline)
        const problem = parts.health.guard(() => {
          if (error !== null) throw error
          next()
        })
        if (problem !== null) done(problem)
      })
    }
    const problem = parts.health.guard(() => nameSwap(parts, group))
    if (problem !== null) return done(problem)
    inTurn('named', () => {
      serveSwapped(parts, nowMs())
      inTurn('serving', () => {
        finishSwap(parts)
        done(null)
      })
    })
  }

  #groupTask(group: readonly Segment[], endOffset: number, nowMs: number): GroupTask {
    const { config, segments, options } = this.#parts
    const last = segments.all().indexOf(group.at(-1)!)
    const sources = this.#sources(group[0]!.baseOffset, segments.at(last + 1).baseOffset)
    return {
      directory: options.directory,
      segments: sources.map((source) => ({
        ...source,
        aborted: collectAborted(this.#parts, source.baseOffset, source.nextOffset),
      })),
      producers: this.#activeProducers(),
      endOffset,
      nowMs,
      deleteRetentionMs: config.deleteRetentionMs,
      indexIntervalBytes: config.indexIntervalBytes,
    }
  }

  /** The segments that hold offsets of [fromOffset, endOffset). `endOffset` begins a segment. */
  #sources(fromOffset: number, endOffset: number): SourceSegment[] {
    const { segments } = this.#parts
    const sources: SourceSegment[] = []
    for (let i = segments.indexFor(fromOffset); segments.at(i).baseOffset < endOffset; i++) {
      const { baseOffset, sizeBytes } = segments.at(i)
      const path = segments.at(i).path(LOG_SUFFIX)
      sources.push({ path, baseOffset, sizeBytes, nextOffset: segments.at(i + 1).baseOffset })
    }
    return sources
  }

  #sizes(segment: Segment): GroupedSegment {
    const { disk } = this.#parts.options
    const { baseOffset, sizeBytes } = segment
    return {
      baseOffset,
      sizeBytes,
      indexBytes: Math.max(0, disk.sizeSync(segment.path(INDEX_SUFFIX))),
      timeIndexBytes: Math.max(0, disk.sizeSync(segment.path(TIME_INDEX_SUFFIX))),
    }
  }

  #activeProducers(): ActiveProducer[] {
    const producers: ActiveProducer[] = []
    for (const { producerId, epoch, batches } of this.#parts.producers.entries()) {
      producers.push({ producerId, epoch, lastDataOffset: batches.at(-1)?.lastOffset ?? -1 })
    }
    return producers
  }
}
