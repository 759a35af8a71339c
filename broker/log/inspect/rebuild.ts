import * as header from '../../../proto/kafka/batch/header.ts'
import { LOG_PRODUCERS_MAX } from '../../limits.ts'
import type { Disk } from '../../ports/disk.ts'
import { defaultLogConfig } from '../config.ts'
import { EpochCache } from '../epoch-cache.ts'
import * as names from '../file-names.ts'
import { noteBatch, writeProducerFiles } from '../producer-recovery.ts'
import { decodeSnapshot, encodeSnapshot, withSeal } from '../producer-snapshot.ts'
import { ProducerState } from '../producer-state.ts'
import { Segment } from '../segment.ts'
import { sealOf, TransactionIndex } from '../txn-index.ts'
import { walkBatches } from './batch-walk.ts'
import { FileWindow } from './file-window.ts'
import { listPartition } from './partition-files.ts'

/** Files that say nothing the log does not say. */
export interface Derived {
  /** Base offsets of segments whose `.index` and `.timeindex` are to be made anew. */
  readonly indexes: ReadonlySet<number>
  /** Base offsets of segments whose `.txnindex` is. */
  readonly txnIndexes: ReadonlySet<number>
  /** Offsets of producer snapshots, each with its window of five. */
  readonly snapshots: ReadonlySet<number>
  readonly epochs: boolean
  /** Where the epochs in the file begin. */
  readonly logStartOffset: number
}

/**
 * Makes the files anew from the batches, in one walk over the log, each replaced as a whole and synced. Needs a log without
 * damage: of what a damaged batch said, nothing comes back. Returns the end of the log.
 */
export function rebuild(disk: Disk, directory: string, derived: Derived): number {
  const { segments, snapshots } = listPartition(disk, directory)
  const first = segments[0] ?? 0
  const producers = startState(disk, directory, first, snapshots.includes(first))
  const due = [...derived.snapshots].filter((offset) => offset > first).sort((a, b) => a - b)
  const epochs = new EpochCache()
  let endOffset = first
  const snapshotsUpTo = (offset: number, aborted: TransactionIndex) => {
    while (due.length > 0 && due[0]! <= offset) writeSnapshot(disk, directory, producers, due.shift()!, aborted)
  }
  for (const baseOffset of segments) {
    endOffset = Math.max(endOffset, baseOffset)
    const window = new FileWindow(disk, `${directory}/${names.stemOf(baseOffset)}${names.LOG_SUFFIX}`)
    const segment = new Segment(directory, baseOffset, window.size, 0)
    segment.resetIndexes()
    const aborted = new TransactionIndex()
    walkBatches(window, () => ({ from: endOffset, to: Number.MAX_SAFE_INTEGER }), {
      batch({ position, size, at }) {
        const { buffer } = window
        const base = header.baseOffset(buffer, at)
        snapshotsUpTo(base, aborted)
        endOffset = header.nextOffset(buffer, at)
        const timestamp = header.maxTimestamp(buffer, at)
        segment.account(endOffset - 1, timestamp, size, defaultLogConfig.indexIntervalBytes)
        epochs.assign(header.leaderEpoch(buffer, at), base)
        const whole = header.isControl(buffer, at) ? window.at(position, size) : at
        const ended = whole < 0 ? null : noteBatch(producers, window.buffer, whole, 0)
        if (ended?.isAbort === true) aborted.append(ended)
        if (ended !== null) producers.highWatermarkMoved(endOffset)
        return true
      },
      damage: () => true,
    })
    window.close()
    snapshotsUpTo(endOffset, aborted)
    if (derived.indexes.has(baseOffset)) writeIndexes(disk, segment)
    if (derived.txnIndexes.has(baseOffset)) writeTxnIndex(disk, segment, aborted, endOffset)
  }
  if (derived.epochs) {
    epochs.truncateStart(derived.logStartOffset)
    disk.replaceSync(`${directory}/${names.EPOCH_FILE}`, epochs.encode())
  }
  return endOffset
}

function startState(disk: Disk, directory: string, first: number, hasSnapshot: boolean): ProducerState {
  const state = new ProducerState(Number.MAX_SAFE_INTEGER, LOG_PRODUCERS_MAX)
  const path = `${directory}/${names.stemOf(first)}${names.SNAPSHOT_SUFFIX}`
  const entries = hasSnapshot ? decodeSnapshot(disk.readFileSync(path), 0) : null
  for (const entry of entries ?? []) state.restore(entry)
  return state
}

function writeIndexes(disk: Disk, segment: Segment): void {
  segment.closeTimeIndex()
  const { offsets, times } = segment.indexes!
  disk.replaceSync(segment.path(names.INDEX_SUFFIX), offsets.bytes())
  disk.replaceSync(segment.path(names.TIME_INDEX_SUFFIX), times.bytes())
}

/** A segment without aborted transactions has no file, as in Kafka. */
function writeTxnIndex(disk: Disk, segment: Segment, aborted: TransactionIndex, endOffset: number): void {
  const path = segment.path(names.TXN_INDEX_SUFFIX)
  if (aborted.count > 0) disk.replaceSync(path, aborted.bytes())
  else if (disk.existsSync(path)) disk.unlinkSync(path)
  const window = `${path.slice(0, path.lastIndexOf('/'))}/${names.stemOf(endOffset)}${names.WINDOW_SUFFIX}`
  if (!disk.existsSync(window)) return
  const sealed = withSeal(disk.readFileSync(window), endOffset, sealOf(aborted))
  if (sealed !== null) disk.replaceSync(window, sealed)
}

/** Our window of five only goes beside the snapshots of a log that is ours. `aborted` is the index of the segment before. */
function writeSnapshot(
  disk: Disk,
  directory: string,
  state: ProducerState,
  offset: number,
  aborted: TransactionIndex,
): void {
  const stem = `${directory}/${names.stemOf(offset)}`
  if (!disk.existsSync(`${directory}/${names.DURABLE_MARK_FILE}`)) {
    return disk.replaceSync(stem + names.SNAPSHOT_SUFFIX, encodeSnapshot(state.entries()))
  }
  if (disk.existsSync(stem + names.WINDOW_SUFFIX)) disk.unlinkSync(stem + names.WINDOW_SUFFIX)
  writeProducerFiles(disk, directory, state, offset, aborted.count === 0 ? null : aborted)
}
