import * as header from '../../proto/kafka/batch/header.ts'
import { completeSwaps } from './compaction/swap-recovery.ts'
import { type DurableMark, isMarkDamaged, readMark } from './durable-mark.ts'
import { EpochCache } from './epoch-cache.ts'
import { LogCorruptError } from './errors.ts'
import * as names from './file-names.ts'
import { refuseNewer, refuseNewerFiles, textVersion } from './format-versions.ts'
import { endsAtMark, type RecoveryOptions, type Scan, scanFromDurableEnd } from './recovery-scan.ts'
import { walkHeaders } from './scan.ts'
import { Segment } from './segment.ts'
import { checkChain, readChain } from './segment-chain.ts'
import { createSegment, removeSegmentFiles } from './segment-list.ts'
import { setTornTailAside } from './torn-tail.ts'

/** What opening a log had to do. */
export interface RecoveryReport {
  /** False after an unclean stop: the segments from the last durable offset on were read and checked. */
  readonly clean: boolean
  readonly scannedBytes: number
  /** Bytes cut from the end, above the durable end, and the first `.torn` file that keeps them (null = none). */
  readonly tornBytes: number
  readonly tornFile: string | null
  /** Why the first of them could not be kept; null = nothing was cut. */
  readonly tornReason: string | null
  /**
   * Not only a torn tail may be missing: something invalid was cut, or the durable mark was damaged. With more than one
   * replica such a log must not be trusted to be complete (DESIGN 5).
   */
  readonly suspect: boolean
}

export interface Recovered {
  readonly segments: Segment[]
  readonly epochs: EpochCache
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** What is known to have been made durable. */
  readonly durableEndOffset: number
  /** Segments that may have unsynced bytes, rebuilt indexes or a new end. */
  readonly touched: readonly Segment[]
  /** Offsets may be missing between batches and between segments. */
  readonly mayHaveHoles: boolean
  readonly report: RecoveryReport
}

/**
 * Finds out what a directory holds. Reads and judges first; only then changes anything on disk, so that a
 * LogCorruptError leaves everything as it was, but for a compaction that a crash cut off, which is ended first. Below the durable end nothing may be wrong; above it the first fault ends
 * the log, and what follows is a torn tail.
 */
export function recoverLog(options: RecoveryOptions): Recovered {
  const { disk, directory } = options
  completeSwaps(disk, directory, options.shared)
  const found = disk.listSync(directory)
  if (!options.cleanShutdown) refuseNewerFiles(disk, directory, found)
  const segments = findSegments(options, found)
  try {
    return recoverSegments(options, found, segments)
  } catch (error) {
    closeSegments(options, segments)
    throw error
  }
}

/** Gives the pool back the files of a log that was not opened after all. */
export function closeSegments({ shared }: Pick<RecoveryOptions, 'shared'>, segments: readonly Segment[]): void {
  for (const segment of segments) {
    shared.indexes.forget(segment)
    shared.files.close(segment.handle)
  }
}

/** `segments` is what is open at any time: brought in line with what is kept of them. */
function recoverSegments(options: RecoveryOptions, found: readonly string[], segments: Segment[]): Recovered {
  const { disk, directory } = options
  const mark = readMark(disk, directory)
  const durableEnd = mark?.endOffset ?? options.recoveryPoint
  if (segments.length === 0) return emptyLog(options, found, segments, durableEnd)
  checkStart(options, segments[0]!, durableEnd)
  const epochs = readEpochs(options, segments)
  const marked = segments.findIndex((segment) => segment.baseOffset === mark?.segmentBaseOffset)
  const hasMarkedSegment = marked >= 0
  // The segment that the last sync ended in is read too, even if it ends there: its indexes may not have been synced.
  const holding = hasMarkedSegment ? marked : segments.findLastIndex((segment) => segment.baseOffset < durableEnd)
  const from = options.cleanShutdown ? segments.length : Math.max(0, holding)
  const chain = readChain(disk, directory)
  const mayHaveHoles = chain.mayHaveHoles || options.config.cleanupPolicy.compact
  checkChain(options, segments, from, chain, mayHaveHoles)
  const scan: Scan = { epochs, from, endOffset: segments[Math.max(0, holding)]!.baseOffset, bytes: 0, torn: null }
  if (options.cleanShutdown) scan.endOffset = endOfClean(options, segments, mark)
  else scanFromDurableEnd(options, segments, { mark, durableEnd, hasMarkedSegment, mayHaveHoles }, scan)
  if (mark !== null && endsAtMark(segments, scan, mark)) scan.endOffset = mark.endOffset
  if (scan.endOffset < durableEnd) {
    const reason = `the log ends at offset ${scan.endOffset}, but offsets up to ${durableEnd - 1} had been made durable`
    throw new LogCorruptError(segments.at(-1)!.handle.path, -1, reason)
  }
  checkAge(options, scan.endOffset)
  return { ...settle(options, found, segments, scan, durableEnd), mayHaveHoles }
}

