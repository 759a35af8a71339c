import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type QueuedTimer, TimerQueue } from '../../../processor/state/timer-queue.ts'

function timer(key: string, name: string): QueuedTimer {
  return { name, kind: 'event', at: 0, owner: { mapKey: key }, index: -1, queuedAt: 0 }
}

const action = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), which: fc.nat(11), at: fc.nat(50) }),
  fc.record({ kind: fc.constant('remove' as const), which: fc.nat(11) }),
  fc.record({ kind: fc.constant('take' as const), until: fc.nat(50) }),
)

describe('TimerQueue', () => {
  it('gives what a sorted list gives, whatever is set, moved and removed', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const queue = new TimerQueue()
        const timers = Array.from({ length: 12 }, (_, i) => timer(`key${i % 4}`, `name${Math.floor(i / 4)}`))
        const model = new Map<QueuedTimer, number>()
        const order = () =>
          [...model].toSorted(
            ([a, atA], [b, atB]) =>
              atA - atB ||
              (a.owner.mapKey < b.owner.mapKey ? -1 : a.owner.mapKey > b.owner.mapKey ? 1 : a.name < b.name ? -1 : 1),
          )
        for (const each of actions) {
          if (each.kind === 'set') {
            queue.set(timers[each.which], each.at)
            model.set(timers[each.which], each.at)
          } else if (each.kind === 'remove') {
            queue.remove(timers[each.which])
            model.delete(timers[each.which])
          } else {
            const due = order().filter(([, at]) => at <= each.until)
            const taken: QueuedTimer[] = []
            for (let next = queue.take(each.until); next !== undefined; next = queue.take(each.until)) taken.push(next)
            expect(taken).toEqual(due.map(([expected]) => expected))
            for (const [expected] of due) model.delete(expected)
          }
          expect(queue.size).toBe(model.size)
          const times = [...model.values()]
          expect(queue.next).toBeLessThanOrEqual(Math.min(...times, Number.POSITIVE_INFINITY))
          expect(queue.latest).toBeGreaterThanOrEqual(Math.max(...times, Number.NEGATIVE_INFINITY))
        }
      }),
    )
  })

  it('does not grow when a deadline is moved again and again', () => {
    const queue = new TimerQueue()
    const one = timer('a', 'deadline')
    for (let i = 0; i < 1_000; i++) queue.set(one, i)
    expect(queue.size).toBe(1)
    expect(queue.take(998)).toBeUndefined()
    expect(queue.take(999)).toBe(one)
  })
})
