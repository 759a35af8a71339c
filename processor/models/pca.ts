import type { PcaModel } from './model.ts'
import { rarity, scoreOf, surprise, typical } from './tail.ts'

/** What one source's recent records left behind: the smoothed statistics. Plain numbers, so that any store can keep it. */
export type DetectorState = Float64Array

/** One metric's part in an alarm. */
export interface MetricShare {
  /** Index into the model's metrics. */
  readonly metric: number
  /** Share of the alarm that this metric carries, 0..1. */
  readonly share: number
  readonly value: number
  /** What the other metrics of the same record let the model expect. */
  readonly expected: number
  /** (value - expected) in units of the residual's usual size, signed. */
  readonly deviation: number
}

/**
 * What is measured of a record, in this order: mean and peak |residual|, surprise (summed rarity) of the residuals that are
 * in their metric's tail, peak |deviation| from the centre, surprise of the deviations, and Hotelling's T.
 */
export const STATISTICS = [
  'mean-residual',
  'peak-residual',
  'residual-surprise',
  'peak-deviation',
  'deviation-surprise',
  't2',
] as const
const MEAN_RESIDUAL = 0
const PEAK_RESIDUAL = 1
const RESIDUAL_SURPRISE = 2
const PEAK_DEVIATION = 3
const DEVIATION_SURPRISE = 4
const T2 = 5

/** What is rarer than this, in decades, counts no more than this in the smoothed past: one gross record is soon forgotten. */
const CEILING_RARITY = 8

/** The smoothed statistic follows slowly; a gross record counts at once, by the weight `immediate`. */
export function effective(smoothed: number, raw: number, immediate: number): number {
  return Math.max(smoothed, immediate * raw)
}

/**
 * Scores records with a fitted PCA: how far a record lies from the plane of normal records (residuals, mean and peak),
 * how far out within it (Hotelling's T), how far metrics lie from the centre, and how rare that is for each of them; every
 * statistic smoothed per source, calibrated and averaged. Causal: the score of a
 * record depends on it and on earlier ones only. Allocates nothing per record; not to be shared between threads.
 */
export class PcaDetector {
  readonly #model: PcaModel
  readonly #width: number
  readonly #rank: number
  readonly #inverseScale: Float64Array
  readonly #inverseResidual: Float64Array
  readonly #inverseVariance: Float64Array
  readonly #ceilings: Float64Array
  readonly #scaled: Float64Array
  readonly #residual: Float64Array
  readonly #latent: Float64Array
  /** Raw statistics of the last record, in the order of `STATISTICS`. */
  readonly statistics = new Float64Array(STATISTICS.length)

  constructor(model: PcaModel) {
    this.#model = model
    this.#width = model.center.length
    this.#rank = model.variances.length
    this.#inverseScale = model.scale.map((x) => 1 / x)
    this.#inverseResidual = model.residualScale.map((x) => 1 / x)
    this.#inverseVariance = model.variances.map((x) => 1 / x)
    this.#ceilings = Float64Array.from(model.statisticTails, (tail) => scoreOf(tail, CEILING_RARITY))
    this.#scaled = new Float64Array(this.#width)
    this.#residual = new Float64Array(this.#width)
    this.#latent = new Float64Array(this.#rank)
  }

