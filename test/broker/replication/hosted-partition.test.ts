import { describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import { batch, collector, createWorld, NODE, partitionView, topicView, type World } from './world.ts'

const TIMEOUT_MS = 30_000

function lead(world: World, changes: Parameters<typeof partitionView>[1] = {}) {
  world.apply({ created: [topicView('orders', [partitionView(0, changes)])] })
  const partition = world.partitions.get('orders', 0)
  if (partition === undefined) throw new Error('the partition is not hosted')
  // The small files of a new log are synced with the first batch: tests look at the batches alone.
  world.faults.holdOnly = '.log'
  return partition
}

/** The same topic with another leadership. */
function change(world: World, changes: Parameters<typeof partitionView>[1]) {
  world.apply({ changed: [topicView('orders', [partitionView(0, changes)])] })
}

describe('appending to a partition', () => {
  it('gives consecutive offsets and answers in a later turn, all with one write', () => {
    const world = createWorld()
    const partition = lead(world)
    const { results, done } = collector()
    const before = world.faults.appends.length
    for (let count = 1; count <= 3; count += 1) partition.append(batch(count), 1, TIMEOUT_MS, done)
    expect(results).toEqual([])
    world.clock.endTurn()
    expect(results.map(({ error, baseOffset }) => [error, baseOffset])).toEqual([
      [0, 0],
      [0, 1],
      [0, 3],
    ])
    expect(world.faults.appends.length - before).toBe(1)
  })

  it('moves the high watermark to the written end when nothing is synced', () => {
    const world = createWorld({ durability: 'page-cache' })
    const partition = lead(world)
    const { results, done } = collector()
    const before = world.faults.synced.length
    partition.append(batch(5), -1, TIMEOUT_MS, done)
    expect(partition.highWatermark).toBe(0)
    world.clock.endTurn()
    expect(partition.highWatermark).toBe(5)
    expect(results.length).toBe(1)
    expect(world.faults.synced.length).toBe(before)
  })

  it('answers acks=all only after the datasync that covers the batch, acks=1 after the write', () => {
    const world = createWorld({ durability: 'fsync' })
    const partition = lead(world)
    world.faults.holdSyncs = true
    const [all, one] = [collector(), collector()]
    partition.append(batch(2), -1, TIMEOUT_MS, all.done)
    partition.append(batch(1), 1, TIMEOUT_MS, one.done)
    world.clock.settle()
    expect([all.results.length, one.results.length]).toEqual([0, 1])
    expect(partition.highWatermark).toBe(0)
    world.faults.releaseSyncs()
    world.clock.settle()
    expect(all.results.map(({ error, baseOffset }) => [error, baseOffset])).toEqual([[0, 0]])
    expect(partition.highWatermark).toBe(3)
  })

  it('lets many appends ride on one sync: what comes during a sync shares the next', () => {
    const world = createWorld({ durability: 'fsync' })
    const partition = lead(world)
    world.faults.holdSyncs = true
    const { results, done } = collector()
    const before = world.faults.synced.filter((path) => path.endsWith('.log')).length
    for (let turn = 0; turn < 10; turn += 1) {
      partition.append(batch(1), -1, TIMEOUT_MS, done)
      world.clock.settle()
    }
    expect(results.length).toBe(0)
    world.faults.releaseSyncs()
    world.clock.settle()
    expect(results.length).toBe(1)
    world.faults.releaseSyncs()
    world.clock.settle()
    expect(results.length).toBe(10)
    expect(world.faults.synced.filter((path) => path.endsWith('.log')).length - before).toBe(2)
  })

  it('refuses bad batches one by one: the others of the turn are stored', () => {
    const world = createWorld()
    const partition = lead(world)
    const { results, done } = collector()
    const corrupt = batch(1)
    corrupt[corrupt.length - 1] = (corrupt.at(-1) ?? 0) ^ 0xff
    partition.append(batch(1), 1, TIMEOUT_MS, done)
    partition.append(corrupt, 1, TIMEOUT_MS, done)
    partition.append(batch(1), 1, TIMEOUT_MS, done)
    world.clock.settle()
    expect(new Set(results.map(({ error }) => error))).toEqual(new Set([Errors.NONE, Errors.CORRUPT_MESSAGE]))
    expect(partition.logEndOffset).toBe(2)
  })

  it('W16: answers a duplicate with the first offset and appends nothing', () => {
    const world = createWorld()
    const partition = lead(world)
    const { results, done } = collector()
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0 }
    partition.append(batch(3, producer), -1, TIMEOUT_MS, done)
    partition.append(batch(3, producer), -1, TIMEOUT_MS, done)
    world.clock.settle()
    expect(results.map(({ error, baseOffset }) => [error, baseOffset])).toEqual([
      [0, 0],
      [0, 0],
    ])
    expect(partition.logEndOffset).toBe(3)
  })

  it('answers REQUEST_TIMED_OUT when the sync does not come in time, and keeps the records', () => {
    const world = createWorld({ durability: 'fsync' })
    const partition = lead(world)
    world.faults.holdSyncs = true
    const { results, done } = collector()
    partition.append(batch(1), -1, 1000, done)
    world.clock.settle()
    world.clock.advance(500)
    expect(results).toEqual([])
    world.clock.advance(600)
    expect(results.map(({ error }) => error)).toEqual([Errors.REQUEST_TIMED_OUT])
    world.faults.releaseSyncs()
    world.clock.settle()
    expect(results.length).toBe(1)
    expect(partition.highWatermark).toBe(1)
  })

  it('appends the broker`s own records as one batch, committed before it is answered', () => {
    const world = createWorld({ durability: 'fsync' })
    const partition = lead(world)
    const heard: [number, number][] = []
    const records = [1, 2].map((n) => ({ key: Buffer.from(`k${n}`), value: null, timestampMs: 5 }))
    partition.appendRecords(records, (error, baseOffset) => heard.push([error, baseOffset]))
    partition.appendRecords(records, (error, baseOffset) => heard.push([error, baseOffset]))
    world.clock.settle()
    expect(heard).toEqual([
      [0, 0],
      [0, 2],
    ])
    expect(partition.highWatermark).toBe(4)
  })
})

