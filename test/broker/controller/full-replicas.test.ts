/** What the controller does with replicas that have no room for more, on brokers that live. */
import { beforeEach, describe, expect, it } from 'vitest'
import { fenceBroker } from '../../../broker/controller/broker-life.ts'
import { brokerHeartbeat } from '../../../broker/controller/heartbeat.ts'
import { Cluster } from './image-cluster.ts'

let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster({ 'min.insync.replicas': 2 }).up(1, 2, 3)
})

function create(replicas: readonly number[], configs: { name: string; value: string }[] = []): string {
  cluster.create({ name: 't', assignments: [{ partition: 0, brokers: [...replicas] }], configs })
  return cluster.image.topic('t')?.id ?? ''
}

/** The heartbeat of a running broker whose log of the only partition of `t` is full. */
function report(brokerId: number) {
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
    lostReplicas: [],
    fullReplicas: [{ topicId, partitions: [0] }],
  }
  const outcome = brokerHeartbeat(cluster.context, request, { lowestOffset: 0, shutdownOffset: null })
  cluster.run(outcome)
  return outcome
}

describe('a log that has no room', () => {
  it('hands over to another of the in-sync set, where it leads', () => {
    create([1, 2, 3])
    const { leaderEpoch = -1 } = cluster.partition('t') ?? {}
    expect(report(1).result).toMatchObject({ errorCode: 0, isFenced: false })
    expect(cluster.partition('t')).toMatchObject({
      leader: 2,
      leaderEpoch: leaderEpoch + 1,
      isr: [2, 3],
      electedAs: 'in-sync',
    })
  })

  it('is not waited for where it follows: its leader begins an epoch without it', () => {
    create([1, 2, 3])
    const { leaderEpoch = -1 } = cluster.partition('t') ?? {}
    report(3)
    expect(cluster.partition('t')).toMatchObject({ leader: 1, leaderEpoch: leaderEpoch + 1, isr: [1, 2] })
  })

  it('changes nothing when it is told again', () => {
    create([1, 2, 3])
    report(1)
    expect(report(1).records).toEqual([])
  })

  it('keeps its place where those left would be too few to acknowledge: room may return, and nobody is better off', () => {
    create([1, 2, 3])
    cluster.run(fenceBroker(cluster.context, 3, cluster.epochOf(3)))
    const before = cluster.partition('t')
    expect(report(1).records).toEqual([])
    expect(cluster.partition('t')).toEqual(before)
  })

  it('moves once and stays then, when the disks of all brokers are full', () => {
    create([1, 2, 3])
    for (const brokerId of [1, 2, 3]) report(brokerId)
    expect(cluster.partition('t')).toMatchObject({ leader: 2, isr: [2, 3], elr: [], lastKnownElr: [] })
    for (const brokerId of [1, 2, 3]) expect(report(brokerId).records).toEqual([])
  })

  it('keeps a partition that is nowhere else', () => {
    create([1])
    expect(report(1).records).toEqual([])
    expect(cluster.partition('t')).toMatchObject({ leader: 1, isr: [1] })
  })

  it('hands over to the one other replica where one is enough', () => {
    create([1, 2], [{ name: 'min.insync.replicas', value: '1' }])
    report(1)
    expect(cluster.partition('t')).toMatchObject({ leader: 2, isr: [2] })
  })
})
