import { describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import { batch, collector, createWorld, NODE, partitionView, topicView } from './world.ts'

describe('partition manager', () => {
  it('tells unknown topics and partitions from those led elsewhere', () => {
    const world = createWorld()
    world.apply({
      created: [
        topicView('here', [partitionView(0)]),
        topicView('there', [partitionView(0, { leader: 2, replicas: [2], isr: [2] })]),
      ],
    })
    expect(world.partitions.leaderOrError('here', 0).error).toBe(Errors.NONE)
    expect(world.partitions.leaderOrError('here', 1).error).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    expect(world.partitions.leaderOrError('there', 0).error).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
    expect(world.partitions.leaderOrError('nowhere', 0).error).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    expect(world.partitions.get('there', 0)).toBeUndefined()
  })

  it('drops the logs of a deleted topic and answers what was parked on it', () => {
    const world = createWorld({ durability: 'fsync' })
    const topic = topicView('orders', [partitionView(0), partitionView(1)])
    world.apply({ created: [topic] })
    world.clock.settle()
    world.faults.holdSyncs = true
    const { results, done } = collector()
    world.partitions.get('orders', 0)?.append(batch(1), -1, 30_000, done)
    world.clock.settle()
    world.apply({ deleted: [topic] })
    world.clock.settle()
    expect(results.map(({ error }) => error)).toEqual([Errors.NOT_LEADER_OR_FOLLOWER])
    expect(world.deleted).toEqual(['orders-0', 'orders-1'])
    expect(world.partitions.leaderOrError('orders', 0).error).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    expect([...world.partitions.all()]).toEqual([])
    world.faults.releaseSyncs()
    world.clock.settle()
    expect(results.length).toBe(1)
  })

  it('opens a fresh log when a topic comes back under the same name with another id', () => {
    const world = createWorld()
    world.apply({ created: [topicView('orders', [partitionView(0)], 'first-id-'.padEnd(22, '1'))] })
    world.partitions.get('orders', 0)?.append(batch(3), 1, 30_000, () => {})
    world.clock.settle()
    // As after a restart that missed the deletion: no delta says so.
    world.faults.disk.removeTreeSync('/data/orders-0')
    world.apply({ changed: [topicView('orders', [partitionView(0)], 'second-id-'.padEnd(22, '2'))] })
    expect(world.deleted).toEqual(['orders-0'])
    expect(world.partitions.get('orders', 0)?.logEndOffset).toBe(0)
  })

  it('tells of a log whose end was torn, and serves it', () => {
    const world = createWorld()
    world.faults.disk.mkdirSync('/data/orders-0')
    world.faults.disk.replaceSync('/data/orders-0/00000000000000000000.log', Buffer.alloc(17, 'torn'))
    world.apply({ created: [topicView('orders', [partitionView(0)]), topicView('fine', [partitionView(0)])] })
    expect(world.suspect).toEqual(['orders-0: 17 bytes'])
    expect(world.partitions.get('orders', 0)?.isOnline).toBe(true)
  })

  it('sets directories aside whose topic the metadata does not know', () => {
    const world = createWorld({ stray: ['ghost'] })
    expect(world.setAside).toEqual(['ghost-0'])
  })

  it('answers KAFKA_STORAGE_ERROR for a log that does not open, and serves the others', () => {
    const world = createWorld()
    world.apply({ created: [topicView('unopenable', [partitionView(0)]), topicView('fine', [partitionView(0)])] })
    expect(world.partitions.leaderOrError('unopenable', 0).error).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(world.partitions.leaderOrError('fine', 0).error).toBe(Errors.NONE)
    expect(world.unopened).toEqual(['unopenable-0'])
  })

  it('tells coordinators of every epoch they lead, also those from before they asked, and of the end', () => {
    const world = createWorld()
    world.apply({ created: [topicView('offsets', [partitionView(0), partitionView(1)])] })
    const heard: string[] = []
    world.partitions.onLeadership('offsets', {
      elected: (partition) => heard.push(`elected ${partition.index}@${partition.leaderEpoch}`),
      resigned: (index) => heard.push(`resigned ${index}`),
    })
    expect(heard).toEqual(['elected 0@0', 'elected 1@0'])
    world.apply({ changed: [topicView('offsets', [partitionView(0, { leaderEpoch: 1 }), partitionView(1)])] })
    expect(heard.slice(2)).toEqual(['elected 0@1'])
    world.apply({
      changed: [
        topicView('offsets', [
          partitionView(0, { leader: 2, leaderEpoch: 2, replicas: [NODE, 2] }),
          partitionView(1, { leaderEpoch: 0 }),
        ]),
      ],
    })
    expect(heard.slice(3)).toEqual(['resigned 0'])
    world.apply({ deleted: [topicView('offsets', [partitionView(0), partitionView(1)])] })
    expect(heard.slice(4)).toEqual(['resigned 1'])
  })

  it('appends to many partitions with one write each per turn', () => {
    const world = createWorld()
    world.apply({
      created: [
        topicView(
          'wide',
          Array.from({ length: 20 }, (_, index) => partitionView(index)),
        ),
      ],
    })
    world.clock.settle()
    const before = world.faults.appends.length
    const { results, done } = collector()
    for (const partition of world.partitions.all()) {
      for (let count = 0; count < 5; count += 1) partition.append(batch(1), -1, 30_000, done)
    }
    world.clock.settle()
    expect(results.filter(({ error }) => error === Errors.NONE).length).toBe(100)
    expect(world.faults.appends.length - before).toBe(20)
  })

  it('answers everything when it stops, and writes what was appended', () => {
    const world = createWorld({ durability: 'fsync' })
    world.apply({ created: [topicView('orders', [partitionView(0)])] })
    world.clock.settle()
    world.faults.holdSyncs = true
    const [all, one] = [collector(), collector()]
    const partition = world.partitions.get('orders', 0)
    partition?.append(batch(1), -1, 30_000, all.done)
    partition?.append(batch(1), 1, 30_000, one.done)
    world.partitions.stop()
    expect(one.results.map(({ error }) => error)).toEqual([Errors.NONE])
    expect(all.results.map(({ error }) => error)).toEqual([Errors.NOT_LEADER_OR_FOLLOWER])
    expect(world.logs.get('orders-0')?.flushedEndOffset).toBe(2)
  })
})
