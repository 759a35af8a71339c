import { beforeEach, describe, expect, it } from 'vitest'
import { brokerHeartbeat, type HeartbeatKnowledge } from '../../../broker/controller/heartbeat.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import type { BrokerHeartbeatRequest } from '../../../proto/kafka/generated/63-broker-heartbeat.ts'
import { Cluster } from './image-cluster.ts'

let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster({ 'min.insync.replicas': 2 })
})

function beat(
  brokerId: number,
  change: Partial<BrokerHeartbeatRequest> = {},
  knowledge: Partial<HeartbeatKnowledge> = {},
) {
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
    fullReplicas: [],
    ...change,
  }
  const whole = { lowestOffset: Number.POSITIVE_INFINITY, shutdownOffset: null, ...knowledge }
  return cluster.run(brokerHeartbeat(cluster.context, request, whole))
}

describe('a heartbeat of a fenced broker', () => {
  it('unfences it once it has applied its own registration', () => {
    cluster.register(1)
    expect(beat(1, { currentMetadataOffset: cluster.epochOf(1) - 1 })).toMatchObject({
      isFenced: true,
      isCaughtUp: false,
    })
    expect(beat(1)).toMatchObject({ errorCode: 0, isFenced: false, isCaughtUp: true })
    expect(cluster.image.isActive(1)).toBe(true)
  })

  it('leaves it fenced as long as it wants to be', () => {
    cluster.register(1)
    expect(beat(1, { wantFence: true })).toMatchObject({ isFenced: true, isCaughtUp: true })
    expect(cluster.image.isActive(1)).toBe(false)
  })

  it('lets it stop at once', () => {
    cluster.register(1)
    expect(beat(1, { wantFence: true, wantShutDown: true })).toMatchObject({ shouldShutDown: true })
  })

  it('gives back the leader of what only it has, but not where its log is suspect', () => {
    cluster.up(1)
    cluster.create({ name: 't', partitions: 2, replicationFactor: 1 })
    cluster.register(1)
    const topicId = cluster.image.topic('t')?.id ?? ''
    expect(cluster.image.topic('t')?.partitions.map(({ leader, elr }) => [leader, elr])).toEqual([
      [-1, [1]],
      [-1, [1]],
    ])
    cluster.register(2)
    cluster.up(2)
    beat(1, { suspectReplicas: [{ topicId, partitions: [1] }] })
    expect(cluster.partition('t', 0)).toMatchObject({ leader: 1, isr: [1] })
    // The only replica is the best there is, whatever it lost: but it was not taken for complete.
    expect(cluster.partition('t', 1)).toMatchObject({ leader: 1, isr: [1], elr: [], lastKnownElr: [] })
  })

  it('does not elect a suspect replica where another may have more', () => {
    cluster.up(1, 2)
    cluster.create({ name: 't', partitions: 1, replicationFactor: 2 })
    const topicId = cluster.image.topic('t')?.id ?? ''
    cluster.register(1)
    cluster.register(2)
    expect(cluster.partition('t')).toMatchObject({ leader: -1, isr: [], elr: [1, 2] })
    beat(1, { suspectReplicas: [{ topicId, partitions: [0, 0, 7] }] })
    expect(cluster.partition('t')).toMatchObject({ leader: -1, elr: [2] })
    beat(2)
    expect(cluster.partition('t')).toMatchObject({ leader: 2, isr: [2] })
  })
})

describe('a heartbeat of an uptime that is over', () => {
  it('is refused with STALE_BROKER_EPOCH, as is one of a broker that nobody knows', () => {
    cluster.up(1)
    expect(beat(1, { brokerEpoch: cluster.epochOf(1) - 1 })).toMatchObject({ errorCode: Errors.STALE_BROKER_EPOCH })
    expect(beat(7)).toMatchObject({ errorCode: Errors.STALE_BROKER_EPOCH })
  })
})

describe('a broker that wants to stop', () => {
  beforeEach(() => {
    cluster.up(1, 2, 3)
    cluster.create({ name: 't', partitions: 3, replicationFactor: 3 })
  })
  const ledBy = (id: number) => cluster.image.topic('t')?.partitions.filter(({ leader }) => leader === id).length

  it('hands its leaders over first, and leaves every in-sync set', () => {
    expect(ledBy(1)).toBe(1)
    expect(beat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: false, isFenced: false })
    expect(ledBy(1)).toBe(0)
    expect(cluster.image.broker(1)).toMatchObject({ fenced: false, inControlledShutdown: true })
    for (const { isr } of cluster.image.topic('t')?.partitions ?? []) expect(isr).not.toContain(1)
  })

  it('may go when those that lead on have heard of it', () => {
    beat(1, { wantShutDown: true })
    const waiting = { shutdownOffset: 20, lowestOffset: 19 }
    expect(beat(1, { wantShutDown: true }, waiting)).toMatchObject({ shouldShutDown: false })
    expect(beat(1, { wantShutDown: true }, { ...waiting, lowestOffset: 20 })).toMatchObject({ shouldShutDown: true })
    expect(cluster.image.broker(1)).toMatchObject({ fenced: true, inControlledShutdown: false })
  })

  it('goes at once when it leads nothing', () => {
    cluster.run({ records: [], result: null })
    const idle = new Cluster().up(1)
    cluster = idle
    expect(beat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: true, isFenced: true })
  })

  it('gets no new replicas', () => {
    beat(1, { wantShutDown: true })
    expect(cluster.create({ name: 'new', partitions: 1, replicationFactor: 3 })?.error).toBe(
      Errors.INVALID_REPLICATION_FACTOR,
    )
    cluster.create({ name: 'smaller', partitions: 4, replicationFactor: 2 })
    for (const { replicas } of cluster.image.topic('smaller')?.partitions ?? []) expect(replicas).not.toContain(1)
  })
})
