import { describe, expect, it } from 'vitest'
import { History, idOf, type Outcome, type ReadRecord, valueOf } from './history.ts'
import { judge, merged } from './judge.ts'
import { judgeAsSimulator } from './same-judge.ts'

/** A history of one lane and one partition, with these outcomes at offsets 0, 1, 2... */
function historyOf(...outcomes: readonly Outcome[]): History {
  const history = new History()
  const { records } = history.send(0, 0, outcomes.length)
  for (const [index, outcome] of outcomes.entries()) {
    records[index].outcome = outcome
    records[index].offset = outcome === 'acknowledged' ? index : -1
  }
  return history
}

/** Records of lane 0 and partition 0 with these sequence numbers, at offsets from `begin`; null is somebody else's. */
function logOf(sequences: readonly (number | null)[], begin = 0): ReadRecord[] {
  return sequences.map((sequence, index) => ({
    offset: begin + index,
    id: sequence === null ? null : { lane: 0, partition: 0, sequence },
  }))
}

function verdict(history: History, log: ReadRecord[], watched?: ReadRecord[]): string[] {
  const found = judge(history, new Map([[0, log]]), watched && new Map([[0, watched]]))
  return found.map(({ id, count }) => `${id}x${count}`)
}

const acks = ['acknowledged', 'acknowledged', 'acknowledged'] as const

describe('the judge of a chaos run', () => {
  it('finds nothing where every acknowledged record is there once, in order', () => {
    expect(verdict(historyOf(...acks), logOf([0, 1, 2]), logOf([0, 1, 2]))).toEqual([])
  })

  it('judges by what was known at a time: what was sent or acknowledged later is unknown', () => {
    const history = historyOf('acknowledged', 'unknown')
    const then = history.asOfNow()
    Object.assign(history.find({ lane: 0, partition: 0, sequence: 1 })!, { outcome: 'acknowledged', offset: 1 })
    history.send(0, 0, 1)
    expect(verdict(then, logOf([0]))).toEqual([])
    expect(verdict(then, logOf([0, 1, 2]))).toEqual([])
    expect(verdict(history, logOf([0]))).toEqual(['P1x1'])
  })

  it('takes an unknown outcome either way, and no other', () => {
    expect(verdict(historyOf('acknowledged', 'unknown'), logOf([0]))).toEqual([])
    expect(verdict(historyOf('acknowledged', 'unknown'), logOf([0, 1]))).toEqual([])
    expect(verdict(historyOf('acknowledged', 'unknown'), logOf([0, 1, 1]))).toEqual(['P2x1'])
  })

  it('finds a lost record (P1)', () => {
    expect(verdict(historyOf(...acks), logOf([0, 1]))).toEqual(['P1x1'])
  })

  it('finds a record written twice (P2)', () => {
    expect(verdict(historyOf(...acks), logOf([0, 1, 2, 1]))).toEqual(['P2x1'])
  })

  it('finds an offset that is not the acknowledged one (P3)', () => {
    expect(verdict(historyOf('unknown', 'acknowledged'), logOf([1]))).toEqual(['P3x1'])
  })

  it('finds records out of order (P5)', () => {
    expect(verdict(historyOf('unknown', 'unknown', 'unknown'), logOf([0, 2, 1]))).toEqual(['P5x1'])
  })

  it('takes copies and disorder of a producer that is not idempotent, but no loss, and the offset that it was told', () => {
    const history = historyOf(...acks)
    history.markPlain(0)
    expect(verdict(history, logOf([0, 1, 2, 1, 0]))).toEqual([])
    expect(verdict(history, logOf([0, 1]))).toEqual(['P1x1'])
    expect(verdict(history, logOf([2, 1, 0]))).toEqual(['P3x2'])
  })

  it('finds a refused record, a foreign one and a hole', () => {
    expect(verdict(historyOf('refused'), logOf([0]))).toEqual(['F1x1'])
    expect(verdict(historyOf(), logOf([null, 7]))).toEqual(['F2x2'])
    expect(verdict(historyOf('unknown', 'unknown'), [...logOf([0]), ...logOf([1], 5)])).toEqual(['F3x1'])
  })

  it('finds what a consumer was shown and nobody else (R11), skipped (P6) or did not get to see (P4)', () => {
    const history = historyOf(...acks)
    expect(verdict(history, logOf([0, 1, 2]), logOf([0, 2, 1]))).toEqual(['R11x2'])
    expect(verdict(historyOf(), [], logOf([0]))).toEqual(['R11x1'])
    expect(verdict(history, logOf([0, 1, 2]), [...logOf([0]), ...logOf([2], 2)])).toEqual(['P6x1', 'P4x1'])
    expect(verdict(history, logOf([0, 1, 2]), logOf([0, 1]))).toEqual(['P4x1'])
  })
})

describe('the judge of the simulator', () => {
  const objections = (history: History, log: ReadRecord[], watched: ReadRecord[] = []) =>
    judgeAsSimulator(history, new Map([[0, log]]), new Map([[0, watched]])).map(({ examples }) => examples.join())

  it('has nothing to say where the judge of a chaos run has not', () => {
    expect(objections(historyOf(...acks), logOf([0, 1, 2]), logOf([0, 1, 2]))).toEqual([])
    expect(objections(historyOf('acknowledged', 'unknown'), logOf([0]))).toEqual([])
  })

  it.each([
    ['a lost record', historyOf(...acks), logOf([0, 1]), /R1: .*gone/],
    ['a record written twice', historyOf(...acks), logOf([0, 1, 2, 1]), /P2/],
    ['a record out of order', historyOf('unknown', 'unknown'), logOf([1, 0]), /P5/],
    ['a refused record', historyOf('refused'), logOf([0]), /P-refused/],
    ['a record that nobody sent', historyOf(), logOf([null]), /P-unknown/],
  ])('objects to %s', (_, history, log, message) => {
    expect(objections(history, log)).toEqual([expect.stringMatching(message)])
  })

  it('objects to what a consumer saw and nobody else does', () => {
    expect(objections(historyOf(...acks), logOf([0, 1, 2]), logOf([1]))).toEqual([expect.stringMatching(/R11/)])
  })
})

describe('anomalies of several readings', () => {
  it('are counted together by id, with the first few examples', () => {
    const lost = { id: 'P1', what: 'acknowledged and lost', count: 4, examples: ['a', 'b', 'c', 'd'] } as const
    const twice = { id: 'P2', what: 'written twice', count: 1, examples: ['e'] } as const
    const [first, second] = merged([lost, twice, lost])
    expect(first).toEqual({ ...lost, count: 8, examples: ['a', 'b', 'c', 'd', 'a'] })
    expect(second).toEqual(twice)
  })
})

describe('a value', () => {
  it('says which record it is, whatever its length', () => {
    const id = { lane: 3, partition: 11, sequence: 123_456 }
    expect(idOf(valueOf(id, 0))).toEqual(id)
    expect(idOf(valueOf(id, 2000))).toEqual(id)
    expect(valueOf(id, 2000).length).toBe(2000)
    expect(idOf(Buffer.from('something else'))).toBeNull()
    expect(idOf(null)).toBeNull()
  })
})
