/** Three brokers on real sockets: what followers, and clients of followers, are answered. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import {
  DeleteRecords,
  DeleteTopics,
  Fetch,
  ListOffsets,
  OffsetForLeaderEpoch,
} from '../../../proto/kafka/generated/apis.ts'
import { string, topic } from '../../../client/index.ts'
import type { Partition } from '../../../broker/replication/api.ts'
import { type Cluster, type ClusterBroker, startCluster } from '../../../testing/cluster.ts'
import { RawClient } from '../../support/raw-client.ts'
import { batchOf, type FetchOf, fetchOne, fetchRequest, produce, recordsOf } from '../../support/requests.ts'

const PATIENCE_MS = 20_000

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

let cluster: Cluster
const open: RawClient[] = []

beforeAll(async () => {
  cluster = await startCluster({ brokers: 3 })
}, 60_000)

afterAll(async () => {
  for (const client of open) await client.close()
  await cluster?.close()
})

async function connect(address: string): Promise<RawClient> {
  const client = await RawClient.connect(address)
  open.push(client)
  return client
}

/** A topic in sync, its leader, and a follower of it. */
async function topicOf(
  name: string,
  config = {},
): Promise<{ leader: ClusterBroker; follower: ClusterBroker; topicId: string }> {
  await cluster.createTopic({ name, config })
  await until('three replicas in sync', () => cluster.inSync(name).length === 3)
  const leader = cluster.brokers.find(({ nodeId }) => nodeId === cluster.leader(name))!
  const follower = cluster.brokers.find(({ nodeId }) => nodeId !== cluster.leader(name))!
  await until('the leader leads', () => leader.services.partitions.get(name, 0)?.isLeader === true)
  const { id } = leader.services.metadata.topic(name)!
  await until('the follower follows', () => follower.services.partitions.get(name, 0)?.isFollower === true)
  return { leader, follower, topicId: id }
}

const partitionOf = (broker: ClusterBroker, name: string): Partition | undefined =>
  broker.services.partitions.get(name, 0)

/** The listener for brokers. */
function peerOf({ nodeId, services }: ClusterBroker): string {
  const { peerHost, peerPort } = services.metadata.broker(nodeId)!
  return `${peerHost}:${peerPort}`
}

