import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  Client,
  type Consumer,
  type ConsumerOptions,
  json,
  string,
  topic,
  type Topic,
  type TopicPartition,
} from '../../client/index.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../client/consumer/group/protocol.ts'
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

type Numbers = Topic<string, number>

async function newTopic(partitions: number): Promise<Numbers> {
  const name = unique('group')
  await client.admin().createTopics([{ name, partitions }])
  return topic(name, { key: string, value: json<number>() })
}

/** A member that reads for as long as it lives, and what came of it. */
class Member implements AsyncDisposable {
  readonly consumer: Consumer<Numbers>
  readonly seen: { readonly value: number; readonly partition: number }[] = []
  readonly events: string[] = []
  readonly #done: Promise<void>

  constructor(options: Partial<ConsumerOptions<Numbers>> & Pick<ConsumerOptions<Numbers>, 'topics' | 'group'>) {
    const note = (what: string) => (partitions: readonly TopicPartition[]) => {
      this.events.push(
        `${what} ${partitions
          .map(({ partition }) => partition)
          .sort((a, b) => a - b)
          .join(',')}`,
      )
    }
    this.consumer = client.consumer({
      heartbeatIntervalMs: 50,
      onAssigned: note('assigned'),
      onRevoked: note('revoked'),
      onLost: note('lost'),
      ...options,
    })
    this.#done = this.#read()
  }

  /** The partitions that it has now. */
  get partitions(): number[] {
    return this.consumer.assignment.map(({ partition }) => partition).sort((a, b) => a - b)
  }

  async #read(): Promise<void> {
    for await (const record of this.consumer.records())
      this.seen.push({ value: record.value!, partition: record.partition })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consumer.close()
    await this.#done
  }
}

/** Waits until the members hold all partitions between them, as evenly as can be. */
async function settled(members: readonly Member[], partitions: number): Promise<void> {
  const isEven = (): boolean => {
    const held = members.flatMap((member) => member.partitions)
    const sizes = members.map((member) => member.partitions.length)
    return (
      held.length === partitions && new Set(held).size === partitions && Math.max(...sizes) - Math.min(...sizes) <= 1
    )
  }
  await expect.poll(isEven, { timeout: 15_000 }).toBe(true)
}

