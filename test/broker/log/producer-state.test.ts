import { describe, expect, it } from 'vitest'
import { applyWindow, decodeSnapshot, encodeSnapshot, encodeWindow } from '../../../broker/log/producer-snapshot.ts'
import { ProducerState } from '../../../broker/log/producer-state.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { append, batch, DIRECTORY, memoryDisk, NOW_MS, openLog, retain, syncNow } from './harness.ts'

const MAX = 0x7fffffff
const DAY_MS = 86_400_000
const NOTHING_ABORTED = { count: 0, crc: 0 }

function state(producersMax = 1000): ProducerState {
  return new ProducerState(DAY_MS, producersMax)
}

/** One batch of `count` records of producer 1, appended at the next offset. */
function write(
  producers: ProducerState,
  epoch: number,
  baseSequence: number,
  count: number,
  baseOffset: number,
  options: { transactional?: boolean; producerId?: number; nowMs?: number } = {},
) {
  const lastSequence = (baseSequence + count - 1) & MAX
  const { producerId = 1, transactional = false, nowMs = NOW_MS } = options
  producers.append(
    { producerId, epoch, baseSequence, lastSequence },
    baseOffset,
    baseOffset + count - 1,
    NOW_MS,
    transactional,
    nowMs,
  )
}

const COMMIT = { isAbort: false, coordinatorEpoch: 0 }

function check(producers: ProducerState, epoch: number, baseSequence: number, count = 1, producerId = 1) {
  const verdict = producers.check(
    { producerId, epoch, baseSequence, lastSequence: (baseSequence + count - 1) & MAX },
    true,
  )
  return verdict.kind === 'duplicate'
    ? `duplicate@${verdict.batch.lastOffset - verdict.batch.offsetDelta}`
    : verdict.kind
}

