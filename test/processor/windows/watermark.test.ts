import { describe, expect, it } from 'vitest'
import { Channel, EventClock, type Timed } from '../../../processor/windows/watermark.ts'

function waiting(until: number): Timed & { readonly seen: number[] } {
  const seen: number[] = []
  return {
    seen,
    pendingUntil: until,
    advanceTo: (watermark) => {
      seen.push(watermark)
      return true
    },
  }
}

function channels(count: number, delayMs = 0, idleMs = 1_000): Channel[] {
  return Array.from({ length: count }, () => new Channel(delayMs, idleMs))
}

describe('EventClock', () => {
  it('is the lowest of its channels, each the newest time less the delay', () => {
    const [a, b] = channels(2, 10)
    const clock = new EventClock([[a], [b]])
    a.observe(100)
    clock.update()
    expect(clock.watermark).toBe(Number.NEGATIVE_INFINITY)
    b.observe(50)
    clock.update()
    expect(clock.watermark).toBe(40)
    b.observe(200)
    clock.update()
    expect(clock.watermark).toBe(90)
  })

  it('never goes back', () => {
    const [a] = channels(1)
    const clock = new EventClock([[a]])
    expect(a.observe(100)).toBe(true)
    clock.update()
    expect(a.observe(20)).toBe(false)
    clock.update()
    expect(clock.watermark).toBe(100)
  })

  it('leaves out a channel whose silence is confirmed for long enough, until it is heard again', () => {
    const [a, b] = channels(2)
    const clock = new EventClock([[a, b]])
    a.observe(100)
    b.observe(500)
    clock.update()
    expect(clock.watermark).toBe(100)
    expect(a.confirmSilence(999)).toBe(false)
    expect(a.confirmSilence(1_000)).toBe(true)
    clock.update()
    expect(clock.watermark).toBe(500)
    expect(a.heard(1_500)).toBe(true)
    b.observe(900)
    clock.update()
    expect(clock.watermark).toBe(500)
    a.observe(700)
    clock.update()
    expect(clock.watermark).toBe(700)
  })

  it('does not count time in which it could not be known whether there was silence', () => {
    const [a] = channels(1)
    expect(a.confirmSilence(900)).toBe(false)
    a.lostTouch(5_000)
    expect(a.confirmSilence(5_900)).toBe(false)
    expect(a.confirmSilence(6_000)).toBe(true)
  })

  it('drifts with the wall clock when all are silent, from the furthest channel, as far as something waits', () => {
    const [a, b] = channels(2)
    const clock = new EventClock([[a], [b]])
    const window = waiting(3_000)
    clock.register(window)
    a.observe(1_000)
    b.observe(1_200)
    clock.update()
    a.confirmSilence(1_000)
    expect(clock.drift()).toBe(false)
    b.confirmSilence(1_000)
    clock.drift()
    expect(clock.watermark).toBe(2_200)
    a.confirmSilence(10_000)
    b.confirmSilence(10_000)
    clock.drift()
    expect(clock.watermark).toBe(3_000)
    expect(window.seen).toEqual([1_000, 2_200, 3_000])
  })

  it('stands still in silence when nothing waits', () => {
    const [a] = channels(1)
    const clock = new EventClock([[a]])
    clock.register(waiting(Number.NEGATIVE_INFINITY))
    a.observe(1_000)
    clock.update()
    a.confirmSilence(60_000)
    clock.drift()
    expect(clock.watermark).toBe(1_000)
  })

  it('says how long all have been silent, and nothing while one is active', () => {
    const [a, b] = channels(2)
    const clock = new EventClock([[a], [b]])
    a.confirmSilence(2_000)
    expect(clock.silentMs).toBeUndefined()
    b.heard(500)
    b.confirmSilence(2_000)
    expect(clock.silentMs).toBe(1_500)
  })
})
