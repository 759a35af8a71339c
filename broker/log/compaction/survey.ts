import type { LogParts } from '../log-parts.ts'
import { newestTimestamp } from '../log-times.ts'
import type { Segment } from '../segment.ts'

/** How dirty a log is, and what of it may be cleaned now (Kafka's LogToClean). */
export interface Survey {
  /** Below it the log was cleaned before. */
  readonly firstDirtyOffset: number
  /** Where the cleanable part ends: the base offset of a segment. */
  readonly endOffset: number
  readonly cleanableBytes: number
  /** Cleanable bytes / those and the clean ones; 0 for an empty log. */
  readonly dirtyRatio: number
  /** By how many milliseconds `max.compaction.lag.ms` is overrun; 0 = not. */
  readonly overdueMs: number
}

/**
 * Never the active segment, never past the last stable offset, nor what is younger than `min.compaction.lag.ms`. An offset
 * noted at the last cleaning that does not fit the log any more counts as none.
 */
export function survey(parts: LogParts, lastStableOffset: number, nowMs: number): Survey {
  const { segments, config, logStartOffset, logEndOffset, compaction } = parts
  const isKnown = compaction.cleanedTo >= logStartOffset && compaction.cleanedTo <= logEndOffset
  const firstDirtyOffset = isKnown ? compaction.cleanedTo : logStartOffset
  const active = segments.count - 1
  const firstDirty = segments.indexFor(firstDirtyOffset)
  let uncleanable = Math.min(lastStableOffset, segments.active.baseOffset)
  if (config.minCompactionLagMs > 0) {
    const isYoung = (segment: Segment) => newestTimestamp(segment, parts.reader) > nowMs - config.minCompactionLagMs
    const young = segments.all().findIndex((segment, i) => i >= firstDirty && i < active && isYoung(segment))
    if (young >= 0) uncleanable = Math.min(uncleanable, segments.at(young).baseOffset)
  }
  const end = Math.min(active, segments.indexFor(Math.max(uncleanable, firstDirtyOffset)))
  let cleanBytes = 0
  let cleanableBytes = 0
  segments.all().forEach(({ baseOffset, sizeBytes }, i) => {
    if (baseOffset < firstDirtyOffset) cleanBytes += sizeBytes
    if (i >= firstDirty && i < end) cleanableBytes += sizeBytes
  })
  return {
    firstDirtyOffset,
    endOffset: segments.at(end).baseOffset,
    cleanableBytes,
    dirtyRatio: cleanableBytes === 0 ? 0 : cleanableBytes / (cleanBytes + cleanableBytes),
    overdueMs: overdueMs(parts, firstDirty, nowMs),
  }
}

/** From the oldest dirty segment's first batch on, `max.compaction.lag.ms` may pass. */
function overdueMs({ segments, config, options }: LogParts, firstDirty: number, nowMs: number): number {
  const limitMs = nowMs - config.maxCompactionLagMs
  if (limitMs <= 0) return 0
  let oldest = Number.POSITIVE_INFINITY
  for (let i = firstDirty; i < segments.count - 1; i++) {
    const segment = segments.at(i)
    segment.loadFirstTimestamp(options.disk, options.shared)
    if (segment.firstTimestamp > 0) oldest = Math.min(oldest, segment.firstTimestamp)
  }
  return Math.max(0, limitMs - oldest)
}
