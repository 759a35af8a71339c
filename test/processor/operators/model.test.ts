import { describe, expect, it } from 'vitest'
import { int64, json, string, topic } from '../../../client/index.ts'
import {
  App,
  type AppOptions,
  type ModelOptions,
  type RecordContext,
  testDriver,
  tumbling,
} from '../../../processor/index.ts'

interface Reading {
  kind: string
  value: number
}

const Readings = topic('readings', { key: string, value: json<Reading>() })
const Models = topic('models', { key: string, value: json<{ factor: number }>() })
const Scores = topic('scores', { key: string, value: json<unknown>() })
const Rejected = topic('rejected', { key: string, value: json<Reading>() })

type Options = Partial<
  ModelOptions<Reading, string, { factor: number }, { factor: number }, unknown, RecordContext<string | null>>
>

function scorer(options: Options = {}, appOptions: Partial<AppOptions> = {}) {
  const app = new App({ id: 'app', ...appOptions })
  app
    .stream(Readings)
    .withModel(Models, {
      score: ({ value }, { factor }, { model }) => [value * factor, `${String(model.key)}@${model.offset}`],
      ...options,
    })
    .to(Scores)
  return testDriver(app)
}

function reading(value: number, kind = 'x') {
  return { key: 'd', value: { kind, value } }
}

function scores(driver: ReturnType<typeof scorer>) {
  return driver.read(Scores).map(({ value }) => value)
}

describe('withModel', () => {
  it('applies the newest model, which each score can name, from the record after it came', () => {
    const driver = scorer()
    driver.push(Models, { key: 'm', value: { factor: 2 } })
    driver.push(Readings, [reading(1), reading(2)])
    driver.push(Models, { key: 'm', value: { factor: 10 } })
    driver.push(Readings, reading(3))
    expect(scores(driver)).toEqual([
      [2, 'm@0'],
      [4, 'm@0'],
      [30, 'm@1'],
    ])
  })

  it('chooses by key when told which', () => {
    const driver = scorer({ key: ({ kind }) => kind })
    driver.push(Models, [
      { key: 'x', value: { factor: 2 } },
      { key: 'y', value: { factor: 3 } },
    ])
    driver.push(Readings, [reading(1, 'x'), reading(1, 'y')])
    expect(scores(driver)).toEqual([
      [2, 'x@0'],
      [3, 'y@1'],
    ])
  })

  it('loads each version once', () => {
    let loads = 0
    const load = (model: { factor: number }) => {
      loads++
      return model
    }
    const driver = scorer({ load })
    driver.push(Models, { key: 'm', value: { factor: 2 } })
    driver.push(Readings, [reading(1), reading(2), reading(3)])
    driver.push(Models, { key: 'm', value: { factor: 3 } })
    driver.push(Readings, [reading(1), reading(2)])
    expect(loads).toBe(2)
  })

  it('keeps the version before when one cannot be loaded, and says so', () => {
    const refused: unknown[] = []
    const load = (model: { factor: number }) => {
      if (model.factor < 0) throw new Error('negative')
      return model
    }
    const onError: AppOptions['onError'] = ({ stage, operator, offset, error }) => {
      refused.push([stage, operator, offset, (error as Error).message])
      return 'skip'
    }
    const driver = scorer({ load }, { onError })
    driver.push(Models, { key: 'm', value: { factor: 2 } })
    driver.push(Readings, reading(1))
    driver.push(Models, { key: 'm', value: { factor: -1 } })
    driver.push(Readings, reading(1))
    expect(scores(driver)).toEqual([
      [2, 'm@0'],
      [2, 'm@0'],
    ])
    expect(refused).toEqual([['model', 'models', 1, 'negative']])
  })

  it('goes back to the model before when the newest is deleted', () => {
    const driver = scorer()
    driver.push(Models, [
      { key: 'v1', value: { factor: 1 } },
      { key: 'v2', value: { factor: 2 } },
    ])
    driver.push(Models, { key: 'v2', value: null })
    driver.push(Readings, reading(5))
    expect(scores(driver)).toEqual([[5, 'v1@0']])
  })
})

