/** The newest batches in memory: one ceiling over all logs, memory that is used again, and logs that nobody reads. */
import { describe, expect, it } from 'vitest'
import type { Log } from '../../../broker/log/log.ts'
import { type Arena, LogTail, TailCache } from '../../../broker/log/tail-cache.ts'
import { setBaseOffset } from '../../../proto/kafka/batch/header.ts'
import { append, batch, memoryDisk, openLog, readAll, sharedWith } from './harness.ts'

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
