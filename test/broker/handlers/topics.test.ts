/** Metadata and topic admin through the real dispatcher of a broker in memory. Traps by number: reference, wire. */
import { afterEach, describe, expect, it } from 'vitest'
import { type RunningBroker, startBroker } from '../../../broker/index.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import * as apis from '../../../proto/kafka/generated/apis.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'

let broker: RunningBroker

async function start(properties: Record<string, string | number | boolean> = {}): Promise<void> {
  broker = await startBroker({ memory: true, port: 0, properties })
}

afterEach(async () => {
  await broker.close()
})

async function metadata(
  topics: readonly (string | { topicId: string; name: string | null })[] | null,
  version = 13,
  allowAutoTopicCreation = false,
) {
  const response = await broker.dispatch(
    apis.Metadata,
    {
      topics: topics?.map((topic) => (typeof topic === 'string' ? { topicId: ZERO_UUID, name: topic } : topic)) ?? null,
      allowAutoTopicCreation,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    },
    version,
  )
  if (response === null) throw new Error('no reply')
  return response
}

async function create(...names: string[]) {
  const topics = names.map((name) => ({ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }))
  const request = { topics, timeoutMs: 5000, validateOnly: false }
  return (await broker.dispatch(apis.CreateTopics, request, 7))?.topics ?? []
}

async function remove(version: number, ...topics: { name: string | null; topicId: string }[]) {
  const topicNames = topics.flatMap(({ name }) => (name === null ? [] : [name]))
  return (await broker.dispatch(apis.DeleteTopics, { topics, topicNames, timeoutMs: 5000 }, version))?.responses ?? []
}

