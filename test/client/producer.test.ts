import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { partitionForKey } from '../../proto/kafka/murmur2.ts'
import { Client, type Compression, type ConsumerRecord, int32, json, string, topic } from '../../client/index.ts'
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

/** Every record of a topic, as text. */
async function readAll(name: string, count: number) {
  const Raw = topic(name, { key: string, value: string })
  const partitions = (await client.admin().describeTopics([name]))[0]!.partitions.map(({ partition }) => partition)
  const assign = partitions.map((partition) => ({ topic: name, partition, offset: 0 }))
  await using consumer = client.consumer({ topics: [Raw], assign })
  const records: ConsumerRecord<string, string>[] = []
  for await (const record of consumer.records({ signal: AbortSignal.timeout(15_000) })) {
    records.push(record)
    if (records.length === count) break
  }
  return records
}

async function newTopic(partitions: number, configs: Record<string, string> = {}): Promise<string> {
  const name = unique('produce')
  await client.admin().createTopics([{ name, partitions, configs }])
  return name
}

describe('send', () => {
  it('resolves with the place of every record, in the order they were given', async () => {
    const Orders = topic(await newTopic(3), { key: string, value: json<{ n: number }>() })
    await using producer = client.producer()
    const placed = await producer.send(
      Orders,
      Array.from({ length: 60 }, (_, n) => ({ key: `key-${n % 7}`, value: { n } })),
    )
    expect(placed).toHaveLength(60)
    const read = await readAll(Orders.name, 60)
    placed.forEach(({ partition, offset }, n) => {
      const record = read.find((other) => other.partition === partition && other.offset === offset)
      expect(JSON.parse(record?.value ?? '')).toEqual({ n })
    })
  })

  it('puts keys where Java puts them', async () => {
    const Keyed = topic(await newTopic(5), { key: int32, value: string })
    await using producer = client.producer()
    const placed = await producer.send(
      Keyed,
      Array.from({ length: 100 }, (_, key) => ({ key, value: 'v' })),
    )
    expect(placed.map(({ partition }) => partition)).toEqual(
      Array.from({ length: 100 }, (_, key) => partitionForKey(Buffer.from(int32.encode(key)), 5)),
    )
  })

  it('spreads records without keys over all partitions, batch by batch', async () => {
    const Spread = topic(await newTopic(4), { value: string })
    await using producer = client.producer({ batchBytes: 2_000 })
    const placed = await producer.send(
      Spread,
      Array.from({ length: 400 }, () => ({ value: 'x'.repeat(100) })),
    )
    const counts = new Map<number, number>()
    for (const { partition } of placed) counts.set(partition, (counts.get(partition) ?? 0) + 1)
    expect(counts.size).toBe(4)
    const runs = placed.filter(({ partition }, index) => placed[index - 1]?.partition !== partition).length
    expect(runs).toBeLessThan(60)
  })

  it('lets the caller choose partition, timestamp and partitioner', async () => {
    const name = await newTopic(3)
    const Chosen = topic(name, { key: string, value: string })
    await using producer = client.producer({
      partitioner: ({ key, partitionCount }) => (key?.length ?? 0) % partitionCount,
    })
    const placed = await producer.send(Chosen, [
      { key: 'a', value: 'one', timestamp: 1_600_000_000_000 },
      { key: 'ab', value: 'two' },
      { key: 'a', value: 'three', partition: 0 },
    ])
    expect(placed.map(({ partition }) => partition)).toEqual([1, 2, 0])
    const read = await readAll(name, 3)
    expect(read.find(({ partition }) => partition === 1)?.timestamp).toBe(1_600_000_000_000)
  })

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as Compression[])(
    'writes %s that reads back: keys, tombstones, headers',
    async (compression) => {
      const name = await newTopic(1)
      const Mixed = topic(name, { key: string, value: string })
      await using producer = client.producer({ compression })
      const records = Array.from({ length: 50 }, (_, n) => ({
        key: n % 3 === 0 ? null : `k${n}`,
        value: n % 5 === 0 ? null : `värde ${n} `.repeat(n),
        headers: n % 2 === 0 ? { trace: `t${n}`, empty: null } : undefined,
      }))
      await producer.send(Mixed, records)
      const read = await readAll(name, 50)
      expect(read.map((record) => [record.key, record.value])).toEqual(records.map(({ key, value }) => [key, value]))
      expect(read[0]!.headers.map(({ key, value }) => [key, value?.toString() ?? null])).toEqual([
        ['trace', 't0'],
        ['empty', null],
      ])
      expect(read[1]!.headers).toEqual([])
    },
  )

  it('takes all records of a call or none', async () => {
    const name = await newTopic(2)
    const Strict = topic(name, { value: string })
    await using producer = client.producer({ batchBytes: 600 })
    await producer.send(Strict, [{ value: 'before', partition: 0 }])
    const bad = [
      { value: 'x'.repeat(500), partition: 0 },
      { value: 'x'.repeat(500), partition: 0 },
      { value: 'y', partition: 1 },
      { value: 7 as never, partition: 0 },
    ]
    await expect(producer.send(Strict, bad)).rejects.toMatchObject({ code: 'CLIENT_SERDE' })
    const beyond = [{ value: 'a' }, { value: 'b', partition: 9 }]
    await expect(producer.send(Strict, beyond)).rejects.toMatchObject({ code: 'CLIENT_INVALID_PARTITION' })
    await producer.send(Strict, [{ value: 'after', partition: 0 }])
    const read = await readAll(name, 2)
    expect(read.map(({ value }) => value)).toEqual(['before', 'after'])
    expect(producer.bufferedBytes).toBe(0)
  })

  it('finds partitions that were added after it had started', async () => {
    const name = await newTopic(1)
    const Growing = topic(name, { value: string })
    await using producer = client.producer()
    await producer.send(Growing, [{ value: 'a' }])
    await client.admin().createPartitions({ [name]: 3 })
    expect(await producer.send(Growing, [{ value: 'b', partition: 2 }])).toEqual([{ partition: 2, offset: 0 }])
  })

  it('keeps the order of calls that were not awaited, also while the buffer is full', async () => {
    const name = await newTopic(1)
    const Ordered = topic(name, { value: string })
    await using producer = client.producer({ bufferMemory: 5_000, batchBytes: 1_000 })
    const { signal } = new AbortController()
    const sends = Array.from({ length: 100 }, (_, n) =>
      producer.send(Ordered, [{ value: `${n} ${'x'.repeat(200)}` }], n % 2 === 0 ? {} : { signal }),
    )
    const placed = (await Promise.all(sends)).map(([first]) => first?.offset)
    expect(placed).toEqual(Array.from({ length: 100 }, (_, n) => n))
  })

  it('gives way to the signal', async () => {
    const Orders = topic(unique('aborted'), { value: string })
    await using producer = client.producer()
    await expect(producer.send(Orders, [{ value: 'a' }], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    })
  })

  it('refuses a record that no request could hold', async () => {
    const Large = topic(await newTopic(1), { value: string })
    await using producer = client.producer({ maxRequestBytes: 10_000 })
    await expect(producer.send(Large, [{ value: 'x'.repeat(10_000) }])).rejects.toMatchObject({
      code: 'CLIENT_RECORD_TOO_LARGE',
    })
  })

  it('sends nothing for no records', async () => {
    await using producer = client.producer()
    expect(await producer.send(topic('whatever'), [])).toEqual([])
  })
})

