import { describe, expect, it } from 'vitest'
import { type Detected, evaluate, quantile } from '../../demo/evaluation/evaluate.ts'
import type { Truth } from '../../demo/fleet/device.ts'

const MINUTE = 60_000
const event = (device: string, kind: Truth['kind'], from: number, to: number): Truth => ({
  device,
  kind,
  severity: kind === 'natural' ? undefined : 'gross',
  fromMs: from * MINUTE,
  toMs: to * MINUTE,
})
const report = (device: string, from: number, to = Number.POSITIVE_INFINITY): Detected => ({
  device,
  fromMs: from * MINUTE,
  toMs: to * MINUTE,
})

describe('evaluate', () => {
  it('counts by event: found, missed, false, and how late', () => {
    const truth = [
      event('a', 'drift', 100, 200),
      event('a', 'spike', 500, 502),
      event('b', 'natural', 50, 90),
      event('c', 'stuck', 10, 20),
    ]
    const detected = [
      report('a', 130, 150),
      report('a', 180, 210),
      report('a', 300, 310),
      report('b', 40, 60),
      report('c', 300, 301),
    ]
    const result = evaluate(truth, detected)
    expect(result).toMatchObject({ events: 4, found: 2, recall: 0.5, episodes: 5, right: 3, precision: 0.6 })
    expect(result.byKind).toEqual({
      drift: { events: 1, found: 1, recall: 1, delayMinutes: { median: 30, p90: 30 } },
      natural: { events: 1, found: 1, recall: 1, delayMinutes: { median: 0, p90: 0 } },
      spike: { events: 1, found: 0, recall: 0, delayMinutes: null },
      stuck: { events: 1, found: 0, recall: 0, delayMinutes: null },
    })
  })

  it('gives a report that comes shortly after an event the benefit, and no more', () => {
    const truth = [event('a', 'spike', 100, 101)]
    expect(evaluate(truth, [report('a', 120)]).found).toBe(1)
    expect(evaluate(truth, [report('a', 121)]).found).toBe(0)
    expect(evaluate(truth, [report('a', 120)], { graceMs: 0 }).found).toBe(0)
  })

  it('does not take one device for another', () => {
    expect(evaluate([event('a', 'drift', 0, 100)], [report('b', 10)])).toMatchObject({ found: 0, precision: 0 })
  })

  it('leaves out events that began too late to be seen, unless they were', () => {
    const truth = [event('a', 'drift', 100, 120), event('b', 'drift', 100, 120)]
    const result = evaluate(truth, [report('b', 110)], { untilMs: 120 * MINUTE })
    expect(result).toMatchObject({ events: 1, found: 1, recall: 1 })
  })

  it('says nothing where there is nothing', () => {
    expect(evaluate([], [])).toEqual({
      events: 0,
      found: 0,
      recall: null,
      delayMinutes: null,
      episodes: 0,
      right: 0,
      precision: null,
      byKind: {},
    })
  })

  it('counts an alarm that never ends as one report, and as right only where it meets an event', () => {
    const truth = [event('a', 'drift', 100, 200), event('a', 'drift', 500, 600)]
    expect(evaluate(truth, [report('a', 0)])).toMatchObject({ episodes: 1, right: 1, found: 2 })
  })
})

describe('quantile', () => {
  it('is an observed value', () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2)
    expect(quantile([1, 2, 3, 4], 0.99)).toBe(4)
    expect(quantile([5], 0)).toBe(5)
  })
})
