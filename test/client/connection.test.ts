import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ApiVersions, Heartbeat, ListGroups, Metadata } from '../../proto/kafka/generated/apis.ts'
import { resolveClientOptions } from '../../client/config.ts'
import { FrameMemory } from '../../client/network/frame-memory.ts'
import { FrameReader } from '../../client/network/frame-reader.ts'
import { ConnectionPool } from '../../client/network/pool.ts'
import { FakeBroker } from './support/fake-broker.ts'

const HEARTBEAT = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null }
const OK = { throttleTimeMs: 0, errorCode: 0 }

function poolFor(
  broker: { readonly port: number },
  options: object = {},
): { pool: ConnectionPool; address: { host: string; port: number } } {
  const address = { host: '127.0.0.1', port: broker.port }
  return {
    pool: new ConnectionPool(
      resolveClientOptions({ brokers: `127.0.0.1:${broker.port}`, retryBackoffMs: 1, ...options }),
    ),
    address,
  }
}

describe('a connection', () => {
  it('uses the highest version that both sides have, and says so when there is none', async () => {
    await using broker = await FakeBroker.start()
    broker.on(Heartbeat, () => OK, { min: 0, max: 2 }).on(Metadata, () => null, { min: 90, max: 99 })
    const { pool, address } = poolFor(broker)
    const connection = await pool.get(address, 'control')
    expect(connection.version(Heartbeat)).toBe(2)
    expect(connection.version(Heartbeat, 1)).toBe(1)
    expect(() => connection.version(Metadata)).toThrow(expect.objectContaining({ code: 'CLIENT_UNSUPPORTED' }) as Error)
    expect(() => connection.version(ListGroups)).toThrow('ListGroups')
    expect(await connection.request(Heartbeat, HEARTBEAT, 2, 1000)).toEqual(OK)
    pool.close()
  })

  it('falls back to an older ApiVersions when told the version is not known (W2)', async () => {
    await using broker = await FakeBroker.start()
    const answer = {
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1,
      finalizedFeatures: [],
      zkMigrationReady: false,
    }
    const seen: number[] = []
    broker.onRaw(ApiVersions, (version) => {
      seen.push(version)
      const apiKeys = [{ apiKey: 18, minVersion: 0, maxVersion: 2 }]
      if (version === 3) return { version: 0, response: { ...answer, errorCode: 35, apiKeys } }
      return {
        version,
        response: { ...answer, errorCode: 0, apiKeys: [...apiKeys, { apiKey: 12, minVersion: 0, maxVersion: 1 }] },
      }
    })
    const { pool, address } = poolFor(broker)
    const connection = await pool.get(address, 'control')
    expect(seen).toEqual([3, 2])
    expect(connection.version(Heartbeat)).toBe(1)
    pool.close()
  })

  it('fails what is in flight when an answer does not come in time, and is opened anew', async () => {
    await using broker = await FakeBroker.start()
    broker.on(Heartbeat, (_request, { count }) => (count === 1 ? null : OK))
    const { pool, address } = poolFor(broker)
    const first = await pool.get(address, 'control')
    await expect(first.request(Heartbeat, HEARTBEAT, 4, 20)).rejects.toMatchObject({
      code: 'CLIENT_REQUEST_TIMEOUT',
      retriable: true,
    })
    expect(first.isOpen).toBe(false)
    const second = await pool.get(address, 'control')
    expect(await second.request(Heartbeat, HEARTBEAT, 4, 1000)).toEqual(OK)
    pool.close()
  })

  it('notices an earlier deadline behind a later one', async () => {
    await using broker = await FakeBroker.start()
    broker.on(Heartbeat, () => null)
    const { pool, address } = poolFor(broker)
    const connection = await pool.get(address, 'control')
    const patient = connection.request(Heartbeat, HEARTBEAT, 4, 600_000)
    await expect(connection.request(Heartbeat, HEARTBEAT, 4, 20)).rejects.toMatchObject({
      code: 'CLIENT_REQUEST_TIMEOUT',
    })
    await expect(patient).rejects.toMatchObject({ code: 'CLIENT_REQUEST_TIMEOUT' })
    pool.close()
  })

  it('fails what is in flight when the broker hangs up or sends nonsense', async () => {
    await using broker = await FakeBroker.start()
    broker.on(Heartbeat, () => 'hang up').onRaw(ListGroups, () => ({ version: 0, bytes: Buffer.from([0, 0]) }))
    const { pool, address } = poolFor(broker)
    const connection = await pool.get(address, 'control')
    await expect(connection.request(Heartbeat, HEARTBEAT, 4, 1000)).rejects.toMatchObject({ code: 'CLIENT_CONNECTION' })
    const next = await pool.get(address, 'control')
    const broken = next.request(ListGroups, { statesFilter: [], typesFilter: [] }, 4, 1000)
    await expect(broken).rejects.toMatchObject({ code: 'CLIENT_PROTOCOL', retriable: false })
    pool.close()
  })

  it('keeps the purposes apart and shares one opening among callers', async () => {
    await using broker = await FakeBroker.start()
    broker.on(Heartbeat, () => OK)
    const { pool, address } = poolFor(broker)
    const [a, b, other] = await Promise.all([pool.get(address, 'x'), pool.get(address, 'x'), pool.get(address, 'y')])
    expect(a).toBe(b)
    expect(other).not.toBe(a)
    pool.closeChannel('y')
    expect(other.isOpen).toBe(false)
    expect(a.isOpen).toBe(true)
    pool.close()
    expect(a.isOpen).toBe(false)
    await expect(pool.get(address, 'x')).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
  })

  it('waits longer after each failure to reach an address', async () => {
    const broker = await FakeBroker.start()
    const { pool, address } = poolFor(broker, { retryBackoffMs: 10_000, retryBackoffMaxMs: 60_000 })
    await broker[Symbol.asyncDispose]()
    expect(pool.pauseMs(address)).toBe(0)
    await expect(pool.get(address, 'control')).rejects.toMatchObject({ code: 'CLIENT_CONNECTION' })
    const pause = pool.pauseMs(address)
    expect(pause).toBeGreaterThan(5_000)
    expect(pause).toBeLessThanOrEqual(12_000)
    const aborted = pool.get(address, 'control', AbortSignal.abort('no more'))
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError', cause: 'no more' })
    pool.close()
  })
})

