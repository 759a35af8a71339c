import type { LogConfig } from './config.ts'

/** What retention looks at in a segment. */
export interface RetentionSegment {
  readonly baseOffset: number
  readonly sizeBytes: number
  /** Milliseconds; asked for only when it decides, as an index may have to be read for it. */
  newestTimestamp(): number
}

export interface RetentionState {
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly highWatermark: number
  readonly nowMs: number
  readonly config: LogConfig
}

/**
 * How many segments, counted from the oldest, are due for deletion (storage reference, section 4): wholly below the log
 * start, else over `retention.bytes`, else older than `retention.ms`; the last two not on a compact-only topic. Stops at
 * the first that stays; never takes one that ends above the high watermark, nor an empty active segment.
 */
export function countDueSegments(segments: readonly RetentionSegment[], state: RetentionState): number {
  const { config } = state
  let excess = Number.NEGATIVE_INFINITY
  if (config.cleanupPolicy.delete && config.retentionBytes >= 0) {
    excess = -config.retentionBytes
    for (const segment of segments) excess += segment.sizeBytes
  }
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i]!
    const next = segments[i + 1]
    const endOffset = next?.baseOffset ?? state.logEndOffset
    if (endOffset > state.highWatermark || (next === undefined && segment.sizeBytes === 0)) return i
    const isBelowStart = next !== undefined && endOffset <= state.logStartOffset
    const isOverSize = excess >= segment.sizeBytes
    const isOld =
      config.cleanupPolicy.delete &&
      config.retentionMs >= 0 &&
      state.nowMs - segment.newestTimestamp() > config.retentionMs
    if (!isBelowStart && !isOverSize && !isOld) return i
    excess -= segment.sizeBytes
  }
  return segments.length
}
