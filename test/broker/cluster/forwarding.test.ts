/** What clients ask of a broker that is not the active controller: answered as the controller answers, and seen here at once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ControllerApi } from '../../../broker/controller/api.ts'
import { ResourceType } from '../../../broker/controller/image.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { DescribeCluster, IncrementalAlterConfigs, Metadata } from '../../../proto/kafka/generated/apis.ts'
import { type Node, Three, until } from './three.ts'

let three: Three
/** Not the active controller. */
let other: Node

beforeAll(async () => {
  three = await (await Three.make()).startAll()
  await until('all are unfenced', () => three.isWhole)
  other = three.nodes.find((node) => node !== three.active) as Node
})
afterAll(() => three.close())

const view = () => other.up.services.metadata

/** Asks the other broker for one thing. */
function ask<Result>(call: (controller: ControllerApi, done: (result: Result) => void) => void): Promise<Result> {
  return new Promise((resolve) => call(other.up.services.controller, resolve))
}

const topic = (name: string, more: object = {}) => ({
  name,
  partitions: -1,
  replicationFactor: -1,
  assignments: [],
  configs: [],
  ...more,
})

const create = (...topics: ReturnType<typeof topic>[]) =>
  ask<readonly object[]>((controller, done) => controller.createTopics(topics, { validateOnly: false }, done))

