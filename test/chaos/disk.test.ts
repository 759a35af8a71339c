/** A short form of `npm run chaos -- disk`: a real process under faults, from the sources. */
import { describe, expect, it } from 'vitest'
import { Random } from '../../demo/random.ts'
import { eioSync } from './disk/errors.ts'
import { kill } from './disk/kill.ts'
import { cutPower, powerCut } from './disk/power-cut.ts'
import { type ChaosReport, hasPassed, type Scenario, shortContext } from './scenario.ts'

const context = shortContext(new Random(Date.now() % 1_000_000))
const TIMEOUT_MS = 180_000

/** Runs where it can, else skips with the reason in its name. */
function chaos(scenario: Scenario, what: string, run: () => Promise<void>): void {
  const reason = scenario.skip()
  it.skipIf(reason !== null)(reason === null ? what : `${what} (skipped: ${reason})`, run, TIMEOUT_MS)
}

/** Fails with the whole report, which says what was found. */
function expectPassed(report: ChaosReport): void {
  expect(hasPassed(report), JSON.stringify(report, null, 1)).toBe(true)
  expect(report.counts.acknowledged).toBeGreaterThan(100)
}

describe('a broker process under faults', () => {
  chaos(kill, 'keeps every acknowledged record, once and in order, through kill -9 again and again', async () => {
    expectPassed(await kill.run(context))
  })

  chaos(eioSync, 'takes a log offline whose fdatasync failed, and serves the others', async () => {
    expectPassed(await eioSync.run(context))
  })

  chaos(powerCut, 'keeps every acknowledged record through a power cut', async () => {
    expectPassed(await cutPower(context, 'fsync', 1, 1))
  })

  chaos(powerCut, 'loses records in a power cut if it does not sync, or the scenario would prove nothing', async () => {
    const { anomalies } = await cutPower(context, 'page-cache', 1, 1)
    expect(anomalies.map(({ id }) => id)).toContain('P1')
  })
})
