/** The checkers themselves: each finds the fault that is planted for it, and none in a good history. */
import { describe, expect, it } from 'vitest'
import { GroupHistory } from './group-history.ts'
import { History, recordId, type SentBatch } from './history.ts'
import { judge } from './judge.ts'

function written(fate: SentBatch['fate'], baseOffset = -1, count = 2, isIdempotent = true) {
  const history = new History()
  const partition = history.partition('t', 0)
  const writer = history.newWriter(isIdempotent, -1)
  const batch = partition.sent(writer, history.newSession(), 0, count)
  if (fate === 'ok') partition.acknowledged(batch, baseOffset)
  else batch.fate = fate
  const ids = Array.from({ length: count }, (_, number) => recordId(writer.id, number))
  return { history, partition, writer, batch, ids }
}

describe('the judge of a partition', () => {
  it('accepts what was acknowledged where it was, and what is unknown either way', () => {
    const { partition, ids } = written('ok', 0)
    expect(() => judge(partition, ids)).not.toThrow()
    const unknown = written('unknown')
    expect(() => judge(unknown.partition, unknown.ids)).not.toThrow()
    expect(() => judge(unknown.partition, [])).not.toThrow()
  })

  it('finds an acknowledged record that is gone (R1, P1)', () => {
    expect(() => judge(written('ok', 0).partition, [])).toThrow(/^R1/)
    expect(() => judge(written('ok').partition, [])).toThrow(/^P1/)
  })

  it('accepts that records are gone below what somebody asked to delete, and no others', () => {
    const { partition } = written('ok', 0)
    partition.deletedBelow = 1
    expect(() => judge(partition, [])).toThrow(/^R1/)
    partition.deletedBelow = 2
    expect(() => judge(partition, [])).not.toThrow()
  })

  it('finds a refused record that is there', () => {
    const { partition, ids } = written('fail')
    expect(() => judge(partition, ids)).toThrow(/^P-refused/)
  })

  it('finds a record that is there twice (P2), unless its producer is not idempotent', () => {
    const { partition, ids } = written('ok', 0)
    expect(() => judge(partition, [...ids, ...ids])).toThrow(/^P2/)
    const plain = written('ok', 0, 2, false)
    expect(() => judge(plain.partition, [...plain.ids, ...plain.ids])).not.toThrow()
  })

  it('finds records of a session in another order (P5), and half a batch', () => {
    const { partition, ids } = written('unknown')
    expect(() => judge(partition, ids.toReversed())).toThrow(/^P5/)
    expect(() => judge(partition, ids.slice(1))).toThrow(/^P-torn/)
  })

  it('finds a record that nobody sent', () => {
    const { partition, ids } = written('ok', 0)
    expect(() => judge(partition, [...ids, recordId(7, 7)])).toThrow(/^P-unknown/)
  })

  it('finds an offset that shows another record than before (R11)', () => {
    const { partition, ids } = written('ok', 0)
    expect(() => partition.read(0, ids[0]!)).not.toThrow()
    expect(() => partition.read(0, ids[1]!)).toThrow(/^R11/)
  })
})

describe('the judge of a group', () => {
  it('accepts a commit that is fetched, and one whose fate is unknown before or after', () => {
    const group = new GroupHistory('g')
    const first = group.begin('t-0', 1, 0)
    group.acknowledged('t-0', first, 10)
    group.fetched('t-0', first.offset, 20)
    const unknown = group.begin('t-0', 1, 30)
    group.fetched('t-0', first.offset, 40)
    group.fetched('t-0', unknown.offset, 50)
    const last = group.begin('t-0', 1, 60)
    group.acknowledged('t-0', last, 70)
    expect(() => group.fetched('t-0', unknown.offset, 80)).not.toThrow()
  })

  it('finds an offset that went back, or to nothing (G1)', () => {
    const group = new GroupHistory('g')
    for (const nowMs of [0, 10]) group.acknowledged('t-0', group.begin('t-0', 1, nowMs), nowMs + 5)
    expect(() => group.fetched('t-0', 0, 20)).toThrow(/^G1/)
    expect(() => group.fetched('t-0', -1, 20)).toThrow(/^G1/)
    expect(() => group.fetched('t-0', 7, 20)).toThrow(/^G1/)
    expect(() => group.fetched('t-0', 0, 12)).not.toThrow()
  })

  it('finds a late commit of an older generation', () => {
    const group = new GroupHistory('g')
    const late = group.begin('t-0', 1, 0)
    group.assigned('b', 2, ['t-0'])
    group.acknowledged('t-0', group.begin('t-0', 2, 10), 15)
    expect(() => group.fetched('t-0', late.offset, 20)).toThrow(/^G1/)
  })

  it('finds a partition with two owners (G2), and a commit of a fenced member (G3)', () => {
    const group = new GroupHistory('g')
    group.assigned('a', 1, ['t-0'])
    expect(() => group.assigned('b', 1, ['t-0'])).toThrow(/^G2/)
    group.assigned('b', 2, ['t-0'])
    const fenced = group.begin('t-0', 1, 0)
    expect(() => group.acknowledged('t-0', fenced, 1)).toThrow(/^G3/)
  })
})
