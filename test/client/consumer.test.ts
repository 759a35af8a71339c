import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bytes, Client, type Compression, type Consumer, int64, json, string, topic } from '../../client/index.ts'
import { type TestBroker, testBroker, unique } from './support/bootstrap.ts'

let broker: TestBroker
let client: Client

beforeAll(async () => {
  broker = await testBroker()
  client = new Client({ brokers: broker.bootstrap })
})

afterAll(async () => {
  await client.close()
  await broker[Symbol.asyncDispose]()
})

const PATIENCE = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(15_000) })

/** A topic with `count` numbered records, dealt out over its partitions. */
async function numbered(count: number, partitions = 1, compression: Compression = 'none') {
  const name = unique('consume')
  const Numbers = topic(name, { key: string, value: json<number>() })
  await client.admin().createTopics([{ name, partitions }])
  await using producer = client.producer({ compression, batchBytes: 2_000 })
  for (let n = 0; n < count; n++)
    void producer.write(Numbers, { key: `k${n}`, value: n, partition: n % partitions, timestamp: 1_000 + n })
  await producer.flush()
  return { name, Numbers }
}

async function take<T>(items: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  for await (const item of items) {
    taken.push(item)
    if (taken.length === count) break
  }
  return taken
}

function values(records: readonly { readonly value: number | null }[]): (number | null)[] {
  return records.map(({ value }) => value)
}

function upTo(count: number, from = 0): number[] {
  return Array.from({ length: count - from }, (_, n) => n + from)
}

describe('records', () => {
  it.each(['none', 'gzip'] as const)('come in order, complete, with their places (%s)', async (compression) => {
    const { name, Numbers } = await numbered(300, 1, compression)
    await using consumer = client.consumer({ group: unique('g'), topics: [Numbers] })
    const records = await take(consumer.records(PATIENCE()), 300)
    expect(values(records)).toEqual(upTo(300))
    expect(records.map(({ offset }) => offset)).toEqual(upTo(300))
    expect(records[7]).toMatchObject({ topic: name, partition: 0, key: 'k7', timestamp: 1_007 })
    expect(records[7]!.valueBytes?.toString()).toBe('7')
    expect(records[7]!.keyBytes?.toString()).toBe('k7')
  })

  it('a record is committable once the loop asks for the next', async () => {
    const { name, Numbers } = await numbered(10)
    const group = unique('g')
    const place = { topic: name, partition: 0 }
    await using consumer = client.consumer({ group, topics: [Numbers], autoCommit: false })
    const records = consumer.records(PATIENCE())
    await records.next()
    await consumer.commit()
    expect(await consumer.committed([place])).toEqual([])
    await records.next()
    await consumer.commit()
    expect(await consumer.committed([place])).toMatchObject([{ ...place, offset: 1 }])
    const third = await records.next()
    await consumer.commit(third.value)
    expect(await consumer.committed([place])).toMatchObject([{ ...place, offset: 3 }])
    await consumer.commit([{ ...place, offset: 9, metadata: 'a note' }])
    expect(await consumer.committed([place])).toMatchObject([{ ...place, offset: 9, metadata: 'a note' }])
  })

  it('go on where the group left off, committed on close', async () => {
    const { Numbers } = await numbered(20)
    const group = unique('g')
    for (const [from, to] of [
      [0, 5],
      [4, 12],
      [11, 20],
    ] as const) {
      await using consumer = client.consumer({ group, topics: [Numbers] })
      expect(values(await take(consumer.records(PATIENCE()), to - from))).toEqual(upTo(to, from))
    }
  })

  it('break and go on within one consumer deliver nothing twice', async () => {
    const { Numbers } = await numbered(50)
    await using consumer = client.consumer({ group: unique('g'), topics: [Numbers] })
    const seen = [...(await take(consumer.records(PATIENCE()), 10)), ...(await take(consumer.records(PATIENCE()), 40))]
    expect(values(seen)).toEqual(upTo(50))
  })

  it('may be kept and read after the loop has moved on, though memory is used again', async () => {
    const name = unique('kept')
    const Texts = topic(name, { key: int64, value: string })
    await client.admin().createTopics([{ name, partitions: 1 }])
    await using producer = client.producer()
    const text = (n: number): string => `${n} ${'x'.repeat(2_000)}`
    for (let n = 0; n < 3_000; n++) await producer.write(Texts, { key: n, value: text(n), headers: { n: String(n) } })
    await producer.flush()
    await using consumer = client.consumer({ topics: [Texts], assign: [{ topic: name, partition: 0, offset: 0 }] })
    const kept = await take(consumer.records(PATIENCE()), 3_000)
    for (const [n, record] of kept.entries()) {
      expect(record.key).toBe(n)
      expect(record.value).toBe(text(n))
      expect(record.header('n')?.toString()).toBe(String(n))
    }
    expect(() => kept[0]!.valueBytes).toThrow(expect.objectContaining({ code: 'CLIENT_STATE' }) as Error)
  })

  it('name the place of a value that does not decode, and the loop can go on', async () => {
    const { name } = await numbered(3)
    const Wrong = topic(name, { key: string, value: int64 })
    await using consumer = client.consumer({ topics: [Wrong], assign: [{ topic: name, partition: 0, offset: 0 }] })
    const records = await take(consumer.records(PATIENCE()), 3)
    expect(() => records[1]!.value).toThrow(
      expect.objectContaining({
        code: 'CLIENT_SERDE',
        place: { side: 'decode', part: 'value', topic: name, partition: 0, offset: 1 },
      }) as Error,
    )
    expect(records[2]!.key).toBe('k2')
  })

  it('of several topics tell which they are of', async () => {
    const [first, second] = [await numbered(5), await numbered(5)]
    const Second = topic(second.name, { key: bytes, value: string })
    await using consumer = client.consumer({ group: unique('g'), topics: [first.Numbers, Second] })
    const records = await take(consumer.records(PATIENCE()), 10)
    expect(records.filter((record) => record.topic === first.name).map(({ value }) => value)).toEqual(upTo(5))
    expect(records.filter((record) => record.topic === second.name).map(({ value }) => value)).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
    ])
  })
})

