/** A log that follows another one: appends at the leader's offsets and epochs, holes, and starting over. */
import { describe, expect, it } from 'vitest'
import * as header from '../../../proto/kafka/batch/header.ts'
import type { Log } from '../../../broker/log/log.ts'
import { SimClock } from '../../../testing/sim/clock.ts'
import { CrashSignal } from '../../../testing/sim/disk/errors.ts'
import { DiskFaults } from '../../../testing/sim/disk/faults.ts'
import { SimDisk } from '../../../testing/sim/disk/sim-disk.ts'
import { SimDirectory } from '../../../testing/sim/disk/tree.ts'
import { SeededRandom } from '../../../testing/sim/random.ts'
import { Trace } from '../../../testing/sim/trace.ts'
import { append, batch, memoryDisk, NOW_MS, openLog, readAll, syncNow } from './harness.ts'

/** A batch as a leader has stored it. */
function stored(name: string, baseOffset: number, epoch: number, options: Parameters<typeof batch>[2] = {}, count = 1) {
  const bytes = batch(name, count, options)
  header.setBaseOffset(bytes, 0, baseOffset)
  header.setLeaderEpoch(bytes, 0, epoch)
  return bytes
}

function follow(log: Log, ...batches: Buffer[]): void {
  expect(log.appendFetched(Buffer.concat(batches), NOW_MS)).toBeNull()
  expect(log.flush()).toBeNull()
}

describe('appending as a follower', () => {
  it('keeps offsets, epochs, timestamps and producers as the leader has them', () => {
    const { disk, turns } = memoryDisk()
    const leader = openLog(disk, { directory: '/data/leader' })
    append(leader, batch('a', 3, { producerId: 7, producerEpoch: 0, baseSequence: 0 }), 2)
    append(leader, batch('b', 2), 2)
    append(leader, batch('c', 1, { producerId: 7, producerEpoch: 0, baseSequence: 3 }), 5)
    const log = openLog(disk, { directory: '/data/follower', config: { messageTimestampType: 'LogAppendTime' } })
    const sent = Buffer.concat([...leader.read(0, 6, 1 << 20, true)!.buffers])
    follow(log, sent)
    expect(Buffer.concat([...log.read(0, 6, 1 << 20, true)!.buffers])).toEqual(sent)
    expect([log.logEndOffset, log.latestEpoch, log.producerCount]).toEqual([6, 5, 1])
    expect(log.endOffsetForEpoch(3)).toEqual({ epoch: 2, endOffset: 5 })
    syncNow(log, turns)
    log.abandon()
    const again = openLog(disk, { directory: '/data/follower' })
    expect([again.logEndOffset, again.latestEpoch, again.producerCount]).toEqual([6, 5, 1])
    // A retry that reaches this broker once it leads is still known.
    expect(again.append(batch('c', 1, { producerId: 7, producerEpoch: 0, baseSequence: 3 }), 6, NOW_MS)).toMatchObject({
      duplicate: true,
      baseOffset: 5,
    })
  })

  it('copies what it would keep of the memory that it was lent', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk)
    const lent = stored('a', 0, 0, { valueBytes: 700_000 })
    follow(log, lent)
    lent.fill(0)
    expect(
      readAll(log, turns, 0, 1 << 20)[0]!
        .value!.subarray(0, 2)
        .toString(),
    ).toBe('a0')
  })

  it('takes the holes of a compacted leader, also over a restart of a log that is not compacted itself', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk, { config: { segmentBytes: 150 } })
    follow(log, stored('a', 0, 0), stored('b', 10, 0), stored('c', 30, 1))
    syncNow(log, turns)
    log.abandon()
    const again = openLog(disk)
    expect(readAll(again, turns).map(({ offset }) => offset)).toEqual([0, 10, 30])
    expect(again.logEndOffset).toBe(31)
  })

  it('begins where the first batch is when that is too far for one segment', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk)
    follow(log, stored('a', 5_000_000_000, 3))
    expect([log.logStartOffset, log.logEndOffset]).toEqual([5_000_000_000, 5_000_000_001])
    expect(readAll(log, turns)).toHaveLength(1)
  })

  it('forgets an epoch that it led without a record', () => {
    const { disk } = memoryDisk()
    const log = openLog(disk)
    append(log, batch('a'), 1)
    log.assignEpoch(4, log.logEndOffset)
    log.dropEmptyEpochs()
    expect(log.latestEpoch).toBe(1)
    follow(log, stored('b', 1, 3))
    expect(log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 1 })
  })
})

