import { type Duration, durationMs, signedDurationMs } from '../duration.ts'
import { ProcessorError } from '../errors.ts'

/**
 * Which windows a time belongs to: all `[start, start + sizeMs)` with `start` a multiple of `advanceMs` (plus the
 * offset) that contain it. Tumbling windows advance by their size.
 */
export interface Assigner {
  readonly sizeMs: number
  readonly advanceMs: number
  readonly offsetMs: number
}

export interface TumblingOptions {
  readonly size: Duration
  /** Moves the borders, e.g. to local midnight; may be negative. @default 0 */
  readonly offset?: Duration
}

export interface HoppingOptions extends TumblingOptions {
  /** Time between the starts of windows, at most `size`. */
  readonly advance: Duration
}

/** Windows that follow one another without gap or overlap. */
export function tumbling(options: TumblingOptions): Assigner {
  return assigner(options.size, options.size, options.offset)
}

/** Windows of one size that start every `advance`: a record is in about size / advance of them. */
export function hopping(options: HoppingOptions): Assigner {
  return assigner(options.size, options.advance, options.offset)
}

/** Start of the last window that contains the time; earlier ones are `advanceMs` apart while `start > time - sizeMs`. */
export function lastWindowStart(windows: Assigner, time: number): number {
  const past = (time - windows.offsetMs) % windows.advanceMs
  return time - (past < 0 ? past + windows.advanceMs : past)
}

function assigner(size: Duration, advance: Duration, offset: Duration | undefined): Assigner {
  const sizeMs = durationMs(size, 'the size of a window')
  const advanceMs = durationMs(advance, 'the advance of a window')
  if (sizeMs < 1) throw new ProcessorError('PROCESSOR_INVALID_TOPOLOGY', 'a window is at least 1 ms long')
  if (advanceMs < 1 || advanceMs > sizeMs) {
    throw new ProcessorError('PROCESSOR_INVALID_TOPOLOGY', 'windows advance by at least 1 ms and at most their size')
  }
  return Object.freeze({ sizeMs, advanceMs, offsetMs: signedDurationMs(offset ?? 0, 'the offset of a window') })
}