/**
 * A clean stop leaves the recovery point at the log end. After another, only the mark counts: a truncation may just have
 * given up what the recovery point still tells of.
 */
function checkAge({ cleanShutdown, recoveryPoint, directory }: RecoveryOptions, endOffset: number): void {
  if (!cleanShutdown || recoveryPoint <= endOffset) return
  const reason = `the log ends at offset ${endOffset}, but was stopped cleanly at ${recoveryPoint}: it is an older copy`
  throw new LogCorruptError(
    directory,
    -1,
    `${reason}; bring the newer one back, or take the log's line out of the recovery point checkpoint`,
  )
}

function findSegments(options: RecoveryOptions, found: readonly string[]): Segment[] {
  const segments: Segment[] = []
  for (const name of found) {
    const baseOffset = names.offsetOfName(name, names.LOG_SUFFIX)
    if (baseOffset < 0) continue
    const size = options.disk.sizeSync(`${options.directory}/${name}`)
    segments.push(new Segment(options.directory, baseOffset, size, options.nowMs))
  }
  noteTransactionIndexes(segments, new Set(found))
  return segments
}

/** Which segments may have aborted transactions: those with an index of them, or with a sidecar at their end that may tell of one. */
function noteTransactionIndexes(segments: readonly Segment[], found: ReadonlySet<string>): void {
  const windows = [...found].filter((name) => name.endsWith(names.WINDOW_SUFFIX)).sort()
  segments.forEach((segment, i) => {
    const next = segments[i + 1]
    const stem = names.stemOf(segment.baseOffset)
    const hasWindow =
      next === undefined
        ? (windows.at(-1) ?? '') > stem
        : found.has(names.stemOf(next.baseOffset) + names.WINDOW_SUFFIX)
    if (hasWindow || found.has(stem + names.TXN_INDEX_SUFFIX)) segment.aborted = 'unread'
  })
}

/** Deletion notes the new log start before it removes a file, so a first segment above the start has lost one before it. */
function checkStart(options: RecoveryOptions, first: Segment, durableEnd: number): void {
  const { logStartOffset, cleanShutdown } = options
  if (logStartOffset < 0 || first.baseOffset <= logStartOffset) return
  if (cleanShutdown || logStartOffset < durableEnd) {
    throw new LogCorruptError(first.handle.path, -1, `the log begins at offset ${logStartOffset}, before this file`)
  }
}

function emptyLog(
  options: RecoveryOptions,
  found: readonly string[],
  segments: Segment[],
  durableEnd: number,
): Recovered {
  const start = Math.max(0, options.logStartOffset)
  if (durableEnd > start) {
    const reason = `no segment is here, but offsets up to ${durableEnd - 1} had been made durable`
    throw new LogCorruptError(options.directory, -1, reason)
  }
  removeLeftovers(options, found, [], start)
  segments.push(createSegment(options.disk, options.directory, options.shared, start, options.nowMs))
  const report = {
    clean: options.cleanShutdown,
    scannedBytes: 0,
    tornBytes: 0,
    tornFile: null,
    tornReason: null,
    suspect: false,
  }
  return {
    segments,
    epochs: new EpochCache(),
    logStartOffset: start,
    logEndOffset: start,
    durableEndOffset: start,
    touched: segments,
    mayHaveHoles: false,
    report,
  }
}

/** Epochs from their file, or from all batch headers when it is missing or makes no sense. */
function readEpochs(options: RecoveryOptions, segments: readonly Segment[]): EpochCache {
  const path = `${options.directory}/${names.EPOCH_FILE}`
  if (options.disk.existsSync(path)) {
    const data = options.disk.readFileSync(path)
    refuseNewer(path, textVersion(data), 0)
    const parsed = EpochCache.parse(data)
    if (parsed !== null) return parsed
  }
  const epochs = new EpochCache()
  for (const segment of segments) {
    if (segment.sizeBytes === 0) continue
    const file = segment.open(options.disk, options.shared)
    walkHeaders(file, 0, segment.sizeBytes, options.shared.readBuffers, (buffer, at) => {
      const epoch = header.leaderEpoch(buffer, at)
      if (epoch > epochs.latestEpoch) epochs.assign(epoch, header.baseOffset(buffer, at))
      return true
    })
  }
  return epochs
}

