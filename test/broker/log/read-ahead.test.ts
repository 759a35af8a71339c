/** What is read before it is asked for: for whom, how much of it, and what becomes of it when nobody comes. */
import { describe, expect, it } from 'vitest'
import type { Log, LogRead } from '../../../broker/log/log.ts'
import { ReadAheads } from '../../../broker/log/read-ahead.ts'
import { ReadBuffers } from '../../../broker/log/read-buffers.ts'
import type { LogShared } from '../../../broker/log/shared.ts'
import { WatchDisk } from '../../support/watch-disk.ts'
import {
  append,
  batch,
  FIRST_LOG,
  memoryDisk,
  NOW_MS,
  openLog,
  readAll,
  readOnce,
  sharedWith,
  syncNow,
  type Turns,
} from './harness.ts'

const RECORDS = 120
const WANTED = 60_000
const PER_READ = 10

interface Cold {
  readonly log: Log
  readonly turns: Turns
  readonly watch: WatchDisk
  readonly shared: LogShared
}

/** A log of 120 batches of 5.5 KB, none of them in memory. */
function coldLog(bytesMax = 10 * 1024 * 1024, inFlightMax = 2, segmentBytes = 10_000_000): Cold {
  const { disk, turns } = memoryDisk()
  const watch = new WatchDisk(disk)
  const plain = sharedWith({ tailCacheBytes: 0 })
  const shared = { ...plain, readAheads: new ReadAheads(bytesMax, inFlightMax, plain.readBuffers) }
  const log = openLog(watch.disk, { shared, config: { segmentBytes } })
  for (let i = 0; i < RECORDS; i++) append(log, batch(`v${i}-`, 1, { valueBytes: 5500 }))
  syncNow(log, turns)
  watch.forget()
  return { log, turns, watch, shared }
}

/** Reads twice, one after the other: from then on the reader is a sequential one. */
function readTwice({ log, turns }: Cold, from = 0): number {
  for (const read of [0, 1]) {
    const { nextOffset, release } = readOnce(log, turns, from + read * PER_READ, WANTED)
    expect(nextOffset).toBe(from + (read + 1) * PER_READ)
    release?.()
  }
  return from + 2 * PER_READ
}

describe('a sequential reader of old data', () => {
  it('finds its third answer in memory, and every one after that', () => {
    const cold = coldLog()
    let offset = readTwice(cold)
    while (offset < RECORDS) {
      cold.watch.forget()
      const read = cold.log.read(offset, RECORDS, WANTED, true)
      expect(read).toMatchObject({ nextOffset: offset + PER_READ })
      // What was read meanwhile is the next one, and not yet there.
      expect(cold.watch.reads.get(FIRST_LOG) ?? 0).toBe(0)
      cold.turns.run()
      read?.release?.()
      offset = read?.nextOffset ?? RECORDS
    }
    expect(cold.shared.readAheads.bytes).toBe(0)
  })

  it('is answered once, when it comes before what it wants has been read', () => {
    const cold = coldLog()
    const { log, turns } = cold
    const offset = readTwice(cold)
    log.read(offset, RECORDS, WANTED, true)
    expect(log.read(offset + PER_READ, RECORDS, WANTED, true)).toBeNull()
    const answers: LogRead[] = []
    log.readAsync(offset + PER_READ, RECORDS, WANTED, true, (error, read) => {
      expect(error).toBeNull()
      answers.push(read)
    })
    expect(answers).toEqual([])
    turns.run()
    expect(answers).toMatchObject([{ nextOffset: offset + 2 * PER_READ }])
  })

  it('reads on from one segment to the next', () => {
    const cold = coldLog(10 * 1024 * 1024, 2, 115_000)
    expect(cold.log.segmentCount).toBeGreaterThan(4)
    const seen = readAll(cold.log, cold.turns)
    expect(seen).toHaveLength(RECORDS)
    let offset = readTwice(cold)
    const again: number[] = []
    while (offset < RECORDS) {
      const read = cold.log.read(offset, RECORDS, WANTED, true) ?? readOnce(cold.log, cold.turns, offset, WANTED)
      expect(read.bytes).toBeGreaterThan(0)
      again.push(read.nextOffset)
      cold.turns.run()
      offset = read.nextOffset
    }
    expect(again.at(-1)).toBe(RECORDS)
  })

  it('gets as much as it asks for when it asks for more than was read', () => {
    const cold = coldLog()
    const offset = readTwice(cold)
    expect(cold.log.read(offset, RECORDS, 2 * WANTED, true)).toBeNull()
    expect(readOnce(cold.log, cold.turns, offset, 2 * WANTED).nextOffset).toBeGreaterThan(offset + PER_READ)
  })

  it('gets nothing beyond its limit, and nothing where it has no room', () => {
    const cold = coldLog()
    const offset = readTwice(cold)
    expect(cold.log.read(offset, RECORDS, 100, false)).toMatchObject({ bytes: 0, nextOffset: offset })
    expect(cold.log.read(offset, offset + 3, WANTED, true)).toMatchObject({ nextOffset: offset + 3 })
  })
})

