import * as header from '../../proto/kafka/batch/header.ts'
import type { Disk } from '../ports/disk.ts'
import type { Durability, LogConfig } from './config.ts'
import type { DurableMark, NumberedMark } from './durable-mark.ts'
import type { EpochCache } from './epoch-cache.ts'
import { LogCorruptError } from './errors.ts'
import { refuseOtherMagic } from './format-versions.ts'
import { verifyBatches } from './scan.ts'
import type { Segment } from './segment.ts'
import type { SegmentChain } from './segment-chain.ts'
import type { LogShared } from './shared.ts'
import type { TornTail } from './torn-tail.ts'

export interface RecoveryOptions {
  readonly disk: Disk
  readonly directory: string
  readonly shared: LogShared
  readonly config: LogConfig
  readonly durability: Durability
  readonly nowMs: number
  readonly cleanShutdown: boolean
  /** See `LogOptions`. */
  readonly stoppedAt?: NumberedMark | null
  readonly wasStopped?: boolean
  /** -1 = not known. */
  readonly recoveryPoint: number
  /** -1 = not known: the first segment found begins the log. */
  readonly logStartOffset: number
}

/** What is known to have been made durable: the mark if it is whole, else the recovery point. */
export interface DurableBounds {
  readonly mark: DurableMark | null
  /** Exclusive. */
  readonly durableEnd: number
  /** The segment that the mark stands in is there; if it is not, only offsets can be compared. */
  readonly hasMarkedSegment: boolean
  /** Compaction or repair may have taken batches out. */
  readonly mayHaveHoles: boolean
  readonly chain: SegmentChain
  /** Files are here that only we write. */
  readonly isOurs: boolean
  /** Below it nothing is missed; -1 = not known. */
  readonly logStartOffset: number
}

/** What comes behind the end that a clean stop noted is not part of the log. */
export const BEYOND_STOP = 'the log was stopped cleanly before this'

/** What the reading of the segments found. */
export interface Scan {
  readonly epochs: EpochCache
  /** Index of the first segment that is read. */
  readonly from: number
  endOffset: number
  bytes: number
  torn: TornTail | null
}

/** No byte is missing up to the mark, though the last offsets before it have no batch (compaction took it). */
export function endsAtMark(segments: readonly Segment[], scan: Scan, mark: DurableMark): boolean {
  const { torn } = scan
  const kept = torn === null ? segments.length : segments.indexOf(torn.segments[0]!) + (torn.keepsFirst ? 1 : 0)
  const last = segments[kept - 1]
  const isThere = last?.baseOffset === mark.segmentBaseOffset && last.endPosition === mark.position
  return isThere && scan.endOffset < mark.endOffset
}

/** Whether a place in the log had been made durable: by bytes where the mark tells them, as offsets may be what is wrong. */
function isDurable(bounds: DurableBounds, segment: Segment, position: number, offset: number): boolean {
  const { mark, durableEnd, hasMarkedSegment, logStartOffset } = bounds
  if (mark === null || !hasMarkedSegment) return Math.max(offset, logStartOffset) < durableEnd
  if (segment.baseOffset !== mark.segmentBaseOffset) return segment.baseOffset < mark.segmentBaseOffset
  return position < mark.position
}

/** Reads and checks every segment that may hold bytes above the durable end; the first fault above it ends the log. */
export function scanFromDurableEnd(
  options: RecoveryOptions,
  segments: Segment[],
  bounds: DurableBounds,
  scan: Scan,
): void {
  // The first segment above a known start: the ones before it never reached the disk.
  if (scan.from === 0 && options.logStartOffset >= 0 && segments[0]!.baseOffset > options.logStartOffset) {
    scan.endOffset = options.logStartOffset
  }
  if (scan.from < segments.length) scan.epochs.truncateEnd(segments[scan.from]!.baseOffset)
  for (let i = scan.from; i < segments.length; i++) {
    const segment = segments[i]!
    const before = scan.endOffset
    const gap = segmentGap(options, segments[i - 1], segment, scan, bounds)
    const fault = gap ?? scanSegment(options, segment, bounds, scan)
    if (fault === null) continue
    const position = segment.endPosition
    refuseOtherMagic(segment.open(options.disk, options.shared), position, segment.sizeBytes)
    if (isDurable(bounds, segment, position, scan.endOffset)) {
      const reason = `${fault}; offsets up to ${bounds.durableEnd - 1} had been made durable`
      throw new LogCorruptError(segment.handle.path, position, reason)
    }
    const endsInHole = position === 0 && segment.baseOffset > before && bounds.mark === null && bounds.isOurs
    if (endsInHole) scan.endOffset = before
    scan.torn = { segments: segments.slice(i), position, keepsFirst: gap === null && !endsInHole, reason: fault }
    return
  }
}

