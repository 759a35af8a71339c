import { HEADER_BYTES, LOG_OVERHEAD_BYTES, MAGIC } from '../../proto/kafka/batch/header.ts'
import * as header from '../../proto/kafka/batch/header.ts'
import type { DiskFile } from '../ports/disk.ts'
import type { ReadBuffers } from './read-buffers.ts'

/**
 * Called with a buffer that holds at least the header of a batch at `at`, of a control batch all of it; `position` is its
 * place in the file.
 */
export type BatchVisitor = (buffer: Buffer, at: number, position: number, size: number) => boolean | undefined

/** Where a walk stopped, and why if not at the end it was given. */
export interface ScanEnd {
  readonly position: number
  readonly fault: string | null
}

/** A walk over headers reads this much at once: several small batches, or one header of a large one. */
const HEADER_WALK_BYTES = 8 * 1024
/** A verifying scan reads this much at once, or one batch if that is larger. */
const VERIFY_BYTES = 256 * 1024

/**
 * Walks batch headers from `from` (the start of a batch) to `to`, without reading the records. Stops early when `visit`
 * returns false, and at the first header that cannot be one.
 */
export function walkHeaders(
  file: DiskFile,
  from: number,
  to: number,
  buffers: ReadBuffers,
  visit: BatchVisitor,
): ScanEnd {
  return walk(file, from, to, buffers, HEADER_WALK_BYTES, false, visit)
}

/** The same, reading everything and checking each batch's CRC before `visit` sees it: what recovery trusts. */
export function verifyBatches(
  file: DiskFile,
  from: number,
  to: number,
  buffers: ReadBuffers,
  visit: BatchVisitor,
): ScanEnd {
  return walk(file, from, to, buffers, VERIFY_BYTES, true, visit)
}

function walk(
  file: DiskFile,
  from: number,
  to: number,
  buffers: ReadBuffers,
  chunkBytes: number,
  whole: boolean,
  visit: BatchVisitor,
): ScanEnd {
  let buffer = buffers.acquire(chunkBytes)
  let start = from
  let filled = 0
  let position = from
  try {
    while (position < to) {
      let at = position - start
      if (at + HEADER_BYTES > filled) {
        start = position
        filled = file.readSync(buffer, 0, Math.min(chunkBytes, to - position), position)
        at = 0
      }
      const fault = headerFault(buffer, at, filled - at, to - position)
      if (fault !== null) return { position, fault }
      const size = header.batchSize(buffer, at)
      if ((whole || header.isControl(buffer, at)) && at + size > filled) {
        if (size > buffer.length) {
          buffers.release(buffer)
          buffer = buffers.acquire(size)
        }
        start = position
        filled = file.readSync(buffer, 0, Math.min(buffer.length, to - position), position)
        at = 0
        if (filled < size) return { position, fault: 'the file ends inside a batch' }
      }
      if (whole && header.computeCrc(buffer, at) !== header.crc(buffer, at)) return { position, fault: 'wrong CRC' }
      if (visit(buffer, at, position, size) === false) return { position, fault: null }
      position += size
    }
    return { position, fault: null }
  } finally {
    buffers.release(buffer)
  }
}

/** Why the bytes cannot be a batch header of ours, or null. `available` are in the buffer, `left` in the file. */
export function headerFault(buffer: Buffer, at: number, available: number, left: number): string | null {
  if (available < HEADER_BYTES || left < HEADER_BYTES) return 'the file ends inside a batch header'
  const size = header.batchSize(buffer, at)
  if (header.magic(buffer, at) !== MAGIC) return `batch format ${header.magic(buffer, at)} (only 2 is readable)`
  if (size < HEADER_BYTES || header.batchLength(buffer, at) > 0x7fffffff - LOG_OVERHEAD_BYTES) {
    return `batch length ${header.batchLength(buffer, at)}`
  }
  if (size > left) return 'the file ends inside a batch'
  if (header.lastOffsetDelta(buffer, at) < 0 || header.baseOffset(buffer, at) < 0) return 'negative offset'
  return null
}
