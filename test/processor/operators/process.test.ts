import { describe, expect, it } from 'vitest'
import { json, msgpack, string, topic } from '../../../client/index.ts'
import { App, type ProcessContext, testDriver, type Timer, type } from '../../../processor/index.ts'

const Beats = topic('beats', {
  key: string,
  value: json<{ set?: [name: string, kind: 'event' | 'wall', at: number][]; cancel?: string }>(),
})
const Out = topic('out', { key: string, value: json<unknown>() })

interface Seen {
  count: number
}

type Ctx = ProcessContext<string, Seen, unknown>

/** Sets and cancels timers as records say; tells of everything that happens. */
function timers(onTimer: (timer: Timer, ctx: Ctx) => void = () => {}) {
  const app = new App({ id: 'app' })
  app
    .stream(Beats, { watermark: { idle: 'never' } })
    .groupByKey()
    .process({
      as: 'timers',
      state: msgpack<Seen>(),
      emits: type<unknown>(),
      onRecord: (beat, ctx) => {
        ctx.state ??= { count: 0 }
        ctx.state.count++
        for (const [name, kind, at] of beat.set ?? []) ctx.timers[kind](name, at)
        if (beat.cancel !== undefined) ctx.timers.cancel(beat.cancel)
        ctx.emit(`record ${ctx.timestamp}`)
      },
      onTimer: (timer, ctx) => {
        ctx.emit(`${timer.kind} ${timer.name} ${timer.at}`)
        onTimer(timer, ctx)
      },
    })
    .to(Out)
  return testDriver(app, { startMs: 1_000 })
}

function told(driver: ReturnType<typeof timers>) {
  return driver.read(Out).map(({ key, value }) => `${key}: ${value as string}`)
}

describe('event-time timers', () => {
  it('fire in the order of their times, before the record that moved time past them', () => {
    const driver = timers()
    const set = [
      ['late', 'event', 30],
      ['soon', 'event', 10],
      ['then', 'event', 20],
    ] as ['late', 'event', 30][]
    driver.push(Beats, { key: 'a', value: { set }, timestamp: 0 })
    driver.push(Beats, { key: 'b', value: {}, timestamp: 25 })
    expect(told(driver)).toEqual(['a: record 0', 'a: event soon 10', 'a: event then 20', 'b: record 25'])
    driver.push(Beats, { key: 'b', value: {}, timestamp: 30 })
    expect(told(driver)).toEqual(['a: event late 30', 'b: record 30'])
  })

  it('of one time fire by key, then by name', () => {
    const driver = timers()
    for (const key of ['b', 'c', 'a']) {
      const set = [
        ['y', 'event', 10],
        ['x', 'event', 10],
      ] as ['y', 'event', 10][]
      driver.push(Beats, { key, value: { set }, timestamp: 0 })
    }
    told(driver)
    driver.push(Beats, { key: 'z', value: {}, timestamp: 10 })
    expect(told(driver).slice(0, -1)).toEqual(
      ['a', 'b', 'c'].flatMap((key) => [`${key}: event x 10`, `${key}: event y 10`]),
    )
  })

  it('move when they are set again, and are gone when cancelled', () => {
    const driver = timers()
    driver.push(Beats, { key: 'a', value: { set: [['t', 'event', 10]] }, timestamp: 0 })
    driver.push(Beats, { key: 'a', value: { set: [['t', 'event', 20]] }, timestamp: 1 })
    driver.push(Beats, { key: 'b', value: { set: [['t', 'event', 20]] }, timestamp: 2 })
    driver.push(Beats, { key: 'b', value: { set: [['t', 'event', 15]] }, timestamp: 3 })
    driver.push(Beats, { key: 'c', value: { set: [['t', 'event', 15]] }, timestamp: 4 })
    driver.push(Beats, { key: 'c', value: { cancel: 't' }, timestamp: 5 })
    told(driver)
    driver.push(Beats, { key: 'z', value: {}, timestamp: 19 })
    expect(told(driver)).toEqual(['b: event t 15', 'z: record 19'])
    driver.push(Beats, { key: 'z', value: {}, timestamp: 20 })
    expect(told(driver)).toEqual(['a: event t 20', 'z: record 20'])
  })

  it('set for a time that has passed fire at once', () => {
    const driver = timers()
    driver.push(Beats, { key: 'a', value: {}, timestamp: 100 })
    driver.push(Beats, { key: 'a', value: { set: [['t', 'event', 50]] }, timestamp: 101 })
    expect(told(driver)).toEqual(['a: record 100', 'a: record 101', 'a: event t 50'])
  })

  it('that set themselves again catch up one by one', () => {
    const driver = timers((timer, ctx) => ctx.timers.event('tick', timer.at + 10))
    driver.push(Beats, { key: 'a', value: { set: [['tick', 'event', 10]] }, timestamp: 0 })
    told(driver)
    driver.push(Beats, { key: 'z', value: {}, timestamp: 35 })
    expect(told(driver)).toEqual(['a: event tick 10', 'a: event tick 20', 'a: event tick 30', 'z: record 35'])
  })

  it('that set themselves for the same time fire again when there is another chance, not without end', () => {
    let fired = 0
    const driver = timers((timer, ctx) => {
      fired++
      ctx.timers.event('again', timer.at)
    })
    driver.push(Beats, { key: 'a', value: { set: [['again', 'event', 10]] }, timestamp: 0 })
    driver.push(Beats, { key: 'z', value: {}, timestamp: 10 })
    // Before the record, after it, and at the end of its turn.
    expect(fired).toBe(3)
    driver.push(Beats, { key: null, value: {}, timestamp: 10 })
    expect(fired).toBe(4)
  })

  it('are in the place of their own time when they emit', () => {
    const driver = timers()
    driver.push(Beats, { key: 'a', value: { set: [['t', 'event', 10]] }, timestamp: 0 })
    driver.push(Beats, { key: 'z', value: {}, timestamp: 500 })
    expect(driver.read(Out).map(({ key, timestamp }) => [key, timestamp])).toEqual([
      ['a', 0],
      ['a', 10],
      ['z', 500],
    ])
  })
})

