import { describe, expect, it } from 'vitest'
import type { CommitTopicResult, JoinRequest, JoinResult } from '../../../broker/groups/api.ts'
import { Budget } from '../../../broker/groups/budget.ts'
import { GroupShard } from '../../../broker/groups/shard.ts'
import { MAX_GROUP_MEMBERS } from '../../../broker/limits.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { commitRequest, joinRequest, subscription, TestCoordinator } from './coordinator.ts'

function join(coordinator: TestCoordinator, clientId: string, overrides: Partial<JoinRequest> = {}): JoinResult | null {
  let answer: JoinResult | null = null
  coordinator.shard.join(joinRequest(clientId, overrides), coordinator.now, (result) => {
    answer = result
  })
  coordinator.drain()
  return answer
}

function commit(coordinator: TestCoordinator, offsets: Record<string, number>, groupId = 'g'): number[] {
  let answer: CommitTopicResult[] = []
  coordinator.shard.commit(commitRequest(offsets, { groupId }), coordinator.now, (results) => {
    answer = results
  })
  coordinator.drain()
  return answer.flatMap(({ partitions }) => partitions.map(({ error }) => error))
}

describe('what clients can make the coordinator keep has an end', () => {
  it('refuses new groups beyond the most there may be; those that are there go on', () => {
    const coordinator = new TestCoordinator({}, new Budget(2, 1024 * 1024))
    expect(commit(coordinator, { t: 1 }, 'a')).toEqual([Errors.NONE])
    expect(commit(coordinator, { t: 1 }, 'b')).toEqual([Errors.NONE])
    expect(commit(coordinator, { t: 1 }, 'c')).toEqual([Errors.COORDINATOR_NOT_AVAILABLE])
    expect(join(coordinator, 'x', { groupId: 'd' })?.error).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    expect(commit(coordinator, { t: 2, u: 3 }, 'a')).toEqual([Errors.NONE, Errors.NONE])
    coordinator.shard.deleteGroup('b', coordinator.now, () => {})
    coordinator.drain()
    expect(commit(coordinator, { t: 1 }, 'c')).toEqual([Errors.NONE])
  })

  it('refuses new members and new offsets when their bytes are used up; the old ones can be changed', () => {
    const coordinator = new TestCoordinator({}, new Budget(100, 100_000))
    expect(commit(coordinator, { t: 1 }, 'other')).toEqual([Errors.NONE])
    const protocols = [{ name: 'range', metadata: Buffer.alloc(100_000) }]
    expect(join(coordinator, 'a', { protocols, requireKnownMemberId: true })?.error).toBe(Errors.MEMBER_ID_REQUIRED)
    expect(join(coordinator, 'a', { memberId: 'a-1', protocols })).toBeNull()
    expect(join(coordinator, 'b')?.error).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    expect(commit(coordinator, { t: 2, u: 3 }, 'other')).toEqual([Errors.NONE, Errors.COORDINATOR_NOT_AVAILABLE])
  })

  it('bounds the ids that are given out and not used, each of which holds a timer', () => {
    const coordinator = new TestCoordinator()
    for (let i = 0; i < MAX_GROUP_MEMBERS; i += 1) {
      expect(join(coordinator, 'a', { requireKnownMemberId: true })?.error).toBe(Errors.MEMBER_ID_REQUIRED)
    }
    expect(join(coordinator, 'a', { requireKnownMemberId: true })?.error).toBe(Errors.GROUP_MAX_SIZE_REACHED)
    // One that was given out may still be used.
    expect(join(coordinator, 'a', { memberId: 'a-1' })).toBeNull()
    coordinator.advance(10_000)
    expect(join(coordinator, 'a', { requireKnownMemberId: true })?.error).toBe(Errors.MEMBER_ID_REQUIRED)
  })

  it('keeps member ids within what the wire can carry, however long the client id is', () => {
    const coordinator = new TestCoordinator()
    const long = join(coordinator, 'x'.repeat(32_000), { requireKnownMemberId: true })
    expect(long?.memberId).toBe(`${'x'.repeat(1024)}-1`)
    // 1023 characters and half of a surrogate pair: the half is left out.
    const emoji = join(coordinator, `${'x'.repeat(1023)}🙂`, { requireKnownMemberId: true })
    expect(emoji?.memberId).toBe(`${'x'.repeat(1023)}-2`)
  })

  it('counts a protocol that a member names twice once', () => {
    const coordinator = new TestCoordinator({ initialRebalanceDelayMs: 0 })
    const twice = [
      { name: 'range', metadata: subscription('t') },
      { name: 'range', metadata: subscription('u') },
    ]
    expect(join(coordinator, 'a', { protocols: twice })?.members[0]?.metadata).toEqual(subscription('t'))
    const other = join(coordinator, 'b')
    expect(other).toBeNull()
  })

  it('does not keep a whole request frame alive for a few bytes of it', () => {
    const coordinator = new TestCoordinator({ initialRebalanceDelayMs: 0 })
    const frame = Buffer.alloc(100_000)
    const metadata = frame.subarray(10, 30)
    const kept = join(coordinator, 'a', { protocols: [{ name: 'range', metadata }] })?.members[0]?.metadata
    expect(kept).toEqual(metadata)
    expect(kept?.buffer.byteLength).toBe(20)
  })

  it('takes what is in the log, even beyond what it would accept', () => {
    const coordinator = new TestCoordinator()
    commit(coordinator, { t: 1 }, 'a')
    commit(coordinator, { t: 1 }, 'b')
    const shard = new GroupShard({ options: coordinator.options, budget: new Budget(1, 1), newId: () => 'id' })
    for (const record of coordinator.log) shard.replay(record)
    shard.loaded(coordinator.now)
    expect([shard.groupCount, shard.offsetCount]).toEqual([2, 2])
  })
})

