/** What a start cuts off is kept, whatever becomes of that start. */
import { describe, expect, it } from 'vitest'
import { encodeMark } from '../../../broker/log/durable-mark.ts'
import { LogCorruptError } from '../../../broker/log/errors.ts'
import type { Disk, DiskFile } from '../../../broker/ports/disk.ts'
import { DiskFaults, SeededRandom, SimClock, SimDisk, Trace } from '../../../testing/sim/index.ts'
import {
  append,
  batch,
  contents,
  DIRECTORY,
  DURABLE_MARK,
  FIRST_LOG,
  freshLog,
  memoryDisk,
  NOW_MS,
  openLog,
  readAll,
  syncNow,
} from './harness.ts'

const TORN = Buffer.alloc(30, 0x5a)

/** A disk on which writes to files named like this are short, and nothing says so. */
function shortWriting(disk: Disk, suffix: string): void {
  const open = disk.openSync.bind(disk)
  disk.openSync = (path, options): DiskFile => {
    const file = open(path, options)
    if (!path.endsWith(suffix)) return file
    const write = file.appendSync.bind(file)
    file.appendSync = ([data]) => write([data.subarray(0, data.length - 1)])
    return file
  }
}

describe('a torn tail', () => {
  it('stays in the log when its copy comes out short', () => {
    const { disk, turns, log } = freshLog()
    append(log, batch('a', 3))
    syncNow(log, turns)
    log.abandon()
    const { size } = disk.openSync(FIRST_LOG)
    disk.openSync(FIRST_LOG).appendSync([TORN])
    const open = disk.openSync.bind(disk)
    shortWriting(disk, '.torn')
    expect(() => openLog(disk)).toThrow(/short write to .*\.torn: 29 of 30 bytes/)
    expect(disk.sizeSync(FIRST_LOG)).toBe(size + TORN.length)
    disk.openSync = open
    expect(disk.readFileSync(openLog(disk).recovery.tornFile!)).toEqual(TORN)
  })

  it('is in the log or in its copy after a power cut, whenever that comes', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new SeededRandom(seed)
      const clock = new SimClock()
      const disk = new SimDisk({ clock, random, faults: new DiskFaults(random), trace: new Trace() })
      disk.mkdirSync('/data')
      disk.syncDirectorySync('/')
      const log = openLog(disk)
      append(log, batch('a', 3))
      expect(log.close()).toBeNull()
      // As the stop of the whole data directory does.
      disk.syncDirectorySync('/data')
      const file = disk.openSync(FIRST_LOG)
      const { size } = file
      file.appendSync([TORN])
      file.datasyncSync()
      expect(openLog(disk).recovery.tornBytes).toBe(TORN.length)
      disk.die('power-cut')
      const left = disk.remount()
      const copy = `${FIRST_LOG.slice(0, -4)}.${size}.torn`
      const kept =
        left.sizeSync(FIRST_LOG) > size ? left.readFileSync(FIRST_LOG).subarray(size) : left.readFileSync(copy)
      expect(kept).toEqual(TORN)
    }
  })
})

describe('after a clean stop', () => {
  /** A log of 6 offsets that was stopped, and what a power cut has brought back behind its end. */
  function stopped(behind: Buffer): Disk {
    const { disk } = memoryDisk()
    const log = openLog(disk)
    append(log, batch('a', 3))
    append(log, batch('b', 3))
    expect(log.close()).toBeNull()
    disk.openSync(FIRST_LOG).appendSync([behind])
    return disk
  }

  const whole = batch('c', 3, { baseOffset: 6 })

  it.each([
    ['garbage', TORN],
    ['a whole batch', whole],
    ['half a batch', whole.subarray(0, 70)],
  ])('%s behind the end that mark and recovery point tell is set aside', (_name, behind) => {
    const disk = stopped(behind)
    const { turns } = memoryDisk()
    const log = openLog(disk, { cleanShutdown: true, recoveryPoint: 6 })
    expect([log.logEndOffset, log.recovery.tornBytes]).toEqual([6, behind.length])
    expect(disk.readFileSync(log.recovery.tornFile!)).toEqual(Buffer.from(behind))
    expect(append(log, batch('next'))).toBe(6)
    expect(readAll(log, turns)).toHaveLength(7)
    log.abandon()
    expect(openLog(disk).logEndOffset).toBe(7)
  })

  it('records behind the end of an empty log are set aside too', () => {
    const { disk, turns, log } = freshLog()
    append(log, batch('a', 3))
    syncNow(log, turns)
    expect(log.truncateTo(0, NOW_MS)).toBeNull()
    expect(log.close()).toBeNull()
    disk.openSync(FIRST_LOG).appendSync([batch('a', 3)])
    expect(openLog(disk, { cleanShutdown: true, recoveryPoint: 0 }).logEndOffset).toBe(0)
  })

  it('the cut is made durable', () => {
    const disk = stopped(TORN)
    const synced: string[] = []
    const open = disk.openSync.bind(disk)
    disk.openSync = (path, options) => {
      const file = open(path, options)
      file.datasync = (done) => {
        synced.push(path)
        done(null)
      }
      return file
    }
    openLog(disk, { cleanShutdown: true, recoveryPoint: 6 })
    expect(synced).toContain(FIRST_LOG)
  })

  it('garbage behind the recovery point is set aside also where a power cut has taken the mark back', () => {
    const disk = stopped(TORN)
    disk.replaceSync(DURABLE_MARK, encodeMark({ endOffset: 3, segmentBaseOffset: 0, position: 83 }))
    const log = openLog(disk, { cleanShutdown: true, recoveryPoint: 6 })
    expect([log.logEndOffset, log.recovery.tornBytes]).toEqual([6, TORN.length])
  })

  it.each([
    ['before the recovery point', 9],
    ['where no recovery point is known', -1],
  ])('a fault %s is damage, and refused', (_name, recoveryPoint) => {
    const disk = stopped(TORN)
    disk.unlinkSync(DURABLE_MARK)
    const before = contents(disk)
    expect(() => openLog(disk, { cleanShutdown: true, recoveryPoint })).toThrow(LogCorruptError)
    expect(contents(disk)).toEqual(before)
    expect(disk.listSync(DIRECTORY).some((name) => name.endsWith('.torn'))).toBe(false)
  })
})
