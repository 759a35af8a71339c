/** A disk without room: what cannot be written is taken back, the rest goes on, and appends come back by themselves. */
import { describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import type { LogListener } from '../../../broker/log/log.ts'
import {
  append,
  batch,
  DIRECTORY,
  FIRST_LOG,
  memoryDisk,
  NOW_MS,
  openLog,
  readAll,
  retain,
  sharedWith,
  syncNow,
  values,
} from './harness.ts'
import { SmallDisk, systemError } from './small-disk.ts'

/** A log on a disk with a size, and what its listener has heard. */
function smallLog(options: Parameters<typeof openLog>[1] = {}) {
  const { disk: inner, turns } = memoryDisk()
  const small = new SmallDisk(inner)
  const log = openLog(small.disk, options)
  const heard: string[] = []
  const listener: LogListener = {
    offline: (reason) => heard.push(`offline ${reason.message}`),
    rolledBack: (endOffset) => heard.push(`rolled back to ${endOffset}`),
    full: () => heard.push('full'),
    relieved: () => heard.push('relieved'),
  }
  log.listen(listener)
  return { inner, turns, small, log, heard }
}

/** How long after the last try appends are tried again. */
const RETRY_MS = 1000

describe('an append without room', () => {
  it('is taken back whole, in the file and in memory, and the log stays readable', () => {
    const { small, turns, log, inner, heard } = smallLog()
    append(log, batch('a', 3))
    const bytes = inner.sizeSync(FIRST_LOG)
    small.freeBytes = 100
    log.append(batch('b', 2, { valueBytes: 50 }), 0, NOW_MS)
    log.append(batch('c', 2, { valueBytes: 50 }), 0, NOW_MS)
    expect(log.logEndOffset).toBe(7)
    expect(log.flush()).toMatchObject({ code: 'LOG_FULL' })
    expect(heard).toEqual(['full', 'rolled back to 3'])
    expect([log.logEndOffset, log.flushedEndOffset, log.offline]).toEqual([3, 3, null])
    expect([log.sizeBytes, inner.sizeSync(FIRST_LOG)]).toEqual([bytes, bytes])
    expect(values(readAll(log, turns))).toEqual(['a0', 'a1', 'a2'])
    expect(log.offsetForTimestamp(NOW_MS + 1)?.offset).toBe(1)
  })

  it.each(['ENOSPC', 'EDQUOT', 'EFBIG', 'ESHORTWRITE'])('refuses what follows, naming the directory (%s)', (code) => {
    const { small, log } = smallLog()
    small.freeBytes = 10
    small.code = code
    log.append(batch('a'), 0, NOW_MS)
    log.flush()
    const refused = log.append(batch('b'), 0, NOW_MS)
    expect(refused).toMatchObject({ error: Errors.KAFKA_STORAGE_ERROR, baseOffset: -1 })
    expect(refused.message).toContain(DIRECTORY)
    expect(refused.message).toContain(code)
    expect(log.full?.message).toBe(refused.message)
  })

  it('is tried again by one batch after a second, and everything is accepted once that was written', () => {
    const { small, turns, log, heard } = smallLog()
    append(log, batch('a'))
    small.freeBytes = 10
    log.append(batch('b'), 0, NOW_MS)
    log.flush()
    small.freeBytes = Number.POSITIVE_INFINITY
    const due = NOW_MS + RETRY_MS
    expect(log.append(batch('c'), 0, due - 1).error).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(log.append(batch('d'), 0, due)).toMatchObject({ error: Errors.NONE, baseOffset: 1 })
    expect(log.append(batch('e'), 0, due).error).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(log.flush()).toBeNull()
    expect(log.append(batch('f'), 0, due)).toMatchObject({ error: Errors.NONE, baseOffset: 2 })
    log.flush()
    expect(heard).toEqual(['full', 'rolled back to 1', 'relieved'])
    expect(values(readAll(log, turns))).toEqual(['a0', 'd0', 'f0'])
  })

  it('stays refused while there is no room, however often it is tried, and costs one write a second', () => {
    const { small, log, heard } = smallLog()
    append(log, batch('z'))
    small.freeBytes = 0
    log.append(batch('a'), 0, NOW_MS)
    log.flush()
    for (let ms = 0; ms <= 10_000; ms += 100) {
      log.append(batch('b'), 0, NOW_MS + ms)
      log.flush()
    }
    expect(small.refused.filter((path) => path.endsWith('.log'))).toHaveLength(11)
    expect(heard.filter((event) => event === 'full')).toHaveLength(1)
    expect([log.logEndOffset, log.offline]).toEqual([1, null])
  })

  it('is noticed to be possible again by the tick alone', () => {
    const { small, log, inner, heard } = smallLog()
    small.freeBytes = 0
    log.append(batch('a'), 0, NOW_MS)
    log.flush()
    for (const ms of [0, 1000, 2000]) log.tick(NOW_MS + ms)
    expect(log.full).not.toBeNull()
    small.freeBytes = Number.POSITIVE_INFINITY
    log.tick(NOW_MS + 3000)
    expect([log.full, heard.at(-1)]).toEqual([null, 'relieved'])
    expect(inner.listSync(DIRECTORY).filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect(append(log, batch('b'), 0, NOW_MS + 3001)).toBe(0)
  })

  it('is tried again though the clock was set back', () => {
    const { small, log } = smallLog()
    small.freeBytes = 0
    log.append(batch('a'), 0, NOW_MS)
    log.flush()
    small.freeBytes = Number.POSITIVE_INFINITY
    const hourBack = NOW_MS - 3_600_000
    expect(log.append(batch('b'), 0, hourBack).error).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(log.append(batch('c'), 0, hourBack + RETRY_MS).error).toBe(Errors.NONE)
  })

  it('takes the log offline when it cannot be taken back', () => {
    const { small, log, heard } = smallLog()
    append(log, batch('a'))
    small.freeBytes = 20
    small.truncateError = systemError('EIO')
    log.append(batch('b'), 0, NOW_MS)
    expect(log.flush()).toMatchObject({ code: 'LOG_OFFLINE' })
    expect(heard).toEqual(['full', `offline log ${DIRECTORY} is offline: EIO: file`])
    expect(log.full).toBeNull()
  })

  it('leaves a sync that is under way and one that is asked for later to do their work', () => {
    const { small, turns, log } = smallLog()
    append(log, batch('a'))
    const done: (Error | null)[] = []
    log.sync((error) => done.push(error))
    small.freeBytes = 0
    log.append(batch('b'), 0, NOW_MS)
    log.flush()
    log.sync((error) => done.push(error))
    turns.run()
    expect(done).toEqual([null, null])
    expect(log.durableEndOffset).toBe(1)
  })

  it('leaves a restart with what was acknowledged, and the log recovers', () => {
    const { small, turns, log, inner } = smallLog()
    append(log, batch('a', 2))
    syncNow(log, turns)
    small.freeBytes = 30
    log.append(batch('b'), 0, NOW_MS)
    log.flush()
    log.abandon()
    const again = openLog(inner)
    expect(again.recovery).toMatchObject({ tornBytes: 0 })
    expect(values(readAll(again, turns))).toEqual(['a0', 'a1'])
  })
})

describe('what is taken back with a batch', () => {
  const producer = { producerId: 7, producerEpoch: 0 }

  it('producer state: the retry of what was never written is no duplicate, and older batches still are', () => {
    const { small, log } = smallLog()
    for (let i = 0; i < 6; i++) append(log, batch('a', 1, { ...producer, baseSequence: i }))
    small.freeBytes = 0
    for (let i = 6; i < 11; i++) {
      expect(log.append(batch('b', 1, { ...producer, baseSequence: i }), 0, NOW_MS).baseOffset).toBe(i)
    }
    log.append(batch('new', 1, { producerId: 8, producerEpoch: 0, baseSequence: 0 }), 0, NOW_MS)
    log.flush()
    expect(log.producerCount).toBe(1)
    small.freeBytes = Number.POSITIVE_INFINITY
    log.tick(NOW_MS)
    log.tick(NOW_MS + RETRY_MS)
    const gap = log.append(batch('b', 1, { ...producer, baseSequence: 7 }), 0, NOW_MS)
    expect(gap.error).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    for (let i = 1; i < 6; i++) {
      const retried = log.append(batch('a', 1, { ...producer, baseSequence: i }), 0, NOW_MS)
      expect(retried).toMatchObject({ duplicate: true, baseOffset: i })
    }
    const fresh = log.append(batch('b', 1, { ...producer, baseSequence: 6 }), 0, NOW_MS)
    expect(fresh).toMatchObject({ duplicate: false, baseOffset: 6 })
  })

  it('transactions: one that began there is forgotten, so the last stable offset is free', () => {
    const { small, log, turns } = smallLog()
    append(log, batch('a', 2))
    small.freeBytes = 0
    log.append(batch('t', 1, { ...producer, baseSequence: 0, isTransactional: true }), 0, NOW_MS)
    log.flush()
    log.updateHighWatermark(2)
    expect(log.lastStableOffset).toBe(2)
    syncNow(log, turns)
    expect(log.durableEndOffset).toBe(2)
  })

  it('the leader epoch that began with it, and not one that a leader began before it', () => {
    const { small, log, inner } = smallLog()
    append(log, batch('a', 2), 3)
    log.assignEpoch(4, 2)
    small.freeBytes = 400
    log.append(batch('b', 1, { valueBytes: 500 }), 4, NOW_MS)
    log.append(batch('c', 1, { valueBytes: 500 }), 5, NOW_MS)
    expect(log.latestEpoch).toBe(5)
    log.flush()
    expect(log.latestEpoch).toBe(4)
    expect(log.endOffsetForEpoch(4)).toEqual({ epoch: 4, endOffset: 2 })
    small.freeBytes = Number.POSITIVE_INFINITY
    log.tick(NOW_MS)
    log.tick(NOW_MS + RETRY_MS)
    append(log, batch('d'), 4)
    log.abandon()
    expect(inner.readFileSync(`${DIRECTORY}/leader-epoch-checkpoint`).toString()).toBe('0\n2\n3 0\n4 2\n')
  })

  it('index entries: the indexes are those of a log that never saw it', () => {
    const config = { indexIntervalBytes: 100 }
    const { small, log, inner } = smallLog({ config })
    const undisturbed = smallLog({ config })
    const write = (target: typeof log, i: number) => append(target, batch(`v${i}`, 2, { timestamp: NOW_MS + i }))
    for (let i = 0; i < 20; i++) {
      if (i === 10) {
        const { freeBytes } = small
        small.freeBytes = 0
        for (let n = 0; n < 5; n++) log.append(batch('lost', 2, { timestamp: NOW_MS + 1000 }), 0, NOW_MS)
        log.flush()
        small.freeBytes = freeBytes
        log.tick(NOW_MS)
        log.tick(NOW_MS + RETRY_MS)
      }
      write(log, i)
      write(undisturbed.log, i)
    }
    expect(log.offsetOfMaxTimestamp()).toEqual(undisturbed.log.offsetOfMaxTimestamp())
    log.close()
    undisturbed.log.close()
    for (const suffix of ['.log', '.index', '.timeindex']) {
      const path = FIRST_LOG.replace('.log', suffix)
      expect(inner.readFileSync(path).equals(undisturbed.inner.readFileSync(path))).toBe(true)
    }
  })
})

describe('a roll without room', () => {
  const config = { segmentBytes: 300 }

  it('refuses the batch that needed it, keeps those before, and rolls when there is room', () => {
    const { small, turns, log, heard } = smallLog({ config })
    append(log, batch('a', 1, { valueBytes: 60 }))
    const written = 1_000_000
    small.freeBytes = written
    log.append(batch('b', 1, { valueBytes: 60 }), 0, NOW_MS)
    const bytes = 136
    small.freeBytes = bytes
    const refused = log.append(batch('c', 1, { valueBytes: 60 }), 0, NOW_MS)
    expect(refused.error).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(heard).toEqual(['full'])
    expect([log.flushedEndOffset, log.logEndOffset, log.segmentCount]).toEqual([2, 2, 1])
    small.freeBytes = written
    const due = NOW_MS + RETRY_MS
    expect(append(log, batch('d', 1, { valueBytes: 60 }), 0, due)).toBe(2)
    expect([log.segmentCount, log.full]).toEqual([2, null])
    expect(values(readAll(log, turns)).map((value) => value[0])).toEqual(['a', 'b', 'd'])
    log.close()
    expect(openLog(small.disk, { config, cleanShutdown: true }).logEndOffset).toBe(3)
  })

  it('takes back what the flush before it could not write', () => {
    const { small, log, heard } = smallLog({ config })
    append(log, batch('a', 1, { valueBytes: 60 }))
    log.append(batch('b', 1, { valueBytes: 60 }), 0, NOW_MS)
    small.freeBytes = 50
    expect(log.append(batch('c', 1, { valueBytes: 60 }), 0, NOW_MS).error).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(heard).toEqual(['full', 'rolled back to 1'])
    expect(log.hasUnflushed).toBe(false)
  })
})

describe('a full log', () => {
  it('deletes by retention and by DeleteRecords', () => {
    const config = { segmentBytes: 200, retentionBytes: 500, fileDeleteDelayMs: 0 }
    const { small, log, inner } = smallLog({ config })
    for (let i = 0; i < 6; i++) append(log, batch('v', 1, { valueBytes: 90 }))
    small.freeBytes = 0
    log.append(batch('w', 1, { valueBytes: 10 }), 0, NOW_MS)
    log.flush()
    log.updateHighWatermark(6)
    expect(retain(log, NOW_MS)).toBeGreaterThan(0)
    log.deleteRecordsBefore(5)
    expect(retain(log, NOW_MS)).toBeGreaterThan(0)
    log.tick(NOW_MS)
    expect([log.logStartOffset, log.offline]).toEqual([5, null])
    expect(inner.sizeSync(FIRST_LOG)).toBe(-1)
  })

  it('is truncated like any other', () => {
    const { small, turns, log } = smallLog()
    for (const name of ['a', 'b', 'c']) append(log, batch(name))
    small.freeBytes = 0
    log.append(batch('d'), 0, NOW_MS)
    expect(log.truncateTo(1, NOW_MS)).toBeNull()
    expect(values(readAll(log, turns))).toEqual(['a0'])
  })

  it('takes up a new leader epoch, which is on disk before the first batch of it', () => {
    const { small, log, inner } = smallLog()
    append(log, batch('a'), 1)
    small.freeBytes = 0
    log.assignEpoch(2, 1)
    expect([log.offline, log.latestEpoch]).toEqual([null, 2])
    const due = NOW_MS + RETRY_MS
    expect(log.append(batch('b'), 2, due).error).toBe(Errors.KAFKA_STORAGE_ERROR)
    small.freeBytes = Number.POSITIVE_INFINITY
    expect(append(log, batch('c'), 2, due + RETRY_MS)).toBe(1)
    expect(inner.readFileSync(`${DIRECTORY}/leader-epoch-checkpoint`).toString()).toBe('0\n2\n1 0\n2 1\n')
  })

  it('cannot be closed cleanly, says so, and is recovered by the next start', () => {
    const { small, turns, log, inner } = smallLog()
    append(log, batch('a'))
    small.freeBytes = 0
    let settled: Error | null | undefined
    log.settle((error) => {
      settled = error
    })
    turns.run()
    expect(settled).toMatchObject({ code: 'LOG_FULL' })
    expect(log.close()).toMatchObject({ code: 'LOG_FULL' })
    expect(values(readAll(openLog(inner), turns))).toEqual(['a0'])
  })
})

describe('without file descriptors', () => {
  it.each(['EMFILE', 'ENFILE'])('an append is refused and taken back, and the log does not fail (%s)', (code) => {
    const { disk: inner, turns } = memoryDisk()
    const small = new SmallDisk(inner)
    const shared = sharedWith({ maxOpenFiles: 1 })
    const log = openLog(small.disk, { shared, durability: 'page-cache' })
    const other = openLog(small.disk, { shared, durability: 'page-cache', directory: '/data/t-1', partition: 1 })
    append(log, batch('a'))
    append(other, batch('b'))
    small.openError = systemError(code)
    log.append(batch('c'), 0, NOW_MS)
    expect(log.flush()).toMatchObject({ code: 'LOG_FULL' })
    expect([log.offline, log.logEndOffset]).toEqual([null, 1])
    small.openError = null
    const due = NOW_MS + RETRY_MS
    expect(append(log, batch('d'), 0, due)).toBe(1)
    expect(values(readAll(log, turns))).toEqual(['a0', 'd0'])
  })
})
