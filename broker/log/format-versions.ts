import * as header from '../../proto/kafka/batch/header.ts'
import { crc32c } from '../../proto/kafka/crc32c.ts'
import { readInt16, readInt32 } from '../../proto/kafka/int64.ts'
import type { Disk, DiskFile } from '../ports/disk.ts'
import { LogCorruptError } from './errors.ts'
import { SNAPSHOT_SUFFIX, TXN_INDEX_SUFFIX } from './file-names.ts'

/** A version field above this is noise and no version: what holds it is damaged. */
const PLAUSIBLE_VERSION_MAX = 255
/** Of the producers' `.snapshot`, and of the entries of a `.txnindex`. */
export const SNAPSHOT_VERSION = 1
export const TXN_INDEX_VERSION = 0
/** Where the CRC of a `.snapshot` ends, and what it covers begins, in Kafka's format. */
const SNAPSHOT_CRC_END = 6

/** True for a version that a later program may have written, false for one we read and for noise. */
export function isNewer(version: number, readable: number): boolean {
  return version > readable && version <= PLAUSIBLE_VERSION_MAX
}

/** Throws `LogCorruptError` with the file's path when a later version of Kafka or of this program has written it. */
export function refuseNewer(path: string, version: number, readable: number): void {
  if (!isNewer(version, readable)) return
  throw new LogCorruptError(path, -1, `version ${version} is newer than this program, which reads ${readable}`, UPGRADE)
}

/** The same for a producer snapshot. What a power cut left of one may begin with anything: only a whole file has a version. */
export function refuseNewerSnapshot(path: string, data: Buffer): void {
  const isWhole = data.length > SNAPSHOT_CRC_END && readInt32(data, 2) >>> 0 === crc32c(data, SNAPSHOT_CRC_END)
  if (isWhole) refuseNewer(path, readInt16(data, 0), SNAPSHOT_VERSION)
}

/**
 * The same for what is read only after recovery has begun to change a directory: the newest file of each kind tells who
 * wrote there last.
 */
export function refuseNewerFiles(disk: Disk, directory: string, found: readonly string[]): void {
  const newest = (suffix: string, refuse: (path: string, data: Buffer) => void): void => {
    const name = found.findLast((file) => file.endsWith(suffix))
    if (name !== undefined) refuse(`${directory}/${name}`, disk.readFileSync(`${directory}/${name}`))
  }
  newest(SNAPSHOT_SUFFIX, refuseNewerSnapshot)
  newest(TXN_INDEX_SUFFIX, (path, data) => {
    if (data.length >= 2) refuseNewer(path, readInt16(data, 0), TXN_INDEX_VERSION)
  })
}

/** The first line of a checkpoint, which is its version; 0 when there is none. */
export function textVersion(data: Buffer): number {
  const line = /^(\d+)\r?\n/.exec(data.toString('latin1', 0, 16))
  return line === null ? 0 : Number(line[1])
}

/** Outside the checksum: a higher one is rather a flipped bit. */
const PLAUSIBLE_MAGIC_MAX = header.MAGIC + 2

const UPGRADE = 'start the version that wrote it'
const CONVERT = 'let Kafka 3 rewrite the topic in format 2, or mirror it'

/**
 * Refuses to take a batch of another format (magic) for a torn tail, which would cut it off: `LogCorruptError` if what is at
 * `position` carries the right checksum for it. `end` is the end of the file.
 */
export function refuseOtherMagic(file: DiskFile, position: number, end: number): void {
  const head = Buffer.alloc(header.HEADER_BYTES)
  if (file.readSync(head, 0, head.length, position) < MESSAGE_HEADER_BYTES) return
  const magic = header.magic(head, 0)
  const size = header.batchSize(head, 0)
  if (
    magic === header.MAGIC ||
    magic < 0 ||
    magic > PLAUSIBLE_MAGIC_MAX ||
    size < MESSAGE_HEADER_BYTES ||
    position + size > end
  )
    return
  const batch = Buffer.allocUnsafe(size)
  if (file.readSync(batch, 0, size, position) < size) return
  if (magic < header.MAGIC) {
    // Formats 0 and 1: offset, size, CRC-32 of what follows, magic.
    if (readInt32(batch, 12) >>> 0 !== crc32(batch, 16)) return
    throw new LogCorruptError(file.path, position, `message format ${magic} is older than this program reads`, CONVERT)
  }
  if (size < header.HEADER_BYTES || header.crc(batch, 0) !== header.computeCrc(batch, 0)) return
  throw new LogCorruptError(
    file.path,
    position,
    `batch format ${magic} is newer than this program, which reads 2`,
    UPGRADE,
  )
}

/** Of formats 0 and 1: offset 8, size 4, CRC 4, magic 1. */
const MESSAGE_HEADER_BYTES = 17

/** CRC-32 (IEEE), bit by bit: asked for once, when a log is refused. */
function crc32(data: Buffer, start: number): number {
  let crc = 0xffffffff
  for (let i = start; i < data.length; i++) {
    crc ^= data[i]!
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}
