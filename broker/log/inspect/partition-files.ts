import type { Disk } from '../../ports/disk.ts'
import * as names from '../file-names.ts'
import { type Findings, START_ADVICE } from './finding.ts'

/** Offsets that `millrace log repair` gave up, told by the name of the file that keeps their bytes: `<stem>.<position>.<first>-<last>.lost`. */
export const LOST_SUFFIX = '.lost'
const LOST_NAME = /^\d{20}\.\d+\.(\d+)-(\d+)\.lost$/

/** The files of a partition directory, by what they are. */
export interface PartitionFiles {
  readonly names: ReadonlySet<string>
  /** Base offsets of the segments, rising. */
  readonly segments: readonly number[]
  /** Offsets of the producer snapshots, rising, and of our windows of five beside them. */
  readonly snapshots: readonly number[]
  readonly windows: readonly number[]
  /** Holes that a repair left, first and last offset inclusive. */
  readonly lost: readonly (readonly [first: number, last: number])[]
}

export function listPartition(disk: Disk, directory: string): PartitionFiles {
  const found = disk.listSync(directory)
  const offsets = (suffix: string) => found.map((name) => names.offsetOfName(name, suffix)).filter((at) => at >= 0)
  const lost = found.flatMap((name): [number, number][] => {
    const match = LOST_NAME.exec(name)
    return match === null ? [] : [[Number(match[1]), Number(match[2])]]
  })
  return {
    names: new Set(found),
    segments: offsets(names.LOG_SUFFIX),
    snapshots: offsets(names.SNAPSHOT_SUFFIX),
    windows: offsets(names.WINDOW_SUFFIX),
    lost,
  }
}

/**
 * Base offsets in [from, end) of segments whose index is here and whose log is not. Compaction and retention take both, the
 * log first: while that is on its way out, the index may still be here.
 */
export function orphanedIndexes(files: PartitionFiles, from: number, end: number): number[] {
  const found = new Set<number>()
  for (const name of files.names) {
    const suffix = [names.INDEX_SUFFIX, names.TIME_INDEX_SUFFIX].find((known) => names.offsetOfName(name, known) >= 0)
    if (suffix === undefined) continue
    const offset = names.offsetOfName(name, suffix)
    const log = names.stemOf(offset) + names.LOG_SUFFIX
    const isLeaving = files.names.has(log + names.DELETED_SUFFIX) || files.names.has(log + names.SWAP_SUFFIX)
    if (offset >= from && offset < end && !files.names.has(log) && !isLeaving) found.add(offset)
  }
  return [...found].sort((a, b) => a - b)
}

/** What a directory is, by its content: null when it is neither. */
export function kindOf(disk: Disk, directory: string): 'data' | 'partition' | null {
  const found = disk.listSync(directory)
  if (found.includes('meta.properties')) return 'data'
  const isPartition = (name: string) =>
    name === names.METADATA_FILE || name === names.EPOCH_FILE || names.offsetOfName(name, names.LOG_SUFFIX) >= 0
  if (found.some(isPartition)) return 'partition'
  return found.some((name) => PARTITION_NAME.test(name)) ? 'data' : null
}

export const PARTITION_NAME = /^[\w.-]+-\d+$/

const SEGMENT_SUFFIXES: readonly string[] = names.SEGMENT_SUFFIXES
/** Kafka's own, of its metadata log: the snapshots of the cluster's state, and the state of its quorum. */
const KNOWN = /^(quorum-state(\.reserve)?|\d{20}-\d{10}\.checkpoint|remote_log_snapshot|\.lock)$/

/** Files that are on their way out, were half made, or are nobody's. */
export function reportLeftovers(files: PartitionFiles, directory: string, endOffset: number, findings: Findings): void {
  for (const name of files.names) {
    const what = leftover(name, files, endOffset)
    if (what === null) continue
    const isSwap = name.endsWith(names.SWAP_SUFFIX)
    findings.add(isSwap ? 'warning' : 'note', `${directory}/${name}`, -1, what, isSwap ? START_ADVICE : NO_ADVICE)
  }
}

const NO_ADVICE = 'nothing'

function leftover(name: string, files: PartitionFiles, endOffset: number): string | null {
  if (name.endsWith(names.DELETED_SUFFIX)) return 'deleted by retention or compaction, to be removed'
  if (name.endsWith(names.CLEANED_SUFFIX)) return 'an unfinished compaction, to be removed at the next start'
  if (name.endsWith(names.SWAP_SUFFIX)) return 'a compaction was cut off while it took its result into use'
  if (name.endsWith(names.TEMPORARY_SUFFIX)) return 'a file that was being written at a crash'
  if (name.endsWith(names.TORN_SUFFIX)) return 'bytes cut off a torn tail, kept to be looked at'
  if (name.endsWith(LOST_SUFFIX)) return 'damaged bytes that a repair took out'
  if (name === names.EPOCH_FILE || name === names.METADATA_FILE || name === names.DURABLE_MARK_FILE) return null
  if (name === names.SEGMENT_LIST_FILE) return null
  if (KNOWN.test(name)) return null
  const suffix = SEGMENT_SUFFIXES.find((known) => names.offsetOfName(name, known) >= 0)
  if (suffix === undefined) return 'not a file of a partition'
  const offset = names.offsetOfName(name, suffix)
  if (suffix === names.SNAPSHOT_SUFFIX || suffix === names.WINDOW_SUFFIX) {
    return offset > endOffset ? `producers as of offset ${offset}, but the log ends at ${endOffset}` : null
  }
  return files.names.has(names.stemOf(offset) + names.LOG_SUFFIX) ? null : 'an index whose segment is gone'
}
