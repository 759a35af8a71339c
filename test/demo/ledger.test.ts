import { describe, expect, it } from 'vitest'
import type { Admin } from '../../client/admin/types.ts'
import { Ledger } from '../../demo/ledger.ts'
import { ScorerStats } from '../../demo/scorer/topology.ts'

/** The admin of a log whose two partitions end where the test says. */
function adminOf(ends: { readonly [partition: number]: number }): Admin {
  const admin: Partial<Admin> = {
    async describeTopics() {
      const partition = { leader: 1, leaderEpoch: 0, replicas: [1], inSync: [1], offline: [] }
      const partitions = [0, 1].map((index) => ({ ...partition, partition: index }))
      return [{ name: 'telemetry', id: '', internal: false, partitions }]
    },
    async listOffsets(partitions, spec) {
      return partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        offset: spec === 'earliest' ? 0 : (ends[partition] ?? 0),
        timestamp: -1,
        leaderEpoch: 0,
      }))
    },
    async listGroupOffsets() {
      return []
    },
  }
  return admin as Admin
}

describe('the ledger', () => {
  it('adds up while the scorer runs ahead of the last look at the log', async () => {
    const ends = { 0: 10, 1: 10 }
    const stats = new ScorerStats()
    const ledger = await Ledger.open(adminOf(ends), new AbortController().signal)
    // Both partitions have grown since: what the scorer has seen there is in the log.
    for (let offset = 0; offset < 13; offset += 1) stats.score(0, offset, 1)
    stats.reject(1, 11)
    expect(ledger.counts(stats)).toEqual({ in: 25, scored: 13, waiting: 11, rejected: 1 })
  })

  it('counts what the log took since it was opened', async () => {
    const ends = { 0: 10, 1: 4 }
    const ledger = await Ledger.open(adminOf(ends), new AbortController().signal)
    expect(ledger.appended).toBe(0)
    ends[0] = 15
    ends[1] = 5
    await ledger.refresh()
    expect(ledger.appended).toBe(6)
  })
})
