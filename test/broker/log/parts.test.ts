/** The small parts of the log: caches, pools, indexes, the scheduler. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FilesPinnedError } from '../../../broker/log/errors.ts'
import { Fifo } from '../../../broker/log/fifo.ts'
import { FilePool, fileHandle } from '../../../broker/log/file-pool.ts'
import { OffsetIndex } from '../../../broker/log/offset-index.ts'
import { encodeOffsets, parseOffsets } from '../../../broker/log/offset-checkpoint.ts'
import { ReadBuffers } from '../../../broker/log/read-buffers.ts'
import { type Stalled, SyncScheduler } from '../../../broker/log/sync-scheduler.ts'
import { TimeIndex } from '../../../broker/log/time-index.ts'
import { append, batch, memoryDisk, openLog, readAll, sharedWith } from './harness.ts'

describe('OffsetIndex', () => {
  it('finds the last entry at or below an offset, as a linear search does', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { maxLength: 60 }),
        fc.nat({ max: 600 }),
        (offsets, wanted) => {
          const index = new OffsetIndex()
          const rising = offsets.toSorted((a, b) => a - b)
          rising.forEach((offset, i) => index.append(offset, (i + 1) * 100))
          const below = rising.filter((offset) => offset <= wanted).length
          expect(index.lookup(wanted)).toBe(below * 100)
          const parsed = OffsetIndex.parse(Buffer.from(index.bytes()), 1_000_000)!
          expect(parsed.lookup(wanted)).toBe(below * 100)
          parsed.truncate(wanted)
          expect(parsed.count).toBe(rising.filter((offset) => offset < wanted).length)
        },
      ),
    )
  })

  it('refuses bytes that cannot be an index', () => {
    const index = new OffsetIndex()
    index.append(5, 100)
    index.append(9, 200)
    const good = Buffer.from(index.bytes())
    expect(OffsetIndex.parse(good, 201)).not.toBeNull()
    expect(OffsetIndex.parse(good, 200)).toBeNull()
    expect(OffsetIndex.parse(good.subarray(0, 15), 1000)).toBeNull()
    expect(OffsetIndex.parse(Buffer.concat([good, Buffer.alloc(8)]), 1000)).toBeNull()
    expect(OffsetIndex.parse(Buffer.concat([good.subarray(8), good.subarray(0, 8)]), 1000)).toBeNull()
    expect(() => index.append(9, 300)).toThrow(/does not follow/)
  })
})

describe('TimeIndex', () => {
  it('keeps only rising timestamps and finds where a search must begin', () => {
    const index = new TimeIndex()
    for (const [timestamp, offset] of [
      [-1, 0],
      [10, 1],
      [10, 2],
      [8, 3],
      [30, 4],
    ])
      index.maybeAppend(timestamp, offset)
    expect(index.count).toBe(2)
    expect([5, 10, 11, 30, 31].map((timestamp) => index.lookup(timestamp))).toEqual([0, 0, 1, 1, 4])
    expect(TimeIndex.parse(Buffer.from(index.bytes()))!.count).toBe(2)
    expect(TimeIndex.parse(Buffer.concat([index.bytes(), Buffer.alloc(12)]))).toBeNull()
    index.truncate(4)
    expect(index.count).toBe(1)
  })
})

describe('FilePool', () => {
  it('keeps no more files open than allowed, but never closes a pinned one', () => {
    const { disk } = memoryDisk()
    const pool = new FilePool(3)
    const handles = Array.from({ length: 10 }, (_, i) => fileHandle(`/data/f${i}`))
    pool.pin(handles[0])
    for (const handle of handles) {
      pool.open(disk, handle, true)
      expect(pool.openCount).toBeLessThanOrEqual(3)
    }
    expect(handles[0].file).not.toBeNull()
    expect(handles[9].file).not.toBeNull()
    for (const handle of handles) pool.close(handle)
    expect(pool.openCount).toBe(0)
  })

  it('pins no more than three quarters, so that something can be closed for every other file', () => {
    const pool = new FilePool(8)
    const handles = Array.from({ length: 7 }, (_, i) => fileHandle(`/data/f${i}`))
    for (const handle of handles.slice(0, 6)) {
      pool.expectRoomToPin(handle)
      pool.pin(handle)
    }
    expect(() => pool.expectRoomToPin(handles[6])).toThrow(FilesPinnedError)
    pool.expectRoomToPin(handles[0])
    pool.unpin(handles[0])
    pool.expectRoomToPin(handles[6])
    expect(() => pool.unpin(handles[0])).toThrow('is not pinned')
  })

  it('serves more logs than it may keep open', () => {
    const { disk, turns } = memoryDisk()
    const shared = sharedWith({ maxOpenFiles: 3, tailCacheBytes: 0 })
    const logs = Array.from({ length: 12 }, (_, i) =>
      openLog(disk, { shared, directory: `/data/t-${i}`, partition: i, durability: 'page-cache' }),
    )
    for (let round = 0; round < 5; round++) for (const log of logs) append(log, batch(`r${round}`))
    for (const log of logs) expect(readAll(log, turns)).toHaveLength(5)
    expect(shared.files.openCount).toBeLessThanOrEqual(3)
    for (const log of logs) log.close()
    expect(shared.files.openCount).toBe(0)
  })
})

describe('ReadBuffers', () => {
  it('reuses buffers of one size class and bounds what it keeps', () => {
    const buffers = new ReadBuffers(300_000)
    const first = buffers.acquire(100_000)
    expect(first.length).toBe(262_144)
    buffers.release(first)
    expect(buffers.acquire(200_000)).toBe(first)
    for (let i = 0; i < 5; i++) buffers.release(Buffer.allocUnsafeSlow(65_536))
    expect(buffers.keptBytes).toBeLessThanOrEqual(300_000)
    expect(buffers.acquire(50_000_000)).toHaveLength(50_000_000)
  })
})

describe('SyncScheduler', () => {
  it('starts tasks in the order they came, so many at once', () => {
    const scheduler = new SyncScheduler(2)
    const started: number[] = []
    const finish: (() => void)[] = []
    for (let i = 0; i < 6; i++) {
      scheduler.submit((finished) => {
        started.push(i)
        finish[i] = finished
      })
    }
    expect([started, scheduler.inFlight, scheduler.waiting]).toEqual([[0, 1], 2, 4])
    finish[1]()
    finish[1]()
    expect([started, scheduler.inFlight]).toEqual([[0, 1, 2], 2])
    finish[0]()
    finish[2]()
    expect(started).toEqual([0, 1, 2, 3, 4])
    for (const i of [3, 4, 5]) finish[i]()
    expect([scheduler.inFlight, scheduler.waiting]).toEqual([0, 0])
  })
})

describe('a sync without descriptors', () => {
  it('is resumed when another one has finished, not by one that had none either', () => {
    const scheduler = new SyncScheduler(4)
    const resumed: number[] = []
    const finish: ((stalled?: Stalled) => void)[] = []
    for (let i = 0; i < 3; i++) {
      scheduler.submit((finished) => {
        finish[i] = finished
      })
    }
    finish[0]({ resume: () => resumed.push(0) })
    finish[1]({ resume: () => resumed.push(1) })
    expect(resumed).toEqual([])
    finish[2]()
    expect([resumed, scheduler.inFlight]).toEqual([[0, 1], 0])
  })
})

describe('Fifo', () => {
  it('is a queue that can be looked into', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            { weight: 3, arbitrary: fc.nat() },
            { weight: 2, arbitrary: fc.constant('shift' as const) },
            { weight: 1, arbitrary: fc.constant('pop' as const) },
          ),
        ),
        (steps) => {
          const fifo = new Fifo<number>()
          const model: number[] = []
          for (const step of steps) {
            if (step === 'shift') expect(fifo.shift()).toBe(model.shift())
            else if (step === 'pop') expect(fifo.pop()).toBe(model.pop())
            else {
              fifo.push(step)
              model.push(step)
            }
            expect([fifo.length, fifo.first, fifo.last]).toEqual([model.length, model[0], model.at(-1)])
            for (let i = 0; i < model.length; i++) expect(fifo.at(i)).toBe(model[i])
          }
        },
      ),
    )
  })
})

describe('checkpoint files', () => {
  it("are written as Kafka's, topics with dashes included", () => {
    const offsets = new Map([
      ['a-b-0', 7],
      ['__consumer_offsets-49', 0],
    ])
    expect(String(encodeOffsets(offsets))).toBe('0\n2\na-b 0 7\n__consumer_offsets 49 0\n')
    expect(parseOffsets(encodeOffsets(offsets))).toEqual(offsets)
    for (const bad of ['', '1\n0\n', '0\n2\na 0 7\n', '0\n1\na 0\n', '0\n1\na 0 7', '0\n1\na 0 -7\n']) {
      expect(parseOffsets(Buffer.from(bad))).toBeNull()
    }
  })
})