function segmentGap(
  options: RecoveryOptions,
  previous: Segment | undefined,
  segment: Segment,
  scan: Scan,
  bounds: DurableBounds,
): string | null {
  const { endOffset } = scan
  segment.resetIndexes()
  if (segment.baseOffset > (options.stoppedAt?.segmentBaseOffset ?? Number.POSITIVE_INFINITY)) return BEYOND_STOP
  if (segment.baseOffset === endOffset) return null
  if (segment.baseOffset < endOffset) return `the segment begins at offset ${segment.baseOffset}, before ${endOffset}`
  // Compaction leaves holes; elsewhere one is a segment that is lost or never reached the disk.
  const isKnown = bounds.mayHaveHoles ? isHoleKnown(bounds, previous, segment) : false
  if (isKnown === true) return null
  if (endOffset === options.logStartOffset) return `the log begins at offset ${endOffset}, before this file`
  if (isKnown === null && !(bounds.isOurs && (segment.sizeBytes === 0 || scan.bytes === 0))) return null
  return `the segment begins at offset ${segment.baseOffset}, after ${endOffset}`
}

/**
 * Whether compaction left the hole before the segment. It cleans what is durable, and makes the mark durable before: nothing
 * behind it is its doing. Where there is no mark, as in a directory of Kafka's, our list tells of the holes from before; what
 * is not in it was made by us since. Null: neither is there. No compaction of ours lets a log end in a hole, then.
 */
function isHoleKnown(bounds: DurableBounds, previous: Segment | undefined, { baseOffset }: Segment): boolean | null {
  const { mark, hasMarkedSegment, chain } = bounds
  if (previous === undefined) return null
  if (mark !== null) {
    if (baseOffset <= (hasMarkedSegment ? mark.segmentBaseOffset : mark.endOffset)) return true
    // A truncation ended the log in the midst of a hole, and what came next began a segment.
    const isAtMark = previous.baseOffset === mark.segmentBaseOffset && previous.endPosition === mark.position
    return isAtMark && baseOffset === mark.endOffset
  }
  if (chain.links.size === 0) return null
  const link = chain.links.get(previous.baseOffset)
  return link?.next === baseOffset && link.sizeBytes === previous.sizeBytes
}

/**
 * Checks one segment; returns what ends it early. The base offset is outside the CRC, so it must fit what is around it: a
 * hole that compaction left is fine as long as what follows fits it; if not, the batch behind the hole is at fault.
 */
function scanSegment(options: RecoveryOptions, segment: Segment, bounds: DurableBounds, scan: Scan): string | null {
  const { disk, shared, config } = options
  let expected = segment.baseOffset
  scan.endOffset = expected
  if (segment.sizeBytes === 0) return null
  let hole: { readonly position: number; readonly endOffset: number } | null = null
  let misfit: string | null = null
  const file = segment.open(disk, shared)
  const to = stopPosition(options, segment)
  const end = verifyBatches(file, 0, to, shared.readBuffers, (buffer, at, position, size) => {
    const base = header.baseOffset(buffer, at)
    const mayHaveHole = bounds.mayHaveHoles || isDurable(bounds, segment, position, expected)
    if (base < expected || (base > expected && !mayHaveHole)) {
      misfit = `offset ${base} where ${expected} should be`
      return false
    }
    const epoch = header.leaderEpoch(buffer, at)
    if (epoch < scan.epochs.latestEpoch && !isDurable(bounds, segment, position, expected)) {
      misfit = `leader epoch ${epoch} is older than ${scan.epochs.latestEpoch} before it`
      return false
    }
    if (base > expected) hole = { position, endOffset: expected }
    expected = header.nextOffset(buffer, at)
    segment.account(expected - 1, header.maxTimestamp(buffer, at), size, config.indexIntervalBytes)
    if (header.leaderEpoch(buffer, at) > scan.epochs.latestEpoch)
      scan.epochs.assign(header.leaderEpoch(buffer, at), base)
    scan.bytes += size
    if (!passesMark(bounds, segment, position + size, expected))
      misfit = `offset ${expected - 1} beyond the durable end`
    return misfit === null
  })
  scan.endOffset = expected
  if (misfit !== null && hole !== null) {
    const { position, endOffset } = hole as { position: number; endOffset: number }
    segment.rebuildIndexes(disk, shared, config.indexIntervalBytes, position)
    scan.endOffset = endOffset
  }
  return misfit ?? end.fault ?? (to < segment.sizeBytes ? BEYOND_STOP : null)
}

/** Where the segment ends for all we know: a clean stop has noted it, and a power cut may bring back what was cut off before. */
function stopPosition({ stoppedAt }: RecoveryOptions, { baseOffset, sizeBytes }: Segment): number {
  return stoppedAt?.segmentBaseOffset === baseOffset ? Math.min(stoppedAt.position, sizeBytes) : sizeBytes
}

/** Where the mark stands, the offsets must not be past the one it noted. */
function passesMark({ mark }: DurableBounds, segment: Segment, position: number, endOffset: number): boolean {
  if (mark === null || segment.baseOffset !== mark.segmentBaseOffset || position !== mark.position) return true
  return endOffset <= mark.endOffset
}
