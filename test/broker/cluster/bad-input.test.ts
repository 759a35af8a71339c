/** Nodes and requests that have no business in the cluster: refused with Kafka's error, logged once, nothing changed. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MembershipError } from '../../../broker/errors.ts'
import { DataDirError } from '../../../broker/log/errors.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import { errorName, Errors } from '../../../proto/kafka/errors.ts'
import {
  AllocateProducerIds,
  AlterPartition,
  BrokerHeartbeat,
  BrokerRegistration,
  Envelope,
  Fetch,
  Vote,
} from '../../../proto/kafka/generated/apis.ts'
import { RawClient } from '../../support/raw-client.ts'
import { fetchRequest } from '../../support/requests.ts'
import { Three, until } from './three.ts'

let three: Three
beforeEach(async () => {
  const properties = { 'broker.session.timeout.ms': 600, 'broker.heartbeat.interval.ms': 100 }
  three = await Three.make({ properties })
})
afterEach(() => three.close())

async function start(...ids: readonly number[]): Promise<void> {
  await Promise.all(ids.map((id) => three.node(id).start()))
  await until('they are unfenced', () => {
    const [first = 0] = ids
    const brokers = three.node(first).up.services.metadata.brokers()
    return brokers.filter(({ fenced }) => !fenced).length === ids.length
  })
}

/** What the metadata of a node says of the brokers. */
const known = (id: number) =>
  three
    .node(id)
    .up.services.metadata.brokers()
    .map(({ id: broker, epoch }) => `${broker}@${epoch}`)

/** Warnings and errors of a node about refusals. */
const complaints = (id: number) =>
  three.node(id).lines.filter(({ level, message }) => level !== 'info' && message.includes('refuse'))

describe('a node that does not belong to the cluster', () => {
  it('does not start with another cluster id, and the others go on', async () => {
    await start(1, 2)
    const before = known(1)
    three.node(3).reconfigure({ 'millrace.cluster.id': 'another-cluster-id-xyz' })
    const refusal = await three
      .node(3)
      .start()
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(MembershipError)
    expect(String(refusal)).toContain('INCONSISTENT_CLUSTER_ID')
    expect(known(1)).toEqual(before)
    for (const id of [1, 2, 3]) {
      const reasons = complaints(id).map(({ fields }) => JSON.stringify(fields))
      expect(reasons.length).toBeGreaterThan(0)
      expect(new Set(reasons).size).toBe(reasons.length)
    }
  })

  it('does not start with another list of voters: that is another cluster', async () => {
    await start(1, 2)
    const others = three.voters.filter(({ id }) => id !== 1).map(({ id, host, port }) => `${id}@${host}:${port}`)
    three.node(3).reconfigure({ 'controller.quorum.voters': [...others, '9@127.0.0.1:9'].join(',') })
    const before = known(1)
    const starting = three
      .node(3)
      .start()
      .catch((error: unknown) => error)
    await until('node 2 refuses it', () => complaints(2).length > 0)
    await three.node(3).kill()
    expect(await starting).toBeInstanceOf(MembershipError)
    expect(known(1)).toEqual(before)
  })

  it('does not start on the data directory of another cluster, which is named', async () => {
    await start(1, 2, 3)
    await three.node(3).kill()
    three.node(3).reconfigure({ 'millrace.cluster.id': 'another-cluster-id-xyz' })
    const refusal = await three
      .node(3)
      .start()
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(DataDirError)
    expect(String(refusal)).toMatch(/meta\.properties belongs to cluster .*, not another-cluster-id-xyz/)
  })

  it('does not start with the node id of a broker that lives, which goes on', { timeout: 30_000 }, async () => {
    await start(1, 2, 3)
    const observer = await three.observer(4)
    await observer.start()
    const twin = await three.observer(4)
    const before = known(1)
    const refusal = await twin.start().catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(MembershipError)
    expect(String(refusal)).toContain('node.id 4 is in use by another broker that lives')
    expect(known(1)).toEqual(before)
    expect(three.node(1).up.services.metadata.broker(4)?.fenced).toBe(false)
    const { active } = three
    expect(complaints(active?.id ?? 0).filter(({ fields }) => 'brokerId' in fields)).toHaveLength(1)
    await observer.kill()
  })
})

