import { abortedIn } from './aborted-transactions.ts'
import { noteTruncation } from './compaction/state.ts'
import { settleSwap } from './compaction/swap.ts'
import { assert } from './errors.ts'
import type { LogParts } from './log-parts.ts'
import {
  markNamesDirty,
  noteChain,
  reloadProducers,
  writeFewerEpochs,
  writeIndexFiles,
  writeProducers,
} from './log-parts.ts'
import type { BatchPlace } from './log-reader.ts'
import { newestTimestamp } from './log-times.ts'
import { dropProducerFilesAbove } from './producer-recovery.ts'
import { countDueSegments } from './retention.ts'
import type { Segment } from './segment.ts'
import { writeChain } from './segment-chain.ts'

/** Seals the active segment and makes the next one at the log end. Everything queued has been written. */
export function rollSegment(parts: LogParts, nowMs: number): void {
  const { segments, options } = parts
  assert(parts.queue.runs.length === 0, 'a segment is rolled after a flush')
  const sealed = segments.active
  sealed.closeTimeIndex()
  // Only the newest segment is read after a crash: an index that a sync has not covered must not be left behind.
  for (const path of [...writeIndexFiles(parts, sealed), ...writeProducers(parts)]) parts.commit.markPathDirty(path)
  if (parts.commit.durableEndOffset === 0) nameFirst(parts)
  segments.add(parts.logEndOffset, nowMs)
  options.shared.indexes.used(sealed)
  markNamesDirty(parts)
  parts.changed = true
  noteChain(parts)
}

/**
 * Nothing of the log is durable yet. A power cut that took the first segment and left the next one would make it a log that
 * begins there, and a follower would never fetch what is missing: so the first has its name for good before there is another.
 */
function nameFirst({ segments, options: { disk, directory }, mayHaveHoles }: LogParts): void {
  if (segments.count > 1) return
  writeChain(disk, directory, segments.all(), mayHaveHoles)
  disk.syncDirectorySync(directory)
}

/**
 * Moves the log start past the segments that are due for deletion. Their files go with `deleteBelowStart`, once the new
 * start has been noted where recovery finds it. Returns whether the start moved.
 */
export function retireSegments(parts: LogParts, nowMs: number): boolean {
  const { segments, reader, logStartOffset, logEndOffset, highWatermark, config } = parts
  const views = segments.all().map((segment) => ({
    baseOffset: segment.baseOffset,
    sizeBytes: segment.sizeBytes,
    newestTimestamp() {
      const newest = newestTimestamp(segment, reader)
      // Records without timestamps: the age of the file is all that is known.
      return newest >= 0 ? newest : segment.createdMs
    },
  }))
  const due = countDueSegments(views, { logStartOffset, logEndOffset, highWatermark, nowMs, config })
  if (due === 0) return false
  if (due === segments.count) rollSegment(parts, nowMs)
  const before = parts.logStartOffset
  moveLogStart(parts, segments.at(due).baseOffset)
  return parts.logStartOffset > before
}

/** Deletes the segments wholly below the log start and returns how many. */
export function deleteBelowStart(parts: LogParts, nowMs: number): number {
  const { segments, logStartOffset } = parts
  let count = 0
  while (count + 1 < segments.count && segments.at(count + 1).baseOffset <= logStartOffset) count++
  if (count === 0) return 0
  settleSwap(parts, nowMs)
  removeSegments(parts, 0, count, nowMs)
  parts.reader.invalidate()
  return count
}

/** Moves the log start up; never past the log end. */
export function moveLogStart(parts: LogParts, offset: number): void {
  if (offset <= parts.logStartOffset) return
  assert(offset <= parts.logEndOffset, `log start ${offset} would pass the log end ${parts.logEndOffset}`)
  parts.logStartOffset = offset
  parts.highWatermark = Math.max(parts.highWatermark, offset)
  parts.producers.highWatermarkMoved(parts.highWatermark)
  parts.changed = true
  if (parts.epochs.truncateStart(offset)) writeFewerEpochs(parts)
}

/**
 * Cuts the log so that `offset` is the next one; a batch that holds it goes whole. Everything queued has been written. The
 * durable mark is lowered, on disk, before anything goes; producer snapshots of the lost future go before the bytes do.
 */
export function truncateLog(parts: LogParts, offset: number, nowMs: number): void {
  const { disk, directory, shared } = parts.options
  const { segments, reader } = parts
  assert(parts.queue.runs.length === 0, 'a log is truncated after a flush')
  if (offset >= parts.logEndOffset) return
  settleSwap(parts, nowMs)
  const { segment, position, baseOffset } = cutPlace(parts, Math.max(offset, segments.first.baseOffset))
  const endOffset = Math.max(Math.min(offset, baseOffset), segment.baseOffset)
  abortedIn(parts, segment)?.truncate(endOffset)
  parts.commit.truncated({ endOffset, segmentBaseOffset: segment.baseOffset, position })
  dropProducerFilesAbove(disk, directory, endOffset)
  markNamesDirty(parts)
  shared.tailCache.truncate(parts.tail, endOffset)
  const index = segments.all().indexOf(segment)
  removeSegments(parts, index + 1, segments.count - index - 1, nowMs)
  cutSegment(parts, segment, position)
  parts.logEndOffset = endOffset
  parts.flushedEndOffset = endOffset
  noteTruncation(parts.compaction, endOffset)
  parts.highWatermark = Math.min(parts.highWatermark, endOffset)
  if (endOffset < parts.logStartOffset) {
    // The batch that the start lies in has gone whole.
    parts.logStartOffset = endOffset
    parts.options.noteLogStart?.(endOffset)
  }
  reader.invalidate()
  if (parts.epochs.truncateEnd(endOffset)) writeFewerEpochs(parts)
  reloadProducers(parts, nowMs, new Set())
  parts.producers.highWatermarkMoved(parts.highWatermark)
  parts.changed = true
}

/** The batch that holds the offset or is the next one in its segment; else that segment's end: compaction leaves holes. */
function cutPlace({ segments, reader }: LogParts, offset: number): BatchPlace {
  const segment = segments.at(segments.indexFor(offset))
  const found = reader.positionOf(offset)
  if (found?.segment === segment) return found
  return { segment, position: segment.sizeBytes, size: 0, baseOffset: offset }
}

function cutSegment(parts: LogParts, segment: Segment, position: number): void {
  const { disk, shared } = parts.options
  segment.open(disk, shared).truncateSync(position)
  segment.sizeBytes = position
  shared.indexes.forget(segment)
  segment.rebuildIndexes(disk, shared, parts.config.indexIntervalBytes, position)
  parts.commit.markDirty(segment.handle)
}

function removeSegments(parts: LogParts, from: number, count: number, nowMs: number): void {
  for (const segment of parts.segments.remove(from, count, nowMs)) parts.commit.forget(segment.handle)
  if (count > 0) markNamesDirty(parts)
}
