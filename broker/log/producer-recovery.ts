import * as header from '../../proto/kafka/batch/header.ts'
import type { Disk } from '../ports/disk.ts'
import { offsetOfName, SNAPSHOT_SUFFIX, stemOf, WINDOW_SUFFIX } from './file-names.ts'
import { refuseNewerSnapshot } from './format-versions.ts'
import { applyWindow, decodeSnapshot, encodeSnapshot, encodeWindow } from './producer-snapshot.ts'
import type { EndedTransaction, ProducerState } from './producer-state.ts'
import { walkHeaders } from './scan.ts'
import type { Segment } from './segment.ts'
import type { SegmentList } from './segment-list.ts'
import type { LogShared } from './shared.ts'
import { sealOf, type TransactionIndex } from './txn-index.ts'
import { readMarker } from './txn-marker.ts'

export interface ProducerRecovery {
  readonly disk: Disk
  readonly directory: string
  readonly shared: LogShared
  readonly segments: SegmentList
  readonly indexIntervalBytes: number
  /** Exclusive: what comes after is left out. */
  readonly endOffset: number
  readonly nowMs: number
  /** Segments whose index of aborted transactions is built anew, by what the replay finds. */
  readonly reindexed: ReadonlySet<Segment>
}

/**
 * Fills the producer state as of `endOffset`: the newest good snapshot at or below it, then the headers of the batches
 * after. After a clean stop there are none, and no log data is read. Snapshots are checksummed; a bad one is passed over.
 * An index of aborted transactions can only be built from the state at its segment's start, so then an older one is taken.
 * `names` are those of the directory. Returns the offset of the snapshot.
 */
export function fillProducers(state: ProducerState, recovery: ProducerRecovery, names: readonly string[]): number {
  const { segments, endOffset, reindexed } = recovery
  state.clear()
  const offsets = names.map((name) => offsetOfName(name, SNAPSHOT_SUFFIX))
  // One from before the first segment is of no use: what was written since then is gone, and a producer would seem behind.
  const { baseOffset } = segments.first
  const last = Math.min(endOffset, ...[...reindexed].map((segment) => segment.baseOffset))
  const candidates = offsets.filter((offset) => offset >= baseOffset && offset <= last).sort((a, b) => b - a)
  const from = candidates.find((offset) => restoreSnapshot(state, recovery, offset)) ?? baseOffset
  for (const segment of reindexed) segment.aborted = null
  if (from < endOffset) replay(state, recovery, from)
  return from
}

/**
 * Fills the producer state, and removes the snapshots of earlier clean stops, which begin no segment. After a crash those
 * above the one that was trusted go too: a power cut may have brought them back from another history. Returns whether any
 * went: the next sync is to cover that.
 */
export function loadProducers(state: ProducerState, recovery: ProducerRecovery): boolean {
  const { disk, directory, segments, reindexed } = recovery
  const names = disk.listSync(directory)
  const from = fillProducers(state, recovery, names)
  const kept = new Set(segments.all().map((segment) => segment.baseOffset)).add(from)
  const isDoubtful = (offset: number): boolean => reindexed.size > 0 && offset > from
  return removeProducerFiles(disk, directory, names, (offset) => !kept.has(offset) || isDoubtful(offset))
}

function restoreSnapshot(state: ProducerState, { disk, directory, nowMs }: ProducerRecovery, offset: number): boolean {
  const stem = `${directory}/${stemOf(offset)}`
  const data = disk.readFileSync(stem + SNAPSHOT_SUFFIX)
  const entries = decodeSnapshot(data, nowMs)
  if (entries === null) {
    refuseNewerSnapshot(stem + SNAPSHOT_SUFFIX, data)
    return false
  }
  // The log itself knows what a damaged window held; Kafka writes none, and then the last batch of each is all there is.
  const hasWindow = disk.existsSync(stem + WINDOW_SUFFIX)
  if (hasWindow && !applyWindow(entries, disk.readFileSync(stem + WINDOW_SUFFIX), offset)) return false
  for (const entry of entries) state.restore(entry)
  return true
}