describe('a list of voters that is not what the metadata log says', () => {
  it('is said once, with the id of the cluster given: the log counts, and nothing changes', async () => {
    await start(1, 2, 3)
    await three.node(3).stop()
    const others = three.voters.filter(({ id }) => id !== 2).map(({ id, host, port }) => `${id}@${host}:${port}`)
    const clusterId = three.node(1).up.services.metadata.clusterId
    const list = [...others, '9@127.0.0.1:9'].join(',')
    three.node(3).reconfigure({ 'controller.quorum.voters': list, 'millrace.cluster.id': clusterId })
    await three.node(3).start()
    const told = three.node(3).lines.filter(({ message }) => message.includes('controller.quorum.voters names others'))
    expect(told.map(({ level, fields }) => ({ level, ...fields }))).toEqual([
      { level: 'warn', named: [1, 3, 9], voting: [1, 2, 3] },
    ])
    for (const id of [1, 2, 3]) {
      const { voters } = three.node(id).up.services.cluster.controller
      expect(voters.map((voter) => voter.id)).toEqual([1, 2, 3])
    }
  })
})

describe('a data directory that is an old copy', () => {
  it('is said once by the controller, and its broker leads nothing before it has caught up', async () => {
    await start(1, 2, 3)
    const node = three.node(3)
    await node.stop()
    const copy = node.faults.disk as MemoryDisk
    const marker = '/memory/.kafka_cleanshutdown'
    const old = copy.readFileSync(marker)
    await node.start()
    await node.stop()
    copy.replaceSync(marker, old)
    await node.start()
    const told = three.nodes.flatMap(({ lines }) => lines.filter(({ message }) => message.includes('an old copy')))
    expect(told.map(({ level, fields }) => ({ level, ...fields }))).toMatchObject([{ level: 'warn', brokerId: 3 }])
  })
})

describe('a minority', () => {
  it('elects nobody, says what it waits for, and can be stopped', { timeout: 30_000 }, async () => {
    const node = three.node(1)
    const starting = node.start().catch((error: unknown) => error)
    const waits = () => node.lines.filter(({ message }) => message.includes('a majority of the voters must be up'))
    await until('it says so', () => waits().length > 0)
    expect(waits()).toHaveLength(1)
    await node.stop()
    expect(await starting).toBeInstanceOf(MembershipError)
  })

  it('says once that it is cut off, and once that it is not', { timeout: 30_000 }, async () => {
    await start(1, 2, 3)
    const said = (text: string) => three.node(1).lines.filter(({ message }) => message.includes(text)).length
    await three.node(2).kill()
    await three.node(3).kill()
    await until('it says so', () => said('no active controller has answered') > 0)
    await three.node(2).start()
    await until('it says so', () => said('the active controller answers again') > 0)
    expect([said('no active controller has answered'), said('answers again')]).toEqual([1, 1])
  })

  it('takes no changes when the others are gone', { timeout: 30_000 }, async () => {
    await start(1, 2, 3)
    await three.node(2).kill()
    await three.node(3).kill()
    const { controller, metadata, cluster } = three.node(1).up.services
    await until('it knows no controller', () => !cluster.controller.isActive && metadata.controllerId !== 1)
    const topic = { name: 'lost', partitions: 1, replicationFactor: 1, assignments: [], configs: [] }
    let answered = false
    controller.createTopics([topic], { validateOnly: false }, () => (answered = true))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect([answered, metadata.topic('lost')]).toEqual([false, undefined])
  })
})

