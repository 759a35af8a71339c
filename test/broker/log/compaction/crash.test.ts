/** Compaction cut off at every change it makes to the disk: what a start finds then is the log before it, or after it. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { Disk, DiskFile } from '../../../../broker/ports/disk.ts'
import type { MemoryDisk } from '../../../../broker/ports/memory-disk.ts'
import type { Log } from '../../../../broker/log/log.ts'
import { append, DIRECTORY, memoryDisk, NOW_MS, openLog, Turns } from '../harness.ts'
import { marker, readCommitted } from '../transactions.ts'
import { cleanNow, COMPACTED, dump, keyed } from './harness.ts'

type Files = ReadonlyMap<string, Buffer>

const CHANGES = new Set(['renameSync', 'unlinkSync', 'unlink', 'replaceSync'])

/** A disk that keeps what was on it before each change, as a crash at that point leaves it. */
class CrashDisk {
  readonly disk: Disk
  readonly states: Files[] = []
  readonly #inner: MemoryDisk
  isRecording = false

  constructor(inner: MemoryDisk) {
    this.#inner = inner
    this.disk = new Proxy(inner as Disk, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        const call = (...args: unknown[]): unknown => value.apply(target, args) as unknown
        if (name === 'openSync') return (...args: unknown[]) => this.#watch(call(...args) as DiskFile)
        if (!CHANGES.has(String(name))) return call
        return (...args: unknown[]) => {
          this.note()
          return call(...args)
        }
      },
    })
  }

  note(): void {
    if (!this.isRecording) return
    const names = this.#inner.listSync(DIRECTORY)
    this.states.push(new Map(names.map((name) => [name, this.#inner.readFileSync(`${DIRECTORY}/${name}`)])))
  }

  #watch(file: DiskFile): DiskFile {
    return new Proxy(file, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          if (name === 'appendSync') this.note()
          return value.apply(target, args) as unknown
        }
      },
    })
  }
}

function diskWith(files: Files, turns: Turns): MemoryDisk {
  const { disk } = memoryDisk(turns)
  disk.mkdirSync(DIRECTORY)
  for (const [name, data] of files) disk.replaceSync(`${DIRECTORY}/${name}`, Buffer.from(data))
  return disk
}

/** What is in the log, for any kind of reader. */
function contentOf(log: Log, turns: Turns): unknown {
  return {
    records: dump(log, turns),
    committed: readCommitted(log, turns, log.logStartOffset, 300),
    end: log.logEndOffset,
  }
}

