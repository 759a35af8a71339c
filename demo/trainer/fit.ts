import { hashHistory, hashModel } from '../../processor/model-serde.ts'
import {
  ALARM_RARITY,
  type AnomalyModel,
  fitFlatline,
  fitMaxZ,
  fitPca,
  type History,
  type TrainedFrom,
} from '../../processor/models/index.ts'
import { pause } from '../pause.ts'
import { withoutAnomalies } from './sampling.ts'

export const MODEL_NAME = 'fleet'

export interface FitInput {
  readonly history: History
  readonly metrics: readonly string[]
  readonly trainedFrom: Omit<TrainedFrom, 'rows'>
  /** The model in service; none for the first training. */
  readonly previous: AnomalyModel | undefined
  /** Wall clock. */
  readonly createdAtMs: number
}

/** Fits the next version of the fleet's model; a generator that lets go about every millisecond. */
export function* fitModel(input: FitInput): Generator<void, AnomalyModel> {
  const { previous } = input
  const history = previous === undefined ? input.history : yield* withoutAnomalies(input.history, previous)
  const pca = yield* fitPca(history)
  const flatline = yield* fitFlatline(history)
  const baseline = yield* fitMaxZ(history)
  const version = (previous?.version ?? 0) + 1
  const model: AnomalyModel = {
    id: `${MODEL_NAME}@${version}`,
    name: MODEL_NAME,
    version,
    createdAtMs: input.createdAtMs,
    metrics: input.metrics,
    trainedFrom: { ...input.trainedFrom, rows: history.rows },
    trainingHash: hashHistory(history),
    hash: '',
    pca,
    flatline,
    baseline,
    threshold: ALARM_RARITY,
  }
  return { ...model, hash: hashModel(model) }
}

/** How long others have the event loop to themselves between two slices, at least. */
const BREATH_MS = 2

/** Drives a generator without holding the event loop for long: works for `sliceMs` at a time, then lets others run. */
export async function runSliced<T>(work: Generator<void, T>, signal: AbortSignal, sliceMs: number): Promise<T> {
  for (;;) {
    const begin = performance.now()
    while (performance.now() - begin < sliceMs) {
      const turn = work.next()
      if (turn.done === true) return turn.value
    }
    await pause(BREATH_MS, signal)
  }
}