describe('W16: sequences of an idempotent producer', () => {
  it.each([
    ['the next sequence', 3, 30, 1, 'ok'],
    ['a gap', 3, 31, 1, 'gap'],
    ['far behind the window', 3, 0, 10, 'gap'],
    ['the last batch again', 3, 20, 10, 'duplicate@120'],
    ['the last batch again, but another length', 3, 20, 9, 'gap'],
    ['an older epoch', 2, 30, 1, 'stale-epoch'],
    ['an older epoch, even with a known sequence', 2, 20, 10, 'stale-epoch'],
    ['a new epoch from zero', 4, 0, 1, 'ok'],
    ['a new epoch from elsewhere', 4, 30, 1, 'new-epoch-not-at-zero'],
  ])('%s', (_name, epoch, sequence, count, expected) => {
    const producers = state()
    write(producers, 3, 10, 10, 110)
    write(producers, 3, 20, 10, 120)
    expect(check(producers, epoch, sequence, count)).toBe(expected)
  })

  it('accepts an unknown producer at any sequence', () => {
    expect(check(state(), 0, 4711)).toBe('ok')
    expect(check(state(), 9, 0)).toBe('ok')
  })

  it('keeps exactly the last five batches for retries', () => {
    const producers = state()
    for (let i = 0; i < 7; i++) write(producers, 0, i * 2, 2, 100 + i * 2)
    const verdicts = Array.from({ length: 7 }, (_, i) => check(producers, 0, i * 2, 2))
    expect(verdicts).toEqual([
      'gap',
      'gap',
      'duplicate@104',
      'duplicate@106',
      'duplicate@108',
      'duplicate@110',
      'duplicate@112',
    ])
  })

  it('wraps from 2^31 - 1 to 0, also within a batch', () => {
    const producers = state()
    write(producers, 0, MAX - 1, 2, 0)
    expect([check(producers, 0, 0), check(producers, 0, 1)]).toEqual(['ok', 'gap'])
    const across = state()
    write(across, 0, MAX, 3, 0)
    expect(check(across, 0, 2)).toBe('ok')
    expect(check(across, 0, MAX, 3)).toBe('duplicate@0')
  })

  it('forgets the batches of the old epoch when a new one begins', () => {
    const producers = state()
    write(producers, 0, 0, 5, 0)
    write(producers, 1, 0, 5, 5)
    expect(check(producers, 1, 0, 5)).toBe('duplicate@5')
    expect(check(producers, 1, 5)).toBe('ok')
  })

  it('starts at zero again after a marker that raised the epoch', () => {
    const producers = state()
    write(producers, 0, 0, 5, 0, { transactional: true })
    producers.appendMarker(1, 1, COMMIT, 5, NOW_MS, NOW_MS)
    expect([check(producers, 1, 5), check(producers, 1, 0)]).toEqual(['gap', 'ok'])
  })

  it('forgets producers idle for too long, never one with an open transaction', () => {
    const producers = state()
    write(producers, 0, 0, 1, 0, { producerId: 1 })
    write(producers, 0, 0, 1, 1, { producerId: 2, transactional: true })
    write(producers, 0, 0, 1, 2, { producerId: 3, nowMs: NOW_MS + 1 })
    expect(producers.expire(NOW_MS + DAY_MS - 1)).toBe(0)
    expect(producers.expire(NOW_MS + DAY_MS)).toBe(1)
    expect([1, 2, 3].map((id) => producers.get(id) !== undefined)).toEqual([false, true, true])
  })

  it('stays under its ceiling by forgetting the longest idle', () => {
    const producers = state(100)
    for (let id = 0; id < 1000; id++) write(producers, 0, 0, 1, id, { producerId: id, nowMs: NOW_MS + id })
    expect(producers.count).toBeLessThanOrEqual(100)
    expect(producers.get(999)).toBeDefined()
    expect(producers.get(0)).toBeUndefined()
  })

  it('knows the oldest transaction that is open, or over but not below the high watermark', () => {
    const producers = state()
    expect(producers.firstUnstableOffset).toBe(-1)
    write(producers, 0, 0, 1, 10, { producerId: 1, transactional: true })
    write(producers, 0, 0, 1, 11, { producerId: 2, transactional: true })
    write(producers, 0, 1, 1, 12, { producerId: 1, transactional: true })
    expect(producers.firstUnstableOffset).toBe(10)
    producers.appendMarker(1, 0, COMMIT, 13, NOW_MS, NOW_MS)
    producers.highWatermarkMoved(13)
    expect(producers.firstUnstableOffset).toBe(10)
    producers.highWatermarkMoved(14)
    expect(producers.firstUnstableOffset).toBe(11)
    producers.appendMarker(2, 0, COMMIT, 14, NOW_MS, NOW_MS)
    producers.highWatermarkMoved(15)
    expect(producers.firstUnstableOffset).toBe(-1)
  })

  it('tells what a marker ended, with the last stable offset as Kafka notes it', () => {
    const producers = state()
    const abort = { isAbort: true, coordinatorEpoch: 0 }
    expect(producers.appendMarker(1, 0, abort, 9, NOW_MS, NOW_MS)).toBeNull()
    write(producers, 0, 0, 1, 10, { producerId: 1, transactional: true })
    write(producers, 0, 0, 1, 11, { producerId: 2, transactional: true })
    const second = { producerId: 2, firstOffset: 11, lastOffset: 12, lastStableOffset: 10, isAbort: true }
    expect(producers.appendMarker(2, 0, abort, 12, NOW_MS, NOW_MS)).toEqual(second)
    const first = { producerId: 1, firstOffset: 10, lastOffset: 13, lastStableOffset: 14, isAbort: false }
    expect(producers.appendMarker(1, 0, COMMIT, 13, NOW_MS, NOW_MS)).toEqual(first)
  })

  it('refuses what is no part of an open transaction, and markers of a fenced producer or coordinator', () => {
    const producers = state()
    write(producers, 3, 0, 1, 10, { transactional: true })
    const next = { producerId: 1, epoch: 3, baseSequence: 1, lastSequence: 1 }
    expect([producers.check(next, false).kind, producers.check(next, true).kind]).toEqual(['in-transaction', 'ok'])
    producers.appendMarker(1, 3, { isAbort: true, coordinatorEpoch: 7 }, 11, NOW_MS, NOW_MS)
    expect(producers.check(next, false).kind).toBe('ok')
    const kindOf = (epoch: number, coordinatorEpoch: number) =>
      producers.checkMarker(1, epoch, { isAbort: true, coordinatorEpoch }).kind
    expect([kindOf(2, 7), kindOf(3, 6), kindOf(3, 7), kindOf(4, 8)]).toEqual([
      'stale-epoch',
      'stale-coordinator',
      'ok',
      'ok',
    ])
  })
})

