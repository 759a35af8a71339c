import { describe, expect, it } from 'vitest'
import type { LogConfig } from '../../../broker/log/config.ts'
import { LogCorruptError } from '../../../broker/log/errors.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import { append, batch, FIRST_LOG, memoryDisk, openLog, readAll, readOnce, values } from './harness.ts'

const BATCHES = 8
const PER_BATCH = 4
const COUNT = BATCHES * PER_BATCH
const COMPACTED = { cleanupPolicy: { compact: true, delete: false } }

type Change = (baseOffset: number) => number

/** Opened after a clean stop, so that nothing is in memory, and after a change of one base offset, which no checksum covers. */
function reopened(config: Partial<LogConfig>, batches: readonly Buffer[], damaged: number, change: Change) {
  const { disk, turns } = memoryDisk()
  const log = openLog(disk, { config })
  for (const data of batches) append(log, data)
  expect(log.close()).toBeNull()
  const position = (log.sizeBytes / batches.length) * damaged
  setBaseOffset(disk, position, change)
  const options = { config, cleanShutdown: true, recoveryPoint: log.logEndOffset }
  return { disk, turns, position, log: openLog(disk, options) }
}

function withBaseOffset(damaged: number, change: Change, valueBytes = 0) {
  const batches = Array.from({ length: BATCHES }, (_, i) => batch(`v${i}-`, PER_BATCH, { valueBytes }))
  return reopened({ indexIntervalBytes: 300 }, batches, damaged, change)
}

function setBaseOffset(disk: MemoryDisk, position: number, change: Change): void {
  const file = disk.openSync(FIRST_LOG)
  const field = Buffer.alloc(8)
  file.readSync(field, 0, 8, position)
  field.writeBigInt64BE(BigInt(change(Number(field.readBigInt64BE()))))
  file.writeAtSync(field, position)
  file.closeSync()
}

describe('the first batch of a segment whose base offset was damaged', () => {
  it('is not served in the place of a later one', () => {
    const { log, turns } = withBaseOffset(0, (base) => base + 4)
    for (const offset of [0, 4, 7]) expect(() => readOnce(log, turns, offset, 1)).toThrow(LogCorruptError)
  })
})

describe('a batch whose base offset was damaged', () => {
  const changes = [
    ['moved down', (base: number) => base - 16],
    ['moved down by less than its records', (base: number) => base - 2],
    ['moved up within the log', (base: number) => base + 4],
    ['moved up by one', (base: number) => base + 1],
    ['moved beyond the end', (base: number) => base + 1024],
  ] as const
  for (const [how, change] of changes) {
    it(`hides no record from a reader when it is ${how}`, () => {
      const { log, turns, position } = withBaseOffset(5, change)
      for (const offset of [20, 21, 23]) {
        expect(() => readOnce(log, turns, offset, 1)).toThrow(LogCorruptError)
      }
      expect(() => readOnce(log, turns, 20, 1)).toThrow(`${FIRST_LOG} at byte ${position}`)
    })

    it(`ends what is read before it when it is ${how}`, () => {
      for (const valueBytes of [0, 3000]) {
        const { log, turns } = withBaseOffset(5, change, valueBytes)
        expect(readOnce(log, turns, 0, 1_000_000)).toMatchObject({ nextOffset: 20 })
        expect(() => readOnce(log, turns, 20, 1_000_000)).toThrow(LogCorruptError)
        expect(() => readAll(log, turns, 12)).toThrow(LogCorruptError)
      }
    })
  }

  it('leaves the batches around it readable', () => {
    const { log, turns } = withBaseOffset(5, (base) => base - 16)
    expect(readOnce(log, turns, 12, 1_000_000)).toMatchObject({ nextOffset: 20 })
    expect(readOnce(log, turns, 28, 1_000_000)).toMatchObject({ nextOffset: COUNT })
  })
})

describe('a log that compaction may have left holes in', () => {
  const batches = () => ['a', 'b', 'c'].map((name) => batch(name, 2))

  it('is read across them', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk, { config: COMPACTED })
    for (const [i, data] of batches().entries()) {
      expect(log.appendFetched(at(i * 5, data), 0)).toBeNull()
      expect(log.flush()).toBeNull()
    }
    expect(log.close()).toBeNull()
    const again = openLog(disk, { config: COMPACTED, cleanShutdown: true, recoveryPoint: 12 })
    expect(readOnce(again, turns, 3, 1)).toMatchObject({ nextOffset: 7 })
    expect(values(readAll(again, turns))).toEqual(['a0', 'a1', 'b0', 'b1', 'c0', 'c1'])
  })

  it('still has no batch that begins before the one before it ends', () => {
    const { log, turns } = reopened(COMPACTED, batches(), 1, (base) => base + 1)
    expect(() => readAll(log, turns)).toThrow(LogCorruptError)
  })
})

function at(baseOffset: number, data: Buffer): Buffer {
  data.writeBigInt64BE(BigInt(baseOffset))
  return data
}
