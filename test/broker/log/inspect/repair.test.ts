/** What `repair` does: only what its plan says, nothing twice, nothing lost that was not given up, whenever it is killed. */
import { describe, expect, it } from 'vitest'
import { applyRepair } from '../../../../broker/log/inspect/repair.ts'
import { describeRepair, planRepair } from '../../../../broker/log/inspect/repair-plan.ts'
import type { Disk, DiskFile } from '../../../../broker/ports/disk.ts'
import type { MemoryDisk } from '../../../../broker/ports/memory-disk.ts'
import { encodeMark, readMark } from '../../../../broker/log/durable-mark.ts'
import { append, batch, DIRECTORY, DURABLE_MARK, FIRST_LOG, readAll, Turns, values } from '../harness.ts'
import * as support from './support.ts'

const SECOND = `${DIRECTORY}/00000000000000000021`
const LAST = `${DIRECTORY}/00000000000000000063`

const errorsIn = (disk: Disk) => support.inOurs(disk).filter(({ severity }) => severity !== 'note')

function steps(disk: Disk): string[] {
  return planRepair(disk, DIRECTORY)
    .partitions.flatMap(describeRepair)
    .map(({ what }) => what)
}

function losses(disk: Disk): string[] {
  const all = planRepair(disk, DIRECTORY).partitions.flatMap(describeRepair)
  return all.flatMap(({ loss }) => (loss === null ? [] : [loss]))
}

function repair(disk: Disk, accepted: readonly string[] = []): void {
  applyRepair(disk, planRepair(disk, DIRECTORY), new Set(accepted))
}

/** The damages that lose nothing: what to do to a directory, and whether it was closed cleanly. */
const healed: Record<string, (disk: MemoryDisk) => void> = {
  'an index that leads elsewhere': (disk) => support.flip(disk, `${SECOND}.index`, 7),
  'a time index that is cut short': (disk) => support.cut(disk, `${SECOND}.timeindex`, 12),
  'a missing index': (disk) => disk.unlinkSync(`${SECOND}.index`),
  'a damaged snapshot': (disk) => support.flip(disk, `${LAST}.snapshot`, 20),
  'a damaged window of five': (disk) => support.flip(disk, `${LAST}.producers`, 20),
  'a snapshot of another place': (disk) =>
    disk.replaceSync(`${LAST}.snapshot`, disk.readFileSync(`${SECOND}.snapshot`)),
  'damaged epochs': (disk) => disk.replaceSync(`${DIRECTORY}/leader-epoch-checkpoint`, Buffer.from('0\n1\n0 0')),
  'wrong epochs': (disk) => disk.replaceSync(`${DIRECTORY}/leader-epoch-checkpoint`, Buffer.from('0\n1\n3 0\n')),
  'epochs that lack the last': (disk) =>
    disk.replaceSync(`${DIRECTORY}/leader-epoch-checkpoint`, Buffer.from('0\n1\n0 0\n')),
  'a leader epoch in a header that is too high': (disk) => support.flip(disk, `${SECOND}.log`, 15, 4),
  'a leader epoch in a header that is too low': (disk) => support.flip(disk, `${LAST}.log`, 15),
  'a damaged durable mark': (disk) => support.flip(disk, DURABLE_MARK, 20),
}

