import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client, int64, json, msgpack, string, topic } from '../../../client/index.ts'
import { App, type AppOptions, tumbling, type } from '../../../processor/index.ts'
import { type Cluster, startCluster } from '../../../testing/index.ts'
import { idle, readAll, until } from '../support/until.ts'

/** The same tasks as under the test driver, now on a broker: what was committed is gone on from, by whoever comes next. */

const Events = topic('events', { key: string, value: json<{ n: number; at: number }>() })
const Counts = topic('counts', { key: string, value: int64 })
const Panes = topic('panes', { key: string, value: json<[start: number, count: number]>() })

let cluster: Cluster
let client: Client

beforeAll(async () => {
  cluster = await startCluster()
  client = new Client({ brokers: cluster.bootstrap })
})

afterAll(async () => {
  await client.close()
  await cluster.close()
})

/** Topics of one test, which are none of another's. */
async function topicsFor(name: string, partitions = 2) {
  const topics = {
    Events: topic(`${name}-events`, { key: Events.key, value: Events.value }),
    Counts: topic(`${name}-counts`, { key: Counts.key, value: Counts.value }),
    Panes: topic(`${name}-panes`, { key: Panes.key, value: Panes.value }),
  }
  await cluster.createTopic({ name: topics.Events.name, partitions })
  await cluster.createTopic({ name: topics.Counts.name, partitions: 1 })
  await cluster.createTopic({ name: topics.Panes.name, partitions: 1 })
  return topics
}

type Topics = Awaited<ReturnType<typeof topicsFor>>

async function send(topics: Topics, from: number, to: number): Promise<void> {
  await using producer = client.producer()
  const records = Array.from({ length: to - from }, (_, i) => ({
    key: `k${(from + i) % 5}`,
    value: { n: from + i, at: 1_000 + from + i },
  }))
  await producer.send(topics.Events, records)
}

/** Running counts, and counts per window behind a repartition topic. */
function counting(id: string, topics: Topics, options: Partial<AppOptions> = {}): App {
  const app = new App({ id, client, commitInterval: '20ms', ...options })
  const events = app.stream(topics.Events, { time: ({ at }) => at, watermark: { delay: 100, idle: 'never' } })
  events.groupByKey().count({ as: 'counts' }).to(topics.Counts)
  events
    .groupBy(({ n }) => `mod${n % 3}`, { as: 'by-mod', key: string })
    .window(tumbling({ size: 100 }))
    .count({ as: 'panes' })
    .map((count, { window }): [number, number] => [window.start, count])
    .to(topics.Panes)
  return app
}

/** The last count of each key. */
function lastOf(records: readonly { key: string | null; value: number | null }[]): Record<string, number | null> {
  return Object.fromEntries(records.map(({ key, value }) => [key, value]))
}

describe('an app that is closed and started again', () => {
  it('goes on from its committed offsets and its state: every record counts once', async () => {
    const topics = await topicsFor('resume')
    const watched = [topics.Events.name, 'resume-by-mod-repartition']
    for (const [from, to] of [
      [0, 500],
      [500, 900],
      [900, 1_500],
    ]) {
      const app = counting('resume', topics)
      await app.start()
      await send(topics, from, to)
      await idle(client, app, 'resume', watched)
      await app.close()
    }
    const counts = await readAll(client, topics.Counts)
    expect(lastOf(counts)).toEqual({ k0: 300, k1: 300, k2: 300, k3: 300, k4: 300 })
    // Each key's count went up by one at a time: nothing was counted twice or left out at either restart.
    for (const key of ['k0', 'k1', 'k2', 'k3', 'k4']) {
      const seen = counts.filter((record) => record.key === key).map(({ value }) => value)
      expect(seen).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
    }
    // Windows up to the watermark have closed, each once, with all that was in them.
    const panes = await readAll(client, topics.Panes)
    const total = panes.reduce((sum, { value }) => sum + value![1], 0)
    expect(total).toBe(1_300)
    expect(new Set(panes.map(({ key, value }) => `${key} ${value![0]}`)).size).toBe(39)
  })

  it('resumes timers: one that was set before the restart fires after it', async () => {
    const topics = await topicsFor('timers', 1)
    const Alarms = topic('timers-alarms', { key: string, value: json<string>() })
    await cluster.createTopic('timers-alarms')
    const build = () => {
      const app = new App({ id: 'timers', client, commitInterval: '20ms' })
      app
        .stream(topics.Events, { time: ({ at }) => at, watermark: { idle: 'never' } })
        .groupByKey()
        .process({
          as: 'silence',
          state: msgpack<number>(),
          emits: type<string>(),
          onRecord: ({ n }, ctx) => {
            ctx.state = n
            ctx.timers.event('silent', ctx.timestamp + 50)
            ctx.timers.wall('soon', ctx.nowMs + 1)
          },
          onTimer: (timer, ctx) => ctx.emit(`${timer.name} after ${ctx.state}`),
        })
        .to(Alarms)
      return app
    }
    await using producer = client.producer()
    const first = build()
    await first.start()
    await producer.send(topics.Events, [{ key: 'a', value: { n: 7, at: 1_000 } }])
    await idle(client, first, 'timers', [topics.Events.name])
    await first.close()
    const second = build()
    await second.start()
    await producer.send(topics.Events, [{ key: 'b', value: { n: 8, at: 1_050 } }])
    let alarms = await readAll(client, Alarms)
    while (alarms.length < 3) alarms = await readAll(client, Alarms)
    await second.close()
    expect(alarms.map(({ key, value }) => `${key} ${value}`).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'a silent after 7',
      'a soon after 7',
      'b soon after 8',
    ])
  })
})

