import { describe, expect, it } from 'vitest'
import { bytes, int32, int64, json, string, topic } from '../../../client/index.ts'
import { App, testDriver } from '../../../processor/index.ts'

interface Sale {
  shop: number | null
  amount: number
}

const Sales = topic('sales', { key: string, value: json<Sale>() })
const Totals = topic('totals', { key: int32, value: int64 })

describe('aggregate', () => {
  it('gives the new state of the key with each record', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Sales)
      .groupByKey()
      .aggregate({ as: 'totals', state: int64, init: () => 0, add: (total, sale) => total + sale.amount })
      .to(topic('totals', { key: string, value: int64 }))
    const driver = testDriver(app)
    driver.push(Sales, [
      { key: 'a', value: { shop: 1, amount: 5 } },
      { key: 'b', value: { shop: 1, amount: 7 } },
      { key: 'a', value: { shop: 1, amount: 1 } },
    ])
    const out = driver.read(topic('totals', { key: string, value: int64 }))
    expect(out.map(({ key, value }) => [key, value])).toEqual([
      ['a', 5],
      ['b', 7],
      ['a', 6],
    ])
    expect(driver.state('totals')).toMatchObject([
      { key: 'a', state: 6, window: undefined },
      { key: 'b', state: 7 },
    ])
  })

  it('tells keys apart by their bytes when they are no primitives', () => {
    const Raw = topic('raw', { key: bytes, value: json<number>() })
    const app = new App({ id: 'app' })
    app
      .stream(Raw)
      .groupByKey()
      .count({ as: 'n' })
      .to(topic('n', { key: bytes, value: int64 }))
    const driver = testDriver(app)
    for (const key of ['x', 'y', 'x']) driver.push(Raw, { key: Buffer.from(key), value: 1 })
    expect(driver.read(topic('n', { key: bytes, value: int64 })).map(({ value }) => value)).toEqual([1, 1, 2])
    driver.restart()
    expect(
      driver
        .state<Buffer, number>('n')
        .map(({ key, state }) => `${key.toString()} ${state}`)
        .toSorted(),
    ).toEqual(['x 2', 'y 1'])
  })
})

describe('groupBy', () => {
  function byShop(partitions?: number) {
    const app = new App({ id: 'app' })
    const options = { as: 'by-shop', key: int32, ...(partitions === undefined ? {} : { partitions }) }
    app
      .stream(Sales, { time: (sale) => sale.amount })
      .groupBy((sale) => sale.shop, options)
      .count({ as: 'totals' })
      .to(Totals)
    return app
  }

  it('brings equal keys together from all partitions, with their event time', () => {
    const driver = testDriver(byShop(), { partitions: { sales: 4 } })
    for (let i = 0; i < 40; i++) driver.push(Sales, { key: `k${i}`, value: { shop: i % 3, amount: i }, timestamp: 999 })
    expect(
      driver
        .state<number, number>('totals')
        .map(({ key, state }) => `${key}: ${state}`)
        .toSorted(),
    ).toEqual(['0: 14', '1: 13', '2: 13'])
    expect(driver.read(Totals).at(-1)).toMatchObject({ key: 0, value: 14, timestamp: 39 })
  })

  it('counts records whose new key is null', () => {
    const driver = testDriver(byShop())
    driver.push(Sales, { key: 'a', value: { shop: null, amount: 1 } })
    expect(driver.metrics()[0].dropped).toEqual([{ operator: 'by-shop', reason: 'null-key', records: 1 }])
  })

  it('names its topic after the app and itself, and cuts the topology there', () => {
    expect(byShop().describe()).toBe(
      [
        'subtopology 0',
        '  sales (source), reads sales, watermark delay 0 ms, idle 30000 ms',
        '  by-shop (repartition-sink) <- sales, writes app-by-shop-repartition',
        'subtopology 1',
        '  by-shop-in (repartition-source), reads app-by-shop-repartition',
        '  totals (aggregate) <- by-shop-in, changelog app-totals-changelog',
        '  sink-4 (sink) <- totals, writes totals',
        '',
      ].join('\n'),
    )
  })

  it('writes changed values with msgpack unless a serde is given', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Sales)
      .map((sale) => ({ ...sale, at: [1.5, 'x'] }))
      .groupBy((sale) => sale.shop, { as: 'by-shop', key: int32 })
      .process({ as: 'p', state: json<unknown>(), onRecord: (sale, ctx) => (ctx.state = sale) })
    const driver = testDriver(app)
    driver.push(Sales, { key: 'a', value: { shop: 3, amount: 1 } })
    expect(driver.state('p')).toMatchObject([{ key: 3, state: { shop: 3, amount: 1, at: [1.5, 'x'] } }])
  })
})
