/** What a power cut may take: names and bytes that no sync has covered, and nothing else. */
import { describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import { defaultLogConfig } from '../../../broker/log/config.ts'
import { LogCorruptError } from '../../../broker/log/errors.ts'
import { LogManager } from '../../../broker/log/log-manager.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import {
  append,
  batch,
  cutFile,
  DIRECTORY,
  DURABLE_MARK,
  FIRST_LOG,
  freshLog,
  memoryDisk,
  NOW_MS,
  openLog,
  sharedWith,
  syncNow,
  TOPIC_ID,
  Turns,
} from './harness.ts'
import { PowerCutDisk } from './power-cut-disk.ts'

/** The disk, and the calls that make names or small files durable, in order. */
function watched(inner: MemoryDisk): { disk: Disk; calls: string[] } {
  const calls: string[] = []
  for (const name of ['syncDirectorySync', 'unlinkSync'] as const) {
    const call = inner[name].bind(inner)
    inner[name] = (path: string) => {
      calls.push(`${name} ${path}`)
      call(path)
    }
  }
  const replace = inner.replaceSync.bind(inner)
  inner.replaceSync = (path, ...rest) => {
    calls.push(`replaceSync ${path}`)
    replace(path, ...rest)
  }
  return { disk: inner, calls }
}

/** Directories whose names have been made durable off the event loop. */
function watchedDirectorySyncs(disk: MemoryDisk): string[] {
  const synced: string[] = []
  const sync = disk.syncDirectory.bind(disk)
  disk.syncDirectory = (path, done) => {
    synced.push(path)
    sync(path, done)
  }
  return synced
}

function openManager(disk: Disk, path = '/data'): LogManager {
  return LogManager.open({
    disk,
    path,
    nodeId: 1,
    newClusterId: 'nZ8nbaZD0IuXBnWRnr65Ew',
    newDirectoryId: '8PqdSuy_dNMXNknLehjTKA',
    durability: 'fsync',
    shared: sharedWith(),
  })
}

describe('what a power cut must not undo', () => {
  it('a truncation: the name of the mark that it lowered is made durable with it', () => {
    const { disk, turns } = memoryDisk()
    const { calls } = watched(disk)
    const log = openLog(disk)
    append(log, batch('a', 4))
    append(log, batch('b', 4))
    syncNow(log, turns)
    calls.length = 0
    expect(log.truncateTo(4, NOW_MS)).toBeNull()
    expect(calls).toContain(`syncDirectorySync ${DIRECTORY}`)
  })

  it('the first sync of a log: the name of its mark is durable with it, and a later one has nothing left to do', () => {
    const { disk, turns } = memoryDisk()
    const cut = new PowerCutDisk(disk)
    const log = openLog(cut.disk)
    append(log, batch('a'))
    syncNow(log, turns)
    let done = false
    log.sync(() => {
      done = true
    })
    expect(done).toBe(true)
    // Takes every name that no sync has covered.
    const after = cut.afterPowerCut(() => 0, turns.defer)
    expect(after.existsSync(DURABLE_MARK)).toBe(true)
    expect(openLog(after).logEndOffset).toBe(1)
  })

  it('the making of the data directory: its name is durable before meta.properties is there', () => {
    const { disk, calls } = watched(new MemoryDisk(new Turns().defer))
    disk.mkdirSync('/srv')
    openManager(disk, '/srv/data')
    expect(calls[0]).toBe('syncDirectorySync /srv')
    expect(calls).toContain('replaceSync /srv/data/meta.properties')
  })

  it('the removal of the clean-shutdown marker, also when the start that removed it was killed', () => {
    const { disk } = memoryDisk()
    const first = openManager(disk)
    first.openLog('t', 0, TOPIC_ID, defaultLogConfig, NOW_MS)
    first.abandon()
    const { calls } = watched(disk)
    openManager(disk).openLog('t', 0, TOPIC_ID, defaultLogConfig, NOW_MS)
    expect(calls).toContain('syncDirectorySync /data')
  })

  it('the checkpoints of a clean stop', () => {
    const { disk, turns } = memoryDisk()
    const logs = openManager(disk)
    const log = logs.openLog('t', 0, TOPIC_ID, defaultLogConfig, NOW_MS)
    append(log, batch('a', 4))
    syncNow(log, turns)
    logs.tick(NOW_MS)
    const synced: string[] = []
    const open = disk.openSync.bind(disk)
    disk.openSync = (path, options) => {
      const file = open(path, options)
      const datasync = file.datasyncSync.bind(file)
      file.datasyncSync = () => {
        synced.push(path)
        datasync()
      }
      return file
    }
    expect(logs.close(-1)).toBeNull()
    expect(synced).toContain('/data/recovery-point-offset-checkpoint')
  })
})

