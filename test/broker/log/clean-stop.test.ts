/** What a clean stop makes durable, and what a start finds when a power cut took the rest. */
import { describe, expect, it } from 'vitest'
import { defaultLogConfig } from '../../../broker/log/config.ts'
import { LogCorruptError } from '../../../broker/log/errors.ts'
import type { Log } from '../../../broker/log/log.ts'
import { LogManager } from '../../../broker/log/log-manager.ts'
import { SETTLED_FILE } from '../../../broker/log/settled-logs.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { WatchDisk } from '../../support/watch-disk.ts'
import { append, batch, memoryDisk, NOW_MS, readAll, sharedWith, TOPIC_ID, Turns, values } from './harness.ts'
import { PowerCutDisk } from './power-cut-disk.ts'
import { ScarceDisk } from './scarce-disk.ts'

const DIRECTORY = '/data/t-0'
const config = { ...defaultLogConfig, segmentBytes: 1500, indexIntervalBytes: 100 }
const none = (): number => 0

interface Started {
  readonly logs: LogManager
  readonly log: Log
}

function start(disk: Disk, durability: 'fsync' | 'page-cache' = 'page-cache', segmentBytes = 1500): Started {
  const logs = LogManager.open({
    disk,
    path: '/data',
    nodeId: 1,
    newClusterId: 'c'.repeat(22),
    newDirectoryId: 'd'.repeat(22),
    durability,
    shared: sharedWith(),
  })
  return { logs, log: logs.openLog('t', 0, TOPIC_ID, { ...config, segmentBytes }, NOW_MS) }
}

function fill(log: Log, batches: number, from = 0): string[] {
  const written: string[] = []
  for (let i = from; i < from + batches; i++) {
    append(log, batch(`v${i}-`, 2, { producerId: 3, producerEpoch: 0, baseSequence: i * 2 }), i)
    written.push(`v${i}-0`, `v${i}-1`)
  }
  return written
}

/** Where each epoch ends: `fill` begins one with each batch. */
function epochEnds(log: Log): number[] {
  const ends: number[] = []
  for (let epoch = 0; epoch <= log.latestEpoch; epoch++) {
    const found = log.endOffsetForEpoch(epoch)
    if (found.epoch === epoch) ends.push(found.endOffset)
  }
  return ends
}

/** Stopped as a broker is: everything at once off the loop, then closed. */
function stop({ logs }: Started, turns: Turns): void {
  let settled = false
  logs.settle(() => {
    settled = true
  })
  turns.run()
  expect(settled).toBe(true)
  expect(logs.close(1)).toBeNull()
}

/** A log that was stopped cleanly, on a disk whose power can be cut; what came first had been synced before. */
function stopped(batches: number, durability: 'fsync' | 'page-cache' = 'page-cache', segmentBytes = 1500) {
  const { disk, turns } = memoryDisk()
  const cut = new PowerCutDisk(disk)
  const started = start(cut.disk, durability, segmentBytes)
  const early = Math.floor(batches / 3)
  const written = fill(started.log, early)
  started.log.sync(() => undefined)
  turns.run()
  written.push(...fill(started.log, batches - early, early))
  stop(started, turns)
  return { disk, cut, written }
}

function change(disk: MemoryDisk, name: string, position: number, bytes: Buffer): void {
  const file = disk.openSync(`${DIRECTORY}/${name}`)
  file.writeAtSync(bytes, position)
  file.closeSync()
}

describe('a clean stop', () => {
  it('syncs the records of a log that was never synced, and whose they are, and none of the files beside them', () => {
    const { disk, turns } = memoryDisk()
    const faults = new FaultDisk(disk)
    const directories: string[] = []
    const syncDirectory = disk.syncDirectory.bind(disk)
    disk.syncDirectory = (path, done) => {
      directories.push(path)
      syncDirectory(path, done)
    }
    const started = start(faults.disk, 'page-cache', 1e9)
    fill(started.log, 5)
    stop(started, turns)
    expect(faults.synced.filter((path) => path.startsWith(DIRECTORY))).toEqual([
      `${DIRECTORY}/${'0'.repeat(20)}.log`,
      `${DIRECTORY}/partition.metadata`,
    ])
    expect(directories).toEqual([DIRECTORY])
  })

  it('syncs nothing of a log whose records are durable already', () => {
    const { disk, turns } = memoryDisk()
    const faults = new FaultDisk(disk)
    const started = start(faults.disk, 'fsync', 1e9)
    fill(started.log, 5)
    started.log.sync(() => undefined)
    turns.run()
    faults.synced.length = 0
    stop(started, turns)
    expect(faults.synced.filter((path) => path.startsWith(DIRECTORY))).toEqual([])
  })

  it('syncs the producers of a log whose last segment is empty, as a recovery begins with them', () => {
    const { disk, turns } = memoryDisk()
    const faults = new FaultDisk(disk)
    const started = start(faults.disk, 'fsync')
    fill(started.log, 40)
    const base = Number(
      disk
        .listSync(DIRECTORY)
        .findLast((name) => name.endsWith('.log'))
        ?.slice(0, 20),
    )
    started.log.truncateTo(base, NOW_MS)
    started.log.sync(() => undefined)
    turns.run()
    faults.synced.length = 0
    stop(started, turns)
    const stem = `${DIRECTORY}/${String(base).padStart(20, '0')}`
    expect(faults.synced).toContain(`${stem}.producers`)
    expect(faults.synced).toContain(`${stem}.snapshot`)
  })

  it('syncs nothing of a log without records, nor reads it at the next start', () => {
    const { disk, turns } = memoryDisk()
    const faults = new FaultDisk(disk)
    for (let i = 0; i < 3; i++) {
      const started = start(faults.disk)
      stop(started, turns)
      expect(started.log.recovery.clean).toBe(true)
      expect(faults.synced.filter((path) => path.startsWith(DIRECTORY))).toEqual([])
    }
  })
})

