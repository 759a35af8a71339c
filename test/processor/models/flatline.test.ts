import { describe, expect, it } from 'vitest'
import { fitFlatline, FlatlineDetector, historyOf } from '../../../processor/models/index.ts'
import { finish, fitted, plantedHistory, plantedRows, WIDTH } from './plant.ts'

describe('fitFlatline', () => {
  it('watches restless metrics and leaves alone those that rest by nature', () => {
    const { limit } = fitted().flatline
    expect(Array.from(limit)).toEqual([30, 30, 30, 30, 30, 0])
  })

  it('allows a metric more than the longest run it had in training', () => {
    const rows = plantedRows(1, 200)
    for (let i = 50; i < 65; i++) rows[i * WIDTH] = 1
    expect(finish(fitFlatline(historyOf(WIDTH, [rows]))).value.limit[0]).toBe(60)
  })

  it('does not take two sources that begin alike for a run', () => {
    const runs = Array.from({ length: 40 }, () => Float64Array.of(1, 2))
    expect(Array.from(finish(fitFlatline(historyOf(2, runs))).value.limit)).toEqual([30, 30])
  })
})

describe('FlatlineDetector', () => {
  const detector = new FlatlineDetector(finish(fitFlatline(plantedHistory())).value)

  it('is quiet on normal rows', () => {
    const state = detector.createState()
    const rows = plantedRows(2, 1_000)
    for (let i = 0; i < 1_000; i++) expect(detector.advance(state, rows, i * WIDTH)).toBe(0)
  })

  it('alarms at the limit when one metric stands still, and sooner when many do', () => {
    const firstAlarm = (frozen: number[]): number => {
      const state = detector.createState()
      const rows = plantedRows(3, 100)
      for (let i = 1; i < 100; i++) for (const j of frozen) rows[i * WIDTH + j] = rows[j]
      for (let i = 0; i < 100; i++) if (detector.advance(state, rows, i * WIDTH) >= 1) return i
      return -1
    }
    expect(firstAlarm([0])).toBe(30)
    expect(firstAlarm([0, 1, 2])).toBe(10)
    expect(firstAlarm([0, 1, 2, 3, 4])).toBe(6)
    expect(firstAlarm([5])).toBe(-1)
  })

  it('names what stands still, and forgets it when it moves', () => {
    const state = detector.createState()
    const row = plantedRows(4, 1)
    for (let i = 0; i < 40; i++) {
      row[1] = i
      row[2] = i % 2
      row[3] = i % 3
      row[4] = i % 5
      detector.advance(state, row)
    }
    expect(detector.explain(state)).toEqual([{ metric: 0, run: 39, share: 1 }])
    row[0]++
    expect(detector.advance(state, row)).toBe(0)
  })
})
