import { beforeEach, describe, expect, it } from 'vitest'
import { alterPartition } from '../../../broker/controller/alter-partition.ts'
import { fenceBroker, shutDownBroker } from '../../../broker/controller/broker-life.ts'
import { reassignPartitions } from '../../../broker/controller/reassign-partitions.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { Cluster } from './image-cluster.ts'

let cluster: Cluster
let leader = -1
beforeEach(() => {
  cluster = new Cluster({ 'min.insync.replicas': 2 }).up(1, 2, 3, 4)
  cluster.create({ name: 't', assignments: [{ partition: 0, brokers: [1, 2, 3] }] })
  leader = 1
})

const partition = () => cluster.partition('t')

interface Wish {
  readonly leaderEpoch?: number
  readonly partitionEpoch?: number
  readonly epochs?: Readonly<Record<number, number>>
  readonly index?: number
  readonly recovery?: number
}

function ask(isr: readonly number[], wish: Wish = {}, sender = leader, brokerEpoch = cluster.epochOf(sender)) {
  const topicId = cluster.image.topic('t')?.id ?? ''
  const { leaderEpoch = partition()?.leaderEpoch ?? -1, partitionEpoch = partition()?.partitionEpoch ?? -1 } = wish
  const asked = {
    partitionIndex: wish.index ?? 0,
    leaderEpoch,
    newIsr: [],
    newIsrWithEpochs: isr.map((id) => ({ brokerId: id, brokerEpoch: wish.epochs?.[id] ?? cluster.epochOf(id) })),
    leaderRecoveryState: wish.recovery ?? 0,
    partitionEpoch,
  }
  const outcome = alterPartition(cluster.context, {
    brokerId: sender,
    brokerEpoch,
    topics: [{ topicId, partitions: [asked] }],
  })
  const response = cluster.run(outcome)
  return { recorded: outcome.records.length, error: response.errorCode, ...response.topics[0]?.partitions[0] }
}

describe('AlterPartition', () => {
  it('shrinks and expands the in-sync set, a new partition epoch each time and the same leader epoch', () => {
    expect(ask([1, 2])).toMatchObject({ errorCode: 0, leaderId: 1, leaderEpoch: 0, isr: [1, 2], partitionEpoch: 1 })
    expect(partition()).toMatchObject({ isr: [1, 2], leaderEpoch: 0, partitionEpoch: 1 })
    expect(ask([1, 2, 3])).toMatchObject({ errorCode: 0, isr: [1, 2, 3], partitionEpoch: 2 })
  })

  it('keeps who leaves a set below the minimum as an eligible leader', () => {
    ask([1])
    expect(partition()).toMatchObject({ isr: [1], elr: [2, 3] })
    ask([1, 2])
    expect(partition()).toMatchObject({ isr: [1, 2], elr: [] })
  })

  it('answers what stands when nothing changes', () => {
    expect(ask([1, 2, 3])).toMatchObject({ errorCode: 0, isr: [1, 2, 3], partitionEpoch: 0, recorded: 0 })
  })

  it('tells the leader that a move was completed, which took the leadership away', () => {
    cluster.run(reassignPartitions(cluster.context, [{ topic: 't', partition: 0, replicas: [4, 2, 3] }], true))
    expect(ask([1, 2, 3, 4])).toMatchObject({ errorCode: Errors.NEW_LEADER_ELECTED, recorded: 1 })
    expect(partition()).toMatchObject({ replicas: [4, 2, 3], leader: 4 })
  })
})

describe('AlterPartition is refused, and nothing is recorded,', () => {
  it.each([
    [
      'of an earlier uptime of the leader',
      () => ask([1, 2], {}, 1, cluster.epochOf(1) - 1),
      'STALE_BROKER_EPOCH',
      true,
    ],
    ['of a leader that was replaced', () => ask([1, 2], { leaderEpoch: -1 }), 'FENCED_LEADER_EPOCH', false],
    [
      'of who leads a later epoch than this controller knows',
      () => ask([1, 2], { leaderEpoch: 9 }),
      'NOT_CONTROLLER',
      false,
    ],
    ['of who knows a later state', () => ask([1, 2], { partitionEpoch: 9 }), 'NOT_CONTROLLER', false],
    ['of a replica that does not lead', () => ask([1, 2], {}, 2), 'INVALID_REQUEST', false],
    ['made for an earlier state', () => ask([1, 2], { partitionEpoch: -1 }), 'INVALID_UPDATE_VERSION', false],
    ['without the leader', () => ask([2, 3]), 'INVALID_REQUEST', false],
    ['with a stranger', () => ask([1, 4]), 'INVALID_REQUEST', false],
    ['with a replica twice', () => ask([1, 2, 2]), 'INVALID_REQUEST', false],
    ['while it recovers', () => ask([1], { recovery: 1 }), 'INVALID_REQUEST', false],
    ['with an earlier uptime of a follower', () => ask([1, 2], { epochs: { 2: 0 } }), 'INELIGIBLE_REPLICA', false],
    ['of a partition that is not there', () => ask([1], { index: 5 }), 'UNKNOWN_TOPIC_OR_PARTITION', false],
  ] as const)('%s', (_, attempt, error, isWhole) => {
    const answer = attempt()
    expect(answer.recorded).toBe(0)
    expect(isWhole ? answer.error : answer.errorCode).toBe(Errors[error])
  })

  it('with a follower that is fenced or about to stop', () => {
    ask([1, 3])
    cluster.run(fenceBroker(cluster.context, 2, cluster.epochOf(2)))
    expect(ask([1, 2, 3])).toMatchObject({ errorCode: Errors.INELIGIBLE_REPLICA, recorded: 0 })
    cluster.run(shutDownBroker(cluster.context, 3, cluster.epochOf(3)))
    expect(ask([1, 3])).toMatchObject({ errorCode: Errors.INELIGIBLE_REPLICA, recorded: 0 })
  })

  it('of a topic that is not there', () => {
    const partitions = [
      {
        partitionIndex: 0,
        leaderEpoch: 0,
        newIsr: [],
        newIsrWithEpochs: [],
        leaderRecoveryState: 0,
        partitionEpoch: 0,
      },
    ]
    const request = { brokerId: 1, brokerEpoch: cluster.epochOf(1), topics: [{ topicId: 'nowhere', partitions }] }
    const [topic] = alterPartition(cluster.context, request).result.topics
    expect(topic?.partitions[0]?.errorCode).toBe(Errors.UNKNOWN_TOPIC_ID)
  })

  it('the second time in one request', () => {
    const topicId = cluster.image.topic('t')?.id ?? ''
    const wish = {
      partitionIndex: 0,
      leaderEpoch: 0,
      newIsr: [],
      newIsrWithEpochs: [{ brokerId: 1, brokerEpoch: -1 }],
      leaderRecoveryState: 0,
      partitionEpoch: 0,
    }
    const request = { brokerId: 1, brokerEpoch: cluster.epochOf(1), topics: [{ topicId, partitions: [wish, wish] }] }
    const { records, result } = alterPartition(cluster.context, request)
    expect(records).toHaveLength(1)
    expect(result.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([0, Errors.INVALID_REQUEST])
  })
})