describe('a clean stop for which file descriptors are short', () => {
  it('comes to its end, and the start after it recovers', () => {
    const { disk, turns } = memoryDisk()
    const scarce = new ScarceDisk(disk)
    const started = start(scarce.disk)
    const written = fill(started.log, 40)
    let settled = false
    started.logs.settle(() => {
      settled = true
    })
    scarce.limit = 0
    turns.run()
    expect(settled).toBe(true)
    expect(started.logs.close(1)?.message).toContain('EMFILE')
    scarce.limit = Number.POSITIVE_INFINITY
    expect(values(readAll(start(disk).log, turns))).toEqual(written)
  })
})

describe('a power cut after a clean stop', () => {
  for (const durability of ['fsync', 'page-cache'] as const) {
    for (const [what, batches] of [
      ['one segment', 5],
      ['several segments', 40],
    ] as const) {
      it(`takes no record of a log of ${what} in ${durability} mode, when it takes all that was not synced`, () => {
        const { cut, written } = stopped(batches, durability)
        const turns = new Turns()
        const after = cut.afterPowerCut(none, turns.defer)
        const { log, logs } = start(after, durability)
        expect(values(readAll(log, turns))).toEqual(written)
        expect([log.durableEndOffset, log.producerCount, log.latestEpoch]).toEqual([batches * 2, 1, batches - 1])
        expect(epochEnds(log)).toEqual(written.flatMap((_, offset) => (offset % 2 === 1 ? [offset + 1] : [])))
        expect(log.recovery.suspect).toBe(false)
        expect(logs.damagedFiles).toEqual([])
      })

      it(`takes none either when it takes a part, of ${what} in ${durability} mode`, () => {
        for (let seed = 1; seed <= 60; seed++) {
          const { cut, written } = stopped(batches, durability)
          const turns = new Turns()
          let state = seed
          const random = (n: number) => {
            state = (state * 48271) % 0x7fffffff
            return state % n
          }
          const after = cut.afterPowerCut(random, turns.defer)
          const again = start(after, durability)
          expect(values(readAll(again.log, turns))).toEqual(written)
          expect([epochEnds(again.log).length, again.log.producerCount]).toEqual([batches, 1])
          // And so on from there: what was rebuilt is as good as what was lost.
          const more = fill(again.log, 3, batches)
          stop(again, turns)
          const watch = new WatchDisk(after)
          const third = start(watch.disk, durability)
          expect(watch.logsRead).toEqual([])
          expect(values(readAll(third.log, turns))).toEqual([...written, ...more])
        }
      })
    }
  }

  it('does not turn damage below the end into a torn tail, whatever is left of the durable mark', () => {
    for (const harm of ['emptied', 'as it was at a sync long before']) {
      const { disk, turns } = memoryDisk()
      const started = start(disk, 'fsync', 1e9)
      fill(started.log, 3)
      started.log.sync(() => undefined)
      turns.run()
      const older = disk.readFileSync(`${DIRECTORY}/durable-end`)
      fill(started.log, 20, 3)
      stop(started, turns)
      const mark = harm === 'emptied' ? Buffer.alloc(0) : older
      disk.replaceSync(`${DIRECTORY}/durable-end`, mark)
      const log = `${'0'.repeat(20)}.log`
      change(disk, log, disk.sizeSync(`${DIRECTORY}/${log}`) - 10, Buffer.from('damage'))
      expect(() => start(disk, 'fsync', 1e9)).toThrow(LogCorruptError)
    }
  })

  it('may bring back what was cut off before the stop, and that does not come back into the log', () => {
    const { disk, turns } = memoryDisk()
    const started = start(disk, 'fsync', 1e9)
    const written = fill(started.log, 6)
    const bytes = started.log.sizeBytes
    const before = disk.readFileSync(`${DIRECTORY}/${'0'.repeat(20)}.log`)
    expect(started.log.truncateTo(8, NOW_MS)).toBeNull()
    stop(started, turns)
    change(disk, `${'0'.repeat(20)}.log`, 0, before)
    expect(disk.sizeSync(`${DIRECTORY}/${'0'.repeat(20)}.log`)).toBe(bytes)
    const { log } = start(disk, 'fsync', 1e9)
    expect([log.logEndOffset, log.recovery.tornReason]).toEqual([8, 'the log was stopped cleanly before this'])
    expect(values(readAll(log, turns))).toEqual(written.slice(0, 8))
  })
})

