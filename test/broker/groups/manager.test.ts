import { describe, expect, it } from 'vitest'
import type { JoinResult } from '../../../broker/groups/api.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { joinRequest } from './coordinator.ts'
import { commit, fetchAll, GroupWorld } from './fakes.ts'

function find(world: GroupWorld, groupId = 'g') {
  return world.ask<{ error: number; nodeId: number }>((done) => world.manager.findCoordinator(groupId, done))
}

describe('FindCoordinator makes the offsets topic', () => {
  it('once for all who ask meanwhile, and answers when it is led and loaded', () => {
    const world = new GroupWorld()
    const answers: number[] = []
    for (const groupId of ['g', 'h', 'i']) world.manager.findCoordinator(groupId, ({ nodeId }) => answers.push(nodeId))
    world.clock.settle()
    expect(answers).toEqual([1, 1, 1])
    expect(world.created).toEqual([
      {
        name: '__consumer_offsets',
        partitions: 4,
        // One broker cannot keep Kafka's default of three replicas.
        replicationFactor: 1,
        assignments: [],
        configs: [
          { name: 'cleanup.policy', value: 'compact' },
          { name: 'compression.type', value: 'producer' },
          { name: 'segment.bytes', value: '104857600' },
        ],
      },
    ])
    expect(commit(world, { t: 5 })?.[0]?.partitions).toEqual([{ partition: 0, error: Errors.NONE }])
  })

  it('waits a moment for a leader, then says COORDINATOR_NOT_AVAILABLE', () => {
    const world = new GroupWorld()
    world.elects = false
    const answers: number[] = []
    world.manager.findCoordinator('g', ({ error }) => answers.push(error))
    world.clock.advance(900)
    expect(answers).toEqual([])
    world.clock.advance(200)
    expect(answers).toEqual([Errors.COORDINATOR_NOT_AVAILABLE])
  })

  it('answers as soon as a leader is there', () => {
    const world = new GroupWorld()
    world.elects = false
    const answers: { error: number; nodeId: number }[] = []
    world.manager.findCoordinator('g', (answer) => answers.push(answer))
    world.clock.advance(100)
    world.elect()
    world.clock.advance(10)
    expect(answers).toEqual([{ error: Errors.NONE, nodeId: 1 }])
  })

  it('says COORDINATOR_NOT_AVAILABLE when the topic cannot be made, and tries again for the next', () => {
    const world = new GroupWorld()
    world.createError = Errors.INVALID_REPLICATION_FACTOR
    expect(find(world)).toEqual({ error: Errors.COORDINATOR_NOT_AVAILABLE, nodeId: -1 })
    world.createError = Errors.NONE
    expect(find(world)).toEqual({ error: Errors.NONE, nodeId: 1 })
    expect(world.created).toHaveLength(2)
  })

  it('does not wait for ever for a coordinator that loads: the client may ask it already', () => {
    const world = new GroupWorld()
    world.elect((partition) => {
      partition.appendBatch(encodeBatch([{ key: Buffer.from([0, 9]), value: null, timestamp: 0 }]))
    })
    const answers: number[] = []
    world.manager.findCoordinator('g', ({ error }) => answers.push(error))
    world.clock.advance(900)
    expect(answers).toEqual([])
    world.clock.advance(200)
    expect(answers).toEqual([Errors.NONE])
  })
})

