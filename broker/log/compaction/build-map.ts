import * as header from '../../../proto/kafka/batch/header.ts'
import type { Disk } from '../../ports/disk.ts'
import type { AbortedTransaction } from '../txn-index.ts'
import { openRecords } from './batch-filter.ts'
import { readBatches, type Steps } from './batch-source.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import { OffsetMap } from './offset-map.ts'

/** A segment to be read: plain data, as it may go to another thread. */
export interface SourceSegment {
  readonly path: string
  readonly baseOffset: number
  readonly sizeBytes: number
  /** Base offset of the segment after it, or where the cleanable part ends. */
  readonly nextOffset: number
}

/** The dirty part of a log. */
export interface MapTask {
  /** The segments from the one that holds `firstDirtyOffset`, in order. */
  readonly segments: readonly SourceSegment[]
  readonly firstDirtyOffset: number
  /** Place of a batch at or before `firstDirtyOffset` in the first segment. */
  readonly firstPosition: number
  /** Transactions aborted in the dirty part. */
  readonly aborted: readonly AbortedTransaction[]
  /** Ceiling of the map's memory (`log.cleaner.dedupe.buffer.size`). */
  readonly mapBytesMax: number
}

/**
 * Reads the dirty part until its end or until the map is full (Kafka's buildOffsetMap); records of aborted transactions do
 * not count. `latestOffset` of the map tells how far it came.
 */
export function* buildOffsetMap(disk: Disk, task: MapTask): Steps<OffsetMap> {
  const map = new OffsetMap(task.mapBytesMax)
  const transactions = new CleanedTransactions()
  transactions.addAborted(task.aborted)
  let position = task.firstPosition
  for (const segment of task.segments) {
    const file = disk.openSync(segment.path, { readOnly: true })
    try {
      const visit = (buffer: Buffer, at: number) => noteKeys(map, transactions, buffer, at, task.firstDirtyOffset)
      yield* readBatches(file, position, segment.sizeBytes, visit)
    } finally {
      file.closeSync()
    }
    if (map.isFull) return map
    // The last offsets may have no batch any more.
    map.latestOffset = segment.nextOffset - 1
    position = 0
  }
  return map
}

/** False when the map is full: what is not in it from there on counts as not seen. */
function noteKeys(
  map: OffsetMap,
  transactions: CleanedTransactions,
  buffer: Buffer,
  at: number,
  firstDirtyOffset: number,
): boolean {
  if (header.isControl(buffer, at)) {
    transactions.onControl(buffer, at)
  } else if (!transactions.onData(buffer, at)) {
    const records = openRecords(buffer, at)()
    while (records.advance()) {
      if (records.keyLength < 0 || records.offset < firstDirtyOffset) continue
      if (map.isFull) return false
      map.put(records.buffer, records.keyStart, records.keyLength, records.offset)
    }
  }
  const lastOffset = header.lastOffset(buffer, at)
  if (lastOffset >= firstDirtyOffset) map.latestOffset = lastOffset
  return true
}