describe('records before the first model', () => {
  it('wait, and go on in their order when it comes', () => {
    const driver = scorer()
    driver.push(Readings, [reading(1), reading(2)])
    expect(scores(driver)).toEqual([])
    expect(driver.metrics()[0].waiting).toBe(2)
    driver.push(Models, { key: 'm', value: { factor: 2 } })
    driver.push(Readings, reading(3))
    expect(scores(driver)).toEqual([
      [2, 'm@0'],
      [4, 'm@0'],
      [6, 'm@0'],
    ])
    expect(driver.metrics()[0].waiting).toBe(0)
  })

  it('wait only for their own model', () => {
    const driver = scorer({ key: ({ kind }) => kind })
    driver.push(Models, { key: 'y', value: { factor: 3 } })
    driver.push(Readings, [reading(1, 'x'), reading(1, 'y'), reading(2, 'x')])
    expect(scores(driver)).toEqual([[3, 'y@0']])
    driver.push(Models, { key: 'x', value: { factor: 2 } })
    expect(scores(driver)).toEqual([
      [2, 'x@1'],
      [4, 'x@1'],
    ])
  })

  it('that wait are not committed: a restart reads them again and loses none', () => {
    const driver = scorer()
    driver.push(Readings, [reading(1), reading(2)])
    driver.restart()
    expect(driver.metrics()[0].waiting).toBe(2)
    driver.push(Models, { key: 'm', value: { factor: 2 } })
    expect(scores(driver)).toEqual([
      [2, 'm@0'],
      [4, 'm@0'],
    ])
    driver.restart()
    expect(scores(driver)).toEqual([])
  })

  it('beyond maxWaiting are not taken: the task stops reading and goes on when a model comes', () => {
    const driver = scorer({ maxWaiting: 3 })
    driver.push(
      Readings,
      [1, 2, 3, 4, 5].map((value) => reading(value)),
    )
    expect(driver.metrics()[0]).toMatchObject({ waiting: 3, recordsIn: 3 })
    driver.push(Readings, reading(6))
    expect(driver.metrics()[0]).toMatchObject({ waiting: 3, recordsIn: 3 })
    driver.push(Models, { key: 'm', value: { factor: 1 } })
    expect(scores(driver).map((score) => (score as [number])[0])).toEqual([1, 2, 3, 4, 5, 6])
    expect(driver.metrics()[0]).toMatchObject({ waiting: 0, recordsIn: 6 })
  })

  it('can be dropped instead: counted, and sent on as rejected', () => {
    const driver = scorer({ before: 'drop', rejected: Rejected })
    driver.push(Readings, { ...reading(1), timestamp: 77 })
    driver.push(Models, { key: 'm', value: { factor: 2 } })
    driver.push(Readings, reading(2))
    expect(scores(driver)).toEqual([[4, 'm@0']])
    expect(driver.metrics()[0].dropped).toEqual([{ operator: 'models', reason: 'no-model', records: 1 }])
    const [rejected] = driver.read(Rejected)
    expect(rejected).toMatchObject({ key: 'd', value: { kind: 'x', value: 1 }, timestamp: 77 })
    expect(rejected.headers.map(({ key, value }) => [key, String(value)])).toEqual([
      ['millrace.reason', 'no-model'],
      ['millrace.operator', 'models'],
    ])
  })

  it('hold event time back for what comes after, so that none is late by having waited', () => {
    const Counts = topic('counts', { key: string, value: int64 })
    const build = () => {
      const app = new App({ id: 'app' })
      app
        .stream(Readings)
        .withModel(Models, { score: ({ value }) => value })
        .groupByKey()
        .window(tumbling({ size: 10 }))
        .count({ as: 'n' })
        .to(Counts)
      return testDriver(app)
    }
    const readings = [1, 12, 25, 31].map((timestamp) => ({ ...reading(1), timestamp }))
    const driver = build()
    driver.push(Readings, readings)
    driver.restart()
    driver.push(Models, { key: 'm', value: { factor: 1 } })
    expect(driver.read(Counts).map(({ value }) => value)).toEqual([1, 1, 1])
    expect(driver.metrics()[0].dropped).toEqual([])
  })

  it('may not wait behind state of the same task', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Readings)
      .groupByKey()
      .count({ as: 'n' })
      .withModel(Models, { score: (count, { factor }) => count * factor })
      .to(topic('x', { key: string, value: int64 }))
    expect(() => testDriver(app)).toThrow('waits for models behind state')
  })
})
