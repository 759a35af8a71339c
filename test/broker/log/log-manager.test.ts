import { describe, expect, it } from 'vitest'
import { defaultLogConfig } from '../../../broker/log/config.ts'
import { DataDirError } from '../../../broker/log/errors.ts'
import { LogManager, type LogManagerOptions } from '../../../broker/log/log-manager.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import { append, batch, memoryDisk, NOW_MS, readAll, sharedWith, syncNow, TOPIC_ID } from './harness.ts'

const CLUSTER_ID = 'nZ8nbaZD0IuXBnWRnr65Ew'
const OTHER_ID = '8PqdSuy_dNMXNknLehjTKA'

function manager(disk: Disk, options: Partial<LogManagerOptions> = {}): LogManager {
  return LogManager.open({
    disk,
    path: '/data',
    nodeId: 1,
    newClusterId: CLUSTER_ID,
    newDirectoryId: OTHER_ID,
    durability: 'fsync',
    shared: sharedWith(),
    ...options,
  })
}

function openLog(logs: LogManager, topic = 'orders', partition = 0, topicId = TOPIC_ID) {
  return logs.openLog(topic, partition, topicId, defaultLogConfig, NOW_MS)
}

function failure(work: () => unknown): DataDirError {
  try {
    work()
  } catch (error) {
    if (error instanceof DataDirError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

function namesAndContents(disk: Disk): string[] {
  return disk
    .listSync('/data')
    .map((name) =>
      disk.listSync(`/data/${name}`).length > 0 ? name : `${name}: ${String(disk.readFileSync(`/data/${name}`))}`,
    )
}

describe('LogManager', () => {
  it('takes a new directory, and finds its ids again', () => {
    const { disk } = memoryDisk()
    const first = manager(disk)
    expect([first.isNew, first.clusterId, first.directoryId, first.cleanShutdown]).toEqual([
      true,
      CLUSTER_ID,
      OTHER_ID,
      false,
    ])
    first.close(17)
    const again = manager(disk, { newClusterId: OTHER_ID, newDirectoryId: CLUSTER_ID })
    expect([again.isNew, again.clusterId, again.directoryId]).toEqual([false, CLUSTER_ID, OTHER_ID])
    expect([again.cleanShutdown, again.previousBrokerEpoch]).toEqual([true, 17])
    openLog(again)
    again.abandon()
    expect(manager(disk).cleanShutdown).toBe(false)
  })

  it('misses the directory of a log that had durable records, but not that of a new one', () => {
    for (const clean of [true, false]) {
      const { disk, turns } = memoryDisk()
      const logs = manager(disk)
      const log = openLog(logs)
      append(log, batch('v', 3))
      syncNow(log, turns)
      logs.tick(NOW_MS)
      if (clean) logs.close(17)
      else logs.abandon()
      disk.removeTreeSync('/data/orders-0')
      const again = manager(disk)
      const reopen = () => again.openLog('orders', 0, TOPIC_ID, defaultLogConfig, NOW_MS, true)
      expect(reopen).toThrow('/data/orders-0: the directory is missing, but offsets up to 2 had been made durable')
      expect(disk.existsSync('/data/orders-0')).toBe(false)
      expect(again.openLog('orders', 1, TOPIC_ID, defaultLogConfig, NOW_MS, true).logEndOffset).toBe(0)
      // A topic of the same name, made anew.
      expect(openLog(again).logEndOffset).toBe(0)
    }
  })

  it('leaves the marker of the clean stop when it is refused before a log was opened', () => {
    const { disk } = memoryDisk()
    const logs = manager(disk)
    append(openLog(logs), batch('v'))
    logs.close(17)
    const before = namesAndContents(disk)
    const refused = manager(disk)
    expect(() => openLog(refused, 'orders', 0, 'AAAAAAAAAAAAAAAAAAAAAQ')).toThrow('partition.metadata: the directory')
    refused.abandon()
    expect(namesAndContents(disk)).toEqual(before)
    expect(manager(disk).cleanShutdown).toBe(true)
  })

  it("reads Kafka's meta.properties", () => {
    const { disk } = memoryDisk()
    const text = `#\n#Sat Nov 21 04:06:02 UTC 2026\nnode.id=0\ndirectory.id=${OTHER_ID}\nversion=1\ncluster.id=${CLUSTER_ID}\n`
    disk.replaceSync('/data/meta.properties', Buffer.from(text))
    expect(manager(disk, { nodeId: 0, newClusterId: 'x' })).toMatchObject({
      clusterId: CLUSTER_ID,
      directoryId: OTHER_ID,
    })
  })

  it.each([
    ['a directory that holds something else', 'FOREIGN', '/data/photos.zip', 'photos.zip', 'x'],
    [
      'the directory of another node',
      'FOREIGN',
      '/data/meta.properties',
      'meta.properties',
      `version=1\nnode.id=7\ncluster.id=a\ndirectory.id=b\n`,
    ],
    [
      'a newer version',
      'NEWER_FORMAT',
      '/data/meta.properties',
      'meta.properties',
      `version=2\nnode.id=1\ncluster.id=a\ndirectory.id=b\n`,
    ],
    ["Apache Kafka's directory", 'FOREIGN', '/data/bootstrap.checkpoint', 'bootstrap.checkpoint', 'x'],
    ['a damaged file', 'DAMAGED', '/data/meta.properties', 'meta.properties', `version=1\nnode.id=one\n`],
  ])('refuses %s with the name of the file, and changes nothing', (_name, code, path, file, content) => {
    const { disk } = memoryDisk()
    disk.replaceSync(`/data/${file}`, Buffer.from(content))
    const before = namesAndContents(disk)
    const error = failure(() => manager(disk))
    expect([error.code, error.path]).toEqual([code, path])
    expect(error.message).toContain('/data')
    expect(namesAndContents(disk)).toEqual(before)
  })

  it('refuses a directory that is held, and takes it once it is given back', () => {
    const { disk } = memoryDisk()
    const first = manager(disk)
    expect(failure(() => manager(disk)).code).toBe('LOCKED')
    first.abandon()
    expect(manager(disk).isNew).toBe(false)
  })

  it('refuses an unwritable directory in one line', () => {
    const { disk } = memoryDisk()
    const readOnly = new Proxy(disk as Disk, {
      get(target, name) {
        if (name === 'mkdirSync' || name === 'lockSync') {
          return () => {
            throw Object.assign(new Error("EACCES: permission denied, mkdir '/data'"), { code: 'EACCES' })
          }
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    const error = failure(() => manager(readOnly))
    expect([error.code, error.message]).toEqual([
      'UNWRITABLE',
      "cannot write to /data: EACCES: permission denied, mkdir '/data'",
    ])
  })

  it('brings every log back after a clean stop, with its high watermark and start', () => {
    const { disk, turns } = memoryDisk()
    const logs = manager(disk)
    for (let partition = 0; partition < 3; partition++) {
      const log = openLog(logs, 'a-b.c_d', partition)
      for (let i = 0; i <= partition; i++) append(log, batch(`p${partition}-`, 4))
      log.updateHighWatermark(log.logEndOffset)
      log.deleteRecordsBefore(partition)
    }
    logs.close(5)
    const again = manager(disk)
    expect(again.cleanShutdown).toBe(true)
    expect(again.listPartitions()).toEqual(
      [0, 1, 2].map((partition) => ({ topic: 'a-b.c_d', partition, topicId: TOPIC_ID })),
    )
    for (let partition = 0; partition < 3; partition++) {
      const log = openLog(again, 'a-b.c_d', partition)
      expect([log.logStartOffset, log.highWatermark, log.logEndOffset]).toEqual([
        partition,
        (partition + 1) * 4,
        (partition + 1) * 4,
      ])
      expect(readAll(log, turns)).toHaveLength((partition + 1) * 4 - partition)
    }
    expect(again.listPartitions()).toEqual([])
    expect([...again.logs()]).toHaveLength(3)
  })

  it('checkpoints high watermark, recovery point and start on each tick that changes them', () => {
    const { disk, turns } = memoryDisk()
    const logs = manager(disk)
    const log = openLog(logs)
    append(log, batch('v', 6))
    syncNow(log, turns)
    log.updateHighWatermark(5)
    log.deleteRecordsBefore(2)
    logs.tick(NOW_MS)
    const text = (name: string) => String(disk.readFileSync(`/data/${name}`))
    expect(text('recovery-point-offset-checkpoint')).toBe('0\n1\norders 0 6\n')
    expect(text('replication-offset-checkpoint')).toBe('0\n1\norders 0 5\n')
    expect(text('log-start-offset-checkpoint')).toBe('0\n1\norders 0 2\n')
    logs.abandon()
    const again = manager(disk)
    expect(openLog(again)).toMatchObject({ logStartOffset: 2, highWatermark: 5, logEndOffset: 6 })
  })

  it('keeps the checkpoints of logs that are not opened', () => {
    const { disk } = memoryDisk()
    const logs = manager(disk)
    const log = openLog(logs)
    append(log, batch('v', 6))
    log.updateHighWatermark(6)
    log.deleteRecordsBefore(3)
    logs.close(1)
    manager(disk).close(2)
    expect(openLog(manager(disk)).logStartOffset).toBe(3)
  })

  it('deletes a log at once for its users and after the delay on disk, also over a restart', () => {
    const { disk, turns } = memoryDisk()
    const logs = manager(disk)
    append(openLog(logs), batch('old', 3))
    logs.deleteLog('orders', 0, NOW_MS)
    expect(logs.get('orders', 0)).toBeUndefined()
    expect(disk.listSync('/data').filter((name) => name.startsWith('orders'))).toEqual(['orders-0.0-delete'])
    logs.tick(NOW_MS + 1000)
    turns.run()
    expect(disk.existsSync('/data/orders-0.0-delete')).toBe(true)
    const again = openLog(logs, 'orders', 0, CLUSTER_ID)
    expect([again.logEndOffset, again.logStartOffset]).toEqual([0, 0])
    append(again, batch('new'))
    logs.abandon()
    const restarted = manager(disk)
    restarted.tick(NOW_MS + 2000)
    turns.run()
    expect(disk.existsSync('/data/orders-0.0-delete')).toBe(false)
    expect(openLog(restarted, 'orders', 0, CLUSTER_ID).logEndOffset).toBe(1)
  })

  it('does not measure a re-created topic by the offsets of the old one', () => {
    const { disk, turns } = memoryDisk()
    const logs = manager(disk)
    const old = openLog(logs)
    append(old, batch('old', 50))
    syncNow(old, turns)
    old.updateHighWatermark(50)
    old.deleteRecordsBefore(20)
    logs.tick(NOW_MS)
    logs.deleteLog('orders', 0, NOW_MS)
    logs.abandon()
    const again = manager(disk)
    expect(openLog(again, 'orders', 0, CLUSTER_ID)).toMatchObject({
      logStartOffset: 0,
      logEndOffset: 0,
      highWatermark: 0,
    })
    again.abandon()
    expect(openLog(manager(disk), 'orders', 0, CLUSTER_ID)).toMatchObject({ logStartOffset: 0, logEndOffset: 0 })
  })

  it('sets a stranger aside, each time under a name of its own', () => {
    const { disk } = memoryDisk()
    const logs = manager(disk)
    for (let i = 0; i < 2; i++) {
      disk.mkdirSync('/data/ghost-3')
      disk.replaceSync('/data/ghost-3/partition.metadata', Buffer.from('garbage'))
      expect(logs.listPartitions()).toEqual([{ topic: 'ghost', partition: 3, topicId: null }])
      logs.setAside('ghost', 3)
    }
    expect(disk.listSync('/data').filter((name) => name.startsWith('ghost'))).toEqual([
      'ghost-3.0-stray',
      'ghost-3.1-stray',
    ])
    expect(logs.listPartitions()).toEqual([])
  })

  it('leaves no marker of a clean stop when a log could not be closed cleanly', () => {
    const { disk } = memoryDisk()
    const failing = new Proxy(disk as Disk, {
      get(target, name) {
        if (name === 'replaceSync') {
          return (path: string, data: Buffer, options?: { sync?: boolean }) => {
            if (path.endsWith('.snapshot'))
              throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
            target.replaceSync(path, data, options)
          }
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    const logs = manager(failing)
    append(openLog(logs), batch('v'))
    logs.close(1)
    const again = manager(disk)
    expect(again.cleanShutdown).toBe(false)
    expect(openLog(again).logEndOffset).toBe(1)
  })

  it('leaves none either where a log that a crash left is still to be recovered, as when it was refused', () => {
    const { disk, turns } = memoryDisk()
    const crashed = manager(disk)
    const log = openLog(crashed, 'refused')
    append(log, batch('a', 3))
    syncNow(log, turns)
    append(log, batch('b', 3))
    crashed.abandon()
    const other = manager(disk)
    openLog(other, 'other')
    expect(other.close(-1)).toBeNull()
    expect(manager(disk).cleanShutdown).toBe(false)
  })

  it('leaves one where a log that was stopped cleanly has not been opened since', () => {
    const { disk } = memoryDisk()
    const first = manager(disk)
    openLog(first, 'one')
    openLog(first, 'two')
    expect(first.close(-1)).toBeNull()
    const second = manager(disk)
    openLog(second, 'two')
    expect(second.close(-1)).toBeNull()
    expect(manager(disk).cleanShutdown).toBe(true)
  })

  it('finds what is durable after a truncation that took the batch which the log start lay in', () => {
    const { disk, turns } = memoryDisk()
    const logs = manager(disk)
    const log = openLog(logs)
    append(log, batch('a', 3))
    append(log, batch('b', 5))
    syncNow(log, turns)
    log.updateHighWatermark(8)
    log.deleteRecordsBefore(5)
    logs.tick(NOW_MS)
    expect(log.truncateTo(5, NOW_MS)).toBeNull()
    expect([log.logStartOffset, append(log, batch('c'))]).toEqual([3, 3])
    syncNow(log, turns)
    logs.abandon()
    const again = openLog(manager(disk))
    expect([again.logStartOffset, again.logEndOffset]).toEqual([3, 4])
    expect(readAll(again, turns).map(({ value }) => String(value))).toEqual(['c0'])
  })

  it('finds what is durable in a log that was started over', () => {
    const { disk, turns } = memoryDisk()
    const logs = manager(disk)
    const log = openLog(logs)
    append(log, batch('a', 3))
    syncNow(log, turns)
    logs.tick(NOW_MS)
    expect(log.startOverAt(20, NOW_MS)).toBeNull()
    expect(append(log, batch('c'))).toBe(20)
    syncNow(log, turns)
    logs.abandon()
    const again = openLog(manager(disk))
    expect([again.logStartOffset, again.logEndOffset]).toEqual([20, 21])
  })

  it('applies retention to all of its logs', () => {
    const { disk } = memoryDisk()
    const logs = manager(disk)
    const config = { ...defaultLogConfig, segmentBytes: 300, retentionBytes: 300 }
    for (let partition = 0; partition < 2; partition++) {
      const log = logs.openLog('orders', partition, TOPIC_ID, config, NOW_MS)
      for (let i = 0; i < 10; i++) append(log, batch('v', 2))
      log.updateHighWatermark(20)
    }
    expect(logs.applyRetention(NOW_MS)).toBeGreaterThan(3)
    for (const log of logs.logs()) expect(log.logStartOffset).toBeGreaterThan(0)
  })
})
