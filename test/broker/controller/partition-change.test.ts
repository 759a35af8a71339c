import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changePartition, NO_LEADER, type PartitionChange } from '../../../broker/controller/partition-change.ts'
import type { PartitionView } from '../../../broker/controller/view.ts'

const base: PartitionView = {
  index: 0,
  leader: 1,
  leaderEpoch: 4,
  partitionEpoch: 9,
  replicas: [1, 2, 3],
  isr: [1, 2, 3],
  elr: [],
  lastKnownElr: [],
  addingReplicas: [],
  removingReplicas: [],
  electedAs: '',
}

function change(partition: Partial<PartitionView>, active: readonly number[], more: Partial<PartitionChange> = {}) {
  return changePartition({
    topicId: 'AAAAAAAAAAAAAAAAAAAABA',
    partition: { ...base, ...partition },
    minIsr: 2,
    isActive: (id) => active.includes(id),
    ...more,
  })
}

describe('a leader that goes', () => {
  it('is replaced by the next replica in sync', () => {
    expect(change({}, [2, 3], { targetIsr: [2, 3] })).toMatchObject({ leader: 2, isr: { ids: [2, 3] }, elr: null })
  })

  it('leaves nobody when it was the last in sync, and becomes an eligible replica (KIP-966)', () => {
    expect(change({ isr: [1], replicas: [1] }, [], { targetIsr: [] })).toMatchObject({
      leader: NO_LEADER,
      isr: { ids: [] },
      elr: { ids: [1] },
      lastKnownElr: null,
    })
  })

  it('is not eligible when its disk may have lost something', () => {
    expect(change({ isr: [1], replicas: [1] }, [], { targetIsr: [], unclean: [1] })).toMatchObject({
      leader: NO_LEADER,
      isr: { ids: [] },
      elr: null,
      lastKnownElr: { ids: [1] },
    })
  })
})

describe('eligible leader replicas', () => {
  it('are those who left while the ISR was under its minimum', () => {
    const first = change({}, [1, 2], { targetIsr: [1, 2] })
    expect(first).toMatchObject({ isr: { ids: [1, 2] }, elr: null, leader: null })
    expect(change({ isr: [1, 2] }, [1], { targetIsr: [1] })).toMatchObject({ isr: { ids: [1] }, elr: { ids: [2] } })
  })

  it('are cleared when the ISR has its minimum again', () => {
    expect(change({ isr: [1], elr: [2] }, [1, 2], { targetIsr: [1, 2] })).toMatchObject({
      isr: { ids: [1, 2] },
      elr: { ids: [] },
      leader: null,
    })
  })

  it('may lead once nobody is in sync; the ISR is then that one', () => {
    expect(change({ leader: NO_LEADER, isr: [], elr: [1, 2] }, [2])).toMatchObject({
      leader: 2,
      isr: { ids: [2] },
      elr: { ids: [1] },
    })
  })

  it('do not lead while somebody in sync can', () => {
    expect(change({ leader: NO_LEADER, isr: [3], elr: [1] }, [1, 3])).toMatchObject({ leader: 3 })
    expect(change({ leader: NO_LEADER, isr: [3], elr: [1] }, [1])).toBeNull()
  })

  it('count the minimum as no more than there are replicas', () => {
    expect(change({ replicas: [1], leader: NO_LEADER, isr: [], elr: [1] }, [1])).toMatchObject({
      leader: 1,
      isr: { ids: [1] },
      elr: { ids: [] },
    })
  })
})

describe('with nobody in sync or eligible', () => {
  const lost = { leader: NO_LEADER, isr: [], elr: [] }

  it('the only one that was last complete leads when it is back', () => {
    expect(change({ ...lost, lastKnownElr: [2] }, [2])).toMatchObject({
      leader: 2,
      isr: { ids: [2] },
      lastKnownElr: { ids: [] },
    })
    expect(change({ ...lost, lastKnownElr: [2] }, [1, 3])).toBeNull()
  })

  it('several that were last complete are waited for', () => {
    expect(change({ ...lost, lastKnownElr: [1, 2] }, [1])).toBeNull()
  })

  it('anybody alive leads when that is asked for', () => {
    expect(change({ ...lost, lastKnownElr: [1] }, [3], { election: 'unclean' })).toMatchObject({
      leader: 3,
      isr: { ids: [3] },
      lastKnownElr: { ids: [] },
    })
  })
})

describe('an election', () => {
  it('of the preferred leader moves leadership back, under a new epoch', () => {
    expect(change({ leader: 2 }, [1, 2, 3], { election: 'preferred' })).toMatchObject({ leader: 1, isr: null })
  })

  it('of a preferred leader that is not in sync changes nothing', () => {
    expect(change({ leader: 2, isr: [2, 3] }, [1, 2, 3], { election: 'preferred' })).toBeNull()
  })

  it('does not take a working leader away', () => {
    expect(change({ leader: 3 }, [1, 2, 3])).toBeNull()
    expect(change({ leader: 3 }, [1, 2, 3], { election: 'unclean' })).toBeNull()
  })
})

describe('whatever happens', () => {
  it('a leader is in the ISR and alive, and clean elections come from ISR or ELR (R1)', () => {
    const ids = fc.subarray([1, 2, 3])
    const scenario = fc.record({
      isr: ids,
      elr: ids,
      active: ids,
      gone: ids,
      unclean: ids,
      minIsr: fc.integer({ min: 1, max: 3 }),
    })
    fc.assert(
      fc.property(scenario, ({ isr, elr, active, gone, unclean, minIsr }) => {
        const partition = { ...base, isr, elr: elr.filter((id) => !isr.includes(id)), leader: isr[0] ?? NO_LEADER }
        const targetIsr = isr.filter((id) => !gone.includes(id))
        const record = change(
          partition,
          active.filter((id) => !gone.includes(id)),
          { targetIsr, unclean, minIsr },
        )
        if (record === null) return
        const leader = record.leader ?? partition.leader
        const newIsr = record.isr?.ids ?? partition.isr
        const newElr = record.elr?.ids ?? partition.elr
        expect(newElr.filter((id) => newIsr.includes(id))).toEqual([])
        if (record.leader === null || leader === NO_LEADER) return
        expect(newIsr).toContain(leader)
        expect(active).toContain(leader)
        const complete = [...targetIsr, ...partition.elr, ...partition.isr].filter(
          (id) => !unclean.includes(id) || targetIsr.includes(id),
        )
        const onlyOneLeft = new Set([...partition.isr, ...partition.elr]).size === 1
        if (!onlyOneLeft) expect(complete).toContain(leader)
      }),
      { numRuns: 2000 },
    )
  })
})