describe('a fetch of a follower', () => {
  const name = 'followed'
  let leader: ClusterBroker
  let client: RawClient
  let asked: FetchOf
  let replicaState: { replicaId: number; replicaEpoch: number }

  beforeAll(async () => {
    const made = await topicOf(name)
    leader = made.leader
    client = await connect(peerOf(leader))
    const { epoch } = leader.services.metadata.broker(made.follower.nodeId)!
    replicaState = { replicaId: made.follower.nodeId, replicaEpoch: epoch }
    const { leaderEpoch } = partitionOf(leader, name)!
    asked = { topicId: made.topicId, leaderEpoch, lastFetchedEpoch: leaderEpoch }
    const toLeader = await connect(leader.bootstrap)
    for (const value of ['a', 'b', 'c']) await produce(toLeader, name, 0, batchOf([value]))
    // The true followers would be told what this client pretends to be told.
    cluster.faults.isolate(leader.nodeId)
  }, 60_000)

  afterAll(() => cluster.faults.heal())

  it('brings what is written', async () => {
    const answer = await fetchOne(client, { ...asked, offset: 1 }, { version: 18, replicaState })
    expect([answer.errorCode, answer.logStartOffset]).toEqual([Errors.NONE, 0])
    expect(recordsOf(answer).length).toBeGreaterThan(0)
  })

  it.each([
    ['a leader epoch to come', { leaderEpoch: 99 }, {}, Errors.UNKNOWN_LEADER_EPOCH],
    ['an offset beyond the end', { lastFetchedEpoch: -1, offset: 50 }, {}, Errors.OFFSET_OUT_OF_RANGE],
    ['an uptime that is over', {}, { replicaEpoch: 0 }, Errors.NOT_LEADER_OR_FOLLOWER],
    ['a topic that is not there', { topicId: 'AAAAAAAAAAAAAAAAAAAAzw' }, {}, Errors.UNKNOWN_TOPIC_ID],
  ])('with %s is refused', async (_what, place, state, error) => {
    const answer = await fetchOne(
      client,
      { ...asked, ...place },
      { version: 18, replicaState: { ...replicaState, ...state } },
    )
    expect([answer.errorCode, recordsOf(answer).length]).toEqual([error, 0])
  })

  it('from a log that has more of the epoch than there was is told where it ends', async () => {
    const answer = await fetchOne(client, { ...asked, offset: 50 }, { version: 18, replicaState })
    expect(answer.divergingEpoch).toEqual({ epoch: asked.leaderEpoch, endOffset: 3 })
  })

  it('of another cluster, or of a broker that nobody knows, is refused as a whole', async () => {
    const stranger = await client.request(Fetch, 18, fetchRequest([asked], { replicaState, clusterId: 'another' }))
    expect(stranger.errorCode).toBe(Errors.INCONSISTENT_CLUSTER_ID)
    const unknown = { replicaId: 77, replicaEpoch: 1 }
    const nobody = await client.request(Fetch, 18, fetchRequest([asked], { replicaState: unknown }))
    expect(nobody.errorCode).toBe(Errors.BROKER_ID_NOT_REGISTERED)
  })

  it('names only what changed within a session, and hears when the session is not the one that is known', async () => {
    const first = await client.request(
      Fetch,
      18,
      fetchRequest([{ ...asked, offset: 3 }], { replicaState, sessionEpoch: 0 }),
    )
    const { sessionId } = first
    expect(sessionId).toBeGreaterThan(0)
    const wrong = await client.request(Fetch, 18, fetchRequest([], { replicaState, sessionId, sessionEpoch: 5 }))
    expect(wrong.errorCode).toBe(Errors.INVALID_FETCH_SESSION_EPOCH)
    const gone = await client.request(
      Fetch,
      18,
      fetchRequest([], { replicaState, sessionId: sessionId ^ 1, sessionEpoch: 1 }),
    )
    expect(gone.errorCode).toBe(Errors.FETCH_SESSION_ID_NOT_FOUND)
    const toLeader = await connect(leader.bootstrap)
    const waiting = client.request(
      Fetch,
      18,
      fetchRequest([], { replicaState, sessionId, sessionEpoch: 1, maxWaitMs: 20_000 }),
    )
    await produce(toLeader, name, 0, batchOf(['d']), { acks: 1 })
    const { responses } = await waiting
    expect(recordsOf(responses[0]!.partitions[0]!).length).toBeGreaterThan(0)
  })

  it('on the listener for clients is refused', async () => {
    const toLeader = await connect(leader.bootstrap)
    const answer = await fetchOne(toLeader, asked, { version: 18, replicaState })
    expect(answer.errorCode).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
  })
})

describe('a fetch of a follower that has not heard of an election', () => {
  it('is refused with FENCED_LEADER_EPOCH', async () => {
    const name = 'elected'
    const { leader: former, follower: next, topicId } = await topicOf(name)
    const others = cluster.brokers.filter((broker) => broker !== next)
    const admin = cluster.client().admin()
    const replicas = [next, ...others].map(({ nodeId }) => nodeId)
    await admin.alterPartitionReassignments([{ topic: name, partition: 0, replicas }])
    const past = partitionOf(former, name)!.leaderEpoch
    await admin.electLeaders([{ topic: name, partition: 0 }])
    await until('the next one leads', () => partitionOf(next, name)?.isLeader === true)
    const client = await connect(peerOf(next))
    const replicaId = former.nodeId
    const replicaState = { replicaId, replicaEpoch: former.services.metadata.broker(replicaId)!.epoch }
    const fetch = (leaderEpoch: number) =>
      fetchOne(client, { topicId, leaderEpoch, lastFetchedEpoch: -1 }, { version: 18, replicaState })
    expect((await fetch(past)).errorCode).toBe(Errors.FENCED_LEADER_EPOCH)
    expect((await fetch(partitionOf(next, name)!.leaderEpoch)).errorCode).toBe(Errors.NONE)
  })
})

