import { loadSample } from '../../demo/sample.ts'
import type { Telemetry as Reading } from '../../demo/telemetry.ts'
import { fitModel } from '../../demo/trainer/fit.ts'
import { hashModel } from '../../processor/model-serde.ts'
import { type AnomalyModel, historyOf } from '../../processor/models/index.ts'

/** What the tests of the demo's processors share: the recording, a model fitted on the beginning of it, and its rows. */
export const sample = loadSample()
export const MINUTE = 60_000

const TRAINING_ROWS = 4_000

function fit(): AnomalyModel {
  const width = sample.metrics.length
  const history = historyOf(width, [Float64Array.from(sample.train.subarray(0, TRAINING_ROWS * width))])
  const trainedFrom = { topic: 'telemetry', ranges: [] }
  const work = fitModel({ history, metrics: sample.metrics, trainedFrom, previous: undefined, createdAtMs: 1 })
  for (;;) {
    const turn = work.next()
    if (turn.done === true) return turn.value
  }
}

export const model = fit()

/** The same numbers under another version. */
export function version(n: number): AnomalyModel {
  const next = { ...model, version: n, id: `fleet@${n}`, hash: '' }
  return { ...next, hash: hashModel(next) }
}

/** A quiet stretch of the recording: no episode opens in the 300 rows from here on. */
const QUIET = 1_000

/** Row of a quiet stretch of the training part as a reading, with changes to some metrics. */
export function reading(row: number, changes: Readonly<Record<string, number>> = {}): Reading {
  const width = sample.metrics.length
  const values = sample.train.slice((QUIET + row) * width, (QUIET + row + 1) * width)
  for (const [metric, value] of Object.entries(changes)) values[sample.metrics.indexOf(metric)] = value
  return { sentAtMs: 1_000_000 + row, sequence: row + 1, values }
}
