import type { History } from './history.ts'
import type { MaxZModel } from './model.ts'
import { fitTail, rarity } from './tail.ts'

/** Added to each deviation, as a share of the metric's training range: a constant column must not divide by zero. */
const DEVIATION_FLOOR = 1e-3

/** Largest |z| of a row; raw, not calibrated. */
export function maxZ(model: MaxZModel, values: ArrayLike<number>, offset = 0): number {
  const { mean, deviation } = model
  let worst = 0
  for (let j = 0; j < mean.length; j++) {
    const z = Math.abs(values[offset + j]! - mean[j]!) / deviation[j]!
    if (z > worst) worst = z
  }
  return worst
}

/** Largest |z| of a row as rarity in decades. */
export function scoreMaxZ(model: MaxZModel, values: ArrayLike<number>): number {
  return rarity(model.tail, maxZ(model, values))
}

/** Fits mean and deviation per metric and calibrates the score on the training rows. */
export function* fitMaxZ(history: History, rowsPerStep = 2048): Generator<void, MaxZModel> {
  const { values, width, rows } = history
  const mean = new Float64Array(width)
  const square = new Float64Array(width)
  const low = new Float64Array(width).fill(Number.POSITIVE_INFINITY)
  const high = new Float64Array(width).fill(Number.NEGATIVE_INFINITY)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      const x = values[i * width + j]!
      // Welford's update: sums of squares lose a small deviation beside a large mean
      const delta = x - mean[j]!
      mean[j]! += delta / (i + 1)
      square[j]! += delta * (x - mean[j]!)
      if (x < low[j]!) low[j] = x
      if (x > high[j]!) high[j] = x
    }
    if (i % rowsPerStep === rowsPerStep - 1) yield
  }
  const deviation = square.map((s, j) => {
    const range = high[j]! - low[j]!
    return Math.sqrt(s / rows) + DEVIATION_FLOOR * (range > 0 ? range : 1)
  })
  const model = { mean, deviation, tail: { knots: new Float64Array(1), shape: 1, scale: 1 } }
  const scores = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    scores[i] = maxZ(model, values, i * width)
    if (i % rowsPerStep === rowsPerStep - 1) yield
  }
  return { mean, deviation, tail: fitTail(scores) }
}