describe('a replica fetch', () => {
  async function fetchAs(replicaId: number, leaderEpoch: number, address: string) {
    const client = await RawClient.connect(address)
    const replicaState = { replicaId, replicaEpoch: -1 }
    const topicId = three.node(2).up.services.metadata.topic('orders')?.id ?? ''
    const request = fetchRequest([{ topicId, leaderEpoch, offset: 1_000 }], { replicaId, replicaState, maxWaitMs: 0 })
    const { errorCode, responses } = await client.request(Fetch, 17, request)
    client.socket.destroy()
    return [errorName(errorCode), errorName(responses[0]?.partitions[0]?.errorCode ?? 0)]
  }

  const partitionAt = (id: number) => three.node(id).up.services.metadata.topic('orders')?.partitions[0]

  /** A topic that broker 2 leads, in epoch 1. */
  beforeEach(async () => {
    await start(1, 2, 3)
    const topic = { name: 'orders', partitions: -1, replicationFactor: -1, configs: [] }
    const assigned = { ...topic, assignments: [{ partition: 0, brokers: [1, 2, 3] }] }
    const { controller } = three.node(1).up.services
    await new Promise((done) => controller.createTopics([assigned], { validateOnly: false }, done))
    await three.node(1).stop()
    await three.node(1).start()
    for (const id of [1, 2, 3]) await until('it is in sync', () => partitionAt(id)?.isr.length === 3)
    expect(partitionAt(2)).toMatchObject({ leader: 2, leaderEpoch: 1 })
  })

  it('with a wrong epoch, or of a stranger, is refused, and acknowledges nothing', async () => {
    const before = partitionAt(2)
    const { host, port } = three.voters[1] ?? expect.fail()
    const answers = [
      [1, 2, 'NONE', 'UNKNOWN_LEADER_EPOCH'],
      [1, 0, 'NONE', 'FENCED_LEADER_EPOCH'],
      [9, 1, 'BROKER_ID_NOT_REGISTERED', 'NONE'],
    ] as const
    for (const [replica, epoch, ...errors] of answers) {
      expect(await fetchAs(replica, epoch, `${host}:${port}`)).toEqual(errors)
    }
    expect(partitionAt(2)).toEqual(before)
  })

  it('on the listener for clients is refused, and acknowledges nothing', async () => {
    const before = partitionAt(2)
    expect(await fetchAs(1, 1, three.node(2).up.bootstrap)).toEqual(['NONE', 'NOT_LEADER_OR_FOLLOWER'])
    expect(partitionAt(2)).toEqual(before)
  })
})

describe('what only brokers may ask', () => {
  const heartbeat = {
    brokerId: 1,
    brokerEpoch: 0,
    currentMetadataOffset: 0,
    wantFence: true,
    wantShutDown: false,
    offlineLogDirs: [],
    cordonedLogDirs: null,
    suspectReplicas: [],
    replicaEnds: [],
    lostReplicas: [],
    fullReplicas: [],
  }

  it('is unknown on the listener for clients: the connection ends, and nothing has changed', async () => {
    await start(1, 2, 3)
    const before = known(1)
    for (const { key } of [Vote, AlterPartition, Envelope, BrokerRegistration, BrokerHeartbeat, AllocateProducerIds]) {
      const client = await RawClient.connect(three.node(1).up.bootstrap)
      const frame = Buffer.alloc(14)
      frame.writeInt32BE(10)
      frame.writeInt16BE(key, 4)
      client.sendRaw(frame)
      await expect(client.nextFrame()).rejects.toThrow('closed')
    }
    expect(known(1)).toEqual(before)
  })

  it('is refused with the error of an uptime that is over, on the listener for brokers', async () => {
    await start(1, 2, 3)
    const active = three.active?.id ?? 0
    const voter = three.voters.find(({ id }) => id === active)
    const client = await RawClient.connect(`${voter?.host}:${voter?.port}`)
    const answer = await client.request(BrokerHeartbeat, 2, heartbeat)
    expect(errorName(answer.errorCode)).toBe('STALE_BROKER_EPOCH')
    expect(three.node(active).up.services.metadata.broker(1)?.fenced).toBe(false)
    const garbage = {
      requestData: Buffer.from([0, 1, 2]),
      requestPrincipal: null,
      clientHostAddress: Buffer.alloc(4),
      forwardedBy: 9,
    }
    expect((await client.request(Envelope, 0, garbage)).errorCode).toBe(Errors.INVALID_REQUEST)
    client.socket.destroy()
  })

  it('is not the business of a node that is not the active controller', async () => {
    await start(1, 2, 3)
    const passive = three.voters.find(({ id }) => id !== three.active?.id)
    const client = await RawClient.connect(`${passive?.host}:${passive?.port}`)
    expect((await client.request(BrokerHeartbeat, 2, heartbeat)).errorCode).toBe(Errors.NOT_CONTROLLER)
    const request = {
      requestData: Buffer.alloc(0),
      requestPrincipal: null,
      clientHostAddress: Buffer.alloc(4),
      forwardedBy: 9,
    }
    expect((await client.request(Envelope, 0, request)).errorCode).toBe(Errors.NOT_CONTROLLER)
    client.socket.destroy()
  })
})
