import { afterEach, describe, expect, it } from 'vitest'
import { Client } from '../../client/index.ts'
import { servePage } from '../../demo/server.ts'
import { Anomalies, createTopics, Models, Scores, Sessions, Telemetry, TelemetryBytes } from '../../demo/topics.ts'
import type { Session } from '../../demo/messages.ts'
import type { ClusterInfo } from '../../demo/page/watch-cluster.ts'
import { startCluster } from '../../testing/cluster.ts'
import { MINUTE, model, reading, sample } from './rig.ts'

interface ServerEvent {
  readonly kind: string
  readonly data: never
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function serve() {
  const cluster = await startCluster()
  closing.push(() => cluster.close())
  const client = new Client({ brokers: cluster.bootstrap })
  closing.push(() => client.close())
  const stop = new AbortController()
  await createTopics(client.admin(), stop.signal)
  const page = await servePage({
    host: '127.0.0.1',
    port: 0,
    client,
    metrics: sample.metrics,
    counts: () => ({ in: 6, scored: 3, waiting: 2, rejected: 1 }),
    signal: stop.signal,
  })
  closing.push(async () => page[Symbol.asyncDispose]())
  return { client, page, producer: client.producer(), stop }
}

/** Reads a stream until an event satisfies; gives all that came until then. */
async function until(
  url: string,
  satisfied: (event: ServerEvent, all: ServerEvent[]) => boolean,
): Promise<ServerEvent[]> {
  const events: ServerEvent[] = []
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [kind, data] = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const event = { kind: kind.slice('event: '.length), data: JSON.parse(data.slice('data: '.length)) as never }
      events.push(event)
      if (satisfied(event, events)) return events
    }
  }
  return events
}

const session = (device: string): Session => ({
  device,
  state: 'HEALTHY',
  sinceMs: 5,
  reason: 'test',
  restarts: 0,
  replacements: 0,
  episodes: 0,
  episode: '',
  silent: false,
})

const score = (device: string, minute: number) => ({
  device,
  atMs: minute * MINUTE,
  score: 1,
  threshold: 3.5,
  modelVersion: 1,
  inEpisode: false,
  sequence: minute,
})

describe('the page’s stream', () => {
  it('tells a new page what the topics held before it came, and what comes after', async () => {
    const { page, producer } = await serve()
    await producer.send(Models, [{ key: 'fleet', value: model }])
    await producer.send(Sessions, [
      { key: 'd2', value: session('d2') },
      { key: 'd1', value: session('d1') },
    ])
    const url = `${page.url}/demo/events`
    await until(url, (_, all) =>
      ['models', 'sessions'].every((kind) => all.some((e) => e.kind === kind && (e.data as unknown[]).length > 0)),
    )
    const events = await until(url, ({ kind }) => kind === 'throughput')
    expect(events[0]).toEqual({ kind: 'hello', data: { device: 'd1', metrics: sample.metrics } })
    const models = events.find(({ kind }) => kind === 'models')!.data as { id: string; hash: string }[]
    expect(models).toEqual([expect.objectContaining({ id: 'fleet@1', hash: model.hash, rows: model.trainedFrom.rows })])
    expect(events.find(({ kind }) => kind === 'sessions')!.data).toHaveLength(2)
  })

  it('tells scores and readings of the chosen device alone, and skips what is no reading', async () => {
    const { page, producer } = await serve()
    const send = async () => {
      for (const device of ['d1', 'd2']) {
        await producer.send(Scores, [{ key: device, value: score(device, 7) }])
        await producer.send(Telemetry, [{ key: device, value: reading(3), timestamp: 3 * MINUTE }])
        await producer.send(TelemetryBytes, [{ key: device, value: Buffer.from('broken') }])
      }
    }
    let sending = Promise.resolve()
    const ticker = setInterval(() => {
      sending = sending.then(send)
    }, 200)
    const events = await until(`${page.url}/demo/events?device=d2`, (_, all) =>
      ['scores', 'readings'].every((kind) => all.some((e) => e.kind === kind && (e.data as unknown[]).length > 0)),
    )
    clearInterval(ticker)
    await sending
    const scores = events.filter((e) => e.kind === 'scores').flatMap((e) => e.data as { device: string }[])
    expect(new Set(scores.map((s) => s.device))).toEqual(new Set(['d2']))
    const readings = events
      .filter((e) => e.kind === 'readings')
      .flatMap((e) => e.data as { values: number[]; atMs: number }[])
    expect(readings[0].values).toHaveLength(sample.metrics.length)
    expect(readings[0].atMs).toBe(3 * MINUTE)
  })

  it('tells who leads what, and what the demo has counted', async () => {
    const { page } = await serve()
    const events = await until(`${page.url}/demo/events`, (_, all) =>
      ['cluster', 'counts'].every((kind) =>
        all.some((e) => e.kind === kind && (kind === 'counts' || (e.data as ClusterInfo).brokers.length > 0)),
      ),
    )
    const cluster = events.findLast(({ kind }) => kind === 'cluster')!.data as ClusterInfo
    expect(cluster.brokers).toEqual([{ id: 1, alive: true, controller: true }])
    expect(cluster.partitions).toHaveLength(6)
    expect(cluster.partitions[0]).toEqual({ partition: 0, leader: 1, replicas: [1], inSync: [1] })
    expect(cluster.moves).toBe(0)
    expect(events.find(({ kind }) => kind === 'counts')!.data).toEqual({ in: 6, scored: 3, waiting: 2, rejected: 1 })
  })

  it('passes anomalies on with their causes', async () => {
    const { page, producer } = await serve()
    const anomaly = {
      device: 'd1',
      phase: 'OPENED',
      episode: 'd1/1',
      openedAtMs: 1,
      atMs: 1,
      score: 4.5,
      threshold: 3.5,
      model: 'fleet@1',
      modelVersion: 1,
      causes: [{ metric: 'cpu_r', share: 0.5, value: 2, expected: 1, deviation: 9, repeats: 0 }],
      records: 1,
      partition: 0,
      offset: 0,
      sentAtMs: 0,
    } as const
    let sending: Promise<unknown> = Promise.resolve()
    const ticker = setInterval(() => {
      sending = sending.then(() => producer.send(Anomalies, [{ key: 'd1', value: anomaly }]))
    }, 200)
    const events = await until(
      `${page.url}/demo/events`,
      ({ kind, data }) => kind === 'anomalies' && (data as unknown[]).length > 0,
    )
    clearInterval(ticker)
    await sending
    expect((events.at(-1)!.data as unknown[])[0]).toEqual(anomaly)
  })

  it('serves the page’s own files and nothing else', async () => {
    const { page } = await serve()
    for (const path of [
      '/package.json',
      '/../package.json',
      '/%2e%2e/package.json',
      '/assets/../../package.json',
      '/demo/nothing',
    ]) {
      expect((await fetch(page.url + path)).status).toBe(404)
    }
    const home = await fetch(page.url)
    expect([200, 503]).toContain(home.status)
    await home.text()
  })

  it('refuses more pages than it can feed, and takes new ones when others leave', async () => {
    const { page } = await serve()
    const open = Array.from({ length: 32 }, () => new AbortController())
    const url = `${page.url}/demo/events?device=x`
    for (const { signal } of open) expect((await fetch(url, { signal })).status).toBe(200)
    const refused = await fetch(url)
    expect(refused.status).toBe(503)
    await refused.text()
    open[0].abort()
    await expect
      .poll(async () => {
        const stop = new AbortController()
        const { status } = await fetch(url, { signal: stop.signal })
        stop.abort()
        return status
      })
      .toBe(200)
    for (const each of open) each.abort()
  })
})
