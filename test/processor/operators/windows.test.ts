import { describe, expect, it } from 'vitest'
import { int64, json, string, topic } from '../../../client/index.ts'
import {
  App,
  each,
  onTime,
  testDriver,
  tumbling,
  type WatermarkOptions,
  type WindowOptions,
} from '../../../processor/index.ts'

const Events = topic('events', { key: string, value: json<number>() })
const Panes = topic('panes', {
  key: string,
  value: json<[start: number, sum: number, timing: string, index: number]>(),
})

const Counts = topic('counts', { key: string, value: int64 })

interface Setup {
  readonly watermark?: WatermarkOptions
  readonly windows?: WindowOptions<number>
  readonly mode?: 'discarding' | 'accumulating'
  readonly partitions?: number
}

/** Sums of windows of 10 ms of wherever the events come from. */
function sums({ watermark = {}, windows = {}, mode = 'accumulating', partitions = 1 }: Setup = {}) {
  const app = new App({ id: 'app' })
  app
    .stream(Events, { watermark })
    .groupByKey()
    .window(tumbling({ size: 10 }), windows)
    .accumulate(mode)
    .aggregate({ as: 'sums', state: int64, init: () => 0, add: (sum, value) => sum + value })
    .map((sum, { window, pane }): [number, number, string, number] => [window.start, sum, pane.timing, pane.index])
    .to(Panes)
  return testDriver(app, { partitions: { events: partitions } })
}

function at(timestamp: number, value = 1, key = 'a') {
  return { key, value, timestamp }
}

function panes(driver: ReturnType<typeof sums>) {
  return driver.read(Panes).map(({ key, value }) => `${key} ${value?.join(' ')}`)
}

describe('a tumbling window', () => {
  it('gives one result per key when the watermark passes its end, and not before', () => {
    const driver = sums()
    driver.push(Events, [at(1), at(9), at(3, 5, 'b')])
    expect(panes(driver)).toEqual([])
    driver.push(Events, at(10))
    expect(panes(driver)).toEqual(['a 0 2 on-time 0', 'b 0 5 on-time 0'])
    expect(driver.state('sums')).toEqual([{ key: 'a', state: 1, window: { start: 10, end: 20 }, partition: 0 }])
  })

  it('waits for the delay', () => {
    const driver = sums({ watermark: { delay: 5 } })
    driver.push(Events, [at(1), at(14), at(9)])
    expect(panes(driver)).toEqual([])
    driver.push(Events, at(15))
    expect(panes(driver)).toEqual(['a 0 2 on-time 0'])
  })

  it('fires in the order of time when several are due at once', () => {
    const driver = sums({ watermark: { delay: 100 } })
    driver.push(Events, [at(25), at(3), at(14), at(130)])
    expect(panes(driver)).toEqual(['a 0 1 on-time 0', 'a 10 1 on-time 0', 'a 20 1 on-time 0'])
  })

  it('counts a record without a key', () => {
    const driver = sums()
    driver.push(Events, { key: null, value: 1 })
    expect(driver.metrics()[0].dropped).toEqual([{ operator: 'sums', reason: 'null-key', records: 1 }])
  })
})

describe('late records', () => {
  it('are counted when there is no late topic', () => {
    const driver = sums()
    driver.push(Events, [at(1), at(10), at(9)])
    expect(panes(driver)).toEqual(['a 0 1 on-time 0'])
    expect(driver.metrics()[0].dropped).toEqual([{ operator: 'sums', reason: 'late', records: 1 }])
  })

  it('within the lateness each give a late pane of all so far', () => {
    const driver = sums({ windows: { lateness: 5 } })
    driver.push(Events, [at(1), at(10), at(9, 2), at(8, 3), at(14), at(7, 4)])
    expect(panes(driver)).toEqual(['a 0 1 on-time 0', 'a 0 3 late 1', 'a 0 6 late 2', 'a 0 10 late 3'])
    driver.push(Events, [at(15), at(6)])
    expect(panes(driver)).toEqual([])
    expect(driver.metrics()[0].dropped).toEqual([{ operator: 'sums', reason: 'late', records: 1 }])
  })

  it('when discarding, give panes of only what is new', () => {
    const driver = sums({ windows: { lateness: 5 }, mode: 'discarding' })
    driver.push(Events, [at(1), at(10), at(9, 2), at(8, 3)])
    expect(panes(driver)).toEqual(['a 0 1 on-time 0', 'a 0 2 late 1', 'a 0 3 late 2'])
  })

  it('of a key that had nothing on time give a first pane that is late', () => {
    const driver = sums({ windows: { lateness: 5 } })
    driver.push(Events, [at(1), at(10), at(9, 2, 'b')])
    expect(panes(driver)).toEqual(['a 0 1 on-time 0', 'b 0 2 late 0'])
  })

  it('must be shown: lateness without late firings is refused', () => {
    const windowed = new App({ id: 'app' })
      .stream(Events)
      .groupByKey()
      .window(tumbling({ size: 10 }), { lateness: 5 })
    expect(() => windowed.trigger(onTime()).count({ as: 'n' })).toThrow('never shows them')
    expect(() => windowed.trigger(onTime().late(each())).count({ as: 'n' })).not.toThrow()
  })
})

