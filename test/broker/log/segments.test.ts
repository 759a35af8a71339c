/** Lost, doubled and shortened segments are noticed when a log is opened; holes that compaction left are not. */
import { beforeEach, describe, expect, it } from 'vitest'
import { LogCorruptError } from '../../../broker/log/errors.ts'
import { SEGMENT_LIST_FILE, stemOf } from '../../../broker/log/file-names.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import {
  append,
  batch,
  contents,
  cutFile,
  DIRECTORY,
  DURABLE_MARK,
  memoryDisk,
  NOW_MS,
  openLog,
  readAll,
  retain,
  syncNow,
  type Turns,
  values,
} from './harness.ts'

const config = { segmentBytes: 300, fileDeleteDelayMs: 0 }
const compacted = { ...config, cleanupPolicy: { delete: false, compact: true } }
const logFile = (baseOffset: number) => `${DIRECTORY}/${stemOf(baseOffset)}.log`
const LIST = `${DIRECTORY}/${SEGMENT_LIST_FILE}`

let disk: MemoryDisk
let turns: Turns

/** Four segments of two batches each, beginning at 0, 2, 4 and 6, durable to the end at 8; stopped cleanly or not. */
function fourSegments(cleanShutdown: boolean, options: Parameters<typeof openLog>[1] = {}): void {
  const log = openLog(disk, { config, ...options })
  for (let i = 0; i < 8; i++) append(log, batch(`v${i}`, 1, { valueBytes: 60 }))
  syncNow(log, turns)
  expect(log.segmentCount).toBe(4)
  if (cleanShutdown) log.close()
  else log.abandon()
}

function expectCorrupt(cleanShutdown: boolean, file: string, reason: RegExp, settings = config): void {
  const before = contents(disk)
  let found: unknown
  try {
    openLog(disk, { config: settings, cleanShutdown })
  } catch (error) {
    found = error
  }
  expect(found).toBeInstanceOf(LogCorruptError)
  expect((found as LogCorruptError).path).toBe(file)
  expect((found as LogCorruptError).message).toMatch(reason)
  expect(contents(disk)).toEqual(before)
}

beforeEach(() => {
  ;({ disk, turns } = memoryDisk())
})

describe.each([
  ['a clean stop', true],
  ['a crash', false],
])('after %s', (_, cleanShutdown) => {
  it.each([
    [2, 4],
    [4, 6],
  ])('segment %i that is gone is reported, naming the one after it', (lost, next) => {
    fourSegments(cleanShutdown)
    disk.unlinkSync(logFile(lost))
    expectCorrupt(cleanShutdown, logFile(next), new RegExp(`offsets ${lost} to ${next - 1} are missing`))
  })

  it('a last segment that is gone is reported, by its name', () => {
    fourSegments(cleanShutdown)
    disk.unlinkSync(logFile(6))
    expectCorrupt(cleanShutdown, logFile(6), /the file is missing, but offsets up to 7 had been made durable/)
  })

  it('one that is cut at the end of a batch is reported', () => {
    fourSegments(cleanShutdown)
    cutFile(disk, logFile(2), disk.sizeSync(logFile(2)) / 2)
    expectCorrupt(cleanShutdown, logFile(4), /offsets 3 to 3 are missing/)
  })

  it('one that is cut inside a batch is reported, with the position', () => {
    fourSegments(cleanShutdown)
    cutFile(disk, logFile(2), disk.sizeSync(logFile(2)) - 10)
    expectCorrupt(cleanShutdown, logFile(2), /at byte \d+: the file ends inside a batch/)
  })

  it('one that overlaps the next is reported', () => {
    fourSegments(cleanShutdown)
    const [one, two] = [disk.readFileSync(logFile(2)), disk.readFileSync(logFile(4))]
    disk.replaceSync(logFile(2), Buffer.concat([one, two]))
    expectCorrupt(cleanShutdown, logFile(4), /begins before offset 6/)
  })

  it('holes between segments are fine where compaction may have left them, and stay so when the policy changes', () => {
    fourSegments(cleanShutdown, { config: compacted })
    disk.unlinkSync(logFile(2))
    const log = openLog(disk, { config: compacted, cleanShutdown })
    expect(values(readAll(log, turns)).map((value) => value.slice(0, 2))).toEqual(['v0', 'v1', 'v4', 'v5', 'v6', 'v7'])
    append(log, batch('more', 1, { valueBytes: 60 }))
    log.close()
    expect(openLog(disk, { config, cleanShutdown: true }).logEndOffset).toBe(9)
    expect(openLog(disk, { config, cleanShutdown: false }).segmentCount).toBe(4)
  })

  it('a list that is lost, damaged or old only makes the start read the ends of the segments', () => {
    fourSegments(cleanShutdown)
    const list = disk.readFileSync(LIST)
    const old = Buffer.from(list)
    for (const harm of ['missing', 'damaged', 'empty', 'old'] as const) {
      if (harm === 'missing') disk.unlinkSync(LIST)
      else if (harm === 'damaged') disk.replaceSync(LIST, list.subarray(0, list.length - 3))
      else disk.replaceSync(LIST, harm === 'empty' ? Buffer.alloc(0) : old)
      expect(openLog(disk, { config, cleanShutdown }).logEndOffset).toBe(8)
      disk.replaceSync(LIST, list)
    }
    disk.unlinkSync(LIST)
    disk.unlinkSync(logFile(2))
    expectCorrupt(cleanShutdown, logFile(4), /offsets 2 to 3 are missing/)
  })

  it('segments that retention took are not missed, whatever the list says', () => {
    fourSegments(false)
    const log = openLog(disk, { config: { ...config, retentionBytes: 400 } })
    const list = disk.readFileSync(LIST)
    log.updateHighWatermark(8)
    expect(retain(log, NOW_MS)).toBe(2)
    if (cleanShutdown) log.close()
    else log.abandon()
    disk.replaceSync(LIST, list)
    expect(openLog(disk, { config, cleanShutdown, logStartOffset: 4 }).logStartOffset).toBe(4)
  })
})

