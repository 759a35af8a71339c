import { beforeEach, describe, expect, it } from 'vitest'
import { maximalIsr } from '../../../broker/replication/isr.ts'
import { InSyncSet } from '../../../broker/replication/leader/in-sync-set.ts'
import { Errors } from '../../../proto/kafka/errors.ts'

const lagMaxMs = 1000
const backoffMs = 50
/** Broker epochs of those that are active. */
let active: Map<number, number>
let set: InSyncSet

/** Node 1 leads partition epoch 5 of leader epoch 3, which began at offset 10; 2 is in sync, 3 is not. */
beforeEach(() => {
  active = new Map([
    [1, 100],
    [2, 200],
    [3, 300],
  ])
  set = new InSyncSet({
    nodeId: 1,
    brokerEpoch: () => 100,
    lagMaxMs: () => lagMaxMs,
    activeEpoch: (id) => active.get(id) ?? -1,
  })
  set.lead({ leaderEpoch: 3, partitionEpoch: 5, replicas: [1, 2, 3], isr: [1, 2] }, 10, 0)
})

const ids = (proposal: ReturnType<InSyncSet['propose']>) => proposal?.isr.map(({ brokerId }) => brokerId)

describe('who comes in', () => {
  it('is a follower that has all that is committed, named with the uptime it fetched in', () => {
    set.fetched(3, 12, 300, 12, 0)
    expect(set.propose(12, 12, 0)).toEqual({
      leaderEpoch: 3,
      partitionEpoch: 5,
      isr: [
        { brokerId: 1, brokerEpoch: 100 },
        { brokerId: 2, brokerEpoch: 200 },
        { brokerId: 3, brokerEpoch: 300 },
      ],
    })
  })

  it('counts for the high watermark from the moment it is proposed', () => {
    set.fetched(3, 12, 300, 12, 0)
    set.propose(12, 12, 0)
    expect(set.isr).toEqual({ committed: [1, 2], proposedAdditions: [3] })
    expect(maximalIsr(set.isr)).toEqual([1, 2, 3])
    set.committed({ leaderEpoch: 3, partitionEpoch: 6, replicas: [1, 2, 3], isr: [1, 2, 3] })
    expect(set.isr).toEqual({ committed: [1, 2, 3], proposedAdditions: [] })
  })

  it.each([
    ['behind the high watermark', 11, 300, 12],
    ['behind the start of this epoch', 9, 300, 9],
    ['of an uptime that is over', 12, 299, 12],
  ])('is nobody %s', (_why, fetchOffset, brokerEpoch, highWatermark) => {
    set.fetched(3, fetchOffset, brokerEpoch, 12, 0)
    expect(set.propose(highWatermark, 12, 0)).toBeNull()
  })

  it('is nobody whose broker is fenced', () => {
    active.delete(3)
    set.fetched(3, 12, 300, 12, 0)
    expect(set.propose(12, 12, 0)).toBeNull()
  })

  it('is nobody that is no replica', () => {
    expect(set.fetched(9, 12, 900, 12, 0)).toBe(false)
    expect(set.propose(12, 12, 0)).toBeNull()
  })
})

describe('who goes out', () => {
  it('is a member behind for longer than replica.lag.time.max.ms, also one that never fetched', () => {
    expect(set.propose(10, 12, lagMaxMs)).toBeNull()
    expect(ids(set.propose(10, 12, lagMaxMs + 1))).toEqual([1])
  })

  it('keeps counting until the controller has left it out', () => {
    set.propose(10, 12, lagMaxMs + 1)
    expect(maximalIsr(set.isr)).toEqual([1, 2])
    set.committed({ leaderEpoch: 3, partitionEpoch: 6, replicas: [1, 2, 3], isr: [1] })
    expect(maximalIsr(set.isr)).toEqual([1])
  })

  it('is nobody that has everything, however long ago it fetched', () => {
    set.fetched(2, 12, 200, 12, 0)
    expect(set.propose(12, 12, 100 * lagMaxMs)).toBeNull()
  })

  it('is nobody that keeps up with a leader that is never still', () => {
    let end = 12
    for (let nowMs = 0; nowMs < 10 * lagMaxMs; nowMs += 100) {
      set.fetched(2, end, 200, end + 5, nowMs)
      end += 5
      expect(set.propose(10, end, nowMs)).toBeNull()
    }
  })

  it('is one that fetches all the time and gains nothing', () => {
    let proposal = null
    for (let nowMs = 0; nowMs <= 2 * lagMaxMs && proposal === null; nowMs += 100) {
      set.fetched(2, 11, 200, 1000 + nowMs, nowMs)
      proposal = set.propose(10, 1000 + nowMs, nowMs)
    }
    expect(ids(proposal)).toEqual([1])
  })

  it('is foretold by a deadline', () => {
    set.fetched(2, 12, 200, 12, 300)
    expect(set.lagDeadlineMs(12)).toBe(Number.POSITIVE_INFINITY)
    expect(set.lagDeadlineMs(13)).toBe(300 + lagMaxMs)
  })
})

