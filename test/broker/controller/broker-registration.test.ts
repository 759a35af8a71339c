import { beforeEach, describe, expect, it } from 'vitest'
import { brokerRegistration } from '../../../broker/controller/broker-registration.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import type { BrokerRegistrationRequest } from '../../../proto/kafka/generated/62-broker-registration.ts'
import { Cluster } from './image-cluster.ts'

const request: BrokerRegistrationRequest = {
  brokerId: 1,
  clusterId: 'cluster',
  incarnationId: 'second',
  listeners: [
    { name: 'PLAINTEXT', host: 'one', port: 9092, securityProtocol: 0 },
    { name: 'PEER', host: 'inside', port: 9093, securityProtocol: 0 },
  ],
  features: [{ name: 'metadata.version', minSupportedVersion: 1, maxSupportedVersion: 2 }],
  rack: 'r',
  isMigratingZkBroker: false,
  logDirs: ['disk-of-1'],
  previousBrokerEpoch: -1,
  clean: true,
}

let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster()
})

function register(change: Partial<BrokerRegistrationRequest> = {}, isLive = false) {
  const outcome = brokerRegistration(cluster.context, { ...request, ...change }, isLive)
  return { recorded: outcome.records.length, ...cluster.run(outcome) }
}

describe('a broker that registers', () => {
  it('is known, fenced, with its addresses for clients and for brokers', () => {
    expect(register().error).toBe(0)
    expect(cluster.image.broker(1)).toMatchObject({
      host: 'one',
      port: 9092,
      peerHost: 'inside',
      peerPort: 9093,
      rack: 'r',
      fenced: true,
      directoryId: 'disk-of-1',
      features: [{ name: 'metadata.version', minLevel: 1, maxLevel: 2 }],
    })
  })

  it('may ask again without changing anything', () => {
    register()
    const epoch = cluster.epochOf(1)
    expect(register({}, true)).toMatchObject({ error: 0, recorded: 0 })
    expect(cluster.epochOf(1)).toBe(epoch)
  })

  it('gets a new epoch for a new uptime', () => {
    register()
    const epoch = cluster.epochOf(1)
    register({ incarnationId: 'third' })
    expect(cluster.epochOf(1)).toBeGreaterThan(epoch)
  })

  it('is no eligible leader any more when it comes back with another disk, however clean', () => {
    const lost = new Cluster({ 'min.insync.replicas': 2 }).up(1, 2)
    lost.create({ name: 't', partitions: 1, replicationFactor: 2 })
    lost.register(1)
    expect(lost.partition('t')).toMatchObject({ isr: [2], elr: [1] })
    lost.register(1, { directoryId: 'empty' })
    expect(lost.partition('t')).toMatchObject({ isr: [2], elr: [] })
  })
})

describe('a data directory that is an old copy', () => {
  it.each([
    ['noted an earlier uptime when it was stopped', -1, []],
    ['noted the last one', 0, [1]],
  ])('is found out by what it %s', (_, behind, elr) => {
    cluster = new Cluster({ 'min.insync.replicas': 2 }).up(2, 1)
    cluster.create({ name: 't', partitions: 1, replicationFactor: 2 })
    const logDirs = [cluster.image.broker(1)?.directoryId ?? '']
    cluster.register(2, { directoryId: 'disk-of-2' })
    register({ logDirs, previousBrokerEpoch: cluster.epochOf(1) + behind })
    expect(cluster.partition('t')).toMatchObject({ elr: expect.arrayContaining(elr) })
    expect(cluster.partition('t')?.elr.includes(1)).toBe(elr.length === 1)
  })
})

describe('a broker that does not belong here is refused, and nothing is recorded', () => {
  it('with the id of another cluster', () => {
    expect(register({ clusterId: 'elsewhere' })).toMatchObject({
      error: Errors.INCONSISTENT_CLUSTER_ID,
      message: 'Expected cluster ID cluster, but got cluster ID elsewhere',
      recorded: 0,
    })
  })

  it('with the node id of a broker that lives', () => {
    register()
    expect(register({ incarnationId: 'other', logDirs: ['elsewhere'] }, true)).toMatchObject({
      error: Errors.DUPLICATE_BROKER_REGISTRATION,
      recorded: 0,
    })
  })

  it('with the data directory of another broker', () => {
    register()
    expect(register({ brokerId: 2 })).toMatchObject({
      error: Errors.INVALID_REGISTRATION,
      message: 'Broker 1 is already registered with directory disk-of-1',
      recorded: 0,
    })
  })

  it.each([
    ['no data directory', []],
    ['the reserved directory id', ['AAAAAAAAAAAAAAAAAAAAAA']],
  ])('with %s', (_, logDirs) => {
    expect(register({ logDirs })).toMatchObject({ error: Errors.INVALID_REGISTRATION, recorded: 0 })
  })

  it('when it does not understand the metadata version that the cluster has agreed on', () => {
    cluster.run({ records: [{ kind: 'featureLevel', name: 'metadata.version', level: 1 }], result: null })
    const features = [{ name: 'metadata.version', minSupportedVersion: 2, maxSupportedVersion: 3 }]
    expect(register({ features })).toMatchObject({
      error: Errors.UNSUPPORTED_VERSION,
      message:
        'Unable to register because the broker does not support finalized version 1 of metadata.version. The broker wants a version between 2 and 3, inclusive.',
      recorded: 0,
    })
  })
})