describe('a group', () => {
  it.each(['cooperative-sticky', 'range', 'roundrobin'] as const)(
    'shares partitions as members come and go (%s)',
    async (assignor) => {
      const Shared = await newTopic(6)
      const options = { group: unique('g'), topics: [Shared], assignors: [assignor] }
      await using first = new Member(options)
      await settled([first], 6)
      const second = new Member(options)
      await settled([first, second], 6)
      {
        await using third = new Member(options)
        await settled([first, second, third], 6)
      }
      await settled([first, second], 6)
      await second[Symbol.asyncDispose]()
      await settled([first], 6)
    },
  )

  it('cooperative members go on with what they keep: only what moves is revoked (KIP-429)', async () => {
    const Shared = await newTopic(4)
    const options = { group: unique('g'), topics: [Shared] }
    await using first = new Member(options)
    await settled([first], 4)
    await using second = new Member(options)
    await settled([first, second], 4)
    expect(first.events[0]).toBe('assigned 0,1,2,3')
    const revoked = first.events.filter((event) => event.startsWith('revoked'))
    expect(revoked).toHaveLength(1)
    expect(revoked[0]!.split(' ')[1]!.split(',')).toHaveLength(2)
    expect(second.events.some((event) => event.startsWith('revoked'))).toBe(false)
  })

  it('eager members give up everything first', async () => {
    const Shared = await newTopic(2)
    const options = { group: unique('g'), topics: [Shared], assignors: ['range' as const] }
    await using first = new Member(options)
    await settled([first], 2)
    await using second = new Member(options)
    await settled([first, second], 2)
    expect(first.events.slice(0, 2)).toEqual(['assigned 0,1', 'revoked 0,1'])
  })

  it('delivers everything through rebalances, at least once', async () => {
    const Shared = await newTopic(4)
    const options = { group: unique('g'), topics: [Shared] }
    await using producer = client.producer()
    const members = [new Member(options)]
    for (let n = 0; n < 400; n++) {
      await producer.send(Shared, [{ key: `k${n}`, value: n }])
      if (n === 100) members.push(new Member(options))
      if (n === 200) members.push(new Member(options))
      if (n === 300) await members[0]![Symbol.asyncDispose]()
    }
    const all = (): Set<number> => new Set(members.flatMap((member) => member.seen.map(({ value }) => value)))
    await expect.poll(() => all().size, { timeout: 15_000 }).toBe(400)
    for (const member of members) await member[Symbol.asyncDispose]()
  })

  it('takes on partitions that are added', async () => {
    const Growing = await newTopic(1)
    const own = new Client({ brokers: broker.bootstrap, metadataMaxAgeMs: 100 })
    const consumer = own.consumer({ group: unique('g'), topics: [Growing] })
    const reading = (async () => {
      for await (const record of consumer.records()) if (record.partition === 2) return record.value
      return undefined
    })()
    await expect.poll(() => consumer.assignment.length).toBe(1)
    await client.admin().createPartitions({ [Growing.name]: 3 })
    await expect.poll(() => consumer.assignment.length, { timeout: 10_000 }).toBe(3)
    await using producer = client.producer()
    await expect.poll(async () => producer.send(Growing, [{ value: 7, partition: 2 }]).then(() => true)).toBe(true)
    expect(await reading).toBe(7)
    await own.close()
  })

  it('keeps its session while the application takes its time over a record', async () => {
    const Slow = await newTopic(1)
    await using producer = client.producer()
    await producer.send(Slow, [{ value: 1 }, { value: 2 }])
    await using consumer = client.consumer({
      group: unique('g'),
      topics: [Slow],
      heartbeatIntervalMs: 20,
      sessionTimeoutMs: 6_000,
    })
    const records = consumer.records()
    await records.next()
    const { generation } = consumer
    const group = await client
      .admin()
      .describeGroups([(await client.admin().listGroups()).find(({ group }) => group.startsWith('g-'))!.group])
    expect(group).toHaveLength(1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect((await records.next()).value?.value).toBe(2)
    expect(consumer.generation).toBe(generation)
    await consumer.commit()
  })

  it('lets go of a member that stops asking for records, which joins again when it does', async () => {
    const Slow = await newTopic(2)
    const group = unique('g')
    await using producer = client.producer()
    await producer.send(
      Slow,
      Array.from({ length: 20 }, (_, value) => ({ value, partition: value % 2 })),
    )
    const lost: number[] = []
    await using stuck = client.consumer({
      group,
      topics: [Slow],
      heartbeatIntervalMs: 20,
      maxPollIntervalMs: 200,
      onLost: (partitions) => void lost.push(partitions.length),
    })
    const records = stuck.records()
    await records.next()
    await using other = new Member({ group, topics: [Slow], maxPollIntervalMs: 1_000 })
    await settled([other], 2)
    await expect(stuck.commit([{ topic: Slow.name, partition: 0, offset: 1 }])).rejects.toMatchObject({
      code: 'UNKNOWN_MEMBER_ID',
    })
    const again = records.next()
    await expect.poll(() => other.partitions.length, { timeout: 10_000 }).toBe(1)
    expect(lost).toEqual([2])
    await stuck.close()
    await again
  })

  it('a static member comes back to its partitions without a rebalance (KIP-345)', async () => {
    const Static = await newTopic(4)
    const options = { group: unique('g'), topics: [Static] }
    await using first = new Member({ ...options, instanceId: 'one' })
    const second = new Member({ ...options, instanceId: 'two' })
    await settled([first, second], 4)
    const held = second.partitions
    const { generation } = first.consumer
    await second[Symbol.asyncDispose]()
    await using back = new Member({ ...options, instanceId: 'two' })
    await expect.poll(() => back.partitions).toEqual(held)
    expect(first.consumer.generation).toBe(generation)
  })

  it('a second member with the same instance id fences the first', async () => {
    const Static = await newTopic(1)
    const options = { group: unique('g'), topics: [Static], instanceId: 'same', heartbeatIntervalMs: 20 }
    await using first = client.consumer(options)
    const failed = first
      .records()
      .next()
      .then(
        () => undefined,
        (error: unknown) => error,
      )
    await expect.poll(() => first.assignment.length).toBe(1)
    await using second = client.consumer(options)
    const reading = second.records().next()
    expect(await failed).toMatchObject({ code: 'FENCED_INSTANCE_ID' })
    await second.close()
    await reading
  })

  it('commits by itself at intervals and before giving partitions away', async () => {
    const Shared = await newTopic(2)
    const group = unique('g')
    await using producer = client.producer()
    await producer.send(
      Shared,
      Array.from({ length: 10 }, (_, value) => ({ value, partition: value % 2 })),
    )
    const committed = async (): Promise<number[]> =>
      (await client.admin().listGroupOffsets(group)).map(({ offset }) => offset)
    await using first = new Member({ group, topics: [Shared], autoCommitIntervalMs: 50 })
    await expect.poll(committed).toEqual([5, 5])
    await producer.send(
      Shared,
      Array.from({ length: 10 }, (_, value) => ({ value, partition: value % 2 })),
    )
    await using second = new Member({ group, topics: [Shared], autoCommitIntervalMs: 60_000 })
    await settled([first, second], 2)
    await expect.poll(() => first.seen.length + second.seen.length).toBe(20)
  })

  it('an assignor of one’s own sees members and counts', async () => {
    const Own = await newTopic(3)
    const seen: unknown[] = []
    await using member = new Member({
      group: unique('g'),
      topics: [Own],
      assignors: [
        {
          name: 'everything-to-the-first',
          cooperative: false,
          userData: () => Buffer.from('hello'),
          assign: (counts, members) => {
            seen.push(
              [...counts],
              members.map(({ userData, topics }) => [userData?.toString(), topics]),
            )
            const all = [...counts].flatMap(([name, count]) =>
              Array.from({ length: count }, (_, partition) => ({ topic: name, partition })),
            )
            return new Map(members.map(({ memberId }, index) => [memberId, index === 0 ? all : []]))
          },
        },
      ],
    })
    await settled([member], 3)
    expect(seen).toEqual([[[Own.name, 3]], [['hello', [Own.name]]]])
  })
})

describe('what members say to each other', () => {
  const subscription = {
    topics: ['a', 'b'],
    userData: Buffer.from([1, 2]),
    ownedPartitions: [
      { topic: 'a', partition: 0 },
      { topic: 'a', partition: 2 },
      { topic: 'b', partition: 1 },
    ],
    generation: 7,
    rack: 'r1',
  }

  it('subscriptions and assignments come back as they were', () => {
    expect(decodeSubscription('m', 'i', encodeSubscription(subscription))).toEqual({
      ...subscription,
      memberId: 'm',
      groupInstanceId: 'i',
    })
    expect(decodeAssignment(encodeAssignment(subscription.ownedPartitions))).toEqual(subscription.ownedPartitions)
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([])
  })

  it('subscriptions of older members lack what they could not say', () => {
    // Version 0: topics ['t'], null user data.
    const encoded = Buffer.from('0000' + '00000001' + '0001' + '74' + 'ffffffff', 'hex')
    expect(decodeSubscription('m', null, encoded)).toEqual({
      memberId: 'm',
      groupInstanceId: null,
      topics: ['t'],
      userData: null,
      ownedPartitions: [],
      generation: -1,
      rack: null,
    })
  })
})
