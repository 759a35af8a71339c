/** Segments below the log start are on their way out: a power cut may leave any of them, and none is missed. */
import { describe, expect, it } from 'vitest'
import { encodeMark, readMark } from '../../../broker/log/durable-mark.ts'
import { LogCorruptError } from '../../../broker/log/errors.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import { append, batch, DIRECTORY, DURABLE_MARK, FIRST_LOG, memoryDisk, openLog, readAll, syncNow } from './harness.ts'
import { marker } from './transactions.ts'

const config = { segmentBytes: 250 }
const RECORDS = 36

interface Crashed {
  readonly disk: Disk
  /** Base offsets of the segments. */
  readonly bases: readonly number[]
}

/** A log of several segments, all of it durable, whose process has died. */
function crashed(): Crashed {
  const { disk, turns } = memoryDisk()
  const log = openLog(disk, { config })
  for (let i = 0; i < RECORDS / 2; i++) append(log, batch('v', 2))
  syncNow(log, turns)
  log.abandon()
  const bases = disk
    .listSync(DIRECTORY)
    .filter((name) => name.endsWith('.log'))
    .map((name) => Number(name.slice(0, 20)))
  expect(bases.length).toBeGreaterThan(4)
  return { disk, bases }
}

function pathOf(base: number): string {
  return `${DIRECTORY}/${String(base).padStart(20, '0')}.log`
}

describe('a power cut in the middle of a deletion', () => {
  it('may leave a hole below the log start, and nothing above it is given up', () => {
    for (const cleanShutdown of [true, false]) {
      const { disk, bases } = crashed()
      if (cleanShutdown) openLog(disk, { config }).close()
      disk.unlinkSync(pathOf(bases[1]))
      const log = openLog(disk, { config, cleanShutdown, logStartOffset: bases[3] })
      expect([log.logStartOffset, log.logEndOffset]).toEqual([bases[3], RECORDS])
      expect(log.recovery.tornFile).toBeNull()
    }
  })

  it('may leave one where the durable mark still stands before it', () => {
    const { disk, bases } = crashed()
    disk.unlinkSync(pathOf(bases[1]))
    const position = disk.sizeSync(FIRST_LOG)
    disk.replaceSync(DURABLE_MARK, encodeMark({ endOffset: bases[1], segmentBaseOffset: 0, position }))
    const log = openLog(disk, { config, logStartOffset: bases[3] })
    expect([log.logStartOffset, log.logEndOffset]).toEqual([bases[3], RECORDS])
    expect(log.recovery.tornFile).toBeNull()
  })

  it('may leave one below it and take the one that holds it, when nothing above the log start had been made durable', () => {
    const { disk, bases } = crashed()
    const position = disk.sizeSync(pathOf(bases[1]))
    disk.replaceSync(DURABLE_MARK, encodeMark({ endOffset: bases[2], segmentBaseOffset: bases[1], position }))
    // The names of deleted segments are there or not, and so are those of new ones.
    for (const base of bases.slice(1, 3)) disk.unlinkSync(pathOf(base))
    const log = openLog(disk, { config, logStartOffset: bases[2] })
    expect([log.logStartOffset, log.logEndOffset]).toEqual([bases[2], bases[2]])
    expect(log.recovery.tornBytes).toBeGreaterThan(0)
  })

  it('may take the segment that was made when all others were due: nothing is missing, as all of it was deleted', () => {
    const { disk, bases } = crashed()
    for (const base of bases.slice(2)) disk.unlinkSync(pathOf(base))
    expect(readMark(disk, DIRECTORY)?.endOffset).toBe(RECORDS)
    const log = openLog(disk, { config, logStartOffset: RECORDS })
    expect([log.logStartOffset, log.logEndOffset, log.segmentCount]).toEqual([RECORDS, RECORDS, 1])
  })

  it('leaves an end that counts as durable, where all below it was deleted, each time the log is opened', () => {
    const { disk, bases } = crashed()
    disk.replaceSync(DURABLE_MARK, encodeMark({ endOffset: bases[1], segmentBaseOffset: bases[1], position: 0 }))
    for (const base of bases) disk.unlinkSync(pathOf(base))
    for (let times = 0; times < 2; times++) {
      const log = openLog(disk, { config, logStartOffset: RECORDS })
      expect([log.logEndOffset, log.durableEndOffset]).toEqual([RECORDS, RECORDS])
      log.abandon()
    }
  })

  it('still does not hide that the segment which holds the log start is lost', () => {
    for (const cleanShutdown of [true, false]) {
      const { disk, bases } = crashed()
      if (cleanShutdown) openLog(disk, { config }).close()
      disk.unlinkSync(pathOf(bases[3]))
      expect(() => openLog(disk, { config, cleanShutdown, logStartOffset: bases[3] })).toThrow(LogCorruptError)
    }
  })

  it('is ended by the next start, which removes the rest of them', () => {
    const { disk, bases } = crashed()
    disk.unlinkSync(pathOf(bases[1]))
    const { turns } = memoryDisk()
    const log = openLog(disk, { config, logStartOffset: bases[3] })
    expect(disk.existsSync(FIRST_LOG)).toBe(false)
    expect(log.deleteBelowStart(0)).toBe(0)
    expect(readAll(log, turns)).toHaveLength(RECORDS - bases[3])
    log.close()
    expect(openLog(disk, { config, cleanShutdown: true, logStartOffset: bases[3] }).logEndOffset).toBe(RECORDS)
  })

  it('leaves no transaction open whose end was in a segment that is gone', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk, { config })
    append(log, batch('t', 2, { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true }))
    append(log, batch('v', 2))
    append(log, batch('v', 2))
    append(log, marker(1, false))
    for (let i = 0; i < 8; i++) append(log, batch('v', 2))
    syncNow(log, turns)
    log.abandon()
    const names = disk.listSync(DIRECTORY)
    const bases = names.filter((name) => name.endsWith('.log')).map((name) => Number(name.slice(0, 20)))
    // The marker is at offset 6.
    expect(bases[1]).toBeLessThanOrEqual(6)
    expect(bases[2]).toBeGreaterThan(6)
    disk.unlinkSync(pathOf(bases[1]))
    for (const name of names) if (/(snapshot|producers)$/.test(name)) disk.unlinkSync(`${DIRECTORY}/${name}`)
    const again = openLog(disk, { config, logStartOffset: bases[2] })
    again.updateHighWatermark(again.logEndOffset)
    expect(again.lastStableOffset).toBe(again.logEndOffset)
  })
})
