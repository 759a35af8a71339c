import { codecName } from '../../../proto/kafka/compression/index.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import type { FileWindow } from './file-window.ts'

const CRC_COVERS_FROM = 21
const MAGIC_AT = 16
/** Places at which a search for the next batch computes a checksum at most: bytes made to look like headers end it. */
const SEARCH_CRCS_MAX = 10_000

/** Which base offsets a batch of this segment may have. */
export interface OffsetRange {
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

/** A batch whose header and checksum are right. Its header is in the window until the next read from it. */
export interface WalkedBatch {
  readonly position: number
  readonly size: number
  /** Where the header lies in the window's buffer. */
  readonly at: number
}

export interface BatchVisitor {
  /** Return false to end the walk. */
  batch(batch: WalkedBatch): boolean
  /** No good batch begins in `[start, end)`. Return false to end the walk. */
  damage(start: number, end: number, reason: string): boolean
}

/**
 * Walks the batches of a segment, checking framing and CRC. Behind a damaged one it looks for the next good batch, at the
 * place that the header gives or else byte by byte, so that one flipped bit does not hide the rest of the file.
 */
export function walkBatches(window: FileWindow, range: () => OffsetRange, visitor: BatchVisitor): void {
  let position = 0
  while (position < window.size) {
    const fault = faultAt(window, position) ?? misfit(window, position, range())
    if (fault === null) {
      const at = window.at(position, header.HEADER_BYTES)
      const size = header.batchSize(window.buffer, at)
      if (!visitor.batch({ position, size, at })) return
      position += size
      continue
    }
    const next = findNext(window, position, range())
    if (!visitor.damage(position, next, fault)) return
    position = next
  }
}

/** Why no good batch begins at `position`; null when one does. */
export function faultAt(window: FileWindow, position: number): string | null {
  const fault = headerFault(window, position)
  if (fault !== null) return fault
  const at = window.at(position, header.HEADER_BYTES)
  const stated = header.crc(window.buffer, at)
  const size = header.batchSize(window.buffer, at)
  const computed = window.crc(position + CRC_COVERS_FROM, position + size)
  return computed === stated ? null : `the batch fails its CRC (${hex(stated)} stated, ${hex(computed)} computed)`
}

/**
 * Why a good batch cannot stand where it does; null when it can. The base offset is outside the CRC, so only what is around
 * it can tell: it must not be below what came before, nor so high that the batch behind would be.
 */
function misfit(window: FileWindow, position: number, range: OffsetRange): string | null {
  const at = window.at(position, header.HEADER_BYTES)
  const base = header.baseOffset(window.buffer, at)
  const last = header.lastOffset(window.buffer, at)
  const wrong = `the batch has offsets ${base} to ${last}`
  if (base < range.from) return `${wrong}, where ${range.from} should be`
  if (last >= range.to) return `${wrong}, but this segment ends before ${range.to}`
  if (base === range.from) return null
  const behind = position + header.batchSize(window.buffer, at)
  if (behind >= window.size || headerFault(window, behind) !== null) return null
  const next = header.baseOffset(window.buffer, window.at(behind, header.HEADER_BYTES))
  const isAtFault = next >= range.from && next <= last
  return isAtFault ? `${wrong}, where ${range.from} should be, as ${next} follows` : null
}

/** What a header says that cannot be, as the file is. */
function headerFault(window: FileWindow, position: number): string | null {
  const at = window.at(position, header.HEADER_BYTES)
  if (at < 0) return `the file ends inside a batch header, ${window.size - position} bytes behind its start`
  const { buffer } = window
  const magic = header.magic(buffer, at)
  const length = header.batchLength(buffer, at)
  if (magic !== header.MAGIC) {
    const isOld = (magic === 0 || magic === 1) && length > 0
    return isOld ? `message format ${magic}, which Kafka 4 has given up too` : `no batch begins here (magic ${magic})`
  }
  const size = header.batchSize(buffer, at)
  if (length < header.HEADER_BYTES - header.LOG_OVERHEAD_BYTES) return `a batch of length ${length}`
  if (position + size > window.size) return `the file ends inside a batch of ${size} bytes`
  const delta = header.lastOffsetDelta(buffer, at)
  const count = header.recordsCount(buffer, at)
  if (header.baseOffset(buffer, at) < 0 || delta < 0) return 'a batch with negative offsets'
  if (count < 0 || count > delta + 1) return `a batch of ${count} records over ${delta + 1} offsets`
  const codec = header.codecId(buffer, at)
  return codecName(codec) === undefined ? `there is no compression codec ${codec}` : null
}

/** Where the next good batch within the range begins; the end of the file when none does. */
function findNext(window: FileWindow, damaged: number, range: OffsetRange): number {
  const at = window.at(damaged, header.HEADER_BYTES)
  const jump = at < 0 ? 0 : header.batchSize(window.buffer, at)
  const beyond = damaged + jump
  if (jump >= header.HEADER_BYTES && isGoodBatch(window, beyond, range)) return beyond
  if (jump >= header.HEADER_BYTES && beyond === window.size) return beyond
  let crcs = 0
  let position = damaged + 1
  while (position + header.HEADER_BYTES <= window.size) {
    const candidate = nextMagic(window, position)
    if (candidate < 0) break
    position = candidate + 1
    if (!isPlausible(window, candidate, range)) continue
    if (++crcs > SEARCH_CRCS_MAX) break
    if (faultAt(window, candidate) === null) return candidate
  }
  return window.size
}

/** The next place from `position` on that has the byte of magic 2 where a header has it; -1 when there is none. */
function nextMagic(window: FileWindow, position: number): number {
  for (let from = position; from + header.HEADER_BYTES <= window.size; ) {
    const length = Math.min(64 * 1024, window.size - from)
    const at = window.at(from, length)
    if (at < 0) return -1
    const found = window.buffer.subarray(at, at + length).indexOf(header.MAGIC, MAGIC_AT)
    if (found >= 0) return from + found - MAGIC_AT
    from += Math.max(1, length - MAGIC_AT)
  }
  return -1
}

function isGoodBatch(window: FileWindow, position: number, range: OffsetRange): boolean {
  return isPlausible(window, position, range) && faultAt(window, position) === null
}

function isPlausible(window: FileWindow, position: number, range: OffsetRange): boolean {
  if (position >= window.size || headerFault(window, position) !== null) return false
  const at = window.at(position, header.HEADER_BYTES)
  const base = header.baseOffset(window.buffer, at)
  return base >= range.from && header.lastOffset(window.buffer, at) < range.to
}

function hex(crc: number): string {
  return `0x${(crc >>> 0).toString(16).padStart(8, '0')}`
}
