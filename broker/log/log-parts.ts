import { LOG_PRODUCERS_MAX } from '../limits.ts'
import type { LogConfig } from './config.ts'
import type { DurableMark } from './durable-mark.ts'
import type { EpochCache } from './epoch-cache.ts'
import { EPOCH_FILE, INDEX_SUFFIX, METADATA_FILE, TIME_INDEX_SUFFIX } from './file-names.ts'
import { GroupCommit } from './group-commit.ts'
import type { LogOptions } from './log-options.ts'
import { LogReader } from './log-reader.ts'
import { loadProducers, writeProducerFiles } from './producer-recovery.ts'
import { ProducerState } from './producer-state.ts'
import type { Recovered } from './recovery.ts'
import type { Segment } from './segment.ts'
import { SegmentList } from './segment-list.ts'
import { LogTail, type TailRun } from './tail-cache.ts'

const PRODUCER_ID_EXPIRATION_MS = 86_400_000

/** The state of one log, shared by `Log` and the functions that roll, trim and close it. */
export interface LogParts {
  readonly options: LogOptions
  readonly segments: SegmentList
  readonly epochs: EpochCache
  readonly producers: ProducerState
  readonly commit: GroupCommit
  readonly reader: LogReader
  readonly tail: LogTail
  /** Runs with bytes that no `writev` has taken yet, in order. */
  queue: TailRun[]
  config: LogConfig
  logStartOffset: number
  logEndOffset: number
  flushedEndOffset: number
  highWatermark: number
  /** Something differs from what a clean stop would find on disk. */
  changed: boolean
}

export function assembleLog(
  options: LogOptions,
  recovered: Recovered,
  wroteMetadata: boolean,
  onFailure: (error: Error) => void,
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
    flushed: () => flushedMark(parts),
    onFailure,
  })
  const indexIntervalBytes = (): number => parts.config.indexIntervalBytes
  const alwaysSync = durability === 'memory'
  const parts: LogParts = {
    options,
    segments,
    epochs: recovered.epochs,
    producers: new ProducerState(options.producerIdExpirationMs ?? PRODUCER_ID_EXPIRATION_MS, LOG_PRODUCERS_MAX),
    commit,
    reader: new LogReader({ disk, shared, segments, tail, indexIntervalBytes, alwaysSync }),
    tail,
    queue: [],
    config: options.config,
    logStartOffset: recovered.logStartOffset,
    logEndOffset: recovered.logEndOffset,
    flushedEndOffset: recovered.logEndOffset,
    highWatermark: recovered.logStartOffset,
    changed: !options.cleanShutdown,
  }
  reloadProducers(parts, nowMs)
  // After a crash nobody knows whether the file that an earlier start wrote was ever synced.
  if (wroteMetadata || !options.cleanShutdown) markMetadataDirty(parts)
  if (!options.cleanShutdown) settleRecovered(parts, recovered)
  return parts
}

/** Rebuilt indexes go to their files; in `fsync` mode what a crash left in the page cache is made durable. */
function settleRecovered(parts: LogParts, recovered: Recovered): void {
  for (const segment of recovered.touched) {
    parts.commit.markDirty(segment.handle)
    if (segment === parts.segments.active) continue
    segment.closeTimeIndex()
    writeIndexFiles(parts, segment)
    parts.options.shared.indexes.used(segment)
  }
  writeEpochs(parts)
  markNamesDirty(parts)
  if (parts.options.durability === 'fsync') parts.commit.syncSync()
}

/** Where the written part of the log ends. */
export function flushedMark(parts: LogParts): DurableMark {
  const { active } = parts.segments
  return { endOffset: parts.flushedEndOffset, segmentBaseOffset: active.baseOffset, position: active.sizeBytes }
}

/** Builds the producer state anew, as of the log end. */
export function reloadProducers(parts: LogParts, nowMs: number): void {
  const { disk, directory, shared } = parts.options
  const { segments, logEndOffset } = parts
  const { indexIntervalBytes } = parts.config
  loadProducers(parts.producers, { disk, directory, shared, segments, indexIntervalBytes, logEndOffset, nowMs })
}

/** Files have been made: the next sync covers their names. */
export function markNamesDirty(parts: LogParts): void {
  parts.commit.markDirectoryDirty(parts.options.directory)
}

/** The next sync covers `partition.metadata`: with a durable mark, that file is durable too. */
function markMetadataDirty(parts: LogParts): void {
  const { directory } = parts.options
  parts.commit.markPathDirty(`${directory}/${METADATA_FILE}`)
  // The directory may be as new as the file, so its own name counts too.
  const cut = directory.lastIndexOf('/')
  if (cut > 0) parts.commit.markDirectoryDirty(directory.slice(0, cut))
  // A clean stop must sync it, though nothing was appended.
  parts.changed = true
  markNamesDirty(parts)
}

export function writeEpochs(parts: LogParts): void {
  const { disk, directory } = parts.options
  const path = `${directory}/${EPOCH_FILE}`
  // Not synced here, as a leader change must not stall the loop: a lost entry comes back from the batch headers.
  disk.replaceSync(path, parts.epochs.encode(), { sync: false })
  parts.commit.markPathDirty(path)
}

/** Writes the indexes of a segment as they are in memory; the next sync covers them. */
export function writeIndexFiles(parts: LogParts, segment: Segment): void {
  const { offsets, times } = segment.indexes!
  const files = [
    [segment.path(INDEX_SUFFIX), offsets.bytes()],
    [segment.path(TIME_INDEX_SUFFIX), times.bytes()],
  ] as const
  for (const [path, bytes] of files) {
    parts.options.disk.replaceSync(path, bytes, { sync: false })
    parts.commit.markPathDirty(path)
  }
}

/** Writes the producer snapshot of the log end; the next sync covers it. */
export function writeProducers(parts: LogParts): void {
  const { disk, directory } = parts.options
  for (const path of writeProducerFiles(disk, directory, parts.producers, parts.logEndOffset)) {
    parts.commit.markPathDirty(path)
  }
}
