/**
 * Turns a raw score into rarity: `-log10 P(training score >= x)`, so that scores of different detectors can be added
 * and one threshold means the same everywhere. Inside the bulk the training quantiles answer; beyond them a generalised
 * Pareto tail does (peaks over threshold, Pickands-Balkema-de Haan), fitted by probability weighted moments.
 */
export interface Tail {
  /** Scores at the rarities 0, `step`, 2 * `step`, ...; non-decreasing. The last one is where the Pareto tail begins. */
  readonly knots: Float64Array
  /** Pareto shape; 0 is exponential. Kept within [SHAPE_MIN, SHAPE_MAX]. */
  readonly shape: number
  /** Pareto scale, in units of the raw score, > 0. */
  readonly scale: number
}

/** Share of the training scores that lies beyond the last knot: enough peaks to fit, rare enough to be tail. */
export const TAIL_SHARE = 0.02
const KNOTS = 35
const TAIL_RARITY = -Math.log10(TAIL_SHARE)
const STEP = TAIL_RARITY / (KNOTS - 1)
/** A bounded or extremely heavy fitted tail says more about a short training run than about the process. */
const SHAPE_MIN = 0.05
const SHAPE_MAX = 0.45

/** Fits the tail to training scores (any order; not changed). Needs at least one score; constant scores are fine. */
export function fitTail(scores: Float64Array | Float32Array): Tail {
  const sorted = new Float64Array(scores).sort()
  const n = sorted.length
  if (n === 0) throw new RangeError('fitTail needs at least one score')
  const knots = new Float64Array(KNOTS)
  for (let k = 0; k < KNOTS; k++) {
    const above = 10 ** (-k * STEP)
    knots[k] = sorted[Math.min(n - 1, Math.floor((1 - above) * n))]!
  }
  const start = knots[KNOTS - 1]!
  let first = n
  while (first > 0 && sorted[first - 1]! > start) first--
  const { shape, scale } = fitPareto(sorted.subarray(first), start)
  const spread = Math.max(Math.abs(start), sorted[n - 1]! - sorted[0]!, 1)
  return { knots, shape, scale: Math.max(scale, spread * 1e-6) }
}

/** Probability weighted moments (Hosking and Wallis 1987) of the excesses over `start`; `sorted` ascending. */
export function fitPareto(sorted: Float64Array, start: number): { shape: number; scale: number } {
  const n = sorted.length
  if (n < 2) return { shape: SHAPE_MIN, scale: n === 1 ? sorted[0]! - start : 0 }
  let mean = 0
  let weighted = 0
  for (let i = 0; i < n; i++) {
    const excess = sorted[i]! - start
    mean += excess
    weighted += (excess * (n - 1 - i)) / (n - 1)
  }
  mean /= n
  weighted /= n
  const raw = 2 - mean / (mean - 2 * weighted)
  const shape = Number.isFinite(raw) ? Math.min(SHAPE_MAX, Math.max(SHAPE_MIN, raw)) : SHAPE_MIN
  return { shape, scale: mean * (1 - shape) }
}

/** Rarity of a score in decades: 0 is common, 4 is once in ten thousand training records. Non-decreasing in `x`. */
export function rarity(tail: Tail, x: number): number {
  const knots = tail.knots
  const last = knots.length - 1
  const excess = x - knots[last]!
  if (excess >= 0) return TAIL_RARITY + Math.log10(1 + (tail.shape * excess) / tail.scale) / tail.shape
  if (x <= knots[0]!) return 0
  let low = 0
  let high = last
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (knots[middle]! <= x) low = middle
    else high = middle
  }
  return (low + (x - knots[low]!) / (knots[high]! - knots[low]!)) * STEP
}

/** The score of a given rarity, which must lie in the tail: the inverse of `rarity`. */
export function scoreOf(tail: Tail, decades: number): number {
  const excess = ((10 ** (decades - TAIL_RARITY)) ** tail.shape - 1) * (tail.scale / tail.shape)
  return tail.knots[tail.knots.length - 1]! + excess
}

/** The median of the training scores (to within a knot): where a smoothed statistic starts before anything was seen. */
export function typical(tail: Tail): number {
  return tail.knots[Math.round(Math.log10(2) / STEP)]!
}

/** The tails of many columns, side by side: rarity of one value each, where it is rare at all. */
export interface Tails {
  /** Where each column's tail begins. */
  readonly start: Float64Array
  readonly shape: Float64Array
  readonly scale: Float64Array
}

/** One column cannot say more than this, in decades: one gross value must not drown the others. */
const RARITY_CAP = 10

/** Rarity of a value of a column if it lies in the column's tail, else 0; at most 10. */
export function surprise(tails: Tails, column: number, x: number): number {
  const excess = x - tails.start[column]!
  if (!(excess > 0)) return 0
  const shape = tails.shape[column]!
  return Math.min(RARITY_CAP, TAIL_RARITY + Math.log10(1 + (shape * excess) / tails.scale[column]!) / shape)
}

/** Puts the tails of columns side by side. */
export function tailsOf(tails: readonly Tail[]): Tails {
  return {
    start: Float64Array.from(tails, (tail) => tail.knots[tail.knots.length - 1]!),
    shape: Float64Array.from(tails, (tail) => tail.shape),
    scale: Float64Array.from(tails, (tail) => tail.scale),
  }
}
