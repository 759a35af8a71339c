import { describe, expect, it } from 'vitest'
import { GroupHistory } from './group-history.ts'
import type { ReadRecord } from './history.ts'

const record = (offset: number, sequence = offset): ReadRecord => ({
  offset,
  id: { lane: 0, partition: 0, sequence },
})

const log = new Map([[0, [record(0), record(1), record(2)]]])

/** A group that has read and committed everything, but for these offsets. */
function groupWithout(...missing: readonly number[]): GroupHistory {
  const group = new GroupHistory()
  for (const offset of [0, 1, 2]) if (!missing.includes(offset)) group.seen(0, record(offset))
  group.acknowledged(0, 3)
  return group
}

const ids = (group: GroupHistory, stored: number) => group.judge(log, new Map([[0, stored]])).map(({ id }) => id)

describe('the history of a consumer group', () => {
  it('is in order when everything was read and the commits are found again', () => {
    const group = groupWithout()
    group.began(0, 1, 1)
    expect(ids(group, 3)).toEqual([])
    expect(group.hasReached(log)).toBe(true)
  })

  it('shows a commit that is not found again (G1), in the end or by a new owner', () => {
    expect(ids(groupWithout(), 2)).toEqual(['G1'])
    const group = groupWithout()
    group.began(0, 2, 1)
    expect(ids(group, 3)).toEqual(['G1'])
  })

  it('shows what the commits passed and nobody read (G4), and what is another record now (R11)', () => {
    expect(ids(groupWithout(1), 3)).toEqual(['G4'])
    const group = groupWithout(2)
    group.seen(0, record(2, 9))
    expect(ids(group, 3)).toEqual(['R11'])
  })

  it('is behind while something in the log is not committed', () => {
    const group = new GroupHistory()
    group.acknowledged(0, 2)
    expect(group.hasReached(log)).toBe(false)
  })
})
