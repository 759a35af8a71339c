import * as header from '../../../proto/kafka/batch/header.ts'
import { type Disk, type DiskFile, ShortWriteError } from '../../ports/disk.ts'
import { CLEANED_SUFFIX, INDEX_SUFFIX, LOG_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX } from '../file-names.ts'
import { Segment } from '../segment.ts'
import { type AbortedTransaction, TransactionIndex } from '../txn-index.ts'
import { type ActiveProducer, BatchFilter } from './batch-filter.ts'
import { readBatches, type Steps } from './batch-source.ts'
import type { SourceSegment } from './build-map.ts'
import type { CleanedTransactions } from './cleaned-transactions.ts'
import type { OffsetMap } from './offset-map.ts'

/** Files of a segment that a cleaning writes. */
export const CLEANED_FILES = [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX] as const

/** Segments that become one: plain data, as it may go to another thread. */
export interface GroupTask {
  readonly directory: string
  readonly segments: readonly (SourceSegment & {
    /** Transactions aborted in its range. */
    readonly aborted: readonly AbortedTransaction[]
  })[]
  readonly producers: readonly ActiveProducer[]
  /** Where the cleanable part of the log ends. */
  readonly endOffset: number
  readonly nowMs: number
  readonly deleteRetentionMs: number
  readonly indexIntervalBytes: number
}

/** What a group became. */
export interface CleanedGroup {
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly recordsRead: number
  readonly recordsKept: number
}

/** What is carried from one group of a log to the next. */
export interface CleaningState {
  readonly map: OffsetMap
  readonly transactions: CleanedTransactions
}

/**
 * Recopies the segments of a group into one, without what is obsolete (Kafka's cleanSegments). The new files have the
 * suffix `.cleaned` and are durable at the end; ended early or failing, it leaves none behind.
 */
export function* cleanGroup(disk: Disk, state: CleaningState, task: GroupTask): Steps<CleanedGroup> {
  const target = new Segment(task.directory, task.segments[0]!.baseOffset, 0, task.nowMs)
  target.resetIndexes()
  const aborted = new TransactionIndex()
  state.transactions.retainInto((transaction) => aborted.append(transaction))
  let isWhole = false
  try {
    const file = emptyFile(disk, target.path(LOG_SUFFIX) + CLEANED_SUFFIX)
    let group: CleanedGroup
    try {
      group = yield* recopy(disk, state, task, target, file)
      expectSize(file, target.endPosition)
      file.datasyncSync()
    } finally {
      file.closeSync()
    }
    target.closeTimeIndex()
    writeFile(disk, target.path(INDEX_SUFFIX), target.indexes!.offsets.bytes())
    writeFile(disk, target.path(TIME_INDEX_SUFFIX), target.indexes!.times.bytes())
    // Written even when empty: a swap that a crash cut off is told from its end by which files are left.
    writeFile(disk, target.path(TXN_INDEX_SUFFIX), aborted.bytes())
    isWhole = true
    return group
  } finally {
    if (!isWhole) dropCleaned(disk, target)
  }
}

/** Removes what a cleaning wrote for the segment and is not to be used. */
export function dropCleaned(disk: Disk, target: Segment): void {
  for (const suffix of CLEANED_FILES) {
    const path = target.path(suffix) + CLEANED_SUFFIX
    if (disk.existsSync(path)) disk.unlinkSync(path)
  }
}

function* recopy(
  disk: Disk,
  { map, transactions }: CleaningState,
  task: GroupTask,
  target: Segment,
  into: DiskFile,
): Steps<CleanedGroup> {
  const { endOffset, nowMs, deleteRetentionMs, indexIntervalBytes } = task
  const producers = new Map(task.producers.map((producer) => [producer.producerId, producer]))
  const filter = new BatchFilter({ map, transactions, producers, endOffset, nowMs, deleteRetentionMs })
  let bytesRead = 0
  for (const segment of task.segments) {
    transactions.addAborted(segment.aborted)
    const source = disk.openSync(segment.path, { readOnly: true })
    try {
      const kept: Buffer[] = []
      const visit = (buffer: Buffer, at: number): boolean => {
        const batch = filter.apply(buffer, at)
        if (batch === null) return true
        target.account(header.lastOffset(batch, 0), header.maxTimestamp(batch, 0), batch.length, indexIntervalBytes)
        kept.push(batch)
        return true
      }
      for (const bytes of readBatches(source, 0, segment.sizeBytes, visit)) {
        const before = into.size
        // Batches kept as they are lie in the buffer of this very read.
        if (kept.length > 0) into.appendSync(kept.splice(0))
        bytesRead += bytes
        yield bytes + into.size - before
      }
    } finally {
      source.closeSync()
    }
  }
  return { bytesRead, bytesWritten: into.size, ...filter.counts }
}

function emptyFile(disk: Disk, path: string): DiskFile {
  const file = disk.openSync(path, { create: true })
  // An earlier try may have been cut off.
  if (file.size > 0) file.truncateSync(0)
  return file
}

function writeFile(disk: Disk, path: string, bytes: Buffer): void {
  const file = emptyFile(disk, path + CLEANED_SUFFIX)
  try {
    file.appendSync([bytes])
    expectSize(file, bytes.length)
    file.datasyncSync()
  } finally {
    file.closeSync()
  }
}

/** What is missing here would be missing for good: the segments it came from go. */
function expectSize(file: DiskFile, bytes: number): void {
  if (file.size !== bytes) throw new ShortWriteError(file.path, bytes, file.size)
}
