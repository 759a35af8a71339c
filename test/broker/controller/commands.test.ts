import { describe, expect, it } from 'vitest'
import { defaultConfig } from '../../../broker/config.ts'
import { alterConfigs } from '../../../broker/controller/alter-configs.ts'
import type { ConfigChange } from '../../../broker/controller/api.ts'
import { fenceBroker, unfenceBroker } from '../../../broker/controller/broker-life.ts'
import { createPartitions } from '../../../broker/controller/create-partitions.ts'
import { createTopics, randomTopicId } from '../../../broker/controller/create-topics.ts'
import { electLeaders } from '../../../broker/controller/elect-leaders.ts'
import { MetadataImage, MetadataImageError } from '../../../broker/controller/image.ts'
import { internalTopic } from '../../../broker/controller/internal-topics.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { seededRandom } from './harness.ts'
import { Cluster } from './image-cluster.ts'

describe('CreateTopics', () => {
  it('uses the defaults of the broker for -1', () => {
    const cluster = new Cluster({ 'num.partitions': 3, 'default.replication.factor': 2 }).up(1, 2)
    expect(cluster.create({ name: 't' })).toMatchObject({ error: 0, partitions: 3, replicationFactor: 2 })
    expect(cluster.partition('t')).toMatchObject({ leaderEpoch: 0, partitionEpoch: 0 })
  })

  it('leaves fenced brokers out of the first ISR', () => {
    const cluster = new Cluster().up(1)
    cluster.register(2)
    cluster.create({ name: 't', partitions: 1, replicationFactor: 2 })
    expect(cluster.partition('t')).toMatchObject({ replicas: [1, 2], isr: [1], leader: 1 })
  })

  it('makes the good topics of a request and none of the bad ones', () => {
    const cluster = new Cluster().up(1)
    const topic = { partitions: 1, replicationFactor: 1, assignments: [], configs: [] }
    const results = cluster.run(
      createTopics(
        cluster.context,
        [
          { ...topic, name: 'good' },
          { ...topic, name: 'b d' },
        ],
        false,
      ),
    )
    expect(results.map(({ error }) => error)).toEqual([0, Errors.INVALID_TOPIC_EXCEPTION])
    expect([...cluster.image.topics()].map(({ name }) => name)).toEqual(['good'])
  })

  it('frees a name for others of its collision class once it is deleted', () => {
    const cluster = new Cluster().up(1)
    cluster.create({ name: 'a.b' })
    expect(cluster.create({ name: 'a_b' })?.error).toBe(Errors.INVALID_TOPIC_EXCEPTION)
    const id = cluster.image.topic('a.b')?.id ?? ''
    cluster.run({ records: [{ kind: 'removeTopic', topicId: id }], result: null })
    expect(cluster.create({ name: 'a_b' })?.error).toBe(0)
  })

  it('never gives an id that looks like an option or like a reserved one', () => {
    const random = seededRandom(9)
    for (let i = 0; i < 500; i += 1) expect(randomTopicId(random)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/)
  })
})

describe('CreatePartitions', () => {
  it('adds partitions with the replication factor there is', () => {
    const cluster = new Cluster().up(1, 2, 3)
    cluster.create({ name: 't', partitions: 1, replicationFactor: 2 })
    cluster.run(createPartitions(cluster.context, [{ name: 't', count: 4, assignments: null }], false))
    expect(cluster.image.topic('t')?.partitions.map(({ replicas }) => replicas.length)).toEqual([2, 2, 2, 2])
    expect(cluster.image.topic('t')?.partitions.map(({ index }) => index)).toEqual([0, 1, 2, 3])
  })
})

