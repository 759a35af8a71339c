import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { int32, json, string, topic } from '../../../client/index.ts'
import { App, testDriver } from '../../../processor/index.ts'
import { decodeWatermark, encodeWatermark } from '../../../processor/operators/watermark-record.ts'

describe('a watermark record', () => {
  it('is read as it was written', () => {
    for (const silentMs of [undefined, 0, 1_500]) {
      for (const watermark of [Number.NEGATIVE_INFINITY, 0, 1_700_000_000_000.5]) {
        const record = { task: 2, tasks: 3, watermark, silentMs }
        expect(decodeWatermark(encodeWatermark(record))).toEqual(record)
      }
    }
  })

  it('is refused when its bytes make no sense, and never asks for memory by what they say', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 25, maxLength: 25 }), (bytes) => {
        const read = decodeWatermark(Buffer.from(bytes))
        if (read === undefined) return
        expect(read.tasks).toBeLessThanOrEqual(10_000)
        expect(read.task).toBeLessThan(read.tasks)
        expect(read.watermark).not.toBeNaN()
      }),
    )
    expect(decodeWatermark(Buffer.alloc(0))).toBeUndefined()
    expect(decodeWatermark(Buffer.alloc(26))).toBeUndefined()
    expect(decodeWatermark(encodeWatermark({ task: 3, tasks: 3, watermark: 0, silentMs: undefined }))).toBeUndefined()
  })

  it('that a stranger wrote into a repartition topic is counted and ignored', () => {
    const In = topic('in', { key: string, value: json<number>() })
    const app = new App({ id: 'app' })
    app
      .stream(In)
      .groupBy((value) => value, { as: 'g', key: int32 })
      .count({ as: 'n' })
    app
      .stream(topic('raw', { key: string, value: json<number>() }))
      .to(topic('app-g-repartition', { key: string, value: json<number>() }))
    const driver = testDriver(app)
    driver.push(topic('raw', { key: string, value: json<number>() }), { key: null, value: 5 })
    expect(driver.metrics().flatMap(({ dropped }) => dropped)).toEqual([
      { operator: 'g-in', reason: 'not-a-watermark', records: 1 },
    ])
  })
})
