import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { LogCleaner } from '../../broker/log/compaction/log-cleaner.ts'
import type { Log } from '../../broker/log/log.ts'
import { createWorkerRunner, WorkerRunner } from '../../broker/node-compaction.ts'
import { NodeDisk } from '../../broker/ports/node-disk.ts'
import { cleanNow, COMPACTED, dump, keyed } from './log/compaction/harness.ts'
import { append, freshLog, NOW_MS, openLog, Turns } from './log/harness.ts'

const ENTRY = join(import.meta.dirname, 'compaction-worker-entry.mjs')
const folder = mkdtempSync(join(tmpdir(), 'millrace-compaction-'))
const runners: WorkerRunner[] = []

afterEach(() => {
  for (const runner of runners.splice(0)) runner.close()
  rmSync(folder, { recursive: true, force: true })
})

function fill(log: Log): void {
  append(
    log,
    keyed(
      [
        ['a', '1'],
        ['b', '1'],
        ['a', '2'],
      ],
      { codec: 1 },
    ),
  )
  append(
    log,
    keyed(
      [
        ['b', '2'],
        ['c', null],
      ],
      { timestamp: NOW_MS + 2000 },
    ),
  )
  append(log, keyed([['end', 'x']], { timestamp: NOW_MS + 9000 }))
  log.updateHighWatermark(log.logEndOffset)
}

/** Cleans with a worker; resolves with what the listener heard. */
function cleanInWorker(log: Log, now = NOW_MS): Promise<string> {
  const runner = new WorkerRunner(ENTRY, () => 1e9)
  runners.push(runner)
  return new Promise((resolve) => {
    const listener = {
      cleaned: () => resolve('cleaned'),
      abandoned: (_log: Log, reason: Error | null) => resolve(`abandoned: ${reason?.message}`),
      failed: (_log: Log, reason: Error) => resolve(`failed: ${reason.message}`),
    }
    const cleaner = new LogCleaner({
      logs: () => [log],
      runner,
      listener,
      now: () => now,
      mapBytesMax: () => 1024 * 1024,
    })
    cleaner.tick()
  })
}

describe('compaction in a worker thread', () => {
  it('makes of a log what the event loop makes of it', async () => {
    const disk = new NodeDisk()
    const log = openLog(disk, { directory: join(folder, 't-0'), config: COMPACTED })
    fill(log)
    expect(await cleanInWorker(log)).toBe('cleaned')
    const here = freshLog({ config: COMPACTED })
    fill(here.log)
    cleanNow(here.log, here.disk, here.turns)
    const file = '00000000000000000000.log'
    expect(disk.readFileSync(join(folder, 't-0', file))).toEqual(
      here.disk.readFileSync(`${here.log.directory}/${file}`),
    )
    expect(dump(log, new Turns())).toEqual(dump(here.log, here.turns))
    expect(log.close()).toBe(null)
    expect(readdirSync(join(folder, 't-0')).filter((name) => /cleaned|swap/.test(name))).toEqual([])
  })

  it('tells what was wrong, and the log is left alone', async () => {
    const disk = new NodeDisk()
    const log = openLog(disk, { directory: join(folder, 't-0'), config: COMPACTED })
    fill(log)
    const file = disk.openSync(join(folder, 't-0', '00000000000000000000.log'))
    file.writeAtSync(Buffer.from([0xff]), file.size - 1)
    file.closeSync()
    expect(await cleanInWorker(log)).toMatch(/^failed: .*00000000000000000000\.log at byte 0: wrong CRC/)
    log.abandon()
  })

  it('is not used where its built file is missing', () => {
    expect(createWorkerRunner(() => 1)).toBe(null)
  })
})