/** The end offset after a clean stop, from the mark if it fits the file, else from the headers behind the last index entry. */
function endOfClean(options: RecoveryOptions, segments: readonly Segment[], mark: DurableMark | null): number {
  const active = segments.at(-1)!
  if (mark !== null && mark.segmentBaseOffset === active.baseOffset && mark.position === active.sizeBytes) {
    return mark.endOffset
  }
  if (active.sizeBytes === 0) return active.baseOffset
  const indexes = active.loadIndexes(options.disk, options.shared, options.config.indexIntervalBytes)
  let endOffset = active.baseOffset
  const file = active.open(options.disk, options.shared)
  const from = indexes.offsets.lastPosition
  const end = walkHeaders(file, from, active.sizeBytes, options.shared.readBuffers, (buffer, at) => {
    endOffset = header.nextOffset(buffer, at)
    return true
  })
  if (end.fault !== null)
    throw new LogCorruptError(active.handle.path, end.position, `${end.fault}, after a clean stop`)
  return endOffset
}

/** Everything has been judged: brings the disk in line with it. */
function settle(
  options: RecoveryOptions,
  found: readonly string[],
  segments: Segment[],
  scan: Scan,
  durableEnd: number,
): Omit<Recovered, 'mayHaveHoles'> {
  const { disk, shared, config } = options
  let torn = { bytes: 0, file: null as string | null }
  if (scan.torn !== null) {
    torn = setTornTailAside(disk, options.directory, shared, scan.torn)
    segments.length -= scan.torn.segments.length - (scan.torn.keepsFirst ? 1 : 0)
  }
  let logStartOffset = Math.max(options.logStartOffset, segments[0]?.baseOffset ?? scan.endOffset)
  let logEndOffset = scan.endOffset
  let firstTouched = Math.min(scan.from, segments.length)
  if (logStartOffset > logEndOffset || segments.length === 0) {
    // The end was lost (a weaker durability) below where deletion had already moved the start: nothing valid is left.
    for (const segment of segments) removeSegmentFiles(disk, segment, shared)
    segments.splice(0, segments.length, createSegment(disk, options.directory, shared, logStartOffset, options.nowMs))
    firstTouched = 0
    logEndOffset = logStartOffset
  }
  removeLeftovers(options, found, segments, logEndOffset)
  const active = segments.at(-1)!
  const indexes = active.loadIndexes(disk, shared, config.indexIntervalBytes)
  active.loadMaxTimestamp(indexes)
  logStartOffset = Math.max(logStartOffset, segments[0]!.baseOffset)
  scan.epochs.truncateEnd(logEndOffset)
  scan.epochs.truncateStart(logStartOffset)
  const report: RecoveryReport = {
    clean: options.cleanShutdown,
    scannedBytes: scan.bytes,
    tornBytes: torn.bytes,
    tornFile: torn.file,
    tornReason: scan.torn?.reason ?? null,
    suspect: !options.cleanShutdown && (scan.torn !== null || isMarkDamaged(disk, options.directory)),
  }
  return {
    segments,
    epochs: scan.epochs,
    logStartOffset,
    logEndOffset,
    durableEndOffset: options.cleanShutdown ? logEndOffset : Math.min(durableEnd, logEndOffset),
    touched: segments.slice(firstTouched),
    report,
  }
}

/** Removes what an earlier stop left behind: files on their way out, half-written ones, and those of segments that are gone. */
function removeLeftovers(
  options: RecoveryOptions,
  found: readonly string[],
  kept: readonly Segment[],
  logEndOffset: number,
): void {
  const bases = new Set(kept.map((segment) => segment.baseOffset))
  for (const name of found) {
    const leaving =
      name.endsWith(names.DELETED_SUFFIX) ||
      name.endsWith(names.CLEANED_SUFFIX) ||
      name.endsWith(names.TEMPORARY_SUFFIX) ||
      isStray(name, bases, logEndOffset)
    const path = `${options.directory}/${name}`
    if (leaving && options.disk.existsSync(path)) options.disk.unlinkSync(path)
  }
}

/** An index without its log, or a producer snapshot of a future that was cut off. */
function isStray(name: string, bases: ReadonlySet<number>, logEndOffset: number): boolean {
  for (const suffix of [names.INDEX_SUFFIX, names.TIME_INDEX_SUFFIX, names.TXN_INDEX_SUFFIX]) {
    const offset = names.offsetOfName(name, suffix)
    if (offset >= 0) return !bases.has(offset)
  }
  for (const suffix of [names.SNAPSHOT_SUFFIX, names.WINDOW_SUFFIX]) {
    if (names.offsetOfName(name, suffix) > logEndOffset) return true
  }
  return false
}
