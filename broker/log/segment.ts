import type { Disk, DiskFile } from '../ports/disk.ts'
import type { LogConfig } from './config.ts'
import { assert } from './errors.ts'
import { INDEX_SUFFIX, LOG_SUFFIX, stemOf, TIME_INDEX_SUFFIX } from './file-names.ts'
import { type FileHandle, fileHandle } from './file-pool.ts'
import { OffsetIndex } from './offset-index.ts'
import { walkHeaders } from './scan.ts'
import * as header from '../../proto/kafka/batch/header.ts'
import type { LogShared } from './shared.ts'
import { TimeIndex } from './time-index.ts'
import { type AbortedTransaction, TransactionIndex } from './txn-index.ts'

const INT32_MAX = 0x7fffffff
const UNREAD = -2

export interface SegmentIndexes {
  readonly offsets: OffsetIndex
  readonly times: TimeIndex
}

/** What appends change in a segment besides its indexes: to be able to take them back. */
export interface SegmentState {
  readonly endPosition: number
  readonly firstTimestamp: number
  readonly maxTimestamp: number
  readonly maxTimestampOffset: number
  readonly bytesSinceIndexEntry: number
}

/**
 * One `.log` file and its two indexes. The newest segment of a log takes appends and has its indexes in memory only;
 * `seal` writes them to their files, from where they come back on demand.
 */
export class Segment {
  readonly baseOffset: number
  readonly handle: FileHandle
  /** Bytes in the `.log` file. */
  sizeBytes: number
  /** Bytes accounted for: those in the file, and those queued to be written next. */
  endPosition: number
  /** Wall clock at creation, for `segment.ms` when batches carry no timestamps. */
  createdMs: number
  /** Timestamp of the first batch, which `segment.ms` counts from; -1 = it has none, -2 = not read yet. */
  firstTimestamp = UNREAD
  /** Largest timestamp (-1 = none, -2 = not read yet), and the last offset of the batch that brought it. */
  maxTimestamp = UNREAD
  maxTimestampOffset = -1
  indexes: SegmentIndexes | null = null
  /** Transactions that an ABORT marker here ended: null = none, 'unread' = what its file says. */
  aborted: TransactionIndex | 'unread' | null = null
  readonly #directory: string
  /** What the names of its files end with while a compaction brings it in. */
  #nameSuffix = ''
  #bytesSinceIndexEntry = 0

  constructor(directory: string, baseOffset: number, sizeBytes: number, createdMs: number) {
    this.baseOffset = baseOffset
    this.#directory = directory
    this.handle = fileHandle(this.path(LOG_SUFFIX))
    this.sizeBytes = sizeBytes
    this.endPosition = sizeBytes
    this.createdMs = createdMs
  }

  /** Path of one of the segment's files. */
  path(suffix: string): string {
    return `${this.#directory}/${stemOf(this.baseOffset)}${suffix}${this.#nameSuffix}`
  }

  /** Its files have this after their proper names from here on; '' = nothing. */
  rename(nameSuffix: string): void {
    this.#nameSuffix = nameSuffix
    this.handle.path = this.path(LOG_SUFFIX)
  }

  open(disk: Disk, shared: LogShared, create = false): DiskFile {
    return shared.files.open(disk, this.handle, create)
  }

  /** Notes a batch at the end: index entries are made exactly where Kafka makes them. Needs `indexes` in memory. */
  account(lastOffset: number, maxTimestamp: number, sizeBytes: number, indexIntervalBytes: number): void {
    const indexes = this.indexes
    assert(indexes !== null, `segment ${this.baseOffset} takes no appends`)
    if (this.endPosition === 0) this.firstTimestamp = maxTimestamp
    if (maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = maxTimestamp
      this.maxTimestampOffset = lastOffset
    }
    if (this.#bytesSinceIndexEntry > indexIntervalBytes) {
      indexes.offsets.append(lastOffset - this.baseOffset, this.endPosition)
      indexes.times.maybeAppend(this.maxTimestamp, this.maxTimestampOffset - this.baseOffset)
      this.#bytesSinceIndexEntry = 0
    }
    this.#bytesSinceIndexEntry += sizeBytes
    this.endPosition += sizeBytes
  }

  /** Notes an ABORT marker at the end. Needs `aborted` in memory. */
  noteAborted(transaction: AbortedTransaction): void {
    assert(this.aborted !== 'unread', `the transaction index of segment ${this.baseOffset} has been read`)
    this.aborted ??= new TransactionIndex()
    this.aborted.append(transaction)
  }

  state(): SegmentState {
    const { endPosition, firstTimestamp, maxTimestamp, maxTimestampOffset } = this
    const bytesSinceIndexEntry = this.#bytesSinceIndexEntry
    return { endPosition, firstTimestamp, maxTimestamp, maxTimestampOffset, bytesSinceIndexEntry }
  }