describe('a follower', () => {
  it('KIP-392: serves consumers that may say where they are, up to its high watermark, and no others', async () => {
    const { leader, follower } = await topicOf('near')
    const [toLeader, toFollower] = [await connect(leader.bootstrap), await connect(follower.bootstrap)]
    await produce(toLeader, 'near', 0, batchOf(['a', 'b']))
    await until('the follower knows', () => partitionOf(follower, 'near')!.highWatermark === 2)
    const answer = await fetchOne(toFollower, { topic: 'near' }, { version: 12 })
    expect([answer.errorCode, answer.highWatermark]).toEqual([Errors.NONE, 2])
    expect(recordsOf(answer).length).toBeGreaterThan(0)
    const old = await fetchOne(toFollower, { topic: 'near' }, { version: 10 })
    expect(old.errorCode).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
    const beyond = await fetchOne(toFollower, { topic: 'near', offset: 9, lastFetchedEpoch: 0 }, { version: 12 })
    expect(beyond.errorCode).toBe(Errors.OFFSET_OUT_OF_RANGE)
  })

  it('answers a consumer that waits as soon as it hears of more', async () => {
    const { leader, follower } = await topicOf('parked')
    const [toLeader, toFollower] = [await connect(leader.bootstrap), await connect(follower.bootstrap)]
    const waiting = fetchOne(toFollower, { topic: 'parked' }, { version: 12, maxWaitMs: 20_000 })
    await produce(toLeader, 'parked', 0, batchOf(['a']))
    expect(recordsOf(await waiting).length).toBeGreaterThan(0)
  })

  it('leaves offsets, produces and epochs to its leader', async () => {
    const { follower } = await topicOf('led')
    const client = await connect(follower.bootstrap)
    const produced = await produce(client, 'led', 0, batchOf(['a']))
    expect(produced.errorCode).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
    const listed = await client.request(ListOffsets, 9, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: 'led', partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }] }],
      timeoutMs: 1000,
    })
    expect(listed.topics[0]!.partitions[0]!.errorCode).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
    const ended = await client.request(OffsetForLeaderEpoch, 4, {
      replicaId: -1,
      topics: [{ topic: 'led', partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }] }],
    })
    expect(ended.topics[0]!.partitions[0]!.errorCode).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
  })
})

describe('DeleteRecords', () => {
  it('is answered once every replica has deleted them', async () => {
    const { leader } = await topicOf('trimmed')
    const client = await connect(leader.bootstrap)
    for (const value of ['a', 'b', 'c']) await produce(client, 'trimmed', 0, batchOf([value]))
    const answer = await client.request(DeleteRecords, 2, {
      timeoutMs: 20_000,
      topics: [{ name: 'trimmed', partitions: [{ partitionIndex: 0, offset: 2 }] }],
    })
    expect(answer.topics[0]!.partitions[0]).toMatchObject({ errorCode: Errors.NONE, lowWatermark: 2 })
    expect(cluster.brokers.map((broker) => partitionOf(broker, 'trimmed')!.logStartOffset)).toEqual([2, 2, 2])
  })
})

describe('a topic that is deleted', () => {
  it('is gone from its followers too', async () => {
    const { leader } = await topicOf('doomed')
    const client = await connect(leader.bootstrap)
    await produce(client, 'doomed', 0, batchOf(['a']))
    const topics = [{ name: 'doomed', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }]
    await client.request(DeleteTopics, 6, { topics, topicNames: [], timeoutMs: 10_000 })
    await until('nobody has it', () => cluster.brokers.every((broker) => partitionOf(broker, 'doomed') === undefined))
  })
})

describe('a group', () => {
  it('finds what it committed after its coordinator died', { timeout: 60_000 }, async () => {
    await topicOf('consumed')
    const admin = cluster.client().admin()
    const Consumed = topic('consumed', { key: string, value: string })
    await using producer = cluster.client().producer()
    await producer.send(Consumed, [{ key: 'k', value: 'v' }])
    await admin.alterGroupOffsets('readers', [{ topic: 'consumed', partition: 0, offset: 1 }])
    const offsets = () => cluster.leader('__consumer_offsets', coordinatorPartition())
    const coordinator = offsets()
    await cluster.faults.kill(coordinator)
    await until('another coordinator', () => ![coordinator, -1].includes(offsets()))
    const found = await admin.listGroupOffsets('readers')
    expect(found.map(({ offset }) => offset)).toEqual([1])
    await cluster.faults.restart(coordinator)
  })

  /** Which partition holds the group: the one with records. */
  function coordinatorPartition(): number {
    const running = cluster.brokers.filter(({ isRunning }) => isRunning)
    const ends = [0, 1, 2, 3, 4].map((index) =>
      Math.max(
        ...running.map(({ services }) => services.partitions.get('__consumer_offsets', index)?.logEndOffset ?? 0),
      ),
    )
    return ends.findIndex((end) => end > 0)
  }
})
