import { LOG_PRODUCERS_MAX } from '../limits.ts'
import type { Disk } from '../ports/disk.ts'
import { abortedIn } from './aborted-transactions.ts'
import { type CompactionState, newCompactionState } from './compaction/state.ts'
import type { LogConfig } from './config.ts'
import { type DurableMark, readMark } from './durable-mark.ts'
import type { EpochCache } from './epoch-cache.ts'
import { isPassing } from './errors.ts'
import { EPOCH_FILE, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX } from './file-names.ts'
import { GroupCommit } from './group-commit.ts'
import { LogHealth } from './log-health.ts'
import type { LogOptions } from './log-options.ts'
import { LogReader } from './log-reader.ts'
import { loadProducers, writeProducerFiles } from './producer-recovery.ts'
import { ProducerState } from './producer-state.ts'
import type { Recovered } from './recovery.ts'
import type { Segment } from './segment.ts'
import { writeChain } from './segment-chain.ts'
import { SegmentList } from './segment-list.ts'
import { LogTail } from './tail-cache.ts'
import { clearQueue, emptyQueue, type WriteQueue } from './write-queue.ts'
import { writeInPlace } from './write-in-place.ts'

const PRODUCER_ID_EXPIRATION_MS = 86_400_000

/** The state of one log, shared by `Log` and the functions that roll, trim and close it. */
export interface LogParts {
  readonly options: LogOptions
  readonly segments: SegmentList
  readonly epochs: EpochCache
  readonly producers: ProducerState
  readonly commit: GroupCommit
  readonly health: LogHealth
  readonly reader: LogReader
  readonly tail: LogTail
  readonly queue: WriteQueue
  readonly compaction: CompactionState
  /** `leader-epoch-checkpoint` is not what memory has: to be written before the next append. */
  epochsPending: boolean
  config: LogConfig
  logStartOffset: number
  logEndOffset: number
  flushedEndOffset: number
  highWatermark: number
  /** Offsets may be missing between batches and between segments: compaction may have run here. */
  mayHaveHoles: boolean
  /** Something differs from what a clean stop would find on disk. */
  changed: boolean
  /** The log was as its last clean stop left it when it was opened, and no stop has written anything since. */
  isUnchanged: boolean
}

/** `opening`: what the log's directory is read through meanwhile. */
export function assembleLog(
  options: LogOptions,
  recovered: Recovered,
  wroteMetadata: boolean,
  opening: Disk,
): LogParts {
  const { disk, directory, shared, durability, nowMs } = options
  const segments = new SegmentList(disk, directory, shared, recovered.segments)
  const tail = new LogTail()
  const commit = new GroupCommit({
    disk,
    directory,
    shared,
    pinDirty: durability === 'fsync',
    durableEndOffset: recovered.durableEndOffset,
    markSequence: recovered.markSequence,
    flushed: () => flushedMark(parts),
    onFailure: (error) => void parts.health.fail(error),
  })
  const alwaysSync = durability === 'memory'
  const parts: LogParts = {
    options,
    segments,
    epochs: recovered.epochs,
    producers: new ProducerState(options.producerIdExpirationMs ?? PRODUCER_ID_EXPIRATION_MS, LOG_PRODUCERS_MAX),
    commit,
    health: new LogHealth(options, (reason) => stopWriting(parts, reason)),
    reader: new LogReader({ disk, shared, segments, tail, state: () => parts, alwaysSync }),
    tail,
    queue: emptyQueue(),
    compaction: newCompactionState(),
    epochsPending: false,
    mayHaveHoles: recovered.mayHaveHoles,
    config: options.config,
    logStartOffset: recovered.logStartOffset,
    logEndOffset: recovered.logEndOffset,
    flushedEndOffset: recovered.logEndOffset,
    highWatermark: recovered.logStartOffset,
    changed: !options.cleanShutdown && recovered.logEndOffset > 0,
    isUnchanged: options.cleanShutdown,
  }
  reloadProducers(parts, nowMs, new Set(options.cleanShutdown ? [] : recovered.touched), opening)
  // The one of the segment that takes appends must be in memory.
  abortedIn(parts, segments.active)
  // Nobody knows whether what an earlier start wrote was ever synced, until there are durable records.
  if (wroteMetadata || recovered.durableEndOffset <= Math.max(0, options.logStartOffset)) commit.markNewborn()
  if (recovered.removedStrays) markNamesDirty(parts)
  if (!options.cleanShutdown || recovered.report.tornFile !== null) settleRecovered(parts, recovered)
  return parts
}

/** The log is offline: what is queued will not be written, and nobody need wait for a sync. */
function stopWriting({ queue, commit }: LogParts, reason: Error): void {
  clearQueue(queue)
  commit.close(reason)
}

/**
 * Rebuilt indexes go to their files; in `fsync` mode what a crash left in the page cache is made durable, off the event
 * loop: until then it does not count as committed. Where the durable mark vouches for everything there is nothing to do, so
 * that thousands of idle logs are open in no time.
 */
