import type { History } from './history.ts'
import type { FlatlineModel } from './model.ts'

/** A metric that repeats its value for this long in training is at rest by nature, and not watched. */
const LONGEST_RESTLESS_RUN = 20
/** Repeats that raise an alarm by themselves: at least this many, and well over the longest run of training. */
const LIMIT_MIN = 30
const LIMIT_PER_RUN = 4
/** Fewer repeats than this in a row are chance. */
const RUN_MIN = 5

/** The last values of a source and how often in a row each was repeated. Plain numbers, so that any store can keep it. */
export interface FlatlineState {
  readonly last: Float64Array
  readonly runs: Float64Array
}

/** Learns which metrics are restless: the longest run of repeats in training sets each metric's limit. */
export function* fitFlatline(history: History, rowsPerStep = 2048): Generator<void, FlatlineModel> {
  const { values, width, rows, starts } = history
  const longest = new Float64Array(width)
  const runs = new Float64Array(width)
  let next = 0
  for (let i = 0; i < rows; i++) {
    if (starts[next] === i) {
      runs.fill(0)
      next++
    } else {
      for (let j = 0; j < width; j++) {
        const at = i * width + j
        runs[j] = values[at] === values[at - width] ? runs[j]! + 1 : 0
        if (runs[j]! > longest[j]!) longest[j] = runs[j]!
      }
    }
    if (i % rowsPerStep === rowsPerStep - 1) yield
  }
  return {
    limit: longest.map((run) => (run > LONGEST_RESTLESS_RUN ? 0 : Math.max(LIMIT_MIN, LIMIT_PER_RUN * (run + 1)))),
  }
}

/**
 * Sees what no score of single records can: restless metrics that stand still, as when a sensor or an agent hangs. The more
 * of them stand still, the sooner it is certain. Causal; allocates nothing per record.
 */
export class FlatlineDetector {
  readonly #limit: Float64Array

  constructor(model: FlatlineModel) {
    this.#limit = model.limit
  }

  createState(): FlatlineState {
    return { last: new Float64Array(this.#limit.length).fill(Number.NaN), runs: new Float64Array(this.#limit.length) }
  }

  /** Takes the next record of a source; 1 and above is an alarm: the sum of runs, each as a share of its metric's limit. */
  advance(state: FlatlineState, values: ArrayLike<number>, offset = 0): number {
    const { last, runs } = state
    const limit = this.#limit
    let sum = 0
    for (let j = 0; j < limit.length; j++) {
      const value = values[offset + j]!
      const run = value === last[j] ? runs[j]! + 1 : 0
      runs[j] = run
      last[j] = value
      if (run >= RUN_MIN && limit[j]! > 0) sum += run / limit[j]!
    }
    return sum
  }

  /** The metrics that stand still and their shares of the alarm, largest first. */
  explain(state: FlatlineState): { readonly metric: number; readonly share: number; readonly run: number }[] {
    const stuck = Array.from(state.runs, (run, metric) => ({ metric, run, part: run / this.#limit[metric]! }))
      .filter(({ metric, run }) => run >= RUN_MIN && this.#limit[metric]! > 0)
      .sort((a, b) => b.part - a.part)
    const total = stuck.reduce((sum, { part }) => sum + part, 0)
    return stuck.map(({ metric, run, part }) => ({ metric, run, share: part / total }))
  }
}
