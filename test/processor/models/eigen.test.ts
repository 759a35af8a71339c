import { describe, expect, it } from 'vitest'
import { Random } from '../../../demo/random.ts'
import { eigenSymmetric } from '../../../processor/models/index.ts'

describe('eigenSymmetric', () => {
  it('solves a matrix whose eigenvalues are known', () => {
    const { values, vectors } = eigenSymmetric(Float64Array.of(2, 1, 1, 2), 2)
    expect(values[0]).toBeCloseTo(3, 12)
    expect(values[1]).toBeCloseTo(1, 12)
    expect(Math.abs(vectors[0])).toBeCloseTo(Math.SQRT1_2, 12)
    expect(vectors[0]).toBeCloseTo(vectors[1], 12)
    expect(vectors[2]).toBeCloseTo(-vectors[3], 12)
  })

  it('gives the eigenvalues of the second-difference matrix, 2 - 2 cos(k pi / (n + 1))', () => {
    const n = 12
    const a = new Float64Array(n * n)
    for (let i = 0; i < n; i++) {
      a[i * n + i] = 2
      if (i > 0) a[i * n + i - 1] = -1
      if (i < n - 1) a[i * n + i + 1] = -1
    }
    const { values } = eigenSymmetric(a, n)
    for (let k = 1; k <= n; k++) expect(values[n - k]).toBeCloseTo(2 - 2 * Math.cos((k * Math.PI) / (n + 1)), 10)
  })

  it('rebuilds a random matrix from orthonormal vectors, and leaves its input alone', () => {
    const n = 38
    const random = new Random(5)
    const a = new Float64Array(n * n)
    for (let p = 0; p < n; p++) for (let q = p; q < n; q++) a[p * n + q] = a[q * n + p] = random.gaussian()
    const before = Float64Array.from(a)
    const { values, vectors } = eigenSymmetric(a, n)
    expect(a).toEqual(before)
    for (let p = 0; p < n; p++) {
      for (let q = 0; q < n; q++) {
        let rebuilt = 0
        let dot = 0
        for (let k = 0; k < n; k++) {
          rebuilt += values[k] * vectors[k * n + p] * vectors[k * n + q]
          dot += vectors[p * n + k] * vectors[q * n + k]
        }
        expect(rebuilt).toBeCloseTo(a[p * n + q], 9)
        expect(dot).toBeCloseTo(p === q ? 1 : 0, 9)
      }
    }
    for (let k = 1; k < n; k++) expect(values[k]).toBeLessThanOrEqual(values[k - 1])
  })

  it('accepts the zero matrix', () => {
    expect(Array.from(eigenSymmetric(new Float64Array(9), 3).values)).toEqual([0, 0, 0])
  })
})