describe('requests are served by the coordinator of the group, or refused', () => {
  it('with NOT_COORDINATOR while the partition is not led here', () => {
    const world = new GroupWorld()
    expect(fetchAll(world)?.error).toBe(Errors.NOT_COORDINATOR)
    expect(commit(world, { t: 5 })?.[0]?.partitions[0]?.error).toBe(Errors.NOT_COORDINATOR)
  })

  it('with NOT_COORDINATOR while no controller answers: another broker may coordinate, and know of later offsets', () => {
    const world = new GroupWorld()
    find(world)
    commit(world, { t: 5 })
    world.isCutOff = true
    expect(fetchAll(world)).toMatchObject({ error: Errors.NOT_COORDINATOR })
    world.isCutOff = false
    expect(fetchAll(world)).toMatchObject({ error: Errors.NONE })
  })

  it('with COORDINATOR_LOAD_IN_PROGRESS while it loads; heartbeats are fine', () => {
    const world = new GroupWorld()
    world.elect((partition) => {
      partition.appendBatch(encodeBatch([{ key: Buffer.from([0, 9]), value: null, timestamp: 0 }]))
    })
    expect(fetchAll(world)?.error).toBe(Errors.COORDINATOR_LOAD_IN_PROGRESS)
    const member = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null }
    expect(world.ask((done) => world.manager.heartbeat(member, done))).toBe(Errors.NONE)
    expect(world.ask((done) => world.manager.list({ states: [], types: [] }, done))).toEqual({
      error: Errors.COORDINATOR_LOAD_IN_PROGRESS,
      groups: [],
    })
    for (const partition of world.partitions) partition.commit()
    world.clock.advance(100)
    expect(fetchAll(world)).toEqual({ error: Errors.NONE, topics: [] })
  })

  it('with INVALID_GROUP_ID without an id, except for offsets, as Kafka keeps for old clients', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    const join = world.ask<JoinResult>((done) => world.manager.join(joinRequest('a', { groupId: '' }), done))
    expect(join?.error).toBe(Errors.INVALID_GROUP_ID)
    expect(commit(world, { t: 5 }, '')?.[0]?.partitions[0]?.error).toBe(Errors.NONE)
    expect(fetchAll(world, '')?.topics).toHaveLength(1)
  })

  it('with INVALID_GROUP_ID when the id is longer than any honest one', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    expect(commit(world, { t: 5 }, 'x'.repeat(5_000))?.[0]?.partitions[0]?.error).toBe(Errors.INVALID_GROUP_ID)
  })

  it('treats ids like __proto__ as ids', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    for (const groupId of ['__proto__', 'constructor']) {
      expect(fetchAll(world, groupId)?.topics).toEqual([])
      commit(world, { __proto__2: 5, 'toString/1': 6 }, groupId)
      expect(fetchAll(world, groupId)?.topics).toHaveLength(2)
    }
  })

  it('with COORDINATOR_NOT_AVAILABLE once closed, and whoever waits is answered', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    const joins: number[] = []
    world.manager.join(joinRequest('a'), ({ error }) => joins.push(error))
    world.manager.close()
    world.clock.advance(60_000)
    expect(joins).toEqual([Errors.NOT_COORDINATOR])
    expect(fetchAll(world)?.error).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
  })
})

describe('the end of topics and groups', () => {
  it('removes the offsets of a deleted topic, also when it went while the coordinator was loading', () => {
    const world = new GroupWorld()
    world.elect()
    world.addTopic('t', 1)
    world.clock.settle()
    commit(world, { t: 1, u: 2 })
    const partition = world.partitionOf('g')
    world.resign(partition.index)
    world.elected(partition.index)
    world.deleteTopic('t')
    world.clock.settle()
    expect(fetchAll(world)?.topics.map(({ topic }) => topic)).toEqual(['u'])
  })

  it('deletes groups of several coordinators with one request', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    const groupIds = ['a', 'b', 'c', 'd', 'e']
    for (const groupId of groupIds) commit(world, { t: 1 }, groupId)
    const results = world.ask((done) => world.manager.deleteGroups([...groupIds, 'nope'], done))
    expect(results).toEqual([
      ...groupIds.map((groupId) => ({ groupId, error: Errors.NONE })),
      { groupId: 'nope', error: Errors.GROUP_ID_NOT_FOUND },
    ])
    expect(world.ask((done) => world.manager.deleteGroups([], done))).toEqual([])
  })

  it('lists groups by state and type, without regard to case and blanks', () => {
    const world = new GroupWorld()
    world.elect()
    world.clock.settle()
    commit(world, { t: 1 }, 'simple')
    world.manager.join(joinRequest('a', { groupId: 'busy' }), () => {})
    const list = (states: string[], types: string[] = []) =>
      world.ask<{ groups: readonly { groupId: string }[] }>((done) => world.manager.list({ states, types }, done))
    expect(list([])?.groups).toHaveLength(2)
    expect(list([' empty '])?.groups.map(({ groupId }) => groupId)).toEqual(['simple'])
    expect(list(['PREPARINGREBALANCE', 'dead'])?.groups.map(({ groupId }) => groupId)).toEqual(['busy'])
    expect(list([], ['Consumer'])?.groups).toEqual([])
    expect(list([], ['CLASSIC'])?.groups).toHaveLength(2)
  })
})

describe('what is shown to the operator', () => {
  it('counts groups, offsets, commits and rebalances, and does not forget when a coordinator moves away', () => {
    const world = new GroupWorld({ 'group.initial.rebalance.delay.ms': '0' })
    world.elect()
    world.clock.settle()
    commit(world, { t: 1, u: 2 })
    world.ask((done) => world.manager.join(joinRequest('a', { groupId: 'h' }), done))
    expect(world.metrics.render()).toMatch(/^millrace_groups 2$/m)
    expect(world.metrics.render()).toMatch(/^millrace_group_offsets 2$/m)
    for (const { index } of world.partitions) world.resign(index)
    world.clock.settle()
    const text = world.metrics.render()
    expect(text).toMatch(/^millrace_groups 0$/m)
    expect(text).toMatch(/^millrace_group_state_bytes 0$/m)
    expect(text).toMatch(/^millrace_group_offset_commits_total 2$/m)
    expect(text).toMatch(/^millrace_group_rebalances_total 1$/m)
  })
})
