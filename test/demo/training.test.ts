import { describe, expect, it } from 'vitest'
import { planDemo } from '../../demo/options.ts'
import { fitModel, runSliced } from '../../demo/trainer/fit.ts'
import { HistoryBuilder, isSampled, withoutAnomalies } from '../../demo/trainer/sampling.ts'
import { hashModel } from '../../processor/model-serde.ts'
import { type History, historyOf } from '../../processor/models/index.ts'
import { MINUTE, model, sample } from './rig.ts'

const WIDTH = sample.metrics.length

function rows(from: number, to: number): Float64Array {
  return Float64Array.from(sample.train.subarray(from * WIDTH, to * WIDTH))
}

function finish<T>(work: Generator<void, T>): T {
  for (;;) {
    const turn = work.next()
    if (turn.done === true) return turn.value
  }
}

describe('sampling a history', () => {
  it('takes about one reading in so many, in whole blocks, of every device', () => {
    let taken = 0
    for (let d = 0; d < 50; d++) {
      let blocks = 0
      for (let minute = 0; minute < 12_000; minute += 120) {
        const picks = [0, 60, 119].map((m) => isSampled(`device-${d}`, (minute + m) * MINUTE, 5))
        expect(new Set(picks).size).toBe(1)
        if (picks[0]) blocks++
      }
      expect(blocks).toBeGreaterThan(0)
      taken += blocks
    }
    expect(taken / 5_000).toBeGreaterThan(0.17)
    expect(taken / 5_000).toBeLessThan(0.23)
  })

  it('takes everything when there is little, and the same of the same log', () => {
    expect(isSampled('d', 12 * MINUTE, 1)).toBe(true)
    expect(isSampled('d', 12 * MINUTE, 7)).toBe(isSampled('d', 12 * MINUTE, 7))
  })

  it('makes a run of each device’s consecutive minutes, and stops at its limit', () => {
    const builder = new HistoryBuilder(2, 6)
    for (const [device, minute] of [
      ['a', 0],
      ['b', 0],
      ['a', 1],
      ['b', 1],
      ['a', 5],
      ['a', 6],
      ['a', 7],
    ] as const) {
      builder.add(device, minute * MINUTE, [minute, device === 'a' ? 1 : 2])
    }
    const history = builder.build()
    expect(builder.full).toBe(true)
    expect(Array.from(history.values)).toEqual([0, 1, 1, 1, 0, 2, 1, 2, 5, 1, 6, 1])
    expect(history.starts).toEqual([0, 2, 4])
  })

  it('holds runs longer than a block', () => {
    const builder = new HistoryBuilder(1, 1_000)
    for (let minute = 0; minute < 500; minute++) builder.add('a', minute * MINUTE, [minute])
    const { values, starts } = builder.build()
    expect(starts).toEqual([0])
    expect(Array.from(values)).toEqual(Array.from({ length: 500 }, (_, i) => i))
  })
})

describe('leaving out anomalies', () => {
  function broken(from: number, to: number): History {
    const values = rows(1_000, 1_500)
    for (let i = from; i < to; i++) values.fill(3, i * WIDTH + 8, i * WIDTH + 13)
    return historyOf(WIDTH, [values])
  }

  it('drops the anomalous rows with a margin, and never joins what was apart', () => {
    const clean = finish(withoutAnomalies(broken(250, 270), model))
    expect(clean.rows).toBeLessThan(500 - 20)
    expect(clean.rows).toBeGreaterThan(500 - 100)
    expect(clean.starts[1]).toBe(240)
    expect(clean.values.every((x) => x !== 3)).toBe(true)
  })

  it('leaves a quiet history as it is', () => {
    const quiet = historyOf(WIDTH, [rows(1_000, 1_300)])
    expect(finish(withoutAnomalies(quiet, model))).toBe(quiet)
  })

  it('learns the new world when most of it is new', () => {
    const changed = broken(50, 480)
    expect(finish(withoutAnomalies(changed, model))).toBe(changed)
  })
})

describe('fitModel', () => {
  const input = {
    metrics: sample.metrics,
    trainedFrom: { topic: 'telemetry', ranges: [{ partition: 0, from: 3, to: 9 }] },
    createdAtMs: 5,
  }

  it('counts versions up and says what was learnt from', () => {
    const history = historyOf(WIDTH, [rows(0, 1_500)])
    const next = finish(fitModel({ ...input, history, previous: model }))
    expect(next).toMatchObject({ id: 'fleet@2', version: 2, createdAtMs: 5, metrics: sample.metrics })
    expect(next.trainedFrom.ranges).toEqual(input.trainedFrom.ranges)
    expect(next.trainedFrom.rows).toBeLessThanOrEqual(1_500)
    expect(next.hash).toBe(hashModel(next))
    expect(next.trainingHash).not.toBe(model.trainingHash)
  })

  it('gives the same model for the same history', () => {
    const history = historyOf(WIDTH, [rows(0, 800)])
    const fit = () => finish(fitModel({ ...input, history, previous: undefined }))
    expect(fit()).toEqual(fit())
  })

  it('lets others run while it works, and stops when it is told to', async () => {
    const history = historyOf(WIDTH, [rows(0, 2_000)])
    const stop = new AbortController()
    let turns = 0
    const ticker = setInterval(() => ++turns === 3 && stop.abort(), 1)
    const work = function* () {
      for (;;) yield* fitModel({ ...input, history, previous: undefined })
    }
    await expect(runSliced(work(), stop.signal, 4)).rejects.toThrow()
    clearInterval(ticker)
    expect(turns).toBeGreaterThanOrEqual(3)
  })
})

describe('planDemo', () => {
  const base = { bootstrap: 'x:1', dataDir: 'x' }

  it('trains two versions or more within half a minute, whatever the rate', () => {
    for (const rate of [200, 2_000, 20_000]) {
      const plan = planDemo({ ...base, rate, durationMs: 30_000 })
      const firstMs = (1_000 * plan.trainAfterRecords) / rate
      expect(firstMs).toBeLessThanOrEqual(6_000)
      expect(firstMs + 2 * plan.retrainEveryMs).toBeLessThan(30_000)
    }
  })

  it('lets devices warm up for longer than the first training waits', () => {
    const plan = planDemo({ ...base, devices: 50, rate: 10_000 })
    expect(plan.warmupReadings * 50).toBeGreaterThan(plan.trainAfterRecords)
  })
})