describe('a crash in a compaction', () => {
  const states: Files[] = []
  let before: unknown
  let after: unknown

  beforeAll(() => {
    const turns = new Turns()
    const crash = new CrashDisk(memoryDisk(turns).disk)
    const log = openLog(crash.disk, { config: COMPACTED })
    const aborted = { producerId: 5, producerEpoch: 0, isTransactional: true }
    append(
      log,
      keyed([
        ['a', '1'],
        ['b', '1'],
      ]),
    )
    append(log, keyed([['a', 'no']], { ...aborted, baseSequence: 0 }))
    append(log, marker(5, true))
    append(
      log,
      keyed(
        [
          ['a', '2'],
          ['c', null],
        ],
        { timestamp: NOW_MS + 2000 },
      ),
    )
    append(
      log,
      keyed(
        [
          ['b', '2'],
          ['d', '1'],
        ],
        { timestamp: NOW_MS + 4000, codec: 1 },
      ),
    )
    append(log, keyed([['a', 'no']], { ...aborted, baseSequence: 1, timestamp: NOW_MS + 4000 }))
    append(log, marker(5, true))
    append(log, keyed([['end', 'x']], { timestamp: NOW_MS + 9000 }))
    log.updateHighWatermark(log.logEndOffset)
    before = contentOf(log, turns)
    crash.isRecording = true
    expect(cleanNow(log, crash.disk, turns)).toMatchObject({ cleaned: 1, failures: [] })
    log.tick(NOW_MS + 60_000)
    turns.run()
    crash.note()
    after = contentOf(log, turns)
    states.push(...crash.states)
  })

  it('goes through every step', () => {
    const names = new Set(states.flatMap((files) => [...files.keys()].map((name) => name.replace(/^\d+/, ''))))
    for (const name of ['.log.cleaned', '.log.swap', '.txnindex.swap', '.log.deleted'])
      expect([...names]).toContain(name)
    expect(after).not.toEqual(before)
  })

  it('leaves the log before it or the log after it, whole, wherever it falls', () => {
    const found = states.map((files) => {
      const turns = new Turns()
      const disk = diskWith(files, turns)
      const log = openLog(disk, { config: COMPACTED })
      log.updateHighWatermark(log.logEndOffset)
      const content = contentOf(log, turns)
      expect(disk.listSync(DIRECTORY).filter((name) => /cleaned|swap|deleted/.test(name))).toEqual([])
      expect([before, after]).toContainEqual(content)
      return JSON.stringify(content) === JSON.stringify(before)
    })
    // Once it has happened it stays so.
    const firstAfter = found.indexOf(false)
    expect(firstAfter).toBeGreaterThan(0)
    expect(found.slice(firstAfter)).not.toContain(true)
  })

  it('can be followed by another one at once, in the recovery', () => {
    const swapping = states.filter((files) => [...files.keys()].some((name) => name.endsWith('.swap')))
    for (const files of swapping) {
      const first = new Turns()
      const crash = new CrashDisk(diskWith(files, first))
      crash.isRecording = true
      openLog(crash.disk, { config: COMPACTED }).abandon()
      for (const again of crash.states) {
        const turns = new Turns()
        const log = openLog(diskWith(again, turns), { config: COMPACTED })
        log.updateHighWatermark(log.logEndOffset)
        expect([before, after]).toContainEqual(contentOf(log, turns))
      }
    }
  })

  it('finds every record, though a power cut took an index to be swapped in and left that of the old segment', () => {
    const files = states.find((state) => [...state.keys()].filter((name) => name.endsWith('.swap')).length === 4)!
    const swap = [...files.keys()].find((found) => found.endsWith('.index.swap'))!
    const left = new Map(files)
    left.delete(swap)
    const old = swap.slice(0, -'.swap'.length)
    expect(files.get(old)?.equals(files.get(swap)!)).toBe(false)
    const turns = new Turns()
    const log = openLog(diskWith(left, turns), { config: COMPACTED })
    const records = dump(log, turns)
    for (const [i, record] of records.entries()) {
      expect(dump(log, turns, Number.parseInt(record, 10))).toEqual(records.slice(i))
    }
  })

  it('is refused with the name of the file when the log to be swapped in is not sound, and nothing is changed', () => {
    const files = states.find((state) => [...state.keys()].filter((name) => name.endsWith('.swap')).length === 4)!
    const name = [...files.keys()].find((found) => found.endsWith('.log.swap'))!
    const bad = Buffer.from(files.get(name)!)
    bad[bad.length - 2] ^= 1
    const turns = new Turns()
    const disk = diskWith(new Map(files).set(name, bad), turns)
    const names = disk.listSync(DIRECTORY)
    expect(() => openLog(disk, { config: COMPACTED })).toThrow(new RegExp(`${name} at byte \\d+: wrong CRC`))
    expect(disk.listSync(DIRECTORY)).toEqual(names)
  })
})

describe("Kafka's directory, left by a crash in its compaction", () => {
  it('drops .swap files while .cleaned ones are left, and keeps the old segments', () => {
    const turns = new Turns()
    const { disk } = memoryDisk(turns)
    const log = openLog(disk, { config: COMPACTED })
    append(log, keyed([['a', '1']]))
    log.close()
    disk.unlinkSync(`${DIRECTORY}/durable-end`)
    const stem = `${DIRECTORY}/00000000000000000000`
    disk.replaceSync(`${stem}.log.swap`, Buffer.alloc(0))
    disk.replaceSync(`${stem}.index.cleaned`, Buffer.alloc(0))
    expect(dump(openLog(disk, { config: COMPACTED }), turns)).toEqual(['0:a=1'])
    expect(disk.listSync(DIRECTORY).filter((name) => /cleaned|swap/.test(name))).toEqual([])
  })
})
