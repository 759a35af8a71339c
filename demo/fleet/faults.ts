import type { Random } from '../random.ts'
import type { Sample } from '../sample.ts'

export const FAULT_KINDS = ['spike', 'stuck', 'drift', 'dropout', 'correlation'] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

export const SEVERITIES = ['subtle', 'moderate', 'gross'] as const
export type Severity = (typeof SEVERITIES)[number]

/** What is wrong with a device for a while. */
export interface Fault {
  readonly kind: FaultKind
  readonly severity: Severity
  /** How long it lasts if nobody restarts the device, minutes. */
  readonly minutes: number
  /** Metrics that are hit; empty for a dropout. */
  readonly metrics: readonly number[]
  /** Spike and drift: how far each metric goes, in its own deviations, signed. */
  readonly reach: readonly number[]
  /** Correlation: which of the busy rows the metrics are taken from first. */
  readonly busyFrom: number
}

interface Grade {
  readonly minutes: readonly [number, number]
  /** How many metrics are hit: at least, at most. */
  readonly metrics: readonly [number, number]
  /** Deviations, for spike and drift. */
  readonly reach: number
}

/** From what a good operator might miss to what nobody could. */
const GRADES: Record<FaultKind, Record<Severity, Grade>> = {
  spike: {
    subtle: { minutes: [1, 2], metrics: [1, 2], reach: 4 },
    moderate: { minutes: [2, 4], metrics: [2, 4], reach: 8 },
    gross: { minutes: [3, 6], metrics: [3, 8], reach: 20 },
  },
  stuck: {
    subtle: { minutes: [120, 240], metrics: [1, 3], reach: 0 },
    moderate: { minutes: [180, 360], metrics: [8, 14], reach: 0 },
    gross: { minutes: [240, 600], metrics: [38, 38], reach: 0 },
  },
  drift: {
    subtle: { minutes: [180, 360], metrics: [1, 2], reach: 3 },
    moderate: { minutes: [120, 300], metrics: [2, 4], reach: 6 },
    gross: { minutes: [120, 240], metrics: [3, 8], reach: 15 },
  },
  dropout: {
    subtle: { minutes: [75, 90], metrics: [0, 0], reach: 0 },
    moderate: { minutes: [120, 240], metrics: [0, 0], reach: 0 },
    gross: { minutes: [400, 800], metrics: [0, 0], reach: 0 },
  },
  correlation: {
    subtle: { minutes: [120, 240], metrics: [2, 4], reach: 0 },
    moderate: { minutes: [120, 240], metrics: [6, 10], reach: 0 },
    gross: { minutes: [120, 240], metrics: [14, 20], reach: 0 },
  },
}

/** Metrics that move at all, and how far they usually do: a constant metric cannot be stuck, nor leave its correlation. */
export interface Spread {
  readonly moving: readonly number[]
  /** Per metric, mean over the training part. */
  readonly mean: Float64Array
  /** Per metric, standard deviation over the training part. */
  readonly deviation: Float64Array
  /** Metrics that go along with another one: those whose correlations can break. */
  readonly correlated: readonly number[]
  /** Training rows in which those are busy together, in order of time. */
  readonly busyRows: readonly number[]
}

/** Correlation with another metric from which on a metric counts as correlated. */
const CORRELATED = 0.6
/** The busiest rows are this share of all. */
const BUSY_SHARE = 0.02
/** Every so many rows are enough to see that. */
const ROW_STRIDE = 5

export function spreadOf(sample: Sample): Spread {
  const width = sample.metrics.length
  const mean = new Float64Array(width)
  const square = new Float64Array(width)
  for (let i = 0; i < sample.trainRows; i++) {
    for (let j = 0; j < width; j++) {
      const delta = sample.train[i * width + j]! - mean[j]!
      mean[j]! += delta / (i + 1)
      square[j]! += delta * (sample.train[i * width + j]! - mean[j]!)
    }
  }
  const deviation = square.map((s) => Math.sqrt(s / sample.trainRows))
  const moving = Array.from(deviation.keys()).filter((j) => deviation[j]! > 1e-6)
  const correlated = correlatedMetrics(sample, moving, mean, deviation)
  return { moving, mean, deviation, correlated, busyRows: busyRows(sample, correlated, mean, deviation) }
}

function busyRows(sample: Sample, metrics: readonly number[], mean: Float64Array, deviation: Float64Array): number[] {
  const width = sample.metrics.length
  // Capped, so that one metric's outlier does not make a busy row.
  const activity = (row: number): number =>
    metrics.reduce((sum, j) => sum + Math.min(3, (sample.train[row * width + j]! - mean[j]!) / deviation[j]!), 0)
  const rows = Array.from({ length: sample.trainRows }, (_, row) => ({ row, activity: activity(row) }))
  rows.sort((a, b) => b.activity - a.activity)
  const busiest = rows.slice(0, Math.max(1, Math.floor(BUSY_SHARE * rows.length)))
  return busiest.map(({ row }) => row).sort((a, b) => a - b)
}

function correlatedMetrics(
  sample: Sample,
  moving: readonly number[],
  mean: Float64Array,
  deviation: Float64Array,
): number[] {
  const width = sample.metrics.length
  const correlation = (p: number, q: number): number => {
    let sum = 0
    for (let at = 0; at < sample.train.length; at += ROW_STRIDE * width)
      sum += (sample.train[at + p]! - mean[p]!) * (sample.train[at + q]! - mean[q]!)
    return (sum * ROW_STRIDE) / sample.trainRows / (deviation[p]! * deviation[q]!)
  }
  return moving.filter((p) => moving.some((q) => q !== p && Math.abs(correlation(p, q)) >= CORRELATED))
}

/** Draws a fault. Kinds and severities are equally likely. */
export function drawFault(random: Random, spread: Spread): Fault {
  const kind = random.pick(FAULT_KINDS)
  const severity = random.pick(SEVERITIES)
  const grade = GRADES[kind][severity]
  const whole = ([low, high]: readonly [number, number]): number => low + random.below(high - low + 1)
  const pool = [...(kind === 'correlation' ? spread.correlated : spread.moving)]
  const count = Math.min(whole(grade.metrics), pool.length)
  const metrics = Array.from({ length: count }, () => pool.splice(random.below(pool.length), 1)[0]!)
  return {
    kind,
    severity,
    minutes: whole(grade.minutes),
    metrics,
    reach: metrics.map((metric) => {
      const reach = grade.reach * random.between(0.8, 1.2)
      // Downwards only where there is room: no server reads less than nothing.
      const hasRoom = spread.mean[metric]! - reach * spread.deviation[metric]! > 0
      return hasRoom && random.uniform() < 0.5 ? -reach : reach
    }),
    busyFrom: random.below(spread.busyRows.length),
  }
}
