import { describe, expect, it } from 'vitest'
import { FetcherManager, type FollowedReplica } from '../../../broker/replication/fetcher-manager.ts'
import { ReplicationQuota } from '../../../broker/replication/throttle.ts'
import type { FetchRequest } from '../../../proto/kafka/generated/01-fetch.ts'
import { ManualClock } from './world.ts'

const topicId = 'AAAAAAAAAAAAAAAAAAAAEA'

/** A replica whose log is synced when the test says so. */
class SlowReplica implements FollowedReplica {
  readonly topic = 'orders'
  readonly topicId = topicId
  readonly isOnline = true
  readonly isThrottled = false
  readonly leaderEpoch = 1
  readonly logStartOffset = 0
  readonly logEndOffset = 7
  readonly latestEpoch = 0
  readonly highWatermark = 0
  readonly index: number
  readonly leader: number
  synced: () => void = () => {}

  constructor(index: number, leader: number) {
    this.index = index
    this.leader = leader
  }

  endOffsetForEpoch = () => ({ epoch: -1, endOffset: -1 })
  appendFetched = () => true
  truncateTo = () => true
  startOverAt = () => true
  leaderIsAt = () => {}
  persist(done: () => void): void {
    this.synced = done
  }
}

function managerOf() {
  const clock = new ManualClock()
  /** What was sent, to whom. */
  const sent: { leader: number; request: FetchRequest }[] = []
  const manager = new FetcherManager({
    clusterId: 'c',
    nodeId: 2,
    brokerEpoch: () => 9,
    clock,
    channels: {
      to: (leader) => ({
        request: (_api, request) => void sent.push({ leader, request: request as unknown as FetchRequest }),
      }),
    },
    maxWaitMs: 500,
    minBytes: 1,
    maxBytes: 1000,
    partitionMaxBytes: 100,
    backoffMs: 100,
    timeoutMs: 1000,
    quota: new ReplicationQuota(() => Number.POSITIVE_INFINITY),
    problem: () => {},
  })
  return { clock, sent, manager }
}

const indexes = ({ topics }: FetchRequest) =>
  topics.flatMap(({ partitions }) => partitions.map(({ partition }) => partition))

describe('following leaders', () => {
  it('begins only when everything in the log is synced, as the first fetch acknowledges it', () => {
    const { clock, sent, manager } = managerOf()
    const replica = new SlowReplica(0, 1)
    manager.follow(replica)
    clock.settle()
    expect(sent).toEqual([])
    replica.synced()
    clock.settle()
    expect(sent.map(({ leader, request }) => [leader, indexes(request)])).toEqual([[1, [0]]])
  })

  it('asks each leader for what it leads, and nobody for what has moved on meanwhile', () => {
    const { clock, sent, manager } = managerOf()
    const [first, moved, second] = [new SlowReplica(0, 1), new SlowReplica(1, 1), new SlowReplica(2, 3)]
    for (const replica of [first, moved, second]) manager.follow(replica)
    manager.unfollow(topicId, 1)
    for (const replica of [first, moved, second]) replica.synced()
    clock.settle()
    expect(sent.map(({ leader, request }) => [leader, indexes(request)])).toEqual([
      [1, [0]],
      [3, [2]],
    ])
    expect(manager.size).toBe(2)
  })

  it('makes a leader answer the fetch that it keeps when there is something else to ask for', () => {
    const { clock, sent, manager } = managerOf()
    for (const index of [0, 1]) {
      const replica = new SlowReplica(index, 1)
      manager.follow(replica)
      replica.synced()
      clock.settle()
    }
    expect(sent.map(({ request }) => [indexes(request), request.maxWaitMs])).toEqual([
      [[0], 500],
      [[], 0],
    ])
  })

  it('asks nobody any more once it is closed', () => {
    const { clock, sent, manager } = managerOf()
    const replica = new SlowReplica(0, 1)
    manager.follow(replica)
    manager.close()
    replica.synced()
    clock.settle()
    expect(sent).toEqual([])
  })
})
