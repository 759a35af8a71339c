import { describe, expect, it } from 'vitest'
import { LogCorruptError } from '../../../broker/log/errors.ts'
import type { Log } from '../../../broker/log/log.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import {
  append,
  batch,
  contents,
  DIRECTORY,
  freshLog,
  NOW_MS,
  openLog,
  retain,
  sharedWith,
  type Turns,
} from './harness.ts'
import { marker, readCommitted, type Seen } from './transactions.ts'

const TXN_INDEX = `${DIRECTORY}/00000000000000000000.txnindex`
/** Rolls every few batches. */
const SMALL = { segmentBytes: 500, indexIntervalBytes: 100 }

/** Writes transactions; remembers what of them is committed. */
class Writer {
  log: Log
  readonly committed: Seen[] = []
  readonly #open = new Map<number, Seen[]>()
  readonly #sequences = new Map<number, number>()
  #count = 0

  constructor(log: Log) {
    this.log = log
  }

  write(producerId: number, isTransactional = true): number {
    const baseSequence = this.#sequences.get(producerId) ?? 0
    this.#sequences.set(producerId, baseSequence + 2)
    const name = `v${this.#count++}-`
    const options = { producerId, producerEpoch: 0, baseSequence, isTransactional }
    const base = append(this.log, batch(name, 2, options))
    const written = [0, 1].map((i) => ({ offset: base + i, value: `${name}${i}` }))
    if (isTransactional) this.#open.set(producerId, [...(this.#open.get(producerId) ?? []), ...written])
    else this.committed.push(...written)
    return base
  }

