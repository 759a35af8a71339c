import {
  type AnomalyModel,
  Episodes,
  FlatlineDetector,
  type History,
  historyOf,
  PcaDetector,
} from '../../processor/models/index.ts'

/** Consecutive minutes of one device that are taken or left together: smoothing needs runs, not single rows. */
const BLOCK_MINUTES = 120
const MINUTE_MS = 60_000
/** Rows around a known anomaly that are left out of training as well. */
const MARGIN_ROWS = 10
/** When more than this share looks anomalous, the world has changed: then nothing is left out, or nothing would be learnt. */
const MAX_LEFT_OUT = 0.2

/**
 * Chooses which readings of a long history are fitted: whole blocks of a device, spread evenly over devices and time, about
 * one in `every`. A function of device and time alone, so that the same log gives the same rows.
 */
export function isSampled(device: string, atMs: number, every: number): boolean {
  if (every <= 1) return true
  let hash = Math.floor(atMs / (BLOCK_MINUTES * MINUTE_MS)) | 0
  for (let i = 0; i < device.length; i++) hash = Math.imul(hash ^ device.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97)
  return ((hash ^ (hash >>> 13)) >>> 0) % every === 0
}

interface Run {
  values: Float64Array
  rows: number
  lastMs: number
}

/** Collects sampled readings as runs of consecutive minutes per device, at most `maxRows` in all. */
export class HistoryBuilder {
  readonly #width: number
  readonly #maxRows: number
  readonly #open = new Map<string, Run>()
  readonly #runs: Run[] = []
  #rows = 0

  constructor(width: number, maxRows: number) {
    this.#width = width
    this.#maxRows = maxRows
  }

  get full(): boolean {
    return this.#rows >= this.#maxRows
  }

  get rows(): number {
    return this.#rows
  }

  /** Readings of a device must come in the order of time; one that does not begins a new run. */
  add(device: string, atMs: number, values: ArrayLike<number>): void {
    if (this.full) return
    let run = this.#open.get(device)
    if (run === undefined || atMs - run.lastMs !== MINUTE_MS) {
      run = { values: new Float64Array(BLOCK_MINUTES * this.#width), rows: 0, lastMs: atMs }
      this.#open.set(device, run)
      this.#runs.push(run)
    }
    if ((run.rows + 1) * this.#width > run.values.length) {
      const larger = new Float64Array(run.values.length * 2)
      larger.set(run.values)
      run.values = larger
    }
    run.values.set(values, run.rows * this.#width)
    run.rows++
    run.lastMs = atMs
    this.#rows++
  }

  build(): History {
    return historyOf(
      this.#width,
      this.#runs.map((run) => run.values.subarray(0, run.rows * this.#width)),
    )
  }
}

/**
 * Leaves out what the model before finds anomalous, with a margin: a fleet's history holds its faults, and who learns from
 * faults stops seeing them. A generator, as the fits are.
 */
export function* withoutAnomalies(history: History, model: AnomalyModel): Generator<void, History> {
  const { values, width, rows, starts } = history
  const detector = new PcaDetector(model.pca)
  const flatline = new FlatlineDetector(model.flatline)
  const episodes = new Episodes()
  const out = new Uint8Array(rows)
  for (let s = 0; s < starts.length; s++) {
    const state = detector.createState()
    const still = flatline.createState()
    const episode = Episodes.initial()
    const end = starts[s + 1] ?? rows
    for (let i = starts[s]!; i < end; i++) {
      const stillness = flatline.advance(still, values, i * width) * model.threshold
      const score = Math.max(detector.score(state, values, i * width), stillness)
      const change = episodes.advance(episode, score, model.threshold, i)
      if (change === 'opened') out.fill(1, Math.max(starts[s]!, i - MARGIN_ROWS), i)
      if (episode.open || change === 'closed') out[i] = 1
    }
    yield
  }
  const leftOut = out.reduce((sum, x) => sum + x, 0)
  if (leftOut === 0 || leftOut > MAX_LEFT_OUT * rows) return history
  const runs: Float64Array[] = []
  for (let s = 0; s < starts.length; s++) {
    const end = starts[s + 1] ?? rows
    let from = starts[s]!
    for (let i = from; i <= end; i++) {
      if (i < end && out[i] === 0) continue
      runs.push(values.subarray(from * width, i * width))
      from = i + 1
    }
  }
  return historyOf(width, runs)
}