describe('a proposal', () => {
  it('is the only one until it is answered by the metadata', () => {
    set.fetched(3, 12, 300, 12, 0)
    const proposal = set.propose(12, 12, 0)!
    expect(set.propose(12, 12, 0)).toBeNull()
    expect(set.answered(proposal, Errors.NONE, 0, backoffMs)).toBe(false)
    expect(set.isPending).toBe(true)
    set.committed({ leaderEpoch: 3, partitionEpoch: 6, replicas: [1, 2, 3], isr: [1, 2, 3] })
    expect(set.isPending).toBe(false)
  })

  it('counts as made while nobody knows whether it was, and is repeated unchanged', () => {
    set.fetched(3, 12, 300, 12, 0)
    const proposal = set.propose(12, 12, 0)!
    expect(set.answered(proposal, Errors.REQUEST_TIMED_OUT, 0, backoffMs)).toBe(false)
    expect(maximalIsr(set.isr)).toEqual([1, 2, 3])
    expect(set.retry(backoffMs - 1)).toBeNull()
    expect(set.retry(backoffMs)).toBe(proposal)
  })

  it('is given up when the controller says that it will not be made, and made anew after a pause', () => {
    set.fetched(3, 12, 300, 12, 0)
    const proposal = set.propose(12, 12, 0)!
    expect(set.answered(proposal, Errors.INELIGIBLE_REPLICA, 0, backoffMs)).toBe(true)
    expect(maximalIsr(set.isr)).toEqual([1, 2])
    expect(set.propose(12, 12, backoffMs - 1)).toBeNull()
    expect(ids(set.propose(12, 12, backoffMs))).toEqual([1, 2, 3])
  })

  it('is not answered by an answer to an earlier one', () => {
    set.fetched(3, 12, 300, 12, 0)
    const first = set.propose(12, 12, 0)!
    set.lead({ leaderEpoch: 4, partitionEpoch: 7, replicas: [1, 2, 3], isr: [1, 2] }, 12, 0)
    set.fetched(3, 12, 300, 12, 0)
    set.propose(12, 12, 0)
    expect(set.answered(first, Errors.INELIGIBLE_REPLICA, 0, backoffMs)).toBe(false)
    expect(set.isPending).toBe(true)
  })

  it('is not undone by metadata that is older', () => {
    set.fetched(3, 12, 300, 12, 0)
    set.propose(12, 12, 0)
    set.committed({ leaderEpoch: 3, partitionEpoch: 5, replicas: [1, 2, 3], isr: [1, 2] })
    expect(set.isPending).toBe(true)
    set.committed({ leaderEpoch: 2, partitionEpoch: 9, replicas: [1, 2, 3], isr: [1, 2] })
    expect(set.isPending).toBe(true)
  })
})

describe('a follower', () => {
  it('acknowledges what it asked for last, also when that is less than before', () => {
    set.fetched(2, 12, 200, 12, 0)
    expect(set.endOffsetOf(2)).toBe(12)
    set.fetched(2, 11, 201, 12, 1)
    expect(set.endOffsetOf(2)).toBe(11)
  })

  it('is not heard when a fetch of an uptime that is over comes late', () => {
    set.fetched(2, 11, 201, 12, 0)
    expect(set.fetched(2, 12, 200, 12, 1)).toBe(false)
    expect(set.endOffsetOf(2)).toBe(11)
  })

  it('starts from nothing in a new leader epoch', () => {
    set.fetched(2, 12, 200, 12, 0)
    set.lead({ leaderEpoch: 4, partitionEpoch: 6, replicas: [1, 2, 3], isr: [1, 2] }, 12, 0)
    expect(set.endOffsetOf(2)).toBe(-1)
  })

  it('comes and goes with a reassignment', () => {
    set.committed({ leaderEpoch: 3, partitionEpoch: 6, replicas: [1, 2, 4], isr: [1, 2] })
    expect(set.fetched(3, 12, 300, 12, 0)).toBe(false)
    active.set(4, 400)
    expect(set.fetched(4, 12, 400, 12, 0)).toBe(true)
    expect(ids(set.propose(12, 12, 0))).toEqual([1, 2, 4])
  })
})
