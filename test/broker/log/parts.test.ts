/** The small parts of the log: caches, pools, indexes, the scheduler. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FilesPinnedError } from '../../../broker/log/errors.ts'
import { Fifo } from '../../../broker/log/fifo.ts'
import { FilePool, fileHandle } from '../../../broker/log/file-pool.ts'
import type { Log } from '../../../broker/log/log.ts'
import { OffsetIndex } from '../../../broker/log/offset-index.ts'
import { encodeOffsets, parseOffsets } from '../../../broker/log/offset-checkpoint.ts'
import { ReadBuffers } from '../../../broker/log/read-buffers.ts'
import { type Stalled, SyncScheduler } from '../../../broker/log/sync-scheduler.ts'
import { type Arena, LogTail, TailCache } from '../../../broker/log/tail-cache.ts'
import { TimeIndex } from '../../../broker/log/time-index.ts'
import { setBaseOffset } from '../../../proto/kafka/batch/header.ts'
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

describe('TailCache', () => {
  function add(cache: TailCache, tail: LogTail, base: number, bytes: number): void {
    const data = batch('v', 1, { valueBytes: bytes })
    setBaseOffset(data, 0, base)
    const own = Buffer.allocUnsafeSlow(data.length)
    data.copy(own)
    cache.add(tail, own, base, base + 1)
  }

  it('stays under one ceiling over all logs, dropping the oldest batches first', () => {
    const cache = new TailCache(100_000)
    const tails = [new LogTail(), new LogTail()]
    for (let i = 0; i < 50; i++) for (const tail of tails) add(cache, tail, i, 9_000)
    expect(cache.bytes).toBeLessThanOrEqual(100_000)
    expect(tails.map((tail) => tail.startOffset)).toEqual([45, 44])
    const buffers: Buffer[] = []
    expect(tails[0].read(46, 50, 1_000_000, true, buffers, [])).toBe(50)
    expect(Buffer.concat(buffers)).toHaveLength(4 * batch('v', 1, { valueBytes: 9_000 }).length)
  })

  describe('of a log that nobody reads', () => {
    const sizes = { unreadBytesMax: 100_000, unreadKeptBytes: 40_000 }

    function grow(cache: TailCache, tail: LogTail, from: number, count: number): void {
      for (let offset = from; offset < from + count; offset++) {
        add(cache, tail, offset, 9_000)
        const run = tail.runs.last!
        run.flushedTo = run.end
      }
    }

    const read = (tail: LogTail) => {
      tail.unreadBytes = 0
    }

    it('keeps only the newest batches, and pushes out nothing of those that are read', () => {
      const cache = new TailCache(400_000, sizes)
      const [idle, busy] = [new LogTail(), new LogTail()]
      grow(cache, busy, 0, 5)
      grow(cache, idle, 0, 500)
      expect(idle.startOffset).toBeGreaterThan(494)
      expect(idle.bytes).toBeLessThanOrEqual(40_000)
      expect(busy.startOffset).toBe(0)
      expect(cache.bytes).toBe(idle.bytes + busy.bytes)
    })

    it('keeps as many as there is room for once it is read again', () => {
      const cache = new TailCache(200_000, sizes)
      const tail = new LogTail()
      grow(cache, tail, 0, 100)
      for (let offset = 100; offset < 200; offset++) {
        read(tail)
        grow(cache, tail, offset, 1)
      }
      expect(tail.bytes).toBeGreaterThan(180_000)
    })

    it('keeps what is not written yet', () => {
      const cache = new TailCache(1_000_000, sizes)
      const tail = new LogTail()
      for (let offset = 0; offset < 50; offset++) add(cache, tail, offset, 9_000)
      expect(tail.startOffset).toBe(0)
    })

    it('writes to the same memory again and again', () => {
      const cache = new TailCache(100_000_000, { ...sizes, arenaBytes: 50_000 })
      const tail = new LogTail()
      const chunks = new Set<ArrayBufferLike>()
      for (let offset = 0; offset < 500; offset++) {
        grow(cache, tail, offset, 1)
        chunks.add(tail.runs.last!.chunk.buffer)
      }
      expect(chunks.size).toBeLessThan(10)
    })
  })

  it('counts the whole chunk that a kept slice pins', () => {
    const cache = new TailCache(2_000_000)
    const data = batch('v', 1, { valueBytes: 600_000 })
    const chunk = Buffer.allocUnsafeSlow(1_048_576)
    data.copy(chunk)
    cache.add(new LogTail(), chunk.subarray(0, data.length), 0, 1)
    expect(cache.bytes).toBe(1_048_576)
  })

  it('keeps a large batch where it lies in a chunk on loan, counting what lies before it, and nothing that is not kept', () => {
    const cache = new TailCache(2_000_000)
    const tail = new LogTail()
    const data = batch('v', 1, { valueBytes: 20_000 })
    const chunk = cache.arenas.lend(40_000)!
    data.copy(chunk.buffer, 100)
    const run = cache.add(tail, chunk.buffer.subarray(100, 100 + data.length), 0, 1)
    expect(run.chunk === chunk.buffer).toBe(true)
    expect([run.start, run.end]).toEqual([100, 100 + data.length])
    expect(cache.bytes).toBe(100 + data.length)
    cache.arenas.giveBack(chunk)
    const next = cache.arenas.lend(40_000)!
    expect(next.buffer === chunk.buffer).toBe(true)
    expect(next.used).toBe(100 + data.length)
  })

  it('lends a chunk again from its start when nothing in it is cached or read any more', () => {
    const cache = new TailCache(2_000_000)
    const tail = new LogTail()
    const data = batch('v', 1, { valueBytes: 20_000 })
    const chunk = cache.arenas.lend(40_000)!
    data.copy(chunk.buffer)
    const run = cache.add(tail, chunk.buffer.subarray(0, data.length), 0, 1)
    run.flushedTo = run.end
    cache.arenas.giveBack(chunk)
    const held: Arena[] = []
    tail.read(0, 1, 1_000_000, true, [], held)
    cache.truncate(tail, 0)
    expect(cache.arenas.lend(40_000)!.used).toBe(data.length)
    cache.arenas.giveBack(chunk)
    cache.release(held)
    expect(cache.arenas.lend(40_000)!.used).toBe(0)
  })

  it('copies a small batch out of a chunk on loan', () => {
    const cache = new TailCache(2_000_000)
    const data = batch('v', 1)
    const chunk = cache.arenas.lend(40_000)!
    data.copy(chunk.buffer)
    const run = cache.add(new LogTail(), chunk.buffer.subarray(0, data.length), 0, 1)
    expect(run.chunk === chunk.buffer).toBe(false)
    expect(chunk.used).toBe(0)
  })

  it('uses memory again only when it is evicted, written and nobody reads from it any more', () => {
    const cache = new TailCache(1_000_000)
    const tail = new LogTail()
    const chunks = new Set<Buffer>()
    const fill = (from: number, count: number) => {
      for (let offset = from; offset < from + count; offset++) {
        add(cache, tail, offset, 100_000)
        const run = tail.runs.last!
        run.flushedTo = run.end
        chunks.add(run.chunk)
      }
    }
    fill(0, 200)
    expect(chunks.size).toBeLessThan(6)
    const [seen, held, buffers] = [chunks.size, [], []] as [number, Arena[], Buffer[]]
    tail.read(199, 200, 1_000_000, true, buffers, held)
    const before = Buffer.concat(buffers)
    fill(200, 200)
    expect(Buffer.concat(buffers)).toEqual(before)
    expect(chunks.size).toBe(seen + 1)
    cache.release(held)
    fill(400, 200)
    expect(chunks.size).toBe(seen + 1)
  })

  it('never uses memory again whose bytes were evicted before they were written', () => {
    const cache = new TailCache(100_000)
    const tail = new LogTail()
    const chunks = new Set<Buffer>()
    for (let offset = 0; offset < 100; offset++) {
      add(cache, tail, offset, 90_000)
      chunks.add(tail.runs.last!.chunk)
    }
    expect(chunks.size).toBeGreaterThanOrEqual(9)
  })

  it('gives a run of small batches as one buffer', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk)
    for (let i = 0; i < 100; i++) append(log, batch(`v${i}-`))
    expect(log.read(0, 100, 1_000_000, true)!.buffers).toHaveLength(1)
    expect(log.read(37, 39, 1_000_000, true)).toMatchObject({ nextOffset: 39 })
    expect(readAll(log, turns, 37)).toHaveLength(63)
  })

  it('notices who reads a log, at its end too', () => {
    const sizes = { unreadBytesMax: 100_000, unreadKeptBytes: 20_000 }
    const bytesAfter = (look: (log: Log, offset: number) => void): number => {
      const shared = { ...sharedWith(), tailCache: new TailCache(400_000, sizes) }
      const log = openLog(memoryDisk().disk, { shared })
      for (let i = 0; i < 100; i++) look(log, append(log, batch('v', 1, { valueBytes: 9_000 })))
      return shared.tailCache.bytes
    }
    expect(bytesAfter(() => {})).toBeLessThan(30_000)
    expect(bytesAfter((log, offset) => log.read(offset, offset + 1, 1_000, true)?.release?.())).toBeGreaterThan(350_000)
    expect(bytesAfter((log, offset) => log.read(offset + 1, offset + 1, 1_000, true))).toBeGreaterThan(350_000)
    expect(bytesAfter((log) => log.read(0, 1, 1_000, true))).toBeGreaterThan(350_000)
  })

  it('is left to others when a log is closed', () => {
    const shared = sharedWith()
    const { disk } = memoryDisk()
    const log = openLog(disk, { shared })
    for (let i = 0; i < 100; i++) append(log, batch('v', 1, { valueBytes: 5000 }))
    expect(shared.tailCache.bytes).toBeGreaterThan(0)
    log.close()
    expect([shared.tailCache.bytes, shared.files.openCount]).toEqual([0, 0])
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