describe('the frame reader', () => {
  /** Feeds bytes as a socket would: never more than fits where they are to go. */
  function feed(reader: FrameReader, bytes: Buffer, sizes: readonly number[]): void {
    let turn = 0
    for (let at = 0; at < bytes.length; ) {
      const target = reader.target()
      const count = Math.min(target.length, bytes.length - at, sizes[turn++ % sizes.length]!)
      bytes.copy(target, 0, at, at + count)
      at += count
      reader.received(count)
    }
  }

  it('cuts frames of any size out of reads of any size', () => {
    const sizes = fc.array(fc.oneof(fc.nat(20), fc.integer({ min: 0, max: 200_000 })), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(
        sizes,
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 }),
        (lengths, reads) => {
          const frames = lengths.map((length, index) => Buffer.alloc(length, index + 1))
          const stream = Buffer.concat(
            frames.flatMap((frame) => {
              const length = Buffer.alloc(4)
              length.writeInt32BE(frame.length)
              return [length, frame]
            }),
          )
          const received: Buffer[] = []
          feed(new FrameReader(1_000_000, new FrameMemory(0), (frame) => received.push(frame)), stream, reads)
          expect(received.map((frame) => frame.length)).toEqual(lengths)
          received.forEach((frame, index) => expect(frame.equals(frames[index]!)).toBe(true))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('refuses lengths that cannot be, without allocating them', () => {
    for (const length of [-1, 1_001, 0x7fff_ffff]) {
      const header = Buffer.alloc(4)
      header.writeInt32BE(length)
      const reader = new FrameReader(1_000, new FrameMemory(0), () => undefined)
      expect(() => feed(reader, header, [4])).toThrow(expect.objectContaining({ code: 'CLIENT_PROTOCOL' }) as Error)
    }
  })
})

describe('frame memory', () => {
  it('is handed out again after it was given back, within its ceiling', () => {
    const memory = new FrameMemory(1_000_000)
    const first = memory.take(300_000)
    expect(memory.owns(first)).toBe(true)
    expect(memory.take(300_000).buffer).not.toBe(first.buffer)
    memory.give(first.buffer as ArrayBuffer)
    expect(memory.take(290_000).buffer).toBe(first.buffer)
    const huge = memory.take(2_000_000)
    memory.give(huge.buffer as ArrayBuffer)
    expect(memory.take(2_000_000).buffer).not.toBe(huge.buffer)
    expect(memory.owns(memory.take(100))).toBe(false)
  })
})
