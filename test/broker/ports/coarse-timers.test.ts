import { describe, expect, it } from 'vitest'
import type { Clock, Timer } from '../../../broker/ports/clock.ts'
import { CoarseTimers, meetingAt } from '../../../broker/ports/coarse-timers.ts'

/** Time that moves from one wake to the next, and counts them. */
class WakeClock implements Clock {
  time = 0
  wakes = 0
  readonly thrown: unknown[] = []
  private timers: { at: number; fn: () => void }[] = []

  now(): number {
    return this.time
  }

  monotonic(): number {
    return this.time
  }

  after(delayMs: number, fn: () => void): Timer {
    const timer = { at: this.time + delayMs, fn }
    this.timers.push(timer)
    return { cancel: () => (this.timers = this.timers.filter((other) => other !== timer)) }
  }

  turnEnd(fn: () => void): void {
    try {
      fn()
    } catch (error) {
      this.thrown.push(error)
    }
  }

  advance(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const [due] = this.timers.filter(({ at }) => at <= end).sort((left, right) => left.at - right.at)
      if (due === undefined) break
      this.timers = this.timers.filter((other) => other !== due)
      this.time = Math.max(this.time, due.at)
      this.wakes += 1
      due.fn()
    }
    this.time = end
  }
}

function setUp() {
  const clock = new WakeClock()
  return { clock, timers: new CoarseTimers(clock) }
}

describe('coarse timers', () => {
  it('never fire early, and late by an eighth of their delay at most, and one tick', () => {
    const { clock, timers } = setUp()
    for (const delay of [100, 101, 128, 250, 499, 500, 512, 999, 1500, 3000, 10_000, 60_000]) {
      for (const start of [0, 3, 77.5, 300]) {
        clock.time = Math.ceil(clock.time / 1000) * 1000 + start
        const begun = clock.time
        let firedAt = -1
        timers.after(delay, () => (firedAt = clock.time))
        clock.advance(delay + 100)
        expect(firedAt).toBeGreaterThanOrEqual(begun + delay)
        expect(firedAt).toBeLessThanOrEqual(begun + delay + Math.min(delay / 8, 64) + 4)
      }
    }
  })

  it('of one period fall into step, wherever they began', () => {
    const { clock, timers } = setUp()
    let fired = 0
    const recur = (): void => {
      fired += 1
      timers.after(500, recur)
    }
    for (const start of [10, 140, 290, 333, 480]) clock.after(start, recur)
    clock.advance(20_000)
    fired = 0
    clock.wakes = 0
    clock.advance(10_240)
    expect({ fired, wakes: clock.wakes }).toEqual({ fired: 100, wakes: 20 })
  })

  it('of multiples of that period join them', () => {
    expect([500, 1000, 1500, 2000].map((delay) => meetingAt(5120 + delay, delay) % 512)).toEqual([0, 0, 0, 0])
  })

  it('do not fire once they are cancelled', () => {
    const { clock, timers } = setUp()
    const fired: string[] = []
    const gone = timers.after(500, () => fired.push('gone'))
    timers.after(500, () => fired.push('stays'))
    gone.cancel()
    gone.cancel()
    clock.advance(1000)
    expect(fired).toEqual(['stays'])
  })

  it('all fire when one of them throws, and the error is thrown', () => {
    const { clock, timers } = setUp()
    const fired: string[] = []
    timers.after(500, () => {
      throw new Error('on purpose')
    })
    timers.after(500, () => fired.push('other'))
    clock.advance(1000)
    expect(fired).toEqual(['other'])
    expect(clock.thrown).toEqual([new Error('on purpose')])
  })
})
