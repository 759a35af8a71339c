/**
 * Any byte changed and any file cut short: `verify` finds it, or the byte means nothing, which is then shown. And `repair`
 * brings every such directory to where `verify` has no error and a broker opens it.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readInt32, readInt64 } from '../../../../proto/kafka/int64.ts'
import { decodeBatches } from '../../../../proto/kafka/batch/decode.ts'
import { applyRepair } from '../../../../broker/log/inspect/repair.ts'
import { describeRepair, planRepair } from '../../../../broker/log/inspect/repair-plan.ts'
import type { MemoryDisk } from '../../../../broker/ports/memory-disk.ts'
import { append, batch, DIRECTORY, readAll, Turns } from '../harness.ts'
import * as support from './support.ts'

const RUNS = 200
/** Kafka's directories are larger: 15 to 40 ms for each verification. */
const KAFKA_RUNS = 50
const WAIT = 180_000

interface Damage {
  readonly path: string
  readonly isCut: boolean
  readonly at: number
  readonly bit: number
}

/** One damage, to any file that has bytes. */
function damages(disk: MemoryDisk, path: string, files: RegExp): fc.Arbitrary<Damage> {
  const found = [...support.allFiles(disk, path)].filter(([name, hex]) => hex.length > 0 && files.test(name))
  return fc.constantFrom(...found.map(([name, hex]) => ({ name, size: hex.length / 2 }))).chain(({ name, size }) =>
    fc.record({
      path: fc.constant(name),
      isCut: fc.integer({ min: 0, max: 3 }).map((one) => one === 0),
      at: fc.integer({ min: 0, max: size - 1 }),
      bit: fc.integer({ min: 0, max: 7 }),
    }),
  )
}

function apply(disk: MemoryDisk, { path, isCut, at, bit }: Damage): void {
  if (isCut) support.cut(disk, path, at)
  else support.flip(disk, path, at, bit)
}

/** Files whose content says something a second time, so that a change in them can be told. Kafka's text checkpoints do not. */
const CHECKABLE = /\.(log|index|timeindex|txnindex|snapshot|producers)$|durable-end$|bootstrap\.checkpoint$/

/** Whether a reader of the file finds the same with the damage as without it. */
function isHarmless(disk: MemoryDisk, { path, isCut, at }: Damage, before: Buffer): boolean {
  // A sparse index that has its first entries only sends readers to an earlier place, from where they read on.
  if (path.endsWith('.index')) return isCut && at % 8 === 0
  if (!path.endsWith('.timeindex')) return false
  // In one whose segment a start reads anyway, the entries that are left are right. An offset only has to name the batch.
  const data = disk.readFileSync(path)
  if (isCut) return at % 12 === 0
  const entry = Math.floor(at / 12) * 12
  const batches = batchesOf(disk, path.replace('.timeindex', '.log'))
  const batchOf = (bytes: Buffer) => {
    const offset = readInt32(bytes, entry + 8) + (batches[0]?.[0] ?? 0)
    return batches.findIndex(([first, last]) => first <= offset && offset <= last)
  }
  return readInt64(data, entry) === readInt64(before, entry) && batchOf(data) === batchOf(before)
}

/**
 * Whether a batch at the end of a compacted log has only moved up: the base offset is outside the CRC, holes are what
 * compaction makes, and nothing follows that would not fit any more.
 */
function isLikeCompaction(disk: MemoryDisk, { path, isCut, at }: Damage): boolean {
  if (isCut || !/\/compacted-\d+\/\d+\.log$/.test(path)) return false
  const batches = [...decodeBatches(disk.readFileSync(path))]
  const bytesBefore = batches.slice(0, -1).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const rises = (batches.at(-1)?.baseOffset ?? 0) > (batches.at(-2)?.lastOffset ?? -1)
  return rises && at >= bytesBefore && at < bytesBefore + 8
}

function batchesOf(disk: MemoryDisk, path: string): [number, number][] {
  return [...decodeBatches(disk.readFileSync(path))].map(({ baseOffset, lastOffset }) => [baseOffset, lastOffset])
}