describe('batches', () => {
  it('hold one partition each, and are committable when the loop asks for the next', async () => {
    const { name, Numbers } = await numbered(200, 2)
    await using consumer = client.consumer({ group: unique('g'), topics: [Numbers], autoCommit: false })
    const seen: number[][] = [[], []]
    for await (const batch of consumer.batches(PATIENCE())) {
      for (const record of batch) {
        expect(record.partition).toBe(batch.partition)
        seen[batch.partition]!.push(record.value!)
      }
      expect(batch.toArray().at(-1)!.offset).toBe(batch.nextOffset - 1)
      expect(batch.highWatermark).toBe(100)
      await consumer.commit(batch)
      expect(await consumer.committed([batch])).toMatchObject([
        { topic: name, partition: batch.partition, offset: batch.nextOffset },
      ])
      if (seen[0]!.length + seen[1]!.length === 200) break
    }
    expect(seen).toEqual([upTo(100).map((n) => n * 2), upTo(100).map((n) => n * 2 + 1)])
  })

  it('that were not read to their end may be read later', async () => {
    const { Numbers } = await numbered(3_000)
    await using consumer = client.consumer({ group: unique('g'), topics: [Numbers], maxPartitionBytes: 8_192 })
    const unread = []
    let count = 0
    for await (const batch of consumer.batches(PATIENCE())) {
      unread.push(batch)
      count = batch.nextOffset
      if (count === 3_000) break
    }
    expect(unread.length).toBeGreaterThan(3)
    expect(unread.flatMap((batch) => values(batch.toArray()))).toEqual(upTo(3_000))
  })

  it('that were released say so', async () => {
    const { Numbers } = await numbered(10)
    await using consumer = client.consumer({ group: unique('g'), topics: [Numbers] })
    const [batch] = await take(consumer.batches(PATIENCE()), 1)
    expect(values(batch!.toArray())).toEqual(upTo(10))
    batch!.release()
    expect(() => batch!.toArray()).toThrow(expect.objectContaining({ code: 'CLIENT_STATE' }) as Error)
  })
})

