import { describe, expect, it } from 'vitest'
import { LogCorruptError } from '../../../broker/log/errors.ts'
import { encodeMark, readMark } from '../../../broker/log/durable-mark.ts'
import type { Log } from '../../../broker/log/log.ts'
import type { Disk, DiskFile } from '../../../broker/ports/disk.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import {
  append,
  batch,
  DIRECTORY,
  memoryDisk,
  NOW_MS,
  openLog,
  readAll,
  syncNow,
  type Turns,
  values,
} from './harness.ts'

const FIRST = `${DIRECTORY}/00000000000000000000.log`
const MARK = `${DIRECTORY}/durable-end`

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

/** Bytes of every file by name. */
function contents(disk: Disk): Map<string, string> {
  return new Map(
    disk.listSync(DIRECTORY).map((name) => [name, disk.readFileSync(`${DIRECTORY}/${name}`).toString('hex')]),
  )
}

function cutFile(disk: Disk, path: string, size: number): void {
  disk.openSync(path).truncateSync(size)
}

function lastLog(disk: Disk): string {
  return `${DIRECTORY}/${disk.listSync(DIRECTORY).findLast((name) => name.endsWith('.log'))}`
}

describe('opening after an unclean stop', () => {
  it('keeps everything that is whole, synced or not, and makes it durable', () => {
    const { disk, turns } = crashed(10, 4)
    const log = openLog(disk)
    expect(log.recovery).toMatchObject({ clean: false, tornBytes: 0, tornFile: null })
    expect([log.logEndOffset, log.durableEndOffset]).toEqual([20, 20])
    expect(readAll(log, turns)).toHaveLength(20)
    expect(log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 6 })
  })

  it('cuts a torn last segment at every possible byte, keeps the tail, and goes on', () => {
    const size = crashed(8, 0).disk.sizeSync(FIRST)
    const each = size / 8
    for (let at = 0; at < size; at++) {
      const { disk, turns } = crashed(8, 0)
      cutFile(disk, FIRST, at)
      const log = openLog(disk)
      const whole = Math.floor(at / each)
      expect(log.logEndOffset).toBe(whole * 2)
      expect(values(readAll(log, turns))).toEqual(Array.from({ length: whole * 2 }, (_, i) => `v${i >> 1}-${i & 1}`))
      expect(log.recovery.tornBytes).toBe(at - whole * each)
      if (at % each === 0) expect(log.recovery.tornFile).toBeNull()
      else expect(disk.readFileSync(log.recovery.tornFile!)).toHaveLength(at - whole * each)
      expect(append(log, batch('next'))).toBe(whole * 2)
      log.abandon()
      expect(openLog(disk).logEndOffset).toBe(whole * 2 + 1)
    }
  })

  it('tells a torn tail from lost data at every possible byte: below the durable end nothing may be missing', () => {
    const size = crashed(8, 5).disk.sizeSync(FIRST)
    const durableBytes = (size / 8) * 5
    for (let at = 0; at < size; at += 7) {
      const { disk } = crashed(8, 5)
      cutFile(disk, FIRST, at)
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
    const size = crashed(8, 5).disk.sizeSync(FIRST)
    const each = size / 8
    for (let at = 0; at < size; at += 5) {
      const { disk } = crashed(8, 5)
      const data = disk.readFileSync(FIRST)
      data[at] ^= 0x40
      disk.replaceSync(FIRST, data)
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
    expect(append(log, batch('next'))).toBe(records.length)
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

  it('bounds the torn files it keeps', () => {
    const { disk } = memoryDisk()
    for (let i = 0; i < 20; i++) {
      const log = openLog(disk)
      append(log, batch('v'))
      append(log, batch('w'))
      log.abandon()
      cutFile(disk, FIRST, disk.sizeSync(FIRST) - 1)
    }
    openLog(disk)
    expect(disk.listSync(DIRECTORY).filter((name) => name.endsWith('.torn')).length).toBeLessThanOrEqual(8)
  })

  it('refuses a log that has lost all its segments, naming the directory', () => {
    const { disk } = crashed(4, 4)
    disk.unlinkSync(FIRST)
    expect(() => openLog(disk)).toThrow(/\/data\/t-0: no segment is here/)
  })

  it('relies on the recovery point when the mark is missing or damaged', () => {
    for (const harm of ['missing', 'damaged']) {
      const { disk } = crashed(6, 3)
      if (harm === 'missing') disk.unlinkSync(MARK)
      else disk.openSync(MARK).writeAtSync(Buffer.from([1, 2, 3]), 5)
      expect(readMark(disk, DIRECTORY)).toBeNull()
      cutFile(disk, FIRST, 10)
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
    swapped.disk.replaceSync(`${FIRST}.swap`, Buffer.from('x'))
    expect(() => openLog(swapped.disk)).toThrow(/\.log\.swap/)
    const newer = crashed(3, 3)
    newer.disk.openSync(FIRST).writeAtSync(Buffer.from([3]), 16)
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
    const again = openLog(disk, { config: { segmentBytes: 250 } })
    expect(again.segmentCount).toBe(segmentCount)
    expect(again.recovery.scannedBytes).toBeGreaterThan(0)
    expect(again.recovery.scannedBytes).toBeLessThan(sizeBytes / 3)
  })
})

describe('opening after a clean stop', () => {
  it('reads no log data', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk, { config: { segmentBytes: 400, indexIntervalBytes: 50 } })
    for (let i = 0; i < 20; i++)
      append(log, batch(`v${i}-`, 2, { producerId: 3, producerEpoch: 0, baseSequence: i * 2 }))
    expect(log.close()).toBeNull()
    const reads: string[] = []
    const watched = watchReads(disk, reads)
    const again = openLog(watched, { cleanShutdown: true })
    expect(reads.filter((path) => path.endsWith('.log'))).toEqual([])
    expect([again.logEndOffset, again.durableEndOffset, again.producerCount]).toEqual([40, 40, 1])
    expect(readAll(again, turns)).toHaveLength(40)
    expect(again.offsetForTimestamp(NOW_MS + 1)).toMatchObject({ offset: 1 })
  })

  it('changes nothing on disk when nothing was appended in between', () => {
    const { disk } = memoryDisk()
    const log = openLog(disk)
    append(log, batch('a'), 3)
    log.close()
    const before = contents(disk)
    openLog(disk, { cleanShutdown: true }).close()
    expect(contents(disk)).toEqual(before)
  })

  it('writes indexes that equal those built by reading everything', () => {
    const { disk } = memoryDisk()
    const config = { segmentBytes: 1500, indexIntervalBytes: 100 }
    const log = openLog(disk, { config })
    for (let i = 0; i < 60; i++) append(log, batch(`v${i}-`, 3, { timestamp: NOW_MS + ((i * 31) % 17) }))
    log.close()
    const indexes = [...contents(disk)].filter(([name]) => name.endsWith('index'))
    expect(indexes.length).toBeGreaterThan(6)
    for (const [name] of indexes) disk.unlinkSync(`${DIRECTORY}/${name}`)
    disk.unlinkSync(MARK)
    openLog(disk, { config }).close()
    expect([...contents(disk)].filter(([name]) => name.endsWith('index'))).toEqual(indexes)
  })

  it('builds an index again when its file is missing or makes no sense', () => {
    for (const harm of [null, Buffer.alloc(0), Buffer.alloc(64), Buffer.from('nonsense'), Buffer.alloc(13)]) {
      const { disk, turns } = memoryDisk()
      const config = { segmentBytes: 1500, indexIntervalBytes: 100 }
      const log = openLog(disk, { config })
      for (let i = 0; i < 60; i++) append(log, batch(`v${i}-`, 3, { timestamp: NOW_MS + i * 3 }))
      log.close()
      for (const name of disk.listSync(DIRECTORY).filter((found) => found.endsWith('index'))) {
        if (harm === null) disk.unlinkSync(`${DIRECTORY}/${name}`)
        else disk.replaceSync(`${DIRECTORY}/${name}`, harm)
      }
      const again = openLog(disk, { config, cleanShutdown: true })
      expect(readAll(again, turns, 71)).toHaveLength(180 - 71)
      expect(again.offsetForTimestamp(NOW_MS + 90)).toMatchObject({ offset: 90 })
    }
  })

  it('notices a file that was shortened meanwhile', () => {
    const { disk } = memoryDisk()
    const log = openLog(disk)
    for (let i = 0; i < 5; i++) append(log, batch('v'))
    log.close()
    cutFile(disk, FIRST, disk.sizeSync(FIRST) - 10)
    const before = contents(disk)
    expect(() => openLog(disk, { cleanShutdown: true })).toThrow(LogCorruptError)
    expect(contents(disk)).toEqual(before)
  })
})

describe('the durable mark', () => {
  it('survives only whole', () => {
    const { disk } = memoryDisk()
    disk.mkdirSync(DIRECTORY)
    const data = encodeMark({ endOffset: 2 ** 40 + 7, segmentBaseOffset: 99, position: 12345 })
    disk.replaceSync(MARK, data)
    expect(readMark(disk, DIRECTORY)).toEqual({ endOffset: 2 ** 40 + 7, segmentBaseOffset: 99, position: 12345 })
    for (let i = 0; i < data.length; i++) {
      const damaged = Buffer.from(data)
      damaged[i] ^= 0x01
      disk.replaceSync(MARK, damaged)
      expect(readMark(disk, DIRECTORY)).toBeNull()
    }
  })

  it('is written after the sync, never before', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk)
    append(log, batch('a', 3))
    expect(readMark(disk, DIRECTORY)?.endOffset ?? 0).toBe(0)
    syncNow(log, turns)
    expect(readMark(disk, DIRECTORY)).toEqual({ endOffset: 3, segmentBaseOffset: 0, position: log.sizeBytes })
  })
})

/** The same disk; the paths of files that are read from go into `reads`. */
function watchReads(disk: Disk, reads: string[]): Disk {
  const watchFile = (file: DiskFile): DiskFile =>
    new Proxy(file, {
      get(target, name) {
        if (name === 'readSync' || name === 'read') reads.push(target.path)
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  return new Proxy(disk, {
    get(target, name) {
      if (name === 'openSync')
        return (path: string, options?: { create?: boolean }) => watchFile(target.openSync(path, options))
      if (name === 'readFileSync') {
        return (path: string) => {
          reads.push(path)
          return target.readFileSync(path)
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

describe('torn or not, last segment of several', () => {
  it('keeps every whole batch at every truncation point of the last segment', () => {
    const config = { segmentBytes: 400 }
    const whole = crashed(9, 0, { config })
    const path = lastLog(whole.disk)
    const size = whole.disk.sizeSync(path)
    const base = Number(path.slice(-24, -4))
    const each =
      whole.disk.sizeSync(FIRST) /
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
