import { describe, expect, it } from 'vitest'
import { Random } from '../../demo/random.ts'

describe('Random', () => {
  it('repeats itself for a seed and differs between seeds', () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed)
      return Array.from({ length: 20 }, () => random.next())
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  it('is uniform in [0, 1) and normal with mean 0 and variance 1', () => {
    const random = new Random(1)
    const n = 50_000
    let sum = 0
    let normal = 0
    let square = 0
    for (let i = 0; i < n; i++) {
      const u = random.uniform()
      expect(u >= 0 && u < 1).toBe(true)
      sum += u
      const g = random.gaussian()
      normal += g
      square += g * g
    }
    expect(sum / n).toBeCloseTo(0.5, 2)
    expect(normal / n).toBeCloseTo(0, 1)
    expect(square / n).toBeCloseTo(1, 1)
  })

  it('draws whole numbers below a count, items, and exponential times of the mean asked for', () => {
    const random = new Random(3)
    const counts = [0, 0, 0, 0]
    let waited = 0
    for (let i = 0; i < 20_000; i++) {
      counts[random.below(4)]++
      waited += random.exponential(30)
    }
    for (const count of counts) expect(count).toBeGreaterThan(4_700)
    expect(waited / 20_000).toBeGreaterThan(29)
    expect(waited / 20_000).toBeLessThan(31)
    expect(['a', 'b']).toContain(random.pick(['a', 'b']))
  })
})