describe('producer snapshots', () => {
  function filled(): ProducerState {
    const producers = state()
    for (let i = 0; i < 6; i++) write(producers, 2, i * 3, 3, i * 3)
    write(producers, 0, 0, 1, 18, { producerId: 2, transactional: true })
    producers.appendMarker(3, 1, { isAbort: false, coordinatorEpoch: 4 }, 19, NOW_MS, NOW_MS)
    return producers
  }

  it("Kafka's format holds the last batch of each producer and its open transaction", () => {
    const entries = decodeSnapshot(encodeSnapshot(filled().entries()), 5)!
    expect(entries.map((entry) => [entry.producerId, entry.epoch, entry.batches.length])).toEqual([
      [1, 2, 1],
      [2, 0, 1],
      [3, 1, 0],
    ])
    expect(entries[0].batches[0]).toEqual({ lastSequence: 17, lastOffset: 17, offsetDelta: 2, timestamp: NOW_MS })
    expect(entries[1].currentTxnFirstOffset).toBe(18)
    expect(entries[2].coordinatorEpoch).toBe(4)
  })

  it('the window beside it brings back all five', () => {
    const producers = filled()
    const entries = decodeSnapshot(encodeSnapshot(producers.entries()), 5)!
    applyWindow(entries, encodeWindow(producers.entries(), 19, NOTHING_ABORTED), 19)
    expect(entries[0].batches).toEqual(producers.get(1)!.batches)
  })

  it('a window of another offset, or a damaged one, is left alone', () => {
    const producers = filled()
    const window = encodeWindow(producers.entries(), 19, NOTHING_ABORTED)
    for (let i = 0; i < window.length; i++) {
      const damaged = Buffer.from(window)
      damaged[i] ^= 0x10
      const entries = decodeSnapshot(encodeSnapshot(producers.entries()), 5)!
      applyWindow(entries, damaged, 19)
      expect(entries[0].batches).toHaveLength(1)
    }
    const entries = decodeSnapshot(encodeSnapshot(producers.entries()), 5)!
    applyWindow(entries, window, 20)
    expect(entries[0].batches).toHaveLength(1)
  })

  it('refuses every damaged or truncated snapshot', () => {
    const data = encodeSnapshot(filled().entries())
    for (let i = 0; i < data.length; i++) {
      const damaged = Buffer.from(data)
      damaged[i] ^= 0x01
      expect(decodeSnapshot(damaged, 0)).toBeNull()
      expect(decodeSnapshot(data.subarray(0, i), 0)).toBeNull()
    }
  })
})

