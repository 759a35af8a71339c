import { describe, expect, it } from 'vitest'
import { historyOf } from '../../../processor/models/index.ts'

describe('historyOf', () => {
  it('packs runs and remembers where each begins', () => {
    const history = historyOf(2, [Float64Array.of(1, 2, 3, 4), new Float64Array(0), Float64Array.of(5, 6)])
    expect(history.rows).toBe(3)
    expect(Array.from(history.values)).toEqual([1, 2, 3, 4, 5, 6])
    expect(history.starts).toEqual([0, 2])
  })

  it('refuses a torn row', () => {
    expect(() => historyOf(2, [Float64Array.of(1, 2, 3)])).toThrow(RangeError)
  })
})
