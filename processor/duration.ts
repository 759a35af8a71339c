import { ProcessorError } from './errors.ts'

/** A length of time: milliseconds, or text such as `250ms`, `2s`, `1.5m`, `24h`, `7d`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** A duration in ms, not negative; whole (rounded to the nearest). `what` names the option in the error. */
export function durationMs(duration: Duration, what: string): number {
  const ms = signedDurationMs(duration, what)
  if (ms < 0)
    throw new ProcessorError('PROCESSOR_INVALID_TOPOLOGY', `${what} must not be negative: ${String(duration)}`)
  return ms
}

/** As `durationMs`, but `-6m` is allowed: offsets of windows go both ways. */
export function signedDurationMs(duration: Duration, what: string): number {
  const match = typeof duration === 'string' ? /^(-?\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) : null
  const ms = match === null ? Number(duration) : Number(match[1]) * (UNITS_MS.get(match[2]!) ?? Number.NaN)
  if (!Number.isFinite(ms)) {
    throw new ProcessorError(
      'PROCESSOR_INVALID_TOPOLOGY',
      `${what} is not a duration: ${JSON.stringify(duration)} (try 250 or "2s")`,
    )
  }
  return Math.round(ms)
}
