import { noteTruncation } from './compaction/state.ts'
import { settleSwap } from './compaction/swap.ts'
import { assert } from './errors.ts'
import { type LogParts, markNamesDirty, noteChain, reloadProducers, writeFewerEpochs } from './log-parts.ts'
import { dropProducerFilesAbove } from './producer-recovery.ts'

/**
 * Drops every record and goes on, empty, at `offset`: beyond the log end, or anywhere when there is no record. Everything
 * queued has been written. First of all the durable mark gives up what is here, on disk, so that a crash on the way is the
 * loss of records that are given up, and no damage: whatever files it leaves make a log that follows its leader to `offset`
 * again.
 */
export function startOver(parts: LogParts, offset: number, nowMs: number): void {
  const { segments, options, commit, reader } = parts
  const { disk, directory, shared } = options
  assert(parts.queue.runs.length === 0, 'a log is started over after a flush')
  const isEmpty = parts.logStartOffset === parts.logEndOffset
  assert(
    isEmpty || offset > parts.logEndOffset,
    `a log that ends at ${parts.logEndOffset} does not start over at ${offset}`,
  )
  settleSwap(parts, nowMs)
  commit.truncated({ endOffset: 0, segmentBaseOffset: segments.first.baseOffset, position: 0 })
  options.noteLogStart?.(offset)
  dropProducerFilesAbove(disk, directory, -1)
  shared.tailCache.truncate(parts.tail, -1)
  const count = segments.count
  segments.add(offset, nowMs)
  for (const segment of segments.remove(0, count, nowMs)) commit.forget(segment.handle)
  parts.logStartOffset = offset
  parts.logEndOffset = offset
  parts.flushedEndOffset = offset
  parts.highWatermark = offset
  noteTruncation(parts.compaction, 0)
  reader.invalidate()
  if (parts.epochs.truncateEnd(0)) writeFewerEpochs(parts)
  reloadProducers(parts, nowMs, new Set())
  noteChain(parts)
  markNamesDirty(parts)
  parts.changed = true
}
