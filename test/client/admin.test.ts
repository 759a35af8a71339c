import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Admin, Client, string, topic } from '../../client/index.ts'
import { type TestBroker, testBroker, unique } from './support/bootstrap.ts'

let broker: TestBroker
let client: Client
let admin: Admin

beforeAll(async () => {
  broker = await testBroker()
  client = new Client({ brokers: broker.bootstrap })
  admin = client.admin()
})

afterAll(async () => {
  await client.close()
  await broker[Symbol.asyncDispose]()
})

async function produced(count: number, partitions = 1) {
  const name = unique('admin')
  await admin.createTopics([{ name, partitions }])
  const Lines = topic(name, { value: string })
  await using producer = client.producer()
  for (let n = 0; n < count; n++) {
    await producer.send(Lines, [{ value: `line ${n}`, partition: n % partitions, timestamp: 1_000 + n }])
  }
  return { name, Lines }
}

/** A group that has read and committed `count` records. */
async function committed(count: number) {
  const { name, Lines } = await produced(count)
  const group = unique('g')
  await using consumer = client.consumer({ group, topics: [Lines] })
  let last
  let left = count
  for await (const record of consumer.records({ signal: AbortSignal.timeout(10_000) })) {
    last = record
    if (--left === 0) break
  }
  await consumer.commit(last)
  return { name, group }
}

