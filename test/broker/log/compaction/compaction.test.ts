import { describe, expect, it } from 'vitest'
import * as header from '../../../../proto/kafka/batch/header.ts'
import { append, DIRECTORY, FIRST_LOG, freshLog, NOW_MS, openLog, readOnce, retain, syncNow } from '../harness.ts'
import { marker, readCommitted } from '../transactions.ts'
import { at, cleanNow, COMPACTED, dump, FAR_MS, keyed, type Pair, TestCleaner, withSegments } from './harness.ts'

const twoVersions: readonly (readonly Buffer[])[] = [
  [
    keyed([
      ['a', '1'],
      ['b', '1'],
      ['a', '2'],
    ]),
  ],
  [
    keyed(
      [
        ['c', '1'],
        ['b', '2'],
      ],
      at(1),
    ),
  ],
]

describe('compaction of a log', () => {
  it('keeps the last value of each key at its offset, and merges small segments', () => {
    const { log, disk, turns } = withSegments(twoVersions)
    const { cleaned } = cleanNow(log, disk, turns)
    expect(cleaned).toBe(1)
    expect(dump(log, turns)).toEqual(['2:a=2', '3:c=1', '4:b=2', '5:end=x'])
    expect(log.segmentCount).toBe(2)
    expect(log.compaction.cleanedTo).toBe(5)
  })

  it('leaves only proper names behind once the old files are removed', () => {
    const { log, disk, turns } = withSegments(twoVersions)
    cleanNow(log, disk, turns)
    log.tick(NOW_MS + 60_000)
    turns.run()
    expect(disk.listSync(DIRECTORY).filter((name) => /^\d/.test(name))).toEqual([
      '00000000000000000000.index',
      '00000000000000000000.log',
      '00000000000000000000.timeindex',
      '00000000000000000005.log',
      '00000000000000000005.snapshot',
    ])
  })

  it('serves the same after a restart, be it clean or after a crash', () => {
    const { log, disk, turns } = withSegments(twoVersions)
    cleanNow(log, disk, turns)
    const before = dump(log, turns)
    log.abandon()
    const crashed = openLog(disk, { config: COMPACTED })
    expect(dump(crashed, turns)).toEqual(before)
    expect(crashed.close()).toBe(null)
    expect(dump(openLog(disk, { config: COMPACTED, cleanShutdown: true }), turns)).toEqual(before)
  })

  it('never touches the active segment', () => {
    const { log, disk, turns } = freshLog({ config: COMPACTED })
    append(
      log,
      keyed([
        ['a', '1'],
        ['a', '2'],
      ]),
    )
    log.updateHighWatermark(log.logEndOffset)
    expect(cleanNow(log, disk, turns).cleaned).toBe(0)
    expect(dump(log, turns)).toEqual(['0:a=1', '1:a=2'])
  })

  it('never goes past the high watermark', () => {
    const { log, disk, turns } = withSegments(twoVersions)
    log.updateHighWatermark(4)
    cleanNow(log, disk, turns)
    expect(dump(log, turns)).toEqual(['1:b=1', '2:a=2', '3:c=1', '4:b=2', '5:end=x'])
    expect(log.compaction.cleanedTo).toBe(3)
  })

  it('waits for the dirty share to pass min.cleanable.dirty.ratio', () => {
    const { log, disk, turns } = withSegments(twoVersions)
    cleanNow(log, disk, turns)
    append(log, keyed([['a', '3']], { timestamp: FAR_MS + 2000 }))
    log.updateHighWatermark(log.logEndOffset)
    log.updateConfig({ ...log.config, minCleanableDirtyRatio: 0.6 })
    expect(cleanNow(log, disk, turns).cleaned).toBe(0)
    log.updateConfig({ ...log.config, minCleanableDirtyRatio: 0.3 })
    expect(cleanNow(log, disk, turns).cleaned).toBe(1)
  })

  it('does not wait once a record is older than max.compaction.lag.ms', () => {
    const { log, disk, turns } = withSegments(twoVersions, { minCleanableDirtyRatio: 1, maxCompactionLagMs: 5000 })
    expect(cleanNow(log, disk, turns, NOW_MS + 5000).cleaned).toBe(0)
    expect(cleanNow(log, disk, turns, NOW_MS + 5003).cleaned).toBe(1)
  })

  it('leaves records younger than min.compaction.lag.ms alone, and the segments from theirs on', () => {
    const { log, disk, turns } = withSegments(twoVersions, { minCompactionLagMs: 1000 })
    cleanNow(log, disk, turns, NOW_MS + 2500)
    expect(log.compaction.cleanedTo).toBe(3)
    expect(dump(log, turns)).toEqual(['1:b=1', '2:a=2', '3:c=1', '4:b=2', '5:end=x'])
  })

  it('cleans the dirtiest log first', () => {
    const half = withSegments(twoVersions)
    cleanNow(half.log, half.disk, half.turns)
    append(half.log, keyed([['a', '3']], { timestamp: FAR_MS + 2000 }))
    half.log.updateHighWatermark(half.log.logEndOffset)
    const whole = openLog(half.disk, { directory: '/data/t-1', partition: 1, config: COMPACTED })
    for (const [batch] of twoVersions) append(whole, Buffer.from(batch))
    append(whole, keyed([['end', 'x']], { timestamp: FAR_MS }))
    whole.updateHighWatermark(whole.logEndOffset)
    const order: number[] = []
    const test = new TestCleaner(() => [half.log, whole], half.disk, half.turns)
    test.onCleaned = (log) => order.push(log.partition)
    test.cleaner.tick()
    half.turns.run()
    expect(order).toEqual([1, 0])
  })

  it('takes several rounds when the keys do not fit the map', () => {
    const many = (from: number): Pair[] => Array.from({ length: 700 }, (_, i) => [`key-${from + i}`, 'v'])
    const { log, disk, turns } = withSegments([[keyed(many(0))], [keyed(many(350), at(1))], [keyed(many(0), at(2))]])
    // A thousand places, nine tenths of which may be taken.
    const { cleaned, failures } = cleanNow(log, disk, turns, NOW_MS, 24 * 1024)
    expect(failures).toEqual([])
    expect(cleaned).toBeGreaterThan(1)
    const left = dump(log, turns)
    expect(left).toHaveLength(1051)
    expect(left[0]).toBe('1050:key-700=v')
  })

  it('keeps a tombstone for delete.retention.ms after the cleaning that saw it first', () => {
    const { log, disk, turns } = withSegments([[keyed([['a', '1']])], [keyed([['a', null]], at(1))]], {
      deleteRetentionMs: 1000,
    })
    const more = (index: number) => {
      append(log, keyed([['other', 'x']], { timestamp: FAR_MS + index * 2000 }))
      log.updateHighWatermark(log.logEndOffset)
    }
    cleanNow(log, disk, turns, NOW_MS)
    expect(dump(log, turns)).toContain('1:a')
    more(1)
    cleanNow(log, disk, turns, NOW_MS + 999)
    expect(dump(log, turns)).toContain('1:a')
    more(2)
    cleanNow(log, disk, turns, NOW_MS + 1000)
    expect(dump(log, turns)).not.toContain('1:a')
  })

  it('keeps the time of records in a batch with a delete horizon', () => {
    const { log, disk, turns } = withSegments([
      [
        keyed([
          ['a', null],
          ['b', '1'],
        ]),
      ],
    ])
    cleanNow(log, disk, turns)
    expect(log.offsetForTimestamp(NOW_MS + 1)).toMatchObject({ offset: 1, timestamp: NOW_MS + 1 })
  })

  it('keeps the last batch of each producer, so that its next sequence is taken after a restart', () => {
    const producer = { producerId: 9, producerEpoch: 0 }
    const { log, disk, turns } = withSegments([
      [
        keyed(
          [
            ['a', '1'],
            ['b', '1'],
          ],
          { ...producer, baseSequence: 0 },
        ),
      ],
      [
        keyed(
          [
            ['a', '2'],
            ['b', '2'],
          ],
          at(1),
        ),
      ],
    ])
    cleanNow(log, disk, turns)
    expect(dump(log, turns)).toEqual(['2:a=2', '3:b=2', '4:end=x'])
    log.abandon()
    // Without the snapshots only the batches tell.
    for (const name of disk.listSync(DIRECTORY)) {
      if (/snapshot|producers/.test(name)) disk.unlinkSync(`${DIRECTORY}/${name}`)
    }
    const reopened = openLog(disk, { config: COMPACTED })
    expect(reopened.append(keyed([['c', '1']], { ...producer, baseSequence: 5 }), 0, NOW_MS).error).not.toBe(0)
    expect(reopened.append(keyed([['c', '1']], { ...producer, baseSequence: 2 }), 0, NOW_MS).error).toBe(0)
  })

  it('recopies what does not fit one read, and batches larger than that', () => {
    const batches = Array.from({ length: 40 }, (_, i) =>
      keyed([
        [`k${i % 30}`, `${i}:`.padEnd(i === 7 ? 300_000 : 9000, 'x')],
        ['same', String(i)],
      ]),
    )
    const { log, disk, turns } = withSegments([batches], { segmentMs: 999_000 })
    expect(log.segmentCount).toBe(2)
    expect(cleanNow(log, disk, turns).failures).toEqual([])
    const lines = dump(log, turns).map((line) => line.slice(0, 12).replace(/x+$/, ''))
    const left = Array.from({ length: 30 }, (_, n) => `${20 + n * 2}:k${(n + 10) % 30}=${n + 10}:`)
    expect(lines).toEqual([...left, '79:same=39', '80:end='])
  })

  it('finds records by offset and time as before, with indexes that fit', () => {
    const pairs = (n: number): Pair[] => Array.from({ length: 20 }, (_, i) => [`k${i}`, `${n}`.padEnd(100, '.')])
    const { log, disk, turns } = withSegments([1, 2, 3].map((n) => [keyed(pairs(n), at(n))]))
    cleanNow(log, disk, turns)
    expect(dump(log, turns, 45)[0]).toMatch(/^45:k5=3/)
    expect(log.offsetForTimestamp(NOW_MS + 6005)).toMatchObject({ offset: 45 })
    expect(log.offsetForTimestamp(NOW_MS)).toMatchObject({ offset: 40 })
  })

  it('serves readers from one view: what is cached or being read is not mixed with the new indexes', () => {
    const aborted = { producerId: 5, producerEpoch: 0, isTransactional: true, baseSequence: 0 }
    const { log, disk, turns } = withSegments([
      [keyed([['a', 'no']], aborted), marker(5, true), keyed([['a', 'yes']])],
      [keyed([['c', '1']], { ...aborted, ...at(1), baseSequence: 1 }), marker(5, false)],
    ])
    expect(readCommitted(log, turns, 0, 1000).map((seen) => seen.value)).toEqual(['yes', '1', 'x'])
    const late: number[] = []
    const test = new TestCleaner(() => [log], disk, turns)
    test.cleaner.tick()
    for (let n = 0; n < 100 && !disk.listSync(DIRECTORY).some((name) => name.endsWith('.swap')); n++) turns.step()
    log.readAsync(0, log.logEndOffset, 10, true, (_error, read) => late.push(read.bytes))
    turns.run()
    // It began with the old files: it gets nothing, and is done again.
    expect(late).toEqual([0])
    expect(log.abortedTransactions(0, log.lastStableOffset)).toHaveLength(1)
    append(log, keyed([['b', '1']], { timestamp: FAR_MS + 2000 }))
    log.updateHighWatermark(log.logEndOffset)
    cleanNow(log, disk, turns)
    // Its records went with the first cleaning, so that nothing is left to leave out.
    expect(log.abortedTransactions(0, log.lastStableOffset)).toEqual([])
    expect(readCommitted(log, turns, 0, 1000).map((seen) => seen.value)).toEqual(['yes', '1', 'x', '1'])
    expect(header.baseOffset(readOnce(log, turns, 0, 1000).buffers[0], 0)).toBe(1)
  })

  it('deletes by age or size only where cleanup.policy has delete', () => {
    const compactOnly = withSegments(twoVersions, { retentionMs: 1, retentionBytes: 0 })
    expect(retain(compactOnly.log, FAR_MS * 2)).toBe(0)
    compactOnly.log.deleteRecordsBefore(4)
    expect(retain(compactOnly.log, FAR_MS * 2)).toBe(1)
    const both = withSegments(twoVersions, { retentionMs: 1, cleanupPolicy: { compact: true, delete: true } })
    cleanNow(both.log, both.disk, both.turns)
    expect(dump(both.log, both.turns)).toHaveLength(4)
    expect(retain(both.log, FAR_MS * 2)).toBe(2)
  })
})

