import { describe, expect, it } from 'vitest'
import type { JoinResult } from '../../../broker/groups/api.ts'
import { decodeBatches } from '../../../proto/kafka/batch/decode.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { commitRequest, joinRequest } from './coordinator.ts'
import { commit, fetchAll, GroupWorld, type MemoryPartition } from './fakes.ts'

describe('commits go into the log', () => {
  it('as one batch for all of one loop turn', () => {
    const world = new GroupWorld({ 'offsets.topic.num.partitions': '1' })
    world.elect()
    world.clock.settle()
    const answers: string[] = []
    for (const groupId of ['g', 'h', 'i']) {
      world.manager.commitOffsets(commitRequest({ t: 5 }, { groupId }), () => answers.push(groupId))
    }
    expect(answers).toEqual([])
    world.clock.settle()
    expect(answers).toEqual(['g', 'h', 'i'])
    const { batches } = world.partitions[0] as MemoryPartition
    expect(batches.map((batch) => [...decodeBatches(batch)][0]?.recordsCount)).toEqual([3])
  })

  it('as several batches when they are large, and each is answered when its last one is committed', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    const offsets = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`topic-with-a-name/${i}`, i]))
    const results = commit(world, offsets)
    expect(results?.every(({ partitions }) => partitions[0]?.error === Errors.NONE)).toBe(true)
    const { batches } = world.partitionOf('g')
    expect(batches.length).toBeGreaterThan(1)
    expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThan(1024 * 1024)
    expect(fetchAll(world)?.topics[0]?.partitions).toHaveLength(20_000)
  })

  it('unless one record is too large for it: UNKNOWN_SERVER_ERROR, as in Kafka, and the group begins again', () => {
    const world = new GroupWorld({ 'group.initial.rebalance.delay.ms': '0' })
    world.elect()
    world.clock.settle()
    const joined = world.ask<JoinResult>((done) => world.manager.join(joinRequest('a'), done)) as JoinResult
    const { memberId, generationId } = joined
    const member = { groupId: 'g', generationId, memberId, groupInstanceId: null }
    const assignments = [{ memberId, assignment: Buffer.alloc(9 * 1024 * 1024) }]
    const sync = { ...member, protocolType: null, protocolName: null, assignments }
    expect(world.ask((done) => world.manager.sync(sync, done))).toMatchObject({ error: Errors.UNKNOWN_SERVER_ERROR })
    expect(world.partitionOf('g').batches).toHaveLength(0)
    expect(world.ask((done) => world.manager.heartbeat(member, done))).toBe(Errors.REBALANCE_IN_PROGRESS)
  })

  it('and are answered only after they are committed', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    const partition = world.partitionOf('g')
    partition.held = true
    expect(commit(world, { t: 5 })).toBeUndefined()
    expect(fetchAll(world)?.topics).toEqual([])
    partition.commit()
    world.clock.settle()
    expect(fetchAll(world)?.topics[0]?.partitions[0]?.offset).toBe(5)
  })

  it('are answered COORDINATOR_NOT_AVAILABLE after offsets.commit.timeout.ms, and count when they are committed later', () => {
    const world = new GroupWorld({ 'offsets.commit.timeout.ms': '700' })
    world.elect()
    world.clock.settle()
    const partition = world.partitionOf('g')
    partition.held = true
    const errors: (number | undefined)[] = []
    const send = () =>
      world.manager.commitOffsets(commitRequest({ t: 5 }), (results) => errors.push(results[0]?.partitions[0]?.error))
    send()
    world.clock.advance(600)
    send()
    world.clock.advance(150)
    expect(errors).toEqual([Errors.COORDINATOR_NOT_AVAILABLE])
    partition.commit()
    world.clock.settle()
    expect(errors).toEqual([Errors.COORDINATOR_NOT_AVAILABLE, Errors.NONE])
    expect(fetchAll(world)?.topics[0]?.partitions[0]?.offset).toBe(5)
  })

  it('are answered NOT_COORDINATOR when another broker leads', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    const partition = world.partitionOf('g')
    partition.held = true
    const errors: (number | undefined)[] = []
    world.manager.commitOffsets(commitRequest({ t: 5 }), (results) => errors.push(results[0]?.partitions[0]?.error))
    world.clock.settle()
    world.resign(partition.index)
    world.clock.settle()
    expect(errors).toEqual([Errors.NOT_COORDINATOR])
    expect(fetchAll(world)?.error).toBe(Errors.NOT_COORDINATOR)
  })
})