describe('an app that dies', () => {
  /** A client whose consumers die at the commit of offsets, when outputs and changelogs are already flushed. */
  function dyingAtCommit(after: number): Client {
    let commits = 0
    const dying = (target: object, name: string | symbol): unknown => {
      const member: unknown = Reflect.get(target, name)
      if (name === 'commit') {
        return (...args: unknown[]) =>
          ++commits > after
            ? Promise.reject(new Error('killed'))
            : (member as (...args: unknown[]) => unknown).apply(target, args)
      }
      return typeof member === 'function' ? member.bind(target) : member
    }
    return new Proxy(client, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (name === 'consumer') {
          return (options: Parameters<Client['consumer']>[0]) => new Proxy(target.consumer(options), { get: dying })
        }
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  }

  it('between flush and commit: its successor may repeat some and loses none', async () => {
    const topics = await topicsFor('dies')
    const doomed = counting('dies', topics, { client: dyingAtCommit(2) })
    await doomed.start()
    const failure = doomed.finished().catch((thrown: unknown) => thrown)
    let sent = 0
    while (doomed.metrics().state !== 'failed') {
      await send(topics, sent, sent + 100)
      sent += 100
    }
    expect(await failure).toMatchObject({ code: 'PROCESSOR_CLIENT_FAILED', message: 'killed' })
    const heir = counting('dies', topics)
    await heir.start()
    await send(topics, sent, sent + 300)
    sent += 300
    await idle(client, heir, 'dies', [topics.Events.name, 'dies-by-mod-repartition'])
    await heir.close()
    const counts = await readAll(client, topics.Counts)
    // At least once: records between the last commit and the death are given again, and counted again.
    expect(counts.length).toBeGreaterThanOrEqual(sent)
    for (const count of Object.values(lastOf(counts))) expect(count).toBeGreaterThanOrEqual(sent / 5)
    // What windows gave for whole windows covers every record that was sent in them.
    const closed = Math.floor((sent - 101) / 100)
    const panes = await readAll(client, topics.Panes)
    const largest = new Map<string, number>()
    for (const { key, value } of panes) {
      const name = `${key} ${value![0]}`
      largest.set(name, Math.max(largest.get(name) ?? 0, value![1]))
    }
    const complete = [...largest].filter(([name]) => Number(name.split(' ')[1]) < 1_000 + (closed - 1) * 100)
    for (const [, count] of complete) expect(count).toBeGreaterThanOrEqual(33)
  })

  it('at a record: nothing after the last commit counts as done', async () => {
    const topics = await topicsFor('poison', 1)
    const seen: number[] = []
    const build = (poison: number) => {
      const app = new App({ id: 'poison', client, commitInterval: '1h' })
      app.stream(topics.Events).forEach(({ n }) => {
        if (n === poison) throw new Error('poison')
        seen.push(n)
      })
      return app
    }
    await send(topics, 0, 10)
    const doomed = build(6)
    await doomed.start()
    await until(() => doomed.metrics().state === 'failed')
    await expect(doomed.close()).rejects.toMatchObject({ code: 'PROCESSOR_PROCESSING_FAILED', place: { offset: 6 } })
    await expect(doomed.finished()).rejects.toMatchObject({ code: 'PROCESSOR_PROCESSING_FAILED' })
    // It is told once; what closes twice, as `await using` does, does not throw twice.
    await doomed.close()
    const healed = build(-1)
    await healed.start()
    await until(() => seen.length >= 16)
    await healed.close()
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const third = build(-1)
    await third.start()
    await send(topics, 10, 11)
    await until(() => seen.length >= 17)
    await third.close()
    expect(seen.at(-1)).toBe(10)
  })
})

describe('two instances of an app', () => {
  it('share the partitions, and one takes over all when the other goes', async () => {
    const topics = await topicsFor('pair', 4)
    const one = counting('pair', topics)
    await one.start()
    await send(topics, 0, 200)
    await idle(client, one, 'pair', [topics.Events.name, 'pair-by-mod-repartition'])
    const two = counting('pair', topics)
    await two.start()
    await until(() => one.metrics().tasks.length === 4 && two.metrics().tasks.length === 4)
    await send(topics, 200, 600)
    await idle(client, one, 'pair', [topics.Events.name, 'pair-by-mod-repartition'])
    await one.close()
    await send(topics, 600, 1_000)
    await idle(client, two, 'pair', [topics.Events.name, 'pair-by-mod-repartition'])
    expect(two.metrics().tasks.length).toBe(8)
    await two.close()
    const counts = await readAll(client, topics.Counts)
    for (const count of Object.values(lastOf(counts))) expect(count).toBeGreaterThanOrEqual(200)
    for (const key of ['k0', 'k1', 'k2', 'k3', 'k4']) {
      expect(
        new Set(counts.filter((record) => record.key === key).map(({ value }) => value)).size,
      ).toBeGreaterThanOrEqual(200)
    }
  })
})