describe('nothing is read ahead', () => {
  it('for a reader who jumps', () => {
    const cold = coldLog()
    for (const offset of [0, 50, 20, 90]) readOnce(cold.log, cold.turns, offset, WANTED).release?.()
    expect(cold.shared.readAheads.bytes).toBe(0)
  })

  it('of what somebody is reading already', () => {
    const cold = coldLog()
    const { log, turns, watch } = cold
    readOnce(log, turns, 0, WANTED).release?.()
    watch.forget()
    const offsets = [PER_READ, 2 * PER_READ, 3 * PER_READ]
    for (const offset of offsets) log.readAsync(offset, RECORDS, WANTED, true, (_error, { release }) => release?.())
    turns.step()
    // Three answers and what follows the last of them; headers are small beside them.
    turns.run()
    expect(watch.reads.get(FIRST_LOG) ?? 0).toBeLessThan(5 * WANTED)
    expect(cold.shared.readAheads.bytes).toBeLessThanOrEqual(64 * 1024)
  })

  it('of what is in the tail cache', () => {
    const { disk, turns } = memoryDisk()
    const shared = sharedWith({ tailCacheBytes: 40 * 5600 })
    const log = openLog(disk, { shared })
    for (let i = 0; i < 60; i++) append(log, batch(`v${i}-`, 1, { valueBytes: 5500 }))
    syncNow(log, turns)
    let offset = 0
    while (log.read(offset, 60, WANTED, true) === null) offset = readOnce(log, turns, offset, WANTED).nextOffset
    expect(offset).toBeGreaterThan(PER_READ)
    expect(shared.readAheads.bytes).toBe(0)
  })
})

describe('what was read ahead', () => {
  it('is dropped when it is left unused for two rounds', () => {
    const cold = coldLog()
    readTwice(cold)
    const { readAheads } = cold.shared
    expect(readAheads.bytes).toBeGreaterThan(0)
    readAheads.tick()
    expect(readAheads.bytes).toBeGreaterThan(0)
    readAheads.tick()
    expect(readAheads.bytes).toBe(0)
    expect(readOnce(cold.log, cold.turns, 2 * PER_READ, WANTED).nextOffset).toBe(3 * PER_READ)
  })

  it('is bounded over all readers: those who come too late are read for when they ask', () => {
    const room = 2 * 64 * 1024
    const cold = coldLog(room)
    for (const from of [0, 30, 60, 90]) {
      readTwice(cold, from)
      expect(cold.shared.readAheads.bytes).toBeLessThanOrEqual(room)
    }
    expect(cold.shared.readAheads.bytes).toBe(room)
    expect(readOnce(cold.log, cold.turns, 110, WANTED).nextOffset).toBe(RECORDS)
  })

  it('takes no more reads at once than it may', () => {
    const { log, turns, shared } = coldLog(10 * 1024 * 1024, 1)
    const cold = { log, turns, shared, watch: coldLog().watch }
    const first = readTwice(cold)
    const second = readTwice(cold, 60)
    log.read(first, RECORDS, WANTED, true)
    const before = shared.readAheads.bytes
    // The one for the first reader is still under way.
    log.read(second, RECORDS, WANTED, true)
    expect(shared.readAheads.bytes).toBeLessThan(before)
    turns.run()
  })

  it('goes with a truncation and when the log is closed, also while it is being read', () => {
    for (const isUnderWay of [true, false]) {
      for (const end of ['truncate', 'close'] as const) {
        const cold = coldLog()
        const { log, turns } = cold
        const offset = readTwice(cold)
        if (isUnderWay) log.read(offset, RECORDS, WANTED, true)
        if (end === 'truncate') expect(log.truncateTo(offset + 1, NOW_MS)).toBeNull()
        else log.abandon()
        expect(cold.shared.readAheads.bytes).toBe(0)
        turns.run()
        if (end === 'close') continue
        append(log, batch('new-', 1, { valueBytes: 50_000 }))
        expect(readAll(log, turns).slice(-2)).toHaveLength(2)
        expect(readOnce(log, turns, offset + 1, WANTED)).toMatchObject({ nextOffset: offset + 2 })
      }
    }
  })

  it('gives its buffer back to be used again', () => {
    const buffers = new ReadBuffers(10 * 1024 * 1024)
    const { disk, turns } = memoryDisk()
    const shared = {
      ...sharedWith({ tailCacheBytes: 0 }),
      readBuffers: buffers,
      readAheads: new ReadAheads(1e7, 2, buffers),
    }
    const log = openLog(disk, { shared })
    for (let i = 0; i < RECORDS; i++) append(log, batch(`v${i}-`, 1, { valueBytes: 5500 }))
    syncNow(log, turns)
    const memories = new Set<ArrayBufferLike>()
    for (let offset = 0; offset < RECORDS; ) {
      const read = log.read(offset, RECORDS, WANTED, true) ?? readOnce(log, turns, offset, WANTED)
      turns.run()
      memories.add(read.buffers[0]!.buffer)
      read.release?.()
      offset = read.nextOffset
    }
    expect(memories.size).toBeLessThan(5)
  })
})

describe('a read ahead that fails', () => {
  it('is no answer: reading again tells what is wrong, or that nothing is', () => {
    const cold = coldLog()
    const { log, turns, watch } = cold
    const offset = readTwice(cold)
    log.abandon()
    const again = openLog(watch.disk, { shared: cold.shared })
    const reader: Cold = { ...cold, log: again }
    readTwice(reader)
    // The bytes that were read before the damage are whole; those after it are found out when they are read.
    const file = watch.disk.openSync(FIRST_LOG)
    file.writeAtSync(Buffer.alloc(30_000, 7), Math.floor((file.size / RECORDS) * (offset + PER_READ)))
    expect(again.read(offset, RECORDS, WANTED, true)).toMatchObject({ nextOffset: offset + PER_READ })
    turns.run()
    expect(() => again.read(offset + PER_READ, RECORDS, WANTED, true)).toThrow('batch')
  })
})
