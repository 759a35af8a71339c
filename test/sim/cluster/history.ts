/** What clients did and what they were told: the history that the brokers' promises are held against. */
import { must } from '../log/violation.ts'

/** `ok` must persist, `fail` must never appear, `unknown` may do either. */
export type Fate = 'pending' | 'ok' | 'unknown' | 'fail'

/** A record is known by who wrote it and its number: both fit a double. */
const NUMBERS_PER_WRITER = 0x1_0000_0000

export interface Writer {
  readonly id: number
  readonly isIdempotent: boolean
  readonly acks: number
}

/** Records with consecutive numbers, sent together. */
export interface SentBatch {
  readonly writer: Writer
  /** One uptime of one producer id: within it, order is promised. */
  readonly session: number
  readonly partition: PartitionHistory
  readonly firstNumber: number
  readonly count: number
  fate: Fate
  /** -1 unless it was told. */
  baseOffset: number
}

export function recordId(writer: number, number: number): number {
  return writer * NUMBERS_PER_WRITER + number
}

/** What is known about one partition. */
export class PartitionHistory {
  readonly topic: string
  readonly index: number
  readonly name: string
  readonly batches: SentBatch[] = []
  /** By offset: the record that somebody was promised there, or saw there; -1 = nobody. */
  readonly promised: number[] = []
  /** A topic that was deleted, or may have been, promises nothing any more. */
  isDeleted = false
  /** Somebody asked to delete the records below: they may be gone. */
  deletedBelow = 0
  readonly #isCompacted: boolean

  constructor(topic: string, index: number, isCompacted = false) {
    this.topic = topic
    this.index = index
    this.name = `${topic}-${index}`
    this.#isCompacted = isCompacted
  }

  sent(writer: Writer, session: number, firstNumber: number, count: number): SentBatch {
    const batch = { writer, session, partition: this, firstNumber, count, fate: 'pending' as const, baseOffset: -1 }
    this.batches.push(batch)
    return batch
  }

  /** The batch was acknowledged; `baseOffset` -1: as a duplicate, without saying where. */
  acknowledged(batch: SentBatch, baseOffset: number): void {
    batch.fate = 'ok'
    if (baseOffset < 0) return
    batch.baseOffset = baseOffset
    // What one broker alone acknowledged may be gone with it.
    if (batch.writer.acks !== -1) return
    for (let i = 0; i < batch.count; i++) {
      this.#note(baseOffset + i, recordId(batch.writer.id, batch.firstNumber + i), 'was acknowledged')
    }
  }

  /** A consumer saw the record. */
  read(offset: number, id: number): void {
    this.#note(offset, id, 'was read')
  }

  /** Offsets below this one have been promised to somebody. */
  get promisedEnd(): number {
    return this.promised.length
  }

  #note(offset: number, id: number, what: string): void {
    const { promised } = this
    while (promised.length <= offset) promised.push(-1)
    const before = promised[offset]!
    must(before === -1 || before === id || this.isDeleted || this.#isCompacted, 'R11', () => {
      return `${this.name} offset ${offset} ${what} as ${describe(id)}, and was ${describe(before)} before`
    })
    promised[offset] = id
  }
}

/** As in `writer 3 record 17`. */
export function describe(id: number): string {
  return `record ${id % NUMBERS_PER_WRITER} of writer ${Math.floor(id / NUMBERS_PER_WRITER)}`
}

/** All partitions. */
export class History {
  readonly #partitions = new Map<string, PartitionHistory>()
  /** All partitions, in the order in which they were first named. */
  readonly all: PartitionHistory[] = []
  readonly #producerIds = new Set<string>()
  #writers = 0
  #sessions = 0

  partition(topic: string, index: number): PartitionHistory {
    const key = `${topic}-${index}`
    let partition = this.#partitions.get(key)
    if (partition === undefined) {
      partition = new PartitionHistory(topic, index)
      this.#partitions.set(key, partition)
      this.all.push(partition)
    }
    return partition
  }

  /** See `PartitionHistory.deletedBelow`; of a partition as in `orders-0`. */
  deletedBelow(name: string): number {
    return this.#partitions.get(name)?.deletedBelow ?? 0
  }

  partitions(): Iterable<PartitionHistory> {
    return this.all
  }

  newWriter(isIdempotent: boolean, acks: number): Writer {
    return { id: ++this.#writers, isIdempotent, acks }
  }

  /** False: it was given out before. */
  takeProducerId(id: number, epoch: number): boolean {
    const key = `${id}/${epoch}`
    if (this.#producerIds.has(key)) return false
    this.#producerIds.add(key)
    return true
  }

  newSession(): number {
    return ++this.#sessions
  }
}
