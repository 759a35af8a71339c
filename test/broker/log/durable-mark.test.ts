/** The durable mark has two slots: whichever a power cut tears, the other one is right. */
import { describe, expect, it } from 'vitest'
import { encodeMark, readMark } from '../../../broker/log/durable-mark.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import { crc32c } from '../../../proto/kafka/crc32c.ts'
import { append, batch, DIRECTORY, DURABLE_MARK, freshLog, memoryDisk, openLog, readAll, syncNow } from './harness.ts'

const SLOTS = [0, 4096]

/** A disk on which the slot has been torn by the last write to it. */
function torn(disk: MemoryDisk, slot: number): void {
  disk.openSync(DURABLE_MARK).writeAtSync(Buffer.alloc(20, 0x5a), slot)
}

/** A mark file of version 1: one slot. */
function oldForm(endOffset: number, position: number): Buffer {
  const data = Buffer.alloc(32)
  data.writeInt32BE(1, 4)
  data.writeBigInt64BE(BigInt(endOffset), 8)
  data.writeBigInt64BE(BigInt(position), 24)
  data.writeUInt32BE(crc32c(data, 4, 32), 0)
  return data
}

describe('the durable mark', () => {
  it('survives only whole: a slot in which any byte is wrong does not count', () => {
    const { disk } = memoryDisk()
    disk.mkdirSync(DIRECTORY)
    const mark = { endOffset: 2 ** 40 + 7, segmentBaseOffset: 99, position: 12345 }
    const data = encodeMark(mark)
    disk.replaceSync(DURABLE_MARK, data)
    expect(readMark(disk, DIRECTORY)).toEqual({ ...mark, sequence: 1 })
    for (let i = 0; i < 40; i++) {
      for (const [flipped, sequence] of [
        [[i], 1],
        [[4096 + i], 0],
        [[i, 4096 + i], null],
      ] as const) {
        const damaged = Buffer.from(data)
        for (const at of flipped) damaged[at] ^= 0x01
        disk.replaceSync(DURABLE_MARK, damaged)
        expect(readMark(disk, DIRECTORY)?.sequence ?? null).toBe(sequence)
      }
    }
  })

  it('is written after the sync, never before', () => {
    const { disk, turns, log } = freshLog()
    append(log, batch('a', 3))
    expect(readMark(disk, DIRECTORY)).toBeNull()
    syncNow(log, turns)
    expect(readMark(disk, DIRECTORY)).toMatchObject({ endOffset: 3, segmentBaseOffset: 0, position: log.sizeBytes })
  })

  it('leaves the newest one alone when the next is written, also after a restart', () => {
    const { disk, turns } = memoryDisk()
    for (let end = 1; end < 8; end++) {
      const log = openLog(disk)
      turns.run()
      append(log, batch('a'))
      syncNow(log, turns)
      log.abandon()
      const now = readMark(disk, DIRECTORY)!
      expect(now.endOffset).toBe(end)
      torn(disk, SLOTS[now.sequence % 2])
      expect(readMark(disk, DIRECTORY)?.endOffset ?? 0).toBeGreaterThanOrEqual(end - 1)
    }
  })

  it('has no slot that reaches beyond a truncation: the recovery point may still tell of more', () => {
    for (const slot of SLOTS) {
      for (const more of [0, 1, 2]) {
        const { disk, turns, log } = freshLog()
        for (const name of ['a', 'b', 'c']) {
          append(log, batch(name, 4))
          syncNow(log, turns)
        }
        expect(log.truncateTo(4, 0)).toBeNull()
        for (let i = 0; i < more; i++) {
          append(log, batch('d'))
          syncNow(log, turns)
        }
        log.abandon()
        torn(disk, slot)
        expect(readMark(disk, DIRECTORY)!.endOffset).toBeLessThanOrEqual(4 + more)
        const again = openLog(disk, { recoveryPoint: 12 })
        expect([again.logEndOffset, again.recovery.suspect]).toEqual([4 + more, false])
      }
    }
  })

  it('of one slot, as older versions wrote it, is read, and stays until another is there', () => {
    const { disk, turns, log } = freshLog()
    append(log, batch('a', 3))
    syncNow(log, turns)
    log.abandon()
    disk.replaceSync(DURABLE_MARK, oldForm(3, log.sizeBytes))
    expect(readMark(disk, DIRECTORY)).toMatchObject({ endOffset: 3, position: log.sizeBytes })
    const again = openLog(disk)
    const writes: number[] = []
    const open = disk.openSync.bind(disk)
    disk.openSync = (path, options) => {
      const file = open(path, options)
      const write = file.writeAtSync.bind(file)
      file.writeAtSync = (data, position) => {
        writes.push(position)
        write(data, position)
      }
      return file
    }
    append(again, batch('b', 3))
    syncNow(again, turns)
    expect(writes).toEqual([4096, 0])
    expect(readMark(disk, DIRECTORY)).toMatchObject({ endOffset: 6, position: again.sizeBytes })
    again.abandon()
    torn(disk, 4096)
    expect(readAll(openLog(disk), turns)).toHaveLength(6)
  })
})
