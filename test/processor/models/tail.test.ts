import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../../../demo/random.ts'
import { fitPareto, fitTail, rarity, TAIL_SHARE } from '../../../processor/models/index.ts'

function sample(n: number, draw: (random: Random) => number, seed = 9): Float64Array {
  const random = new Random(seed)
  return Float64Array.from({ length: n }, () => draw(random))
}

describe('fitPareto', () => {
  it('recovers shape and scale of generalised Pareto excesses', () => {
    const shape = 0.25
    const excesses = sample(50_000, (r) => (3 * ((1 - r.uniform()) ** -shape - 1)) / shape).sort()
    const fit = fitPareto(excesses, 0)
    expect(fit.shape).toBeGreaterThan(0.22)
    expect(fit.shape).toBeLessThan(0.28)
    expect(fit.scale).toBeGreaterThan(2.9)
    expect(fit.scale).toBeLessThan(3.1)
  })

  it('calls an exponential tail nearly exponential', () => {
    const fit = fitPareto(sample(50_000, (r) => r.exponential(2)).sort(), 0)
    expect(fit.shape).toBeLessThan(0.08)
    expect(fit.scale).toBeGreaterThan(1.8)
    expect(fit.scale).toBeLessThan(2.1)
  })
})

describe('rarity', () => {
  it('is -log10 of the share of training scores above, in the bulk and in the tail', () => {
    const n = 100_000
    const tail = fitTail(sample(n, (r) => r.exponential(1)))
    for (const p of [0.5, 0.1, 0.03, 0.01, 1e-3])
      expect(Math.abs(rarity(tail, -Math.log(p)) + Math.log10(p))).toBeLessThan(0.1)
    // far beyond the sample the tail extrapolates: once in a million, from a hundred thousand
    expect(rarity(tail, -Math.log(1e-6))).toBeGreaterThan(4.8)
    expect(rarity(tail, -Math.log(1e-6))).toBeLessThan(6.6)
  })

  it('never decreases, begins at 0, and is continuous where the tail begins', () => {
    const scores = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 })
    const point = fc.double({ min: -2e6, max: 2e6, noNaN: true })
    fc.assert(
      fc.property(scores, point, point, (values, x, y) => {
        const tail = fitTail(Float64Array.from(values))
        const [low, high] = x < y ? [x, y] : [y, x]
        expect(rarity(tail, low)).toBeLessThanOrEqual(rarity(tail, high))
        expect(rarity(tail, low)).toBeGreaterThanOrEqual(0)
        expect(rarity(tail, tail.knots[tail.knots.length - 1])).toBeCloseTo(-Math.log10(TAIL_SHARE), 9)
      }),
    )
  })

  it('stays finite when all training scores are the same', () => {
    const tail = fitTail(new Float64Array(100).fill(3))
    expect(rarity(tail, 2.9)).toBe(0)
    expect(Number.isFinite(rarity(tail, 1e9))).toBe(true)
  })

  it('needs at least one score', () => {
    expect(() => fitTail(new Float64Array(0))).toThrow(RangeError)
  })
})