function settleRecovered(parts: LogParts, recovered: Recovered): void {
  const { commit, segments, options } = parts
  const isDurable = recovered.report.tornFile === null && (parts.logEndOffset === 0 || standsAtEnd(parts))
  for (const segment of recovered.touched) {
    // By its path, as an open file for each of thousands of logs would be too many.
    commit.markPathDirty(segment.handle.path)
    if (segment === segments.active) continue
    segment.closeTimeIndex()
    for (const path of writeIndexFiles(parts, segment)) commit.markPathDirty(path)
    options.shared.indexes.used(segment)
  }
  if (parts.epochs.changed) writeOtherEpochs(parts)
  if (isDurable) return
  // Perhaps written before the crash and never synced: the mark must not pass records whose epoch a power cut can take.
  commit.markPathDirty(`${options.directory}/${EPOCH_FILE}`)
  markNamesDirty(parts)
  if (options.durability === 'fsync') commit.sync(() => undefined)
}

/** The durable mark vouches for every byte. */
function standsAtEnd(parts: LogParts): boolean {
  const mark = readMark(parts.options.disk, parts.options.directory)
  const { endOffset, segmentBaseOffset, position } = flushedMark(parts)
  return mark?.endOffset === endOffset && mark.segmentBaseOffset === segmentBaseOffset && mark.position === position
}

/** Where the written part of the log ends. */
export function flushedMark(parts: LogParts): DurableMark {
  const { active } = parts.segments
  return { endOffset: parts.flushedEndOffset, segmentBaseOffset: active.baseOffset, position: active.sizeBytes }
}

/** Builds the producer state anew, as of the log end, and the indexes of aborted transactions of the segments named. */
export function reloadProducers(
  parts: LogParts,
  nowMs: number,
  reindexed: ReadonlySet<Segment>,
  disk = parts.options.disk,
): void {
  const { directory, shared } = parts.options
  const { segments, logEndOffset: endOffset } = parts
  const { indexIntervalBytes } = parts.config
  const recovery = { disk, directory, shared, segments, indexIntervalBytes, endOffset, nowMs, reindexed }
  if (loadProducers(parts.producers, recovery)) markNamesDirty(parts)
}

/** Files have been made: the next sync covers their names. */
export function markNamesDirty(parts: LogParts): void {
  parts.commit.markDirectoryDirty(parts.options.directory)
}

export function writeEpochs(parts: LogParts): void {
  const { disk, directory } = parts.options
  const path = `${directory}/${EPOCH_FILE}`
  parts.epochsPending = true
  // Not synced here, as a leader change must not stall the loop: a lost entry comes back from the batch headers.
  disk.replaceSync(path, parts.epochs.encode(), { sync: false })
  parts.commit.markPathDirty(path)
  markNamesDirty(parts)
  parts.epochsPending = false
}

/**
 * The same unless the file has all epochs with records. Another is dropped where the file is read, and after a recovery
 * what has been found is nearly always what the file says.
 */
export function writeOtherEpochs(parts: LogParts): void {
  const { disk, directory } = parts.options
  const path = `${directory}/${EPOCH_FILE}`
  const isThere = disk.existsSync(path) && disk.readFileSync(path).equals(parts.epochs.encode(parts.logEndOffset))
  if (!isThere) writeEpochs(parts)
}

/** Notes which segments there are, unless there is no room: an older list only costs the next start some reading. */
export function noteChain(parts: LogParts): void {
  const { disk, directory } = parts.options
  parts.mayHaveHoles ||= parts.config.cleanupPolicy.compact
  if (parts.segments.count === 1) return
  try {
    writeChain(disk, directory, parts.segments.all(), parts.mayHaveHoles)
  } catch (error) {
    if (!isPassing(error)) throw error
  }
}

/** The same after entries have gone: with no room for it now it can wait, as recovery drops those entries too. */
export function writeFewerEpochs(parts: LogParts): void {
  try {
    writeEpochs(parts)
  } catch (error) {
    if (!isPassing(error)) throw error
  }
}

/** Writes the indexes of a segment as they are in memory. Returns the paths, for who wants the next sync to cover them. */
export function writeIndexFiles(parts: LogParts, segment: Segment): string[] {
  const { offsets, times } = segment.indexes!
  const files: [string, Buffer][] = [
    [segment.path(INDEX_SUFFIX), offsets.bytes()],
    [segment.path(TIME_INDEX_SUFFIX), times.bytes()],
  ]
  const aborted = abortedIn(parts, segment)
  const abortedPath = segment.path(TXN_INDEX_SUFFIX)
  if (aborted !== null) files.push([abortedPath, aborted.bytes()])
  // As with Kafka the file is there only where transactions were aborted; a truncation may have left the last one none.
  else if (parts.options.disk.existsSync(abortedPath)) files.push([abortedPath, Buffer.alloc(0)])
  for (const [path, bytes] of files) writeInPlace(parts.options.disk, path, bytes)
  return files.map(([path]) => path)
}

/** Writes the producer snapshot of the log end; returns the paths as above. */
export function writeProducers(parts: LogParts): string[] {
  const { disk, directory } = parts.options
  const aborted = abortedIn(parts, parts.segments.active)
  return writeProducerFiles(disk, directory, parts.producers, parts.logEndOffset, aborted)
}
