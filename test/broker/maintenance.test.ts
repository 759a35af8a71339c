import { describe, expect, it } from 'vitest'
import { defaultConfig } from '../../broker/config.ts'
import { Maintenance } from '../../broker/maintenance.ts'
import type { Logger } from '../../broker/services.ts'
import { ManualClock } from './groups/fakes.ts'

const config = defaultConfig()
const CHECK_MS = config.properties['log.retention.check.interval.ms']

/** Logs whose retention takes the slices given: segments deleted by each, or what goes wrong in it. */
function maintenanceOf(slices: readonly (number | Error)[]) {
  const clock = new ManualClock()
  const seen = { rounds: 0, slices: 0, ticks: 0, deleted: [] as number[], errors: [] as unknown[] }
  const note = (fields: object) => {
    if ('segments' in fields) seen.deleted.push(Number(fields.segments))
    if ('err' in fields) seen.errors.push(fields.err)
  }
  const silent = () => undefined
  const logger: Logger = { debug: silent, info: note, warn: note, error: note }
  const logs = {
    tick: () => void seen.ticks++,
    *retentionSlices(): Generator<number, void, undefined> {
      seen.rounds++
      for (const slice of slices) {
        seen.slices++
        if (slice instanceof Error) throw slice
        yield slice
      }
    },
  }
  const maintenance = new Maintenance({ clock, logs, cleaner: null, logger, config })
  maintenance.start()
  return { clock, seen, maintenance }
}

describe('Maintenance', () => {
  it('looks at one slice of the logs in a turn, and in time at all of them', () => {
    const { clock, seen } = maintenanceOf([0, 3, 0])
    clock.advance(CHECK_MS)
    expect(seen.slices).toBe(1)
    clock.advance(1000)
    expect(seen).toMatchObject({ rounds: 1, slices: 3, deleted: [3], errors: [] })
    clock.advance(CHECK_MS)
    clock.advance(1000)
    expect(seen).toMatchObject({ rounds: 2, slices: 6, deleted: [3, 3] })
  })

  it('begins the next round of retention after one that failed', () => {
    const { clock, seen } = maintenanceOf([0, new Error('EIO'), 7])
    clock.advance(CHECK_MS)
    clock.advance(1000)
    expect(seen.errors).toHaveLength(1)
    clock.advance(CHECK_MS)
    clock.advance(1000)
    expect(seen).toMatchObject({ rounds: 2, deleted: [] })
    expect(seen.errors).toHaveLength(2)
  })

  it('does nothing more once it is stopped, not even the rest of a round', () => {
    const { clock, seen, maintenance } = maintenanceOf([0, 0])
    clock.advance(CHECK_MS)
    const { ticks } = seen
    maintenance.stop()
    clock.advance(CHECK_MS)
    expect(seen).toMatchObject({ rounds: 1, slices: 1, ticks })
  })
})
