import { eigenSymmetric } from './eigen.ts'
import type { History } from './history.ts'
import type { PcaModel } from './model.ts'
import { effective, PcaDetector, STATISTICS } from './pca.ts'
import { fitTail, rarity, type Tail, tailsOf } from './tail.ts'

/** Hyper-parameters; the defaults were chosen once for all data sets (docs/anomaly-quality.md). */
export interface PcaOptions {
  /** Share of the variance that the kept components explain. Default 0.9. */
  readonly varianceShare?: number
  /** Weight of the newest record in the smoothed statistics, in (0, 1]. Default 0.2. */
  readonly smoothing?: number
  /** Weight at which a single record's statistic counts beside the smoothed one, 0..1. Default 0.5. */
  readonly immediate?: number
  /** Smallest scale of a metric, as a share of its training range. Default 0.01. */
  readonly scaleFloor?: number
  /** Smallest residual scale, in units of the metric's own scale. Default 0.05. */
  readonly residualFloor?: number
  /** Training values further out than this many scales are pulled in before the fit. Default 20. */
  readonly winsor?: number
}

const DEFAULTS = {
  varianceShare: 0.9,
  smoothing: 0.2,
  immediate: 0.5,
  scaleFloor: 0.01,
  residualFloor: 0.05,
  winsor: 20,
}
/** Rows per step of the generator: about a millisecond of work at 38 metrics. */
const ROWS_PER_STEP = 512
/** Interquartile range of the standard normal distribution. */
const NORMAL_IQR = 1.349
/** Share of the training values of a metric left out at either end when its spread is measured. */
const TRIM = 0.0005
/** How many inner spreads a training value may lie out and still count in full. */
const REACH = 100
/** The scale of a metric that never moved in training, as a share of its level: when it does move, that is news. */
const CONSTANT_SHARE = 0.05
/** Residuals and deviations below this many scales are as good as none. */
const SMALLEST = 0.02
const UNFITTED: Tail = { knots: new Float64Array(64), shape: 1, scale: 1 }

interface Scaling {
  readonly center: Float64Array
  readonly scale: Float64Array
}

/**
 * Median, and the deviation once values further than `REACH` inner spreads from it are pulled in: rare spikes of a
 * normal machine count in full, while one broken record cannot hide its metric for good. A constant column
 * gets a small share of its level.
 */
function* fitScaling(history: History, floor: number): Generator<void, Scaling> {
  const { values, width, rows } = history
  const center = new Float64Array(width)
  const scale = new Float64Array(width)
  const column = new Float64Array(rows)
  for (let j = 0; j < width; j++) {
    for (let i = 0; i < rows; i++) column[i] = values[i * width + j]!
    column.sort()
    const quantile = (p: number): number => column[Math.min(rows - 1, Math.floor(p * rows))]!
    const inner = column.subarray(Math.ceil(TRIM * rows), rows - Math.ceil(TRIM * rows))
    const median = quantile(0.5)
    const range = rangeOf(inner) || rangeOf(column) || (CONSTANT_SHARE * (Math.abs(median) || 1)) / floor
    const quartiles = (quantile(0.75) - quantile(0.25)) / NORMAL_IQR
    const spread = Math.max(quartiles, deviationOf(inner), floor * range)
    for (let i = 0; i < rows; i++) column[i] = Math.min(REACH, Math.max(-REACH, (column[i]! - median) / spread))
    center[j] = median
    scale[j] = Math.max(spread * deviationOf(column), floor * range)
    yield
  }
  return { center, scale }
}

function rangeOf(sorted: Float64Array): number {
  return sorted.length === 0 ? 0 : sorted[sorted.length - 1]! - sorted[0]!
}

function deviationOf(values: Float64Array): number {
  let mean = 0
  let square = 0
  for (let i = 0; i < values.length; i++) {
    const delta = values[i]! - mean
    mean += delta / (i + 1)
    square += delta * (values[i]! - mean)
  }
  return Math.sqrt(square / Math.max(1, values.length))
}

/** Mean and covariance of the scaled, winsorised rows. */
function* fitCovariance(
  history: History,
  scaling: Scaling,
  winsor: number,
): Generator<void, { mean: Float64Array; covariance: Float64Array }> {
  const { values, width, rows } = history
  const z = new Float64Array(width)
  const mean = new Float64Array(width)
  const cross = new Float64Array(width * width)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      const x = (values[i * width + j]! - scaling.center[j]!) / scaling.scale[j]!
      z[j] = x > winsor ? winsor : x < -winsor ? -winsor : x
      mean[j]! += z[j]!
    }
    for (let p = 0; p < width; p++) {
      const x = z[p]!
      if (x !== 0) for (let q = p; q < width; q++) cross[p * width + q]! += x * z[q]!
    }
    if (i % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  for (let j = 0; j < width; j++) mean[j]! /= rows
  for (let p = 0; p < width; p++) {
    for (let q = p; q < width; q++) {
      const c = cross[p * width + q]! / rows - mean[p]! * mean[q]!
      cross[p * width + q] = c
      cross[q * width + p] = c
    }
  }
  return { mean, covariance: cross }
}