describe('W16 through the log', () => {
  const from = (sequence: number, epoch = 0) =>
    batch(`s${sequence}`, 1, { producerId: 7, producerEpoch: epoch, baseSequence: sequence })

  it('answers a duplicate with its first offset, a gap with 45, an old epoch with 47', () => {
    const { disk } = memoryDisk()
    const log = openLog(disk)
    append(log, batch('other', 3))
    append(log, from(0, 1))
    append(log, from(1, 1))
    expect(log.append(from(0, 1), 0, NOW_MS)).toMatchObject({ error: 0, duplicate: true, baseOffset: 3, lastOffset: 3 })
    expect(log.append(from(3, 1), 0, NOW_MS).error).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(log.append(from(2, 0), 0, NOW_MS).error).toBe(Errors.INVALID_PRODUCER_EPOCH)
    expect(log.logEndOffset).toBe(5)
  })

  for (const clean of [true, false]) {
    it(`remembers all five batches over ${clean ? 'a clean stop' : 'a crash'}`, () => {
      const { disk } = memoryDisk()
      const log = openLog(disk, { config: { segmentBytes: 300 } })
      for (let sequence = 0; sequence < 12; sequence++) append(log, from(sequence))
      expect(log.segmentCount).toBeGreaterThan(2)
      if (clean) log.close()
      else log.abandon()
      const again = openLog(disk, { cleanShutdown: clean })
      for (let sequence = 7; sequence < 12; sequence++) {
        expect(again.append(from(sequence), 0, NOW_MS)).toMatchObject({ duplicate: true, baseOffset: sequence })
      }
      expect(again.append(from(6), 0, NOW_MS).error).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
      expect(append(again, from(12))).toBe(12)
    })
  }

  it('keeps one snapshot per segment and the newest, whatever the number of clean stops', () => {
    const { disk } = memoryDisk()
    const config = { segmentBytes: 300 }
    for (let i = 0; i < 10; i++) {
      const log = openLog(disk, { config, cleanShutdown: i > 0 })
      append(log, from(i))
      expect(log.close()).toBeNull()
    }
    const names = disk.listSync(DIRECTORY)
    const segments = names.filter((name) => name.endsWith('.log')).length
    const snapshots = names.filter((name) => name.endsWith('.snapshot')).length
    expect(segments).toBeGreaterThan(2)
    expect(snapshots).toBeLessThanOrEqual(segments + 1)
    expect(openLog(disk, { config, cleanShutdown: true }).append(from(5), 0, NOW_MS)).toMatchObject({ duplicate: true })
  })

  it('forgets the snapshots of a future that was cut off', () => {
    const { disk } = memoryDisk()
    const config = { segmentBytes: 300 }
    const log = openLog(disk, { config })
    for (let sequence = 0; sequence < 9; sequence++) append(log, from(sequence))
    log.truncateTo(1, NOW_MS)
    expect(disk.listSync(DIRECTORY).filter((name) => name.endsWith('.snapshot'))).toEqual([])
    append(log, batch('another', 8, { valueBytes: 20 }))
    log.abandon()
    const again = openLog(disk, { config })
    expect(again.append(from(1), 0, NOW_MS)).toMatchObject({ error: 0, duplicate: false, baseOffset: 9 })
  })

  it('does not trust a snapshot whose window could not be written: it would pass for one of Kafka, which has none', () => {
    const { disk, turns } = memoryDisk()
    const config = { segmentBytes: 300 }
    const log = openLog(disk, { config })
    for (let sequence = 0; sequence < 5; sequence++) append(log, from(sequence))
    syncNow(log, turns)
    log.abandon()
    // What a roll leaves where the write after it fails.
    disk.openSync(`${DIRECTORY}/${'5'.padStart(20, '0')}.log`, { create: true }).closeSync()
    const failing = failingToReplace(disk, '.producers')
    const stopped = openLog(failing, { config })
    syncNow(stopped, turns)
    expect(stopped.close()?.message).toContain('EIO')
    const again = openLog(disk, { config })
    for (let sequence = 0; sequence < 5; sequence++) {
      expect(again.append(from(sequence), 0, NOW_MS)).toMatchObject({ duplicate: true, baseOffset: sequence })
    }
  })

  it('does not take a snapshot from before the first segment, which would make producers seem behind', () => {
    const { disk } = memoryDisk()
    const config = { segmentBytes: 300, retentionBytes: 0 }
    const log = openLog(disk, { config })
    append(log, from(0))
    log.close()
    const again = openLog(disk, { config, cleanShutdown: true })
    for (let sequence = 1; sequence < 9; sequence++) append(again, from(sequence))
    again.updateHighWatermark(9)
    retain(again, NOW_MS)
    again.abandon()
    for (const name of disk.listSync(DIRECTORY)) {
      if (/^0{19}[1-9].*(snapshot|producers)$/.test(name) && !name.startsWith('00000000000000000001.'))
        disk.unlinkSync(`${DIRECTORY}/${name}`)
    }
    expect(append(openLog(disk, { config }), from(9))).toBe(9)
  })

  it('expires by the clock of the broker, not by the age of the records', () => {
    const { disk } = memoryDisk()
    const log = openLog(disk)
    const old = (sequence: number) =>
      batch('v', 1, { producerId: 7, producerEpoch: 0, baseSequence: sequence, timestamp: 1000 })
    append(log, old(0))
    log.tick(NOW_MS + DAY_MS - 1)
    expect(log.append(old(0), 0, NOW_MS)).toMatchObject({ duplicate: true })
    log.tick(NOW_MS + DAY_MS)
    expect(log.append(old(5), 0, NOW_MS)).toMatchObject({ error: 0, duplicate: false })
  })
})

/** A disk on which files whose path ends like this cannot be replaced. */
function failingToReplace(disk: Disk, suffix: string): Disk {
  return new Proxy(disk, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'replaceSync') return value.bind(target) as unknown
      return (path: string, ...rest: [Buffer, { sync: boolean }?]) => {
        if (path.endsWith(suffix)) throw Object.assign(new Error(`EIO: i/o error, write '${path}'`), { code: 'EIO' })
        target.replaceSync(path, ...rest)
      }
    },
  })
}
