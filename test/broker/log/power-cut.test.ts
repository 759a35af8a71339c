/** What a power cut may take: names and bytes that no sync has covered, and nothing else. */
import { describe, expect, it } from 'vitest'
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
  FIRST_LOG,
  memoryDisk,
  NOW_MS,
  openLog,
  sharedWith,
  syncNow,
  TOPIC_ID,
  Turns,
} from './harness.ts'

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
