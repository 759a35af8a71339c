import { describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import { defaultReplicaState, type FetchRequest, type PartitionData } from '../../../proto/kafka/generated/01-fetch.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import { FetchSessions } from '../../../broker/handlers/fetch/sessions.ts'
import { failedPartition, type FetchTarget } from '../../../broker/handlers/fetch/target.ts'
import type { Random } from '../../../broker/ports/random.ts'

class Counting implements Random {
  private next = 0

  uint32(): number {
    // Zero and repeats first: neither may become the id of a session.
    const ids = [0, 7, 7, 9]
    this.next += 1
    return ids[this.next - 1] ?? this.next + 100
  }

  bytes(length: number): Buffer {
    return Buffer.alloc(length)
  }
}

function request(
  sessionId: number,
  sessionEpoch: number,
  offsets: Record<number, number> = {},
  forget: number[] = [],
): FetchRequest {
  return {
    clusterId: null,
    replicaId: -1,
    replicaState: defaultReplicaState,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1000,
    isolationLevel: 0,
    sessionId,
    sessionEpoch,
    topics: [
      {
        topic: 'orders',
        topicId: ZERO_UUID,
        partitions: Object.entries(offsets).map(([partition, fetchOffset]) => ({
          partition: Number(partition),
          currentLeaderEpoch: -1,
          fetchOffset,
          lastFetchedEpoch: -1,
          logStartOffset: -1,
          partitionMaxBytes: 100,
          replicaDirectoryId: ZERO_UUID,
          highWatermark: 0,
        })),
      },
    ],
    forgottenTopicsData: forget.length === 0 ? [] : [{ topic: 'orders', topicId: ZERO_UUID, partitions: forget }],
    rackId: '',
  }
}

function answer(partition: number, highWatermark: number, hasRecords = false): PartitionData {
  return {
    ...failedPartition(partition, Errors.NONE),
    highWatermark,
    logStartOffset: 0,
    records: hasRecords ? [Buffer.from('batch')] : [],
  }
}

const partitionsOf = (targets: readonly FetchTarget[]) => targets.map(({ partition }) => partition)

describe('fetch sessions (W13, KIP-227)', () => {
  it('W13: a fetch without a session lists every partition and gets session 0', () => {
    const sessions = new FetchSessions(new Counting(), 10)
    const plan = sessions.plan(request(0, -1, { 0: 5, 1: 6 }), false, 0)
    expect(partitionsOf(plan.targets)).toEqual([0, 1])
    expect(plan.targets.every((target) => plan.includes(target, answer(target.partition, 3)))).toBe(true)
    expect(plan.commit()).toBe(0)
    expect(sessions.size).toBe(0)
  })

  it('W13: a full fetch that opens a session lists every partition', () => {
    const sessions = new FetchSessions(new Counting(), 10)
    const plan = sessions.plan(request(0, 0, { 0: 5, 1: 6 }), false, 0)
    expect(plan.targets.every((target) => plan.includes(target, answer(target.partition, 3)))).toBe(true)
    expect(plan.commit()).toBe(7)
    expect(sessions.plan(request(0, 0, { 0: 5 }), false, 0).commit()).toBe(9)
    expect([sessions.size, sessions.partitionCount]).toEqual([2, 3])
  })

  it('remembers what was asked, and tells only what changed', () => {
    const sessions = new FetchSessions(new Counting(), 10)
    const id = sessions.plan(request(0, 0, { 0: 5, 1: 6, 2: 7 }), false, 0).commit()
    const first = sessions.plan(request(id, 1), false, 0)
    expect(first.targets.map(({ fetchOffset }) => fetchOffset)).toEqual([5, 6, 7])
    expect(first.targets.map((target) => first.includes(target, answer(target.partition, 3)))).toEqual([
      true,
      true,
      true,
    ])
    const second = sessions.plan(request(id, 2, { 1: 60 }), false, 0)
    expect(second.targets.map(({ fetchOffset }) => fetchOffset)).toEqual([5, 60, 7])
    const told = second.targets.map((target) =>
      second.includes(target, answer(target.partition, target.partition === 2 ? 4 : 3)),
    )
    expect(told).toEqual([false, false, true])
  })

  it('always tells records and errors, and the watermark again after an error', () => {
    const sessions = new FetchSessions(new Counting(), 10)
    const id = sessions.plan(request(0, 0, { 0: 5 }), false, 0).commit()
    const plan = sessions.plan(request(id, 1), false, 0)
    const [target] = plan.targets
    if (target === undefined) throw new Error('no target')
    expect(plan.includes(target, answer(0, 3))).toBe(true)
    expect(plan.includes(target, answer(0, 3))).toBe(false)
    expect(plan.includes(target, answer(0, 3, true))).toBe(true)
    expect(plan.includes(target, failedPartition(0, Errors.OFFSET_OUT_OF_RANGE))).toBe(true)
    expect(plan.includes(target, answer(0, 3))).toBe(true)
  })

  it('puts a partition that had records last in line, so that no partition starves', () => {
    const sessions = new FetchSessions(new Counting(), 10)
    const id = sessions.plan(request(0, 0, { 0: 5, 1: 6, 2: 7 }), false, 0).commit()
    const plan = sessions.plan(request(id, 1), false, 0)
    for (const target of plan.targets) plan.includes(target, answer(target.partition, 3, target.partition === 0))
    expect(partitionsOf(sessions.plan(request(id, 2), false, 0).targets)).toEqual([1, 2, 0])
  })

  it('adds and forgets partitions, and ends with the last of them', () => {
    const sessions = new FetchSessions(new Counting(), 10)
    const id = sessions.plan(request(0, 0, { 0: 5 }), false, 0).commit()
    expect(partitionsOf(sessions.plan(request(id, 1, { 3: 1 }, [0]), false, 0).targets)).toEqual([3])
    expect(sessions.partitionCount).toBe(1)
    const empty = sessions.plan(request(id, 2, {}, [3]), false, 0)
    expect([empty.targets.length, empty.commit(), sessions.size, sessions.partitionCount]).toEqual([0, 0, 0, 0])
  })

  it('refuses an unknown session, a wrong epoch, and a change between names and ids', () => {
    const sessions = new FetchSessions(new Counting(), 10)
    const id = sessions.plan(request(0, 0, { 0: 5 }), false, 0).commit()
    expect(sessions.plan(request(4711, 1), false, 0).error).toBe(Errors.FETCH_SESSION_ID_NOT_FOUND)
    expect(sessions.plan(request(id, 2), false, 0).error).toBe(Errors.INVALID_FETCH_SESSION_EPOCH)
    expect(sessions.plan(request(id, 1), true, 0).error).toBe(Errors.FETCH_SESSION_TOPIC_ID_ERROR)
    expect(sessions.plan(request(id, 1), false, 0).error).toBe(Errors.NONE)
    expect(sessions.plan(request(id, 1), false, 0).error).toBe(Errors.INVALID_FETCH_SESSION_EPOCH)
  })

  it('closes a session on request, and when a new one replaces it', () => {
    const sessions = new FetchSessions(new Counting(), 10)
    const id = sessions.plan(request(0, 0, { 0: 5 }), false, 0).commit()
    sessions.plan(request(id, -1), false, 0)
    expect(sessions.size).toBe(0)
    const next = sessions.plan(request(0, 0, { 0: 5 }), false, 0).commit()
    sessions.plan(request(next, 0, { 0: 5 }), false, 0).commit()
    expect(sessions.size).toBe(1)
  })

  it('keeps no more sessions than slots: a newcomer goes without until one is idle for two minutes', () => {
    const sessions = new FetchSessions(new Counting(), 2)
    const first = sessions.plan(request(0, 0, { 0: 5 }), false, 0).commit()
    sessions.plan(request(0, 0, { 0: 5 }), false, 1000).commit()
    expect(sessions.plan(request(0, 0, { 0: 5 }), false, 2000).commit()).toBe(0)
    expect(sessions.plan(request(first, 1), false, 3000).error).toBe(Errors.NONE)
    // The second is now the one that was used least recently.
    expect(sessions.plan(request(0, 0, { 0: 5 }), false, 121_500).commit()).not.toBe(0)
    expect(sessions.plan(request(first, 2), false, 121_600).error).toBe(Errors.NONE)
    expect(sessions.size).toBe(2)
  })
})
