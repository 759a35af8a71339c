import { describe, expect, it } from 'vitest'
import { fenceBroker } from '../../../broker/controller/broker-life.ts'
import { changePartition } from '../../../broker/controller/partition-change.ts'
import { ongoingMoves, reassignPartitions } from '../../../broker/controller/reassign-partitions.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { Cluster } from './image-cluster.ts'

function clusterWithTopic(...replicas: number[]) {
  const cluster = new Cluster({ 'min.insync.replicas': 1 }).up(1, 2, 3, 4)
  cluster.create({ name: 't', assignments: [{ partition: 0, brokers: replicas }] })
  return cluster
}

function reassign(cluster: Cluster, replicas: readonly number[] | null, allowFactorChange = true) {
  const items = [{ topic: 't', partition: 0, replicas }]
  return cluster.run(reassignPartitions(cluster.context, items, allowFactorChange))[0]
}

/** The leader's word on who is in sync, as AlterPartition brings it. */
function inSync(cluster: Cluster, ...targetIsr: number[]): void {
  const topic = cluster.image.topic('t')
  if (topic === undefined) throw new Error('no topic')
  const record = changePartition({
    topicId: topic.id,
    partition: topic.partitions[0]!,
    minIsr: 1,
    isActive: (id) => cluster.image.isActive(id),
    targetIsr,
  })
  cluster.run({ records: record === null ? [] : [record], result: null })
}

describe('a move to other replicas', () => {
  it('first grows by those that come; who leaves stays until they are in sync', () => {
    const cluster = clusterWithTopic(1, 2)
    expect(reassign(cluster, [3, 4])).toMatchObject({ error: Errors.NONE })
    expect(cluster.partition('t')).toMatchObject({
      replicas: [3, 4, 1, 2],
      addingReplicas: [3, 4],
      removingReplicas: [1, 2],
      isr: [1, 2],
      leader: 1,
    })
    inSync(cluster, 1, 2, 3)
    expect(cluster.partition('t')).toMatchObject({ replicas: [3, 4, 1, 2], isr: [1, 2, 3] })
  })

  it('ends with the last that comes into sync: leader, replicas and in-sync set are the new ones', () => {
    const cluster = clusterWithTopic(1, 2)
    reassign(cluster, [3, 4])
    const before = cluster.partition('t')?.leaderEpoch ?? -1
    inSync(cluster, 1, 2, 3)
    inSync(cluster, 1, 2, 3, 4)
    expect(cluster.partition('t')).toMatchObject({
      replicas: [3, 4],
      isr: [3, 4],
      leader: 3,
      leaderEpoch: before + 1,
      addingReplicas: [],
      removingReplicas: [],
    })
  })

  it('that only takes replicas away is done at once, in a new leader epoch', () => {
    const cluster = clusterWithTopic(1, 2, 3)
    reassign(cluster, [1, 2])
    expect(cluster.partition('t')).toMatchObject({ replicas: [1, 2], isr: [1, 2], leader: 1, leaderEpoch: 1 })
  })

  it('that only changes the order moves no data and no leader', () => {
    const cluster = clusterWithTopic(1, 2)
    reassign(cluster, [2, 1])
    expect(cluster.partition('t')).toMatchObject({ replicas: [2, 1], leader: 1, leaderEpoch: 0, addingReplicas: [] })
  })

  it('keeps those who leave as long as nobody who stays is in sync', () => {
    const cluster = clusterWithTopic(1, 2)
    inSync(cluster, 2)
    reassign(cluster, [1])
    expect(cluster.partition('t')).toMatchObject({ replicas: [1, 2], removingReplicas: [2], isr: [2], leader: 2 })
    inSync(cluster, 2, 1)
    expect(cluster.partition('t')).toMatchObject({ replicas: [1], removingReplicas: [], isr: [1], leader: 1 })
  })

  it('changed midway drops what had not arrived and keeps what is in sync until the end', () => {
    const cluster = clusterWithTopic(1, 2)
    reassign(cluster, [3, 2])
    reassign(cluster, [4, 2])
    expect(cluster.partition('t')).toMatchObject({
      replicas: [4, 2, 1],
      addingReplicas: [4],
      removingReplicas: [1],
      isr: [1, 2],
    })
  })

  it('changed when only a newcomer is in sync does not lose it', () => {
    const cluster = clusterWithTopic(1, 2)
    reassign(cluster, [3, 4])
    inSync(cluster, 1, 2, 3)
    inSync(cluster, 3)
    reassign(cluster, [1, 2])
    expect(cluster.partition('t')).toMatchObject({ replicas: [1, 2, 3], removingReplicas: [3], isr: [3], leader: 3 })
  })

  it('leads with somebody who stays when the leader dies at the end', () => {
    const cluster = clusterWithTopic(1, 2)
    reassign(cluster, [2, 3])
    inSync(cluster, 1, 2, 3)
    expect(cluster.partition('t')).toMatchObject({ replicas: [2, 3], leader: 2, isr: [2, 3] })
    cluster.run(fenceBroker(cluster.context, 2, cluster.epochOf(2)))
    expect(cluster.partition('t')).toMatchObject({ leader: 3, isr: [3] })
  })
})

