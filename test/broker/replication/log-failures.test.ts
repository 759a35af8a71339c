/** What a partition answers when its log has no room, or fails for good. */
import { describe, expect, it } from 'vitest'
import { FollowerRole } from '../../../broker/replication/follower/follower-role.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { batch, collector, createWorld, partitionView, topicView, type World } from './world.ts'

const TIMEOUT_MS = 30_000

function lead(world: World) {
  world.apply({ created: [topicView('orders', [partitionView(0)])] })
  const partition = world.partitions.get('orders', 0)
  if (partition === undefined) throw new Error('the partition is not hosted')
  partition.log.sync(() => {})
  world.clock.settle()
  return partition
}

const fault = (code: string) => Object.assign(new Error(`${code}: injected`), { code })

describe('a partition whose log has no room', () => {
  it('answers KAFKA_STORAGE_ERROR with the reason, reads on, and accepts appends again by itself', () => {
    const world = createWorld({ durability: 'fsync' })
    const partition = lead(world)
    const { results, done } = collector()
    partition.append(batch(2), -1, TIMEOUT_MS, done)
    world.clock.settle()
    world.faults.appendError = fault('ENOSPC')
    for (const acks of [-1, 1, 0]) partition.append(batch(1), acks, TIMEOUT_MS, done)
    world.clock.settle()
    partition.append(batch(1), -1, TIMEOUT_MS, done)
    world.clock.settle()
    expect(results.map(({ error }) => error)).toEqual([
      Errors.NONE,
      ...Array<number>(4).fill(Errors.KAFKA_STORAGE_ERROR),
    ])
    expect(results.slice(1).every(({ message }) => message?.includes('orders-0') === true)).toBe(true)
    expect([world.full, world.offline, partition.isOnline]).toEqual([['orders-0'], [], true])
    expect(partition.readNow(0, 2, 1000, true)).toMatchObject({ error: Errors.NONE, nextOffset: 2 })
    world.faults.appendError = null
    world.clock.advance(1000)
    partition.append(batch(1), -1, TIMEOUT_MS, done)
    world.clock.settle()
    expect(results.at(-1)).toMatchObject({ error: Errors.NONE, baseOffset: 2 })
    expect([world.relieved, partition.highWatermark]).toEqual([['orders-0'], 3])
  })

  it('never acknowledges a batch with an offset that another got', () => {
    const world = createWorld({ durability: 'fsync', log: { segmentBytes: 150 } })
    const partition = lead(world)
    const [lost, kept] = [collector(), collector()]
    partition.append(batch(1), -1, TIMEOUT_MS, lost.done)
    world.faults.appendError = fault('ENOSPC')
    // Does not fit the segment: the first is to be written before this one is taken.
    partition.append(batch(2), -1, TIMEOUT_MS, lost.done)
    world.faults.appendError = null
    world.clock.settle()
    partition.append(batch(1), -1, TIMEOUT_MS, lost.done)
    world.clock.advance(1000)
    partition.append(batch(1), -1, TIMEOUT_MS, kept.done)
    world.clock.settle()
    expect(lost.results.map(({ error }) => error)).toEqual(Array<number>(3).fill(Errors.KAFKA_STORAGE_ERROR))
    expect(kept.results.map(({ error, baseOffset }) => [error, baseOffset])).toEqual([[Errors.NONE, 0]])
  })

  it('acknowledges what a roll had written before it failed', () => {
    const world = createWorld({ durability: 'fsync', log: { segmentBytes: 150 } })
    const partition = lead(world)
    const { results, done } = collector()
    partition.append(batch(1), -1, TIMEOUT_MS, done)
    world.faults.openError = fault('EMFILE')
    partition.append(batch(2), -1, TIMEOUT_MS, done)
    world.faults.openError = null
    world.clock.settle()
    expect(new Set(results.map(({ error }) => error))).toEqual(new Set([Errors.NONE, Errors.KAFKA_STORAGE_ERROR]))
  })
})

