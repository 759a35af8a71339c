import { describe, expect, it } from 'vitest'
import { encodeMark, readMark } from '../../../broker/log/durable-mark.ts'
import { LogCorruptError } from '../../../broker/log/errors.ts'
import type { Log } from '../../../broker/log/log.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { WatchDisk } from '../../support/watch-disk.ts'
import {
  append,
  batch,
  contents,
  cutFile,
  DIRECTORY,
  DURABLE_MARK,
  FIRST_LOG,
  memoryDisk,
  NOW_MS,
  openLog,
  readAll,
  syncNow,
  values,
  type Turns,
} from './harness.ts'

interface Written {
  readonly disk: MemoryDisk
  readonly turns: Turns
  readonly log: Log
}

/** `count` batches of two records; the first `durable` of them synced; then the process dies. */
function crashed(count: number, durable: number, config: Parameters<typeof openLog>[1] = {}): Written {
  const { disk, turns } = memoryDisk()
  const log = openLog(disk, config)
  for (let i = 0; i < count; i++) {
    append(log, batch(`v${i}-`, 2, { timestamp: NOW_MS + i }), i < 3 ? 1 : 2)
    if (i + 1 === durable) syncNow(log, turns)
  }
  log.abandon()
  return { disk, turns, log }
}

function lastLog(disk: Disk): string {
  return `${DIRECTORY}/${disk.listSync(DIRECTORY).findLast((name) => name.endsWith('.log'))}`
}

