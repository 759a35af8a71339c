import { describe, expect, it } from 'vitest'
import { Client, json, string, topic } from '../../client/index.ts'
import { startCluster } from '../../testing/cluster.ts'

const Events = topic('events', { key: string, value: json<number>() })

/** A broker to break, and a client that gives up late and retries soon. */
async function setUp() {
  const cluster = await startCluster({ topics: [{ name: 'events', partitions: 2 }] })
  const client = new Client({ brokers: cluster.bootstrap, retryBackoffMs: 10, retryBackoffMaxMs: 50 })
  return {
    cluster,
    client,
    [Symbol.asyncDispose]: async () => {
      await client.close()
      await cluster.close()
    },
  }
}

/** Reads both partitions from the start until nothing more comes. */
async function readAll(client: Client, count: number): Promise<number[]> {
  await using consumer = client.consumer({
    topics: [Events],
    assign: [0, 1].map((partition) => ({ topic: 'events', partition, offset: 0 })),
  })
  const values: number[] = []
  for await (const record of consumer.records({ signal: AbortSignal.timeout(15_000) })) {
    values.push(record.value!)
    if (values.length === count) break
  }
  for (const { topic: name, partition } of consumer.assignment) {
    expect(consumer.lag({ topic: name, partition })).toBe(0)
  }
  return values
}

describe('when connections break', () => {
  it('every acknowledged record is there once, in order per partition', async () => {
    await using test = await setUp()
    const producer = test.client.producer({ batchBytes: 1_024 })
    const sends: Promise<unknown>[] = []
    for (let n = 0; n < 300; n++) {
      sends.push(producer.send(Events, [{ key: `k${n % 5}`, value: n, partition: n % 2 }]))
      if (n % 60 === 59) test.cluster.faults.dropConnections()
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(sends)
    const values = await readAll(test.client, 300)
    for (const parity of [0, 1]) {
      const own = values.filter((value) => value % 2 === parity)
      expect(own).toEqual(Array.from({ length: 150 }, (_, n) => n * 2 + parity))
    }
  })

  it('a consumer reads on where it was, and its group stays', async () => {
    await using test = await setUp()
    const producer = test.client.producer()
    const consumer = test.client.consumer({ group: 'g', topics: [Events], heartbeatIntervalMs: 30 })
    const seen: number[] = []
    const reading = (async () => {
      for await (const record of consumer.records()) {
        seen.push(record.value!)
        if (seen.length === 100) return
      }
    })()
    for (let n = 0; n < 100; n++) {
      await producer.send(Events, [{ value: n }])
      if (n % 25 === 24) test.cluster.faults.dropConnections()
    }
    await reading
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n))
    expect(consumer.generation).toBe(1)
  })
})

describe('when the broker goes away and comes back', () => {
  it('nothing acknowledged is lost, nothing is there twice', async () => {
    await using test = await setUp()
    const producer = test.client.producer({ batchBytes: 1_024 })
    const sends: Promise<unknown>[] = []
    for (let n = 0; n < 100; n++) {
      sends.push(producer.send(Events, [{ key: `k${n % 5}`, value: n }]))
      if (n === 50) {
        await sends[0]
        await test.cluster.faults.kill()
        await test.cluster.faults.restart()
      }
    }
    await Promise.all(sends)
    const values = await readAll(test.client, 100)
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n))
  })

  it('a group member commits and reads on', async () => {
    await using test = await setUp()
    const producer = test.client.producer()
    await producer.send(
      Events,
      Array.from({ length: 10 }, (_, value) => ({ value, partition: 0 })),
    )
    const consumer = test.client.consumer({ group: 'g', topics: [Events], heartbeatIntervalMs: 30, autoCommit: false })
    const records = consumer.records({ signal: AbortSignal.timeout(15_000) })
    for (let n = 0; n < 5; n++) await records.next()
    await test.cluster.faults.stop()
    const next = records.next()
    await test.cluster.faults.restart()
    expect((await next).value?.value).toBe(5)
    await consumer.commit()
    expect(await consumer.committed([{ topic: 'events', partition: 0 }])).toMatchObject([{ offset: 5 }])
  })

  it('calls with nobody there fail within their time, and say whom they tried', async () => {
    const cluster = await startCluster()
    const { bootstrap } = cluster
    await cluster.close()
    await using client = new Client({ brokers: bootstrap, apiTimeoutMs: 200, retryBackoffMs: 10 })
    await expect(client.admin().listTopics()).rejects.toMatchObject({
      code: 'CLIENT_NO_BROKER',
      message: expect.stringContaining(bootstrap) as string,
    })
    await using producer = client.producer()
    await expect(producer.send(Events, [{ value: 1 }])).rejects.toMatchObject({ code: 'CLIENT_NO_BROKER' })
    void producer.write(Events, { value: 1 })
    await expect(producer.flush()).rejects.toMatchObject({ code: 'CLIENT_NO_BROKER' })
    expect(producer.bufferedBytes).toBe(0)
  })
})
