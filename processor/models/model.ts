import type { Tail, Tails } from './tail.ts'

/** Default alarm threshold in decades: 3.5 is about one training record in three thousand. */
export const ALARM_RARITY = 3.5

/** Where a model's training rows came from: a slice of a topic, offsets as in the log (`to` is exclusive). */
export interface TrainedFrom {
  readonly topic: string
  readonly ranges: readonly { readonly partition: number; readonly from: number; readonly to: number }[]
  /** Rows that were fitted; fewer than the ranges hold when the trainer sampled or left rows out. */
  readonly rows: number
}

/** Plain max-|z| detector: the baseline every other detector has to beat. */
export interface MaxZModel {
  readonly mean: Float64Array
  /** Per metric, > 0. */
  readonly deviation: Float64Array
  readonly tail: Tail
}

/** How long each metric may repeat its value. */
export interface FlatlineModel {
  /** Records in a row, per metric; 0: the metric is at rest by nature and not watched. */
  readonly limit: Float64Array
}

/** The fitted numbers of a PCA detector. Everything is per metric in the order of the model's `metrics`. */
export interface PcaModel {
  readonly center: Float64Array
  /** Per metric, > 0; constant columns are guarded by a floor. */
  readonly scale: Float64Array
  /** Unit component vectors in scaled space, row-major, `variances.length * center.length`. */
  readonly components: Float64Array
  /** Variance along each component, largest first, > 0. */
  readonly variances: Float64Array
  /** Typical size of each metric's residual in scaled space, > 0. */
  readonly residualScale: Float64Array
  /** Weight of the newest record in the smoothed statistics, in (0, 1]. */
  readonly smoothing: number
  /** Weight at which a single record's statistic counts beside the smoothed one, 0..1. */
  readonly immediate: number
  /** Calibration of each metric's |residual| and |deviation|, in scaled units. */
  readonly residualTails: Tails
  readonly deviationTails: Tails
  /** Calibration of the smoothed statistics, in the order of `STATISTICS`. */
  readonly statisticTails: readonly Tail[]
  /** Calibration of the mean of those. */
  readonly tail: Tail
}

/** A published detector: who it is, what it learnt from, its numbers and its operating point. Immutable. */
export interface AnomalyModel {
  /** `<name>@<version>`. */
  readonly id: string
  readonly name: string
  /** Counts up by one per training of this name. */
  readonly version: number
  readonly createdAtMs: number
  readonly metrics: readonly string[]
  readonly trainedFrom: TrainedFrom
  /** SHA-256 of the training rows, hex. */
  readonly trainingHash: string
  /** SHA-256 of the encoded model without this field, hex: see `hashModel`. */
  readonly hash: string
  readonly pca: PcaModel
  readonly flatline: FlatlineModel
  /** The baseline fitted on the same rows, for comparison. */
  readonly baseline: MaxZModel
  /** Alarm above this rarity, in decades: 4 is one training record in ten thousand. */
  readonly threshold: number
}
