import { crc32c } from '../../proto/kafka/crc32c.ts'
import { readInt32, readInt64, writeInt32, writeInt64 } from '../../proto/kafka/int64.ts'
import type { Disk, DiskFile } from '../ports/disk.ts'
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

export interface NumberedMark extends DurableMark {
  /** Rises by one with every mark of the log; its last bit is the slot. */
  readonly sequence: number
}

/**
 * The file has two slots, written in turn, so that a power cut which tears one leaves the other: uint32 CRC-32C of what
 * follows · int32 version · int64 sequence · int64 end offset · int64 segment base offset · int64 position.
 */
const SLOT_BYTES = 40
const VERSION = 2
/** Apart by a sector, also of disks with large ones. */
const SLOT_DISTANCE = 4096
const FILE_BYTES = SLOT_DISTANCE + SLOT_BYTES
/** Version 1 was one slot, without the sequence. */
const OLD_SLOT_BYTES = 32
const scratch = Buffer.allocUnsafeSlow(SLOT_BYTES)

/** A whole file, as the first mark of a log leaves it. */
export function encodeMark(mark: DurableMark): Buffer {
  const file = Buffer.alloc(FILE_BYTES)
  for (const sequence of [0, 1]) encodeSlot(mark, sequence).copy(file, slotPosition(sequence))
  return file
}

/** Valid until the next call: one is written after every sync. */
function encodeSlot(mark: DurableMark, sequence: number): Buffer {
  const into = scratch
  writeInt32(into, 4, VERSION)
  writeInt64(into, 8, sequence)
  writeInt64(into, 16, mark.endOffset)
  writeInt64(into, 24, mark.segmentBaseOffset)
  writeInt64(into, 32, mark.position)
  writeInt32(into, 0, crc32c(into, 4, SLOT_BYTES))
  return into
}

/** Writes the mark into the slot whose turn it is; into both where one is not there yet. Returns the sequence it got. */
export function writeMark(file: DiskFile, mark: DurableMark, lastSequence: number): number {
  if (file.size < FILE_BYTES) return writeBothMarks(file, mark, lastSequence)
  return writeSlot(file, mark, lastSequence + 1)
}

/** Writes the mark into both slots, for when an older one would be wrong: the file is to be synced then. */
export function writeBothMarks(file: DiskFile, mark: DurableMark, lastSequence: number): number {
  return writeSlot(file, mark, writeSlot(file, mark, lastSequence + 1) + 1)
}

function writeSlot(file: DiskFile, mark: DurableMark, sequence: number): number {
  file.writeAtSync(encodeSlot(mark, sequence), slotPosition(sequence))
  return sequence
}

function slotPosition(sequence: number): number {
  return (sequence % 2) * SLOT_DISTANCE
}

/**
 * The newest mark. Null when there is none, or no slot is whole: then only the recovery point is known to be durable.
 * Throws `LogCorruptError` for one of a newer version.
 */
export function readMark(disk: Disk, directory: string): NumberedMark | null {
  const path = `${directory}/${DURABLE_MARK_FILE}`
  if (!disk.existsSync(path)) return null
  const data = disk.readFileSync(path)
  const first = readSlot(path, data, 0)
  const second = readSlot(path, data, SLOT_DISTANCE)
  if (first === null || second === null) return first ?? second
  return first.sequence > second.sequence ? first : second
}

function readSlot(path: string, data: Buffer, at: number): NumberedMark | null {
  if (data.length < at + OLD_SLOT_BYTES) return null
  const version = readInt32(data, at + 4)
  const end = at + (version === 1 ? OLD_SLOT_BYTES : SLOT_BYTES)
  if (data.length < end || readInt32(data, at) >>> 0 !== crc32c(data, at + 4, end)) return null
  refuseNewer(path, version, VERSION)
  const sequence = version === 1 ? 0 : readInt64(data, at + 8)
  const endOffset = readInt64(data, end - 24)
  return { sequence, endOffset, segmentBaseOffset: readInt64(data, end - 16), position: readInt64(data, end - 8) }
}

/** No byte of the file is other than it was written. */
export function isMarkWhole(disk: Disk, directory: string): boolean {
  const path = `${directory}/${DURABLE_MARK_FILE}`
  const data = disk.readFileSync(path)
  if (data.length === OLD_SLOT_BYTES) return readSlot(path, data, 0) !== null
  if (data.length !== FILE_BYTES || readSlot(path, data, SLOT_DISTANCE) === null) return false
  const first = readSlot(path, data, 0)
  const end = first?.sequence === 0 && readInt32(data, 4) === 1 ? OLD_SLOT_BYTES : SLOT_BYTES
  return first !== null && data.subarray(end, SLOT_DISTANCE).every((byte) => byte === 0)
}