describe('a producer snapshot that a power cut has brought back', () => {
  const config = { segmentBytes: 250 }
  const from = (producerId: number, baseSequence: number) => ({ producerId, producerEpoch: 0, baseSequence })

  /** What another history had written at offset 4. */
  function snapshotOfOtherHistory(): Map<string, Buffer> {
    const { disk, log } = freshLog({ config })
    append(log, batch('a', 4, from(2, 0)))
    append(log, batch('a', 4, { ...from(2, 4), valueBytes: 30 }))
    const names = disk.listSync(DIRECTORY).filter((name) => /^0+4\.(snapshot|producers)$/.test(name))
    expect(names).toHaveLength(2)
    return new Map(names.map((name) => [`${DIRECTORY}/${name}`, disk.readFileSync(`${DIRECTORY}/${name}`)]))
  }

  it('is not taken for the state of the batches that are there now, also after a truncation', () => {
    const { disk, turns, log } = freshLog({ config })
    append(log, batch('b', 4, from(1, 0)))
    syncNow(log, turns)
    append(log, batch('b', 4, { ...from(1, 4), valueBytes: 30 }))
    log.abandon()
    for (const [path, data] of snapshotOfOtherHistory()) disk.replaceSync(path, data)
    const again = openLog(disk, { config })
    expect(again.logEndOffset).toBe(8)
    expect(again.truncateTo(4, NOW_MS)).toBeNull()
    expect(again.append(batch('b', 1, from(1, 25)), 0, NOW_MS).error).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(again.append(batch('b', 1, from(1, 4)), 0, NOW_MS).error).toBe(0)
  })

  it('cannot come back once the next sync has covered its removal by a start', () => {
    const { disk, turns, log } = freshLog({ config })
    append(log, batch('b', 4, from(1, 0)))
    syncNow(log, turns)
    log.abandon()
    for (const [path, data] of snapshotOfOtherHistory()) disk.replaceSync(path, data)
    const synced = watchedDirectorySyncs(disk)
    syncNow(openLog(disk, { config }), turns)
    expect(synced).toContain(DIRECTORY)
  })

  it('cannot come back where it lies above the end of the log', () => {
    const { disk, turns, log } = freshLog({ config })
    append(log, batch('b', 2, from(1, 0)))
    syncNow(log, turns)
    log.abandon()
    for (const [path, data] of snapshotOfOtherHistory()) disk.replaceSync(path, data)
    const synced = watchedDirectorySyncs(disk)
    syncNow(openLog(disk, { config }), turns)
    expect(disk.listSync(DIRECTORY).filter((name) => name.endsWith('.producers'))).toEqual([])
    expect(synced).toContain(DIRECTORY)
  })

  it('cannot come back either once the next sync has covered its removal by a truncation', () => {
    const { disk, turns, log } = freshLog()
    append(log, batch('b', 4, from(1, 0)))
    append(log, batch('b', 4, from(1, 4)))
    expect(log.close()).toBeNull()
    const again = openLog(disk, { cleanShutdown: true })
    expect(again.truncateTo(4, NOW_MS)).toBeNull()
    const synced = watchedDirectorySyncs(disk)
    syncNow(again, turns)
    expect(synced).toContain(DIRECTORY)
  })
})

describe('a log that is refused', () => {
  it('gives back the files that were opened to judge it', () => {
    const { disk, turns } = memoryDisk()
    const log = openLog(disk)
    append(log, batch('a', 4))
    syncNow(log, turns)
    log.abandon()
    cutFile(disk, FIRST_LOG, 10)
    const shared = sharedWith()
    expect(() => openLog(disk, { shared })).toThrow(LogCorruptError)
    expect(shared.files.openCount).toBe(0)
  })
})

describe('a batch whose header was damaged', () => {
  it('is reported to its reader when it claims to reach beyond the log, instead of an empty answer', () => {
    const { disk } = memoryDisk()
    const log = openLog(disk)
    for (const name of ['a', 'b', 'c']) append(log, batch(name, 2))
    expect(log.close()).toBeNull()
    const lastOffsetDelta = 23
    disk.openSync(FIRST_LOG).writeAtSync(Buffer.from([0, 1, 0, 0]), lastOffsetDelta)
    const again = openLog(disk, { cleanShutdown: true })
    expect(() => again.read(2, 6, 1000, true)).toThrow(/beyond offset 6/)
  })
})
