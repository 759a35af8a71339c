/** Few file descriptors: what cannot be opened is refused for now, what is written always gets its sync. */
import { describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import type { Log } from '../../../broker/log/log.ts'
import { append, batch, memoryDisk, NOW_MS, openLog, readAll, sharedWith, values } from './harness.ts'
import { ScarceDisk } from './scarce-disk.ts'

/** How long after the last try an append is tried again that found no descriptor. */
const RETRY_MS = 50

/** Beside the pool: a path and a directory for each of four syncs in flight, and one to write a small file with. */
const RESERVED = 9

/** `count` logs of one broker in `fsync` mode, which may keep `maxOpenFiles` open. */
function scarceLogs(count: number, maxOpenFiles: number) {
  const { disk: inner, turns } = memoryDisk()
  const scarce = new ScarceDisk(inner)
  const shared = sharedWith({ maxOpenFiles, tailCacheBytes: 0 })
  const logs = Array.from({ length: count }, (_, partition) =>
    openLog(scarce.disk, { shared, directory: `/data/t-${partition}`, partition }),
  )
  return { inner, scarce, shared, turns, logs }
}

/** One batch to each log, and the sync of those that were written. Returns how many were not. */
function appendToAll(logs: readonly Log[], name: string, nowMs: number, acknowledged: Map<Log, string[]>): number {
  let refused = 0
  for (const log of logs) {
    const { error } = log.append(batch(name), 0, nowMs)
    const problem = error === Errors.NONE ? log.flush() : log.full
    if (problem !== null) {
      expect(problem).toMatchObject({ code: 'LOG_FULL', cause: { code: 'EMFILE' } })
      refused++
      continue
    }
    log.sync((failure) => {
      expect(failure).toBeNull()
      acknowledged.set(log, [...(acknowledged.get(log) ?? []), `${name}0`])
    })
  }
  return refused
}

describe('more logs dirty than files may be open', () => {
  it('are refused as full before another file is opened, and nothing of the refused batch stays', () => {
    const { logs, scarce, shared } = scarceLogs(12, 8)
    const refused = appendToAll(logs, 'a', NOW_MS, new Map())
    expect(refused).toBe(6)
    expect(shared.files.openCount).toBeLessThanOrEqual(8)
    expect(scarce.refused).toEqual([])
    for (const log of logs.slice(6)) {
      expect(log.full?.message).toMatch(/6 files .* ulimit -n/)
      expect([log.offline, log.logEndOffset, log.flushedEndOffset]).toEqual([null, 0, 0])
    }
  })

  it('go on by themselves once some are synced: every log takes its batch in turn, and nothing acknowledged is lost', () => {
    const { logs, scarce, shared, turns, inner } = scarceLogs(40, 8)
    scarce.limit = 8 + RESERVED
    const acknowledged = new Map<Log, string[]>()
    for (let round = 0; round < 100; round++) {
      const waiting = logs.filter((log) => !acknowledged.has(log))
      appendToAll(waiting, `r${round}.`, NOW_MS + round * RETRY_MS, acknowledged)
      expect(shared.files.openCount).toBeLessThanOrEqual(8)
      turns.run()
    }
    expect(scarce.refused).toEqual([])
    expect(logs.map((log) => log.full ?? log.offline)).toEqual(logs.map(() => null))
    for (const log of logs) log.abandon()
    for (const [partition, log] of logs.entries()) {
      const again = openLog(inner, { directory: log.directory, partition })
      expect(values(readAll(again, turns))).toEqual(acknowledged.get(log))
    }
  })

  it('leave files for reads', () => {
    const { logs, shared, turns } = scarceLogs(12, 8)
    append(logs[11]!, batch('old'))
    logs[11]!.sync(() => undefined)
    turns.run()
    appendToAll(logs.slice(0, 11), 'a', NOW_MS, new Map())
    expect(values(readAll(logs[11]!, turns))).toEqual(['old0'])
    expect(shared.files.openCount).toBeLessThanOrEqual(8)
  })

  it('do not keep one from being written on that is among them', () => {
    const { logs } = scarceLogs(12, 8)
    appendToAll(logs, 'a', NOW_MS, new Map())
    append(logs[0]!, batch('b'))
    expect([logs[0]!.full, logs[0]!.flushedEndOffset]).toEqual([null, 2])
  })

  it('are noticed to be fewer again by the tick alone', () => {
    const { logs, turns } = scarceLogs(12, 8)
    appendToAll(logs, 'a', NOW_MS, new Map())
    const last = logs[11]!
    last.tick(NOW_MS + RETRY_MS)
    expect(last.full).not.toBeNull()
    turns.run()
    last.tick(NOW_MS + 2 * RETRY_MS)
    expect(last.full).toBeNull()
  })

  it('free their places when they are closed', () => {
    const { logs } = scarceLogs(12, 8)
    for (const log of logs.slice(0, 6)) append(log, batch('a'))
    expect(() => append(logs[6]!, batch('a'))).toThrow('is synced')
    for (const log of logs.slice(0, 6)) log.abandon()
    for (const log of logs.slice(6)) expect(append(log, batch('b'), 0, NOW_MS + RETRY_MS)).toBe(0)
  })

  it('are synced at the tick though nobody asked for it, so that others come to their turn', () => {
    const { logs, turns } = scarceLogs(7, 8)
    for (const log of logs.slice(0, 6)) append(log, batch('a'))
    const last = logs[6]!
    expect(() => append(last, batch('b'))).toThrow('is synced')
    for (const log of logs) log.tick(NOW_MS)
    turns.run()
    expect(append(last, batch('c'), 0, NOW_MS + RETRY_MS)).toBe(0)
  })

  it('count only where syncs are waited for: in other modes a file may be closed before its sync', () => {
    const { disk: inner } = memoryDisk()
    const shared = sharedWith({ maxOpenFiles: 4 })
    for (let partition = 0; partition < 12; partition++) {
      const log = openLog(inner, { shared, durability: 'page-cache', directory: `/data/t-${partition}`, partition })
      append(log, batch('a'))
    }
    expect(shared.files.openCount).toBeLessThanOrEqual(4)
  })
})

describe('a sync that finds no descriptor', () => {
  it('has not failed: the log is not offline, and is synced when another sync has finished', () => {
    const { logs, scarce, turns } = scarceLogs(2, 8)
    const [first, second] = logs as [Log, Log]
    append(first, batch('a'))
    append(second, batch('b'))
    const done: string[] = []
    first.sync((error) => done.push(`first ${String(error)}`))
    turns.step()
    scarce.limit = scarce.held
    second.sync((error) => done.push(`second ${String(error)}`))
    turns.step()
    expect([done, second.offline]).toEqual([[], null])
    turns.run()
    expect(scarce.refused).not.toEqual([])
    expect(done).toEqual(['first null', 'second null'])
    expect([first.durableEndOffset, second.durableEndOffset]).toEqual([1, 1])
  })

  it('is tried again at the tick when there was no other', () => {
    const { logs, scarce, turns } = scarceLogs(1, 8)
    const [log] = logs as [Log]
    append(log, batch('a'))
    scarce.limit = 0
    const done: (Error | null)[] = []
    log.sync((error) => done.push(error))
    turns.run()
    log.tick(NOW_MS)
    turns.run()
    expect([done, log.offline, log.durableEndOffset]).toEqual([[], null, 0])
    scarce.limit = Number.POSITIVE_INFINITY
    log.tick(NOW_MS)
    turns.run()
    expect([done, log.durableEndOffset]).toEqual([[null], 1])
  })

  it('takes that of a file nobody needs open', () => {
    const { logs, scarce, turns } = scarceLogs(3, 8)
    for (const log of logs) {
      append(log, batch('a'))
      log.sync(() => undefined)
    }
    turns.run()
    const done: (Error | null)[] = []
    append(logs[0]!, batch('b'), 1)
    scarce.limit = scarce.held
    logs[0]!.sync((error) => done.push(error))
    turns.run()
    expect(done).toEqual([null])
  })

  it('does not loop when all of them find none', () => {
    const { logs, scarce, turns } = scarceLogs(6, 8)
    appendToAll(logs, 'a', NOW_MS, new Map())
    scarce.limit = 0
    for (const log of logs) log.sync(() => undefined)
    turns.run()
    expect(logs.map((log) => [log.offline, log.durableEndOffset])).toEqual(logs.map(() => [null, 0]))
    scarce.limit = Number.POSITIVE_INFINITY
    logs[0]!.tick(NOW_MS)
    turns.run()
    expect(logs.map((log) => log.durableEndOffset)).toEqual(logs.map(() => 1))
  })
})

describe('a log that is cut while there is no descriptor', () => {
  it('stays as it is and in use, and is cut when there are some again', () => {
    const { logs, scarce, shared, turns } = scarceLogs(1, 8)
    const [log] = logs
    for (let i = 0; i < 4; i++) append(log!, batch(`v${i}-`))
    log!.sync(() => undefined)
    turns.run()
    while (shared.files.closeOne());
    scarce.limit = scarce.held + 2
    expect(log!.truncateTo(2, NOW_MS)).toMatchObject({ code: 'EMFILE' })
    expect([log!.offline, log!.full, log!.logEndOffset, log!.durableEndOffset]).toEqual([null, null, 4, 4])
    scarce.limit = scarce.held + 3
    expect(log!.truncateTo(2, NOW_MS)).toBeNull()
    expect(values(readAll(log!, turns))).toEqual(['v0-0', 'v1-0'])
  })

  it('takes those of other logs, which open their files again when they need them', () => {
    const { logs, scarce, turns } = scarceLogs(6, 16)
    for (const log of logs) append(log, batch('v'))
    for (const log of logs) log.sync(() => undefined)
    turns.run()
    scarce.limit = scarce.held
    expect(logs[0]!.truncateTo(0, NOW_MS)).toBeNull()
    expect(values(readAll(logs[5]!, turns))).toEqual(['v0'])
    for (const log of logs) expect(log.close()).toBeNull()
  })
})