describe('positions', () => {
  it('begin where offsetReset says', async () => {
    const { name, Numbers } = await numbered(10)
    const first = async (consumer: Consumer<typeof Numbers>) => (await take(consumer.records(PATIENCE()), 1))[0]!.value
    for (const [offsetReset, expected] of [
      ['earliest', 0],
      [{ timestamp: 1_004 }, 4],
    ] as const) {
      await using consumer = client.consumer({ group: unique('g'), topics: [Numbers], offsetReset })
      expect(await first(consumer)).toBe(expected)
    }
    await using latest = client.consumer({
      topics: [Numbers],
      assign: [{ topic: name, partition: 0 }],
      offsetReset: 'latest',
    })
    const next = first(latest)
    await expect.poll(() => latest.position({ topic: name, partition: 0 })).toBe(10)
    await using producer = client.producer()
    await producer.send(Numbers, [{ value: 99 }])
    expect(await next).toBe(99)
    await using none = client.consumer({ group: unique('g'), topics: [Numbers], offsetReset: 'none' })
    await expect(first(none)).rejects.toMatchObject({ code: 'CLIENT_NO_OFFSET' })
  })

  it('a time after the last record means the end', async () => {
    const { name, Numbers } = await numbered(3)
    const place = { topic: name, partition: 0 }
    await using consumer = client.consumer({ topics: [Numbers], assign: [{ ...place, offset: 0 }] })
    await consumer.seek(place, { timestamp: 5_000 })
    expect(consumer.position(place)).toBe(3)
  })

  it('an offset that does not exist is found anew by offsetReset', async () => {
    const { name, Numbers } = await numbered(5)
    const assign = [{ topic: name, partition: 0, offset: 1_000 }]
    await using consumer = client.consumer({ topics: [Numbers], assign })
    expect(values(await take(consumer.records(PATIENCE()), 2))).toEqual([0, 1])
    await using strict = client.consumer({ topics: [Numbers], assign, offsetReset: 'none' })
    await expect(take(strict.records(PATIENCE()), 1)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  })

  it('seek drops what was fetched ahead', async () => {
    const { name, Numbers } = await numbered(100)
    const place = { topic: name, partition: 0 }
    await using consumer = client.consumer({ topics: [Numbers], assign: [place] })
    const seen: (number | null)[] = []
    for await (const record of consumer.records(PATIENCE())) {
      seen.push(record.value)
      if (record.value === 3 && seen.length === 4) await consumer.seek(place, 90)
      if (record.value === 91) await consumer.seek(place, 'earliest')
      if (seen.length === 8) break
    }
    expect(seen).toEqual([0, 1, 2, 3, 90, 91, 0, 1])
    await expect(consumer.seek({ topic: name, partition: 5 }, 0)).rejects.toMatchObject({ code: 'CLIENT_NOT_ASSIGNED' })
    await expect(consumer.seek(place, -1)).rejects.toMatchObject({ code: 'CLIENT_INVALID_OFFSET' })
  })

  it('pause holds back one partition, mid-batch too, and resume loses nothing', async () => {
    const { name, Numbers } = await numbered(100, 2)
    const [even, odd] = [
      { topic: name, partition: 0 },
      { topic: name, partition: 1 },
    ]
    await using consumer = client.consumer({ group: unique('g'), topics: [Numbers] })
    const seen: number[] = []
    let paused: number | undefined
    for await (const record of consumer.records(PATIENCE())) {
      seen.push(record.value!)
      if (seen.length === 10) {
        paused = record.partition
        consumer.pause([record.partition === 0 ? even : odd])
        expect(consumer.paused).toEqual([{ topic: name, partition: paused }])
      }
      if (seen.length > 10 && seen.length <= 60 && paused !== undefined) expect(record.partition).not.toBe(paused)
      if (seen.length === 60) consumer.resume(consumer.paused)
      if (seen.length === 100) break
    }
    expect(seen.filter((n) => n % 2 === 0)).toEqual(upTo(50).map((n) => n * 2))
    expect(seen.filter((n) => n % 2 === 1)).toEqual(upTo(50).map((n) => n * 2 + 1))
  })

  it('lag is what is left to read', async () => {
    const { name, Numbers } = await numbered(30)
    const place = { topic: name, partition: 0 }
    await using consumer = client.consumer({ group: unique('g'), topics: [Numbers] })
    expect(consumer.lag(place)).toBeUndefined()
    await take(consumer.records(PATIENCE()), 10)
    expect(consumer.position(place)).toBe(10)
    expect(consumer.lag(place)).toBe(20)
  })
})

describe('life', () => {
  it('a waiting loop ends when the consumer closes, and rejects when the signal fires', async () => {
    const { name, Numbers } = await numbered(1)
    const consumer = client.consumer({ topics: [Numbers], assign: [{ topic: name, partition: 0, offset: 1 }] })
    const abort = new AbortController()
    const aborted = consumer.records({ signal: abort.signal }).next()
    abort.abort('enough')
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' })
    const waiting = consumer.records().next()
    await consumer.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(() => consumer.records()).toThrow(expect.objectContaining({ code: 'CLIENT_CLOSED' }) as Error)
    await consumer.close()
  })

  it('one loop at a time', async () => {
    const { Numbers } = await numbered(3)
    await using consumer = client.consumer({ group: unique('g'), topics: [Numbers] })
    const records = consumer.records(PATIENCE())
    expect(() => consumer.batches()).toThrow(expect.objectContaining({ code: 'CLIENT_STATE' }) as Error)
    const [a, b, c] = await Promise.all([records.next(), records.next(), records.next()])
    expect([a.value?.value, b.value?.value, c.value?.value]).toEqual([0, 1, 2])
    await records.return?.()
    expect(
      (await take(consumer.batches({ signal: AbortSignal.timeout(200) }), 1).catch((error: Error) => error)) as Error,
    ).toMatchObject({ name: 'AbortError' })
  })

  it('a process that waits for records stays alive', async () => {
    const { name } = await numbered(1)
    const script = new URL('support/read-one.main.ts', import.meta.url)
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      script.pathname,
      broker.bootstrap,
      name,
    ])
    expect(stdout).toBe('0\n')
  })

  it('a topic that does not exist is a warning, and read once it does', async () => {
    const name = unique('later')
    const Later = topic(name, { value: json<number>() })
    const warnings: unknown[] = []
    await using own = new Client({
      brokers: broker.bootstrap,
      autoCreateTopics: false,
      retryBackoffMaxMs: 100,
      onWarning: (warning) => void warnings.push(warning),
    })
    const consumer = own.consumer({ group: unique('g'), topics: [Later] })
    const first = consumer.records(PATIENCE()).next()
    await expect.poll(() => warnings).toMatchObject([{ code: 'UNKNOWN_TOPIC_OR_PARTITION' }])
    await client.admin().createTopics([{ name }])
    await using producer = client.producer()
    await producer.send(Later, [{ value: 5 }])
    expect((await first).value?.value).toBe(5)
  })

  it('without a group there is nothing to commit to', async () => {
    const { name, Numbers } = await numbered(1)
    await using consumer = client.consumer({ topics: [Numbers], assign: [{ topic: name, partition: 0 }] })
    await expect(consumer.commit()).rejects.toMatchObject({ code: 'CLIENT_NO_GROUP' })
  })

  it('partitions assigned by hand can use the offsets of a group', async () => {
    const { name, Numbers } = await numbered(10)
    const group = unique('g')
    const options = { group, topics: [Numbers], assign: [{ topic: name, partition: 0 }] }
    {
      await using consumer = client.consumer(options)
      const [, , third] = await take(consumer.records(PATIENCE()), 3)
      await consumer.commit(third!)
    }
    await using consumer = client.consumer(options)
    expect(values(await take(consumer.records(PATIENCE()), 1))).toEqual([3])
  })
})
