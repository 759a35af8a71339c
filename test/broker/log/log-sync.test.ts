import { describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import { Log } from '../../../broker/log/log.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import {
  append,
  batch,
  freshLog,
  memoryDisk,
  NOW_MS,
  openLog,
  readAll,
  sharedWith,
  syncNow,
  values,
} from './harness.ts'

describe('a failing disk', () => {
  it('takes the log offline at a failed write, and leaves what was written readable', () => {
    const { disk, turns } = memoryDisk()
    const faults = new FaultDisk(disk)
    let told: Error | null = null
    const log = openLog(faults.disk)
    log.listen({
      offline: (reason) => {
        told = reason
      },
      rolledBack: () => undefined,
      full: () => undefined,
      relieved: () => undefined,
    })
    append(log, batch('a'))
    faults.appendError = Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' })
    log.append(batch('b'), 0, NOW_MS)
    expect(log.flush()?.message).toContain('EIO')
    expect(log.offline).toBe(told)
    expect(log.append(batch('c'), 0, NOW_MS)).toMatchObject({ error: Errors.KAFKA_STORAGE_ERROR, baseOffset: -1 })
    expect(values(readAll(log, turns))).toEqual(['a0'])
  })

  it('never retries a failed sync: everyone who waits is told, and the log is offline', () => {
    const { disk, turns } = memoryDisk()
    const faults = new FaultDisk(disk)
    const shared = sharedWith()
    const log = openLog(faults.disk, { shared })
    const other = openLog(faults.disk, { shared, directory: '/data/t-1', partition: 1 })
    faults.syncError = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
    faults.only = '/t-0/'
    const outcomes: (string | null)[] = []
    append(log, batch('a'))
    log.sync((error) => outcomes.push(error && error.message))
    log.sync((error) => outcomes.push(error && error.message))
    turns.run()
    expect(outcomes).toHaveLength(2)
    expect(outcomes[0]).toContain('fdatasync')
    expect(log.durableEndOffset).toBe(0)
    faults.syncError = null
    log.sync((error) => outcomes.push(error && error.message))
    expect(outcomes[2]).toContain('offline')
    append(other, batch('b'))
    syncNow(other, turns)
    expect(other.durableEndOffset).toBe(1)
  })

  it('refuses a directory of another topic', () => {
    const { disk } = memoryDisk()
    openLog(disk).close()
    expect(() => openLog(disk, { topicId: 'AAAAAAAAAAAAAAAAAAAAAB' })).toThrow(
      /partition\.metadata.*belongs to topic id/,
    )
  })
})

describe('Log.settle', () => {
  it('does the work of a clean stop off the event loop, so that close has none', () => {
    const { disk, turns } = memoryDisk()
    const faults = new FaultDisk(disk)
    const log = openLog(faults.disk)
    for (let i = 0; i < 5; i++) append(log, batch('v', 2))
    let done = false
    log.settle((error) => {
      expect(error).toBeNull()
      done = true
    })
    expect(done).toBe(false)
    turns.run()
    expect([done, log.durableEndOffset]).toEqual([true, 10])
    const syncs = faults.synced.length
    expect(log.close()).toBeNull()
    expect(faults.synced).toHaveLength(syncs)
    expect(openLog(disk, { cleanShutdown: true }).logEndOffset).toBe(10)
  })

  it('leaves the log in use', () => {
    const { log, turns, disk } = freshLog()
    append(log, batch('a'))
    log.settle(() => undefined)
    append(log, batch('b'))
    turns.run()
    append(log, batch('c'))
    expect(log.close()).toBeNull()
    expect(openLog(disk, { cleanShutdown: true }).logEndOffset).toBe(3)
  })
})

describe('Log.sync', () => {
  it('has one fdatasync in flight and lets later callers ride on the next', () => {
    const { disk, turns } = memoryDisk()
    const faults = new FaultDisk(disk)
    const log = openLog(faults.disk)
    append(log, batch('first'))
    syncNow(log, turns)
    faults.synced.length = 0
    faults.holdSyncs = true
    const done: string[] = []
    const ask = (name: string) => {
      append(log, batch(name))
      log.sync((error) => done.push(`${name}:${error === null}@${log.durableEndOffset}`))
    }
    ask('a')
    ask('b')
    ask('c')
    expect(faults.synced).toHaveLength(1)
    expect(done).toEqual([])
    faults.releaseSyncs()
    turns.run()
    expect(done).toEqual(['a:true@2'])
    expect(faults.synced).toHaveLength(2)
    faults.releaseSyncs()
    turns.run()
    expect(done).toEqual(['a:true@2', 'b:true@4', 'c:true@4'])
  })

  it('tells when it begins, and covers what was written until then', () => {
    const { disk, turns } = memoryDisk()
    const faults = new FaultDisk(disk)
    const shared = sharedWith({ maxSyncsInFlight: 1 })
    const first = openLog(faults.disk, { shared })
    const second = openLog(faults.disk, { shared, directory: '/data/t-1', partition: 1 })
    const heard: string[] = []
    faults.holdSyncs = true
    for (const [name, log] of Object.entries({ first, second })) {
      append(log, batch('a'))
      log.sync(
        () => heard.push(`${name} durable to ${log.durableEndOffset}`),
        () => heard.push(`${name} began`),
      )
    }
    append(second, batch('b'))
    expect(heard).toEqual(['first began'])
    for (let run = 0; run < 6; run++) {
      faults.releaseSyncs()
      turns.run()
    }
    expect(heard).toEqual(['first began', 'second began', 'first durable to 1', 'second durable to 2'])
  })

  it('answers at once when everything is durable already', () => {
    const { log, turns } = freshLog()
    append(log, batch('a'))
    syncNow(log, turns)
    let done = false
    log.sync(() => {
      done = true
    })
    expect(done).toBe(true)
  })

  it('counts committable offsets by durability', () => {
    for (const [durability, committable] of [
      ['fsync', 0],
      ['page-cache', 1],
      ['memory', 1],
    ] as const) {
      const { log } = freshLog({ durability })
      append(log, batch('a'))
      expect(log.committableEndOffset).toBe(committable)
      expect(log).toBeInstanceOf(Log)
    }
  })

  it('moves the recovery point at each roll in page-cache mode, where nobody asks for syncs', () => {
    const { log, turns } = freshLog({ durability: 'page-cache', config: { segmentBytes: 200 } })
    for (let i = 0; i < 4; i++) append(log, batch('v', 1, { valueBytes: 90 }))
    expect(log.recoveryPoint).toBe(0)
    turns.run()
    expect(log.recoveryPoint).toBeGreaterThanOrEqual(3)
    expect(log.committableEndOffset).toBe(4)
  })

  it('covers a sealed segment before it says that the next one is durable', () => {
    const { disk, turns } = memoryDisk()
    const faults = new FaultDisk(disk)
    const log = openLog(faults.disk, { config: { segmentBytes: 200 } })
    for (let i = 0; i < 4; i++) append(log, batch('v', 1, { valueBytes: 90 }))
    expect(log.segmentCount).toBe(4)
    faults.synced.length = 0
    syncNow(log, turns)
    expect(faults.synced.filter((path) => path.endsWith('.log'))).toHaveLength(4)
    expect(faults.synced.some((path) => path.endsWith('.index'))).toBe(true)
    expect(faults.synced.some((path) => path.endsWith('.snapshot'))).toBe(true)
  })
})