describe('topics', () => {
  it('are created with partitions and configs, described, listed and deleted', async () => {
    const name = unique('admin')
    const [created] = await admin.createTopics([
      { name, partitions: 3, replicationFactor: 1, configs: { 'retention.ms': '60000' } },
    ])
    expect(created).toMatchObject({ name, partitions: 3, replicationFactor: 1 })
    expect(created!.id).toMatch(/^[\w-]{22}$/)
    const [described] = await admin.describeTopics([name])
    expect(described).toMatchObject({ name, id: created!.id, internal: false })
    expect(described!.partitions.map(({ partition }) => partition)).toEqual([0, 1, 2])
    expect(described!.partitions[0]!.inSync).toEqual(described!.partitions[0]!.replicas)
    expect(await admin.listTopics()).toContainEqual({ name, id: created!.id, internal: false })
    await admin.deleteTopics([name])
    await expect.poll(async () => (await admin.listTopics()).some((other) => other.name === name)).toBe(false)
    await expect(admin.describeTopics([name])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  it('errors carry Kafka’s names and say which topic', async () => {
    const name = unique('admin')
    await admin.createTopics([{ name }])
    await expect(admin.createTopics([{ name }])).rejects.toMatchObject({
      code: 'TOPIC_ALREADY_EXISTS',
      message: expect.stringContaining(name) as string,
    })
    await expect(admin.createTopics([{ name: 'no spaces allowed' }])).rejects.toMatchObject({
      code: 'INVALID_TOPIC_EXCEPTION',
    })
    await expect(admin.createTopics([{ name: unique('x'), partitions: 0 }])).rejects.toMatchObject({
      code: 'INVALID_PARTITIONS',
    })
    await expect(admin.deleteTopics([unique('missing')])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
    await expect(admin.createPartitions({ [name]: 1 })).rejects.toMatchObject({ code: 'INVALID_PARTITIONS' })
  })

  it('validateOnly creates nothing', async () => {
    const name = unique('admin')
    await admin.createTopics([{ name, partitions: 1, replicationFactor: 1 }], { validateOnly: true })
    await expect(admin.describeTopics([name])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  it('grow', async () => {
    const name = unique('admin')
    await admin.createTopics([{ name, partitions: 1 }])
    await admin.createPartitions({ [name]: 4 })
    expect((await admin.describeTopics([name]))[0]!.partitions).toHaveLength(4)
  })
})

describe('configs', () => {
  it('are described with their source and altered one by one (KIP-339)', async () => {
    const name = unique('admin')
    await admin.createTopics([{ name, configs: { 'cleanup.policy': 'delete' } }])
    const resource = { type: 'topic', name } as const
    const value = async (key: string) => (await admin.describeConfigs(resource)).find((entry) => entry.name === key)
    expect(await value('cleanup.policy')).toMatchObject({ value: 'delete', source: 'topic' })
    expect(await value('retention.ms')).toMatchObject({ source: 'default', sensitive: false })
    await admin.alterConfigs(resource, [
      { set: 'retention.ms', to: '1000' },
      { append: 'cleanup.policy', to: 'compact' },
    ])
    expect(await value('retention.ms')).toMatchObject({ value: '1000', source: 'topic' })
    expect(await value('cleanup.policy')).toMatchObject({ value: 'delete,compact' })
    await admin.alterConfigs(resource, [{ delete: 'retention.ms' }, { subtract: 'cleanup.policy', from: 'compact' }])
    expect(await value('retention.ms')).toMatchObject({ source: 'default' })
    expect(await value('cleanup.policy')).toMatchObject({ value: 'delete' })
    await expect(admin.alterConfigs(resource, [{ set: 'retention.ms', to: 'soon' }])).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
    })
    await expect(admin.describeConfigs({ type: 'topic', name: unique('missing') })).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
    })
  })

  it('of a broker come from that broker', async () => {
    const { brokers } = await admin.describeCluster()
    const configs = await admin.describeConfigs({ type: 'broker', name: String(brokers[0]!.id) })
    expect(configs.find((entry) => entry.name === 'num.partitions')?.value).toMatch(/^\d+$/)
  })
})

describe('offsets', () => {
  it('are listed by place and time (W19)', async () => {
    const { name } = await produced(10)
    const place = { topic: name, partition: 0 }
    expect(await admin.listOffsets([place], 'earliest')).toMatchObject([{ ...place, offset: 0 }])
    expect(await admin.listOffsets([place], 'latest')).toMatchObject([{ ...place, offset: 10 }])
    expect(await admin.listOffsets([place], { timestamp: 1_004 })).toMatchObject([
      { ...place, offset: 4, timestamp: 1_004 },
    ])
    expect(await admin.listOffsets([place], { timestamp: 9_999 })).toMatchObject([{ ...place, offset: -1 }])
    expect(await admin.listOffsets([place], 'max-timestamp')).toMatchObject([{ ...place, offset: 9, timestamp: 1_009 }])
  })

  it('records before one are deleted', async () => {
    const { name } = await produced(10, 2)
    const [first, second] = [0, 1].map((partition) => ({ topic: name, partition }))
    expect(
      await admin.deleteRecords([
        { ...first!, offset: 3 },
        { ...second!, offset: -1 },
      ]),
    ).toEqual([
      { ...first, offset: 3 },
      { ...second, offset: 5 },
    ])
    expect(await admin.listOffsets([first!, second!], 'earliest')).toMatchObject([{ offset: 3 }, { offset: 5 }])
    await expect(admin.deleteRecords([{ ...first!, offset: 99 }])).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
    })
  })
})

describe('groups', () => {
  it('are listed and described with their members', async () => {
    const { name, Lines } = await produced(1)
    const group = unique('g')
    await using consumer = client.consumer({ group, topics: [Lines], instanceId: 'me' })
    await consumer.records().next()
    expect((await admin.listGroups()).find((other) => other.group === group)).toMatchObject({
      protocolType: 'consumer',
      state: 'Stable',
    })
    const [described] = await admin.describeGroups([group])
    expect(described).toMatchObject({
      group,
      state: 'Stable',
      protocolType: 'consumer',
      protocol: 'cooperative-sticky',
    })
    expect(described!.members).toMatchObject([
      {
        memberId: consumer.memberId,
        instanceId: 'me',
        clientId: 'millrace',
        partitions: [{ topic: name, partition: 0 }],
      },
    ])
  })

  it('offsets are listed, altered and deleted, and groups too', async () => {
    const { name, group } = await committed(5)
    const place = { topic: name, partition: 0 }
    expect(await admin.listGroupOffsets(group)).toMatchObject([{ ...place, offset: 5, metadata: '' }])
    await admin.alterGroupOffsets(group, [{ ...place, offset: 2, metadata: 'back' }])
    expect(await admin.listGroupOffsets(group, [place, { topic: name, partition: 7 }])).toMatchObject([
      { ...place, offset: 2, metadata: 'back' },
    ])
    await admin.deleteGroupOffsets(group, [place])
    expect(await admin.listGroupOffsets(group)).toEqual([])
    await admin.alterGroupOffsets(group, [{ ...place, offset: 1 }])
    await admin.deleteGroups([group])
    await expect(admin.deleteGroups([group])).rejects.toMatchObject({ code: 'GROUP_ID_NOT_FOUND' })
  })
})

describe('the cluster', () => {
  it('describes itself', async () => {
    const { brokers, controller, clusterId } = await admin.describeCluster()
    expect(brokers.map(({ host, port }) => `${host}:${port}`)).toContain(broker.bootstrap.split(',')[0])
    expect(brokers.map(({ id }) => id)).toContain(controller)
    expect(clusterId).toEqual(expect.any(String))
  })

  it('calls give way to the signal and to close', async () => {
    await expect(admin.listTopics({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
    const other = client.admin()
    await other.close()
    await expect(other.listTopics()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
  })
})
