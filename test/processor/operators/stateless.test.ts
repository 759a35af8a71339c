import { describe, expect, it } from 'vitest'
import { json, string, topic } from '../../../client/index.ts'
import { App, testDriver } from '../../../processor/index.ts'

interface Reading {
  device: string
  value: number
}

const Readings = topic('readings', { key: string, value: json<Reading>() })
const Out = topic('out', { key: string, value: json<unknown>() })

function values(records: readonly { value: unknown }[]): unknown[] {
  return records.map((record) => record.value)
}

describe('filter, map and flatMap', () => {
  it('keep, change and multiply values in their order, under the key and the time of the record', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Readings)
      .filter((reading) => reading.value > 1)
      .map((reading) => reading.value * 10)
      .flatMap((value) => [value, value + 1])
      .to(Out)
    const driver = testDriver(app)
    driver.push(Readings, [
      { key: 'a', value: { device: 'a', value: 1 }, timestamp: 5 },
      { key: 'a', value: { device: 'a', value: 2 }, timestamp: 6 },
      { key: 'b', value: { device: 'b', value: 3 }, timestamp: 7 },
    ])
    const out = driver.read(Out)
    expect(values(out)).toEqual([20, 21, 30, 31])
    expect(out.map(({ key, timestamp }) => [key, timestamp])).toEqual([
      ['a', 6],
      ['a', 6],
      ['b', 7],
      ['b', 7],
    ])
  })

  it('flatMap takes any iterable, and a lazy one is driven to its end', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Readings)
      .flatMap(function* ({ value }) {
        for (let i = 0; i < value; i++) yield i
      })
      .to(Out)
    const driver = testDriver(app)
    driver.push(Readings, { key: 'a', value: { device: 'a', value: 3 } })
    expect(values(driver.read(Out))).toEqual([0, 1, 2])
  })

  it('give functions the place of the record: topic, partition, offset, time, headers', () => {
    const app = new App({ id: 'app' })
    const seen: unknown[] = []
    app.stream(Readings, { time: (reading) => reading.value }).forEach((_, ctx) => {
      const { key, topic: name, partition, offset, timestamp } = ctx
      seen.push([
        key,
        name,
        partition,
        offset,
        timestamp,
        ctx.headers.map((header) => [header.key, String(header.value)]),
      ])
    })
    const driver = testDriver(app, { partitions: { readings: 3 } })
    const headers = [{ key: 'trace', value: Buffer.from('t1') }]
    driver.push(Readings, [
      { key: 'a', value: { device: 'a', value: 100 }, partition: 2 },
      { key: null, value: { device: 'a', value: 200 }, partition: 2, headers },
    ])
    expect(seen).toEqual([
      ['a', 'readings', 2, 0, 100, []],
      [null, 'readings', 2, 1, 200, [['trace', 't1']]],
    ])
  })
})

describe('streams', () => {
  it('can be used more than once: each use sees every record', () => {
    const app = new App({ id: 'app' })
    const readings = app.stream(Readings)
    const Small = topic('small', { key: string, value: json<number>() })
    readings.map((reading) => reading.value).to(Small)
    readings.filter((reading) => reading.value > 1).to(Out)
    const driver = testDriver(app)
    driver.push(Readings, [
      { key: 'a', value: { device: 'a', value: 1 } },
      { key: 'a', value: { device: 'a', value: 2 } },
    ])
    expect(values(driver.read(Small))).toEqual([1, 2])
    expect(values(driver.read(Out))).toEqual([{ device: 'a', value: 2 }])
  })

  it('merge gives the records of both', () => {
    const app = new App({ id: 'app' })
    const Others = topic('others', { key: string, value: json<Reading>() })
    app.stream(Readings).merge(app.stream(Others)).to(Out)
    const driver = testDriver(app)
    driver.push(Readings, { key: 'a', value: { device: 'a', value: 1 } })
    driver.push(Others, { key: 'b', value: { device: 'b', value: 2 } })
    driver.push(Readings, { key: 'a', value: { device: 'a', value: 3 } })
    expect(driver.read(Out).map((record) => record.key)).toEqual(['a', 'b', 'a'])
  })

  it('through writes the topic and goes on from it', () => {
    const app = new App({ id: 'app' })
    const Between = topic('between', { key: string, value: json<number>() })
    app
      .stream(Readings)
      .map((reading) => reading.value)
      .through(Between)
      .map((value, ctx) => [value, ctx.topic])
      .to(Out)
    const driver = testDriver(app)
    driver.push(Readings, { key: 'a', value: { device: 'a', value: 4 } })
    expect(values(driver.read(Between))).toEqual([4])
    expect(values(driver.read(Out))).toEqual([[4, 'between']])
  })
})

describe('to', () => {
  it('writes under another key, partition, time and headers when told', () => {
    const app = new App({ id: 'app' })
    app.stream(Readings).to(Out, {
      key: (reading) => `device-${reading.device}`,
      partition: (reading) => reading.value,
      timestamp: (_, ctx) => ctx.timestamp + 1,
      headers: () => [{ key: 'by', value: Buffer.from('test') }],
    })
    const driver = testDriver(app)
    driver.push(Readings, { key: 'k', value: { device: 'a', value: 3 }, timestamp: 9 })
    expect(driver.read(Out)).toEqual([
      {
        key: 'device-a',
        value: { device: 'a', value: 3 },
        partition: 3,
        timestamp: 10,
        headers: [{ key: 'by', value: Buffer.from('test') }],
      },
    ])
  })

  it('writes null as a tombstone', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Readings)
      .map((reading) => (reading.value > 0 ? reading.value : null))
      .to(topic('out', { key: string, value: json<number>() }))
    const driver = testDriver(app)
    driver.push(Readings, { key: 'a', value: { device: 'a', value: 0 } })
    expect(driver.read(Out)).toMatchObject([{ key: 'a', value: null }])
  })

  it('hands bytes on that nothing has changed, exactly as they came', () => {
    const app = new App({ id: 'app' })
    const Copy = topic('copy', { key: Readings.key, value: Readings.value })
    app
      .stream(Readings)
      .filter(() => true)
      .to(Copy)
    const driver = testDriver(app)
    const Raw = topic('readings', { key: string, value: string })
    const RawCopy = topic('copy', { key: string, value: string })
    driver.push(Raw, { key: 'a', value: '{ "device" : "a",  "value" : 1.0 }' })
    expect(values(driver.read(RawCopy))).toEqual(['{ "device" : "a",  "value" : 1.0 }'])
  })
})

describe('tombstones', () => {
  it('are dropped and counted, unless they are asked for', () => {
    const dropping = new App({ id: 'app' })
    dropping.stream(Readings).to(Out)
    const driver = testDriver(dropping)
    driver.push(Readings, { key: 'a', value: null })
    expect(driver.read(Out)).toEqual([])
    expect(driver.metrics()[0]!.dropped).toEqual([{ operator: 'readings', reason: 'tombstone', records: 1 }])

    const keeping = new App({ id: 'app' })
    keeping.stream(Readings, { tombstones: 'keep' }).to(Out)
    const keeper = testDriver(keeping)
    keeper.push(Readings, { key: 'a', value: null })
    expect(keeper.read(Out)).toMatchObject([{ key: 'a', value: null }])
  })
})