it('a clean start reads no log data though there are many segments', () => {
  fourSegments(true)
  let reads = 0
  const counting = new Proxy(disk, {
    get(target, name) {
      if (name !== 'openSync') {
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      }
      return (path: string, options?: { create?: boolean }) => {
        if (path.endsWith('.log')) reads++
        return target.openSync(path, options)
      }
    },
  })
  expect(openLog(counting, { config, cleanShutdown: true }).logEndOffset).toBe(8)
  expect(reads).toBe(0)
})

it('a segment whose place the mark knows is missed even when later ones are there', () => {
  const log = openLog(disk, { config })
  for (let i = 0; i < 4; i++) append(log, batch(`v${i}`, 1, { valueBytes: 60 }))
  syncNow(log, turns)
  for (let i = 4; i < 6; i++) append(log, batch(`v${i}`, 1, { valueBytes: 60 }))
  log.abandon()
  disk.unlinkSync(logFile(2))
  expectCorrupt(false, logFile(4), /after 2.*had been made durable/)
})

describe('a partition directory that is an older copy', () => {
  /** The directory as it was at offset 2, put back after the log had reached 6. */
  function restored(cleanShutdown: boolean): void {
    const first = openLog(disk, { config })
    append(first, batch('old', 2))
    first.close()
    const copy = new Map(disk.listSync(DIRECTORY).map((name) => [name, disk.readFileSync(`${DIRECTORY}/${name}`)]))
    const second = openLog(disk, { config, cleanShutdown: true })
    append(second, batch('new', 4))
    syncNow(second, turns)
    if (cleanShutdown) second.close()
    else second.abandon()
    disk.removeTreeSync(DIRECTORY)
    disk.mkdirSync(DIRECTORY)
    for (const [name, data] of copy) disk.replaceSync(`${DIRECTORY}/${name}`, data)
  }

  it('is refused after a clean stop, which noted where the log ended', () => {
    restored(true)
    const options = { config, cleanShutdown: true, recoveryPoint: 6 }
    expect(() => openLog(disk, options)).toThrow(/ends at offset 2, but was stopped cleanly at 6: it is an older copy/)
  })

  it('is refused after a crash when its mark is missing, as then the recovery point is all that is known', () => {
    restored(false)
    disk.unlinkSync(DURABLE_MARK)
    expect(() => openLog(disk, { config, recoveryPoint: 6 })).toThrow(/ends at offset 2, but offsets up to 5/)
  })

  it('is accepted after a crash with its mark: a truncation leaves the same, and the replicas know which it was', () => {
    restored(false)
    expect(openLog(disk, { config, recoveryPoint: 6 }).logEndOffset).toBe(2)
  })

  it('is accepted with the recovery point of the same age: a whole data directory that was put back is consistent', () => {
    restored(true)
    expect(openLog(disk, { config, cleanShutdown: true, recoveryPoint: 2 }).logEndOffset).toBe(2)
  })
})
