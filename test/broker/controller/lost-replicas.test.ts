/** What the controller does with replicas whose logs failed while their brokers live. */
import { beforeEach, describe, expect, it } from 'vitest'
import { alterPartition } from '../../../broker/controller/alter-partition.ts'
import { fenceBroker, unfenceBroker } from '../../../broker/controller/broker-life.ts'
import { brokerHeartbeat } from '../../../broker/controller/heartbeat.ts'
import { withdrawLost } from '../../../broker/controller/lost-replicas.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { Cluster } from './image-cluster.ts'

let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster({ 'min.insync.replicas': 2 }).up(1, 2, 3)
})

function create(replicas: readonly number[], configs: { name: string; value: string }[] = []): string {
  const assignments = [{ partition: 0, brokers: [...replicas] }]
  cluster.create({ name: 't', assignments, configs })
  return cluster.image.topic('t')?.id ?? ''
}

/** The heartbeat of a running broker whose logs of these partitions of `t` are offline. */
function report(brokerId: number, partitions: readonly number[] = [0], change: { wantShutDown?: boolean } = {}) {
  const topicId = cluster.image.topic('t')?.id ?? ''
  const request = {
    brokerId,
    brokerEpoch: cluster.epochOf(brokerId),
    currentMetadataOffset: cluster.epochOf(brokerId),
    wantFence: false,
    wantShutDown: false,
    offlineLogDirs: [],
    cordonedLogDirs: null,
    suspectReplicas: [],
    replicaEnds: [],
    fullReplicas: [],
    lostReplicas: partitions.length === 0 ? [] : [{ topicId, partitions: [...partitions] }],
    ...change,
  }
  const outcome = brokerHeartbeat(cluster.context, request, { lowestOffset: 0, shutdownOffset: null })
  cluster.run(outcome)
  return outcome
}

/** Takes these out of the in-sync set as their leader does. */
function shrink(topicId: string, isr: readonly number[]): number {
  return propose(topicId, isr, cluster.partition('t')?.leaderEpoch ?? -1)
}

function propose(topicId: string, isr: readonly number[], leaderEpoch: number): number {
  const { leader = -1, partitionEpoch = -1 } = cluster.partition('t') ?? {}
  const newIsrWithEpochs = isr.map((brokerId) => ({ brokerId, brokerEpoch: cluster.epochOf(brokerId) }))
  const wish = { partitionIndex: 0, leaderEpoch, newIsr: [], newIsrWithEpochs, leaderRecoveryState: 0, partitionEpoch }
  const request = {
    brokerId: leader,
    brokerEpoch: cluster.epochOf(leader),
    topics: [{ topicId, partitions: [wish] }],
  }
  const { topics } = cluster.run(alterPartition(cluster.context, request))
  return topics[0]?.partitions[0]?.errorCode ?? -1
}

