import * as header from '../../../proto/kafka/batch/header.ts'
import type { Disk } from '../../ports/disk.ts'
import { LogCorruptError } from '../errors.ts'
import {
  CLEANED_SUFFIX,
  DURABLE_MARK_FILE,
  INDEX_SUFFIX,
  LOG_SUFFIX,
  offsetOfName,
  SEGMENT_SUFFIXES,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
} from '../file-names.ts'
import { verifyBatches } from '../scan.ts'
import type { LogShared } from '../shared.ts'
import { CLEANED_FILES } from './clean-group.ts'

/** Offsets that files to be swapped in cover. */
interface Range {
  readonly from: number
  /** Exclusive. */
  readonly end: number
}

/**
 * Ends what a crash cut off in a compaction, ours or Kafka's (LogLoader). While a `.cleaned` file is left, its segment was
 * not decided on: `.swap` files from its offset on are removed. Else the segments that the new ones replace go, and the new
 * ones take their names. Does nothing in a directory without `.swap`. Throws `LogCorruptError`, with nothing changed, when a
 * log to be swapped in is not sound.
 */
export function completeSwaps(disk: Disk, directory: string, shared: LogShared): void {
  const names = disk.listSync(directory)
  const swaps = names.filter((name) => name.endsWith(SWAP_SUFFIX))
  if (swaps.length === 0) return
  const cleaned = names.filter((name) => name.endsWith(CLEANED_SUFFIX)).map(offsetOf)
  const firstCleaned = Math.min(Number.POSITIVE_INFINITY, ...cleaned)
  const valid = swaps.filter((name) => offsetOf(name) < firstCleaned)
  const logs = valid.filter((name) => name.endsWith(LOG_SUFFIX + SWAP_SUFFIX))
  const ranges = logs.map((name) => rangeOf(disk, shared, directory, name))
  const range: Range = {
    from: Math.min(...ranges.map(({ from }) => from)),
    end: Math.max(...ranges.map(({ end }) => end)),
  }
  for (const name of swaps) if (offsetOf(name) >= firstCleaned) disk.unlinkSync(`${directory}/${name}`)
  const bases = new Set(ranges.map(({ from }) => from))
  // In ours every file has its `.swap` until it got its name: one that has none is the new one already.
  const keepsRenamed = names.includes(DURABLE_MARK_FILE)
  for (const name of names.filter((found) => isReplaced(found, range, bases, keepsRenamed))) {
    disk.unlinkSync(`${directory}/${name}`)
  }
  disk.syncDirectorySync(directory)
  for (const suffix of CLEANED_FILES) {
    for (const name of valid.filter((found) => found.endsWith(suffix + SWAP_SUFFIX))) {
      disk.renameSync(`${directory}/${name}`, `${directory}/${name.slice(0, -SWAP_SUFFIX.length)}`)
    }
  }
  disk.syncDirectorySync(directory)
}

/** Offset in the name of a `.cleaned` or `.swap` file; they are segment files and carry one. */
function offsetOf(name: string): number {
  return Number.parseInt(name, 10)
}

/** What a log to be swapped in covers. It was made durable before it got that name, so it must be sound. */
function rangeOf(disk: Disk, shared: LogShared, directory: string, name: string): Range {
  const path = `${directory}/${name}`
  const from = offsetOf(name)
  let end = from
  const file = disk.openSync(path, { readOnly: true })
  try {
    const stopped = verifyBatches(file, 0, file.size, shared.readBuffers, (buffer, at) => {
      end = header.nextOffset(buffer, at)
      return true
    })
    if (stopped.fault === null) return { from, end }
    throw new LogCorruptError(path, stopped.position, `${stopped.fault}, in a segment that a compaction is to swap in`)
  } finally {
    file.closeSync()
  }
}

/** A file of a segment that the new ones replace. */
function isReplaced(name: string, range: Range, bases: ReadonlySet<number>, keepsRenamed: boolean): boolean {
  for (const suffix of SEGMENT_SUFFIXES) {
    const offset = offsetOfName(name, suffix)
    if (offset < range.from || offset >= range.end) continue
    // Producer snapshots go with the segments that do not come back; a new segment's own files take the old ones' place.
    const isRewritten = CLEANED_FILES.some((cleaned) => cleaned === suffix)
    // A power cut may have taken the new index and left the old one, and either can be built anew.
    const isIndex = suffix === INDEX_SUFFIX || suffix === TIME_INDEX_SUFFIX
    return !bases.has(offset) || isIndex || (isRewritten && !keepsRenamed)
  }
  return false
}