describe('starting over', () => {
  it('leaves an empty log that goes on at the leader’s start, over a restart too', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk, { config: { segmentBytes: 150 } })
    for (const name of ['a', 'b', 'c']) append(log, batch(name, 2))
    syncNow(log, turns)
    expect(log.startOverAt(100, NOW_MS)).toBeNull()
    expect([log.logStartOffset, log.logEndOffset, log.highWatermark, log.latestEpoch]).toEqual([100, 100, 100, -1])
    follow(log, stored('d', 100, 4))
    syncNow(log, turns)
    expect(log.durableEndOffset).toBe(101)
    log.abandon()
    const again = openLog(disk)
    expect(readAll(again, turns).map(({ offset }) => offset)).toEqual([100])
  })

  it('goes back, while it is empty, to where the batch begins that its leader begins within', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk, { config: { segmentBytes: 150 } })
    append(log, batch('a', 2))
    expect(log.startOverAt(100, NOW_MS)).toBeNull()
    expect(log.startOverAt(97, NOW_MS)).toBeNull()
    follow(log, stored('d', 97, 4))
    log.deleteRecordsBefore(98)
    syncNow(log, turns)
    expect([log.logStartOffset, log.logEndOffset, log.durableEndOffset]).toEqual([98, 98, 98])
    log.abandon()
    expect(openLog(disk, { logStartOffset: 98 }).logEndOffset).toBe(98)
  })

  it('may be cut off by a crash in any disk call: what is left opens, and is a part of the old or the new log', () => {
    for (let call = 1, crashed = true; crashed; call++) {
      for (const death of ['kill', 'power-cut'] as const) {
        const { clock, disk, faults } = simDisk(call)
        const log = openLog(disk, { config: { segmentBytes: 150 } })
        for (const name of ['a', 'b', 'c', 'd']) append(log, batch(name, 2))
        log.sync(() => {})
        clock.advance(1_000)
        expect(log.durableEndOffset).toBe(8)
        faults.dieAfter(call, death)
        crashed = startsOverInto(log)
        if (!crashed) continue
        const left = disk.remount()
        const again = openLog(left, { recoveryPoint: 8, logStartOffset: 0 })
        const [start, end] = [again.logStartOffset, again.logEndOffset]
        expect(start === 100 || start === 97 ? end === start : end <= 8).toBe(true)
        // It follows its leader there all the same.
        if (end !== 97) expect(again.startOverAt(97, NOW_MS)).toBeNull()
        follow(again, stored('e', 97, 4))
        expect(again.logEndOffset).toBe(98)
      }
    }
  })
})

/** Beyond its end, and from there back to the beginning of a batch. Whether the process died of it. */
function startsOverInto(log: Log): boolean {
  try {
    return log.startOverAt(100, NOW_MS) !== null || log.startOverAt(97, NOW_MS) !== null
  } catch (error) {
    if (error instanceof CrashSignal) return true
    throw error
  }
}

function simDisk(seed: number) {
  const clock = new SimClock()
  const random = new SeededRandom(seed)
  const faults = new DiskFaults(random)
  const root = new SimDirectory(new Map([['data', new SimDirectory()]]))
  const disk = new SimDisk({ clock, random, faults, trace: new Trace(), root })
  return { clock, disk, faults }
}
