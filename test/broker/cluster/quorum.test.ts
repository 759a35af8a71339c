/** The metadata quorum of real brokers: what clients are told of it, and voters that come and go. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import { AddRaftVoter, DescribeQuorum, RemoveRaftVoter } from '../../../proto/kafka/generated/apis.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { type Node, Three, until } from './three.ts'

let three: Three
let observer: Node
/** Not the active controller. */
let other: Node

beforeAll(async () => {
  const properties = { 'metadata.log.max.record.bytes.between.snapshots': 1000 }
  three = await (await Three.make({ properties })).startAll()
  observer = await (await three.observer(4)).start()
  const unfenced = (node: Node) => node.up.services.metadata.brokers().filter(({ fenced }) => !fenced).length
  await until('all are unfenced', () => [...three.nodes, observer].every((node) => unfenced(node) === 4))
  other = three.nodes.find((node) => node !== three.active) as Node
})
afterAll(async () => {
  await observer.kill()
  await three.close()
})

async function describeAt(node: Node, topicName = '__cluster_metadata') {
  const response = await node.up.dispatch(
    DescribeQuorum,
    { topics: [{ topicName, partitions: [{ partitionIndex: 0 }] }] },
    2,
  )
  const partition = response?.topics[0]?.partitions[0]
  if (response === null || partition === undefined) throw new Error('no answer')
  return { ...partition, nodes: response.nodes }
}

async function directoryOf(id: number): Promise<string> {
  const { currentVoters, observers } = await describeAt(other)
  return [...currentVoters, ...observers].find(({ replicaId }) => replicaId === id)?.replicaDirectoryId ?? ''
}

interface Added {
  readonly clusterId?: string
  /** Of the listener. */
  readonly name?: string
  readonly port?: number
}

async function add(id: number, directoryId: string, { clusterId, name = 'CONTROLLER', port }: Added = {}) {
  const listeners = [{ name, host: '127.0.0.1', port: port ?? observer.up.services.config.peerPort }]
  const request = {
    clusterId: clusterId ?? null,
    timeoutMs: 5000,
    voterId: id,
    voterDirectoryId: directoryId,
    listeners,
  }
  const answer = await other.up.dispatch(AddRaftVoter, { ...request, ackWhenCommitted: true }, 1)
  return [answer?.errorCode, answer?.errorMessage]
}

async function remove(id: number, directoryId: string) {
  const request = { clusterId: null, voterId: id, voterDirectoryId: directoryId }
  const answer = await other.up.dispatch(RemoveRaftVoter, request, 0)
  return [answer?.errorCode, answer?.errorMessage]
}

describe('DescribeQuorum', () => {
  it('is answered by every broker as by the leader: who votes, who watches, how far each is', async () => {
    const leader = three.active?.id
    for (const node of three.nodes) {
      const told = await describeAt(node)
      expect(told).toMatchObject({ errorCode: 0, leaderId: leader })
      expect(told.currentVoters.map(({ replicaId }) => replicaId)).toEqual([1, 2, 3])
      expect(told.observers.map(({ replicaId }) => replicaId)).toEqual([4])
      expect(told.highWatermark).toBeGreaterThan(0)
      for (const replica of [...told.currentVoters, ...told.observers]) {
        expect(replica.logEndOffset).toBeGreaterThan(0)
        expect(Date.now() - replica.lastFetchTimestamp).toBeLessThan(60_000)
        expect(replica.lastCaughtUpTimestamp).toBeLessThanOrEqual(Date.now() + 1)
      }
      const [endpoint] = told.nodes
      const [voter] = three.voters
      expect(endpoint).toEqual({ nodeId: 1, listeners: [{ name: 'CONTROLLER', host: voter?.host, port: voter?.port }] })
    }
  })

  it('knows no quorum of another topic', async () => {
    expect(await describeAt(other, 'orders')).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION })
  })
})

