/** Snapshots of the metadata: what is in them, when they are taken, and that a start goes on from one. */
import { describe, expect, it } from 'vitest'
import { registerBroker } from '../../../broker/controller/broker-life.ts'
import { imageOf, imageRecords } from '../../../broker/controller/image-records.ts'
import { MetadataImage } from '../../../broker/controller/image.ts'
import { ImageFeed } from '../../../broker/controller/image-feed.ts'
import type { MetadataDelta } from '../../../broker/controller/view.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../../../proto/cluster.ts'
import { METADATA_TOPIC } from '../../../broker/controller/names.ts'
import { Rig } from './harness.ts'
import { Cluster } from './image-cluster.ts'

const id = { endOffset: 500, epoch: 3 }

/** A cluster with something of everything in it. */
function furnished(): Cluster {
  const cluster = new Cluster().up(1, 2, 3)
  cluster.register(4, { rack: 'r4', peerHost: 'p', peerPort: 9093, clean: false })
  cluster.create({
    name: 'orders',
    partitions: 3,
    replicationFactor: 3,
    configs: [{ name: 'retention.ms', value: '5' }],
  })
  cluster.create({ name: 'a.b', partitions: 1, replicationFactor: 2 })
  const { image } = cluster
  const epoch = cluster.epochOf(3)
  image.apply(
    [
      { kind: 'config', resourceType: 4, resourceName: '', name: 'min.insync.replicas', value: '2' },
      { kind: 'config', resourceType: 4, resourceName: '2', name: 'log.retention.ms', value: '9' },
      { kind: 'producerIds', brokerId: 1, brokerEpoch: 1, nextProducerId: 7000 },
      { kind: 'featureLevel', name: 'metadata.version', level: 1 },
      { kind: 'fenceBroker', brokerId: 2, brokerEpoch: cluster.epochOf(2) },
      { kind: 'shutDownBroker', brokerId: 3, brokerEpoch: epoch },
    ],
    100,
  )
  return cluster
}

/** What an image holds, without what it remembers of its last batch; brokers are sorted when they are first asked for. */
function looked(image: MetadataImage): MetadataImage {
  const copy = image.clone()
  copy.brokers()
  return copy
}

describe('an image as records', () => {
  it('makes the same image again, epochs of brokers and partitions included', () => {
    const { image } = furnished()
    const records = [...imageRecords(image)].map((record) => decodeMetadataRecord(encodeMetadataRecord(record)))
    expect(looked(imageOf(image.clusterId, id, records))).toEqual(looked(image))
  })

  it('goes on as the image does', () => {
    const cluster = furnished()
    const copy = imageOf('cluster', id, [...imageRecords(cluster.image)])
    const change = { brokerId: 4, incarnationId: 'new', directoryId: 'd', host: 'h', port: 1, rack: null, clean: true }
    const rest = { peerHost: '', peerPort: 0, features: [] }
    const outcome = registerBroker(cluster.context, { ...change, ...rest })
    cluster.image.apply(outcome.records, 900)
    copy.apply(outcome.records, 900)
    expect(looked(copy)).toEqual(looked(cluster.image))
  })

  it('of an empty image says as little', () => {
    const empty = new MetadataImage('cluster')
    expect(looked(imageOf('cluster', id, [...imageRecords(empty)]))).toEqual(looked(empty))
  })
})

describe('a snapshot that takes the place of what is known', () => {
  it('tells the listeners what is new, gone and different, and nothing of the rest', () => {
    const before = furnished()
    const after = furnished()
    // Topic ids are drawn in order, so that both clusters have the same; then one of them goes on.
    const deltas: MetadataDelta[] = []
    const reached: number[] = []
    const rig = new Rig()
    rig.start()
    const { image } = before
    const feed = new ImageFeed(rig.log, image, null, {
      reached: (offset) => void reached.push(offset),
      failed: () => {},
    })
    feed.publish()
    feed.listen((_, delta) => void deltas.push(delta))
    const orders = after.image.topic('orders')
    if (orders === undefined) throw new Error('no topic')
    after.image.apply([{ kind: 'removeTopic', topicId: after.image.topic('a.b')?.id ?? '' }], 200)
    after.create({ name: 'new', partitions: 1, replicationFactor: 1 })
    after.image.apply(
      [{ kind: 'config', resourceType: 2, resourceName: 'orders', name: 'retention.ms', value: '6' }],
      300,
    )
    feed.install({ id, voters: null, records: [...imageRecords(after.image)], sizeBytes: 0 })
    expect(deltas).toHaveLength(1)
    expect(deltas[0]?.createdTopics.map(({ name }) => name)).toEqual(['new'])
    expect(deltas[0]?.deletedTopics.map(({ name }) => name)).toEqual(['a.b'])
    expect(deltas[0]?.changedTopics.map(({ name }) => name)).toEqual(['orders'])
    expect([feed.appliedOffset, reached.at(-1)]).toEqual([500, 500])
    expect([...image.topics()].map(({ name }) => name)).toEqual(['orders', 'new'])
    feed.install({ id: { endOffset: 400, epoch: 3 }, voters: null, records: [], sizeBytes: 0 })
    expect(deltas).toHaveLength(1)
  })
})

