import { LOG_TORN_FILES_MAX } from '../limits.ts'
import { type Disk, ShortWriteError } from '../ports/disk.ts'
import { stemOf, TORN_SUFFIX } from './file-names.ts'
import type { Segment } from './segment.ts'
import { removeSegmentFiles } from './segment-list.ts'
import type { LogShared } from './shared.ts'

/** The end of a log that a crash left unusable. */
export interface TornTail {
  /** The segment it begins in, and those after. */
  readonly segments: readonly Segment[]
  /** Where it begins in the first of them. */
  readonly position: number
  /** The first segment stays, shortened; false when already its base offset does not fit. */
  readonly keepsFirst: boolean
  readonly reason: string
}

const COPY_BYTES = 1024 * 1024

/**
 * Cuts the tail off and keeps its bytes in `<stem>.<position>.torn` files, for whoever wants to look for something in
 * them. The copies are durable before anything is cut. Throws, with nothing cut, when they cannot be made.
 */
export function setTornTailAside(
  disk: Disk,
  directory: string,
  shared: LogShared,
  tail: TornTail,
): { bytes: number; file: string | null } {
  let bytes = 0
  let firstFile: string | null = null
  tail.segments.forEach((segment, i) => {
    const position = i === 0 ? tail.position : 0
    const length = segment.sizeBytes - position
    if (length === 0) return
    const path = `${directory}/${stemOf(segment.baseOffset)}.${position}${TORN_SUFFIX}`
    copyTail(disk, segment, shared, position, path)
    firstFile ??= path
    bytes += length
  })
  if (bytes > 0) disk.syncDirectorySync(directory)
  tail.segments.forEach((segment, i) => {
    if (i === 0 && tail.keepsFirst) cut(disk, segment, shared, tail.position)
    else removeSegmentFiles(disk, segment, shared)
  })
  dropOldTorn(disk, directory)
  return { bytes, file: firstFile }
}

function copyTail(disk: Disk, segment: Segment, shared: LogShared, from: number, path: string): void {
  const source = segment.open(disk, shared)
  const target = disk.openSync(path, { create: true })
  const buffer = shared.readBuffers.acquire(COPY_BYTES)
  const length = segment.sizeBytes - from
  try {
    target.truncateSync(0)
    for (let position = from; position < segment.sizeBytes; ) {
      const count = source.readSync(buffer, 0, Math.min(COPY_BYTES, segment.sizeBytes - position), position)
      if (count === 0) break
      target.appendSync([buffer.subarray(0, count)])
      position += count
    }
    if (target.size !== length) throw new ShortWriteError(path, length, target.size)
    target.datasyncSync()
  } finally {
    target.closeSync()
    shared.readBuffers.release(buffer)
  }
}

function cut(disk: Disk, segment: Segment, shared: LogShared, position: number): void {
  segment.open(disk, shared).truncateSync(position)
  segment.sizeBytes = position
  segment.endPosition = position
}

function dropOldTorn(disk: Disk, directory: string): void {
  const torn = disk.listSync(directory).filter((name) => name.endsWith(TORN_SUFFIX))
  for (const name of torn.slice(0, Math.max(0, torn.length - LOG_TORN_FILES_MAX))) {
    disk.unlinkSync(`${directory}/${name}`)
  }
}
