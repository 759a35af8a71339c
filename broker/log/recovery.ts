import * as header from '../../proto/kafka/batch/header.ts'
import { completeSwaps } from './compaction/swap-recovery.ts'
import { type DurableMark, readMark } from './durable-mark.ts'
import { EpochCache } from './epoch-cache.ts'
import { LogCorruptError } from './errors.ts'
import * as names from './file-names.ts'
import { refuseNewer, refuseNewerFiles, textVersion } from './format-versions.ts'
import { BEYOND_STOP, endsAtMark, type RecoveryOptions, type Scan, scanFromDurableEnd } from './recovery-scan.ts'
import { type ScanEnd, walkHeaders } from './scan.ts'
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
  /** Of the newest durable mark found; -1 = there is none. */
  readonly markSequence: number
  /** Segments that may have unsynced bytes, rebuilt indexes or a new end. */
  readonly touched: readonly Segment[]
  /** Offsets may be missing between batches and between segments. */
  readonly mayHaveHoles: boolean
  /** Files of segments or ends that are gone were removed: a power cut must not bring them back beside new ones. */
  readonly removedStrays: boolean
  readonly report: RecoveryReport
}

/** Nobody else writes these; a mark that was never synced may be empty, and is ours all the same. */
const OUR_FILES: ReadonlySet<string> = new Set([names.SEGMENT_LIST_FILE, names.DURABLE_MARK_FILE])

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
  const mark = options.stoppedAt ?? readMark(disk, directory)
  const durableEnd = mark?.endOffset ?? Math.max(0, options.recoveryPoint)
  const markSequence = mark?.sequence ?? -1
  if (segments.length === 0) return { ...emptyLog(options, found, segments, durableEnd), markSequence }
  checkStart(options, segments[0]!, durableEnd)
  // What a crash left of a deletion may lack any part: a transaction that began there would seem open for good.
  const deleted = options.cleanShutdown ? [] : segments.splice(0, startSegment(segments, options.logStartOffset))
  const marked = segments.findIndex((segment) => segment.baseOffset === mark?.segmentBaseOffset)
  const hasMarkedSegment = marked >= 0
  // The segment that the last sync ended in is read too, even if it ends there: its indexes may not have been synced.
  const holding = hasMarkedSegment ? marked : segments.findLastIndex((segment) => segment.baseOffset < durableEnd)
  const start = startSegment(segments, options.logStartOffset)
  const from = options.cleanShutdown ? segments.length : Math.max(start, holding)
  const epochs = readEpochs(options, segments.slice(0, from))
  const chain = readChain(disk, directory)
  const mayHaveHoles = chain.mayHaveHoles || options.config.cleanupPolicy.compact
  checkChain(options, segments, { from: start, to: from }, chain, mayHaveHoles)
  const scan: Scan = { epochs, from, endOffset: segments[from]?.baseOffset ?? 0, bytes: 0, torn: null }
  if (options.cleanShutdown) findCleanEnd(options, segments.at(-1)!, mark, scan)
  else {
    const isOurs = found.some((name) => OUR_FILES.has(name) || name.endsWith(names.WINDOW_SUFFIX))
    const { logStartOffset } = options
    const bounds = { mark, durableEnd, hasMarkedSegment, mayHaveHoles, chain, isOurs, logStartOffset }
    scanFromDurableEnd(options, segments, bounds, scan)
  }
  if (mark !== null && endsAtMark(segments, scan, mark)) scan.endOffset = mark.endOffset
  if (scan.endOffset < durableEnd && durableEnd > options.logStartOffset) {
    const lost = mark !== null && !hasMarkedSegment ? mark.segmentBaseOffset : null
    throw endsEarly(options, segments.at(-1)!.handle.path, scan.endOffset, durableEnd, lost)
  }
  checkAge(options, mark, scan.endOffset)
  for (const segment of deleted) removeSegmentFiles(disk, segment, options.shared)
  const settled = settle(options, found, segments, scan, durableEnd)
  const removedStrays = settled.removedStrays || deleted.length > 0
  return { ...settled, markSequence, mayHaveHoles, removedStrays }
}

/** `lost`: base offset of the segment that the durable end is known to lie in, and that is not there; null = it is. */
function endsEarly(
  { directory }: RecoveryOptions,
  lastPath: string,
  endOffset: number,
  durableEnd: number,
  lost: number | null,
): LogCorruptError {
  const path = lost === null ? lastPath : `${directory}/${names.stemOf(lost)}${names.LOG_SUFFIX}`
  const what = lost === null ? `the log ends at offset ${endOffset}` : 'the file is missing'
  return new LogCorruptError(path, -1, `${what}, but offsets up to ${durableEnd - 1} had been made durable`)
}

/** Index of the segment that holds the log start. Those before it are being deleted: any of them may be gone already. */
function startSegment(segments: readonly Segment[], logStartOffset: number): number {
  return Math.max(
    0,
    segments.findLastIndex((segment) => segment.baseOffset <= logStartOffset),
  )
}

/**
 * A clean stop leaves the recovery point at the log end. After another, only the mark counts: a truncation may just have
 * given up what the recovery point still tells of. Where there is none, somebody has put other files in place.
 */
function checkAge(options: RecoveryOptions, mark: DurableMark | null, endOffset: number): void {
  const { cleanShutdown, wasStopped = false, recoveryPoint, directory } = options
  const isKnown = cleanShutdown || (wasStopped && mark !== null)
  if (!isKnown || recoveryPoint <= endOffset) return
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
): Omit<Recovered, 'markSequence'> {
  const start = Math.max(0, options.logStartOffset)
  if (durableEnd > start) {
    const reason = `no segment is here, but offsets up to ${durableEnd - 1} had been made durable`
    throw new LogCorruptError(options.directory, -1, reason)
  }
  const removedStrays = removeLeftovers(options, found, [], start)
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
    removedStrays,
    report,
  }
}

