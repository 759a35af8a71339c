/** A truncation that ends a log in the midst of a hole which compaction left. */
import { describe, expect, it } from 'vitest'
import { append, DIRECTORY, NOW_MS, openLog } from '../harness.ts'
import { at, cleanNow, COMPACTED, dump, FAR_MS, keyed, withSegments } from './harness.ts'

const config = { ...COMPACTED, segmentBytes: 800 }

/** The first segment has offset 0 and a hole up to 3, where the second begins. */
function withHole() {
  const wide = (value: string): string => value.padEnd(150, '.')
  const first = ['a', 'b', 'c'].map((key) => keyed([[key, wide('1')]]))
  const second = ['b', 'c'].map((key) => keyed([[key, wide('2')]], at(1)))
  const world = withSegments([first, second], config)
  expect(cleanNow(world.log, world.disk, world.turns).cleaned).toBe(1)
  expect(dump(world.log, world.turns).map((record) => record.slice(0, 5))).toEqual(['0:a=1', '3:b=2', '4:c=2', '5:end'])
  return world
}

describe('a log that was truncated in the midst of a hole', () => {
  it('keeps what is appended there and begins a segment, also when the process dies before it is synced', () => {
    const { log, disk, turns } = withHole()
    expect(log.truncateTo(2, NOW_MS)).toBe(null)
    append(log, keyed([['d', '1']], { timestamp: FAR_MS }))
    const records = dump(log, turns)
    expect(records.at(-1)).toBe('2:d=1')
    log.abandon()
    expect(dump(openLog(disk, { config }), turns)).toEqual(records)
  })

  it('ends there, though a power cut brings back what came after', () => {
    const { log, disk, turns } = withHole()
    const later = `${DIRECTORY}/00000000000000000003.log`
    const before = disk.readFileSync(later)
    expect(log.truncateTo(2, NOW_MS)).toBe(null)
    log.abandon()
    disk.replaceSync(later, before)
    const again = openLog(disk, { config })
    expect([again.logEndOffset, again.recovery.tornBytes]).toEqual([2, before.length])
    expect(dump(again, turns).map((record) => record.slice(0, 5))).toEqual(['0:a=1'])
  })
})
