/** The log against a model that is an array, under random use, crashes and power cuts. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Log } from '../../../broker/log/log.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import { batch, memoryDisk, NOW_MS, openLog, readAll, retain, sharedWith, Turns } from './harness.ts'
import { PowerCutDisk } from './power-cut-disk.ts'

/** Every command may roll a segment that waits for its sync, and no append is to be refused for that here. */
const FILES_MAX = 160

type Command =
  | { readonly kind: 'append'; readonly count: number; readonly valueBytes: number; readonly codec: number }
  | { readonly kind: 'flush' | 'sync' | 'turn' | 'roll' | 'retention' | 'clean' | 'crash' | 'power-cut' }
  | { readonly kind: 'read' | 'truncate' | 'delete'; readonly at: number; readonly maxBytes: number }

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      count: fc.integer({ min: 1, max: 5 }),
      valueBytes: fc.constantFrom(0, 10, 300, 9000),
      codec: fc.constantFrom(0, 0, 3),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom('flush' as const, 'flush' as const, 'sync' as const, 'turn' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('retention' as const, 'clean' as const, 'crash' as const, 'power-cut' as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('read' as const, 'read' as const, 'read' as const, 'truncate' as const, 'delete' as const),
      at: fc.nat({ max: 1000 }),
      maxBytes: fc.constantFrom(1, 500, 20_000, 1_000_000),
    }),
  },
)

interface ModelBatch {
  readonly base: number
  readonly values: readonly string[]
}

const config = { segmentBytes: 6_000, indexIntervalBytes: 200, retentionBytes: 15_000 }

class World {
  turns = new Turns()
  memory: MemoryDisk = memoryDisk(this.turns).disk
  power = new PowerCutDisk(this.memory)
  log: Log
  /** Batches in the log, whether written or not. */
  batches: ModelBatch[] = []
  flushed = 0
  /** Below it, a sync was reported done. */
  acknowledged = 0
  /** After a power cut: the durable mark may be older than what was acknowledged, until the first sync. */
  settling = false
  start = 0
  /** Syncs asked for; a truncation takes back what they were to cover. */
  syncs: { target: number }[] = []
  #serial = 0
  readonly #random: (n: number) => number
  readonly #tailCacheBytes: number

