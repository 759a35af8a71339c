import { describe, expect, it } from 'vitest'
import { float64, json, string, topic } from '../../../client/index.ts'
import { App, type Assigner, hopping, testDriver, tumbling } from '../../../processor/index.ts'
import { streamsFixture } from '../support/fixtures.ts'

/** Tables of expected results from the books and manuals; see test/fixtures/streams. */

interface FlinkDocs {
  readonly bid: readonly [time: string, price: number, item: string][]
  readonly tvf: readonly { readonly q: string; readonly out: readonly [start: string, end: string, sum: number][] }[]
}

interface Book {
  readonly streams: Record<string, BookEvent[]>
  readonly cases: Record<string, { readonly panes: BookPane[]; readonly stream: string[] }>
}

interface BookEvent {
  readonly op: 'element' | 'watermark' | 'procTime'
  readonly to: string
  readonly key: string
  readonly value: number
  readonly eventTime: string
}

interface BookPane {
  readonly window: [string, string]
  readonly value: number
  readonly timing: string
  readonly index: number
  readonly isFirst: boolean
  readonly isLast: boolean
}

function utc(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`)
}

describe('window table functions of the Flink manual', () => {
  const docs = streamsFixture<FlinkDocs>('flink_sql_docs.json')
  const Bids = topic('bids', { key: string, value: json<{ time: string; price: number }>() })
  const Sums = topic('sums', { key: string, value: json<[number, number, number]>() })
  const windows: Record<string, Assigner> = {
    'TUMBLE(size=10m) SUM(price)': tumbling({ size: '10m' }),
    'TUMBLE(size=10m, offset=1m) SUM(price)': tumbling({ size: '10m', offset: '1m' }),
    'HOP(slide=5m,size=10m) SUM(price)': hopping({ size: '10m', advance: '5m' }),
  }
  const cases = docs.tvf.filter(({ q }) => q in windows)

  it('has the three cases that this slice covers', () => {
    expect(cases.length).toBe(3)
  })

  it.each(cases)('$q', ({ q, out }) => {
    const app = new App({ id: 'app' })
    app
      .stream(Bids, { time: (bid) => utc(bid.time) })
      .groupByKey()
      .window(windows[q])
      .aggregate({ as: 'sum', state: float64, init: () => 0, add: (sum, bid) => sum + bid.price })
      .map((sum, ctx): [number, number, number] => [ctx.window.start, ctx.window.end, sum])
      .to(Sums)
    const driver = testDriver(app)
    driver.push(
      Bids,
      docs.bid.map(([time, price]) => ({ key: 'all', value: { time, price } })),
    )
    driver.advanceWatermark(Bids, Number.POSITIVE_INFINITY)
    const expected = out.map(([start, end, sum]) => [utc(`2020-04-15 ${start}`), utc(`2020-04-15 ${end}`), sum])
    expect(driver.read(Sums).map((record) => record.value)).toEqual(expected)
  })
})

describe('examples of the book Streaming Systems with an on-time trigger', () => {
  const book = streamsFixture<Book>('streamingbook_panes.json')
  const Scores = topic('scores', { key: string, value: json<{ score: number; at: number }>() })
  const Late = topic('late', { key: string, value: json<{ score: number; at: number }>() })
  const Panes = topic('panes', { key: string, value: json<unknown>() })
  const day = '2020-01-01'
  const time = (text: string): number => (text === '+inf' ? Number.POSITIVE_INFINITY : utc(`${day} ${text}`))

  function run(name: string) {
    const app = new App({ id: 'app' })
    app
      .stream(Scores, { time: (score) => score.at, watermark: { delay: '365d', idle: 'never' } })
      .groupByKey()
      .window(tumbling({ size: '2m' }), { late: Late })
      .aggregate({ as: 'sum', state: float64, init: () => 0, add: (sum, { score }) => sum + score })
      .map((value, { window, pane }) => ({ window: [window.start, window.end], value, ...pane }))
      .to(Panes)
    const driver = testDriver(app, { startMs: time('12:00:00') })
    for (const event of book.streams[book.cases[name].stream.join('+')]) {
      if (event.op === 'watermark') driver.advanceWatermark(Scores, time(event.to))
      else if (event.op === 'procTime') driver.advance(time(event.to) - driver.nowMs)
      else driver.push(Scores, { key: event.key, value: { score: event.value, at: time(event.eventTime) } })
    }
    return { panes: driver.read(Panes), late: driver.read(Late), metrics: driver.metrics() }
  }

  it.each(['Example2_6left', 'Example2_6right'])('%s, pane for pane', (name) => {
    const expected = book.cases[name].panes.map((pane) => ({
      window: pane.window.map(time),
      value: pane.value,
      timing: pane.timing.toLowerCase().replace('_', '-'),
      index: pane.index,
      isFirst: pane.isFirst,
      isLast: pane.isLast,
    }))
    const { panes } = run(name)
    expect(panes.map((pane) => pane.value)).toEqual(expected)
    expect(panes.map((pane) => pane.timestamp)).toEqual(expected.map(({ window }) => window[1] - 1))
  })

  it('Example2_6right: the 9 that comes too late goes to the late topic and is counted', () => {
    const { late, metrics } = run('Example2_6right')
    expect(late.map(({ key, value, timestamp }) => [key, value?.score, timestamp])).toEqual([
      ['TeamX', 9, time('12:01:25')],
    ])
    expect(Object.fromEntries(late[0].headers.map(({ key, value }) => [key, String(value)]))).toEqual({
      'millrace.reason': 'late',
      'millrace.operator': 'sum',
      'millrace.window': `${time('12:00:00')}-${time('12:02:00')}`,
      'millrace.watermark': String(time('12:06:00')),
    })
    expect(metrics[0].dropped).toEqual([{ operator: 'sum', reason: 'late', records: 1 }])
    expect(run('Example2_6left').late).toEqual([])
  })
})