  /** The state of a source that was not seen before: as if its past had been typical. */
  createState(): DetectorState {
    return Float64Array.from(this.#model.statisticTails, typical)
  }

  /**
   * Takes the next record of a source into `state` and returns its score: rarity in decades (4 = once in ten thousand).
   * @param values one finite number per metric, from `offset` on.
   */
  score(state: DetectorState, values: ArrayLike<number>, offset = 0): number {
    this.measure(values, offset)
    const { smoothing, tail } = this.#model
    for (let s = 0; s < STATISTICS.length; s++) {
      const level = Math.min(this.statistics[s]!, this.#ceilings[s]!)
      state[s]! += (level - state[s]!) * smoothing
    }
    let sum = 0
    for (let s = 0; s < STATISTICS.length; s++) sum += this.#rarityOf(s, state)
    return rarity(tail, sum / STATISTICS.length)
  }

  /** Rarity of one statistic after the last record: smoothed or immediate, whichever says more. */
  #rarityOf(statistic: number, state: DetectorState): number {
    return rarity(
      this.#model.statisticTails[statistic]!,
      effective(state[statistic]!, this.statistics[statistic]!, this.#model.immediate),
    )
  }

  /** Computes `statistics` of one record, without smoothing or calibration. */
  measure(values: ArrayLike<number>, offset = 0): void {
    const width = this.#width
    const rank = this.#rank
    const scaled = this.#scaled
    const residual = this.#residual
    const inverseScale = this.#inverseScale
    const inverseVariance = this.#inverseVariance
    const { center, components } = this.#model
    for (let j = 0; j < width; j++) {
      const z = (values[offset + j]! - center[j]!) * inverseScale[j]!
      scaled[j] = z
      residual[j] = z
    }
    let t2 = 0
    for (let c = 0, at = 0; c < rank; c++, at += width) {
      let dot = 0
      for (let j = 0; j < width; j++) dot += components[at + j]! * scaled[j]!
      this.#latent[c] = dot
      t2 += dot * dot * inverseVariance[c]!
      for (let j = 0; j < width; j++) residual[j]! -= dot * components[at + j]!
    }
    this.statistics[T2] = Math.sqrt(t2)
    this.#summarise()
  }

  /** Mean, peak and surprise of residuals and deviations. */
  #summarise(): void {
    const { residualTails, deviationTails } = this.#model
    const residualStart = residualTails.start
    const deviationStart = deviationTails.start
    const inverseResidual = this.#inverseResidual
    const residuals = this.#residual
    const deviations = this.#scaled
    const width = this.#width
    let sum = 0
    let peakResidual = 0
    let residualSurprise = 0
    let peakDeviation = 0
    let deviationSurprise = 0
    for (let j = 0; j < width; j++) {
      const residual = Math.abs(residuals[j]!)
      const deviation = Math.abs(deviations[j]!)
      const r = residual * inverseResidual[j]!
      sum += r
      if (r > peakResidual) peakResidual = r
      if (deviation > peakDeviation) peakDeviation = deviation
      if (residual > residualStart[j]!) residualSurprise += surprise(residualTails, j, residual)
      if (deviation > deviationStart[j]!) deviationSurprise += surprise(deviationTails, j, deviation)
    }
    this.statistics[MEAN_RESIDUAL] = sum / width
    this.statistics[PEAK_RESIDUAL] = peakResidual
    this.statistics[RESIDUAL_SURPRISE] = residualSurprise
    this.statistics[PEAK_DEVIATION] = peakDeviation
    this.statistics[DEVIATION_SURPRISE] = deviationSurprise
  }

  /** Residual of one metric of the last measured record, in scaled space. */
  residual(metric: number): number {
    return this.#residual[metric]!
  }

  /** Deviation of one metric of the last measured record from its centre, in scaled space. */
  deviation(metric: number): number {
    return this.#scaled[metric]!
  }

  /**
   * Names the metrics that caused the score of the record last passed to `score`, largest share first. What each
   * statistic says about a metric is weighted by how rare that statistic is in `state`.
   */
  explain(state: DetectorState, limit: number): MetricShare[] {
    const { center, scale, residualTails, deviationTails } = this.#model
    const weight = STATISTICS.map((_, s) => this.#rarityOf(s, state))
    const total = weight.reduce((sum, w) => sum + w, 0)
    const residuals = shares(this.#residual, (r, j) => Math.abs(r * this.#inverseResidual[j]!))
    const residualSurprises = shares(this.#residual, (r, j) => surprise(residualTails, j, Math.abs(r)))
    const deviations = shares(this.#scaled, Math.abs)
    const deviationSurprises = shares(this.#scaled, (z, j) => surprise(deviationTails, j, Math.abs(z)))
    const inPlane = this.#inPlaneShares()
    const causes = Array.from({ length: this.#width }, (_, j) => {
      const part =
        (weight[MEAN_RESIDUAL]! + weight[PEAK_RESIDUAL]!) * residuals[j]! +
        weight[RESIDUAL_SURPRISE]! * residualSurprises[j]! +
        weight[PEAK_DEVIATION]! * deviations[j]! +
        weight[DEVIATION_SURPRISE]! * deviationSurprises[j]! +
        weight[T2]! * inPlane[j]!
      return { metric: j, share: total > 0 ? part / total : 0 }
    })
    causes.sort((a, b) => b.share - a.share)
    return causes.slice(0, limit).map(({ metric, share }) => ({
      metric,
      share,
      value: center[metric]! + this.#scaled[metric]! * scale[metric]!,
      expected: center[metric]! + (this.#scaled[metric]! - this.#residual[metric]!) * scale[metric]!,
      deviation: this.#residual[metric]! * this.#inverseResidual[metric]!,
    }))
  }

  /** Complete decomposition of T2 by metric, negative parts cut off. */
  #inPlaneShares(): Float64Array {
    const { components } = this.#model
    const pull = new Float64Array(this.#width)
    for (let c = 0; c < this.#rank; c++) {
      const weight = this.#latent[c]! * this.#inverseVariance[c]!
      for (let j = 0; j < this.#width; j++) pull[j]! += weight * components[c * this.#width + j]! * this.#scaled[j]!
    }
    return shares(pull, (x) => Math.max(0, x))
  }
}

/** Weights of the values as shares of their sum; all zero when there is nothing to share. */
function shares(values: Float64Array, weigh: (value: number, index: number) => number): Float64Array {
  const weights = values.map(weigh)
  const total = weights.reduce((sum, w) => sum + w, 0)
  return total > 0 ? weights.map((w) => w / total) : weights
}