function keptComponents(variances: Float64Array, share: number): number {
  const total = variances.reduce((sum, v) => sum + Math.max(0, v), 0)
  let kept = 0
  let explained = 0
  while (kept < variances.length && explained < share * total) explained += variances[kept++]!
  return kept
}

/** What each metric usually does: the size of its residual, and the tails of its residual and of its deviation. */
function* fitMetrics(history: History, unfitted: PcaModel, floor: number): Generator<void, PcaModel> {
  const { values, width, rows } = history
  const detector = new PcaDetector(unfitted)
  const residuals = new Float32Array(rows * width)
  const deviations = new Float32Array(rows * width)
  const square = new Float64Array(width)
  for (let i = 0; i < rows; i++) {
    detector.measure(values, i * width)
    for (let j = 0; j < width; j++) {
      const residual = detector.residual(j)
      square[j]! += residual * residual
      residuals[j * rows + i] = Math.max(SMALLEST, Math.abs(residual))
      deviations[j * rows + i] = Math.max(SMALLEST, Math.abs(detector.deviation(j)))
    }
    if (i % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  const tails: [Tail[], Tail[]] = [[], []]
  for (let j = 0; j < width; j++) {
    tails[0].push(fitTail(residuals.subarray(j * rows, (j + 1) * rows)))
    yield
    tails[1].push(fitTail(deviations.subarray(j * rows, (j + 1) * rows)))
    yield
  }
  const residualScale = square.map((s) => Math.max(floor, Math.sqrt(s / rows)))
  return { ...unfitted, residualScale, residualTails: tailsOf(tails[0]), deviationTails: tailsOf(tails[1]) }
}

/** Smooths `raw` in place as the detector does, run by run, starting each run from the median. */
function smooth(raw: Float64Array, starts: readonly number[], weight: number, immediate: number): void {
  const median = new Float64Array(raw).sort()[raw.length >> 1]!
  for (let s = 0; s < starts.length; s++) {
    let level = median
    const end = starts[s + 1] ?? raw.length
    for (let i = starts[s]!; i < end; i++) {
      level += (raw[i]! - level) * weight
      raw[i] = effective(level, raw[i]!, immediate)
    }
  }
}

/** Calibrates the smoothed statistics, then their mean, on the training rows. */
function* calibrate(history: History, fitted: PcaModel): Generator<void, PcaModel> {
  const { values, width, rows, starts } = history
  const detector = new PcaDetector(fitted)
  const statistics = STATISTICS.map(() => new Float64Array(rows))
  for (let i = 0; i < rows; i++) {
    detector.measure(values, i * width)
    for (let s = 0; s < statistics.length; s++) statistics[s]![i] = detector.statistics[s]!
    if (i % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  const means = new Float64Array(rows)
  const statisticTails: Tail[] = []
  for (const statistic of statistics) {
    smooth(statistic, starts, fitted.smoothing, fitted.immediate)
    yield
    const tail = fitTail(statistic)
    statisticTails.push(tail)
    for (let i = 0; i < rows; i++) {
      means[i]! += rarity(tail, statistic[i]!) / statistics.length
      if (i % (8 * ROWS_PER_STEP) === 0) yield
    }
  }
  return { ...fitted, statisticTails, tail: fitTail(means) }
}

/**
 * Fits robust scaling, PCA and calibration. A generator that yields after about a millisecond of work each time, so that
 * whoever drives it decides how long the event loop is held. Needs at least two rows of finite numbers.
 */
export function* fitPca(history: History, options: PcaOptions = {}): Generator<void, PcaModel> {
  if (history.rows < 2) throw new RangeError(`a fit needs at least two rows, got ${history.rows}`)
  const { varianceShare, smoothing, immediate, scaleFloor, residualFloor, winsor } = { ...DEFAULTS, ...options }
  const width = history.width
  const scaling = yield* fitScaling(history, scaleFloor)
  const { mean, covariance } = yield* fitCovariance(history, scaling, winsor)
  const eigen = eigenSymmetric(covariance, width)
  yield
  const rank = keptComponents(eigen.values, varianceShare)
  const ones = new Float64Array(width).fill(1)
  const fitted: PcaModel = {
    center: scaling.center.map((c, j) => c + mean[j]! * scaling.scale[j]!),
    scale: scaling.scale,
    components: eigen.vectors.slice(0, rank * width),
    variances: eigen.values.slice(0, rank),
    residualScale: ones,
    smoothing,
    immediate,
    residualTails: { start: new Float64Array(width), shape: ones, scale: ones },
    deviationTails: { start: new Float64Array(width), shape: ones, scale: ones },
    statisticTails: STATISTICS.map(() => UNFITTED),
    tail: UNFITTED,
  }
  return yield* calibrate(history, yield* fitMetrics(history, fitted, residualFloor))
}