describe('wall-clock timers', () => {
  it('fire when the clock reaches them, without any record', () => {
    const driver = timers()
    driver.push(Beats, { key: 'a', value: { set: [['t', 'wall', 1_500]] }, timestamp: 9_000 })
    driver.advance(499)
    expect(told(driver)).toEqual(['a: record 9000'])
    driver.advance(1)
    expect(told(driver)).toEqual(['a: wall t 1500'])
    driver.advance(10_000)
    expect(told(driver)).toEqual([])
  })

  it('set for now from a timer fire in the next turn, not for ever', () => {
    const driver = timers((_, ctx) => ctx.timers.wall('poll', ctx.nowMs))
    driver.push(Beats, { key: 'a', value: { set: [['poll', 'wall', 1_100]] }, timestamp: 0 })
    told(driver)
    driver.advance(100)
    expect(told(driver)).toEqual(['a: wall poll 1100'])
    driver.advance(100)
    expect(told(driver)).toEqual(['a: wall poll 1100', 'a: wall poll 1200'])
  })
})

describe('timers and state', () => {
  it('survive a restart, in the same order', () => {
    const driver = timers()
    for (const [key, at] of [
      ['b', 30],
      ['a', 30],
      ['c', 20],
    ] as const) {
      driver.push(Beats, { key, value: { set: [['t', 'event', at]] }, timestamp: 0 })
      driver.push(Beats, { key, value: { set: [['w', 'wall', 2_000 + at]] }, timestamp: 0 })
    }
    told(driver)
    driver.restart()
    expect(driver.state<string, Seen>('timers').map(({ key, state }) => [key, state.count])).toEqual([
      ['b', 2],
      ['a', 2],
      ['c', 2],
    ])
    driver.push(Beats, { key: 'z', value: {}, timestamp: 30 })
    expect(told(driver)).toEqual(['c: event t 20', 'a: event t 30', 'b: event t 30', 'z: record 30'])
    driver.advance(1_500)
    expect(told(driver)).toEqual(['c: wall w 2020', 'a: wall w 2030', 'b: wall w 2030'])
  })

  it('a change of state in place is kept', () => {
    const driver = timers()
    driver.push(Beats, { key: 'a', value: {}, timestamp: 0 })
    driver.restart()
    driver.push(Beats, { key: 'a', value: {}, timestamp: 1 })
    driver.restart()
    expect(driver.state<string, Seen>('timers')).toMatchObject([{ key: 'a', state: { count: 2 } }])
  })

  it('are gone once the state is undefined and no timer is left', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Beats)
      .groupByKey()
      .process({
        as: 'gone',
        state: msgpack<number>(),
        onRecord: (beat, ctx) => {
          ctx.state = beat.cancel === undefined ? 1 : undefined
        },
      })
    const driver = testDriver(app)
    driver.push(Beats, [
      { key: 'a', value: {} },
      { key: 'b', value: {} },
    ])
    driver.push(Beats, { key: 'a', value: { cancel: 'x' } })
    expect(driver.state('gone').map(({ key }) => key)).toEqual(['b'])
    expect(driver.metrics()[0].stateEntries).toEqual({ gone: 1 })
    driver.restart()
    expect(driver.state('gone').map(({ key }) => key)).toEqual(['b'])
  })

  it('a timer without onTimer is refused where it is set', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Beats)
      .groupByKey()
      .process({ as: 'p', state: msgpack<number>(), onRecord: (_, ctx) => ctx.timers.event('t', 1) })
    const driver = testDriver(app)
    expect(() => driver.push(Beats, { key: 'a', value: {} })).toThrow('there is no onTimer')
  })
})
