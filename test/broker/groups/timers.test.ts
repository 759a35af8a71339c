import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Timer, TimerQueue } from '../../../broker/groups/timers.ts'

describe('TimerQueue', () => {
  it('fires what is due, in order of time and then of scheduling', () => {
    const queue = new TimerQueue()
    const fired: string[] = []
    const timer = (label: string) => new Timer(() => fired.push(label))
    queue.schedule(timer('late'), 30)
    queue.schedule(timer('first'), 10)
    queue.schedule(timer('second'), 10)
    expect(queue.nextDueMs).toBe(10)
    queue.fireDue(29)
    expect(fired).toEqual(['first', 'second'])
    expect(queue.nextDueMs).toBe(30)
  })

  it('fires in the same call what a timer schedules for now', () => {
    const queue = new TimerQueue()
    const fired: string[] = []
    const then = new Timer(() => fired.push('then'))
    queue.schedule(new Timer(() => queue.schedule(then, 5)), 10)
    queue.fireDue(10)
    expect(fired).toEqual(['then'])
    expect(queue.size).toBe(0)
  })

  it('does what a sorted list does, whatever is scheduled, moved and cancelled', () => {
    const step = fc.record({ timer: fc.nat(15), dueMs: fc.option(fc.nat(50), { nil: null }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const queue = new TimerQueue()
        const fired: number[] = []
        const timers = Array.from({ length: 16 }, (_, i) => new Timer(() => fired.push(i)))
        const expected = new Map<number, { dueMs: number; sequence: number }>()
        for (const [sequence, { timer, dueMs }] of steps.entries()) {
          if (dueMs === null) {
            queue.cancel(timers[timer] as Timer)
            expected.delete(timer)
          } else {
            queue.schedule(timers[timer] as Timer, dueMs)
            expected.set(timer, { dueMs, sequence })
          }
        }
        const sorted = [...expected].sort(([, a], [, b]) => a.dueMs - b.dueMs || a.sequence - b.sequence)
        expect(queue.size).toBe(sorted.length)
        expect(queue.nextDueMs).toBe(sorted[0]?.[1].dueMs ?? Number.POSITIVE_INFINITY)
        queue.fireDue(25)
        expect(fired).toEqual(sorted.filter(([, { dueMs }]) => dueMs <= 25).map(([timer]) => timer))
        queue.fireDue(50)
        expect(fired).toEqual(sorted.map(([timer]) => timer))
      }),
    )
  })
})