describe('a move that is cancelled', () => {
  it('goes back to the replicas of before', () => {
    const cluster = clusterWithTopic(1, 2)
    reassign(cluster, [3, 4])
    inSync(cluster, 1, 2, 3)
    expect(reassign(cluster, null)).toMatchObject({ error: Errors.NONE })
    expect(cluster.partition('t')).toMatchObject({
      replicas: [1, 2],
      isr: [1, 2],
      leader: 1,
      addingReplicas: [],
      removingReplicas: [],
    })
  })

  it('is refused where none is under way', () => {
    expect(reassign(clusterWithTopic(1, 2), null)).toMatchObject({ error: Errors.NO_REASSIGNMENT_IN_PROGRESS })
  })

  it('is refused when only newcomers are in sync: going back would lose records', () => {
    const cluster = clusterWithTopic(1, 2)
    reassign(cluster, [3, 4])
    inSync(cluster, 1, 2, 3)
    inSync(cluster, 3)
    const before = cluster.partition('t')
    expect(reassign(cluster, null)).toMatchObject({ error: Errors.INVALID_REPLICA_ASSIGNMENT })
    expect(cluster.partition('t')).toEqual(before)
  })
})

describe('a reassignment is refused', () => {
  it('to a broker that does not exist, to one twice, to none', () => {
    const cluster = clusterWithTopic(1, 2)
    for (const replicas of [[1, 9], [1, 1], []]) {
      expect(reassign(cluster, replicas)).toMatchObject({ error: Errors.INVALID_REPLICA_ASSIGNMENT })
    }
    expect(cluster.partition('t')).toMatchObject({ replicas: [1, 2] })
  })

  it('with another number of replicas when that is not allowed (KIP-860)', () => {
    const cluster = clusterWithTopic(1, 2)
    expect(reassign(cluster, [1, 2, 3], false)).toMatchObject({ error: Errors.INVALID_REPLICATION_FACTOR })
    expect(reassign(cluster, [1, 3], false)).toMatchObject({ error: Errors.NONE })
  })

  it('of what does not exist, without harm to the others', () => {
    const cluster = clusterWithTopic(1, 2)
    const items = [
      { topic: 'nope', partition: 0, replicas: [1] },
      { topic: 't', partition: 7, replicas: [1] },
      { topic: 't', partition: 0, replicas: [1, 3] },
    ]
    const results = cluster.run(reassignPartitions(cluster.context, items, true))
    const unknown = Errors.UNKNOWN_TOPIC_OR_PARTITION
    expect(results.map(({ error }) => error)).toEqual([unknown, unknown, Errors.NONE])
  })
})

describe('the list of moves', () => {
  it('names those under way, all or the ones asked for', () => {
    const cluster = clusterWithTopic(1, 2)
    cluster.create({ name: 'u', assignments: [{ partition: 0, brokers: [1, 2] }] })
    reassign(cluster, [1, 3])
    const move = { topic: 't', partition: 0, replicas: [1, 3, 2], addingReplicas: [3], removingReplicas: [2] }
    expect(ongoingMoves(cluster.image, null)).toEqual([move])
    expect(ongoingMoves(cluster.image, [{ topic: 't', partition: 0 }])).toEqual([move])
    expect(ongoingMoves(cluster.image, [{ topic: 'u', partition: 0 }])).toEqual([])
  })
})
