/** One write per log and turn, one sync per log at a time, and what becomes of them when the disk fails. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import { SyncScheduler } from '../../../broker/log/sync-scheduler.ts'
import { NodeDisk } from '../../../broker/ports/node-disk.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import {
  append,
  batch,
  DIRECTORY,
  memoryDisk,
  NOW_MS,
  openLog,
  readAll,
  sharedWith,
  syncNow,
  values,
} from './harness.ts'
import { SmallDisk, systemError } from './small-disk.ts'

function faultyLog(options: Parameters<typeof openLog>[1] = {}) {
  const { disk, turns } = memoryDisk()
  const faults = new FaultDisk(disk)
  const log = openLog(faults.disk, options)
  return { faults, turns, log, disk }
}

describe('the writes of a turn', () => {
  it('are one writev for all batches of a log, and one fdatasync for all of its turns meanwhile', () => {
    const { faults, turns, log } = faultyLog()
    append(log, batch('first'))
    syncNow(log, turns)
    faults.appends.length = 0
    faults.synced.length = 0
    faults.holdSyncs = true
    let done = 0
    for (let turn = 0; turn < 20; turn++) {
      for (let i = 0; i < 50; i++) log.append(batch(`v${i}`, 1, { valueBytes: 5000 }), 0, NOW_MS)
      log.flush()
      log.sync(() => done++)
    }
    expect(faults.appends).toHaveLength(20)
    expect(faults.synced).toHaveLength(1)
    for (let round = 0; round < 2; round++) {
      faults.releaseSyncs()
      turns.run()
    }
    expect([done, faults.synced.length, log.durableEndOffset]).toEqual([20, 2, 1001])
  })

  it('are none for a turn that appended nothing', () => {
    const { faults, log } = faultyLog()
    append(log, batch('a'))
    log.flush()
    expect(faults.appends).toHaveLength(1)
  })
})

describe('a real disk', () => {
  const directories: string[] = []
  afterEach(() => {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
  })
  const scratch = () => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-append-'))
    directories.push(directory)
    return directory
  }

  it('takes more buffers than one writev of the system has room for (IOV_MAX is 1024)', () => {
    const path = join(scratch(), 'many')
    const file = new NodeDisk().openSync(path, { create: true })
    const buffers = Array.from({ length: 3000 }, (_, i) => Buffer.from(`${i},`))
    file.appendSync(buffers)
    const whole = Buffer.concat(buffers)
    const read = Buffer.alloc(whole.length + 1)
    expect(file.readSync(read, 0, read.length, 0)).toBe(whole.length)
    expect(read.subarray(0, whole.length).equals(whole)).toBe(true)
    expect(file.size).toBe(whole.length)
    file.closeSync()
  })

  it('names the file in the error of a write or sync, and leaves no half-written replacement', () => {
    const directory = scratch()
    const disk = new NodeDisk()
    const path = join(directory, 'file')
    writeFileSync(path, 'old')
    const file = disk.openSync(path, { readOnly: true })
    expect(() => file.appendSync([Buffer.from('new')])).toThrow(path)
    expect(() => file.truncateSync(0)).toThrow(path)
    file.closeSync()
    // Fails at the rename, after the temporary file was written.
    expect(() => disk.replaceSync(directory, Buffer.from('new'))).toThrow()
    expect(disk.existsSync(`${directory}.tmp`)).toBe(false)
  })
})

describe('a sync that fails', () => {
  it.each(['EIO', 'ENOSPC', 'EDQUOT'])('is final, also for want of space: the pages may be gone (%s)', (code) => {
    const { faults, turns, log } = faultyLog()
    append(log, batch('a'))
    faults.syncError = systemError(code)
    let outcome: Error | null = null
    log.sync((error) => {
      outcome = error
    })
    turns.run()
    faults.syncError = null
    expect(outcome).toMatchObject({ code: 'LOG_OFFLINE' })
    expect(log.full).toBeNull()
    expect(log.append(batch('b'), 0, NOW_MS)).toMatchObject({ error: Errors.KAFKA_STORAGE_ERROR })
    expect(log.offline?.message).toContain(DIRECTORY)
    expect(log.close()).toBe(log.offline)
  })

  it('for want of a file descriptor has not failed: it is done at a later tick', () => {
    const { disk: inner, turns } = memoryDisk()
    const small = new SmallDisk(inner)
    const shared = sharedWith({ maxOpenFiles: 1 })
    const log = openLog(small.disk, { shared, durability: 'page-cache' })
    const other = openLog(small.disk, { shared, durability: 'page-cache', directory: '/data/t-1', partition: 1 })
    append(log, batch('a'))
    append(other, batch('b'))
    const done: (Error | null)[] = []
    small.openError = systemError('EMFILE')
    log.sync((error) => done.push(error))
    turns.run()
    log.tick(NOW_MS)
    turns.run()
    expect([done, log.offline]).toEqual([[], null])
    small.openError = null
    log.tick(NOW_MS)
    turns.run()
    expect([done, log.durableEndOffset]).toEqual([[null], 1])
  })
})

describe('other failures of a write', () => {
  it.each(['EIO', 'EROFS'])('take the log offline; other logs go on (%s)', (code) => {
    const { disk, turns } = memoryDisk()
    const faults = new FaultDisk(disk)
    const shared = sharedWith()
    const log = openLog(faults.disk, { shared })
    const other = openLog(faults.disk, { shared, directory: '/data/t-1', partition: 1 })
    append(log, batch('a'))
    faults.appendError = systemError(code)
    faults.only = '/t-0/'
    log.append(batch('b'), 0, NOW_MS)
    expect(log.flush()).toMatchObject({ code: 'LOG_OFFLINE' })
    log.tick(NOW_MS + 10_000)
    expect(log.append(batch('c'), 0, NOW_MS + 20_000).error).toBe(Errors.KAFKA_STORAGE_ERROR)
    append(other, batch('d'))
    syncNow(other, turns)
    expect(values(readAll(other, turns))).toEqual(['d0'])
    expect(log.close()).toBe(log.offline)
  })
})

describe('SyncScheduler', () => {
  it('passes over any number of waiting logs that have nothing to do any more', () => {
    const scheduler = new SyncScheduler(1)
    let finish: () => void = () => undefined
    let started = 0
    scheduler.submit((finished) => {
      finish = finished
    })
    for (let i = 0; i < 50_000; i++) {
      scheduler.submit((finished) => {
        started++
        finished()
      })
    }
    expect(started).toBe(0)
    finish()
    expect([started, scheduler.waiting, scheduler.inFlight]).toEqual([50_000, 0, 0])
  })

  it('gives every dirty log its turn before one comes again', () => {
    const scheduler = new SyncScheduler(2)
    const order: number[] = []
    const running: (() => void)[] = []
    const again = (log: number) => (finished: () => void) => {
      order.push(log)
      running.push(() => {
        finished()
        scheduler.submit(again(log))
      })
    }
    for (let log = 0; log < 5; log++) scheduler.submit(again(log))
    for (let i = 0; i < 8; i++) running.shift()?.()
    expect(order).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
  })
})
