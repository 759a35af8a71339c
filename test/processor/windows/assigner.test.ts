import { describe, expect, it } from 'vitest'
import { hopping, tumbling } from '../../../processor/index.ts'
import { lastWindowStart } from '../../../processor/windows/assigner.ts'
import { streamsFixture } from '../support/fixtures.ts'

interface OffsetRule {
  readonly offset_rule: { readonly ts: string; readonly size: '10m'; readonly cases: [string, string][] }
}

const { offset_rule: rule } = streamsFixture<OffsetRule>('flink_sql_docs.json')

function utc(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`)
}

describe('windows with an offset', () => {
  it.each(rule.cases)('of %s begin where Flink says: %s', (offset, start) => {
    const windows = tumbling({ size: rule.size, offset: offset === '0' ? 0 : (offset as '4m') })
    expect(lastWindowStart(windows, utc(rule.ts))).toBe(utc(start))
  })

  it('contain the times before the epoch too', () => {
    expect(lastWindowStart(tumbling({ size: 10 }), -1)).toBe(-10)
    expect(lastWindowStart(tumbling({ size: 10 }), -10)).toBe(-10)
    expect(lastWindowStart(tumbling({ size: 10, offset: -3 }), 6)).toBe(-3)
    expect(lastWindowStart(tumbling({ size: 10, offset: -3 }), 7)).toBe(7)
  })
})

describe('windows', () => {
  it('must be at least 1 ms long and advance by at most their size', () => {
    expect(() => tumbling({ size: 0 })).toThrow('at least 1 ms')
    expect(() => hopping({ size: 10, advance: 11 })).toThrow('at most their size')
    expect(() => hopping({ size: 10, advance: 0 })).toThrow('at least 1 ms')
    expect(() => tumbling({ size: '10' as '10s' })).not.toThrow()
    expect(() => tumbling({ size: 'ten' as '10s' })).toThrow('not a duration')
    expect(() => tumbling({ size: '-1s' })).toThrow('must not be negative')
  })
})
