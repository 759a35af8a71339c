import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { int32, int64, json, msgpack, string, topic } from '../../../client/index.ts'
import { App, testDriver, tumbling, type TestDriver, type } from '../../../processor/index.ts'

/** What was committed is what a restart goes on from, wherever the crash came. */

const Events = topic('events', { key: string, value: json<number>() })
const Running = topic('running', { key: string, value: int64 })
const Panes = topic('panes', { key: string, value: json<[start: number, values: number[], timing: string]>() })
const Machine = topic('machine', { key: string, value: json<[string, number, number]>() })
const ByValue = topic('by-value', { key: int32, value: json<[start: number, count: number]>() })

type Step =
  | { readonly kind: 'push'; readonly key: string; readonly value: number; readonly time: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'commit' }
  | { readonly kind: 'crash' }

const push = fc.record({
  kind: fc.constant('push' as const),
  key: fc.constantFrom('a', 'b', 'c'),
  value: fc.integer({ min: 0, max: 9 }),
  time: fc.integer({ min: -15, max: 30 }),
})
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: push },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 50 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('commit' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
  ),
  { maxLength: 60 },
)

/** Windows that take lateness, a running count and a state machine with both kinds of timers, over one partition. */
function keyed(lateness: number): TestDriver {
  const app = new App({ id: 'app' })
  const events = app.stream(Events, { watermark: { delay: 5, idle: 'never' } }).groupByKey()
  events.count({ as: 'running' }).to(Running)
  events
    .window(tumbling({ size: 10 }), { lateness })
    .aggregate({
      as: 'values',
      state: msgpack<number[]>(),
      init: () => [],
      add: (values, value) => [...new Set([...values, value])].toSorted((a, b) => a - b),
    })
    .map((values, { window, pane }): [number, number[], string] => [window.start, values, pane.timing])
    .to(Panes)
  events
    .process({
      as: 'machine',
      state: msgpack<{ seen: number; fired: number }>(),
      emits: type<[string, number, number]>(),
      onRecord: (value, ctx) => {
        ctx.state ??= { seen: 0, fired: 0 }
        ctx.state.seen += value
        ctx.timers.event('silent', ctx.timestamp + 12)
        ctx.timers.wall(`w${value}`, 20 * value)
      },
      onTimer: (timer, ctx) => {
        // How often a wall-clock timer fires depends on the clock at which its records are worked on.
        if (timer.kind === 'wall') return ctx.emit([timer.name, timer.at, 0])
        ctx.state!.fired++
        ctx.emit([timer.name, timer.at, ctx.state!.seen])
      },
    })
    .to(Machine)
  return testDriver(app, { commit: 'manual' })
}

/** Counts per value and window, behind a repartition topic that three partitions write. */
function rekeyed(): TestDriver {
  const app = new App({ id: 'app' })
  app
    .stream(Events, { watermark: { delay: 100_000, idle: 'never' } })
    .groupBy((value) => value, { as: 'by-value', key: int32, partitions: 2 })
    .window(tumbling({ size: 10 }))
    .count({ as: 'counts' })
    .map((count, { window }): [number, number] => [window.start, count])
    .to(ByValue)
  return testDriver(app, { commit: 'manual', partitions: { events: 3 } })
}

/** Plays steps. Times wander forward; `crash` says what the crash steps do. */
function play(driver: TestDriver, list: readonly Step[], crash: (driver: TestDriver) => void): void {
  let time = 1_000
  for (const step of list) {
    if (step.kind === 'push') {
      time += Math.max(0, step.time)
      driver.push(Events, { key: step.key, value: step.value, timestamp: time + Math.min(0, step.time) })
    } else if (step.kind === 'advance') driver.advance(step.ms)
    else if (step.kind === 'commit') driver.commit()
    else crash(driver)
  }
  driver.advance(1_000)
}

function nothing(): void {}

/** Everything written, as text per topic in order. */
function written(driver: TestDriver): Record<string, string[]> {
  const topics = [Running, Panes, Machine, ByValue]
  return Object.fromEntries(
    topics.map((each) => [
      each.name,
      driver.read<unknown, unknown>(each).map(({ key, value, timestamp }) => JSON.stringify([key, value, timestamp])),
    ]),
  )
}

function sets(lists: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, [...new Set(list)].toSorted()]))
}

function state(driver: TestDriver, ...stores: string[]): string[] {
  return stores
    .flatMap((store) =>
      driver.state(store).map((entry) => JSON.stringify([store, entry.key, entry.window, entry.state])),
    )
    .toSorted()
}

describe('a crash right after a commit', () => {
  it('is not to be seen: the same outputs once, in the same order, and the same state', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(0, 7), (list, lateness) => {
        const [calm, crashed] = [keyed(lateness), keyed(lateness)]
        play(calm, list, nothing)
        play(crashed, list, (driver) => {
          driver.commit()
          driver.restart()
        })
        const [expected, actual] = [written(calm), written(crashed)]
        // Which key of a window comes first is the order of its first record, which a compacted changelog forgets.
        expect(actual[Panes.name].toSorted()).toEqual(expected[Panes.name].toSorted())
        expect(actual[Machine.name]).toEqual(expected[Machine.name])
        expect(actual[Running.name]).toEqual(expected[Running.name])
        expect(state(crashed, 'running', 'values', 'machine')).toEqual(state(calm, 'running', 'values', 'machine'))
      }),
      { numRuns: 150 },
    )
  })
})