describe('broker life', () => {
  function replicated(): Cluster {
    const cluster = new Cluster({ 'min.insync.replicas': 2 }).up(1, 2, 3)
    cluster.create({ name: 't', assignments: [{ partition: 0, brokers: [1, 2, 3] }] })
    return cluster
  }

  it('moves leaders away from a broker that is fenced', () => {
    const cluster = replicated()
    expect(cluster.run(fenceBroker(cluster.context, 1, cluster.epochOf(1)))).toMatchObject({ error: 0 })
    expect(cluster.partition('t')).toMatchObject({ leader: 2, isr: [2, 3], leaderEpoch: 1, partitionEpoch: 1 })
    expect(cluster.image.isActive(1)).toBe(false)
  })

  it('ends the earlier uptime of a broker that registers again', () => {
    const cluster = replicated()
    const before = cluster.epochOf(1)
    cluster.register(1)
    expect(cluster.partition('t')).toMatchObject({ leader: 2, isr: [2, 3] })
    expect(cluster.run(unfenceBroker(cluster.context, 1, before))).toMatchObject({ error: Errors.STALE_BROKER_EPOCH })
    expect(cluster.epochOf(1)).toBeGreaterThan(before)
  })

  it('takes a repeated registration of the same start for a retry', () => {
    const cluster = replicated()
    cluster.register(1, { incarnationId: 'same' })
    const epoch = cluster.epochOf(1)
    cluster.register(1, { incarnationId: 'same' })
    expect(cluster.epochOf(1)).toBe(epoch)
  })

  it('keeps the last in sync eligible through a fall of all brokers, and elects it when it is back', () => {
    const cluster = replicated()
    for (const id of [1, 2, 3]) cluster.run(fenceBroker(cluster.context, id, cluster.epochOf(id)))
    expect(cluster.partition('t')).toMatchObject({ leader: -1, isr: [], elr: [2, 3] })
    cluster.up(1)
    expect(cluster.partition('t')).toMatchObject({ leader: -1 })
    cluster.up(3)
    expect(cluster.partition('t')).toMatchObject({ leader: 3, isr: [3], elr: [2] })
  })

  it('lets nobody lead whose disk may have lost records, unless it is the only one that was complete', () => {
    const cluster = replicated()
    for (const id of [1, 2, 3]) cluster.register(id, { clean: false })
    // The first was dropped while the others were taken for whole: what is acknowledged without it, it need not have.
    expect(cluster.partition('t')).toMatchObject({ leader: -1, isr: [], elr: [], lastKnownElr: [2, 3] })
    for (const id of [1, 2, 3]) cluster.run(unfenceBroker(cluster.context, id, cluster.epochOf(id)))
    expect(cluster.partition('t')).toMatchObject({ leader: -1 })
    cluster.create({ name: 'single', assignments: [{ partition: 0, brokers: [2] }] })
    cluster.register(2, { clean: false })
    expect(cluster.partition('single')).toMatchObject({ leader: -1, isr: [], elr: [], lastKnownElr: [2] })
    cluster.run(unfenceBroker(cluster.context, 2, cluster.epochOf(2)))
    expect(cluster.partition('single')).toMatchObject({ leader: 2, isr: [2] })
  })

  it('elects uncleanly by itself only where the topic says so', () => {
    const cluster = replicated()
    cluster.create({
      name: 'loose',
      assignments: [{ partition: 0, brokers: [1, 2] }],
      configs: [{ name: 'unclean.leader.election.enable', value: 'true' }],
    })
    cluster.register(2, { clean: false })
    cluster.register(1, { clean: false })
    cluster.run(unfenceBroker(cluster.context, 2, cluster.epochOf(2)))
    expect(cluster.partition('loose')).toMatchObject({ leader: 2, isr: [2] })
  })
})

describe('ElectLeaders', () => {
  it('gives leadership back to the preferred replica once it is in sync, and says when there is no need', () => {
    const cluster = new Cluster().up(1, 2)
    cluster.create({ name: 't', assignments: [{ partition: 0, brokers: [1, 2] }] })
    const ref = { topic: 't', partition: 0 }
    const elect = () => cluster.run(electLeaders(cluster.context, [ref], false))
    expect(elect()).toMatchObject([{ ...ref, error: Errors.ELECTION_NOT_NEEDED }])
    cluster.run(fenceBroker(cluster.context, 1, cluster.epochOf(1)))
    expect(elect()).toMatchObject([{ ...ref, error: Errors.PREFERRED_LEADER_NOT_AVAILABLE }])
    cluster.run(unfenceBroker(cluster.context, 1, cluster.epochOf(1)))
    const { topicId } = { topicId: cluster.image.topic('t')?.id ?? '' }
    const back = {
      kind: 'partitionChange',
      topicId,
      partition: 0,
      leader: null,
      replicas: null,
      isr: { ids: [1, 2] },
      elr: null,
      lastKnownElr: null,
      addingReplicas: null,
      removingReplicas: null,
      electedAs: null,
    } as const
    cluster.run({ records: [back], result: null })
    expect(elect()).toEqual([{ ...ref, error: 0, message: null }])
    expect(cluster.partition('t')?.leader).toBe(1)
  })

  it('of everything tells only what was done', () => {
    const cluster = new Cluster().up(1)
    cluster.create({ name: 't', partitions: 3 })
    expect(cluster.run(electLeaders(cluster.context, null, false))).toEqual([])
  })
})