describe('write and flush', () => {
  it('delivers in order per partition, also what was written before the topic was known', async () => {
    const name = await newTopic(2)
    const Stream = topic(name, { key: string, value: string })
    await using producer = client.producer({ batchBytes: 1_000 })
    for (let n = 0; n < 500; n++) void producer.write(Stream, { key: `k${n % 10}`, value: String(n) })
    await producer.flush()
    expect(producer.bufferedBytes).toBe(0)
    const read = await readAll(name, 500)
    for (let key = 0; key < 10; key++) {
      const values = read.filter((record) => record.key === `k${key}`).map(({ value }) => Number(value))
      expect(values).toEqual(Array.from({ length: 50 }, (_, n) => n * 10 + key))
    }
  })

  it('asks the writer to wait only when the buffer is full, and refuses one that never waits', async () => {
    const name = await newTopic(1)
    const Stream = topic(name, { value: string })
    await using producer = client.producer({ bufferMemory: 50_000, batchBytes: 5_000 })
    await producer.send(Stream, [{ value: 'known' }])
    const value = 'x'.repeat(1_000)
    let waits = 0
    for (let n = 0; n < 1_000; n++) {
      const wait = producer.write(Stream, { value })
      if (wait === undefined) continue
      waits++
      expect(producer.bufferedBytes).toBeGreaterThanOrEqual(50_000)
      await wait
      expect(producer.bufferedBytes).toBeLessThan(50_000)
    }
    expect(waits).toBeGreaterThan(0)
    expect(waits).toBeLessThan(500)
    const flood = (): void => {
      for (let n = 0; n < 1_000; n++) producer.write(Stream, { value })?.catch(() => undefined)
    }
    expect(flood).toThrow(expect.objectContaining({ code: 'CLIENT_BUFFER_FULL', retriable: true }) as Error)
    await producer.flush()
  })

  it('reports the first failure to flush, once', async () => {
    const Strict = topic(await newTopic(1, { 'max.message.bytes': '2000' }), { value: string })
    await using producer = client.producer()
    await producer.send(Strict, [{ value: 'fine' }])
    void producer.write(Strict, { value: 'x'.repeat(5_000) })
    await expect(producer.flush()).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' })
    void producer.write(Strict, { value: 'fine again' })
    await producer.flush()
    expect(() => producer.write(Strict, { value: 1 as never })).toThrow(
      expect.objectContaining({ code: 'CLIENT_SERDE' }) as Error,
    )
  })

  it('splits what a topic finds too large (max.message.bytes below batchBytes)', async () => {
    const name = await newTopic(1, { 'max.message.bytes': '3000' })
    const Small = topic(name, { value: string })
    await using producer = client.producer({ batchBytes: 100_000 })
    const placed = await producer.send(
      Small,
      Array.from({ length: 40 }, (_, n) => ({ value: `${n} ${'x'.repeat(500)}` })),
    )
    expect(placed.map(({ offset }) => offset)).toEqual(Array.from({ length: 40 }, (_, n) => n))
    const read = await readAll(name, 40)
    expect(read.map(({ value }) => Number(value?.split(' ')[0]))).toEqual(Array.from({ length: 40 }, (_, n) => n))
  })

  it('close delivers what was written, and is final', async () => {
    const name = await newTopic(1)
    const Last = topic(name, { value: string })
    const producer = client.producer({ lingerMs: 60_000 })
    void producer.write(Last, { value: 'last words' })
    await producer.close()
    await producer.close()
    expect((await readAll(name, 1))[0]?.value).toBe('last words')
    await expect(producer.send(Last, [{ value: 'x' }])).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
    expect(() => producer.write(Last, { value: 'x' })).toThrow(
      expect.objectContaining({ code: 'CLIENT_CLOSED' }) as Error,
    )
  })
})