describe('a controller whose metadata log has grown', () => {
  const small = { properties: { 'metadata.log.max.record.bytes.between.snapshots': 2500 } }

  function grown(rig: Rig): void {
    rig.start(small)
    for (let i = 0; i < 40; i += 1) {
      rig.create(`topic-${i}`)
      rig.clock.advance(10)
    }
  }

  it('writes a snapshot, begins its log there once there are two, and starts from it', () => {
    const rig = new Rig()
    grown(rig)
    const names = rig.disk.listSync(`/data/${METADATA_TOPIC}-0`).filter((name) => name.endsWith('.checkpoint'))
    expect(names).toHaveLength(2)
    const start = rig.log.logStartOffset
    expect(start).toBe(Number(names[0]?.slice(0, 20)))
    const [ids, epochs] = [rig.view.topics(), rig.view.brokers()].map((all) => JSON.stringify([...all]))
    rig.stop()
    rig.deltas.length = 0
    rig.start(small)
    expect(rig.log.logStartOffset).toBeGreaterThanOrEqual(start)
    expect(rig.view.topicCount).toBe(40)
    expect(JSON.stringify([...rig.view.topics()].map((topic) => topic.id))).toBe(
      JSON.stringify((JSON.parse(ids ?? '') as { id: string }[]).map((topic) => topic.id)),
    )
    expect(epochs).toContain('"epoch"')
    expect(rig.errors).toEqual([])
  })

  it.each(['stop', 'kill'] as const)('has everything after a %s, what came behind the snapshot too', (end) => {
    const rig = new Rig()
    grown(rig)
    rig.create('last')
    const before = [...rig.view.topics()].map(({ name, id: topicId }) => [name, topicId])
    rig[end]()
    rig.start(small)
    expect([...rig.view.topics()].map(({ name, id: topicId }) => [name, topicId])).toEqual(before)
    expect(rig.create('another')).toMatchObject({ error: 0 })
  })

  it('writes one when the last is too old and there is something new', () => {
    const rig = new Rig()
    rig.start({ properties: { 'metadata.log.max.snapshot.interval.ms': 60_000 } })
    rig.create('early')
    const snapshots = () =>
      rig.disk.listSync(`/data/${METADATA_TOPIC}-0`).filter((name) => name.endsWith('.checkpoint'))
    rig.clock.advance(61_000)
    expect(snapshots()).toEqual([])
    rig.create('late')
    rig.clock.advance(100)
    expect(snapshots()).toHaveLength(1)
    rig.clock.advance(10_000)
    expect(snapshots()).toHaveLength(1)
  })

  it('goes on without one when the disk is full, says so, and writes it a minute later', () => {
    const rig = new Rig()
    rig.faults.appendError = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
    rig.faults.only = '.checkpoint'
    rig.start(small)
    const snapshots = () =>
      rig.disk.listSync(`/data/${METADATA_TOPIC}-0`).filter((name) => name.includes('.checkpoint'))
    for (let i = 0; i < 40; i += 1) expect(rig.create(`topic-${i}`)).toMatchObject({ error: 0 })
    rig.clock.advance(100)
    expect(snapshots()).toEqual([])
    expect(rig.errors).toEqual([expect.stringContaining('a metadata snapshot could not be written')])
    rig.faults.appendError = null
    rig.clock.advance(61_000)
    rig.create('after')
    rig.clock.advance(100)
    expect(snapshots()).toHaveLength(1)
  })
})