describe('a coordinator that starts again', () => {
  it('knows the offsets and groups of its log', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    for (let i = 0; i < 50; i += 1) commit(world, { t: i, [`u/${i}`]: i }, `group-${i % 5}`)
    world.manager.close()
    const manager = world.newManager()
    world.clock.settle()
    for (let i = 0; i < 5; i += 1) {
      const topics = fetchAll(world, `group-${i}`, manager)?.topics ?? []
      expect(topics.find(({ topic }) => topic === 't')?.partitions[0]?.offset).toBe(45 + i)
      expect(topics.find(({ topic }) => topic === 'u')?.partitions).toHaveLength(10)
    }
  })

  it('keeps a stable group: the member goes on without a rebalance', () => {
    const world = new GroupWorld({ 'group.initial.rebalance.delay.ms': '0' })
    world.elect()
    world.clock.settle()
    const joined = world.ask<JoinResult>((done) => world.manager.join(joinRequest('a'), done)) as JoinResult
    const { memberId, generationId } = joined
    const member = { groupId: 'g', generationId, memberId, groupInstanceId: null }
    const assignments = [{ memberId, assignment: Buffer.from('mine') }]
    const sync = { ...member, protocolType: null, protocolName: null, assignments }
    expect(world.ask((done) => world.manager.sync(sync, done))).toMatchObject({ error: Errors.NONE })
    world.manager.close()
    const manager = world.newManager()
    world.clock.settle()
    expect(world.ask((done) => manager.heartbeat(member, done))).toBe(Errors.NONE)
    expect(world.ask((done) => manager.sync({ ...sync, assignments: [] }, done))).toMatchObject({
      error: Errors.NONE,
      assignment: Buffer.from('mine'),
    })
    // Its session began with the load: silence ends it.
    world.clock.advance(10_001)
    expect(world.ask((done) => manager.heartbeat(member, done))).toBe(Errors.UNKNOWN_MEMBER_ID)
  })

  it('waits until all that was in the log when it was elected is committed', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    commit(world, { t: 1 })
    const partition = world.partitionOf('g')
    partition.held = true
    commit(world, { t: 2 })
    world.resign(partition.index)
    world.elected(partition.index)
    world.clock.advance(50)
    expect(fetchAll(world)?.error).toBe(Errors.COORDINATOR_LOAD_IN_PROGRESS)
    partition.commit()
    world.clock.advance(50)
    expect(fetchAll(world)?.topics[0]?.partitions[0]?.offset).toBe(2)
  })

  it('leaves out records that it cannot read, other kinds of groups, control batches and transactions', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    commit(world, { t: 1 })
    const partition = world.partitionOf('g')
    const good = [
      ...(
        [...decodeBatches(partition.batches)][0] as {
          records(): Iterable<{ key: Buffer | null; value: Buffer | null }>
        }
      ).records(),
    ][0]
    const record = { key: good?.key ?? null, value: null, timestamp: 0 }
    partition.appendBatch(
      encodeBatch([record], { isTransactional: true, producerId: 1, producerEpoch: 0, baseSequence: 0 }),
    )
    partition.appendBatch(
      encodeBatch([{ key: Buffer.from([0, 0, 0, 1]), value: null, timestamp: 0 }], { isControl: true }),
    )
    partition.appendBatch(
      encodeBatch([
        { key: Buffer.from([0, 1, 0]), value: Buffer.from([9]), timestamp: 0 },
        { key: Buffer.from([0, 17, 1, 2]), value: Buffer.from([9]), timestamp: 0 },
        { key: Buffer.from([0, 2, 0, 1, 103]), value: Buffer.from([0, 3, 0]), timestamp: 0 },
        { key: null, value: Buffer.from([9]), timestamp: 0 },
      ]),
    )
    partition.commit()
    world.resign(partition.index)
    world.elected(partition.index)
    world.clock.settle()
    expect(fetchAll(world)?.topics[0]?.partitions[0]?.offset).toBe(1)
    expect(world.logged.filter((message) => message === 'unreadable group record left out')).toHaveLength(2)
  })

  it('does not serve a log whose batches are damaged', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    commit(world, { t: 1 })
    const partition = world.partitionOf('g')
    const [batch] = partition.batches
    if (batch !== undefined) batch[batch.length - 1] = (batch.at(-1) ?? 0) ^ 1
    world.resign(partition.index)
    world.elected(partition.index)
    world.clock.settle()
    expect(fetchAll(world)?.error).toBe(Errors.NOT_COORDINATOR)
    expect(world.logged).toContain('group coordinator could not load')
  })

  it('stays as it is when the same broker leads in a new epoch', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    const joins: number[] = []
    world.manager.join(joinRequest('a'), ({ error }) => joins.push(error))
    world.elected(world.manager.partitionFor('g'))
    expect(joins).toEqual([])
    world.clock.advance(3_000)
    expect(joins).toEqual([Errors.NONE])
  })
})
