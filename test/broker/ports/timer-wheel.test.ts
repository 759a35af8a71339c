import { describe, expect, it } from 'vitest'
import type { Clock, Timer } from '../../../broker/ports/clock.ts'
import { TimerWheel } from '../../../broker/ports/timer-wheel.ts'

/** Time that moves when told to. */
class ManualClock implements Clock {
  time = 1000.5
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
    fn()
  }

  advance(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const due = this.timers.filter(({ at }) => at <= end).sort((left, right) => left.at - right.at)[0]
      if (due === undefined) break
      this.timers = this.timers.filter((other) => other !== due)
      this.time = Math.max(this.time, due.at)
      due.fn()
    }
    this.time = end
  }
}

function setUp() {
  const clock = new ManualClock()
  const fired: [string, number][] = []
  const wheel = new TimerWheel(clock)
  const start = clock.time
  const add = (name: string, delay: number) => wheel.add(delay, () => fired.push([name, clock.time - start]))
  return { clock, wheel, fired, add }
}

describe('TimerWheel', () => {
  it('never fires early, and at most one tick late', () => {
    const { clock, wheel, fired, add } = setUp()
    const delays = [0, 1, 4, 5, 7, 23, 100, 499, 500, 2559, 2560, 2561, 7000, 60_000]
    for (const delay of delays) add(String(delay), delay)
    clock.advance(100_000)
    expect(fired.map(([name]) => Number(name))).toEqual(delays)
    for (const [name, at] of fired) {
      expect(at).toBeGreaterThanOrEqual(Number(name))
      expect(at).toBeLessThanOrEqual(Number(name) + 10)
    }
    expect(wheel.size).toBe(0)
  })

  it('does not fire what was cancelled, and cancelling twice or after firing is harmless', () => {
    const { clock, wheel, fired, add } = setUp()
    const gone = add('gone', 50)
    const stays = add('stays', 50)
    wheel.cancel(gone)
    wheel.cancel(gone)
    clock.advance(100)
    wheel.cancel(stays)
    expect(fired.map(([name]) => name)).toEqual(['stays'])
    expect(wheel.size).toBe(0)
  })

  it('lets a callback cancel another of the same round, and add new ones', () => {
    const { clock, wheel, fired, add } = setUp()
    const victims: ReturnType<typeof add>[] = []
    wheel.add(10, () => {
      for (const victim of victims) wheel.cancel(victim)
      add('later', 10)
    })
    victims.push(add('victim', 10))
    clock.advance(12)
    expect(fired).toEqual([])
    clock.advance(50)
    expect(fired.map(([name]) => name)).toEqual(['later'])
    expect(wheel.size).toBe(0)
  })

  it('keeps working after a pause with nothing to do', () => {
    const { clock, fired, add } = setUp()
    add('first', 10)
    clock.advance(1_000_000)
    add('second', 10)
    clock.advance(20)
    expect(fired.map(([name]) => name)).toEqual(['first', 'second'])
  })

  it('fires what is due after the loop was held up for longer than a revolution', () => {
    const { clock, wheel, fired, add } = setUp()
    for (let delay = 0; delay < 6000; delay += 37) add(String(delay), delay)
    clock.time += 10_000
    clock.advance(10)
    expect(fired.length).toBe(Math.ceil(6000 / 37))
    expect(wheel.size).toBe(0)
  })

  it('agrees with a sorted list over thousands of random adds and cancels', () => {
    const { clock, wheel, fired, add } = setUp()
    let seed = 42
    const random = (below: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return seed % below
    }
    let expected = 0
    for (let round = 0; round < 3000; round += 1) {
      const entry = add('x', random(5000))
      if (random(3) === 0) wheel.cancel(entry)
      else expected += 1
      if (random(4) === 0) clock.advance(random(40))
    }
    clock.advance(6000)
    expect(fired.length).toBe(expected)
    expect(wheel.size).toBe(0)
  })
})