describe('a repair that loses nothing', () => {
  for (const [name, harm] of Object.entries(healed)) {
    it(`makes ${name} what it was`, () => {
      const { disk } = support.ourLog()
      // In the one form that a repair writes: the two slots of the mark may stand at any number.
      disk.replaceSync(DURABLE_MARK, encodeMark(readMark(disk, DIRECTORY)!))
      const before = support.allFiles(disk, '/data')
      harm(disk)
      expect(errorsIn(disk).length).toBeGreaterThan(0)
      expect(losses(disk)).toEqual([])
      repair(disk)
      expect(errorsIn(disk)).toEqual([])
      expect(logsOf(disk)).toEqual(logsOf(support.ourLog().disk))
      if (!name.includes('index')) expect(support.allFiles(disk, '/data')).toEqual(before)
      expect(support.reopen(disk).logEndOffset).toBe(72)
    })
  }

  it('changes nothing where nothing is wrong', () => {
    const { disk } = support.ourLog()
    const before = support.allFiles(disk, '/data')
    expect(steps(disk)).toEqual([])
    repair(disk)
    expect(support.allFiles(disk, '/data')).toEqual(before)
  })

  it('cuts a torn tail and keeps its bytes', () => {
    const { disk } = tornTail()
    expect(steps(disk)[0]).toMatch(/^cut 110 bytes from byte 813 on of 0+63\.log, and keep them in 0+63\.813\.torn$/)
    const torn = disk.readFileSync(`${LAST}.log`).subarray(813)
    repair(disk)
    expect(disk.readFileSync(`${LAST}.813.torn`)).toEqual(torn)
    expect(errorsIn(disk)).toEqual([])
    expect(support.reopen(disk).logEndOffset).toBe(72)
  })

  it("makes Kafka's index of aborted transactions anew, byte for byte", () => {
    const disk = support.kafkaDirectory(support.fixture, 'clean')
    const before = support.allFiles(disk, '/data')
    support.flip(disk, '/data/txn-0/00000000000000000005.txnindex', 17)
    applyRepair(disk, planRepair(disk, '/data'), new Set())
    expect(support.allFiles(disk, '/data')).toEqual(before)
  })
})

describe('a repair that loses offsets', () => {
  it('leaves everything as it was until the loss is accepted by its name', () => {
    const { disk } = damaged()
    const before = support.allFiles(disk, '/data')
    expect(losses(disk)).toEqual(['t-0:3-5'])
    repair(disk)
    expect(support.allFiles(disk, '/data')).toEqual(before)
    repair(disk, ['t-0:3-6'])
    expect(support.allFiles(disk, '/data')).toEqual(before)
  })

  it('takes the damaged bytes out, keeps them, and serves all the other records at their offsets', () => {
    const { disk } = damaged()
    repair(disk, ['t-0:3-5'])
    expect(disk.sizeSync(`${DIRECTORY}/00000000000000000000.271.3-5.lost`)).toBe(271)
    expect(errorsIn(disk)).toEqual([])
    expectAllBut(disk, [3, 4, 5])
  })

  it('takes out what is in the segment of the durable mark, and moves the mark', () => {
    const { disk } = support.ourLog('crashed')
    support.flip(disk, `${LAST}.log`, 300)
    expect(losses(disk)).toEqual(['t-0:66-68'])
    repair(disk, ['t-0:66-68'])
    expect(errorsIn(disk)).toEqual([])
    expectAllBut(disk, [66, 67, 68])
  })

  it('gives up an end that is gone', () => {
    const { disk } = support.ourLog('crashed')
    support.cut(disk, `${LAST}.log`, 542)
    expect(losses(disk)).toEqual(['t-0:69-71'])
    repair(disk, ['t-0:69-71'])
    expect(errorsIn(disk)).toEqual([])
    expectAllBut(disk, [69, 70, 71])
  })

  it('gives up a segment that is gone, and a broker that refused the log then opens it', () => {
    const { disk } = support.ourLog('crashed')
    for (const suffix of ['.log', '.index', '.timeindex']) disk.unlinkSync(SECOND + suffix)
    expect(() => support.reopen(disk)).toThrow('21 to 41')
    expect(losses(disk)).toEqual(['t-0:21-41'])
    repair(disk, ['t-0:21-41'])
    expect(errorsIn(disk)).toEqual([])
    expectAllBut(
      disk,
      Array.from({ length: 21 }, (_, i) => 21 + i),
    )
  })

  it("lowers what Kafka's checkpoints state, and takes back the word that the stop was clean", () => {
    const disk = support.kafkaDirectory(support.fixture, 'clean')
    support.cut(disk, '/data/codecs-0/00000000000000000000.log', 10_000)
    const plan = planRepair(disk, '/data')
    const [{ loss }] = plan.partitions.flatMap(describeRepair)
    expect(loss).toMatch(/^codecs-0:\d+-249$/)
    applyRepair(disk, plan, new Set([loss ?? '']))
    const left = support.findingsIn(disk).filter(({ severity }) => severity !== 'note')
    expect(left).toEqual([])
    expect(disk.existsSync('/data/.kafka_cleanshutdown')).toBe(false)
  })
})