describe('Metadata', () => {
  it('W6: an empty list is everything in version 0 and nothing from version 1 on, where null is everything', async () => {
    await start()
    await create('a', 'b')
    const names = async (topics: [] | null, version: number) =>
      (await metadata(topics, version)).topics.map(({ name }) => name)
    expect(await names([], 0)).toEqual(['a', 'b'])
    for (let version = 1; version <= 13; version += 1) {
      expect(await names([], version)).toEqual([])
      expect(await names(null, version)).toEqual(['a', 'b'])
    }
  })

  it('W22: the first answer for an auto-created topic names its leader, which takes records at once', async () => {
    await start({ 'num.partitions': 3 })
    const { topics } = await metadata(['fresh'], 12, true)
    expect(topics).toMatchObject([{ errorCode: 0, name: 'fresh', isInternal: false }])
    expect(topics[0]?.partitions).toHaveLength(3)
    for (const { leaderId, errorCode, partitionIndex } of topics[0]?.partitions ?? []) {
      expect([leaderId, errorCode]).toEqual([1, 0])
      expect(broker.services.partitions.get('fresh', partitionIndex)?.isLeader).toBe(true)
    }
  })

  it('W22: many requests for the same new topic are all answered with it', async () => {
    await start()
    const answers = await Promise.all(Array.from({ length: 20 }, () => metadata(['fresh', 'other'], 12, true)))
    for (const { topics } of answers) expect(topics.map(({ errorCode }) => errorCode)).toEqual([0, 0])
    expect(new Set(answers.map(({ topics }) => topics[0]?.topicId)).size).toBe(1)
  })

  it.each([
    ['the client does not want it', 12, false, {}],
    ['the broker does not allow it', 12, true, { 'auto.create.topics.enable': false }],
  ])('creates nothing when %s', async (_, version, allow, properties) => {
    await start(properties)
    const { topics } = await metadata(['fresh'], version, allow)
    expect(topics).toMatchObject([{ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, name: 'fresh', partitions: [] }])
    expect(broker.services.metadata.topicCount).toBe(0)
  })

  it('creates for clients older than the flag, as versions below 4 imply it', async () => {
    await start()
    const { topics } = await metadata(['fresh'], 3, true)
    expect(topics).toMatchObject([{ errorCode: 0 }])
  })

  it('never creates a topic of an impossible or reserved name', async () => {
    await start()
    const bad = ['', '.', '..', 'a b', 'x'.repeat(250), '../../etc/passwd', 'a\0b']
    for (const { errorCode } of (await metadata(bad, 12, true)).topics) {
      expect(errorCode).toBe(Errors.INVALID_TOPIC_EXCEPTION)
    }
    const { topics } = await metadata(['__cluster_metadata'], 12, true)
    expect(topics).toMatchObject([{ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION }])
    expect(broker.services.metadata.topicCount).toBe(0)
  })

  it('gives internal topics their own settings and flag when a client asks for them first', async () => {
    await start({ 'offsets.topic.num.partitions': 4 })
    const { topics } = await metadata(['__consumer_offsets'], 12, true)
    expect(topics).toMatchObject([{ errorCode: 0, isInternal: true }])
    expect(topics[0]?.partitions).toHaveLength(4)
    expect(broker.services.metadata.topic('__consumer_offsets')?.configs.get('cleanup.policy')).toBe('compact')
  })

  it('W14: answers by id from version 12 on, and a topic made again has another id', async () => {
    await start()
    const [first] = await create('t')
    const byId = (topicId: string) => metadata([{ topicId, name: null }], 12)
    expect((await byId(first?.topicId ?? '')).topics).toMatchObject([
      { errorCode: 0, name: 't', topicId: first?.topicId },
    ])
    await remove(6, { name: null, topicId: first?.topicId ?? '' })
    const [second] = await create('t')
    expect(second?.topicId).not.toBe(first?.topicId)
    expect((await byId(first?.topicId ?? '')).topics).toMatchObject([
      { errorCode: Errors.UNKNOWN_TOPIC_ID, name: null, topicId: first?.topicId },
    ])
  })

  it('refuses ids before version 12 on each topic, as there is no other place for it', async () => {
    await start()
    const [topic] = await create('t')
    const response = await metadata([{ topicId: topic?.topicId ?? '', name: 't' }], 10)
    expect(response.topics).toMatchObject([{ errorCode: Errors.INVALID_REQUEST, name: 't' }])
    expect(response.brokers).toEqual([])
  })

  it('names this broker as clients should reach it', async () => {
    await start()
    const { brokers, controllerId, clusterId } = await metadata([], 13)
    expect(brokers).toEqual([{ nodeId: 1, host: '127.0.0.1', port: broker.port, rack: null }])
    expect(controllerId).toBe(1)
    expect(clusterId).toMatch(/^[\w-]{22}$/)
  })

  it('tells authorized operations when asked, those of the cluster in versions 8 to 10 only', async () => {
    await start()
    await create('t')
    const ask = (version: number, include: boolean) =>
      broker.dispatch(
        apis.Metadata,
        {
          topics: [{ topicId: ZERO_UUID, name: 't' }],
          allowAutoTopicCreation: false,
          includeClusterAuthorizedOperations: include,
          includeTopicAuthorizedOperations: include,
        },
        version,
      )
    expect(await ask(10, true)).toMatchObject({
      clusterAuthorizedOperations: 8096,
      topics: [{ topicAuthorizedOperations: 3576 }],
    })
    expect(await ask(10, false)).toMatchObject({
      clusterAuthorizedOperations: -2147483648,
      topics: [{ topicAuthorizedOperations: -2147483648 }],
    })
    expect(await ask(13, true)).toMatchObject({ topics: [{ topicAuthorizedOperations: 3576 }] })
  })
})

