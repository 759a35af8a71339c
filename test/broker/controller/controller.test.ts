import { describe, expect, it } from 'vitest'
import type { ItemResult, NewTopicResult, ProducerIdBlock } from '../../../broker/controller/api.ts'
import { encodeRecords } from '../../../broker/controller/metadata-log.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { Rig } from './harness.ts'

const orders = { name: 'orders', partitions: 2, replicationFactor: 1, assignments: [], configs: [] }

describe('a controller that starts', () => {
  it('registers the broker, unfences it, and tells listeners the whole image first', () => {
    const rig = new Rig()
    rig.start({ nodeId: 7, rack: 'r1' })
    expect(rig.view.brokers()).toMatchObject([{ id: 7, host: '127.0.0.1', port: 9092, rack: 'r1', fenced: false }])
    expect(rig.view.controllerId).toBe(7)
    expect(rig.view.clusterId).toBe('cluster-of-this-test--')
    expect(rig.brokerEpoch).toBe(rig.view.broker(7)?.epoch)
    expect(rig.deltas.map((delta) => delta.brokersChanged)).toEqual([true, true])
    expect(rig.deltas[0]?.createdTopics).toEqual([])
  })

  it('keeps min.insync.replicas for the cluster, as Kafka with eligible leader replicas does', () => {
    const rig = new Rig()
    rig.start({ properties: { 'min.insync.replicas': 2 } })
    expect([...rig.view.brokerConfig('')]).toEqual([['min.insync.replicas', '2']])
    expect(rig.view.features().get('metadata.version')).toBe(2)
  })

  it('refuses commands before it leads', () => {
    const rig = new Rig()
    const controller = rig.open()
    const results: NewTopicResult[] = []
    controller.requests.createTopics([orders], { validateOnly: false }, (all) => void results.push(...all))
    rig.clock.settle()
    expect(results[0]).toMatchObject({ name: 'orders', error: Errors.NOT_CONTROLLER, partitions: -1 })
  })

  it('answers start with the error when the log cannot be synced, and takes no commands', () => {
    const rig = new Rig()
    rig.faults.syncError = new Error('EIO')
    expect(() => rig.start()).toThrow('EIO')
    expect(rig.create('orders')).toMatchObject({ error: Errors.NOT_CONTROLLER })
    expect(rig.errors).toHaveLength(1)
  })

  it('refuses a metadata log of a newer version, naming it', () => {
    const rig = new Rig()
    rig.start()
    const { log } = rig
    const batch = encodeRecords([{ kind: 'featureLevel', name: 'metadata.version', level: 99 }], rig.clock.now())
    log.append(batch, log.latestEpoch, rig.clock.now())
    rig.stop()
    expect(() => rig.start()).toThrow('metadata.version 99 is newer')
  })
})

describe('a controller that restarts', () => {
  it('has every topic, config and id again, without a listener hearing of the past twice', () => {
    const rig = new Rig()
    rig.start()
    const created = rig.create('orders', 3, { 'retention.ms': '5000' })
    rig.create('gone')
    rig.ask((controller, done) => controller.deleteTopics([{ name: 'gone', id: '' }], done))
    rig.stop()
    rig.deltas.length = 0
    rig.start()
    expect([...rig.view.topics()].map((topic) => topic.name)).toEqual(['orders'])
    expect(rig.view.topic('orders')?.id).toBe(created?.topicId)
    expect(rig.view.topic('orders')?.configs.get('retention.ms')).toBe('5000')
    expect(rig.deltas[0]?.createdTopics.map((topic) => topic.name)).toEqual(['orders'])
    expect(rig.deltas[0]?.createdTopics[0]?.partitions.map((p) => p.leader)).toEqual([-1, -1, -1])
    expect(rig.deltas[1]?.changedTopics[0]?.partitions.map((p) => p.leader)).toEqual([1, 1, 1])
    expect(rig.deltas).toHaveLength(2)
  })

  it.each(['stop', 'kill'] as const)(
    'leads its partitions under a new leader epoch and in full ISR after a %s',
    (end) => {
      const rig = new Rig()
      rig.start()
      rig.create('orders')
      const epochs = [rig.view.topic('orders')?.partitions[0]?.leaderEpoch]
      const brokerEpochs = [rig.brokerEpoch]
      for (let i = 0; i < 2; i += 1) {
        rig[end]()
        rig.start()
        const partition = rig.view.topic('orders')?.partitions[0]
        expect(partition).toMatchObject({ leader: 1, isr: [1], elr: [], lastKnownElr: [] })
        epochs.push(partition?.leaderEpoch)
        brokerEpochs.push(rig.brokerEpoch)
      }
      expect(epochs.map(Number)).toEqual(epochs.map(Number).toSorted((a, b) => a - b))
      expect(new Set(epochs).size).toBe(3)
      expect(new Set(brokerEpochs).size).toBe(3)
    },
  )

  it('comes back from an unclean stop in page-cache mode too: the only replica is the best there is', () => {
    const rig = new Rig()
    rig.start({ durability: 'page-cache' })
    rig.create('orders')
    rig.kill()
    rig.deltas.length = 0
    rig.start({ durability: 'page-cache' })
    expect(rig.deltas[0]?.createdTopics[0]?.partitions[0]).toMatchObject({
      leader: -1,
      isr: [],
      elr: [],
      lastKnownElr: [1],
    })
    expect(rig.view.topic('orders')?.partitions[0]).toMatchObject({ leader: 1, isr: [1], lastKnownElr: [] })
  })

  it('keeps what was answered, whatever was in flight', () => {
    const rig = new Rig()
    rig.start()
    rig.create('answered')
    rig.controller.requests.createTopics([orders], { validateOnly: false }, () => {})
    rig.kill()
    rig.start()
    expect(rig.view.topic('answered')).toBeDefined()
  })
})