  constructor(seed: number, tailCacheBytes: number) {
    let state = seed | 1
    this.#random = (n) => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
      return (state >>> 8) % n
    }
    this.#tailCacheBytes = tailCacheBytes
    this.log = this.#open(false)
  }

  get end(): number {
    const last = this.batches.at(-1)
    return last === undefined ? 0 : last.base + last.values.length
  }

  run(step: Command): void {
    switch (step.kind) {
      case 'append':
        return this.#append(step.count, step.valueBytes, step.codec)
      case 'flush':
        expect(this.log.flush()).toBeNull()
        this.flushed = this.end
        return
      case 'sync':
        return this.#sync()
      case 'turn':
        return this.turns.run()
      case 'retention':
        this.log.updateHighWatermark(this.log.committableEndOffset)
        retain(this.log, NOW_MS)
        this.log.tick(NOW_MS + 100_000)
        this.flushed = this.end
        this.start = this.log.logStartOffset
        return
      case 'read':
        return this.#read(step.at, step.maxBytes)
      case 'truncate':
        return this.#truncate(step.at)
      case 'delete':
        this.log.updateHighWatermark(this.log.committableEndOffset)
        this.start = Math.max(this.start, Math.min(step.at, this.log.highWatermark))
        return this.log.deleteRecordsBefore(this.start)
      default:
        return this.#restart(step.kind)
    }
  }

  #sync(): void {
    const asked = { target: this.flushed }
    this.syncs.push(asked)
    this.log.sync((error) => {
      if (error !== null) return
      this.acknowledged = Math.max(this.acknowledged, asked.target)
      this.settling = false
    })
  }

  check(): void {
    expect(this.log.offline).toBeNull()
    expect([this.log.logEndOffset, this.log.flushedEndOffset]).toEqual([this.end, this.flushed])
    if (!this.settling) expect(this.log.durableEndOffset).toBeGreaterThanOrEqual(this.acknowledged)
    expect(this.log.durableEndOffset).toBeLessThanOrEqual(this.flushed)
  }

  /** Reads everything back and compares, value by value. */
  checkAll(): void {
    this.check()
    const expected = this.batches.flatMap((found) => found.values.map((value, i) => [found.base + i, value] as const))
    const visible = expected.filter(([offset]) => offset >= this.start && offset < this.flushed)
    const records = readAll(this.log, this.turns, this.start, 20_000)
    expect(records.map((record) => [record.offset, String(record.value)])).toEqual(visible)
    for (const record of records.filter((_, i) => i % 7 === 0)) {
      expect(this.log.offsetForTimestamp(record.timestamp)?.offset).toBe(record.offset)
    }
  }

  #append(count: number, valueBytes: number, codec: number): void {
    const name = `n${this.#serial++}-`
    const base = this.end
    // One producer writes everything, so its next sequence is the next offset, whatever was cut in between.
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: base }
    const data = batch(name, count, { valueBytes, codec, timestamp: NOW_MS + base, ...producer })
    expect(this.log.append(data, 0, NOW_MS)).toMatchObject({
      error: 0,
      duplicate: false,
      baseOffset: base,
      lastOffset: base + count - 1,
    })
    // A roll writes what is queued.
    this.flushed = this.log.flushedEndOffset
    this.batches.push({ base, values: Array.from({ length: count }, (_, i) => `${name}${i}`.padEnd(valueBytes, '.')) })
  }

  #read(at: number, maxBytes: number): void {
    const offset = this.start + (this.flushed === this.start ? 0 : at % (this.flushed - this.start))
    if (offset >= this.flushed) return
    const holding = this.batches.findLast((found) => found.base <= offset)!
    const records = readAll(this.log, this.turns, offset, maxBytes)
    expect(String(records[0].value)).toBe(holding.values[offset - holding.base])
  }

  #truncate(at: number): void {
    const target = this.start + (at % (this.end - this.start + 1))
    const holding = this.batches.findLast((found) => found.base <= target && target < found.base + found.values.length)
    const cut = holding?.base ?? target
    // Replicas truncate above the log start only.
    if (cut < this.start) return
    expect(this.log.truncateTo(target, NOW_MS)).toBeNull()
    this.batches = this.batches.filter((found) => found.base + found.values.length <= cut)
    this.flushed = this.end
    this.acknowledged = Math.min(this.acknowledged, cut)
    for (const asked of this.syncs) asked.target = Math.min(asked.target, cut)
  }

  #restart(kind: 'clean' | 'crash' | 'power-cut' | 'roll'): void {
    if (kind === 'clean') {
      expect(this.log.close()).toBeNull()
      this.flushed = this.end
      this.acknowledged = this.end
    } else {
      this.log.abandon()
    }
    if (kind === 'power-cut') {
      this.turns = new Turns()
      this.memory = this.power.afterPowerCut(this.#random, this.turns.defer)
      this.power = new PowerCutDisk(this.memory)
      this.power.disk.mkdirSync('/data/t-0')
      for (const name of this.memory.listSync('/data/t-0')) {
        this.power.disk.replaceSync(`/data/t-0/${name}`, this.memory.readFileSync(`/data/t-0/${name}`))
      }
    }
    this.syncs = []
    this.log = this.#open(kind === 'clean')
    const end = this.log.logEndOffset
    expect(end).toBeGreaterThanOrEqual(this.acknowledged)
    if (kind !== 'power-cut') expect(end).toBe(this.flushed)
    expect(this.batches.some((found) => found.base === end) || end === this.end || end === this.start).toBe(true)
    this.batches = this.batches.filter((found) => found.base < end)
    this.flushed = end
    this.start = Math.max(this.start, this.log.logStartOffset)
    // A kill leaves the mark as it was last written.
    this.settling = kind === 'power-cut' || (this.settling && kind === 'crash')
    this.#sync()
  }

  #open(cleanShutdown: boolean): Log {
    const shared = sharedWith({ tailCacheBytes: this.#tailCacheBytes, maxOpenFiles: FILES_MAX })
    return openLog(this.power.disk, { shared, cleanShutdown, logStartOffset: this.start, config })
  }
}

describe('a log under random use', () => {
  it('loses nothing acknowledged, invents nothing, and reads back what was written', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        fc.array(command, { minLength: 1, maxLength: 120, size: 'max' }),
        fc.integer({ min: 1, max: 0x7fffffff }),
        fc.constantFrom(0, 5000, 1_000_000),
        (commands, seed, tailCacheBytes) => {
          const world = new World(seed, tailCacheBytes)
          for (const step of commands) {
            world.run(step)
            world.check()
          }
          world.checkAll()
        },
      ),
      { numRuns: 150 },
    )
  })
})