describe('opening after an unclean stop', () => {
  it('keeps everything that is whole, synced or not, and makes it durable', () => {
    const { disk, turns } = crashed(10, 4)
    const log = openLog(disk)
    expect(log.recovery).toMatchObject({ clean: false, tornBytes: 0, tornFile: null })
    expect([log.logEndOffset, log.durableEndOffset]).toEqual([20, 8])
    turns.run()
    expect([log.logEndOffset, log.durableEndOffset]).toEqual([20, 20])
    expect(readAll(log, turns)).toHaveLength(20)
    expect(log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 6 })
  })

  it('cuts a torn last segment at every possible byte, keeps the tail, and goes on', () => {
    const size = crashed(8, 0).disk.sizeSync(FIRST_LOG)
    const each = size / 8
    for (let at = 0; at < size; at++) {
      const { disk, turns } = crashed(8, 0)
      cutFile(disk, FIRST_LOG, at)
      const log = openLog(disk)
      const whole = Math.floor(at / each)
      expect(log.logEndOffset).toBe(whole * 2)
      expect(values(readAll(log, turns))).toEqual(Array.from({ length: whole * 2 }, (_, i) => `v${i >> 1}-${i & 1}`))
      expect(log.recovery.tornBytes).toBe(at - whole * each)
      if (at % each === 0) expect(log.recovery.tornFile).toBeNull()
      else expect(disk.readFileSync(log.recovery.tornFile!)).toHaveLength(at - whole * each)
      expect(append(log, batch('next'), 2)).toBe(whole * 2)
      log.abandon()
      expect(openLog(disk).logEndOffset).toBe(whole * 2 + 1)
    }
  })

  it('tells a torn tail from lost data at every possible byte: below the durable end nothing may be missing', () => {
    const size = crashed(8, 5).disk.sizeSync(FIRST_LOG)
    const durableBytes = (size / 8) * 5
    for (let at = 0; at < size; at += 7) {
      const { disk } = crashed(8, 5)
      cutFile(disk, FIRST_LOG, at)
      const before = contents(disk)
      if (at >= durableBytes) {
        expect(openLog(disk).logEndOffset).toBeGreaterThanOrEqual(10)
        continue
      }
      expect(() => openLog(disk)).toThrow(LogCorruptError)
      expect(contents(disk)).toEqual(before)
    }
  })

  it('tells a flipped bit above the durable end from one below it', () => {
    const size = crashed(8, 5).disk.sizeSync(FIRST_LOG)
    const each = size / 8
    for (let at = 0; at < size; at += 5) {
      const { disk } = crashed(8, 5)
      const data = disk.readFileSync(FIRST_LOG)
      data[at] ^= 0x40
      disk.replaceSync(FIRST_LOG, data)
      const within = at % each
      // Leader epoch and, for the first batch of a segment, a raised base offset are outside the CRC.
      if (within >= 12 && within < 16) continue
      if (at < each * 5) {
        expect(() => openLog(disk)).toThrow(/00000000000000000000\.log/)
      } else {
        const log = openLog(disk)
        expect(log.logEndOffset).toBe(Math.floor(at / each) * 2)
        expect(log.recovery.tornBytes).toBe(size - Math.floor(at / each) * each)
        expect(log.recovery.tornReason).not.toBeNull()
      }
    }
  })

  it('sets aside the segments behind a tear as well', () => {
    const { disk, turns } = crashed(12, 0, { config: { segmentBytes: 250 } })
    const logs = disk.listSync(DIRECTORY).filter((name) => name.endsWith('.log'))
    expect(logs.length).toBeGreaterThan(3)
    const second = `${DIRECTORY}/${logs[1]}`
    cutFile(disk, second, disk.sizeSync(second) - 3)
    const log = openLog(disk, { config: { segmentBytes: 250 } })
    expect(log.segmentCount).toBe(2)
    const records = readAll(log, turns)
    expect(records.length).toBe(log.logEndOffset)
    expect(log.logEndOffset).toBeLessThan(Number(logs[2].slice(0, 20)))
    const torn = disk.listSync(DIRECTORY).filter((name) => name.endsWith('.torn'))
    expect(torn).toHaveLength(logs.length - 1)
    expect(append(log, batch('next'), 2)).toBe(records.length)
    log.abandon()
    expect(openLog(disk, { config: { segmentBytes: 250 } }).logEndOffset).toBe(records.length + 1)
  })

  it('does not bridge a hole where a whole segment never reached the disk', () => {
    const { disk } = crashed(12, 0, { config: { segmentBytes: 250 } })
    const logs = disk.listSync(DIRECTORY).filter((name) => name.endsWith('.log'))
    disk.unlinkSync(`${DIRECTORY}/${logs[1]}`)
    const log = openLog(disk, { config: { segmentBytes: 250 } })
    expect(log.logEndOffset).toBe(Number(logs[1].slice(0, 20)))
    expect(log.recovery.tornReason).toMatch(/begins at offset/)
  })

  it('does not take what never reached the disk for a hole that compaction left: it cleans what is durable', () => {
    const config = { segmentBytes: 250, cleanupPolicy: { compact: true, delete: false } }
    for (const keepsBytes of [true, false]) {
      const { disk, turns } = crashed(12, 2, { config })
      const bases = disk
        .listSync(DIRECTORY)
        .flatMap((name) => (name.endsWith('.log') ? [Number(name.slice(0, 20))] : []))
      const second = `${DIRECTORY}/${String(bases[1]).padStart(20, '0')}.log`
      cutFile(disk, second, disk.sizeSync(FIRST_LOG) / (bases[1] / 2))
      if (!keepsBytes)
        for (const base of bases.slice(2)) cutFile(disk, `${DIRECTORY}/${String(base).padStart(20, '0')}.log`, 0)
      const log = openLog(disk, { config })
      expect(log.logEndOffset).toBe(bases[1] + 2)
      expect(log.recovery.tornReason).toMatch(/begins at offset/)
      expect(readAll(log, turns)).toHaveLength(log.logEndOffset)
    }
  })

  it('does not end in a hole when all that is left of its own files is a mark that never reached the disk', () => {
    const config = { segmentBytes: 250, cleanupPolicy: { compact: true, delete: false } }
    const { disk } = crashed(12, 2, { config })
    const logs = disk.listSync(DIRECTORY).filter((name) => name.endsWith('.log'))
    for (const name of logs.slice(1)) cutFile(disk, `${DIRECTORY}/${name}`, 0)
    cutFile(disk, DURABLE_MARK, 0)
    for (const name of disk.listSync(DIRECTORY)) {
      if (name === 'segment-list' || name.endsWith('.producers')) disk.unlinkSync(`${DIRECTORY}/${name}`)
    }
    expect(openLog(disk, { config }).logEndOffset).toBe(Number(logs[1].slice(0, 20)))
  })

  it('bounds the torn files it keeps', () => {
    const { disk } = memoryDisk()
    for (let i = 0; i < 20; i++) {
      const log = openLog(disk)
      append(log, batch('v'))
      append(log, batch('w'))
      log.abandon()
      cutFile(disk, FIRST_LOG, disk.sizeSync(FIRST_LOG) - 1)
    }
    openLog(disk)
    expect(disk.listSync(DIRECTORY).filter((name) => name.endsWith('.torn')).length).toBeLessThanOrEqual(8)
  })

  it('refuses a log that has lost all its segments, naming the directory', () => {
    const { disk } = crashed(4, 4)
    disk.unlinkSync(FIRST_LOG)
    expect(() => openLog(disk)).toThrow(/\/data\/t-0: no segment is here/)
  })

  it('notices a lost first segment where the log start is known, and takes the files as they are where it is not', () => {
    for (const clean of [true, false]) {
      const { disk, log } = crashed(12, 12, { config: { segmentBytes: 250 } })
      if (clean) openLog(disk, { config: { segmentBytes: 250 } }).close()
      disk.unlinkSync(FIRST_LOG)
      const before = contents(disk)
      const reopen = (logStartOffset: number) =>
        openLog(disk, { cleanShutdown: clean, logStartOffset, config: { segmentBytes: 250 } })
      expect(() => reopen(0)).toThrow(/the log begins at offset 0, before this file/)
      expect(contents(disk)).toEqual(before)
      expect(reopen(-1).logEndOffset).toBe(log.logEndOffset)
    }
  })

  it('begins anew where nothing durable followed a first segment that never reached the disk', () => {
    const { disk } = crashed(12, 0, { config: { segmentBytes: 250 } })
    disk.unlinkSync(FIRST_LOG)
    const log = openLog(disk, { logStartOffset: 0, config: { segmentBytes: 250 } })
    expect([log.logStartOffset, log.logEndOffset, log.segmentCount]).toEqual([0, 0, 1])
    expect(log.recovery.tornBytes).toBeGreaterThan(0)
    expect(append(log, batch('next'))).toBe(0)
  })

  it('compares offsets where the segment that the mark stands in is gone', () => {
    const { disk, turns } = crashed(4, 4, { config: { segmentBytes: 250 } })
    const { endOffset } = readMark(disk, DIRECTORY)!
    disk.replaceSync(DURABLE_MARK, encodeMark({ endOffset, segmentBaseOffset: endOffset, position: 0 }))
    const log = openLog(disk, { config: { segmentBytes: 250 } })
    turns.run()
    expect(readMark(disk, DIRECTORY)).toMatchObject({ endOffset, position: log.sizeBytes - disk.sizeSync(FIRST_LOG) })
    append(log, batch('more'))
    log.abandon()
    cutFile(disk, lastLog(disk), disk.sizeSync(lastLog(disk)) - 1)
    expect(openLog(disk, { config: { segmentBytes: 250 } }).logEndOffset).toBe(endOffset)
  })

  it('relies on the recovery point when the mark is missing or damaged', () => {
    for (const harm of ['missing', 'damaged']) {
      const { disk } = crashed(6, 3)
      if (harm === 'missing') disk.unlinkSync(DURABLE_MARK)
      else for (const slot of [0, 4096]) disk.openSync(DURABLE_MARK).writeAtSync(Buffer.from([1, 2, 3]), slot + 5)
      expect(readMark(disk, DIRECTORY)).toBeNull()
      cutFile(disk, FIRST_LOG, 10)
      expect(() => openLog(disk, { recoveryPoint: 6 })).toThrow(/had been made durable/)
      expect(openLog(disk, { recoveryPoint: 0 }).logEndOffset).toBe(0)
    }
  })

  it('reads epochs from the batches when their file is damaged', () => {
    const { disk } = crashed(6, 6)
    disk.replaceSync(`${DIRECTORY}/leader-epoch-checkpoint`, Buffer.from('0\n2\n1 '))
    const log = openLog(disk)
    expect([log.endOffsetForEpoch(1), log.latestEpoch]).toEqual([{ epoch: 1, endOffset: 6 }, 2])
  })

  it('takes no epoch from what a power cut left of a header when their file is damaged', () => {
    const { disk } = crashed(8, 7, { config: { segmentBytes: 250 } })
    const path = lastLog(disk)
    const data = Buffer.from(disk.readFileSync(path))
    let last = 0
    while (last + header.batchSize(data, last) < data.length) last += header.batchSize(data, last)
    // It claims to be the first batch of the log, and fails its checksum.
    data.writeBigInt64BE(0n, last)
    data.writeInt32BE(9, last + 12)
    data[data.length - 1]! ^= 1
    disk.replaceSync(path, data)
    disk.replaceSync(`${DIRECTORY}/leader-epoch-checkpoint`, Buffer.alloc(0))
    const log = openLog(disk, { config: { segmentBytes: 250 } })
    expect([log.logEndOffset, log.epochForOffset(0), log.latestEpoch]).toEqual([14, 1, 2])
  })

  it('removes what was on its way out, and leaves what it does not know', () => {
    const { disk } = crashed(3, 3)
    for (const name of [
      '00000000000000000000.log.deleted',
      '00000000000000000009.index',
      'x.tmp',
      '00000000000000000099.snapshot',
      'notes.txt',
    ]) {
      disk.replaceSync(`${DIRECTORY}/${name}`, Buffer.from('x'))
    }
    openLog(disk)
    const names = disk.listSync(DIRECTORY)
    expect(names).toContain('notes.txt')
    expect(names.filter((name) => /deleted|0009|tmp|0099/.test(name))).toEqual([])
  })

  it('refuses a compaction that was cut off, and a segment of a newer format, by name', () => {
    const swapped = crashed(3, 3)
    swapped.disk.replaceSync(`${FIRST_LOG}.swap`, Buffer.from('x'))
    expect(() => openLog(swapped.disk)).toThrow(/\.log\.swap/)
    const newer = crashed(3, 3)
    newer.disk.openSync(FIRST_LOG).writeAtSync(Buffer.from([3]), 16)
    expect(() => openLog(newer.disk)).toThrow(/batch format 3/)
  })

  it('starts anew at the log start when a weaker durability lost everything below it', () => {
    const { disk } = crashed(4, 0, { durability: 'page-cache' })
    const log = openLog(disk, { durability: 'page-cache', logStartOffset: 50 })
    expect([log.logStartOffset, log.logEndOffset, log.segmentCount]).toEqual([50, 50, 1])
    expect(append(log, batch('next'))).toBe(50)
    log.abandon()
    expect(openLog(disk, { durability: 'page-cache', logStartOffset: 50 }).logEndOffset).toBe(51)
  })

  it('reads only from the segment that holds the durable end', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk, { config: { segmentBytes: 250 } })
    for (let i = 0; i < 20; i++) append(log, batch('v', 2))
    syncNow(log, turns)
    const { segmentCount, sizeBytes } = log
    log.abandon()
    const watch = new WatchDisk(disk)
    const again = openLog(watch.disk, { config: { segmentBytes: 250 } })
    expect(again.segmentCount).toBe(segmentCount)
    expect(watch.logsRead).toHaveLength(1)
    expect(again.recovery.scannedBytes).toBeGreaterThan(0)
    expect(again.recovery.scannedBytes).toBeLessThan(sizeBytes / 3)
  })
})

describe('torn or not, last segment of several', () => {
  it('keeps every whole batch at every truncation point of the last segment', () => {
    const config = { segmentBytes: 400 }
    const whole = crashed(9, 0, { config })
    const path = lastLog(whole.disk)
    const size = whole.disk.sizeSync(path)
    const base = Number(path.slice(-24, -4))
    const each =
      whole.disk.sizeSync(FIRST_LOG) /
      (Number(
        whole.disk
          .listSync(DIRECTORY)
          .filter((name) => name.endsWith('.log'))[1]
          .slice(0, 20),
      ) /
        2)
    expect(size % each).toBe(0)
    for (let at = 0; at < size; at++) {
      const { disk, turns } = crashed(9, 0, { config })
      cutFile(disk, path, at)
      const log = openLog(disk, { config })
      expect(log.logEndOffset).toBe(base + Math.floor(at / each) * 2)
      expect(readAll(log, turns)).toHaveLength(log.logEndOffset)
    }
  })
})
