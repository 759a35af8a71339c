import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bytes, Client, int64, json, string, type Topic, topic } from '../../../client/index.ts'
import { App, tumbling } from '../../../processor/index.ts'
import { type Cluster, startCluster } from '../../../testing/index.ts'
import { idle, readAll, until } from '../support/until.ts'

const Events = topic('events', { key: string, value: json<number>() })
const Out = topic('out', { key: string, value: json<unknown>() })

let cluster: Cluster
let client: Client

beforeAll(async () => {
  cluster = await startCluster({ topics: [{ name: 'events', partitions: 2 }, 'out'] })
  client = new Client({ brokers: cluster.bootstrap })
})

afterAll(async () => {
  await client.close()
  await cluster.close()
})

/** A topic and its fresh namesake for one test. */
async function freshTopic(name: string, partitions = 1) {
  await cluster.createTopic({ name, partitions })
  return topic(name, { key: string, value: json<number>() })
}

async function send(
  to: Topic<string, number>,
  values: readonly (readonly [key: string, value: number, timestamp: number])[],
): Promise<void> {
  await using producer = client.producer()
  await producer.send(
    to,
    values.map(([key, value, timestamp]) => ({ key, value, timestamp })),
  )
}

describe('starting', () => {
  it('needs a client or brokers', async () => {
    const app = new App({ id: 'app' })
    app.stream(Events).to(Out)
    await expect(app.start()).rejects.toMatchObject({ code: 'PROCESSOR_INVALID_TOPOLOGY' })
  })

  it('names the topic that does not exist, and leaves nothing behind', async () => {
    const app = new App({ id: 'missing', client })
    app
      .stream(topic('no-such-topic', { key: string, value: string }))
      .groupByKey()
      .count({ as: 'n' })
    await expect(app.start()).rejects.toMatchObject({
      code: 'PROCESSOR_MISSING_TOPIC',
      message: "topic 'no-such-topic' does not exist",
    })
    await expect(app.finished()).rejects.toMatchObject({ code: 'PROCESSOR_MISSING_TOPIC' })
    await app.close()
    await using admin = client.admin()
    expect((await admin.listTopics()).filter(({ name }) => name.includes('missing'))).toEqual([])
  })

  it('is done once', async () => {
    const app = new App({ id: 'once', brokers: cluster.bootstrap })
    app.stream(Events).to(Out)
    await app.start()
    await expect(app.start()).rejects.toMatchObject({ code: 'PROCESSOR_CLOSED' })
    await app.close()
    await app.close()
    await app.finished()
    expect(app.metrics().state).toBe('closed')
  })

  it('that is interrupted by close rejects, and does not hang', async () => {
    const app = new App({ id: 'interrupted', brokers: cluster.bootstrap })
    app.stream(Events).to(Out)
    const starting = app.start()
    await app.close()
    await expect(starting).rejects.toMatchObject({ code: 'PROCESSOR_CLOSED' })
  })

  it('makes internal topics as wide as they must be, compacted or kept until they are read', async () => {
    const In = await freshTopic('wide-in', 3)
    const app = new App({ id: 'wide', client })
    app
      .stream(In)
      .groupBy(String, { as: 'by-value', key: string, partitions: 5 })
      .count({ as: 'n' })
      .to(topic('out', { key: string, value: int64 }))
    await app.start()
    await app.close()
    await using admin = client.admin()
    const [repartition, changelog] = await admin.describeTopics(['wide-by-value-repartition', 'wide-n-changelog'])
    expect([repartition.partitions.length, changelog.partitions.length]).toEqual([5, 5])
    const config = async (name: string) =>
      new Map((await admin.describeConfigs({ type: 'topic', name })).map((entry) => [entry.name, entry.value]))
    expect((await config(changelog.name)).get('cleanup.policy')).toBe('compact')
    expect((await config(repartition.name)).get('retention.ms')).toBe('-1')
  })

  it('refuses an internal topic of another width, whose keys would be elsewhere', async () => {
    await cluster.createTopic({ name: 'narrow-n-changelog', partitions: 7 })
    const app = new App({ id: 'narrow', client })
    app.stream(Events).groupByKey().count({ as: 'n' })
    await expect(app.start()).rejects.toMatchObject({
      code: 'PROCESSOR_INTERNAL_TOPIC_MISMATCH',
      message: expect.stringContaining("'narrow-n-changelog' has 7 partitions where 2 are needed") as string,
    })
  })

  it('is done for an instance that finds no partition left, which stands by', async () => {
    const In = await freshTopic('standby-in')
    const build = () => {
      const app = new App({ id: 'standby', client, commitInterval: '20ms' })
      app.stream(In).groupByKey().count({ as: 'n' })
      return app
    }
    const [busy, idler] = [build(), build()]
    await busy.start()
    await idler.start()
    await until(() => busy.metrics().tasks.length + idler.metrics().tasks.length === 1)
    const [holder, other] = busy.metrics().tasks.length === 1 ? [busy, idler] : [idler, busy]
    await holder.close()
    await until(() => other.metrics().tasks.length === 1)
    await other.close()
  })

  it('at the latest offset skips what was there before', async () => {
    const In = await freshTopic('latest-in')
    await send(In, [['a', 1, 1]])
    const seen: number[] = []
    const app = new App({ id: 'latest', client, from: 'latest', commitInterval: '20ms' })
    app
      .stream(In)
      .groupBy(() => 'all', { as: 'all', key: string })
      .process({ as: 'p', state: json<number>(), onRecord: (value) => void seen.push(value) })
    await app.start()
    await send(In, [['a', 2, 2]])
    await until(() => seen.length === 1)
    await app.close()
    expect(seen).toEqual([2])
  })
})

