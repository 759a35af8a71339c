/** A data directory without room: retention goes on, and a stop is a stop. */
import { describe, expect, it } from 'vitest'
import { defaultLogConfig } from '../../../broker/log/config.ts'
import { LogManager } from '../../../broker/log/log-manager.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import { append, batch, NOW_MS, sharedWith, TOPIC_ID, Turns } from './harness.ts'
import { SmallDisk } from './small-disk.ts'

const config = { ...defaultLogConfig, segmentBytes: 200, retentionBytes: 400, fileDeleteDelayMs: 0 }

function open(disk: Disk): LogManager {
  return LogManager.open({
    disk,
    path: '/data',
    nodeId: 1,
    newClusterId: 'cluster-of-this-test--',
    newDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAg',
    durability: 'fsync',
    shared: sharedWith(),
  })
}

function fullManager() {
  const turns = new Turns()
  const inner = new MemoryDisk(turns.defer)
  const small = new SmallDisk(inner)
  const logs = open(small.disk)
  const log = logs.openLog('t', 0, TOPIC_ID, config, NOW_MS)
  for (let i = 0; i < 6; i++) append(log, batch('v', 1, { valueBytes: 90 }))
  log.updateHighWatermark(6)
  return { turns, inner, small, logs, log }
}

describe('a full data directory', () => {
  it('goes on deleting: the log start is noted in the place of a checkpoint that can be done without', () => {
    const { small, logs, log, inner, turns } = fullManager()
    logs.tick(NOW_MS)
    const highWatermarks = '/data/replication-offset-checkpoint'
    const unlink = inner.unlinkSync.bind(inner)
    small.freeBytes = 0
    inner.unlinkSync = (path) => {
      if (path === highWatermarks) small.freeBytes = 100
      unlink(path)
    }
    expect(logs.applyRetention(NOW_MS)).toBeGreaterThan(0)
    expect(inner.readFileSync('/data/log-start-offset-checkpoint').toString()).toContain(`t 0 ${log.logStartOffset}`)
    expect(log.logStartOffset).toBeGreaterThan(0)
    small.freeBytes = Number.POSITIVE_INFINITY
    logs.tick(NOW_MS)
    turns.run()
    expect(inner.readFileSync(highWatermarks).toString()).toContain('t 0 6')
  })

  it('deletes nothing whose deletion cannot be noted, and does later', () => {
    const { small, logs, log } = fullManager()
    logs.tick(NOW_MS)
    small.freeBytes = 0
    const segments = log.segmentCount
    expect(() => logs.applyRetention(NOW_MS)).toThrow(/ENOSPC/)
    expect(log.segmentCount).toBe(segments)
    expect(() => logs.applyRetention(NOW_MS)).toThrow(/ENOSPC/)
    expect(log.segmentCount).toBe(segments)
    small.freeBytes = Number.POSITIVE_INFINITY
    expect(logs.applyRetention(NOW_MS)).toBeGreaterThan(0)
  })

  it('is stopped and given back, uncleanly, and opens again with everything', () => {
    const { small, logs, log, inner } = fullManager()
    small.freeBytes = 0
    expect(logs.close(1)).toMatchObject({ code: 'LOG_FULL' })
    small.freeBytes = Number.POSITIVE_INFINITY
    const again = open(inner)
    expect(again.cleanShutdown).toBe(false)
    expect(again.openLog('t', 0, TOPIC_ID, config, NOW_MS).logEndOffset).toBe(log.logEndOffset)
  })
})
