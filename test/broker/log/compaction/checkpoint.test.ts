import { describe, expect, it } from 'vitest'
import { defaultLogConfig } from '../../../../broker/log/config.ts'
import { LogManager } from '../../../../broker/log/log-manager.ts'
import type { Disk } from '../../../../broker/ports/disk.ts'
import { append, memoryDisk, NOW_MS, sharedWith, TOPIC_ID } from '../harness.ts'
import { cleanNow, COMPACTED, dump, keyed } from './harness.ts'

const FILE = '/data/cleaner-offset-checkpoint'
const config = { ...defaultLogConfig, ...COMPACTED }

function manager(disk: Disk): LogManager {
  return LogManager.open({
    disk,
    path: '/data',
    nodeId: 1,
    newClusterId: 'nZ8nbaZD0IuXBnWRnr65Ew',
    newDirectoryId: '8PqdSuy_dNMXNknLehjTKA',
    durability: 'fsync',
    shared: sharedWith(),
  })
}

function cleanedLog() {
  const { disk, turns } = memoryDisk()
  const logs = manager(disk)
  const log = logs.openLog('t', 0, TOPIC_ID, config, NOW_MS)
  append(
    log,
    keyed([
      ['a', '1'],
      ['a', '2'],
    ]),
  )
  append(log, keyed([['b', '1']], { timestamp: NOW_MS + 5000 }))
  log.updateHighWatermark(log.logEndOffset)
  expect(cleanNow(log, disk, turns).cleaned).toBe(1)
  return { disk, turns, logs, log }
}

describe('cleaner-offset-checkpoint', () => {
  it('is written as Kafka writes it, and what is clean stays so over a restart', () => {
    const { disk, turns, logs } = cleanedLog()
    logs.close(1)
    expect(disk.readFileSync(FILE).toString('latin1')).toBe('0\n1\nt 0 2\n')
    const log = manager(disk).openLog('t', 0, TOPIC_ID, config, NOW_MS)
    log.updateHighWatermark(log.logEndOffset)
    expect(log.compaction.cleanedTo).toBe(2)
    expect(cleanNow(log, disk, turns).cleaned).toBe(0)
    expect(dump(log, turns)).toEqual(['1:a=2', '2:b=1'])
  })

  it('forgets a log that is deleted: another of that name begins dirty', () => {
    const { disk, turns, logs } = cleanedLog()
    logs.tick(NOW_MS)
    logs.deleteLog('t', 0, NOW_MS)
    expect(logs.openLog('t', 0, TOPIC_ID, config, NOW_MS).compaction.cleanedTo).toBe(-1)
    turns.run()
    expect(disk.existsSync(FILE)).toBe(true)
  })

  it('goes back with a truncation: what is appended instead is dirty', () => {
    const { logs, log } = cleanedLog()
    expect(log.truncateTo(1, NOW_MS)).toBe(null)
    expect(log.compaction.cleanedTo).toBeLessThanOrEqual(log.logEndOffset)
    logs.close(1)
  })
})