describe('the watermark', () => {
  it('is the lowest over the partitions of a re-keyed stream', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Events, { watermark: { idle: 'never' } })
      .groupBy(() => 'all', { as: 'all', key: string })
      .window(tumbling({ size: 10 }))
      .aggregate({ as: 'sums', state: int64, init: () => 0, add: (sum, value) => sum + value })
      .map((sum, { window, pane }): [number, number, string, number] => [window.start, sum, pane.timing, pane.index])
      .to(Panes)
    const driver = testDriver(app, { partitions: { events: 2 } })
    driver.push(Events, { ...at(1), partition: 0 })
    driver.push(Events, { ...at(50), partition: 0 })
    expect(panes(driver)).toEqual([])
    driver.push(Events, { ...at(2), partition: 1 })
    expect(driver.watermark('sums')).toBe(2)
    expect(panes(driver)).toEqual([])
    driver.push(Events, { ...at(30), partition: 1 })
    expect(driver.watermark('sums')).toBe(30)
    expect(panes(driver)).toEqual(['all 0 2 on-time 0'])
  })

  it('is the lowest over merged streams', () => {
    const Others = topic('others', { key: string, value: json<number>() })
    const app = new App({ id: 'app' })
    app
      .stream(Events)
      .merge(app.stream(Others))
      .groupByKey()
      .window(tumbling({ size: 10 }))
      .count({ as: 'n' })
      .to(Counts)
    const driver = testDriver(app)
    driver.push(Events, at(100))
    expect(driver.watermark('n')).toBe(Number.NEGATIVE_INFINITY)
    driver.push(Others, at(40))
    expect(driver.watermark('n')).toBe(40)
    expect(driver.watermark('events')).toBe(100)
  })
})

describe('silent input', () => {
  it('closes its windows after the idle time, as the wall clock goes on', () => {
    const driver = sums({ watermark: { delay: '1s', idle: '5s' } })
    driver.push(Events, [at(0), at(7)])
    driver.advance(4_999)
    expect(panes(driver)).toEqual([])
    driver.advance(1)
    expect(panes(driver)).toEqual(['a 0 2 on-time 0'])
  })

  it('stays open for ever when idle is never', () => {
    const driver = sums({ watermark: { idle: 'never' } })
    driver.push(Events, at(0))
    driver.advance('365d')
    expect(panes(driver)).toEqual([])
  })

  it('moves time no further than what waits, so that a later batch of old records is not late', () => {
    const driver = sums({ watermark: { idle: 5 } })
    driver.push(Events, at(7))
    driver.advance('1h')
    expect(panes(driver)).toEqual(['a 0 1 on-time 0'])
    expect(driver.watermark('sums')).toBe(10)
    driver.push(Events, [at(11), at(21)])
    expect(panes(driver)).toEqual(['a 10 1 on-time 0'])
  })

  it('of one partition does not hold the others of a re-keyed stream', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Events, { watermark: { idle: 50 } })
      .groupBy(() => 'all', { as: 'all', key: string })
      .window(tumbling({ size: 10 }))
      .count({ as: 'n' })
      .to(Counts)
    const driver = testDriver(app, { partitions: { events: 3 } })
    driver.push(Events, [
      { ...at(1), partition: 0 },
      { ...at(2), partition: 1 },
      { ...at(25), partition: 0 },
    ])
    driver.advance(40)
    driver.push(Events, { ...at(26), partition: 0 })
    expect(driver.watermark('n')).toBe(Number.NEGATIVE_INFINITY)
    driver.advance(10)
    expect(driver.watermark('n')).toBe(26)
    expect(driver.read(Counts)).toHaveLength(1)
  })

  it('closes windows behind a repartition topic too', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Events, { watermark: { idle: 50 } })
      .groupBy(() => 'all', { as: 'all', key: string, partitions: 2 })
      .window(tumbling({ size: 10 }))
      .count({ as: 'n' })
      .to(Counts)
    const driver = testDriver(app, { partitions: { events: 2 } })
    driver.push(Events, [at(1), at(2), at(3, 1, 'b')])
    driver.advance(50)
    expect(driver.read(Counts)).toMatchObject([{ key: 'all', value: 3 }])
  })
})