describe('a crash at any other time', () => {
  it('repeats outputs but loses and invents none, and ends in the same state', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(0, 7), (list, lateness) => {
        const [calm, crashed] = [keyed(lateness), keyed(lateness)]
        play(calm, list, nothing)
        play(crashed, list, (driver) => driver.restart())
        const [expected, actual] = [written(calm), written(crashed)]
        for (const each of [Running, Panes, Machine])
          expect(actual[each.name].length).toBeGreaterThanOrEqual(expected[each.name].length)
        expect(sets(actual)).toEqual(sets(expected))
        expect(state(crashed, 'running', 'values', 'machine')).toEqual(state(calm, 'running', 'values', 'machine'))
      }),
      { numRuns: 150 },
    )
  })

  it('between changelogs and offsets counts twice, but loses nothing and fires no window a second time', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const [calm, crashed] = [keyed(0), keyed(0)]
        play(calm, list, nothing)
        play(crashed, list, (driver) => {
          driver.commit({ offsets: false })
          driver.restart()
        })
        const [expected, actual] = [written(calm), written(crashed)]
        expect(actual[Panes.name].toSorted()).toEqual(expected[Panes.name].toSorted())
        expect(state(crashed, 'values')).toEqual(state(calm, 'values'))
        const counts = new Map(crashed.state<string, number>('running').map((entry) => [entry.key, entry.state]))
        for (const entry of calm.state<string, number>('running'))
          expect(counts.get(entry.key)).toBeGreaterThanOrEqual(entry.state)
      }),
      { numRuns: 150 },
    )
  })

  it('does not lose what was on its way through a repartition topic', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const [calm, crashed] = [rekeyed(), rekeyed()]
        play(calm, list, nothing)
        play(crashed, list, (driver) => {
          driver.commit()
          driver.restart()
        })
        for (const driver of [calm, crashed]) driver.advanceWatermark(Events, 1e9)
        expect(sets(written(crashed))).toEqual(sets(written(calm)))
      }),
      { numRuns: 100 },
    )
  })
})

describe('event time', () => {
  const Others = topic('others', { key: string, value: json<number>() })

  function at(timestamp: number, partition = 0) {
    return { key: 'a', value: 1, timestamp, partition }
  }

  it('waits after a restart for what was idle, which may have much to say, until it has been silent again', () => {
    const app = new App({ id: 'app' })
    const watermark = { idle: 100 }
    app.stream(Events, { watermark }).merge(app.stream(Others, { watermark })).groupByKey().count({ as: 'n' })
    const driver = testDriver(app)
    driver.push(Events, at(10))
    driver.push(Others, at(5))
    driver.advance(60)
    driver.push(Events, at(20))
    driver.advance(60)
    expect(driver.watermark('n')).toBe(20)
    driver.restart()
    expect(driver.watermark('n')).toBe(20)
    driver.push(Events, at(30))
    expect(driver.watermark('n')).toBe(20)
    driver.advance(60)
    driver.push(Events, at(31))
    driver.advance(60)
    expect(driver.watermark('n')).toBe(31)
  })

  it('of an upstream task that was idle is waited for as well', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Events, { watermark: { idle: 100 } })
      .groupBy((value) => value, { as: 'g', key: int32 })
      .window(tumbling({ size: 1_000 }))
      .count({ as: 'n' })
    const driver = testDriver(app, { partitions: { events: 2 } })
    driver.push(Events, [at(40, 0), at(50, 1)])
    driver.advance(60)
    driver.push(Events, at(60, 0))
    driver.advance(60)
    driver.push(Events, at(70, 0))
    expect(driver.watermark('n')).toBe(70)
    driver.restart()
    driver.push(Events, at(80, 0))
    expect(driver.watermark('n')).toBe(70)
    driver.push(Events, at(90, 1))
    expect(driver.watermark('n')).toBe(80)
  })

  it('of upstream tasks that say nothing new is still known after a restart', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Events, { watermark: { idle: 'never' } })
      .groupBy((value) => value, { as: 'g', key: int32 })
      .window(tumbling({ size: 1_000 }))
      .count({ as: 'n' })
    const driver = testDriver(app, { partitions: { events: 2 } })
    driver.push(Events, [at(40, 0), at(50, 1)])
    expect(driver.watermark('n')).toBe(40)
    driver.restart()
    driver.push(Events, at(100, 0))
    expect(driver.watermark('n')).toBe(50)
  })

  it('that was committed late makes what is worked on again late, and counted, where its window has fired', () => {
    const app = new App({ id: 'app' })
    app
      .stream(Events)
      .groupByKey()
      .window(tumbling({ size: 10 }))
      .count({ as: 'n' })
      .to(Running)
    const driver = testDriver(app, { commit: 'manual' })
    driver.push(Events, [at(1), at(2), at(10)])
    driver.commit({ offsets: false })
    driver.restart()
    expect(driver.read(Running).map(({ value }) => value)).toEqual([2])
    expect(driver.metrics()[0].dropped).toEqual([{ operator: 'n', reason: 'late', records: 2 }])
  })
})