describe('a broker that is not the active controller', () => {
  it('creates topics: defaults, configs, ids, and an error for each that cannot be', async () => {
    const configs = [{ name: 'retention.ms', value: '60000' }]
    const [made, refused, placed] = await create(
      topic('made', { partitions: 2, configs }),
      topic('no/name'),
      topic('placed', { assignments: [{ partition: 0, brokers: [3, 1] }] }),
    )
    expect(made).toMatchObject({ error: 0, name: 'made', partitions: 2, replicationFactor: 3 })
    expect(made).toMatchObject({ topicId: view().topic('made')?.id, configs: new Map([['retention.ms', '60000']]) })
    expect(refused).toMatchObject({
      error: Errors.INVALID_TOPIC_EXCEPTION,
      message: expect.stringContaining('no/name'),
    })
    expect(placed).toMatchObject({ error: 0, partitions: 1, replicationFactor: 2 })
    expect(view().topic('placed')?.partitions[0]?.replicas).toEqual([3, 1])
    const [again] = await create(topic('made'))
    expect(again).toMatchObject({ error: Errors.TOPIC_ALREADY_EXISTS, message: "Topic 'made' already exists." })
  })

  it('only checks with validateOnly', async () => {
    const [checked] = await ask<readonly object[]>((controller, done) =>
      controller.createTopics([topic('tried')], { validateOnly: true }, done),
    )
    expect(checked).toMatchObject({ error: 0 })
    expect(view().topic('tried')).toBeUndefined()
  })

  it('adds partitions', async () => {
    await create(topic('grows', { partitions: 1 }))
    const change = (count: number) => [{ name: 'grows', count, assignments: null }]
    const grow = (count: number) =>
      ask<readonly object[]>((controller, done) =>
        controller.createPartitions(change(count), { validateOnly: false }, done),
      )
    expect(await grow(3)).toMatchObject([{ name: 'grows', error: 0 }])
    expect(view().topic('grows')?.partitions).toHaveLength(3)
    expect(await grow(2)).toMatchObject([{ error: Errors.INVALID_PARTITIONS }])
  })

  it('deletes topics by name and by id', async () => {
    await create(topic('by-name'), topic('by-id'))
    const id = view().topic('by-id')?.id ?? ''
    const refs = [
      { name: 'by-name', id: 'AAAAAAAAAAAAAAAAAAAAAA' },
      { name: null, id },
      { name: 'never', id: 'AAAAAAAAAAAAAAAAAAAAAA' },
    ]
    const results = await ask<readonly object[]>((controller, done) => controller.deleteTopics(refs, done))
    expect(results).toMatchObject([
      { name: 'by-name', error: 0 },
      { name: 'by-id', id, error: 0 },
      { name: 'never', error: Errors.UNKNOWN_TOPIC_OR_PARTITION },
    ])
    expect([view().topic('by-name'), view().topic('by-id')]).toEqual([undefined, undefined])
  })

  it('alters the configs of a topic, and of itself, through its own front door', async () => {
    await create(topic('tuned'))
    const entry = (name: string, value: string) => ({ name, configOperation: 0, value })
    const response = await other.up.dispatch(
      IncrementalAlterConfigs,
      {
        resources: [
          { resourceType: ResourceType.TOPIC, resourceName: 'tuned', configs: [entry('retention.ms', '5000')] },
          {
            resourceType: ResourceType.BROKER,
            resourceName: String(other.id),
            configs: [entry('log.cleaner.threads', '2')],
          },
          { resourceType: ResourceType.BROKER, resourceName: '7', configs: [entry('log.cleaner.threads', '2')] },
        ],
        validateOnly: false,
      },
      1,
    )
    expect(response?.responses.map(({ errorCode }) => errorCode)).toEqual([0, 0, Errors.INVALID_REQUEST])
    expect(view().topic('tuned')?.configs.get('retention.ms')).toBe('5000')
    expect(view().brokerConfig(String(other.id)).get('log.cleaner.threads')).toBe('2')
    const replaced = await ask<readonly object[]>((controller, done) => {
      const operations = [{ name: 'segment.bytes', op: 'set' as const, value: '1048576' }]
      const change = { resourceType: ResourceType.TOPIC, resourceName: 'tuned', operations, replaceAll: true }
      controller.alterConfigs([change], { validateOnly: false }, done)
    })
    expect(replaced).toMatchObject([{ error: 0 }])
    expect([...(view().topic('tuned')?.configs ?? [])]).toEqual([['segment.bytes', '1048576']])
  })

  it('elects leaders, and tells why not', async () => {
    await create(topic('led', { partitions: 2 }))
    const partitions = [
      { topic: 'led', partition: 1 },
      { topic: 'led', partition: 5 },
    ]
    const elect = (asked: typeof partitions | null) =>
      ask<readonly object[]>((controller, done) => controller.electLeaders({ unclean: false, partitions: asked }, done))
    expect(await elect(partitions)).toMatchObject([
      { ...partitions[0], error: Errors.ELECTION_NOT_NEEDED },
      { ...partitions[1], error: Errors.UNKNOWN_TOPIC_OR_PARTITION },
    ])
    expect(await elect(null)).toEqual([])
  })

  it('moves partitions to other replicas', async () => {
    await create(topic('moves', { assignments: [{ partition: 0, brokers: [1, 2] }] }))
    const items = [{ topic: 'moves', partition: 0, replicas: [2] }]
    const results = await ask<readonly object[]>((controller, done) =>
      controller.reassignPartitions(items, { allowReplicationFactorChange: true }, done),
    )
    expect(results).toMatchObject([{ topic: 'moves', partition: 0, error: 0 }])
    expect(view().topic('moves')?.partitions[0]?.replicas).toEqual([2])
  })

  it('refuses to forget a broker that is not there, and a feature nobody has', async () => {
    expect(await ask<object>((controller, done) => controller.unregisterBroker(9, done))).toEqual({
      error: Errors.BROKER_ID_NOT_REGISTERED,
      message: 'Broker ID 9 is not currently registered',
    })
    const updates = [{ name: 'none', level: 1, upgradeType: 'upgrade' as const }]
    expect(
      await ask<object>((controller, done) => controller.updateFeatures(updates, { validateOnly: false }, done)),
    ).toMatchObject({ error: Errors.INVALID_UPDATE_VERSION })
  })

  it('gets producer ids that no other broker was given', async () => {
    const blocks = await Promise.all(
      three.nodes.map(
        ({ up }) =>
          new Promise<number>((resolve) => up.services.controller.allocateProducerIds(({ first }) => resolve(first))),
      ),
    )
    expect(new Set(blocks).size).toBe(3)
  })

  it('describes the cluster as every broker does', async () => {
    const answers = await Promise.all(
      three.nodes.map(async ({ up }) => {
        const request = { includeClusterAuthorizedOperations: false, endpointType: 1, includeFencedBrokers: false }
        const described = await up.dispatch(DescribeCluster, request, 2)
        const metadata = await up.dispatch(
          Metadata,
          {
            topics: [],
            allowAutoTopicCreation: false,
            includeClusterAuthorizedOperations: false,
            includeTopicAuthorizedOperations: false,
          },
          12,
        )
        return { described, brokers: metadata?.brokers, controllerId: metadata?.controllerId }
      }),
    )
    for (const { described, brokers, controllerId } of answers) {
      expect(described?.brokers.map(({ brokerId }) => brokerId)).toEqual([1, 2, 3])
      expect(brokers?.map(({ nodeId, port }) => [nodeId, port])).toEqual(three.nodes.map(({ id, up }) => [id, up.port]))
      expect([described?.controllerId, controllerId]).toEqual([three.active?.id, three.active?.id])
    }
  })
})
