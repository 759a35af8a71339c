import { describe, expect, it } from 'vitest'
import { json, msgpack, string, topic } from '../../../client/index.ts'
import { App, type AppOptions, type Failure, ProcessorError, testDriver } from '../../../processor/index.ts'

const In = topic('in', { key: string, value: json<number>() })
const Raw = topic('in', { key: string, value: string })
const Out = topic('out', { key: string, value: json<number>() })
const Dead = topic('dead', { key: string, value: string })

function doubled(options: Partial<AppOptions> = {}) {
  const app = new App({ id: 'app', ...options })
  app
    .stream(In)
    .map((value) => {
      if (value < 0) throw new RangeError('negative')
      return value * 2
    })
    .to(Out)
  return testDriver(app)
}

function thrownBy(act: () => void): ProcessorError {
  try {
    act()
  } catch (thrown) {
    if (thrown instanceof ProcessorError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}

describe('a record whose processing throws', () => {
  it('stops the app with its place, by default', () => {
    const driver = doubled()
    driver.push(In, { key: 'a', value: 1 })
    const error = thrownBy(() => driver.push(In, { key: 'a', value: -1 }))
    expect(error).toMatchObject({
      code: 'PROCESSOR_PROCESSING_FAILED',
      message: 'map-1: negative (in-0 at offset 1)',
      place: { topic: 'in', partition: 0, offset: 1, operator: 'map-1' },
    })
    expect(error.cause).toBeInstanceOf(RangeError)
  })

  it('is skipped, counted and sent to the dead letters with its bytes, when so told', () => {
    const driver = doubled({ onError: 'skip', deadLetters: 'dead' })
    driver.push(In, [
      { key: 'a', value: 1 },
      { key: 'b', value: -1, timestamp: 5, headers: [{ key: 'trace', value: Buffer.from('t') }] },
      { key: 'c', value: 3 },
    ])
    expect(driver.read(Out).map(({ value }) => value)).toEqual([2, 6])
    const [dead] = driver.read(Dead)
    expect(dead).toMatchObject({ key: 'b', value: '-1', timestamp: 5 })
    expect(dead.headers.map(({ key, value }) => [key, String(value)])).toEqual([
      ['trace', 't'],
      ['millrace.reason', 'processing-failed'],
      ['millrace.operator', 'map-1'],
      ['millrace.error', 'negative'],
      ['millrace.source', 'in-0@1'],
    ])
    expect(driver.metrics()[0].dropped).toEqual([{ operator: 'map-1', reason: 'processing-failed', records: 1 }])
  })

  it('is what the handler says', () => {
    const failures: Failure[] = []
    const driver = doubled({
      onError: (failure) => {
        failures.push(failure)
        return failure.offset === 0 ? 'skip' : 'fail'
      },
    })
    driver.push(In, { key: 'a', value: -1 })
    expect(() => driver.push(In, { key: 'a', value: -2 })).toThrow('negative')
    expect(failures.map(({ stage, offset }) => [stage, offset])).toEqual([
      ['process', 0],
      ['process', 1],
    ])
  })
})

describe('a record that cannot be read', () => {
  it('stops the app, by default', () => {
    const driver = doubled()
    const error = thrownBy(() => driver.push(Raw, { key: 'a', value: '{' }))
    expect(error.code).toBe('PROCESSOR_DECODE_FAILED')
    expect(error.message).toContain('in-0 at offset 0')
  })

  it('goes to the dead letters as it came, when so told', () => {
    const driver = doubled({ onError: 'skip', deadLetters: 'dead' })
    driver.push(Raw, { key: 'a', value: '{' })
    expect(driver.read(Dead)).toMatchObject([{ key: 'a', value: '{' }])
    expect(driver.metrics()[0].dropped).toEqual([{ operator: 'in', reason: 'decode-failed', records: 1 }])
  })

  it('by its key counts as unreadable only where the key is asked for', () => {
    const BadKeys = topic('in', { key: json<string>(), value: json<number>() })
    const app = new App({ id: 'app', onError: 'skip' })
    const stream = app.stream(BadKeys)
    const seen: number[] = []
    stream.forEach((value) => seen.push(value))
    stream.groupByKey().count({ as: 'n' })
    const driver = testDriver(app)
    driver.push(topic('in', { key: string, value: json<number>() }), { key: '{', value: 4 })
    expect(seen).toEqual([4])
    expect(driver.metrics()[0].dropped).toEqual([{ operator: 'n', reason: 'decode-failed', records: 1 }])
  })
})

describe('a result that cannot be written', () => {
  it('is an encoding failure of the sink', () => {
    const app = new App({ id: 'app' })
    app
      .stream(In)
      .map(() => undefined as unknown as number)
      .to(Out)
    const driver = testDriver(app)
    const error = thrownBy(() => driver.push(In, { key: 'a', value: 1 }))
    expect(error).toMatchObject({ code: 'PROCESSOR_ENCODE_FAILED', place: { operator: 'sink-2' } })
  })
})

describe('a time that is none', () => {
  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('%d is a failure of the stream', (time) => {
    const app = new App({ id: 'app', onError: 'skip' })
    app.stream(In, { time: () => time }).to(Out)
    const driver = testDriver(app)
    driver.push(In, { key: 'a', value: 1 })
    expect(driver.read(Out)).toEqual([])
    expect(driver.metrics()[0].dropped).toEqual([{ operator: 'in', reason: 'processing-failed', records: 1 }])
  })
})

describe('a timer whose function throws', () => {
  it('is counted when skipping, and the timers after it still fire', () => {
    const fired: string[] = []
    const app = new App({ id: 'app', onError: 'skip', deadLetters: 'dead' })
    app
      .stream(In)
      .groupByKey()
      .process({
        as: 'p',
        state: msgpack<number>(),
        onRecord: (value, ctx) => ctx.timers.event('t', value),
        onTimer: (_, ctx) => {
          if (ctx.key === 'b') throw new Error('bad')
          fired.push(ctx.key)
        },
      })
    const driver = testDriver(app)
    driver.push(In, [
      { key: 'a', value: 10, timestamp: 0 },
      { key: 'b', value: 11, timestamp: 0 },
      { key: 'c', value: 12, timestamp: 0 },
      { key: 'd', value: 99, timestamp: 20 },
    ])
    expect(fired).toEqual(['a', 'c'])
    expect(driver.metrics()[0].dropped).toEqual([{ operator: 'p', reason: 'processing-failed', records: 1 }])
    expect(driver.read(Dead)).toEqual([])
  })
})
