import { isOutOfDescriptors } from '../log/errors.ts'
import type { Log } from '../log/log.ts'
import type { AbortedTransaction } from '../log/txn-index.ts'
import type { OffsetResult, ReadResult } from './api.ts'
import { abortedWithin, lookUpOffset, readCold, readHot } from './partition-reads.ts'

/** What a partition tells and reads of its log, whatever its role. */
export abstract class PartitionLog {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  readonly log: Log

  constructor(log: Log) {
    this.log = log
    this.topic = log.topic
    this.topicId = log.topicId
    this.index = log.partition
  }

  /** Runs at the end of this turn, or of the next. */
  protected abstract later(answer: () => void): void

  get isOnline(): boolean {
    return this.log.offline === null
  }

  /** False while the disk is full. A want of descriptors is over as soon as a sync has freed one. */
  get hasSpace(): boolean {
    return this.log.full === null || isOutOfDescriptors(this.log.full.cause)
  }

  get logStartOffset(): number {
    return this.log.logStartOffset
  }

  get highWatermark(): number {
    return this.log.highWatermark
  }

  get lastStableOffset(): number {
    return this.log.lastStableOffset
  }

  get logEndOffset(): number {
    return this.log.logEndOffset
  }

  get flushedEndOffset(): number {
    return this.log.flushedEndOffset
  }

  get sizeBytes(): number {
    return this.log.sizeBytes
  }

  read(
    offset: number,
    limitOffset: number,
    maxBytes: number,
    minOneBatch: boolean,
    done: (result: ReadResult) => void,
  ): void {
    const now = this.readNow(offset, limitOffset, maxBytes, minOneBatch)
    if (now !== null) {
      this.later(() => done(now))
      return
    }
    readCold(this.log, offset, limitOffset, maxBytes, minOneBatch, done)
  }

  readNow(offset: number, limitOffset: number, maxBytes: number, minOneBatch: boolean): ReadResult | null {
    return readHot(this.log, offset, limitOffset, maxBytes, minOneBatch)
  }

  abortedTransactions(fromOffset: number, endOffset: number): readonly AbortedTransaction[] | null {
    return abortedWithin(this.log, fromOffset, endOffset)
  }

  offsetForTimestamp(timestampMs: number, limitOffset: number, done: (result: OffsetResult) => void): void {
    const result = lookUpOffset(() => this.log.offsetForTimestamp(timestampMs), limitOffset)
    this.later(() => done(result))
  }

  offsetOfMaxTimestamp(limitOffset: number, done: (result: OffsetResult) => void): void {
    const result = lookUpOffset(() => this.log.offsetOfMaxTimestamp(), limitOffset)
    this.later(() => done(result))
  }

  epochAt(offset: number): number {
    return this.log.epochForOffset(offset)
  }
}
