import { describe, expect, it } from 'vitest'
import { hashHistory, hashModel, modelSerde } from '../../processor/model-serde.ts'
import type { AnomalyModel } from '../../processor/models/index.ts'
import { fitted, plantedHistory } from './models/plant.ts'

function sealed(version: number): AnomalyModel {
  const history = plantedHistory()
  const model: AnomalyModel = {
    id: `fleet@${version}`,
    name: 'fleet',
    version,
    createdAtMs: 1_700_000_000_123,
    metrics: ['a', 'b', 'c', 'd', 'e', 'f'],
    trainedFrom: { topic: 'telemetry', ranges: [{ partition: 1, from: 5, to: 2 ** 40 }], rows: history.rows },
    trainingHash: hashHistory(history),
    hash: '',
    ...fitted({}, history),
    threshold: 3.5,
  }
  return { ...model, hash: hashModel(model) }
}

describe('modelSerde', () => {
  it('gives back every number, name and offset', () => {
    const model = sealed(3)
    expect(modelSerde.decode(Buffer.from(modelSerde.encode(model)))).toEqual(model)
  })

  it('stays small enough to read at a glance of the log', () => {
    expect(modelSerde.encode(sealed(1)).length).toBeLessThan(6_000)
  })

  it('refuses a model whose numbers were changed after it was hashed', () => {
    const model = sealed(1)
    const forged = { ...model, threshold: 9 }
    expect(() => modelSerde.decode(Buffer.from(modelSerde.encode(forged)))).toThrow(/hash/)
  })

  it('refuses every truncation and anything that is no model', () => {
    const bytes = Buffer.from(modelSerde.encode(sealed(1)))
    for (let length = 0; length < bytes.length; length += 97) {
      expect(() => modelSerde.decode(bytes.subarray(0, length))).toThrow()
    }
    expect(() => modelSerde.decode(Buffer.from('{"threshold": 1}'))).toThrow()
  })

  it.each([
    ['a metric too few', (m: AnomalyModel) => ({ ...m, metrics: m.metrics.slice(1) })],
    ['no metrics', (m: AnomalyModel) => ({ ...m, metrics: [] })],
    ['a scale of zero', (m: AnomalyModel) => ({ ...m, pca: { ...m.pca, scale: m.pca.scale.map(() => 0) } })],
    [
      'a value that is not finite',
      (m: AnomalyModel) => ({ ...m, pca: { ...m.pca, center: m.pca.center.map(() => Number.NaN) } }),
    ],
    ['smoothing out of range', (m: AnomalyModel) => ({ ...m, pca: { ...m.pca, smoothing: 0 } })],
    [
      'a tail that decreases',
      (m: AnomalyModel) => ({
        ...m,
        baseline: { ...m.baseline, tail: { ...m.baseline.tail, knots: Float64Array.of(2, 1) } },
      }),
    ],
  ])('refuses a model with %s, even when its hash fits', (_, damage) => {
    const damaged = damage(sealed(1))
    const forged = { ...damaged, hash: hashModel(damaged) }
    expect(() => modelSerde.decode(Buffer.from(modelSerde.encode(forged)))).toThrow(/not a usable model/)
  })
})
