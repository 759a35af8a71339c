import { describe, expect, it } from 'vitest'
import type { Disk, DiskFile } from '../../../broker/ports/disk.ts'
import { append, batch, memoryDisk, NOW_MS, openLog, readOnce, sharedWith, syncNow, Turns } from './harness.ts'

/** Counts what is read from `.log` files and how often whole files are read. */
function counting(inner: Disk): { readonly disk: Disk; readonly reads: { log: number; whole: number; bytes: number } } {
  const reads = { log: 0, whole: 0, bytes: 0 }
  const wrap = (file: DiskFile): DiskFile =>
    new Proxy(file, {
      get(target, name) {
        if (name === 'readSync' || name === 'read') {
          reads.log++
          return (into: Buffer, start: number, length: number, ...rest: [number]) => {
            reads.bytes += length
            return Reflect.apply(target[name], target, [into, start, length, ...rest])
          }
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
      set: (target, name, value) => Reflect.set(target, name, value),
    })
  const disk = new Proxy(inner, {
    get(target, name) {
      if (name === 'openSync') return (...args: Parameters<Disk['openSync']>) => wrap(target.openSync(...args))
      if (name === 'readFileSync') reads.whole++
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { disk, reads }
}

const TAIL_BYTES = 256 * 1024

/** `count` batches of about 4 KB, so that each has an index entry or nearly; a second apart. */
function longLog(count: number, config = {}) {
  const turns = new Turns()
  const { disk, reads } = counting(memoryDisk(turns).disk)
  const log = openLog(disk, { shared: sharedWith({ tailCacheBytes: TAIL_BYTES }), config })
  for (let i = 0; i < count; i++) append(log, batch('v', 4, { timestamp: NOW_MS + i * 1000, valueBytes: 1024 }))
  syncNow(log, turns)
  return { log, turns, reads }
}

describe('what a read costs', () => {
  it('serves a consumer at the tail from memory alone while others read old data', () => {
    const { log, turns, reads } = longLog(1000)
    const cold = Array.from({ length: 12 }, (_, reader) => reader * 40)
    let tail = log.logEndOffset
    let coldBytes = 0
    for (let round = 0; round < 200; round++) {
      append(log, batch('new', 4, { valueBytes: 1024 }))
      cold.forEach((offset, reader) => {
        const read = readOnce(log, turns, offset, 64 * 1024)
        coldBytes += read.bytes
        cold[reader] = read.nextOffset
        // The slow ones never give their buffers back.
        if (reader % 2 === 0) read.release?.()
      })
      const before = reads.log
      const read = log.read(tail, log.flushedEndOffset, 1024 * 1024, true)
      expect([read?.nextOffset, reads.log]).toEqual([log.logEndOffset, before])
      tail = log.logEndOffset
    }
    expect(coldBytes).toBeGreaterThan(16 * TAIL_BYTES)
  })

  it('finds an offset with as many reads in a long log as in a short one', () => {
    const costs = [100, 400, 1600].map((count) => {
      const { log, reads } = longLog(count)
      let most = 0
      for (let offset = 0; offset < (count - 80) * 4; offset += 37) {
        const before = { ...reads }
        expect(log.read(offset, log.flushedEndOffset, 1, true)?.bytes).toBeGreaterThan(4096)
        most = Math.max(most, reads.log - before.log)
        expect(reads.bytes - before.bytes).toBeLessThan(32 * 1024)
      }
      return most
    })
    expect(costs).toEqual([costs[0], costs[0], costs[0]])
    expect(costs[0]).toBeLessThanOrEqual(4)
  })

  it('finds a time with as many reads in a long log as in a short one', () => {
    const costs = [100, 400, 1600].map((count) => {
      const { log, reads } = longLog(count)
      let most = 0
      for (let at = 0; at < count; at += 7) {
        const before = { ...reads }
        expect(log.offsetForTimestamp(NOW_MS + at * 1000 - 1)?.offset).toBe(Math.max(0, at * 4))
        most = Math.max(most, reads.log - before.log)
      }
      return most
    })
    expect(costs).toEqual([costs[0], costs[0], costs[0]])
    expect(costs[0]).toBeLessThanOrEqual(6)
  })

  it('reads the indexes of a sealed segment once, not for each fetch', () => {
    const { log, reads } = longLog(400, { segmentBytes: 200 * 1024 })
    const fetchAll = () => {
      for (let offset = 0; offset < 1000; offset += 10) log.read(offset, log.flushedEndOffset, 1, true)
    }
    fetchAll()
    const before = reads.whole
    fetchAll()
    expect([log.segmentCount > 4, reads.whole]).toEqual([true, before])
  })
})