describe('in-sync replicas', () => {
  it('refuses acks=all below min.insync.replicas, and takes acks=1', () => {
    const world = createWorld({ minInsyncReplicas: 2 })
    const partition = lead(world, { replicas: [NODE, 2], isr: [NODE] })
    const { results, done } = collector()
    partition.append(batch(1), -1, TIMEOUT_MS, done)
    partition.append(batch(1), 1, TIMEOUT_MS, done)
    world.clock.settle()
    expect(results.map(({ error }) => error)).toEqual([Errors.NOT_ENOUGH_REPLICAS, Errors.NONE])
    expect(partition.logEndOffset).toBe(1)
  })

  it('takes acks=all with one replica although min.insync.replicas is 2: the effective minimum is RF', () => {
    const world = createWorld({ minInsyncReplicas: 2 })
    const partition = lead(world)
    const { results, done } = collector()
    partition.append(batch(1), -1, TIMEOUT_MS, done)
    world.clock.settle()
    expect(results.map(({ error }) => error)).toEqual([Errors.NONE])
  })

  it('keeps the high watermark where it is while a member of the ISR has nothing', () => {
    const world = createWorld()
    const partition = lead(world, { replicas: [NODE, 2], isr: [NODE, 2] })
    const { results, done } = collector()
    partition.append(batch(1), -1, TIMEOUT_MS, done)
    world.clock.settle()
    expect(results).toEqual([])
    expect([partition.highWatermark, partition.logEndOffset]).toEqual([0, 1])
    change(world, { replicas: [NODE, 2], isr: [NODE], partitionEpoch: 1 })
    world.clock.settle()
    expect(results.map(({ error }) => error)).toEqual([Errors.NONE])
    expect(partition.highWatermark).toBe(1)
  })
})

describe('change of leadership', () => {
  it('KIP-207: knows where the partition ends only once the high watermark has come to where its epoch began', () => {
    const world = createWorld()
    const partition = lead(world, { replicas: [NODE, 2], isr: [NODE, 2] })
    expect(partition.knowsCommittedEnd).toBe(true)
    partition.append(batch(1), 1, TIMEOUT_MS, collector().done)
    world.clock.settle()
    expect(partition.knowsCommittedEnd).toBe(true)
    change(world, { replicas: [NODE, 2], isr: [NODE, 2], leaderEpoch: 1 })
    expect(partition.knowsCommittedEnd).toBe(false)
    change(world, { replicas: [NODE, 2], isr: [NODE], leaderEpoch: 1, partitionEpoch: 1 })
    world.clock.settle()
    expect(partition.knowsCommittedEnd).toBe(true)
  })

  it('answers parked produces NOT_LEADER_OR_FOLLOWER when the epoch changes, even to itself', () => {
    const world = createWorld({ durability: 'fsync' })
    const partition = lead(world)
    world.faults.holdSyncs = true
    const { results, done } = collector()
    partition.append(batch(1), -1, TIMEOUT_MS, done)
    world.clock.settle()
    change(world, { leaderEpoch: 1 })
    world.clock.settle()
    expect(results.map(({ error }) => error)).toEqual([Errors.NOT_LEADER_OR_FOLLOWER])
  })

  it('refuses appends when another broker leads', () => {
    const world = createWorld()
    const partition = lead(world)
    change(world, { leader: 2, leaderEpoch: 1, replicas: [NODE, 2], isr: [2] })
    const { results, done } = collector()
    partition.append(batch(1), 1, TIMEOUT_MS, done)
    world.clock.settle()
    expect(results.map(({ error }) => error)).toEqual([Errors.NOT_LEADER_OR_FOLLOWER])
    expect(world.partitions.leaderOrError('orders', 0)).toEqual({
      partition: null,
      error: Errors.NOT_LEADER_OR_FOLLOWER,
    })
  })

  it('records where each epoch that it leads begins', () => {
    const world = createWorld()
    const partition = lead(world)
    partition.append(batch(2), 1, TIMEOUT_MS, () => {})
    world.clock.settle()
    change(world, { leaderEpoch: 4 })
    partition.append(batch(3), 1, TIMEOUT_MS, () => {})
    world.clock.settle()
    expect(partition.endOffsetForEpoch(0)).toEqual({ epoch: 0, endOffset: 2 })
    expect(partition.endOffsetForEpoch(3)).toEqual({ epoch: 0, endOffset: 2 })
    expect(partition.endOffsetForEpoch(4)).toEqual({ epoch: 4, endOffset: 5 })
    expect([partition.epochAt(1), partition.epochAt(2)]).toEqual([0, 4])
  })

  it('W15: tells an old epoch from one it has not heard of', () => {
    const world = createWorld()
    const partition = lead(world, { leaderEpoch: 3 })
    expect([-1, 2, 3, 4].map((epoch) => partition.checkLeaderEpoch(epoch))).toEqual([
      Errors.NONE,
      Errors.FENCED_LEADER_EPOCH,
      Errors.NONE,
      Errors.UNKNOWN_LEADER_EPOCH,
    ])
  })
})

