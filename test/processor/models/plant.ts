import { Random } from '../../../demo/random.ts'
import {
  fitFlatline,
  type FlatlineModel,
  fitMaxZ,
  fitPca,
  type History,
  historyOf,
  type MaxZModel,
  type PcaModel,
  type PcaOptions,
} from '../../../processor/models/index.ts'

/** Runs a fit to its end, counting how often it let go. */
export function finish<T>(work: Generator<void, T>): { value: T; steps: number } {
  for (let steps = 0; ; steps++) {
    const turn = work.next()
    if (turn.done === true) return { value: turn.value, steps }
  }
}

export const WIDTH = 6

/**
 * Telemetry of a machine with two hidden causes: a and b drive four metrics, the fifth is noise, the sixth constant.
 * metrics: a, 2a + 1, b, a - b, noise, 0.5
 */
export function plantedRows(seed: number, rows: number): Float64Array {
  const random = new Random(seed)
  const out = new Float64Array(rows * WIDTH)
  for (let i = 0; i < rows; i++) {
    const a = random.gaussian()
    const b = random.gaussian()
    const e = (): number => 0.05 * random.gaussian()
    out.set([a + e(), 2 * a + 1 + e(), b + e(), a - b + e(), random.gaussian(), 0.5], i * WIDTH)
  }
  return out
}

export function plantedHistory(seed = 1, rows = 4_000): History {
  return historyOf(WIDTH, [plantedRows(seed, rows)])
}

export interface Fitted {
  readonly pca: PcaModel
  readonly flatline: FlatlineModel
  readonly baseline: MaxZModel
}

export function fitted(options: PcaOptions = {}, history = plantedHistory()): Fitted {
  return {
    pca: finish(fitPca(history, options)).value,
    flatline: finish(fitFlatline(history)).value,
    baseline: finish(fitMaxZ(history)).value,
  }
}