describe('topics that change', () => {
  it('are led here the moment the change is answered', async () => {
    await start()
    await create('t')
    expect([0, 1].map((index) => broker.services.partitions.get('t', index)?.isLeader)).toEqual([true, true])
    const grow = { topics: [{ name: 't', count: 4, assignments: null }], timeoutMs: 5000, validateOnly: false }
    expect(await broker.dispatch(apis.CreatePartitions, grow, 3)).toMatchObject({ results: [{ errorCode: 0 }] })
    expect([2, 3].map((index) => broker.services.partitions.get('t', index)?.isLeader)).toEqual([true, true])
    await remove(6, { name: 't', topicId: ZERO_UUID })
    expect(broker.services.partitions.get('t', 0)).toBeUndefined()
  })

  it('are not begun with no time to wait', async () => {
    await start()
    await create('t')
    const topics = [{ name: 'late', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]
    const timedOut = { errorCode: Errors.REQUEST_TIMED_OUT, errorMessage: null }
    const created = await broker.dispatch(apis.CreateTopics, { topics, timeoutMs: 0, validateOnly: false }, 7)
    expect(created?.topics).toMatchObject([{ name: 'late', ...timedOut }])
    const deleted = await broker.dispatch(apis.DeleteTopics, { topics: [], topicNames: ['t'], timeoutMs: -1 }, 5)
    expect(deleted?.responses).toMatchObject([{ name: 't', ...timedOut }])
    expect([...broker.services.metadata.topics()].map(({ name }) => name)).toEqual(['t'])
  })

  it('cannot be deleted where deletion is off', async () => {
    await start({ 'delete.topic.enable': false })
    await create('t')
    expect(await remove(5, { name: 't', topicId: ZERO_UUID })).toMatchObject([
      { errorCode: Errors.TOPIC_DELETION_DISABLED },
    ])
    expect(await remove(2, { name: 't', topicId: ZERO_UUID })).toMatchObject([{ errorCode: Errors.INVALID_REQUEST }])
    expect(broker.services.metadata.topicCount).toBe(1)
  })
})

describe('options that change', () => {
  it('reach the partitions that obey them', async () => {
    await start()
    await create('t')
    const alter = (resourceType: number, resourceName: string, name: string, value: string) =>
      broker.dispatch(
        apis.IncrementalAlterConfigs,
        {
          resources: [{ resourceType, resourceName, configs: [{ name, configOperation: 0, value }] }],
          validateOnly: false,
        },
        1,
      )
    const settings = () => {
      const topic = broker.services.metadata.topic('t')
      if (topic === undefined) throw new Error('no topic')
      return broker.services.topicSettings(topic).log
    }
    expect(await alter(4, '', 'message.max.bytes', '5000')).toMatchObject({ responses: [{ errorCode: 0 }] })
    expect(settings().maxMessageBytes).toBe(5000)
    expect(await alter(2, 't', 'max.message.bytes', '6000')).toMatchObject({ responses: [{ errorCode: 0 }] })
    expect(settings().maxMessageBytes).toBe(6000)
  })
})

describe('DescribeTopicPartitions', () => {
  it('walks all partitions page by page, each once', async () => {
    await start({ 'max.request.partition.size.limit': 3 })
    await create('a', 'b', 'c', 'd')
    const seen: string[] = []
    let cursor: { topicName: string; partitionIndex: number } | null = null
    let pages = 0
    do {
      const page: Awaited<ReturnType<typeof describePage>> = await describePage(cursor)
      for (const { name, partitions } of page.topics) {
        seen.push(...partitions.map(({ partitionIndex }) => `${name}-${partitionIndex}`))
      }
      expect(page.topics.flatMap(({ partitions }) => partitions).length).toBeLessThanOrEqual(3)
      cursor = page.nextCursor
      pages += 1
    } while (cursor !== null)
    expect(pages).toBe(3)
    expect(seen).toEqual(['a-0', 'a-1', 'b-0', 'b-1', 'c-0', 'c-1', 'd-0', 'd-1'])
  })

  async function describePage(cursor: { topicName: string; partitionIndex: number } | null) {
    const request = { topics: [], responsePartitionLimit: 2000, cursor }
    const response = await broker.dispatch(apis.DescribeTopicPartitions, request, 0)
    if (response === null) throw new Error('no reply')
    return response
  }
})