  end(producerId: number, isAbort: boolean): number {
    const offset = append(this.log, marker(producerId, isAbort))
    if (!isAbort) this.committed.push(...(this.#open.get(producerId) ?? []))
    this.#open.delete(producerId)
    this.log.updateHighWatermark(this.log.logEndOffset)
    return offset
  }

  has(producerId: number): boolean {
    return this.#open.has(producerId)
  }

  /** What a `read_committed` consumer must see now. */
  expected(from = 0): Seen[] {
    const end = this.log.lastStableOffset
    return this.committed.filter(({ offset }) => offset >= from && offset < end).sort((a, b) => a.offset - b.offset)
  }
}

function expectServed(writer: Writer, turns: Turns): void {
  const { log } = writer
  log.updateHighWatermark(log.logEndOffset)
  for (const maxBytes of [1, 300, 100_000]) {
    for (const from of [log.logStartOffset, Math.floor((log.logStartOffset + log.lastStableOffset) / 2)]) {
      expect(readCommitted(log, turns, from, maxBytes)).toEqual(writer.expected(from))
    }
  }
}

/** Seeded, so that a failure can be seen again. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('the last stable offset', () => {
  it('moves past a transaction only once its marker is below the high watermark', () => {
    const { log } = freshLog()
    const options = { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true }
    append(log, batch('a', 3))
    append(log, batch('b', 2, options))
    log.updateHighWatermark(4)
    expect(log.lastStableOffset).toBe(3)
    append(log, marker(1, false))
    append(log, batch('c', 2))
    log.updateHighWatermark(5)
    expect(log.lastStableOffset).toBe(3)
    log.updateHighWatermark(6)
    expect(log.lastStableOffset).toBe(6)
  })

  it('stands at the log start when the oldest transaction began before it', () => {
    const { log } = freshLog()
    append(log, batch('b', 4, { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true }))
    append(log, batch('c', 4))
    log.updateHighWatermark(8)
    expect(log.lastStableOffset).toBe(0)
    log.deleteRecordsBefore(2)
    expect(log.lastStableOffset).toBe(2)
  })
})

describe('appends of transactions', () => {
  it('refuses what is no part of the open one', () => {
    const { log } = freshLog()
    append(log, batch('a', 1, { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true }))
    const stranger = batch('b', 1, { producerId: 1, producerEpoch: 0, baseSequence: 1 })
    expect(log.append(stranger, 0, NOW_MS).error).toBe(Errors.INVALID_TXN_STATE)
  })

  it('refuses markers of a fenced producer or coordinator', () => {
    const { log } = freshLog()
    append(log, batch('a', 1, { producerId: 1, producerEpoch: 5, baseSequence: 0, isTransactional: true }))
    append(log, marker(1, true, 3, 5))
    expect(log.append(marker(1, true, 3, 4), 0, NOW_MS).error).toBe(Errors.INVALID_PRODUCER_EPOCH)
    expect(log.append(marker(1, true, 2, 5), 0, NOW_MS).error).toBe(Errors.TRANSACTION_COORDINATOR_FENCED)
    expect(log.append(marker(1, true, 4, 6), 0, NOW_MS).error).toBe(Errors.NONE)
  })

  it('keeps the epoch of the coordinator over restarts, clean and not', () => {
    const { disk, log } = freshLog()
    append(log, marker(1, true, 3, 5))
    log.abandon()
    const crashed = openLog(disk)
    expect(crashed.append(marker(1, true, 2, 5), 0, NOW_MS).error).toBe(Errors.TRANSACTION_COORDINATOR_FENCED)
    crashed.close()
    const clean = openLog(disk, { cleanShutdown: true })
    expect(clean.append(marker(1, true, 2, 5), 0, NOW_MS).error).toBe(Errors.TRANSACTION_COORDINATOR_FENCED)
  })
})

describe('the index of aborted transactions', () => {
  it("has one entry of Kafka's 34 bytes per ABORT marker, and no file where there is none", () => {
    const { disk, log } = freshLog()
    const writer = new Writer(log)
    writer.write(1)
    writer.end(1, false)
    log.settle(() => undefined)
    expect(disk.existsSync(TXN_INDEX)).toBe(false)
    writer.write(7)
    writer.write(8)
    writer.end(8, true)
    writer.end(7, true)
    writer.end(9, true)
    log.close()
    const entries = disk.readFileSync(TXN_INDEX)
    const numbers = [0, 34].map((at) => [
      entries.readInt16BE(at),
      ...[2, 10, 18, 26].map((field) => Number(entries.readBigInt64BE(at + field))),
    ])
    expect(entries.length).toBe(68)
    expect(numbers).toEqual([
      [0, 8, 5, 7, 3],
      [0, 7, 3, 8, 9],
    ])
  })

  it('tells a reader of the transactions that reach into his range, also from later segments', () => {
    const { log, turns } = freshLog({ config: SMALL })
    const writer = new Writer(log)
    writer.write(1)
    for (let i = 0; i < 12; i++) writer.write(2, false)
    writer.end(1, true)
    for (let i = 0; i < 12; i++) writer.write(2, false)
    expect(log.segmentCount).toBeGreaterThan(4)
    expect(log.abortedTransactions(0, 2)).toMatchObject([{ producerId: 1, firstOffset: 0, lastOffset: 26 }])
    expect(log.abortedTransactions(26, 27)).toHaveLength(1)
    expect(log.abortedTransactions(27, 40)).toEqual([])
    expectServed(writer, turns)
  })

  it('serves exactly what was committed, whatever is written, rolled, crashed, closed and reopened', () => {
    for (let seed = 1; seed <= 25; seed++) {
      const random = randomFrom(seed)
      const { disk, turns, log } = freshLog({ config: SMALL })
      const writer = new Writer(log)
      for (let step = 0; step < 120; step++) {
        const producerId = 1 + Math.floor(random() * 4)
        const dice = random()
        if (dice < 0.45) writer.write(producerId)
        else if (dice < 0.6) writer.write(10, false)
        else if (dice < 0.75 && writer.has(producerId)) writer.end(producerId, false)
        else if (dice < 0.95 && writer.has(producerId)) writer.end(producerId, true)
        else if (dice > 0.98) writer.log = reopen(disk, writer.log, random() < 0.5)
      }
      expectServed(writer, turns)
      for (const clean of [true, false]) {
        writer.log = reopen(disk, writer.log, clean)
        expectServed(writer, turns)
      }
    }
  })

  it('is cut with the log', () => {
    const { disk, turns, log } = freshLog({ config: SMALL })
    const writer = new Writer(log)
    const ends: number[] = []
    for (let i = 0; i < 10; i++) {
      writer.write(1)
      ends.push(writer.end(1, true))
    }
    expect(log.abortedTransactions(0, 1000)).toHaveLength(10)
    expect(log.truncateTo(ends[4], NOW_MS)).toBeNull()
    expect(log.abortedTransactions(0, 1000)).toHaveLength(4)
    expect([log.logEndOffset, log.lastStableOffset]).toEqual([ends[4], ends[3] + 1])
    expect(log.append(marker(1, true), 0, NOW_MS)).toMatchObject({ error: 0, baseOffset: ends[4] })
    expect(log.abortedTransactions(0, 1000)).toHaveLength(5)
    for (const clean of [true, false, true]) {
      writer.log = reopen(disk, writer.log, clean)
      expect(writer.log.abortedTransactions(0, 1000)).toHaveLength(5)
    }
    expectServed(writer, turns)
  })

  it('goes with its segment, and keeps what began in one that is gone', () => {
    const { disk, log } = freshLog({ config: { ...SMALL, retentionMs: 1000, fileDeleteDelayMs: 0 } })
    const writer = new Writer(log)
    writer.write(2)
    for (let i = 0; i < 8; i++) writer.write(3, false)
    writer.end(2, true)
    log.deleteRecordsBefore(14)
    expect(retain(log, NOW_MS)).toBeGreaterThan(0)
    expect(log.abortedTransactions(log.logStartOffset, log.logEndOffset)).toMatchObject([{ firstOffset: 0 }])
    expect(log.logStartOffset).toBeGreaterThan(0)
    const again = reopen(disk, log, true)
    expect(again.abortedTransactions(again.logStartOffset, again.logEndOffset)).toHaveLength(1)
  })

  it('is built again when its file is lost or damaged after a clean stop', () => {
    const harms: ((data: Buffer) => Buffer | null)[] = [
      () => null,
      () => Buffer.alloc(0),
      (data) => data.subarray(0, 34),
      (data) => data.subarray(0, 40),
      (data) => Buffer.alloc(data.length, 'nonsense'),
      ...Array.from({ length: 34 }, (_, i) => (data: Buffer) => {
        const flipped = Buffer.from(data)
        if (i !== 1) flipped[i] ^= 0x04
        else flipped[i + 34] ^= 0x04
        return flipped
      }),
    ]
    for (const config of [{}, SMALL]) {
      for (const harm of harms) {
        const { disk, turns, log } = freshLog({ config })
        const writer = new Writer(log)
        writer.write(1)
        writer.write(2)
        for (const producerId of [1, 2, 1, 2]) {
          writer.write(producerId)
          writer.end(producerId, true)
        }
        writer.write(5, false)
        log.close()
        for (const name of disk.listSync(DIRECTORY).filter((found) => found.endsWith('.txnindex'))) {
          const harmed = harm(disk.readFileSync(`${DIRECTORY}/${name}`))
          if (harmed === null) disk.unlinkSync(`${DIRECTORY}/${name}`)
          else disk.replaceSync(`${DIRECTORY}/${name}`, harmed)
        }
        writer.log = openLog(disk, { config, cleanShutdown: true, shared: sharedWith({ tailCacheBytes: 0 }) })
        expectServed(writer, turns)
      }
    }
  })

  it('of a newer version is refused by name, with nothing changed', () => {
    const { disk, log } = freshLog()
    const writer = new Writer(log)
    writer.write(1)
    writer.end(1, true)
    log.close()
    const data = disk.readFileSync(TXN_INDEX)
    data.writeInt16BE(1, 0)
    disk.replaceSync(TXN_INDEX, data)
    const expectRefused = (cleanShutdown: boolean) => {
      const before = contents(disk)
      const open = () => openLog(disk, { cleanShutdown })
      expect(open).toThrow(LogCorruptError)
      expect(open).toThrow(`${TXN_INDEX}: version 1 is newer than this program, which reads 0; start the version that`)
      expect(contents(disk)).toEqual(before)
    }
    expectRefused(true)
    // A torn tail, which opening would cut.
    disk.openSync(`${DIRECTORY}/00000000000000000000.log`).appendSync([Buffer.from('torn')])
    expectRefused(false)
  })
})

/** Stops the log, cleanly or as a crash does, and opens it again. */
function reopen(disk: MemoryDisk, log: Log, clean: boolean): Log {
  if (clean) log.close()
  else log.abandon()
  return openLog(disk, {
    config: SMALL,
    cleanShutdown: clean,
    logStartOffset: log.logStartOffset,
    highWatermark: log.highWatermark,
    shared: sharedWith({ tailCacheBytes: clean ? 0 : 1024 * 1024 }),
  })
}
