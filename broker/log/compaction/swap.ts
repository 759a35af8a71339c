import { assert } from '../errors.ts'
import { CLEANED_SUFFIX, LOG_SUFFIX, stemOf, SWAP_SUFFIX, TXN_INDEX_SUFFIX, WINDOW_SUFFIX } from '../file-names.ts'
import { type LogParts, noteChain } from '../log-parts.ts'
import { withSeal } from '../producer-snapshot.ts'
import { Segment } from '../segment.ts'
import { sealOf, TransactionIndex } from '../txn-index.ts'
import { CLEANED_FILES } from './clean-group.ts'

/**
 * A cleaned segment on its way into the log. Each phase is durable before the next begins, so that a crash leaves either
 * the old segments (a `.cleaned` file is there) or what `completeSwaps` makes the new one of (all its files are there):
 *
 * - `named`: its files have the suffix `.swap`; the old segments still serve. From here there is no way back.
 * - `serving`: the old files are on their way out (`.deleted`), and the log reads the `.swap` files.
 *
 * The end is the rename of these to their proper names.
 */
export interface PendingSwap {
  phase: 'named' | 'serving'
  readonly replaced: readonly Segment[]
  readonly segment: Segment
}

/** Names the cleaned files `.swap`. The directory is to be synced before `serveSwapped`. */
export function nameSwap(parts: LogParts, replaced: readonly Segment[]): void {
  const { disk, directory, nowMs } = parts.options
  assert(parts.compaction.swap === null, `${directory} has a swap already`)
  const { baseOffset } = replaced[0]!
  const cleaned = new Segment(directory, baseOffset, 0, nowMs)
  cleaned.rename(CLEANED_SUFFIX)
  const sizeBytes = disk.sizeSync(cleaned.path(LOG_SUFFIX))
  assert(sizeBytes >= 0, `${cleaned.path(LOG_SUFFIX)} is not there`)
  const segment = new Segment(directory, baseOffset, sizeBytes, replaced.at(-1)!.createdMs)
  segment.rename(SWAP_SUFFIX)
  segment.aborted = 'unread'
  // Noted first: should the topic not be compacted at the next start, a hole must still not count as a lost file.
  parts.mayHaveHoles = true
  noteChain(parts)
  for (const suffix of CLEANED_FILES) disk.renameSync(cleaned.path(suffix), segment.path(suffix))
  parts.compaction.swap = { phase: 'named', replaced, segment }
}

/** Puts the cleaned segment in the place of the old ones. The directory is to be synced before `finishSwap`. */
export function serveSwapped(parts: LogParts, nowMs: number): void {
  const { segments, tail, commit, reader, compaction, options } = parts
  const { swap } = compaction
  assert(swap?.phase === 'named', 'cleaned files serve once they are named')
  const { segment, replaced } = swap
  const from = segments.all().indexOf(replaced[0]!)
  const next = segments.at(from + replaced.length)
  for (const old of segments.replace(from, replaced.length, segment, nowMs)) commit.forget(old.handle)
  reseal(parts, segment, next.baseOffset)
  // No view may mix old batches with new indexes: of aborted transactions, these list only what is left.
  options.shared.tailCache.dropBelow(tail, next.baseOffset)
  reader.invalidate()
  swap.phase = 'serving'
}

/** The sidecar at the segment's end vouches for its index of aborted transactions, which is another now. */
function reseal(parts: LogParts, segment: Segment, endOffset: number): void {
  const { disk, directory } = parts.options
  const path = `${directory}/${stemOf(endOffset)}${WINDOW_SUFFIX}`
  if (!disk.existsSync(path)) return
  const indexPath = segment.path(TXN_INDEX_SUFFIX)
  const index = TransactionIndex.parse(disk.readFileSync(indexPath), indexPath, segment.baseOffset)
  const sealed = withSeal(disk.readFileSync(path), endOffset, sealOf(index))
  if (sealed === null) return
  disk.replaceSync(path, sealed, { sync: false })
  parts.commit.markPathDirty(path)
}

/** Gives the new segment's files their proper names; the next sync covers them. */
export function finishSwap(parts: LogParts): void {
  const { disk, directory } = parts.options
  const { swap } = parts.compaction
  assert(swap?.phase === 'serving', 'a swap ends once it serves')
  const { segment } = swap
  const paths = CLEANED_FILES.map((suffix) => segment.path(suffix))
  // The log comes first: whether its rename went well or not, the segment knows where it is. Indexes can be built anew.
  // That of transactions comes last: see `completeSwaps`.
  for (const path of paths) {
    disk.renameSync(path, path.slice(0, -SWAP_SUFFIX.length))
    segment.rename('')
  }
  if (disk.sizeSync(segment.path(TXN_INDEX_SUFFIX)) === 0) disk.unlinkSync(segment.path(TXN_INDEX_SUFFIX))
  noteChain(parts)
  parts.compaction.swap = null
  parts.changed = true
  parts.commit.markDirectoryDirty(directory)
}

/** Brings a pending swap to its end on the event loop, for whoever needs the segments as they will be. */
export function settleSwap(parts: LogParts, nowMs: number): void {
  const { disk, directory } = parts.options
  const { swap } = parts.compaction
  if (swap === null) return
  disk.syncDirectorySync(directory)
  if (swap.phase === 'named') {
    serveSwapped(parts, nowMs)
    disk.syncDirectorySync(directory)
  }
  finishSwap(parts)
}