  /** Takes back the batches from `endOffset` on, which were appended since `state`. */
  revert(state: SegmentState, endOffset: number): void {
    this.endPosition = state.endPosition
    this.firstTimestamp = state.firstTimestamp
    this.maxTimestamp = state.maxTimestamp
    this.maxTimestampOffset = state.maxTimestampOffset
    this.#bytesSinceIndexEntry = state.bytesSinceIndexEntry
    this.indexes?.offsets.truncate(endOffset - this.baseOffset)
    this.indexes?.times.truncate(endOffset - this.baseOffset)
    if (this.aborted instanceof TransactionIndex) this.aborted.truncate(endOffset)
  }

  /** True when a batch of `sizeBytes` must go to a new segment. */
  mustRoll(sizeBytes: number, maxTimestamp: number, lastOffset: number, nowMs: number, config: LogConfig): boolean {
    if (this.endPosition === 0) return false
    if (this.endPosition + sizeBytes > config.segmentBytes) return true
    const age =
      this.firstTimestamp >= 0 && maxTimestamp >= 0 ? maxTimestamp - this.firstTimestamp : nowMs - this.createdMs
    if (age > config.segmentMs) return true
    const indexes = this.indexes!
    if (indexes.offsets.isFull(config.segmentIndexBytes) || indexes.times.isFull(config.segmentIndexBytes)) return true
    if (this.aborted instanceof TransactionIndex && this.aborted.isFull(config.segmentIndexBytes)) return true
    return lastOffset - this.baseOffset > INT32_MAX
  }

  /** Starts with empty indexes, for a new segment or before a scan that fills them. */
  resetIndexes(): void {
    this.indexes = { offsets: new OffsetIndex(), times: new TimeIndex() }
    this.endPosition = 0
    this.firstTimestamp = -1
    this.maxTimestamp = -1
    this.maxTimestampOffset = -1
    this.#bytesSinceIndexEntry = 0
  }

  /** Builds the indexes from the batch headers in the file, up to `endPosition` bytes. */
  rebuildIndexes(disk: Disk, shared: LogShared, indexIntervalBytes: number, endPosition: number): void {
    this.resetIndexes()
    walkHeaders(this.open(disk, shared), 0, endPosition, shared.readBuffers, (buffer, at, _position, size) => {
      this.account(header.lastOffset(buffer, at), header.maxTimestamp(buffer, at), size, indexIntervalBytes)
      return true
    })
  }

  /** The indexes, read from their files, or built anew when those are missing or make no sense. */
  loadIndexes(disk: Disk, shared: LogShared, indexIntervalBytes: number): SegmentIndexes {
    if (this.indexes === null && this.sizeBytes === 0) this.resetIndexes()
    if (this.indexes === null) {
      const offsets = this.#parse(disk, INDEX_SUFFIX, (data) => OffsetIndex.parse(data, this.sizeBytes))
      const times = this.#parse(disk, TIME_INDEX_SUFFIX, (data) => TimeIndex.parse(data))
      // Sealing leaves at least one time entry, so an empty file is a lost one (or, harmlessly, no record has a timestamp).
      const isWhole = offsets !== null && times !== null && (times.count > 0 || this.sizeBytes === 0)
      if (isWhole) this.indexes = { offsets, times }
      else this.rebuildIndexes(disk, shared, indexIntervalBytes, this.sizeBytes)
    }
    return this.indexes!
  }

  /** Adds the closing entry to the time index, so that its last entry is the segment's largest timestamp. */
  closeTimeIndex(): void {
    this.indexes!.times.maybeAppend(this.maxTimestamp, this.maxTimestampOffset - this.baseOffset)
  }

  /** Learns `maxTimestamp` of a segment found on disk from the last entry of its time index. */
  loadMaxTimestamp(indexes: SegmentIndexes): void {
    if (this.maxTimestamp !== UNREAD) return
    const { times } = indexes
    this.maxTimestamp = times.count === 0 ? -1 : times.timestamp(times.count - 1)
    this.maxTimestampOffset = times.count === 0 ? -1 : this.baseOffset + times.relativeOffset(times.count - 1)
  }

  get knowsFirstTimestamp(): boolean {
    return this.firstTimestamp !== UNREAD
  }

  /** Learns `firstTimestamp` of a segment found on disk from its first batch header. */
  loadFirstTimestamp(disk: Disk, shared: LogShared): void {
    if (this.firstTimestamp !== UNREAD) return
    this.firstTimestamp = -1
    walkHeaders(this.open(disk, shared), 0, this.sizeBytes, shared.readBuffers, (buffer, at) => {
      this.firstTimestamp = header.maxTimestamp(buffer, at)
      return false
    })
  }

  #parse<T>(disk: Disk, suffix: string, parse: (data: Buffer) => T | null): T | null {
    const path = this.path(suffix)
    return disk.existsSync(path) ? parse(disk.readFileSync(path)) : null
  }
}
