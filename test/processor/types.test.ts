import { beforeEach, describe, expect, expectTypeOf, it } from 'vitest'
import { int32, json, msgpack, string, topic } from '../../client/index.ts'
import {
  App,
  type ModelVersion,
  onTime,
  type RecordContext,
  type Stream,
  testDriver,
  tumbling,
  type,
  type WindowContext,
} from '../../processor/index.ts'

/** Inference is a promise: what follows from topics is never said again. Checked by the compiler. */

interface Bid {
  readonly auction: number
  readonly price: number
  readonly at: number
}

type Command = { readonly kind: 'restart'; readonly after: number } | { readonly kind: 'replace' }

const Bids = topic('bids', { key: string, value: json<Bid>() })
const Prices = topic('prices', { key: int32, value: json<number>() })

/** The topology of the test at hand: built for real, so that what the compiler accepts also runs. */
let app = new App({ id: 'types' })

beforeEach(() => {
  app = new App({ id: 'types' })
})

function stream() {
  return app.stream(Bids, {
    time: (bid, ctx) => {
      expectTypeOf(bid).toEqualTypeOf<Bid>()
      expectTypeOf(ctx.key).toEqualTypeOf<string | null>()
      return bid.at
    },
    watermark: { delay: '2s', idle: '5s' },
  })
}

describe('types', () => {
  it('follow the topic through filter, map and flatMap', () => {
    expectTypeOf(stream()).toEqualTypeOf<Stream<string | null, Bid>>()
    expectTypeOf(stream().map((bid) => bid.price)).toEqualTypeOf<Stream<string | null, number>>()
    expectTypeOf(stream().flatMap((bid) => [bid.price, 'x'])).toEqualTypeOf<Stream<string | null, string | number>>()
    const kept = app.stream(Bids, { tombstones: 'keep' })
    expectTypeOf(kept).toEqualTypeOf<Stream<string | null, Bid | null>>()
    expect(app.describe()).toContain('reads bids, watermark delay 2000 ms, idle 5000 ms')
  })

  it('narrow through a type guard', () => {
    const commands = stream().map(
      (bid): Command => (bid.price > 1 ? { kind: 'replace' } : { kind: 'restart', after: 1 }),
    )
    const restarts = commands.filter((command) => command.kind === 'restart')
    expectTypeOf(restarts.map((command) => command.after)).toEqualTypeOf<Stream<string | null, number>>()
    expect(app.describe()).toContain('filter-2 (filter) <- map-1')
  })

  it('take the new key from groupBy, and only a windowed aggregate has a window', () => {
    const grouped = stream().groupBy((bid) => bid.auction, { as: 'by-auction', key: int32 })
    const panes = grouped
      .window(tumbling({ size: '10s' }))
      .trigger(onTime())
      .count({ as: 'bids' })
    expectTypeOf(panes).toEqualTypeOf<Stream<number, number, WindowContext<number>>>()
    panes.map((count, ctx) => {
      expectTypeOf(count).toEqualTypeOf<number>()
      expectTypeOf(ctx.key).toEqualTypeOf<number>()
      expectTypeOf(ctx.window.start).toEqualTypeOf<number>()
      return count
    })
    const running = grouped.count({ as: 'running' })
    expectTypeOf(running).toEqualTypeOf<Stream<number, number, RecordContext<number>>>()
    // @ts-expect-error a running aggregate has no window
    running.map((_, ctx) => ctx.window)
    expect(app.describe()).toContain('writes types-by-auction-repartition')
  })

  it('take the state of an aggregate from its serde', () => {
    stream()
      .groupByKey()
      .aggregate({
        as: 'stats',
        state: msgpack<{ sum: number }>(),
        init: (key) => {
          expectTypeOf(key).toEqualTypeOf<string>()
          return { sum: 0 }
        },
        // @ts-expect-error the state has no such field
        add: (state, bid) => ({ sum: state.total + bid.price }),
      })
    expect(app.describe()).toContain('changelog types-stats-changelog')
  })

  it('refuse a sink of another type, and take a wider one', () => {
    const prices = stream().groupBy((bid) => bid.auction, { as: 'a', key: int32 })
    const counted = prices.count({ as: 'n' })
    counted.to(Prices)
    // @ts-expect-error keys are numbers
    counted.to(topic('x', { key: string, value: json<number>() }))
    // @ts-expect-error values are numbers
    counted.to(topic('x', { key: int32, value: string }))
    counted.to(topic('x', { key: int32, value: json<number | string>() }))
    counted.to(topic('x', { key: string, value: json<number>() }), { key: (value) => String(value) })
    expect(app.describe()).toContain('writes prices')
  })

  it('let process emit what it says it emits', () => {
    const commands = stream()
      .groupByKey()
      .process({
        as: 'sessions',
        state: json<{ seen: number }>(),
        emits: type<Command>(),
        onRecord: (bid, ctx) => {
          expectTypeOf(bid).toEqualTypeOf<Bid>()
          expectTypeOf(ctx.key).toEqualTypeOf<string>()
          expectTypeOf(ctx.state).toEqualTypeOf<{ seen: number } | undefined>()
          ctx.emit({ kind: 'replace' })
          // @ts-expect-error not a command
          ctx.emit({ kind: 'dance' })
        },
        onTimer: (timer, ctx) => {
          expectTypeOf(timer.kind).toEqualTypeOf<'event' | 'wall'>()
          ctx.emit({ kind: 'restart', after: timer.at })
        },
      })
    expectTypeOf(commands).toEqualTypeOf<Stream<string, Command>>()
    expect(app.describe()).toContain('sessions (process) <- bids')
  })

  it('infer a model and what it gives', () => {
    const Models = topic('models', { key: string, value: json<{ weight: number }>() })
    const scored = stream().withModel(Models, {
      load: (model) => {
        expectTypeOf(model).toEqualTypeOf<{ weight: number }>()
        return (price: number) => price * model.weight
      },
      score: (bid, score, ctx) => {
        expectTypeOf(score).toEqualTypeOf<(price: number) => number>()
        expectTypeOf(ctx.model).toEqualTypeOf<ModelVersion<string>>()
        return score(bid.price)
      },
    })
    expectTypeOf(scored).toEqualTypeOf<Stream<string | null, number>>()
    const plain = stream().withModel(Models, { score: (bid, model) => bid.price * model.weight })
    expectTypeOf(plain).toEqualTypeOf<Stream<string | null, number>>()
    expect(app.describe()).toContain('newest of models, before: wait')
  })

  it('are read back from the driver', () => {
    const Out = topic('out', { key: string, value: json<number>() })
    stream()
      .map((bid) => bid.price)
      .to(Out)
    const driver = testDriver(app)
    // @ts-expect-error not a bid
    driver.push(Bids, { key: 'a', value: { auction: 'x', price: 1, at: 1 } })
    driver.push(Bids, { key: 'a', value: { auction: 1, price: 7, at: 2 } })
    const [, second] = driver.read(Out)
    expectTypeOf(second.value).toEqualTypeOf<number | null>()
    expect(second.value).toBe(7)
  })
})