describe('commands', () => {
  it('see each other before they are committed, and are answered in order', () => {
    const rig = new Rig()
    rig.start()
    const order: string[] = []
    const ask = (label: string) =>
      rig.controller.requests.createTopics(
        [orders],
        { validateOnly: false },
        ([result]) =>
          void order.push(`${label} ${result?.error} ${rig.view.topic('orders') === undefined ? 'unseen' : 'seen'}`),
      )
    ask('first')
    ask('second')
    expect(order).toEqual([])
    expect(rig.view.topic('orders')).toBeUndefined()
    rig.clock.settle()
    expect(order).toEqual(['first 0 seen', `second ${Errors.TOPIC_ALREADY_EXISTS} seen`])
  })

  it('of one turn share one sync', () => {
    const rig = new Rig()
    rig.start()
    const before = rig.view.topicCount
    const done: string[] = []
    for (let i = 0; i < 20; i += 1) {
      const topic = { ...orders, name: `t${i}` }
      rig.controller.requests.createTopics([topic], { validateOnly: false }, ([r]) => void done.push(r?.name ?? ''))
    }
    rig.faults.synced.length = 0
    rig.faults.appends.length = 0
    rig.clock.settle()
    expect(done).toHaveLength(20)
    const ofLog = (path: string) => path.endsWith('.log')
    expect(rig.faults.appends.filter(({ path }) => ofLog(path))).toHaveLength(1)
    expect(rig.faults.synced.filter(ofLog)).toHaveLength(1)
    expect(rig.view.topicCount).toBe(before + 20)
    expect(rig.deltas.slice(-20).map((delta) => delta.createdTopics[0]?.name)).toEqual(done)
  })

  it('with validateOnly change nothing', () => {
    const rig = new Rig()
    rig.start()
    const deltas = rig.deltas.length
    const [result] = rig.ask<readonly NewTopicResult[]>((controller, done) =>
      controller.createTopics([orders], { validateOnly: true }, done),
    )
    expect(result).toMatchObject({ error: 0, partitions: 2, replicationFactor: 1 })
    expect(rig.view.topicCount).toBe(0)
    expect(rig.deltas).toHaveLength(deltas)
  })

  it('are not answered, and not applied, before their records are synced', () => {
    const rig = new Rig()
    rig.start()
    rig.faults.holdSyncs = true
    const errors: number[] = []
    rig.controller.requests.createTopics([orders], { validateOnly: false }, ([r]) => void errors.push(r?.error ?? -2))
    rig.clock.settle()
    expect(errors).toEqual([])
    expect(rig.view.topic('orders')).toBeUndefined()
    rig.faults.releaseSyncs()
    rig.clock.settle()
    expect(errors).toEqual([0])
    expect(rig.view.topic('orders')).toBeDefined()
  })

  it('are refused when the sync fails: a failed sync is final', () => {
    const rig = new Rig()
    rig.start()
    rig.faults.syncError = new Error('EIO')
    expect(rig.create('orders')).toMatchObject({ error: Errors.NOT_CONTROLLER })
    rig.faults.syncError = null
    expect(rig.create('orders')).toMatchObject({ error: Errors.NOT_CONTROLLER })
    expect(rig.view.topic('orders')).toBeUndefined()
  })

  it('are refused with NOT_CONTROLLER when it closes before they are committed', () => {
    const rig = new Rig()
    rig.start()
    const errors: number[] = []
    rig.controller.requests.createTopics([orders], { validateOnly: false }, ([r]) => void errors.push(r?.error ?? -2))
    rig.controller.close()
    rig.clock.settle()
    expect(errors).toEqual([Errors.NOT_CONTROLLER])
  })

  it('show listeners the change before their own answer', () => {
    const rig = new Rig()
    rig.start()
    const seen: string[] = []
    rig.controller.onMetadata((view) => void seen.push(`listener ${view.topic('orders')?.partitions.length}`))
    rig.controller.requests.createTopics([orders], { validateOnly: false }, () => void seen.push('answer'))
    rig.clock.settle()
    expect(seen).toEqual(['listener 2', 'answer'])
  })
})

describe('producer ids', () => {
  it('come in blocks of 1000 that are never given out again, not even after a kill', () => {
    const rig = new Rig()
    rig.start()
    const block = () => rig.ask<ProducerIdBlock>((controller, done) => controller.allocateProducerIds(done))
    expect(block()).toEqual({ error: 0, first: 0, count: 1000 })
    expect(block()).toEqual({ error: 0, first: 1000, count: 1000 })
    rig.kill()
    rig.start()
    expect(block().first).toBe(2000)
  })
})

describe('a deleted topic', () => {
  it('comes back with another id and without its configs', () => {
    const rig = new Rig()
    rig.start()
    const first = rig.create('orders', 1, { 'retention.ms': '5000' })
    const [deleted] = rig.ask<readonly ItemResult[]>((controller, done) =>
      controller.deleteTopics([{ name: null, id: first?.topicId ?? '' }], done),
    )
    expect(deleted).toMatchObject({ error: 0, name: 'orders' })
    expect(rig.deltas.at(-1)?.deletedTopics.map((topic) => topic.id)).toEqual([first?.topicId])
    const second = rig.create('orders')
    expect(second?.topicId).not.toBe(first?.topicId)
    expect(rig.view.topic('orders')?.configs.size).toBe(0)
    expect(rig.view.topic('orders')?.partitions[0]?.leaderEpoch).toBe(0)
  })
})
