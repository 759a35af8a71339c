import { describe, expect, it } from 'vitest'
import { ReturnTimes } from '../../../broker/replication/return-times.ts'

/** Rounds in which `batches` are answered and come back: the first after `firstMs`, each other one `stepMs` later. */
function rounds(times: ReturnTimes, count: number, batches: number, firstMs: number, stepMs: number): void {
  for (let round = 0; round < count; round += 1) {
    const beganMs = round * 1000
    times.answer(batches, beganMs)
    for (let batch = 0; batch < batches; batch += 1) times.came(1, beganMs + firstMs + batch * stepMs)
  }
}

describe('ReturnTimes', () => {
  it('expects nobody before it has seen anybody come back', () => {
    expect(new ReturnTimes().expectedMs(1)).toBe(Number.POSITIVE_INFINITY)
  })

  it('tells for any number of batches when the last of them will be back', () => {
    const times = new ReturnTimes()
    rounds(times, 3, 4, 0.5, 0.2)
    expect(times.expectedMs(1)).toBeCloseTo(0.5)
    expect(times.expectedMs(4)).toBeCloseTo(1.1)
    expect(times.expectedMs(11)).toBeCloseTo(2.5)
  })

  it('follows when they become slower or faster', () => {
    const times = new ReturnTimes()
    rounds(times, 3, 4, 0.5, 0.2)
    rounds(times, 20, 4, 2, 1)
    expect(times.expectedMs(4)).toBeCloseTo(5, 0)
    rounds(times, 20, 4, 0.5, 0.2)
    expect(times.expectedMs(4)).toBeCloseTo(1.1, 0)
  })

  it('takes those that do not come back for slow ones', () => {
    const times = new ReturnTimes()
    rounds(times, 3, 4, 0.5, 0.2)
    for (let round = 0; round < 10; round += 1) times.answer(4, 10_000 + round * 1000)
    expect(times.expectedMs(4)).toBeGreaterThan(9)
  })

  it('does not count a batch that comes long after the answer as slow as that', () => {
    const times = new ReturnTimes()
    rounds(times, 1, 1, 60_000, 0)
    expect(times.expectedMs(1)).toBeLessThanOrEqual(10)
  })

  it('counts no more batches than were answered', () => {
    const times = new ReturnTimes()
    times.answer(2, 0)
    times.came(5, 1)
    times.came(5, 50)
    expect(times.expectedMs(1)).toBe(1)
    expect(times.expectedMs(2)).toBe(1)
  })
})