describe('a start after a clean stop', () => {
  it('reads a log, and all of it is there, when nobody can vouch for it any more', () => {
    const { disk, written } = stopped(40)
    disk.unlinkSync(`/data/${SETTLED_FILE}`)
    const watch = new WatchDisk(disk)
    expect(values(readAll(start(watch.disk).log, new Turns()))).toEqual(written)
    expect(watch.logsRead).not.toEqual([])
  })

  it('takes segments that were put in the place of its own as they are', () => {
    const { disk: other, written } = stopped(40)
    for (const batches of [0, 4]) {
      const { disk } = stopped(batches)
      for (const name of disk.listSync(DIRECTORY)) disk.unlinkSync(`${DIRECTORY}/${name}`)
      for (const name of other.listSync(DIRECTORY)) {
        if (name === 'durable-end') continue
        disk.replaceSync(`${DIRECTORY}/${name}`, other.readFileSync(`${DIRECTORY}/${name}`))
      }
      expect(values(readAll(start(disk).log, new Turns()))).toEqual(written)
    }
  })

  it('cuts nothing off where an older copy of the file says that the log ended', () => {
    const more: ((log: Log, written: string[]) => void)[] = [
      (log, written) => written.push(...fill(log, 5, 4)),
      // It ends at the same offset again, and further on in the file.
      (log, written) => {
        log.truncateTo(4, NOW_MS)
        append(log, batch('something longer-', 4), 4)
        written.splice(4, 4, ...[0, 1, 2, 3].map((i) => `something longer-${i}`))
      },
    ]
    for (const write of more) {
      const { disk, written } = stopped(4, 'fsync', 1e9)
      const older = disk.readFileSync(`/data/${SETTLED_FILE}`)
      const again = start(disk, 'fsync', 1e9)
      write(again.log, written)
      expect(again.logs.close(2)).toBeNull()
      disk.replaceSync(`/data/${SETTLED_FILE}`, older)
      const { log } = start(disk, 'fsync', 1e9)
      expect([log.logEndOffset, log.recovery.tornFile]).toEqual([written.length, null])
      expect(values(readAll(log, new Turns()))).toEqual(written)
    }
  })

  it('refuses an older copy of a log, also when nobody can vouch for any', () => {
    for (const isVouchedFor of [true, false]) {
      const { disk: older } = stopped(4, 'fsync')
      const { disk } = stopped(20, 'fsync')
      for (const name of disk.listSync(DIRECTORY)) disk.unlinkSync(`${DIRECTORY}/${name}`)
      for (const name of older.listSync(DIRECTORY)) {
        disk.replaceSync(`${DIRECTORY}/${name}`, older.readFileSync(`${DIRECTORY}/${name}`))
      }
      if (!isVouchedFor) disk.unlinkSync(`/data/${SETTLED_FILE}`)
      expect(() => start(disk, 'fsync')).toThrow(
        isVouchedFor ? /offsets up to 39 had been made durable/ : /was stopped cleanly at 40: it is an older copy/,
      )
    }
  })
})

describe('the first roll of a log that was never synced', () => {
  it('makes the name of its first segment durable, so that a power cut cannot make the log begin with the second', () => {
    const { disk } = memoryDisk()
    const cut = new PowerCutDisk(disk)
    const { log, logs } = start(cut.disk, 'fsync')
    while (log.segmentCount === 1) fill(log, 1, log.logEndOffset / 2)
    fill(log, 1, log.logEndOffset / 2)
    logs.abandon()
    for (let seed = 1; seed <= 40; seed++) {
      let state = seed
      const turns = new Turns()
      const after = cut.afterPowerCut((n) => (state = (state * 48271) % 0x7fffffff) % n, turns.defer)
      expect(start(after, 'fsync').log.logStartOffset).toBe(0)
    }
  })
})
