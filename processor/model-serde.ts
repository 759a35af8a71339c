import { createHash } from 'node:crypto'
import type { Serde } from '../client/serde/serde.ts'
import type { AnomalyModel, FlatlineModel, MaxZModel, PcaModel, TrainedFrom } from './models/model.ts'
import type { History } from './models/history.ts'
import { STATISTICS } from './models/pca.ts'
import type { Tail, Tails } from './models/tail.ts'
import { messageSerde, messageType } from './protos.ts'

/** How numbers lie in the message: plain arrays instead of Float64Array. */
type Plain<T> = {
  [K in keyof T]: T[K] extends Float64Array
    ? number[]
    : T[K] extends Tail | Tails
      ? Plain<T[K]>
      : T[K] extends readonly Tail[]
        ? Plain<Tail>[]
        : T[K]
}

interface ModelMessage
  extends Omit<AnomalyModel, 'pca' | 'flatline' | 'baseline' | 'trainingHash' | 'hash' | 'trainedFrom'> {
  trainingHash: Uint8Array
  hash: Uint8Array
  trainedFrom: TrainedFrom | null
  pca: Plain<PcaModel> | null
  flatline: Plain<FlatlineModel> | null
  baseline: Plain<MaxZModel> | null
}

const message = messageSerde<ModelMessage>(messageType('model.proto', 'millrace.models.Model'))

function toMessage(model: AnomalyModel, hash: string): ModelMessage {
  const numbers = (values: Float64Array): number[] => Array.from(values)
  const tail = (t: Tail): Plain<Tail> => ({ ...t, knots: numbers(t.knots) })
  const tails = (t: Tails): Plain<Tails> => ({
    start: numbers(t.start),
    shape: numbers(t.shape),
    scale: numbers(t.scale),
  })
  const { pca, flatline, baseline } = model
  return {
    ...model,
    trainingHash: Buffer.from(model.trainingHash, 'hex'),
    hash: Buffer.from(hash, 'hex'),
    pca: {
      ...pca,
      center: numbers(pca.center),
      scale: numbers(pca.scale),
      components: numbers(pca.components),
      variances: numbers(pca.variances),
      residualScale: numbers(pca.residualScale),
      residualTails: tails(pca.residualTails),
      deviationTails: tails(pca.deviationTails),
      statisticTails: pca.statisticTails.map(tail),
      tail: tail(pca.tail),
    },
    flatline: { limit: numbers(flatline.limit) },
    baseline: { mean: numbers(baseline.mean), deviation: numbers(baseline.deviation), tail: tail(baseline.tail) },
  }
}

function fail(what: string): never {
  throw new TypeError(`not a usable model: ${what}`)
}

function column(values: readonly number[], length: number, what: string, positive: boolean): Float64Array {
  if (values.length !== length) fail(`${what} has ${values.length} values, not ${length}`)
  if (!values.every((x) => Number.isFinite(x) && (!positive || x > 0))) fail(`${what} holds a value out of range`)
  return Float64Array.from(values)
}

function readTail(tail: Plain<Tail> | null, what: string): Tail {
  if (tail === null || tail.knots.length < 2) return fail(`${what} is missing`)
  const knots = column(tail.knots, tail.knots.length, what, false)
  if (!(tail.scale > 0 && tail.shape > 0)) fail(`${what} has no slope`)
  for (let k = 1; k < knots.length; k++) if (knots[k]! < knots[k - 1]!) fail(`${what} decreases`)
  return { knots, shape: tail.shape, scale: tail.scale }
}

function readTails(tails: Plain<Tails> | null, width: number, what: string): Tails {
  if (tails === null) return fail(`${what} are missing`)
  return {
    start: column(tails.start, width, what, false),
    shape: column(tails.shape, width, what, true),
    scale: column(tails.scale, width, what, true),
  }
}

function readPca(pca: Plain<PcaModel> | null, width: number): PcaModel {
  if (pca === null) return fail('it has no PCA')
  const { smoothing, immediate } = pca
  if (!(smoothing > 0 && smoothing <= 1)) fail('smoothing is out of range')
  if (!(immediate >= 0 && immediate <= 1)) fail('immediate is out of range')
  if (pca.statisticTails.length !== STATISTICS.length) fail(`it calibrates ${pca.statisticTails.length} statistics`)
  if (pca.variances.length > width) fail(`${pca.variances.length} components of ${width} metrics`)
  return {
    center: column(pca.center, width, 'center', false),
    scale: column(pca.scale, width, 'scale', true),
    components: column(pca.components, width * pca.variances.length, 'components', false),
    variances: column(pca.variances, pca.variances.length, 'variances', true),
    residualScale: column(pca.residualScale, width, 'residualScale', true),
    smoothing,
    immediate,
    residualTails: readTails(pca.residualTails, width, 'residualTails'),
    deviationTails: readTails(pca.deviationTails, width, 'deviationTails'),
    statisticTails: pca.statisticTails.map((tail, s) => readTail(tail, `tail of ${STATISTICS[s]}`)),
    tail: readTail(pca.tail, 'tail'),
  }
}

function readFlatline(flatline: Plain<FlatlineModel> | null, width: number): FlatlineModel {
  if (flatline === null) return fail('it has no flatline limits')
  const limit = column(flatline.limit, width, 'flatline limits', false)
  if (limit.some((records) => records < 0)) fail('a flatline limit is negative')
  return { limit }
}

function readBaseline(baseline: Plain<MaxZModel> | null, width: number): MaxZModel {
  if (baseline === null) return fail('it has no baseline')
  return {
    mean: column(baseline.mean, width, 'mean', false),
    deviation: column(baseline.deviation, width, 'deviation', true),
    tail: readTail(baseline.tail, 'baseline tail'),
  }
}

/** The SHA-256, in hex, of a model's message without its hash. */
export function hashModel(model: AnomalyModel): string {
  const { hash: _, ...unsigned } = toMessage(model, '')
  return createHash('sha256')
    .update(message.encode(unsigned as ModelMessage))
    .digest('hex')
}

/** The SHA-256, in hex, of training rows: which numbers a model was fitted on. */
export function hashHistory(history: History): string {
  const { buffer, byteOffset, byteLength } = history.values
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')
}

/**
 * Models as protobuf (`proto/model.proto`). Decoding checks shapes, ranges and the hash, and throws TypeError: a damaged
 * or foreign model never scores.
 */
export const modelSerde: Serde<AnomalyModel> = {
  name: 'protobuf Model',
  encode: (model) => message.encode(toMessage(model, model.hash)),
  decode: (encoded) => {
    const plain = message.decode(encoded)
    const width = plain.metrics.length
    if (width === 0) fail('it names no metrics')
    if (plain.trainedFrom === null) fail('it does not say where it learnt')
    const model: AnomalyModel = {
      ...plain,
      trainedFrom: plain.trainedFrom!,
      trainingHash: Buffer.from(plain.trainingHash).toString('hex'),
      hash: Buffer.from(plain.hash).toString('hex'),
      pca: readPca(plain.pca, width),
      flatline: readFlatline(plain.flatline, width),
      baseline: readBaseline(plain.baseline, width),
    }
    if (hashModel(model) !== model.hash) fail('its hash does not fit its numbers')
    return model
  },
}
