import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeProgress, encodeProgress } from '../../../processor/task/progress.ts'
import { Channel } from '../../../processor/windows/watermark.ts'

function channel(watermark: number, idle: boolean): Channel {
  const made = new Channel(0, 0)
  made.watermark = watermark
  made.idle = idle
  return made
}

const time = fc.oneof(fc.constant(Number.NEGATIVE_INFINITY), fc.integer({ min: -1e12, max: 4e12 }))

describe('progress beside an offset', () => {
  it('comes back as it was committed', () => {
    const sources = fc.array(fc.array(fc.tuple(time, fc.boolean()), { minLength: 1, maxLength: 8 }), {
      minLength: 1,
      maxLength: 3,
    })
    fc.assert(
      fc.property(fc.array(time, { minLength: 1, maxLength: 3 }), sources, (clocks, lists) => {
        const text = encodeProgress(
          clocks,
          lists.map((list) => list.map(([watermark, idle]) => channel(watermark, idle))),
        )
        expect(decodeProgress(text)).toEqual({
          clocks,
          sources: lists.map((list) => list.map(([watermark, idle]) => ({ watermark, idle }))),
        })
      }),
    )
  })

  it('is left out rather than too long for a broker', () => {
    const channels = (count: number) => Array.from({ length: count }, () => channel(1_700_000_000_000, true))
    expect(encodeProgress([0], [channels(300)]).length).toBeGreaterThan(3_000)
    expect(encodeProgress([0], [channels(600)])).toBe('')
  })

  it.each(['', 'note of another program', '1;zz', '1;1;?', '2;1;1', '1;$;1', '1;1;1,,2'])(
    'that is not ours is not believed: %j',
    (text) => {
      expect(decodeProgress(text)).toBeUndefined()
    },
  )
})
