/** A short form of `npm run chaos -- cluster`: three real processes under faults, from the sources. */
import { describe, expect, it } from 'vitest'
import { Random } from '../../demo/random.ts'
import { fullDisk } from './cluster/full-disk.ts'
import { isolateLeader } from './cluster/hang.ts'
import { killLeader } from './cluster/kill.ts'
import { mixedFaults } from './cluster/mixed.ts'
import { totalOutage } from './cluster/power.ts'
import { hasPassed, type Scenario, shortContext } from './scenario.ts'

const context = shortContext(new Random(Date.now() % 1_000_000))
const TIMEOUT_MS = 240_000

/** Runs where it can, else skips with the reason in its name. */
function chaos(scenario: Scenario, what: string): void {
  const reason = scenario.skip()
  const name = reason === null ? what : `${what} (skipped: ${reason})`
  it.skipIf(reason !== null)(
    name,
    async () => {
      const report = await scenario.run(context)
      // The whole report, which says what was found.
      expect(hasPassed(report), JSON.stringify(report, null, 1)).toBe(true)
      expect(report.counts.acknowledged).toBeGreaterThan(100)
    },
    TIMEOUT_MS,
  )
}

describe('three broker processes keep every acknowledged record, once and in order', () => {
  chaos(killLeader, 'while whoever leads is killed')
  chaos(isolateLeader, 'while the leader hears clients and not its followers')
  chaos(totalOutage, 'when the power of all of them goes at once')
  chaos(fullDisk, 'while the disk of one is full')
  chaos(mixedFaults, 'under faults of all kinds at random')
})