describe('AlterConfigs', () => {
  function alter(cluster: Cluster, change: Partial<ConfigChange>) {
    const whole = { resourceType: 2, resourceName: 't', operations: [], replaceAll: false, ...change }
    return cluster.run(alterConfigs(cluster.context, [whole], false))[0]
  }

  it('writes nothing when nothing changes', () => {
    const cluster = new Cluster().up(1)
    cluster.create({ name: 't', configs: [{ name: 'retention.ms', value: '5' }] })
    const change: ConfigChange = {
      resourceType: 2,
      resourceName: 't',
      operations: [{ name: 'retention.ms', op: 'set', value: ' 5 ' }],
      replaceAll: false,
    }
    expect(alterConfigs(cluster.context, [change], false).records).toEqual([])
  })

  it('replaces all overrides, or changes some', () => {
    const cluster = new Cluster().up(1)
    cluster.create({ name: 't', configs: [{ name: 'retention.ms', value: '5' }] })
    alter(cluster, { operations: [{ name: 'segment.ms', op: 'set', value: '7' }] })
    expect(Object.fromEntries(cluster.image.topic('t')?.configs ?? [])).toEqual({
      'retention.ms': '5',
      'segment.ms': '7',
    })
    alter(cluster, { replaceAll: true, operations: [{ name: 'segment.ms', op: 'set', value: '8' }] })
    expect(Object.fromEntries(cluster.image.topic('t')?.configs ?? [])).toEqual({ 'segment.ms': '8' })
  })

  it('appends to and subtracts from the value that counts, override or not', () => {
    const cluster = new Cluster().up(1)
    cluster.create({ name: 't' })
    const policy = () => cluster.image.topic('t')?.configs.get('cleanup.policy')
    alter(cluster, { operations: [{ name: 'cleanup.policy', op: 'append', value: 'compact' }] })
    expect(policy()).toBe('delete,compact')
    alter(cluster, { operations: [{ name: 'cleanup.policy', op: 'subtract', value: 'delete' }] })
    expect(policy()).toBe('compact')
  })

  it('keeps one minimum of in-sync replicas for the whole cluster (KIP-966)', () => {
    const cluster = new Cluster().up(1)
    const set = (resourceName: string, op: 'set' | 'delete', value: string | null) =>
      alter(cluster, { resourceType: 4, resourceName, operations: [{ name: 'min.insync.replicas', op, value }] })
    expect(set('1', 'set', '2')?.error).toBe(Errors.INVALID_CONFIG)
    expect(set('', 'set', '2')?.error).toBe(0)
    expect(set('', 'delete', null)?.error).toBe(Errors.INVALID_CONFIG)
  })
})

describe('internal topics', () => {
  it('get as many replicas as the cluster is configured with brokers, at most the configured number', () => {
    const several = (count: number) => {
      const ids = Array.from({ length: count }, (_, i) => i + 1)
      const voters = ids.map((id) => `${id}@h:${9000 + id}`).join(',')
      return defaultConfig({ properties: { 'controller.quorum.voters': voters } })
    }
    const config = defaultConfig()
    expect(internalTopic('__consumer_offsets', config)).toMatchObject({ partitions: 50, replicationFactor: 1 })
    expect(internalTopic('__consumer_offsets', several(2))?.replicationFactor).toBe(2)
    expect(internalTopic('__consumer_offsets', several(5))?.replicationFactor).toBe(3)
    expect(internalTopic('orders', config)).toBeNull()
    const { context } = new Cluster().up(1)
    for (const name of ['__consumer_offsets', '__transaction_state', '__share_group_state']) {
      const topic = internalTopic(name, config)
      expect(topic === null ? null : createTopics(context, [topic], true).result[0]).toMatchObject({ error: 0 })
    }
  })
})

describe('an image', () => {
  it('refuses records that cannot follow the ones before them', () => {
    const id = 'AAAAAAAAAAAAAAAAAAAABA'
    const apply =
      (...records: Parameters<MetadataImage['apply']>[0][number][]) =>
      () =>
        new MetadataImage('c').apply(records, 0)
    const part = {
      kind: 'partition',
      topicId: id,
      replicas: [1],
      isr: [1],
      leader: 1,
      leaderEpoch: 0,
      partitionEpoch: 0,
      elr: [],
      lastKnownElr: [],
      addingReplicas: [],
      removingReplicas: [],
      electedAs: '',
    } as const
    const topic = { kind: 'topic', name: 't', topicId: id } as const
    expect(apply({ ...part, partition: 0 })).toThrow(MetadataImageError)
    expect(apply(topic, { ...part, partition: 1 })).toThrow(MetadataImageError)
    expect(apply(topic, topic)).toThrow(MetadataImageError)
    expect(apply({ kind: 'removeTopic', topicId: id })).toThrow(MetadataImageError)
    expect(apply({ kind: 'unfenceBroker', brokerId: 1, brokerEpoch: 0 })).toThrow(MetadataImageError)
    expect(apply({ kind: 'config', resourceType: 2, resourceName: 't', name: 'a', value: 'b' })).toThrow(
      MetadataImageError,
    )
    expect(apply(topic, { ...part, partition: 0 })).not.toThrow()
  })

  it('never changes a view that it has handed out', () => {
    const cluster = new Cluster().up(1)
    cluster.create({ name: 't' })
    const before = cluster.image.topic('t')
    const copy = JSON.stringify(before)
    const clone = cluster.image.clone()
    cluster.run(createPartitions(cluster.context, [{ name: 't', count: 2, assignments: null }], false))
    expect(JSON.stringify(before)).toBe(copy)
    expect(cluster.image.topic('t')).not.toBe(before)
    expect(clone.topic('t')).toBe(before)
  })

  it('tells of a topic that came and went in one batch nothing', () => {
    const image = new MetadataImage('c')
    const topicId = 'AAAAAAAAAAAAAAAAAAAABA'
    const delta = image.apply(
      [
        { kind: 'topic', name: 't', topicId },
        { kind: 'removeTopic', topicId },
      ],
      0,
    )
    expect(delta).toMatchObject({ createdTopics: [], deletedTopics: [], changedTopics: [] })
  })
})
