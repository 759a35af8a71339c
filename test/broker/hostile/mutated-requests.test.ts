import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Api } from '../../../proto/kafka/api.ts'
import { ApiVersions, apisByKey } from '../../../proto/kafka/generated/apis.ts'
import { type Cluster, startCluster } from '../../../testing/cluster.ts'
import { RawClient } from '../../support/raw-client.ts'

/** Requests that Kafka 4.3 wrote, every key and version, as whole frames: the corpus that the mutator works on. */
function corpus(): Buffer[] {
  const path = join(import.meta.dirname, '../../fixtures/kafka/messages.jsonl.gz')
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n')
  const frames: Buffer[] = []
  for (const line of lines) {
    const { message, key, version, hex } = JSON.parse(line) as {
      message: string
      key: number
      version: number
      hex: string
    }
    const api = apisByKey.get(key)
    if (api === undefined || !message.endsWith('Request')) continue
    frames.push(frameOf(api, version, Buffer.from(hex, 'hex')))
  }
  return frames
}

function frameOf(api: Api<unknown, unknown>, version: number, body: Buffer): Buffer {
  const clientId = Buffer.from('fuzz')
  const head = Buffer.alloc(14)
  head.writeInt16BE(api.key, 4)
  head.writeInt16BE(version, 6)
  head.writeInt32BE(1, 8)
  head.writeInt16BE(clientId.length, 12)
  const tags = version >= api.flexibleFrom ? Buffer.from([0]) : Buffer.alloc(0)
  return withLength(Buffer.concat([head, clientId, tags, body]))
}

function withLength(frame: Buffer): Buffer {
  frame.writeInt32BE(frame.length - 4, 0)
  return frame
}

/** A seeded generator: the same seed gives the same mutations. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const NASTY = [
  '7fffffff',
  'ffffffff',
  '80000000',
  '00000000',
  '7fff',
  'ffff',
  '8000',
  'ffffffff0f',
  'ffffffff7f',
  '8080808080',
]

/** One of: bytes flipped, cut short, a nasty number written over a place, a piece doubled. The length stays true. */
function mutate(frame: Buffer, random: (below: number) => number): Buffer {
  const copy = Buffer.from(frame)
  const place = () => 14 + random(Math.max(1, copy.length - 14))
  switch (random(4)) {
    case 0:
      for (let count = 1 + random(4); count > 0; count -= 1) copy[place()] = random(256)
      return withLength(copy)
    case 1:
      return withLength(copy.subarray(0, Math.max(12, place())))
    case 2: {
      const nasty = Buffer.from(NASTY[random(NASTY.length)] ?? '', 'hex')
      nasty.copy(copy, Math.min(place(), copy.length - 1))
      return withLength(copy)
    }
    default: {
      const [from, to] = [place(), place()].sort((left, right) => left - right) as [number, number]
      return withLength(Buffer.concat([copy.subarray(0, to), copy.subarray(from)]))
    }
  }
}

let cluster: Cluster
const problems: string[] = []

beforeAll(async () => {
  cluster = await startCluster({
    topics: ['orders'],
    logger: {
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (fields, message) =>
        problems.push(
          `${message}: ${JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.stack : value))}`,
        ),
    },
  })
})

afterAll(async () => {
  await cluster?.close()
})

async function sendAll(frames: readonly Buffer[]): Promise<void> {
  const client = await RawClient.connect(cluster.bootstrap)
  for (const frame of frames) client.socket.write(frame)
  client.socket.end()
  await client.untilClosed()
}

/** Requests that got as far as their handler's api, all keys together. */
function requestsSeen(): number {
  const text = cluster.brokers[0]?.services.metrics.render() ?? ''
  return [...text.matchAll(/^millrace_requests_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
}

const heapMegabytes = () => process.memoryUsage().heapUsed / 2 ** 20

describe('hostile requests', () => {
  it('requests of every key and version, sent whole, break no handler', async () => {
    const frames = corpus()
    expect(frames.length).toBeGreaterThan(300)
    // One connection each: a request that waits would hold back those behind it.
    for (const frame of frames) await sendAll([frame])
    expect(problems).toEqual([])
    expect(requestsSeen()).toBeGreaterThan(300)
  })

  it('mutated requests break no handler, and the others are served all the while', async () => {
    await using good = await RawClient.connect(cluster.bootstrap)
    const before = heapMegabytes()
    const random = generator(20261121)
    const frames = corpus()
    for (let round = 0; round < 4; round += 1) {
      for (const [index, frame] of frames.entries()) {
        await sendAll([mutate(frame, random)])
        if (index % 100 !== 0) continue
        const answer = await good.request(ApiVersions, 3, { clientSoftwareName: 'good', clientSoftwareVersion: '1' })
        expect(answer.errorCode).toBe(0)
      }
    }
    expect(problems).toEqual([])
    expect(heapMegabytes() - before).toBeLessThan(300)
  }, 60_000)
})
