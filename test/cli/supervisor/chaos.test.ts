import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Chaos } from '../../../cli/supervisor/chaos.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Three brokers that are ready, and whom chaos killed. */
function three() {
  const killed: number[] = []
  const chaos = new Chaos((nodeId) => killed.push(nodeId))
  for (const nodeId of [1, 2, 3]) chaos.ready(nodeId)
  return { chaos, killed }
}

describe('chaos', () => {
  it('kills nobody before it is started', () => {
    const { killed } = three()
    vi.advanceTimersByTime(60_000)
    expect(killed).toEqual([])
  })

  it('kills each broker in turn, the next only when all are ready again', () => {
    const { chaos, killed } = three()
    chaos.start()
    for (const turn of [1, 2, 3, 1]) {
      vi.advanceTimersByTime(60_000)
      expect(killed.at(-1)).toBe(turn)
      chaos.died(turn)
      const count = killed.length
      vi.advanceTimersByTime(60_000)
      expect(killed.length).toBe(count)
      chaos.ready(turn)
    }
    expect(chaos.killed).toBe(4)
  })

  it('waits for one that died by itself too', () => {
    const { chaos, killed } = three()
    chaos.start()
    chaos.died(2)
    vi.advanceTimersByTime(60_000)
    expect(killed).toEqual([])
  })

  it('stops', () => {
    const { chaos, killed } = three()
    chaos.start()
    chaos.stop()
    vi.advanceTimersByTime(60_000)
    expect(killed).toEqual([])
  })
})
