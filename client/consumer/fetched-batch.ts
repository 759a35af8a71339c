import { codecId, lastOffset } from '../../proto/kafka/batch/header.ts'
import { clientError } from '../errors.ts'
import type { Topic } from '../topic.ts'
import type { FrameLease } from './frame-lease.ts'
import type { BatchContext, FetchedRecord } from './record.ts'
import { RecordReader } from './record-reader.ts'
import type { Scan } from './scan.ts'
import type { ConsumerBatch, ConsumerRecord } from './types.ts'

/** What one fetch brought of one partition, and how it came. */
export interface FetchedBytes extends Scan {
  readonly buffer: Buffer
  /** Records before this offset are not delivered: a broker sends whole batches (W11). */
  readonly from: number
  readonly highWatermark: number
  /** Lets the answer's memory be used again; absent if it is not worth it. */
  readonly lease?: FrameLease | undefined
}

/**
 * What one fetch brought of one partition. Records are made while iterating. Its memory is used for later fetches once
 * the loop has moved on, if that can hurt nobody: every iteration was finished and no record refers to it.
 */
export class FetchedBatch<K, V, Name extends string> implements ConsumerBatch<K, V, Name> {
  readonly partition: number
  readonly highWatermark: number
  readonly leaderEpoch: number
  readonly nextOffset: number
  readonly bytes: number
  readonly #topic: Topic<K, V, Name>
  readonly #positions: readonly number[]
  readonly #from: number
  /** Contexts of records that lie in the fetched memory. */
  readonly #contexts: BatchContext<K, V, Name>[] = []
  #buffer: Buffer | undefined
  #lease: FrameLease | undefined
  #unfinished = 0
  #isRead = false
  /** Records were made that look into the fetched memory when asked. */
  #hasAliases = false

  constructor(topic: Topic<K, V, Name>, partition: number, fetched: FetchedBytes) {
    this.partition = partition
    this.highWatermark = fetched.highWatermark
    this.leaderEpoch = fetched.leaderEpoch
    this.nextOffset = fetched.nextOffset
    this.bytes = fetched.buffer.length
    this.#topic = topic
    this.#buffer = fetched.buffer
    this.#positions = fetched.positions
    this.#from = fetched.from
    this.#lease = fetched.lease
  }

  get topic(): Name {
    return this.#topic.name
  }

  /** Whether there is nothing for the application in it, only offsets to skip. */
  get isEmpty(): boolean {
    return this.#positions.length === 0
  }

  [Symbol.iterator](): RecordIterator<K, V, Name> {
    const buffer = this.#heldBuffer()
    this.#unfinished++
    return new RecordIterator(new RecordReader(this.#topic, this.partition), this.#positions.length, this.#from, {
      open: (reader, index) => this.#open(reader, buffer, this.#positions[index]!),
      finished: () => {
        this.#unfinished--
        this.#isRead = true
      },
    })
  }

  toArray(): ConsumerRecord<K, V, Name>[] {
    return [...this]
  }

  release(): void {
    this.#buffer = undefined
    for (const context of this.#contexts.splice(0)) context.buffer = undefined
    this.#lease?.end()
    this.#lease = undefined
  }

  /** The loop has moved on. */
  retire(): void {
    if (this.#lease !== undefined && this.#isRead && this.#unfinished === 0 && !this.#hasAliases) this.release()
  }

  /** It will not reach the application. */
  discard(): void {
    if (!this.#hasAliases) this.release()
  }

  /** The rest of it, beginning with the record at `offset`, in its stead. */
  startingAt(offset: number): FetchedBatch<K, V, Name> {
    const { nextOffset, leaderEpoch, highWatermark } = this
    const buffer = this.#heldBuffer()
    const positions = this.#positions.filter((position) => lastOffset(buffer, position) >= offset)
    const lease = this.#hasAliases ? undefined : this.#lease
    this.#lease = undefined
    const fetched = { buffer, from: offset, positions, nextOffset, leaderEpoch, highWatermark, lease }
    return new FetchedBatch(this.#topic, this.partition, fetched)
  }

  /** Copies the bytes if they are a small part of what they keep in memory. */
  detach(): void {
    const buffer = this.#heldBuffer()
    if (buffer.length * 2 >= buffer.buffer.byteLength) return
    this.#buffer = Buffer.from(buffer)
    if (!this.#hasAliases) this.#lease?.end()
    this.#lease = undefined
  }

  #open(reader: RecordReader<K, V, Name>, buffer: Buffer, position: number): void {
    const isTransient = this.#lease !== undefined && canOutlive(this.#topic)
    const context = reader.open(buffer, position, isTransient)
    if (codecId(buffer, position) !== 0) return
    this.#contexts.push(context)
    if (!isTransient) this.#hasAliases = true
  }

  #heldBuffer(): Buffer {
    if (this.#buffer === undefined) {
      throw clientError('CLIENT_STATE', 'the batch has been released: read it before the loop asks for the next one')
    }
    return this.#buffer
  }
}

/** Whether keys and values can be taken out of the buffer cheaply when their record is made. */
function canOutlive({ key, value }: Topic): boolean {
  const isCheap = (serde: Topic['key']): boolean => serde.fromText !== undefined || serde.decodeRange !== undefined
  return isCheap(key) && isCheap(value)
}

interface IterationHooks<K, V, Name extends string> {
  open(reader: RecordReader<K, V, Name>, index: number): void
  finished(): void
}

/** Iterates over the records of a fetched batch; a class, as generators cost more per record. */
export class RecordIterator<K, V, Name extends string> implements IterableIterator<FetchedRecord<K, V, Name>> {
  readonly #reader: RecordReader<K, V, Name>
  readonly #count: number
  readonly #from: number
  readonly #hooks: IterationHooks<K, V, Name>
  #index = 0
  #isOpen = false
  #isFinished = false

  /** Over `count` wire batches, leaving out records before `from`. */
  constructor(reader: RecordReader<K, V, Name>, count: number, from: number, hooks: IterationHooks<K, V, Name>) {
    this.#reader = reader
    this.#count = count
    this.#from = from
    this.#hooks = hooks
  }

  /** The next record, or undefined at the end: the loop of `records()` goes without result objects. */
  read(): FetchedRecord<K, V, Name> | undefined {
    for (;;) {
      if (!this.#isOpen) {
        if (this.#index === this.#count) return this.#finish()
        this.#hooks.open(this.#reader, this.#index++)
        this.#isOpen = true
      }
      const record = this.#reader.next()
      if (record === undefined) this.#isOpen = false
      else if (this.#index > 1 || record.offset >= this.#from) return record
    }
  }

  next(): IteratorResult<FetchedRecord<K, V, Name>, undefined> {
    const value = this.read()
    return value === undefined ? { done: true, value: undefined } : { done: false, value }
  }

  [Symbol.iterator](): this {
    return this
  }

  #finish(): undefined {
    if (!this.#isFinished) this.#hooks.finished()
    this.#isFinished = true
  }
}
