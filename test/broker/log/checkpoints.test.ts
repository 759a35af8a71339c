import { describe, expect, it } from 'vitest'
import { Checkpoints } from '../../../broker/log/checkpoints.ts'
import { defaultLogConfig } from '../../../broker/log/config.ts'
import { LogManager } from '../../../broker/log/log-manager.ts'
import { LOG_RETENTION_SLICE } from '../../../broker/limits.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import { append, batch, memoryDisk, NOW_MS, sharedWith, syncNow, TOPIC_ID } from './harness.ts'

/** Names of the files written whole from now on. */
function replacedIn(disk: MemoryDisk): string[] {
  const names: string[] = []
  const replace = disk.replaceSync.bind(disk)
  disk.replaceSync = (path, ...rest) => {
    names.push(path.slice(path.lastIndexOf('/') + 1))
    replace(path, ...rest)
  }
  return names
}

function openManager(disk: MemoryDisk): LogManager {
  return LogManager.open({
    disk,
    path: '/data',
    nodeId: 1,
    newClusterId: 'nZ8nbaZD0IuXBnWRnr65Ew',
    newDirectoryId: '8PqdSuy_dNMXNknLehjTKA',
    durability: 'fsync',
    shared: sharedWith({ maxOpenFiles: 1024 }),
  })
}

describe('checkpoints', () => {
  it('writes a file only when an offset in it has changed', () => {
    const { disk, turns } = memoryDisk()
    const logs = openManager(disk)
    const log = logs.openLog('orders', 0, TOPIC_ID, defaultLogConfig, NOW_MS)
    logs.openLog('orders', 1, TOPIC_ID, defaultLogConfig, NOW_MS)
    logs.tick(NOW_MS)
    const written = replacedIn(disk)
    logs.tick(NOW_MS)
    logs.applyRetention(NOW_MS)
    expect(written).toEqual([])
    append(log, batch('v', 6))
    syncNow(log, turns)
    written.length = 0
    logs.tick(NOW_MS)
    expect(written).toEqual(['recovery-point-offset-checkpoint'])
    log.updateHighWatermark(6)
    logs.tick(NOW_MS)
    expect(written.slice(1)).toEqual(['replication-offset-checkpoint'])
    log.compaction.cleanedTo = 3
    log.deleteRecordsBefore(2)
    written.length = 0
    logs.tick(NOW_MS)
    expect(written.sort()).toEqual(['cleaner-offset-checkpoint', 'log-start-offset-checkpoint'])
  })

  it('syncs nothing while the broker runs for logs that begin at 0, and leaves their starts behind at a clean stop', () => {
    const { disk } = memoryDisk()
    const logs = openManager(disk)
    logs.openLog('orders', 0, TOPIC_ID, defaultLogConfig, NOW_MS)
    const written = replacedIn(disk)
    logs.tick(NOW_MS)
    logs.applyRetention(NOW_MS)
    expect(written).not.toContain('log-start-offset-checkpoint')
    expect(logs.close(1)).toBeNull()
    expect(disk.readFileSync('/data/log-start-offset-checkpoint').toString()).toBe('0\n1\norders 0 0\n')
  })

  it('tries again after a write that failed', () => {
    const { disk } = memoryDisk()
    const checkpoints = new Checkpoints({ disk, path: '/data', mustExist: () => false })
    checkpoints.note('orders-0', 7, 1, 5, -1)
    const replace = disk.replaceSync.bind(disk)
    disk.replaceSync = () => {
      throw new Error('EIO')
    }
    expect(() => checkpoints.write()).toThrow('EIO')
    disk.replaceSync = replace
    checkpoints.write()
    const again = new Checkpoints({ disk, path: '/data', mustExist: () => true })
    expect(again.of('orders-0')).toEqual({ recoveryPoint: 7, logStartOffset: 1, highWatermark: 5, cleanedTo: -1 })
    expect(again.damaged).toEqual([])
  })

  it('applies retention to thousands of logs in slices, each with its starts noted before files go', () => {
    const { disk } = memoryDisk()
    const logs = openManager(disk)
    const config = { ...defaultLogConfig, segmentBytes: 200, retentionBytes: 200 }
    const count = LOG_RETENTION_SLICE + 1
    for (let partition = 0; partition < count; partition++) {
      const log = logs.openLog('orders', partition, TOPIC_ID, config, NOW_MS)
      for (let i = 0; i < 8; i++) append(log, batch('v', 2))
      log.updateHighWatermark(16)
    }
    logs.tick(NOW_MS)
    const written = replacedIn(disk)
    const starts = () => [...logs.logs()].filter((log) => log.logStartOffset > 0).length
    const slices = logs.retentionSlices(NOW_MS)
    expect(slices.next().value).toBeGreaterThanOrEqual(LOG_RETENTION_SLICE)
    expect(starts()).toBe(LOG_RETENTION_SLICE)
    expect(written).toContain('log-start-offset-checkpoint')
    // Logs may go between two slices.
    logs.deleteLog('orders', 0, NOW_MS)
    expect(slices.next().value).toBeGreaterThan(0)
    expect(slices.next().done).toBe(true)
    expect(starts()).toBe(count - 1)
  })
})