describe('a failing disk', () => {
  it('answers KAFKA_STORAGE_ERROR when the write fails; the other partitions go on', () => {
    const world = createWorld()
    world.apply({ created: [topicView('orders', [partitionView(0), partitionView(1)])] })
    const [bad, good] = [world.partitions.get('orders', 0), world.partitions.get('orders', 1)]
    world.clock.settle()
    world.faults.appendError = Object.assign(new Error('io'), { code: 'EIO' })
    world.faults.only = 'orders-0/'
    const [failed, fine] = [collector(), collector()]
    bad?.append(batch(1), -1, TIMEOUT_MS, failed.done)
    bad?.append(batch(1), 1, TIMEOUT_MS, failed.done)
    good?.append(batch(1), -1, TIMEOUT_MS, fine.done)
    world.clock.settle()
    expect(failed.results.map(({ error }) => error)).toEqual([Errors.KAFKA_STORAGE_ERROR, Errors.KAFKA_STORAGE_ERROR])
    expect(fine.results.map(({ error }) => error)).toEqual([Errors.NONE])
    expect(world.offline).toEqual(['orders-0'])
    expect(world.partitions.leaderOrError('orders', 0).error).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(world.partitions.leaderOrError('orders', 1).error).toBe(Errors.NONE)
  })

  it('never acknowledges after a failed sync, although the next one would succeed', () => {
    const world = createWorld({ durability: 'fsync' })
    const partition = lead(world)
    world.faults.syncError = Object.assign(new Error('io'), { code: 'EIO' })
    const { results, done } = collector()
    partition.append(batch(1), -1, TIMEOUT_MS, done)
    world.clock.settle()
    world.faults.syncError = null
    partition.append(batch(1), -1, TIMEOUT_MS, done)
    world.clock.settle()
    expect(results.map(({ error }) => error)).toEqual([Errors.KAFKA_STORAGE_ERROR, Errors.KAFKA_STORAGE_ERROR])
    expect(partition.highWatermark).toBe(0)
  })
})

describe('a disk that cannot be read', () => {
  it('answers KAFKA_STORAGE_ERROR to reads and look-ups, and goes on when it can be read again', () => {
    const world = createWorld({ durability: 'memory', tailCacheBytes: 0 })
    const partition = lead(world)
    for (let count = 0; count < 3; count += 1) {
      // Too large to share memory with the next: only the last one stays cached.
      partition.append(batch(6000), 1, TIMEOUT_MS, () => {})
      world.clock.settle()
    }
    world.faults.readError = Object.assign(new Error('io'), { code: 'EIO' })
    world.faults.only = '.log'
    const looked: number[] = []
    expect(partition.readNow(0, 18_000, 1000, true)?.error).toBe(Errors.KAFKA_STORAGE_ERROR)
    partition.offsetForTimestamp(1, 18_000, ({ error }) => looked.push(error))
    world.clock.settle()
    expect(looked).toEqual([Errors.KAFKA_STORAGE_ERROR])
    world.faults.readError = null
    expect(partition.readNow(0, 18_000, 1000, true)).toMatchObject({ error: Errors.NONE, nextOffset: 6000 })
  })
})

describe('watchers', () => {
  it('hear of bytes when they become visible, and of disturbances', () => {
    const world = createWorld({ durability: 'fsync' })
    const partition = lead(world)
    world.faults.holdSyncs = true
    const heard: (number | string)[] = []
    const watcher = { advanced: (bytes: number) => heard.push(bytes), disturbed: () => heard.push('disturbed') }
    partition.watch(watcher)
    const [first, second] = [batch(1), batch(2)]
    partition.append(first, 1, TIMEOUT_MS, () => {})
    partition.append(second, 1, TIMEOUT_MS, () => {})
    world.clock.settle()
    expect(heard).toEqual([])
    world.faults.releaseSyncs()
    world.clock.settle()
    expect(heard).toEqual([first.length + second.length])
    change(world, { leaderEpoch: 1 })
    expect(heard.at(-1)).toBe('disturbed')
    partition.unwatch(watcher)
    change(world, { leaderEpoch: 2 })
    expect(heard.length).toBe(2)
  })
})
