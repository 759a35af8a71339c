import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client, json, string, topic } from '../../client/index.ts'
import { type TestBroker, testBroker, unique } from './support/bootstrap.ts'
import { OldBroker } from './support/old-broker.ts'

/** The highest version of each API that a release answers, by key; what is missing it does not have. */
const RELEASES: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  'Kafka 2.1': {
    0: 7,
    1: 10,
    2: 4,
    3: 7,
    8: 6,
    9: 5,
    10: 2,
    11: 3,
    12: 2,
    13: 2,
    14: 2,
    15: 2,
    16: 2,
    18: 2,
    19: 3,
    20: 3,
    21: 1,
    22: 1,
    23: 2,
    32: 2,
    33: 1,
    37: 1,
    42: 1,
  },
  'Kafka 2.8': {
    0: 9,
    1: 12,
    2: 6,
    3: 11,
    8: 8,
    9: 7,
    10: 3,
    11: 7,
    12: 4,
    13: 4,
    14: 5,
    15: 5,
    16: 4,
    18: 3,
    19: 7,
    20: 6,
    21: 2,
    22: 4,
    23: 4,
    32: 4,
    33: 2,
    37: 3,
    42: 2,
    44: 1,
    47: 0,
    60: 0,
  },
  'Kafka 3.5': {
    0: 9,
    1: 15,
    2: 8,
    3: 12,
    8: 8,
    9: 8,
    10: 4,
    11: 9,
    12: 4,
    13: 5,
    14: 5,
    15: 5,
    16: 4,
    18: 3,
    19: 7,
    20: 6,
    21: 2,
    22: 4,
    23: 4,
    32: 4,
    33: 2,
    37: 3,
    42: 2,
    44: 1,
    47: 0,
    60: 0,
  },
}

let broker: TestBroker

beforeAll(async () => {
  broker = await testBroker()
})

afterAll(async () => {
  await broker[Symbol.asyncDispose]()
})

describe.each(Object.entries(RELEASES))('with the versions of %s', (_release, versions) => {
  it('the client produces, consumes in groups, and administers', async () => {
    await using old = await OldBroker.start(
      broker.bootstrap.split(',')[0]!,
      new Map(Object.entries(versions).map(([key, max]) => [Number(key), max])),
    )
    await using client = new Client({ brokers: old.bootstrap })
    const admin = client.admin()
    const name = unique('old')
    const Events = topic(name, { key: string, value: json<number>() })
    await admin.createTopics([{ name, partitions: 3, replicationFactor: 1 }])
    expect((await admin.listTopics()).map((other) => other.name)).toContain(name)
    await using producer = client.producer({ compression: 'lz4' })
    const records = Array.from({ length: 90 }, (_, value) => ({
      key: `k${value}`,
      value,
      headers: { n: String(value) },
    }))
    expect((await producer.send(Events, records)).every(({ offset }) => offset >= 0)).toBe(true)

    const group = unique('g')
    const seen: number[] = []
    const read = async (until: number): Promise<void> => {
      await using consumer = client.consumer({ group, topics: [Events], assignors: ['range'] })
      for await (const record of consumer.records({ signal: AbortSignal.timeout(15_000) })) {
        expect(record.header('n')?.toString()).toBe(String(record.value))
        seen.push(record.value!)
        if (seen.length === until) {
          await consumer.commit(record)
          break
        }
      }
    }
    await read(90)
    expect([...seen].sort((a, b) => a - b)).toEqual(records.map(({ value }) => value))
    expect((await admin.listGroupOffsets(group)).length).toBeGreaterThan(0)
    expect((await admin.describeGroups([group]))[0]).toMatchObject({ group })
    expect((await admin.listGroups()).map((other) => other.group)).toContain(group)

    const places = [0, 1, 2].map((partition) => ({ topic: name, partition }))
    const ends = await admin.listOffsets(places, 'latest')
    expect(ends.reduce((sum, { offset }) => sum + offset, 0)).toBe(90)
    await admin.createPartitions({ [name]: 4 })
    expect((await admin.describeConfigs({ type: 'topic', name })).length).toBeGreaterThan(5)
    await admin.deleteRecords([{ ...places[0]!, offset: -1 }])
    const altered = admin.alterConfigs({ type: 'topic', name }, [{ set: 'retention.ms', to: '5000' }])
    if (versions[44] === undefined) await expect(altered).rejects.toMatchObject({ code: 'CLIENT_UNSUPPORTED' })
    else await altered
    await admin.deleteTopics([name])
    expect(old.seen).toContain(`Produce ${versions[0]}`)
    expect(old.seen).toContain(`JoinGroup ${versions[11]}`)
  })

  it('cooperative members share a group', async () => {
    await using old = await OldBroker.start(
      broker.bootstrap.split(',')[0]!,
      new Map(Object.entries(versions).map(([key, max]) => [Number(key), max])),
    )
    await using client = new Client({ brokers: old.bootstrap })
    const name = unique('old')
    const Events = topic(name, { value: string })
    await client.admin().createTopics([{ name, partitions: 4, replicationFactor: 1 }])
    const options = { group: unique('g'), topics: [Events], heartbeatIntervalMs: 30 }
    const members = [client.consumer(options), client.consumer(options)]
    const reading = members.map(async (member) => {
      for await (const record of member.records()) expect(record).toBeUndefined()
    })
    await expect.poll(() => members.map((member) => member.assignment.length), { timeout: 15_000 }).toEqual([2, 2])
    await client.close()
    await Promise.all(reading)
  })
})
