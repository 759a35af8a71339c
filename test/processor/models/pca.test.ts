import { describe, expect, it } from 'vitest'
import { fitMaxZ, fitPca, historyOf, maxZ, PcaDetector, scoreMaxZ } from '../../../processor/models/index.ts'
import { finish, fitted, plantedHistory, plantedRows, WIDTH } from './plant.ts'

function scoresOf(detector: PcaDetector, rows: Float64Array): number[] {
  const state = detector.createState()
  return Array.from({ length: rows.length / WIDTH }, (_, i) => detector.score(state, rows, i * WIDTH))
}

describe('fitPca', () => {
  it('finds the planted causes and leaves the constant column harmless', () => {
    const { pca } = fitted()
    expect(pca.variances.length).toBe(3)
    expect(pca.scale[5]).toBeCloseTo(0.025, 9)
    for (const list of [pca.center, pca.scale, pca.components, pca.variances, pca.residualScale]) {
      expect(list.every((x) => Number.isFinite(x))).toBe(true)
    }
    expect(pca.center[1]).toBeCloseTo(1, 1)
  })

  it('keeps components that are orthonormal, by falling variance, up to the share asked for', () => {
    const { pca } = fitted({ varianceShare: 0.99 })
    const rank = pca.variances.length
    for (let p = 0; p < rank; p++) {
      if (p > 0) expect(pca.variances[p]).toBeLessThanOrEqual(pca.variances[p - 1])
      for (let q = 0; q < rank; q++) {
        let dot = 0
        for (let j = 0; j < WIDTH; j++) dot += pca.components[p * WIDTH + j] * pca.components[q * WIDTH + j]
        expect(dot).toBeCloseTo(p === q ? 1 : 0, 9)
      }
    }
  })

  it('lets go of the event loop many times', () => {
    expect(finish(fitPca(plantedHistory())).steps).toBeGreaterThan(20)
    expect(finish(fitMaxZ(plantedHistory(), 500)).steps).toBeGreaterThan(10)
  })

  it('shrugs off a few gross training rows', () => {
    const rows = plantedRows(1, 4_000)
    for (let i = 0; i < 2; i++) rows[i * 1_000 * WIDTH] = 1e6
    const { pca } = fitted({}, historyOf(WIDTH, [rows]))
    expect(Math.abs(pca.center[0])).toBeLessThan(0.1)
    const detector = new PcaDetector(pca)
    expect(Math.max(...scoresOf(detector, plantedRows(2, 500)))).toBeLessThan(4)
  })

  it('refuses a history that is too short', () => {
    expect(() => finish(fitPca(historyOf(WIDTH, [plantedRows(1, 1)])))).toThrow(RangeError)
  })
})

describe('PcaDetector', () => {
  it('alarms on about as many fresh normal records as the rarity says', () => {
    const scores = scoresOf(new PcaDetector(fitted().pca), plantedRows(3, 50_000))
    const share = (rarity: number): number => scores.filter((s) => s >= rarity).length / scores.length
    expect(share(1)).toBeGreaterThan(0.05)
    expect(share(1)).toBeLessThan(0.2)
    expect(share(2)).toBeLessThan(0.03)
    expect(share(4)).toBeLessThan(0.001)
  })

  it('sees a broken correlation that no single metric shows, and names its metrics', () => {
    const { pca, baseline } = fitted()
    const detector = new PcaDetector(pca)
    const rows = plantedRows(4, 400)
    for (let i = 300; i < 400; i++) rows[i * WIDTH + 1] = 1 - (rows[i * WIDTH + 1] - 1)
    const state = detector.createState()
    let normal = 0
    let broken = 0
    const blamed = new Map<number, number>()
    for (let i = 0; i < 400; i++) {
      const score = detector.score(state, rows, i * WIDTH)
      if (i < 300) normal = Math.max(normal, score)
      else if (score >= 4) {
        broken++
        const first = detector.explain(state, 1)[0].metric
        blamed.set(first, (blamed.get(first) ?? 0) + 1)
      }
    }
    expect(normal).toBeLessThan(4.5)
    expect(broken).toBeGreaterThan(60)
    expect((blamed.get(0) ?? 0) + (blamed.get(1) ?? 0)).toBeGreaterThan(broken * 0.7)
    const alarms = Array.from({ length: 100 }, (_, i) =>
      scoreMaxZ(baseline, rows.subarray((300 + i) * WIDTH, (301 + i) * WIDTH)),
    )
    expect(alarms.filter((s) => s >= 4).length).toBeLessThan(5)
  })

  it('explains a shifted metric with its value, what was expected, and the largest share', () => {
    const detector = new PcaDetector(fitted().pca)
    const state = detector.createState()
    const row = Float64Array.of(0.2, 1.4, 0.1, 6, 0, 0.5)
    expect(detector.score(state, row)).toBeGreaterThan(3)
    const causes = detector.explain(state, 3)
    expect(causes).toHaveLength(3)
    expect(causes[0].metric).toBe(3)
    expect(causes[0].value).toBeCloseTo(6, 9)
    expect(Math.abs(causes[0].expected)).toBeLessThan(3)
    expect(causes[0].deviation).toBeGreaterThan(3)
    expect(causes[0].share).toBeGreaterThan(causes[1].share)
    const all = detector.explain(state, WIDTH)
    expect(all.reduce((sum, c) => sum + c.share, 0)).toBeCloseTo(1, 9)
  })

  it('is causal: the scores of a prefix do not depend on what follows', () => {
    const detector = new PcaDetector(fitted().pca)
    const rows = plantedRows(5, 300)
    const whole = scoresOf(detector, rows)
    const other = Float64Array.from(rows)
    other.fill(1e3, 200 * WIDTH)
    expect(scoresOf(detector, other).slice(0, 200)).toEqual(whole.slice(0, 200))
    expect(scoresOf(detector, rows.subarray(0, 200 * WIDTH))).toEqual(whole.slice(0, 200))
  })

  it('forgets one gross record within half an hour of readings, however gross', () => {
    const detector = new PcaDetector(fitted().pca)
    const rows = plantedRows(5, 200)
    rows[100 * WIDTH + 3] = 1e12
    const scores = scoresOf(detector, rows)
    expect(scores[100]).toBeGreaterThan(6)
    expect(Math.max(...scores.slice(130))).toBeLessThan(4)
  })

  it('keeps sources apart: interleaved devices score as each alone', () => {
    const detector = new PcaDetector(fitted().pca)
    const a = plantedRows(6, 100)
    const b = plantedRows(7, 100).map((x) => x * 3)
    const [stateA, stateB] = [detector.createState(), detector.createState()]
    const mixed: number[] = []
    for (let i = 0; i < 100; i++) {
      mixed.push(detector.score(stateA, a, i * WIDTH))
      detector.score(stateB, b, i * WIDTH)
    }
    expect(mixed).toEqual(scoresOf(new PcaDetector(fitted().pca), a))
  })
})

describe('max-|z|', () => {
  it('is the largest distance from the mean in deviations', () => {
    const { value: model } = finish(fitMaxZ(historyOf(2, [Float64Array.of(0, 10, 2, 10, 0, 10, 2, 10)])))
    expect(Array.from(model.mean)).toEqual([1, 10])
    expect(maxZ(model, [3, 10])).toBeCloseTo(2 / 1.002, 9)
    expect(Number.isFinite(maxZ(model, [1, 11]))).toBe(true)
  })
})