describe('a change of voters', () => {
  it('is refused where it makes no sense, with what Kafka says', async () => {
    const directory = await directoryOf(4)
    expect(await add(4, directory, { clusterId: 'another' })).toEqual([
      Errors.INCONSISTENT_CLUSTER_ID,
      expect.stringContaining('The given id "another" doesn\'t match the cluster id'),
    ])
    expect(await add(4, ZERO_UUID)).toEqual([Errors.INVALID_REQUEST, "Add voter request didn't include a valid voter"])
    expect(await add(4, directory, { name: 'OTHER' })).toEqual([
      Errors.INVALID_REQUEST,
      expect.stringContaining('for the default listener CONTROLLER'),
    ])
    expect(await add(2, directory)).toEqual([
      Errors.DUPLICATE_VOTER,
      expect.stringContaining('already part of the set'),
    ])
    expect(await add(4, 'nZ8nbaZD0IuXBnWRnr65Ew')).toEqual([
      Errors.REQUEST_TIMED_OUT,
      'Aborted add voter operation for 4 since it is lagging behind',
    ])
    expect(await remove(9, directory)).toEqual([
      Errors.VOTER_NOT_FOUND,
      'Cannot remove voter 9 from the set of voters 1, 2, 3',
    ])
    expect((await describeAt(other)).currentVoters.map(({ replicaId }) => replicaId)).toEqual([1, 2, 3])
  })

  it('adds an observer that has caught up, and takes it out again, asked of any broker', async () => {
    const directory = await directoryOf(4)
    expect(await add(4, directory)).toEqual([Errors.NONE, null])
    const ids = async () => (await describeAt(other)).currentVoters.map(({ replicaId }) => replicaId)
    expect(await ids()).toEqual([1, 2, 3, 4])
    for (const node of [...three.nodes, observer]) {
      await until('it knows the voters', () => node.up.services.cluster.controller.voters.length === 4)
    }
    expect(await remove(4, directory)).toEqual([Errors.NONE, null])
    expect(await ids()).toEqual([1, 2, 3])
  })
})

describe('a voter that is found elsewhere than the quorum knows', () => {
  it('says so itself, once, and the others have its address', async () => {
    const directory = await directoryOf(4)
    const { peerPort } = observer.up.services.config
    expect(await add(4, directory, { port: 9 })).toEqual([Errors.NONE, null])
    for (const node of [...three.nodes, observer]) {
      const known = () => node.up.services.cluster.controller.voters.find(({ id }) => id === 4)
      await until('it knows the address', () => known()?.port === peerPort)
      expect(known()?.directoryId).toBe(directory)
    }
    const told = observer.lines.filter(({ message }) => message === 'the quorum knows the new address of this voter')
    expect(told.map(({ fields }) => fields)).toEqual([{ was: '127.0.0.1:9', is: `127.0.0.1:${peerPort}` }])
    let removed = await remove(4, directory)
    while (removed[0] === Errors.REQUEST_TIMED_OUT) removed = await remove(4, directory)
    expect(removed).toEqual([Errors.NONE, null])
  })
})

describe('a broker that was away while the metadata log was trimmed', () => {
  it('gets a snapshot, and knows what the others know', async () => {
    await other.kill()
    const { active } = three
    if (active === null) throw new Error('no controller')
    const { controller } = active.up.services.cluster
    for (let i = 0; i < 30; i += 1) {
      const topic = { name: `made-${i}`, partitions: 1, replicationFactor: 2, assignments: [], configs: [] }
      await new Promise((done) => controller.requests.createTopics([topic], { validateOnly: false }, done))
    }
    const snapshots = () => active.lines.filter(({ message }) => message === 'metadata snapshot written').length
    await until('the log is trimmed', () => snapshots() >= 2)
    await other.start()
    await until(
      'it has all topics',
      () => other.up.services.metadata.topicCount === active.up.services.metadata.topicCount,
    )
    const epochs = (node: Node) => node.up.services.metadata.brokers().map(({ id, epoch }) => `${id}@${epoch}`)
    await until('it knows the brokers', () => epochs(other).join() === epochs(active).join())
    expect([...other.up.services.metadata.topics()].map(({ id }) => id)).toEqual(
      [...active.up.services.metadata.topics()].map(({ id }) => id),
    )
  })
})
