import { LOG_PRODUCERS_MAX } from '../limits.ts'
import { assert } from './errors.ts'
import { stemOf, TXN_INDEX_SUFFIX, WINDOW_SUFFIX } from './file-names.ts'
import type { LogParts } from './log-parts.ts'
import { fillProducers } from './producer-recovery.ts'
import { readSeal, WINDOW_HEADER_BYTES } from './producer-snapshot.ts'
import { ProducerState } from './producer-state.ts'
import type { Segment } from './segment.ts'
import { type AbortedTransaction, sealOf, TransactionIndex, type TransactionIndexSeal } from './txn-index.ts'

/**
 * The aborted transactions that reach into [fromOffset, endOffset), in the order of their markers: Kafka's
 * `collectAbortedTransactions`. `endOffset` must not be above the last stable offset.
 */
export function collectAborted(parts: LogParts, fromOffset: number, endOffset: number): AbortedTransaction[] {
  const { segments } = parts
  const found: AbortedTransaction[] = []
  for (let i = segments.indexFor(fromOffset); i < segments.count; i++) {
    if (abortedIn(parts, segments.at(i))?.collect(fromOffset, endOffset, found) === true) break
  }
  return found
}

/** The transactions that an ABORT marker in the segment ended; null = none. Read from its file when they are not in memory. */
export function abortedIn(parts: LogParts, segment: Segment): TransactionIndex | null {
  if (segment.aborted !== 'unread') return segment.aborted
  const { segments, options } = parts
  const endOffset = endOf(parts, segment)
  const found = readIndexFile(parts, segment)
  if (isSealed(readSealOf(parts, endOffset), found)) segment.aborted = found
  else rebuild(parts, segment, endOffset)
  if (segment !== segments.active) options.shared.indexes.used(segment)
  assert(segment.aborted !== 'unread', `the transaction index of segment ${segment.baseOffset} has been read`)
  return segment.aborted
}

function endOf({ segments, logEndOffset }: LogParts, segment: Segment): number {
  const next = segments.all().indexOf(segment) + 1
  return next < segments.count ? segments.at(next).baseOffset : logEndOffset
}

/** Null when there is none, `damaged` when it makes no sense. */
function readIndexFile(parts: LogParts, segment: Segment): TransactionIndex | 'damaged' | null {
  const { disk } = parts.options
  const path = segment.path(TXN_INDEX_SUFFIX)
  if (!disk.existsSync(path)) return null
  return TransactionIndex.parse(disk.readFileSync(path), path, segment.baseOffset) ?? 'damaged'
}

/** What the sidecar at the segment's end noted; null when there is none, as in a directory of Kafka's. */
function readSealOf({ options: { disk, directory } }: LogParts, endOffset: number): TransactionIndexSeal | null {
  const path = `${directory}/${stemOf(endOffset)}${WINDOW_SUFFIX}`
  if (!disk.existsSync(path)) return null
  const file = disk.openSync(path, { readOnly: true })
  try {
    const data = Buffer.alloc(WINDOW_HEADER_BYTES)
    return file.readSync(data, 0, data.length, 0) < data.length ? null : readSeal(data, endOffset)
  } finally {
    file.closeSync()
  }
}

function isSealed(
  seal: TransactionIndexSeal | null,
  index: TransactionIndex | 'damaged' | null,
): index is TransactionIndex | null {
  if (index === 'damaged') return false
  const { count, crc } = sealOf(index)
  return seal === null || (seal.count === count && seal.crc === crc)
}

/** From the producers' state at the segment's start and the batches in it: the one way, as transactions span segments. */
function rebuild(parts: LogParts, segment: Segment, endOffset: number): void {
  const { disk, directory, shared, nowMs } = parts.options
  const { indexIntervalBytes } = parts.config
  const state = new ProducerState(Number.POSITIVE_INFINITY, LOG_PRODUCERS_MAX)
  const reindexed = new Set([segment])
  const { segments } = parts
  const recovery = { disk, directory, shared, segments, indexIntervalBytes, endOffset, nowMs, reindexed }
  fillProducers(state, recovery, disk.listSync(directory))
}
