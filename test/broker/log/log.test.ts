import { describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import { decodeBatch } from '../../../proto/kafka/batch/decode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import {
  append,
  batch,
  DIRECTORY,
  freshLog,
  memoryDisk,
  NOW_MS,
  openLog,
  readAll,
  sharedWith,
  syncNow,
  values,
} from './harness.ts'

describe('Log.append', () => {
  it('gives out offsets without gaps, by last offset delta', () => {
    const { log, turns } = freshLog()
    expect([append(log, batch('a', 3)), append(log, batch('b')), append(log, batch('c', 2))]).toEqual([0, 3, 4])
    expect(log.logEndOffset).toBe(6)
    expect(readAll(log, turns).map((record) => record.offset)).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('W9: stamps base offset and leader epoch without touching the CRC', () => {
    const { log } = freshLog()
    append(log, batch('a', 2))
    const data = batch('b', 2)
    const crc = header.crc(data, 0)
    log.append(data, 7, NOW_MS)
    expect(log.flush()).toBeNull()
    const stored = log.read(2, 4, 1000, true)!.buffers[0]
    expect(decodeBatch(stored)).toMatchObject({ baseOffset: 2, leaderEpoch: 7 })
    expect(header.crc(stored, 0)).toBe(crc)
  })

  it('W9: sets LogAppendTime and maximum timestamp, and the CRC with them', () => {
    const { log } = freshLog({ config: { messageTimestampType: 'LogAppendTime' } })
    const result = log.append(batch('a', 3), 0, NOW_MS + 5)
    expect(result).toMatchObject({ error: 0, logAppendTimeMs: NOW_MS + 5 })
    log.flush()
    const stored = decodeBatch(log.read(0, 3, 1000, true)!.buffers[0])
    expect(stored.isLogAppendTime).toBe(true)
    expect([...stored.records()].map((record) => record.timestamp)).toEqual([NOW_MS + 5, NOW_MS + 5, NOW_MS + 5])
  })

  it('takes a forged LogAppendTime bit off on a CreateTime topic', () => {
    const { log } = freshLog()
    append(log, batch('a', 1, { appendTimeMs: NOW_MS + 99 }))
    const stored = decodeBatch(log.read(0, 1, 1000, true)!.buffers[0])
    expect(stored.isLogAppendTime).toBe(false)
  })

  it('writes all batches of a turn with one system call', () => {
    const { disk, turns } = memoryDisk()
    const faults = new FaultDisk(disk)
    const log = openLog(faults.disk)
    faults.appends.length = 0
    for (let i = 0; i < 20; i++) log.append(batch(`small${i}`), 0, NOW_MS)
    for (let i = 0; i < 3; i++) log.append(batch(`large${i}`, 1, { valueBytes: 20_000 }), 0, NOW_MS)
    expect([log.hasUnflushed, log.flushedEndOffset]).toEqual([true, 0])
    expect(log.flush()).toBeNull()
    expect(faults.appends).toEqual([{ path: '/data/t-0/00000000000000000000.log', bytes: log.sizeBytes }])
    expect([log.hasUnflushed, log.flushedEndOffset]).toEqual([false, 23])
    expect(readAll(log, turns)).toHaveLength(23)
  })

  it('does not show what has not been written', () => {
    const { log } = freshLog()
    log.append(batch('a'), 0, NOW_MS)
    expect(log.read(0, 10, 1000, true)).toMatchObject({ bytes: 0, nextOffset: 0 })
    log.flush()
    expect(log.read(0, 10, 1000, true)).toMatchObject({ nextOffset: 1 })
  })

  it('rolls by size, and keeps every record readable across segments', () => {
    const { log, turns } = freshLog({ config: { segmentBytes: 500 } })
    for (let i = 0; i < 20; i++) append(log, batch(`v${i}-`, 2))
    expect(log.segmentCount).toBeGreaterThan(3)
    expect(readAll(log, turns)).toHaveLength(40)
  })

  it('rolls by time between batches, and by clock where batches carry no timestamp', () => {
    const { log } = freshLog({ config: { segmentMs: 1000 } })
    append(log, batch('a', 1, { timestamp: NOW_MS }))
    append(log, batch('b', 1, { timestamp: NOW_MS + 1000 }))
    expect(log.segmentCount).toBe(1)
    append(log, batch('c', 1, { timestamp: NOW_MS + 1001 }))
    expect(log.segmentCount).toBe(2)
    append(log, batch('d', 1, { timestamp: -1 }), 0, NOW_MS + 2000)
    expect(log.segmentCount).toBe(3)
  })

  it('rolls when an index is full', () => {
    const { log, turns } = freshLog({ config: { indexIntervalBytes: 50, segmentIndexBytes: 48 } })
    for (let i = 0; i < 30; i++) append(log, batch('x', 1, { timestamp: NOW_MS + i }))
    expect(log.segmentCount).toBeGreaterThan(3)
    expect(readAll(log, turns)).toHaveLength(30)
  })

  it('keeps a batch that arrived in a large chunk without keeping the chunk', () => {
    const shared = sharedWith()
    const { disk } = memoryDisk()
    const log = openLog(disk, { shared })
    const data = batch('a', 1, { valueBytes: 10_000 })
    const chunk = Buffer.allocUnsafeSlow(1024 * 1024)
    data.copy(chunk, 77)
    append(log, chunk.subarray(77, 77 + data.length))
    expect(shared.tailCache.bytes).toBeLessThan(20_000)
    chunk.fill(0)
    expect(values([...decodeBatch(log.read(0, 1, 1000, true)!.buffers[0]).records()])[0]).toHaveLength(10_000)
  })
})

describe('Log.truncateTo', () => {
  it('rolls back batches, segments, epochs, timestamps and sequences together', () => {
    const { log, turns } = freshLog({ config: { segmentBytes: 400 } })
    const from = (sequence: number) =>
      batch(`s${sequence}-`, 1, {
        producerId: 9,
        producerEpoch: 0,
        baseSequence: sequence,
        timestamp: NOW_MS + sequence,
      })
    for (let sequence = 0; sequence < 20; sequence++) append(log, from(sequence), sequence < 10 ? 1 : 2)
    const before = log.segmentCount
    expect(log.truncateTo(8, NOW_MS)).toBeNull()
    expect(log.segmentCount).toBeLessThan(before)
    expect([log.logEndOffset, log.flushedEndOffset, log.latestEpoch]).toEqual([8, 8, 1])
    expect(readAll(log, turns)).toHaveLength(8)
    expect(log.offsetOfMaxTimestamp()).toMatchObject({ offset: 7, timestamp: NOW_MS + 7 })
    expect(log.append(from(9), 3, NOW_MS).error).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(log.append(from(5), 3, NOW_MS)).toMatchObject({ duplicate: true, baseOffset: 5 })
    expect(append(log, from(8), 3)).toBe(8)
  })

  it('removes a batch whole when the offset lies inside it', () => {
    const { log } = freshLog()
    append(log, batch('a', 5))
    append(log, batch('b', 5))
    log.truncateTo(7, NOW_MS)
    expect(log.logEndOffset).toBe(5)
    expect(append(log, batch('c'))).toBe(5)
  })

  it('cuts to an offset in a hole that compaction left between segments, too', () => {
    const config = { segmentBytes: 250, cleanupPolicy: { compact: true, delete: false } }
    const { disk, log } = freshLog({ config })
    for (let i = 0; i < 12; i++) append(log, batch('v', 2))
    expect(log.close()).toBeNull()
    const [, hole, above] = disk.listSync(DIRECTORY).flatMap((name) => /^0*(\d+)\.log$/.exec(name)?.[1] ?? [])
    disk.unlinkSync(`${DIRECTORY}/${hole.padStart(20, '0')}.log`)
    const again = openLog(disk, { config, cleanShutdown: true })
    expect(Number(above)).toBeGreaterThan(Number(hole) + 1)
    expect(again.truncateTo(Number(hole) + 1, NOW_MS)).toBeNull()
    expect([again.logEndOffset, again.segmentCount]).toEqual([Number(hole) + 1, 1])
    expect(append(again, batch('next'))).toBe(Number(hole) + 1)
  })

  it('lowers the durable mark first, so that recovery does not miss what was cut on purpose', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk)
    for (let i = 0; i < 10; i++) append(log, batch('v'))
    syncNow(log, turns)
    expect(log.durableEndOffset).toBe(10)
    log.truncateTo(4, NOW_MS)
    expect(log.durableEndOffset).toBe(4)
    log.abandon()
    expect(openLog(disk).logEndOffset).toBe(4)
  })
})