describe('a log that failed on its leader', () => {
  it('is replaced: another of the in-sync set leads, and the broker stays what it is', () => {
    create([1, 2, 3])
    const { leaderEpoch = -1 } = cluster.partition('t') ?? {}
    expect(report(1).result).toMatchObject({ errorCode: 0, isFenced: false })
    expect(cluster.partition('t')).toMatchObject({ leader: 2, leaderEpoch: leaderEpoch + 1, isr: [2, 3], elr: [] })
    expect(cluster.image.isActive(1)).toBe(true)
  })

  it('changes nothing when it is reported again', () => {
    create([1, 2, 3])
    report(1)
    expect(report(1).records).toEqual([])
  })

  it('leaves its other partitions alone, and names that nobody knows', () => {
    cluster.create({ name: 't', partitions: 3, replicationFactor: 3 })
    const others = [1, 2].map((index) => cluster.partition('t', index))
    report(1, [0, 0, 77])
    expect([1, 2].map((index) => cluster.partition('t', index))).toEqual(others)
    expect(cluster.partition('t')?.isr).not.toContain(1)
    const strange = [{ topicId: 'AAAAAAAAAAAAAAAAAAAAzw', partitions: [0] }]
    expect(withdrawLost(cluster.context, 1, strange)).toEqual([])
  })

  it('is not eligible, even when those in sync are too few', () => {
    create([1, 2])
    report(1)
    expect(cluster.partition('t')).toMatchObject({ leader: 2, isr: [2], elr: [], lastKnownElr: [1] })
    cluster.run(fenceBroker(cluster.context, 2, cluster.epochOf(2)))
    expect(cluster.partition('t')).toMatchObject({ leader: -1, elr: [2] })
  })

  it.each([
    ['false', 1],
    ['true', 2],
  ])(
    'is replaced by one that is behind only as the topic allows: with unclean.leader.election.enable=%s broker %i leads',
    (enabled, leader) => {
      const topicId = create([1, 2], [{ name: 'unclean.leader.election.enable', value: enabled }])
      shrink(topicId, [1])
      // Eligible until its disk is another one.
      cluster.register(2, { directoryId: 'new' })
      cluster.run(unfenceBroker(cluster.context, 2, cluster.epochOf(2)))
      report(1)
      expect(cluster.partition('t')).toMatchObject({ leader, isr: [leader] })
    },
  )

  it('is replaced as soon as somebody else can lead', () => {
    const topicId = create([1, 2])
    shrink(topicId, [1])
    cluster.run(fenceBroker(cluster.context, 2, cluster.epochOf(2)))
    expect(report(1).records).toEqual([])
    cluster.run(unfenceBroker(cluster.context, 2, cluster.epochOf(2)))
    report(1)
    expect(cluster.partition('t')).toMatchObject({ leader: 2, isr: [2], elr: [], lastKnownElr: [1] })
  })

  it('changes nothing where there is one replica only', () => {
    create([1])
    expect(report(1).records).toEqual([])
    expect(cluster.partition('t')).toMatchObject({ leader: 1, isr: [1] })
  })

  it('is told along with the wish to stop', () => {
    create([1, 2])
    report(1, [0], { wantShutDown: true })
    expect(cluster.partition('t')).toMatchObject({ leader: 2, isr: [2], elr: [], lastKnownElr: [1] })
    expect(cluster.image.broker(1)).toMatchObject({ inControlledShutdown: true })
  })
})

describe('a log that failed on a follower', () => {
  it('leaves the in-sync set under a new epoch of the same leader, so that nothing heard before brings it back', () => {
    const topicId = create([1, 2, 3])
    const { leaderEpoch = -1 } = cluster.partition('t') ?? {}
    report(3)
    expect(cluster.partition('t')).toMatchObject({ leader: 1, leaderEpoch: leaderEpoch + 1, isr: [1, 2], elr: [] })
    expect(propose(topicId, [1, 2, 3], leaderEpoch)).toBe(Errors.FENCED_LEADER_EPOCH)
    expect(cluster.partition('t')?.isr).toEqual([1, 2])
  })

  it('comes back once it fetches again: after a restart with its log in order', () => {
    const topicId = create([1, 2, 3])
    report(3)
    cluster.register(3)
    cluster.run(unfenceBroker(cluster.context, 3, cluster.epochOf(3)))
    expect(report(3, []).records).toEqual([])
    expect(shrink(topicId, [1, 2, 3])).toBe(Errors.NONE)
    expect(cluster.partition('t')?.isr).toEqual([1, 2, 3])
  })

  it('is not eligible any more', () => {
    const topicId = create([1, 2])
    shrink(topicId, [1])
    expect(cluster.partition('t')).toMatchObject({ leader: 1, isr: [1], elr: [2] })
    report(2)
    expect(cluster.partition('t')).toMatchObject({ leader: 1, isr: [1], elr: [], lastKnownElr: [2] })
    expect(report(2).records).toEqual([])
  })
})
