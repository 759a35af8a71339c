import { crc32c } from '../../proto/kafka/crc32c.ts'
import { readInt32, readInt64, writeInt32, writeInt64 } from '../../proto/kafka/int64.ts'
import type { Disk } from '../ports/disk.ts'
import { DURABLE_MARK_FILE } from './file-names.ts'
import { refuseNewer } from './format-versions.ts'

/**
 * How far the last fdatasync of a log reached. Written after each sync and not synced itself, so on disk it may be old but
 * never ahead: bytes below it were durable once, and if they are bad now, that is corruption and not a torn tail.
 */
export interface DurableMark {
  /** Exclusive. */
  readonly endOffset: number
  /** The segment that `endOffset` is in or ends, and the bytes of its file up to there. */
  readonly segmentBaseOffset: number
  readonly position: number
}

/** uint32 CRC-32C of what follows · int32 version · int64 end offset · int64 segment base offset · int64 position. */
const MARK_BYTES = 32
const VERSION = 1
const scratch = Buffer.allocUnsafeSlow(MARK_BYTES)

/** The bytes of the mark, valid until the next call: one is written after every sync. */
export function encodeMark(mark: DurableMark): Buffer {
  const into = scratch
  writeInt32(into, 4, VERSION)
  writeInt64(into, 8, mark.endOffset)
  writeInt64(into, 16, mark.segmentBaseOffset)
  writeInt64(into, 24, mark.position)
  writeInt32(into, 0, crc32c(into, 4, MARK_BYTES))
  return into
}

/**
 * Null when the mark is missing or torn: then only the recovery point is known to be durable. Throws `LogCorruptError` for
 * one of a newer version.
 */
export function readMark(disk: Disk, directory: string): DurableMark | null {
  const path = `${directory}/${DURABLE_MARK_FILE}`
  if (!disk.existsSync(path)) return null
  const data = disk.readFileSync(path)
  if (data.length !== MARK_BYTES || readInt32(data, 0) >>> 0 !== crc32c(data, 4, MARK_BYTES)) return null
  refuseNewer(path, readInt32(data, 4), VERSION)
  return { endOffset: readInt64(data, 8), segmentBaseOffset: readInt64(data, 16), position: readInt64(data, 24) }
}

/** A mark is there, but torn or damaged: what was durable may have been more than the recovery point tells. */
export function isMarkDamaged(disk: Disk, directory: string): boolean {
  return readMark(disk, directory) === null && disk.existsSync(`${directory}/${DURABLE_MARK_FILE}`)
}
