/**
 * How many records per second the detectors score on one core, and what a fit costs; 38 metrics as in the demo's sample.
 * Judge: at least 400,000 records/s for the PCA detector.
 */
import { Random } from '../../demo/random.ts'
import { fitMaxZ, fitPca, type History, historyOf, PcaDetector, scoreMaxZ } from '../../processor/models/index.ts'

const METRICS = 38
const CAUSES = 9
const NOISE = 0.2

export interface ScoringResult {
  readonly components: number
  readonly pcaPerSecond: number
  readonly maxZPerSecond: number
  /** Fit of `fitRows` rows, in ms of work, and the longest that it held the event loop at a time. */
  readonly fitRows: number
  readonly fitMs: number
  readonly fitStepMs: number
}

/** Telemetry driven by a few hidden causes, so that PCA keeps about as many components as on real machines. */
function telemetry(seed: number, rows: number): Float64Array {
  const random = new Random(seed)
  const loads = Float64Array.from({ length: METRICS * CAUSES }, () => random.gaussian())
  const causes = new Float64Array(CAUSES)
  const values = new Float64Array(rows * METRICS)
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < CAUSES; c++) causes[c] = random.gaussian()
    for (let j = 0; j < METRICS; j++) {
      let x = NOISE * random.gaussian()
      for (let c = 0; c < CAUSES; c++) x += loads[j * CAUSES + c]! * causes[c]!
      values[i * METRICS + j] = x
    }
  }
  return values
}

function timed<T>(work: Generator<void, T>): { value: T; ms: number; longestMs: number } {
  let ms = 0
  let longestMs = 0
  for (;;) {
    const begin = performance.now()
    const turn = work.next()
    const took = performance.now() - begin
    ms += took
    longestMs = Math.max(longestMs, took)
    if (turn.done === true) return { value: turn.value, ms, longestMs }
  }
}

function perSecond(records: number, rounds: number, work: () => void): number {
  work()
  const begin = performance.now()
  for (let i = 0; i < rounds; i++) work()
  return Math.round((records * rounds * 1_000) / (performance.now() - begin))
}

export function benchScoring(rows = 20_000, rounds = 20): ScoringResult {
  const history: History = historyOf(METRICS, [telemetry(1, rows)])
  const fit = timed(fitPca(history))
  const baseline = timed(fitMaxZ(history)).value
  const detector = new PcaDetector(fit.value)
  const state = detector.createState()
  const { values } = history
  const row = new Float64Array(METRICS)
  let checksum = 0
  const pcaPerSecond = perSecond(rows, rounds, () => {
    for (let i = 0; i < rows; i++) checksum += detector.score(state, values, i * METRICS)
  })
  const maxZPerSecond = perSecond(rows, rounds, () => {
    for (let i = 0; i < rows; i++) {
      row.set(values.subarray(i * METRICS, (i + 1) * METRICS))
      checksum += scoreMaxZ(baseline, row)
    }
  })
  if (!Number.isFinite(checksum)) throw new Error('a score is not finite')
  return {
    components: fit.value.variances.length,
    pcaPerSecond,
    maxZPerSecond,
    fitRows: rows,
    fitMs: Math.round(fit.ms),
    fitStepMs: Math.round(fit.longestMs * 10) / 10,
  }
}