function replay(state: ProducerState, recovery: ProducerRecovery, fromOffset: number): void {
  const { disk, shared, segments, indexIntervalBytes, endOffset, nowMs, reindexed } = recovery
  for (let i = segments.indexFor(fromOffset); i < segments.count && segments.at(i).baseOffset < endOffset; i++) {
    const segment = segments.at(i)
    const indexes = segment.loadIndexes(disk, shared, indexIntervalBytes)
    if (segment !== segments.active) shared.indexes.used(segment)
    const from = indexes.offsets.lookup(fromOffset - segment.baseOffset)
    walkHeaders(segment.open(disk, shared), from, segment.sizeBytes, shared.readBuffers, (buffer, at) => {
      const baseOffset = header.baseOffset(buffer, at)
      if (baseOffset >= endOffset) return false
      const ended = baseOffset >= fromOffset ? noteBatch(state, buffer, at, nowMs) : null
      if (ended?.isAbort === true && reindexed.has(segment)) segment.noteAborted(ended)
      return true
    })
  }
}

/**
 * Takes a stored batch into the state, from its header alone; of a marker the whole batch must be there. Returns the
 * transaction that it ended, or null.
 */
export function noteBatch(state: ProducerState, buffer: Buffer, at: number, nowMs: number): EndedTransaction | null {
  const producerId = header.producerId(buffer, at)
  if (producerId < 0) return null
  const epoch = header.producerEpoch(buffer, at)
  const timestamp = header.maxTimestamp(buffer, at)
  const baseOffset = header.baseOffset(buffer, at)
  if (header.isControl(buffer, at)) {
    // Compaction may leave a marker batch without its record: that transaction has left the log altogether.
    const marker = readMarker(buffer, at)
    return marker === null ? null : state.appendMarker(producerId, epoch, marker, baseOffset, timestamp, nowMs)
  }
  const batch = {
    producerId,
    epoch,
    baseSequence: header.baseSequence(buffer, at),
    lastSequence: header.lastSequence(buffer, at),
  }
  const lastOffset = baseOffset + header.lastOffsetDelta(buffer, at)
  state.append(batch, baseOffset, lastOffset, timestamp, header.isTransactional(buffer, at), nowMs)
  return null
}

/**
 * Writes the snapshot of the state as of `offset`, where the segment with these aborted transactions ends, and before it the
 * window of five when there is something to say: a snapshot alone passes for one of Kafka's. Returns the paths written.
 */
export function writeProducerFiles(
  disk: Disk,
  directory: string,
  state: ProducerState,
  offset: number,
  aborted: TransactionIndex | null,
): string[] {
  const stem = `${directory}/${stemOf(offset)}`
  const hasWindow = state.count > 0 || aborted !== null
  if (hasWindow) {
    disk.replaceSync(stem + WINDOW_SUFFIX, encodeWindow(state.entries(), offset, sealOf(aborted)), { sync: false })
  }
  disk.replaceSync(stem + SNAPSHOT_SUFFIX, encodeSnapshot(state.entries()), { sync: false })
  return hasWindow ? [stem + WINDOW_SUFFIX, stem + SNAPSHOT_SUFFIX] : [stem + SNAPSHOT_SUFFIX]
}

/** Removes the snapshots above `offset`, which a truncation has made wrong. The next sync is to cover that. */
export function dropProducerFilesAbove(disk: Disk, directory: string, offset: number): void {
  removeProducerFiles(disk, directory, disk.listSync(directory), (found) => found > offset)
}

function removeProducerFiles(
  disk: Disk,
  directory: string,
  names: readonly string[],
  isGone: (offset: number) => boolean,
): boolean {
  let count = 0
  // Each snapshot before its window, without which it would pass for one of Kafka's.
  for (const name of [...names].sort().reverse()) {
    const offset = Math.max(offsetOfName(name, SNAPSHOT_SUFFIX), offsetOfName(name, WINDOW_SUFFIX))
    if (offset < 0 || !isGone(offset)) continue
    disk.unlinkSync(`${directory}/${name}`)
    count++
  }
  return count > 0
}