const directories: Record<string, { make: () => MemoryDisk; path: string }> = {
  'a directory of ours, closed': { make: () => support.ourLog('closed').disk, path: DIRECTORY },
  'a directory of ours, crashed': { make: () => support.ourLog('crashed').disk, path: DIRECTORY },
  "Kafka's clean directory": { make: () => support.kafkaDirectory(support.fixture, 'clean'), path: '/data' },
  "Kafka's crashed directory": { make: () => support.kafkaDirectory(support.fixture, 'crashed'), path: '/data' },
}

describe('one byte changed, or a file cut short', () => {
  for (const [name, { make, path }] of Object.entries(directories)) {
    it(`in ${name} is found`, { timeout: WAIT }, () => {
      const disk = make()
      const found = () => JSON.stringify(support.findingsIn(disk, path))
      const before = found()
      fc.assert(
        fc.property(damages(disk, path, CHECKABLE), (damage) => {
          const data = disk.readFileSync(damage.path)
          apply(disk, damage)
          const isFound = found() !== before
          const isExcused = !isFound && (isHarmless(disk, damage, data) || isLikeCompaction(disk, damage))
          disk.replaceSync(damage.path, data)
          expect(isFound || isExcused).toBe(true)
        }),
        { numRuns: path === DIRECTORY ? RUNS : KAFKA_RUNS },
      )
    })
  }

  it('below the durable end of a log is an error', { timeout: WAIT }, () => {
    const { disk } = support.ourLog('crashed')
    fc.assert(
      fc.property(damages(disk, DIRECTORY, /\.log$/), (damage) => {
        const data = disk.readFileSync(damage.path)
        apply(disk, damage)
        const severities = support.inOurs(disk).map(({ severity }) => severity)
        disk.replaceSync(damage.path, data)
        expect(severities).toContain('error')
      }),
      { numRuns: RUNS },
    )
  })
})

describe('a repair', () => {
  it('of any damage leaves no error, and a log that opens and has every record not given up', { timeout: WAIT }, () => {
    const pristine = support.ourLog('crashed').disk
    fc.assert(
      fc.property(fc.array(damages(pristine, DIRECTORY, CHECKABLE), { minLength: 1, maxLength: 3 }), (several) => {
        const { disk } = support.ourLog('crashed')
        for (const damage of several) if (damage.at < disk.sizeSync(damage.path)) apply(disk, damage)
        const given = giveUpAll(disk)
        const errors = support.inOurs(disk).filter(({ severity }) => severity === 'error')
        expect(errors).toEqual([])
        const log = support.reopen(disk)
        // The newest may be what was given up: then those who wait there find what comes next.
        append(log, batch('next'))
        const offsets = new Set(readAll(log, new Turns()).map(({ offset }) => offset))
        const isGivenUp = (offset: number) => given.some(([first, last]) => first <= offset && offset <= last)
        for (let offset = 0; offset < 72; offset++) expect(offsets.has(offset) || isGivenUp(offset)).toBe(true)
      }),
      { numRuns: RUNS / 2 },
    )
  })
})

/** Repairs until nothing is left to do, accepting every loss; returns what was given up. */
function giveUpAll(disk: MemoryDisk): [number, number][] {
  const given: [number, number][] = []
  for (let round = 0; round < 5; round++) {
    const plan = planRepair(disk, DIRECTORY)
    if (plan.partitions.length === 0) break
    const losses = plan.partitions.flatMap(describeRepair).flatMap(({ loss }) => loss ?? [])
    for (const loss of losses) {
      const [, first, last] = /:(\d+)-(\d*)$/.exec(loss) ?? []
      given.push([Number(first), last === '' ? Number.MAX_SAFE_INTEGER : Number(last)])
    }
    // A torn tail is given up by name only where it had been made durable: what is above the mark was never acknowledged.
    for (const { tails } of plan.partitions) if (tails.length > 0) given.push([0, Number.MAX_SAFE_INTEGER])
    applyRepair(disk, plan, new Set(losses))
  }
  return given
}
