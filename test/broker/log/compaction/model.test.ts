/** Compaction against a model that forgets nothing, under random use, restarts and crashes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBatches } from '../../../../proto/kafka/batch/decode.ts'
import type { Log } from '../../../../broker/log/log.ts'
import type { MemoryDisk } from '../../../../broker/ports/memory-disk.ts'
import { append, memoryDisk, NOW_MS, openLog, readOnce, Turns } from '../harness.ts'
import { COMPACTED, keyed, type Pair, TestCleaner } from './harness.ts'

const DELETE_RETENTION_MS = 5000
const config = { ...COMPACTED, segmentMs: 50, segmentBytes: 3000, deleteRetentionMs: DELETE_RETENTION_MS }

type Command =
  | { readonly kind: 'append'; readonly pairs: readonly Pair[]; readonly codec: number; readonly producer: number }
  | { readonly kind: 'roll' | 'clean' | 'restart' | 'crash' | 'turn' }
  | { readonly kind: 'wait'; readonly ms: number }

const pair = fc.tuple(
  fc.integer({ min: 0, max: 12 }).map((n) => `key-${n}`),
  fc.option(fc.string({ maxLength: 30 }), { freq: 4 }),
)

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      pairs: fc.array(pair, { minLength: 1, maxLength: 6 }),
      codec: fc.constantFrom(0, 0, 1, 2, 3),
      producer: fc.constantFrom(-1, -1, 7, 8),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constantFrom('roll' as const, 'clean' as const, 'clean' as const, 'turn' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'crash' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 2000, 6000) }),
  },
)

interface Found {
  readonly offset: number
  readonly key: string
  readonly value: string | null
}

class World {
  readonly turns = new Turns()
  readonly disk: MemoryDisk = memoryDisk(this.turns).disk
  log: Log
  nowMs = NOW_MS
  /** By offset: all that was ever written. */
  readonly written: Found[] = []
  /** By offset: when a cleaning that reached it was first under way. */
  readonly cleanedAtMs: number[] = []
  readonly #sequences = new Map<number, number>()
  #cleaner: TestCleaner

  constructor() {
    this.log = openLog(this.disk, { config, nowMs: this.nowMs })
    this.#cleaner = this.#newCleaner()
  }

  run(step: Command): void {
    switch (step.kind) {
      case 'append':
        return this.#append(step.pairs, step.codec, step.producer)
      case 'roll':
        this.nowMs += 1000
        return
      case 'clean':
        return this.#clean(true)
      case 'turn':
        return this.#clean(false)
      case 'wait':
        this.nowMs += step.ms
        return
      case 'restart':
        expect(this.log.close()).toBe(null)
        return this.#reopen(true)
      case 'crash':
        this.log.abandon()
        return this.#reopen(false)
    }
  }

  check(): void {
    const found = this.#read()
    const present = new Set(found.map(({ offset }) => offset))
    for (const record of found) expect(record).toEqual(this.written[record.offset])
    const last = new Map(this.written.map((record) => [record.key, record]))
    for (const { offset, value } of last.values()) {
      if (present.has(offset)) continue
      expect(value).toBe(null)
      expect(this.nowMs - (this.cleanedAtMs[offset] ?? this.nowMs)).toBeGreaterThanOrEqual(DELETE_RETENTION_MS)
    }
    // In the clean part a key is there once.
    const clean = found.filter(({ offset }) => offset < this.log.compaction.cleanedTo)
    expect(new Set(clean.map(({ key }) => key)).size).toBe(clean.length)
    expect(this.log.logEndOffset).toBe(this.written.length)
    expect(this.#cleaner.failures).toEqual([])
  }

  #append(pairs: readonly Pair[], codec: number, producerId: number): void {
    const baseSequence = this.#sequences.get(producerId) ?? 0
    const producer = producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence }
    append(this.log, keyed(pairs, { timestamp: this.nowMs, codec, ...producer }), 0, this.nowMs)
    this.#sequences.set(producerId, baseSequence + pairs.length)
    for (const [key, value] of pairs) this.written.push({ offset: this.written.length, key: key!, value })
    this.log.updateHighWatermark(this.log.logEndOffset)
  }

  #clean(wholly: boolean): void {
    this.#cleaner.nowMs = this.nowMs
    this.#cleaner.cleaner.tick()
    const { endOffset } = this.log.compaction.survey(this.nowMs)
    for (let offset = 0; offset < endOffset; offset++) this.cleanedAtMs[offset] ??= this.nowMs
    if (wholly) this.turns.run()
    else this.turns.step()
  }

  #reopen(cleanShutdown: boolean): void {
    const { cleanedTo } = this.log.compaction
    const recoveryPoint = cleanShutdown ? this.log.logEndOffset : 0
    this.turns.run()
    this.log = openLog(this.disk, { config, cleanShutdown, recoveryPoint, nowMs: this.nowMs })
    this.log.compaction.cleanedTo = cleanedTo
    this.log.updateHighWatermark(this.log.logEndOffset)
    this.#cleaner = this.#newCleaner()
  }

  #newCleaner(): TestCleaner {
    return new TestCleaner(() => [this.log], this.disk, this.turns)
  }

  #read(): Found[] {
    const found: Found[] = []
    for (let offset = 0; offset < this.log.flushedEndOffset; ) {
      const read = readOnce(this.log, this.turns, offset, 1000)
      if (read.bytes === 0) break
      for (const batch of decodeBatches(read.buffers)) {
        for (const { offset: at, key, value } of batch.records()) {
          found.push({ offset: at, key: String(key), value: value === null ? null : String(value) })
        }
      }
      offset = read.nextOffset
    }
    return found
  }
}

describe('compaction', () => {
  it('keeps the last value of every key, at its offset, and tombstones for their time', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 5, maxLength: 60 }), (commands) => {
        const world = new World()
        for (const step of commands) world.run(step)
        world.run({ kind: 'clean' })
        world.check()
        world.run({ kind: 'crash' })
        world.check()
      }),
      { numRuns: 100 },
    )
  })
})