describe('a repair that is killed at any step', () => {
  const cases: Record<string, { make: () => { disk: MemoryDisk }; accepted: string[]; lost: number[] }> = {
    'of a torn tail': { make: tornTail, accepted: [], lost: [] },
    'of damage below the durable end': {
      make: damaged,
      accepted: ['t-0:3-5', 't-0:66-68'],
      lost: [3, 4, 5, 66, 67, 68],
    },
    'of indexes, snapshots and epochs': { make: manyDerived, accepted: [], lost: [] },
  }
  for (const [name, { make, accepted, lost }] of Object.entries(cases)) {
    it(`${name} can be done again and comes to the same end`, () => {
      let calls = 0
      for (; calls < 200; calls++) {
        const { disk } = make()
        if (lost.length > 3) support.flip(disk, `${LAST}.log`, 300)
        const plan = planRepair(disk, DIRECTORY)
        if (!diesAt(calls, disk, (dying) => applyRepair(dying, plan, new Set(accepted)))) break
        repair(
          disk,
          losses(disk).filter((loss) => accepted.includes(loss)),
        )
        expect(errorsIn(disk), `killed at call ${calls}`).toEqual([])
        expectAllBut(disk, lost)
      }
      expect(calls).toBeGreaterThan(5)
      expect(calls).toBeLessThan(200)
    })
  }
})

function damaged() {
  const ours = support.ourLog('crashed')
  support.flip(ours.disk, FIRST_LOG, 400)
  return ours
}

function tornTail() {
  const ours = support.ourLog('open')
  append(ours.log, batch('unsynced', 3), 1)
  ours.log.abandon()
  support.cut(ours.disk, `${LAST}.log`, ours.disk.sizeSync(`${LAST}.log`) - 5)
  return ours
}

function manyDerived() {
  const ours = support.ourLog()
  for (const [name, harm] of Object.entries(healed)) {
    if (name !== 'a missing index' && !name.includes('in a header')) harm(ours.disk)
  }
  return ours
}

function logsOf(disk: MemoryDisk): [string, string][] {
  return [...support.allFiles(disk, '/data')].filter(([path]) => path.endsWith('.log'))
}

/** A broker opens the directory and serves every record but those lost, at its offset. */
function expectAllBut(disk: MemoryDisk, lost: readonly number[]): void {
  const log = support.reopen(disk)
  const kept = Array.from({ length: 72 }, (_, offset) => offset).filter((offset) => !lost.includes(offset))
  const records = readAll(log, new Turns())
  expect(records.map(({ offset }) => offset)).toEqual(kept)
  const value = (offset: number) => `v${Math.floor(offset / 3)}-${offset % 3}`.padEnd(60, '.')
  expect(values(records)).toEqual(kept.map(value))
  log.abandon()
}

class Killed extends Error {}

const CHANGES = new Set(['replaceSync', 'renameSync', 'unlinkSync', 'truncateSync', 'appendSync', 'writeAtSync'])

/** Runs `work` on a disk on which the change of that number, and every one after it, is never made. False: it came to its end. */
function diesAt(change: number, inner: Disk, work: (disk: Disk) => void): boolean {
  let left = change
  const counted = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          if (CHANGES.has(String(name)) && left-- <= 0) throw new Killed()
          const result: unknown = Reflect.apply(value, object, args)
          return name === 'openSync' ? counted(result as DiskFile) : result
        }
      },
    })
  try {
    work(counted(inner))
    return false
  } catch (error) {
    if (error instanceof Killed) return true
    throw error
  }
}