describe('running', () => {
  it('closes windows on silent input', async () => {
    const In = await freshTopic('silent-in', 2)
    const Panes = topic('silent-out', { key: string, value: int64 })
    await cluster.createTopic('silent-out')
    const app = new App({ id: 'silent', client, commitInterval: '20ms' })
    app
      .stream(In, { watermark: { idle: '600ms' } })
      .groupBy(() => 'all', { as: 'all', key: string })
      .window(tumbling({ size: 100 }))
      .count({ as: 'n' })
      .to(Panes)
    await app.start()
    await send(In, [
      ['a', 1, 1_000],
      ['b', 1, 1_010],
      ['c', 1, 1_020],
    ])
    await until(() => app.metrics().tasks.some(({ task, recordsOut }) => task.startsWith('1_') && recordsOut > 0))
    await app.close()
    expect(await readAll(client, Panes)).toMatchObject([{ key: 'all', value: 3 }])
  })

  it('waits for a model, uses it, and swaps in the next version between two records', async () => {
    const In = await freshTopic('models-in')
    const Models = await freshTopic('models-models')
    const Scores = topic('models-out', { key: string, value: json<[number, number]>() })
    await cluster.createTopic('models-out')
    const build = () => {
      const app = new App({ id: 'models', client, commitInterval: '20ms' })
      app
        .stream(In)
        .withModel(Models, {
          maxWaiting: 2,
          score: (value, factor, { model }): [number, number] => [value * factor, model.offset],
        })
        .to(Scores)
      return app
    }
    const app = build()
    await app.start()
    await send(
      In,
      [1, 2, 3, 4].map((value) => ['a', value, value] as const),
    )
    await until(() => app.metrics().tasks[0]?.waiting === 2)
    await send(In, [['a', 5, 5]])
    await send(Models, [['m', 10, 1]])
    await until(() => app.metrics().tasks[0].recordsOut === 5)
    await send(Models, [['m', 100, 2]])
    await until(() => app.metrics().models[0].applied === 2)
    await send(In, [['a', 6, 6]])
    await until(() => app.metrics().tasks[0].recordsOut === 6)
    await app.close()
    const again = build()
    await again.start()
    await send(In, [['a', 7, 7]])
    await until(() => again.metrics().tasks[0].recordsOut === 1)
    await again.close()
    expect((await readAll(client, Scores)).map(({ value }) => value)).toEqual([
      [10, 0],
      [20, 0],
      [30, 0],
      [40, 0],
      [50, 0],
      [600, 1],
      [700, 1],
    ])
  })

  it('sends records that it skips to the dead letters, as they came', async () => {
    const In = await freshTopic('dead-in')
    const Dead = topic('dead-letters', { key: string, value: bytes })
    await cluster.createTopic('dead-letters')
    const app = new App({ id: 'dead', client, onError: 'skip', deadLetters: 'dead-letters', commitInterval: '20ms' })
    app.stream(In).to(Out)
    await app.start()
    await using producer = client.producer()
    await producer.send(topic('dead-in', { key: string, value: string }), [{ key: 'k', value: 'no json' }])
    await idle(client, app, 'dead', ['dead-in'])
    expect(app.metrics().tasks[0].dropped).toEqual([{ operator: 'dead-in', reason: 'decode-failed', records: 1 }])
    await app.close()
    const [dead] = await readAll(client, Dead)
    expect([dead.key, Buffer.from(dead.value!).toString()]).toEqual(['k', 'no json'])
    expect(dead.headers.map(({ key }) => key)).toEqual([
      'millrace.reason',
      'millrace.operator',
      'millrace.error',
      'millrace.source',
    ])
  })

  it('goes on when the broker drops its connections, and again when it comes back from a crash', async () => {
    const In = await freshTopic('faults-in')
    const Counts = topic('faults-out', { key: string, value: int64 })
    await cluster.createTopic('faults-out')
    const app = new App({ id: 'faults', client, commitInterval: '20ms' })
    app.stream(In).groupByKey().count({ as: 'n' }).to(Counts)
    await app.start()
    await send(In, [['a', 1, 1]])
    cluster.faults.dropConnections()
    await send(In, [['a', 1, 2]])
    await idle(client, app, 'faults', ['faults-in'])
    await cluster.faults.kill()
    await cluster.faults.restart()
    await send(In, [['a', 1, 3]])
    await until(
      () =>
        app.metrics().lag.every(({ records }) => records === 0) &&
        app.metrics().tasks.some(({ stateEntries }) => stateEntries.n === 1),
    )
    await idle(client, app, 'faults', ['faults-in'])
    await app.close()
    expect((await readAll(client, Counts)).at(-1)?.value).toBeGreaterThanOrEqual(3)
  })

  it('tells what it does: records, lag, watermark, state', async () => {
    const In = await freshTopic('told-in', 2)
    const app = new App({ id: 'told', client, commitInterval: '20ms' })
    expect(() => app.metrics()).toThrow('was not started')
    app.stream(In).groupByKey().count({ as: 'n' })
    await app.start()
    await send(In, [
      ['a', 1, 10],
      ['b', 1, 20],
      ['c', 1, 30],
    ])
    await idle(client, app, 'told', ['told-in'])
    const { state, tasks, lag, commits, commitsRefused } = app.metrics()
    expect(state).toBe('running')
    expect(tasks.map(({ task }) => task)).toEqual(['0_0', '0_1'])
    expect(tasks.reduce((sum, { recordsIn }) => sum + recordsIn, 0)).toBe(3)
    expect(tasks.reduce((sum, { stateEntries }) => sum + stateEntries.n, 0)).toBe(3)
    expect(Math.max(...tasks.map(({ watermark }) => watermark))).toBe(30)
    expect(lag.map(({ topic: name, records }) => [name, records])).toEqual([
      ['told-in', 0],
      ['told-in', 0],
    ])
    expect(commits).toBeGreaterThan(0)
    expect(commitsRefused).toBe(0)
    await app.close()
  })
})