/**
 * Epochs from their file, or when it is missing or makes no sense from the batch headers of these segments. The others are
 * yet to be checked, and what a power cut left of a header may name any epoch and offset.
 */
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

/**
 * The end after a clean stop, from the mark if it fits the file, else from the headers behind the last index entry. That stop
 * has noted it durably as the recovery point: what a power cut brings back behind it was never part of the log.
 */
function findCleanEnd(options: RecoveryOptions, active: Segment, mark: DurableMark | null, scan: Scan): void {
  const { recoveryPoint } = options
  const placed = mark?.segmentBaseOffset === active.baseOffset ? mark : null
  const isEnd = placed?.position === active.sizeBytes
  const isSurplus = placed?.endOffset === recoveryPoint && placed.position < active.sizeBytes
  const end = isEnd || isSurplus ? { ...placed!, fault: isEnd ? null : BEYOND_STOP } : walkToEnd(options, active)
  scan.endOffset = end.endOffset
  if (end.fault === null) return
  if (end.endOffset !== recoveryPoint) {
    throw new LogCorruptError(active.handle.path, end.position, `${end.fault}, after a clean stop`)
  }
  // They may have been built from bytes that go now.
  active.indexes = null
  scan.torn = { segments: [active], position: end.position, keepsFirst: true, reason: end.fault }
}

/** Where the whole batches of a segment end, from the headers behind the last index entry. */
function walkToEnd(options: RecoveryOptions, active: Segment): ScanEnd & { readonly endOffset: number } {
  const { disk, shared, config } = options
  let endOffset = active.baseOffset
  if (active.sizeBytes === 0) return { position: 0, fault: null, endOffset }
  const from = active.loadIndexes(disk, shared, config.indexIntervalBytes).offsets.lastPosition
  const file = active.open(disk, shared)
  const end = walkHeaders(file, from, active.sizeBytes, shared.readBuffers, (buffer, at) => {
    endOffset = header.nextOffset(buffer, at)
    return true
  })
  return { ...end, endOffset }
}

/** Everything has been judged: brings the disk in line with it. */
function settle(
  options: RecoveryOptions,
  found: readonly string[],
  segments: Segment[],
  scan: Scan,
  durableEnd: number,
): Omit<Recovered, 'markSequence' | 'mayHaveHoles'> {
  const { disk, shared, config } = options
  let torn = { bytes: 0, file: null as string | null }
  if (scan.torn !== null) {
    torn = setTornTailAside(disk, options.directory, shared, scan.torn)
    segments.length -= scan.torn.segments.length - (scan.torn.keepsFirst ? 1 : 0)
  }
  let logStartOffset = Math.max(options.logStartOffset, segments[0]?.baseOffset ?? scan.endOffset)
  let logEndOffset = scan.endOffset
  // The segment that was cut is among them, also after a clean stop.
  let firstTouched = Math.min(scan.from, scan.torn === null ? segments.length : segments.length - 1)
  if (logStartOffset > logEndOffset || segments.length === 0) {
    // Deletion moved the start up to an end that was lost: the segment made there, or (a weaker durability) its records.
    for (const segment of segments) removeSegmentFiles(disk, segment, shared)
    segments.splice(0, segments.length, createSegment(disk, options.directory, shared, logStartOffset, options.nowMs))
    firstTouched = 0
    logEndOffset = logStartOffset
  }
  const removedStrays = removeLeftovers(options, found, segments, logEndOffset)
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
    suspect: scan.torn !== null || (!options.cleanShutdown && isMarkLost(options)),
  }
  return {
    segments,
    epochs: scan.epochs,
    logStartOffset,
    logEndOffset,
    // What was deleted cannot be lost any more.
    durableEndOffset: options.cleanShutdown
      ? logEndOffset
      : Math.min(Math.max(durableEnd, options.logStartOffset), logEndOffset),
    touched: segments.slice(firstTouched),
    removedStrays,
    report,
  }
}

/** The file is there, and neither slot is whole: what was durable may have been more than the recovery point tells. */
function isMarkLost({ disk, directory, stoppedAt = null }: RecoveryOptions): boolean {
  if (stoppedAt !== null) return false
  return disk.existsSync(`${directory}/${names.DURABLE_MARK_FILE}`) && readMark(disk, directory) === null
}

/**
 * Removes what an earlier stop left behind: files on their way out, half-written ones, and those of segments that are gone.
 * Returns whether there were any of the last kind.
 */
function removeLeftovers(
  options: RecoveryOptions,
  found: readonly string[],
  kept: readonly Segment[],
  logEndOffset: number,
): boolean {
  const bases = new Set(kept.map((segment) => segment.baseOffset))
  let removedStrays = false
  for (const name of found) {
    const stray = isStray(name, bases, logEndOffset)
    const leaving =
      name.endsWith(names.DELETED_SUFFIX) ||
      name.endsWith(names.CLEANED_SUFFIX) ||
      name.endsWith(names.TEMPORARY_SUFFIX) ||
      stray
    const path = `${options.directory}/${name}`
    if (!leaving || !options.disk.existsSync(path)) continue
    options.disk.unlinkSync(path)
    removedStrays ||= stray
  }
  return removedStrays
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
