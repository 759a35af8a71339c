import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import {
  DeleteRecords,
  DescribeLogDirs,
  InitProducerId,
  ListOffsets,
  OffsetForLeaderEpoch,
} from '../../../proto/kafka/generated/apis.ts'
import { type Cluster, startCluster } from '../../../testing/cluster.ts'
import { RawClient } from '../../support/raw-client.ts'
import { batchOf, produce } from '../../support/requests.ts'

let cluster: Cluster
let client: RawClient
const now = Date.now()

beforeAll(async () => {
  cluster = await startCluster({
    topics: ['times', 'none', { name: 'compacted', config: { 'cleanup.policy': 'compact' } }],
  })
  client = await RawClient.connect(cluster.bootstrap)
  // Offsets 0 to 5 with these times; the fourth is the newest.
  for (const offset of [-60, -50, -40, -10, -30, -20])
    await produce(client, 'times', 0, batchOf(['v'], {}, now + offset * 1000))
})

afterAll(async () => {
  await client?.close()
  await cluster?.close()
})

async function listOffset(
  topic: string,
  timestamp: number,
  changes: { version?: number; leaderEpoch?: number; isolationLevel?: number } = {},
) {
  const response = await client.request(ListOffsets, changes.version ?? 11, {
    replicaId: -1,
    isolationLevel: changes.isolationLevel ?? 0,
    timeoutMs: 1000,
    topics: [
      { name: topic, partitions: [{ partitionIndex: 0, currentLeaderEpoch: changes.leaderEpoch ?? -1, timestamp }] },
    ],
  })
  const answer = response.topics[0]?.partitions[0]
  if (answer === undefined) throw new Error('no answer')
  return answer
}

describe('ListOffsets (W19)', () => {
  it('W19: latest, earliest, max timestamp, earliest local, latest tiered, earliest pending upload', async () => {
    expect(await listOffset('times', -1)).toMatchObject({ errorCode: 0, offset: 6, timestamp: -1 })
    expect(await listOffset('times', -1, { isolationLevel: 1 })).toMatchObject({ offset: 6 })
    expect(await listOffset('times', -2)).toMatchObject({ errorCode: 0, offset: 0, timestamp: -1 })
    expect(await listOffset('times', -3)).toMatchObject({ errorCode: 0, offset: 3, timestamp: now - 10_000 })
    expect(await listOffset('times', -4)).toMatchObject({ errorCode: 0, offset: 0 })
    expect(await listOffset('times', -5)).toMatchObject({ errorCode: 0, offset: -1 })
    expect(await listOffset('times', -6)).toMatchObject({ errorCode: 0, offset: -1 })
  })

  it('W19: each special timestamp is refused before the version that brought it', async () => {
    for (const [timestamp, since] of [
      [-3, 7],
      [-4, 8],
      [-5, 9],
      [-6, 11],
    ] as const) {
      expect((await listOffset('times', timestamp, { version: since - 1 })).errorCode).toBe(Errors.UNSUPPORTED_VERSION)
      expect((await listOffset('times', timestamp, { version: since })).errorCode).toBe(Errors.NONE)
    }
    expect((await listOffset('times', -7)).errorCode).toBe(Errors.UNSUPPORTED_VERSION)
  })

  it('finds the first record that is not older', async () => {
    expect(await listOffset('times', now - 55_000)).toMatchObject({ offset: 1, timestamp: now - 50_000 })
    expect(await listOffset('times', now - 35_000)).toMatchObject({ offset: 3, timestamp: now - 10_000 })
    expect(await listOffset('times', 0)).toMatchObject({ offset: 0 })
    expect(await listOffset('times', now)).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 })
  })

  it('answers for every version from 1 to 11', async () => {
    for (let version = 1; version <= 11; version += 1)
      expect((await listOffset('times', -1, { version })).offset).toBe(6)
  })

  it('an empty log starts and ends at 0 and has no newest record', async () => {
    expect((await listOffset('none', -1)).offset).toBe(0)
    expect((await listOffset('none', -2)).offset).toBe(0)
    expect((await listOffset('none', -3)).offset).toBe(-1)
  })

  it('W15: checks the leader epoch, and knows no foreign topic', async () => {
    const { leaderEpoch } = await listOffset('times', -1)
    expect(leaderEpoch).toBeGreaterThanOrEqual(0)
    expect((await listOffset('times', -1, { leaderEpoch })).errorCode).toBe(0)
    expect((await listOffset('times', -1, { leaderEpoch: leaderEpoch + 1 })).errorCode).toBe(
      Errors.UNKNOWN_LEADER_EPOCH,
    )
    expect((await listOffset('nowhere', -1)).errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  })

  it('refuses a partition that is named twice', async () => {
    const twice = [0, 0].map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp: -1 }))
    const response = await client.request(ListOffsets, 7, {
      replicaId: -1,
      isolationLevel: 0,
      timeoutMs: 0,
      topics: [{ name: 'times', partitions: twice }],
    })
    const errors = new Set(response.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)))
    expect([...errors]).toEqual([Errors.INVALID_REQUEST])
  })
})

