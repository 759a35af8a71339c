import * as header from '../../proto/kafka/batch/header.ts'
import type { Disk } from '../ports/disk.ts'
import { offsetOfName, SNAPSHOT_SUFFIX, stemOf, WINDOW_SUFFIX } from './file-names.ts'
import { applyWindow, decodeSnapshot, encodeSnapshot, encodeWindow } from './producer-snapshot.ts'
import type { ProducerState } from './producer-state.ts'
import { walkHeaders } from './scan.ts'
import type { SegmentList } from './segment-list.ts'
import type { LogShared } from './shared.ts'

export interface ProducerRecovery {
  readonly disk: Disk
  readonly directory: string
  readonly shared: LogShared
  readonly segments: SegmentList
  readonly indexIntervalBytes: number
  readonly logEndOffset: number
  readonly nowMs: number
}

/**
 * Fills the producer state as of `logEndOffset`: the newest good snapshot at or below it, then the headers of the batches
 * after. After a clean stop there are none, and no log data is read. Snapshots are checksummed; a bad one is passed over.
 * Those of earlier clean stops, which begin no segment, are removed.
 */
export function loadProducers(state: ProducerState, recovery: ProducerRecovery): void {
  const { disk, directory, segments, logEndOffset } = recovery
  state.clear()
  const names = disk.listSync(directory)
  const offsets = names.map((name) => offsetOfName(name, SNAPSHOT_SUFFIX))
  // One from before the first segment is of no use: what was written since then is gone, and a producer would seem behind.
  const { baseOffset } = segments.first
  const candidates = offsets.filter((offset) => offset >= baseOffset && offset <= logEndOffset).sort((a, b) => b - a)
  const from = candidates.find((offset) => restoreSnapshot(state, recovery, offset)) ?? baseOffset
  if (from < logEndOffset) replay(state, recovery, from)
  const kept = new Set(segments.all().map((segment) => segment.baseOffset)).add(from)
  removeProducerFiles(disk, directory, names, (offset) => !kept.has(offset))
}

function restoreSnapshot(state: ProducerState, { disk, directory, nowMs }: ProducerRecovery, offset: number): boolean {
  const stem = `${directory}/${stemOf(offset)}`
  const entries = decodeSnapshot(disk.readFileSync(stem + SNAPSHOT_SUFFIX), nowMs)
  if (entries === null) return false
  if (disk.existsSync(stem + WINDOW_SUFFIX)) applyWindow(entries, disk.readFileSync(stem + WINDOW_SUFFIX), offset)
  for (const entry of entries) state.restore(entry)
  return true
}

function replay(state: ProducerState, recovery: ProducerRecovery, fromOffset: number): void {
  const { disk, shared, segments, indexIntervalBytes, nowMs } = recovery
  for (let i = segments.indexFor(fromOffset); i < segments.count; i++) {
    const segment = segments.at(i)
    const indexes = segment.loadIndexes(disk, shared, indexIntervalBytes)
    if (segment !== segments.active) shared.indexes.used(segment)
    const from = indexes.offsets.lookup(fromOffset - segment.baseOffset)
    walkHeaders(segment.open(disk, shared), from, segment.sizeBytes, shared.readBuffers, (buffer, at) => {
      if (header.baseOffset(buffer, at) >= fromOffset) noteBatch(state, buffer, at, nowMs)
      return true
    })
  }
}

/** Takes a stored batch into the state, from its header alone. */
export function noteBatch(state: ProducerState, buffer: Buffer, at: number, nowMs: number): void {
  const producerId = header.producerId(buffer, at)
  if (producerId < 0) return
  const epoch = header.producerEpoch(buffer, at)
  const timestamp = header.maxTimestamp(buffer, at)
  if (header.isControl(buffer, at)) {
    // Compaction may leave a marker batch without its record: that transaction has left the log altogether.
    if (header.recordsCount(buffer, at) > 0) state.appendMarker(producerId, epoch, timestamp, -1, nowMs)
    return
  }
  const batch = {
    producerId,
    epoch,
    baseSequence: header.baseSequence(buffer, at),
    lastSequence: header.lastSequence(buffer, at),
  }
  const baseOffset = header.baseOffset(buffer, at)
  const lastOffset = baseOffset + header.lastOffsetDelta(buffer, at)
  state.append(batch, baseOffset, lastOffset, timestamp, header.isTransactional(buffer, at), nowMs)
}

/** Writes the snapshot of the state as of `offset`, and the window of five when there is one. Returns the paths written. */
export function writeProducerFiles(disk: Disk, directory: string, state: ProducerState, offset: number): string[] {
  const stem = `${directory}/${stemOf(offset)}`
  disk.replaceSync(stem + SNAPSHOT_SUFFIX, encodeSnapshot(state.entries()), { sync: false })
  if (state.count === 0) return [stem + SNAPSHOT_SUFFIX]
  disk.replaceSync(stem + WINDOW_SUFFIX, encodeWindow(state.entries(), offset), { sync: false })
  return [stem + SNAPSHOT_SUFFIX, stem + WINDOW_SUFFIX]
}

/** Removes the snapshots above `offset`, which a truncation has made wrong. */
export function dropProducerFilesAbove(disk: Disk, directory: string, offset: number): void {
  removeProducerFiles(disk, directory, disk.listSync(directory), (found) => found > offset)
}

function removeProducerFiles(
  disk: Disk,
  directory: string,
  names: readonly string[],
  isGone: (offset: number) => boolean,
): void {
  for (const name of names) {
    const offset = Math.max(offsetOfName(name, SNAPSHOT_SUFFIX), offsetOfName(name, WINDOW_SUFFIX))
    if (offset >= 0 && isGone(offset)) disk.unlinkSync(`${directory}/${name}`)
  }
}