describe('a compaction that cannot be', () => {
  it('leaves a log alone whose segment is damaged, and the log goes on serving', () => {
    const { log, disk, turns } = withSegments(twoVersions)
    syncNow(log, turns)
    const file = disk.openSync(FIRST_LOG)
    file.writeAtSync(Buffer.from([0xff]), file.size - 3)
    const { failures } = cleanNow(log, disk, turns)
    expect(failures).toHaveLength(1)
    expect(failures[0].message).toContain(`${FIRST_LOG} at byte 0: wrong CRC`)
    expect(log.compaction.failure).toBe(failures[0])
    expect(cleanNow(log, disk, turns)).toMatchObject({ cleaned: 0, failures: [] })
    expect(append(log, keyed([['a', '9']], { timestamp: FAR_MS }))).toBe(6)
    expect(disk.listSync(DIRECTORY).filter((name) => /cleaned|swap/.test(name))).toEqual([])
  })

  it.each(['before the copy', 'in the copy'])('is given up when the log is truncated meanwhile, %s', (when) => {
    const { log, disk, turns } = withSegments(twoVersions)
    const test = new TestCleaner(() => [log], disk, turns)
    test.cleaner.tick()
    const isThere = () => disk.listSync(DIRECTORY).some((name) => name.endsWith('.log.cleaned'))
    for (let i = 0; i < 100 && (when === 'before the copy' ? i < 3 : !isThere()); i++) turns.step()
    expect(log.truncateTo(4, NOW_MS)).toBe(null)
    turns.run()
    expect(test).toMatchObject({ cleaned: 0, abandoned: 1, failures: [] })
    expect(log.offline).toBe(null)
    expect(dump(log, turns)).toEqual(['0:a=1', '1:b=1', '2:a=2'])
    expect(log.compaction.cleanedTo).toBe(-1)
    expect(disk.listSync(DIRECTORY).filter((name) => /cleaned|swap/.test(name))).toEqual([])
  })

  it('is ended at once when the log is truncated while its files are swapped in', () => {
    const { log, disk, turns } = withSegments(twoVersions)
    const test = new TestCleaner(() => [log], disk, turns)
    test.cleaner.tick()
    for (let i = 0; i < 100 && !disk.listSync(DIRECTORY).some((name) => name.endsWith('.swap')); i++) turns.step()
    expect(log.truncateTo(5, NOW_MS)).toBe(null)
    expect(dump(log, turns)).toEqual(['2:a=2', '3:c=1', '4:b=2'])
    turns.run()
    expect(test.failures).toEqual([])
    expect(dump(log, turns)).toEqual(['2:a=2', '3:c=1', '4:b=2'])
  })

  it('is given up when the log is closed meanwhile, and its files are gone at the next start', () => {
    const { log, disk, turns } = withSegments(twoVersions)
    const test = new TestCleaner(() => [log], disk, turns)
    test.cleaner.tick()
    for (let i = 0; i < 4; i++) turns.step()
    log.abandon()
    turns.run()
    expect(test.failures).toEqual([])
    expect(dump(openLog(disk, { config: COMPACTED }), turns)).toHaveLength(6)
    expect(disk.listSync(DIRECTORY).filter((name) => /cleaned|swap/.test(name))).toEqual([])
  })

  it('is given up where less was written than asked for, though the disk says nothing', () => {
    for (const suffix of ['.log.cleaned', '.index.cleaned', '.timeindex.cleaned']) {
      const { log, disk, turns } = withSegments(twoVersions, { indexIntervalBytes: 0 })
      const before = dump(log, turns)
      const short = new Proxy(disk, {
        get: (target, name) => {
          if (name !== 'openSync') return Reflect.get(target, name).bind(target)
          return (path: string, options?: { create?: boolean }) => {
            const file = target.openSync(path, options)
            const append = file.appendSync.bind(file)
            if (path.endsWith(suffix)) file.appendSync = (buffers) => append([buffers[0].subarray(0, -1)])
            return file
          }
        },
      })
      expect(cleanNow(log, short, turns).cleaned).toBe(0)
      expect(dump(log, turns)).toEqual(before)
      expect(disk.listSync(DIRECTORY).filter((name) => /cleaned|swap/.test(name))).toEqual([])
    }
  })

  it('is tried again when there was no room for it', () => {
    const { log, disk, turns } = withSegments(twoVersions)
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    const test = new TestCleaner(() => [log], noRoom(disk, full), turns)
    test.cleaner.tick()
    turns.run()
    expect(test).toMatchObject({ cleaned: 0, abandoned: 1, failures: [] })
    expect(cleanNow(log, disk, turns).cleaned).toBe(1)
  })

  it('begins at the log start when the offset noted does not fit the log any more', () => {
    const { log, disk, turns } = withSegments(twoVersions)
    log.compaction.cleanedTo = 1000
    expect(log.compaction.survey(NOW_MS).firstDirtyOffset).toBe(0)
    cleanNow(log, disk, turns)
    expect(dump(log, turns)).toHaveLength(4)
  })
})

/** The same disk, on which no new file can be made. */
function noRoom(disk: Parameters<typeof openLog>[0], error: Error): typeof disk {
  return new Proxy(disk, {
    get(target, name) {
      if (name !== 'openSync') {
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      }
      return (path: string, options?: { create?: boolean; readOnly?: boolean }) => {
        if (options?.create === true) throw error
        return target.openSync(path, options)
      }
    },
  })
}