describe('OffsetForLeaderEpoch (W15)', () => {
  const ask = async (topic: string, leaderEpoch: number, version: number, currentLeaderEpoch = -1) => {
    const response = await client.request(OffsetForLeaderEpoch, version, {
      replicaId: -1,
      topics: [{ topic, partitions: [{ partition: 0, currentLeaderEpoch, leaderEpoch }] }],
    })
    return response.topics[0]?.partitions[0]
  }

  it('W15: the end of the present epoch is the end of the log; an epoch from before has none', async () => {
    const { leaderEpoch } = await listOffset('times', -1)
    for (const version of [2, 3, 4]) {
      expect(await ask('times', leaderEpoch, version)).toEqual({
        errorCode: 0,
        partition: 0,
        leaderEpoch,
        endOffset: 6,
      })
    }
    expect(await ask('times', leaderEpoch, 4, leaderEpoch + 5)).toMatchObject({
      errorCode: Errors.UNKNOWN_LEADER_EPOCH,
      endOffset: -1,
    })
    expect(await ask('nowhere', 0, 4)).toMatchObject({ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, endOffset: -1 })
  })
})

describe('DeleteRecords', () => {
  it('refuses compact-only, internal and unknown topics', async () => {
    const response = await client.request(DeleteRecords, 2, {
      timeoutMs: 1000,
      topics: ['compacted', 'nowhere'].map((name) => ({ name, partitions: [{ partitionIndex: 0, offset: 0 }] })),
    })
    expect(response.topics.map(({ partitions }) => partitions[0]?.errorCode)).toEqual([
      Errors.POLICY_VIOLATION,
      Errors.UNKNOWN_TOPIC_OR_PARTITION,
    ])
  })
})

describe('InitProducerId', () => {
  const init = (version: number, transactionalId: string | null, producerId = -1, producerEpoch = -1) =>
    client.request(InitProducerId, version, {
      transactionalId,
      transactionTimeoutMs: 60_000,
      producerId,
      producerEpoch,
      enable2Pc: false,
      keepPreparedTxn: false,
    })

  it('gives each producer another id with epoch 0, at every version', async () => {
    const ids = new Set<number>()
    for (let version = 0; version <= 5; version += 1) {
      const answer = await init(version, null)
      expect([answer.errorCode, answer.producerEpoch]).toEqual([0, 0])
      ids.add(answer.producerId)
    }
    expect(ids.size).toBe(6)
  })

  it('never gives an id again, not even after a crash', async () => {
    const before = (await init(4, null)).producerId
    await cluster.faults.kill()
    await cluster.faults.restart()
    await client.close()
    client = await RawClient.connect(cluster.bootstrap)
    expect((await init(4, null)).producerId).toBeGreaterThan(before)
  })

  it('refuses half a producer id, an empty transactional id, and transactions', async () => {
    expect((await init(4, null, 5, -1)).errorCode).toBe(Errors.INVALID_REQUEST)
    expect((await init(4, '')).errorCode).toBe(Errors.INVALID_REQUEST)
    expect((await init(4, 't')).errorCode).toBe(Errors.UNSUPPORTED_VERSION)
  })
})

describe('DescribeLogDirs', () => {
  it('names the directory and the size of each partition', async () => {
    for (let version = 1; version <= 5; version += 1) {
      const response = await client.request(DescribeLogDirs, version, {
        topics: [{ topic: 'times', partitions: [0, 5] }],
      })
      const [directory] = response.results
      expect(directory?.errorCode).toBe(0)
      expect(
        directory?.topics.map(({ name, partitions }) => [name, partitions.map(({ partitionIndex }) => partitionIndex)]),
      ).toEqual([['times', [0]]])
      expect(directory?.topics[0]?.partitions[0]?.partitionSize).toBeGreaterThan(6 * 61)
    }
    const all = await client.request(DescribeLogDirs, 4, { topics: null })
    expect(all.results[0]?.topics.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['times', 'none', 'compacted']),
    )
  })
})