describe('a group that is loaded over its maximum size', () => {
  it('rebalances, and those who rejoin last are out', () => {
    const coordinator = new TestCoordinator({ initialRebalanceDelayMs: 0 })
    const ids: string[] = []
    for (const client of ['a', 'b', 'c']) join(coordinator, client)
    for (let round = 0; round < 3; round += 1) {
      // Each round brings the waiting members into one generation.
      const { members } = coordinator.shard.describe('g')
      ids.splice(0, ids.length, ...members.map(({ memberId }) => memberId))
      for (const memberId of ids) join(coordinator, memberId, { memberId })
    }
    const generationId = generationOf(coordinator)
    const leader = ids[0] ?? ''
    const assignments = ids.map((memberId) => ({ memberId, assignment: Buffer.from(memberId) }))
    const sync = {
      groupId: 'g',
      generationId,
      memberId: leader,
      groupInstanceId: null,
      protocolType: null,
      protocolName: null,
    }
    coordinator.shard.sync({ ...sync, assignments }, coordinator.now, () => {})
    coordinator.drain()
    expect(coordinator.shard.describe('g').state).toBe('Stable')
    const options = { ...coordinator.options, maxGroupSize: 2 }
    const shard = new GroupShard({ options, budget: new Budget(10, 1e6), newId: () => 'id' })
    for (const record of coordinator.log) shard.replay(record)
    shard.loaded(coordinator.now)
    expect(shard.describe('g').state).toBe('PreparingRebalance')
    const answers: number[] = []
    for (const memberId of ids)
      shard.join(joinRequest('x', { memberId }), coordinator.now, ({ error }) => answers.push(error))
    for (const reply of shard.outbox.takeReplies()) reply()
    expect(answers).toEqual([Errors.NONE, Errors.NONE, Errors.GROUP_MAX_SIZE_REACHED].sort((a, b) => b - a))
  })
})

/** The generation that heartbeats are accepted for. */
function generationOf(coordinator: TestCoordinator): number {
  const memberId = coordinator.shard.describe('g').members[0]?.memberId ?? ''
  for (let generationId = 1; generationId < 100; generationId += 1) {
    const member = { groupId: 'g', generationId, memberId, groupInstanceId: null }
    if (coordinator.shard.heartbeat(member, coordinator.now) === Errors.NONE) return generationId
  }
  throw new Error('no generation')
}
