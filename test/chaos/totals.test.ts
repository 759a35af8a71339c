import { describe, expect, it } from 'vitest'
import type { ChaosReport } from './scenario.ts'
import { Totals } from './totals.ts'

const report: ChaosReport = {
  injected: 'something',
  faults: { 'kill -9 of 1': 2, SIGSTOP: 1 },
  counts: { acknowledged: 1_000, refused: 2, unknown: 3 },
  found: 1_001,
  read: 2_000,
  longestSilence: { ms: 1_240, after: 'SIGSTOP' },
  anomalies: [],
  problems: [],
}

describe('the totals of a chaos run', () => {
  it('count records and each kind of fault over all scenarios, and keep the longest silence', () => {
    const totals = new Totals()
    totals.add(report)
    totals.add({ ...report, faults: { SIGSTOP: 4, 'disk full': 1 }, longestSilence: { ms: 900, after: null } })
    expect(totals.lines()).toEqual([
      '2,000 records acknowledged, 4 refused, 6 unknown; 4,000 read',
      'faults injected: SIGSTOP: 5, disk full: 1, kill -9 of 1: 2',
      'longest time without an acknowledged record: 1.2 s (SIGSTOP)',
      '0 lost, 0 duplicated, 0 reordered',
    ])
  })

  it('name what was lost, duplicated and reordered, and count the rest', () => {
    const totals = new Totals()
    const anomaly = { what: '', examples: [] }
    const anomalies = [
      { ...anomaly, id: 'P1' as const, count: 3 },
      { ...anomaly, id: 'P5' as const, count: 1 },
      { ...anomaly, id: 'R11' as const, count: 7 },
    ]
    totals.add({ ...report, faults: {}, anomalies })
    expect(totals.lines().slice(1)).toEqual([
      'longest time without an acknowledged record: 1.2 s (SIGSTOP)',
      '3 lost, 0 duplicated, 1 reordered, 7 other anomalies',
    ])
  })
})
