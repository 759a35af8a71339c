import type { DemoProgress } from './summary.ts'

export interface DemoOptions {
  /** Brokers to use, `host:port`, separated by commas. */
  readonly bootstrap: string
  /** Where the audit copies of models go. */
  readonly dataDir: string
  /** Simulated devices. Silence is told by the others going on, so fewer than about 30 may miss it. @default 100 */
  readonly devices?: number
  /** Readings per second, all devices together. @default 5000 */
  readonly rate?: number
  /** How long devices send. @default until the signal fires */
  readonly durationMs?: number
  /** The same seed gives the same fleet, noise and faults. @default 1 */
  readonly seed?: number
  /** Wall time between trainings after the first. @default a third of what follows the first, or 60 s without a duration */
  readonly retrainEveryMs?: number
  /** Serves the console page; port 0 picks a free one. @default no page */
  readonly page?: { readonly host: string; readonly port: number }
  /** Ends the run early, in good order: what was sent is scored and summed up. */
  readonly signal?: AbortSignal
  /** Called about twice a second. */
  readonly onProgress?: (progress: DemoProgress) => void
}

/** What follows from the options: paces and sizes. */
export interface DemoPlan {
  readonly devices: number
  readonly rate: number
  readonly durationMs: number
  readonly seed: number
  readonly retrainEveryMs: number
  /** Records that the first training waits for. */
  readonly trainAfterRecords: number
  /** Readings of each device before the recording's test part, and with it faults and labels, begin. */
  readonly warmupReadings: number
  /** Mean time from one fault of a device to the next, minutes of event time. */
  readonly faultGapMinutes: number
}

/** More than this teaches the first model little more, and keeps the scoring waiting. */
const FIRST_TRAINING_RECORDS = 30_000
const WARMUP_SHARE = 0.15
const WARMUP_MS = { least: 3_000, most: 6_000 }
/** Devices go on warming up for this long after the training's records are complete: time to fit and to swap in. */
const FIT_MS = 1_500
const RETRAIN_MS = { least: 4_000, default: 60_000 }
const FAULT_GAP_MINUTES = { least: 240, most: 1_500 }

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

/** Checks the options and plans the run; throws RangeError that names a bad option. */
export function planDemo(options: DemoOptions): DemoPlan {
  const { devices = 100, rate = 5_000, durationMs = Number.POSITIVE_INFINITY, seed = 1 } = options
  if (!Number.isInteger(devices) || devices < 1 || devices > 10_000)
    throw new RangeError(`devices must be 1 to 10000: ${devices}`)
  if (!(rate >= 1 && rate <= 1_000_000)) throw new RangeError(`rate must be 1 to 1000000 records a second: ${rate}`)
  if (!(durationMs > 0)) throw new RangeError(`duration must be positive: ${durationMs}`)
  const perDevice = rate / devices
  const mostMs = (1_000 * FIRST_TRAINING_RECORDS) / rate
  const warmupMs = Math.min(mostMs, clamp(durationMs * WARMUP_SHARE, WARMUP_MS.least, WARMUP_MS.most))
  const restMs = durationMs - warmupMs
  const liveReadings = (perDevice * Math.max(0, restMs)) / 1_000
  const retrainMs = Number.isFinite(restMs) ? Math.max(RETRAIN_MS.least, restMs / 3) : RETRAIN_MS.default
  return {
    devices,
    rate,
    durationMs,
    seed,
    retrainEveryMs: options.retrainEveryMs ?? retrainMs,
    trainAfterRecords: Math.ceil((rate * warmupMs) / 1_000),
    warmupReadings: Math.ceil((perDevice * (warmupMs + FIT_MS)) / 1_000),
    faultGapMinutes: clamp(liveReadings / 4, FAULT_GAP_MINUTES.least, FAULT_GAP_MINUTES.most),
  }
}