describe('a follower whose disk is full', () => {
  it.each([
    ['cuts', (role: FollowerRole) => role.truncateTo(1), 1],
    ['starts over', (role: FollowerRole) => role.startOverAt(9), 9],
  ] as const)('%s its log once there is room, and keeps it until then', (_, cut, endOffset) => {
    const world = createWorld({ durability: 'fsync' })
    const partition = lead(world)
    partition.append(batch(1), -1, TIMEOUT_MS, () => {})
    partition.append(batch(1), -1, TIMEOUT_MS, () => {})
    world.clock.settle()
    const { log } = partition
    const host = {
      isThrottledAsFollower: false,
      nowMs: () => world.clock.now(),
      appended: () => {},
      cut: () => {},
      persistFetched: () => {},
      committed: () => {},
    }
    const role = new FollowerRole(host, log, 2, 1)
    world.faults.appendError = fault('ENOSPC')
    expect([cut(role), log.offline, log.logEndOffset]).toEqual([false, null, 2])
    world.faults.appendError = null
    expect([cut(role), log.offline, log.logEndOffset]).toEqual([true, null, endOffset])
  })
})

describe('a log that cannot be opened for want of room', () => {
  it('is opened by itself when there is some, and led from then on', () => {
    const world = createWorld()
    world.faults.openError = fault('ENOSPC')
    world.apply({ created: [topicView('orders', [partitionView(0), partitionView(1)])] })
    world.clock.advance(20_000)
    expect([world.unopened, world.partitions.unopenedCount]).toEqual([['orders-0', 'orders-1'], 2])
    expect(world.partitions.leaderOrError('orders', 0).error).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(world.partitions.lost().map(({ partitions }) => partitions)).toEqual([[0], [1]])
    world.faults.openError = null
    world.clock.advance(5_000)
    expect([world.partitions.unopenedCount, world.partitions.lost()]).toEqual([0, []])
    const { results, done } = collector()
    world.partitions.get('orders', 1)?.append(batch(1), 1, TIMEOUT_MS, done)
    world.clock.settle()
    expect(results.map(({ error }) => error)).toEqual([Errors.NONE])
  })
})

describe('a partition whose log fails for good', () => {
  it('answers everything that waits, says so once, and stops cleanly', () => {
    const world = createWorld({ durability: 'fsync' })
    const partition = lead(world)
    const { results, done } = collector()
    let disturbed = 0
    partition.watch({ advanced: () => {}, disturbed: () => (disturbed += 1) })
    world.faults.holdSyncs = true
    world.faults.syncError = fault('EIO')
    for (let turn = 0; turn < 3; turn += 1) {
      partition.append(batch(1), -1, TIMEOUT_MS, done)
      world.clock.settle()
    }
    expect(results).toEqual([])
    world.faults.releaseSyncs()
    world.clock.settle()
    expect(results.map(({ error }) => error)).toEqual(Array<number>(3).fill(Errors.KAFKA_STORAGE_ERROR))
    expect([world.offline, disturbed]).toEqual([['orders-0'], 1])
    expect(world.partitions.lost()).toEqual([{ topicId: partition.topicId, partitions: [0] }])
    partition.append(batch(1), -1, TIMEOUT_MS, done)
    world.clock.settle()
    expect(results).toHaveLength(4)
    expect([world.offline, partition.readNow(0, 1, 1000, true)?.error]).toEqual([
      ['orders-0'],
      Errors.KAFKA_STORAGE_ERROR,
    ])
    world.partitions.stop()
    expect(partition.log.close()?.message).toContain('EIO')
  })

  it('hears of a failure that no append of its own met', () => {
    const world = createWorld({ durability: 'fsync' })
    const partition = lead(world)
    const { results, done } = collector()
    world.faults.holdSyncs = true
    partition.append(batch(1), -1, TIMEOUT_MS, done)
    world.clock.settle()
    world.faults.readError = fault('EIO')
    partition.log.truncateTo(0, 0)
    world.clock.settle()
    expect(results.map(({ error }) => error)).toEqual([Errors.KAFKA_STORAGE_ERROR])
    expect(world.offline).toEqual(['orders-0'])
  })
})
