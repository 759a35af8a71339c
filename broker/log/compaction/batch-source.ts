import * as header from '../../../proto/kafka/batch/header.ts'
import { COMPACTION_READ_BYTES } from '../../limits.ts'
import type { DiskFile } from '../../ports/disk.ts'
import { LogCorruptError } from '../errors.ts'
import { headerFault } from '../scan.ts'

/**
 * Work in steps: each `yield` tells the bytes read or written since the last one, so that whoever drives it can keep to a
 * rate, let others run in between, or end it (`return`).
 */
export type Steps<T> = Generator<number, T, void>

/** Sees a whole batch whose CRC is right; false stops the walk. */
export type WholeBatchVisitor = (buffer: Buffer, at: number) => boolean

/**
 * Walks the whole batches from `from` (the start of one) to `to`, in reads of `COMPACTION_READ_BYTES` or of one larger
 * batch. Throws `LogCorruptError` at the first that is not sound: recopied, it would get a new CRC and seem whole.
 */
export function* readBatches(file: DiskFile, from: number, to: number, visit: WholeBatchVisitor): Steps<void> {
  let buffer = Buffer.allocUnsafeSlow(Math.min(COMPACTION_READ_BYTES, Math.max(to - from, header.HEADER_BYTES)))
  let position = from
  while (position < to) {
    const filled = file.readSync(buffer, 0, Math.min(buffer.length, to - position), position)
    let at = 0
    for (;;) {
      const next = wholeBatchAt(file, buffer, at, filled, position + at, to)
      if (next < 0) break
      if (!visit(buffer, at)) return
      at = next
    }
    position += at
    if (at === 0 && position < to) buffer = Buffer.allocUnsafeSlow(header.batchSize(buffer, 0))
    yield at
  }
}

/** Where the sound batch at `at` ends; -1 when the buffer does not hold all of it. */
function wholeBatchAt(
  file: DiskFile,
  buffer: Buffer,
  at: number,
  filled: number,
  position: number,
  to: number,
): number {
  if (position >= to) return -1
  const isCutOff = filled - at < header.HEADER_BYTES && position + filled - at < to
  if (isCutOff && at > 0) return -1
  const fault = headerFault(buffer, at, filled - at, to - position)
  if (fault !== null) throw new LogCorruptError(file.path, position, fault)
  const size = header.batchSize(buffer, at)
  if (at + size > filled) return -1
  if (header.computeCrc(buffer, at) !== header.crc(buffer, at)) {
    throw new LogCorruptError(file.path, position, 'wrong CRC')
  }
  return at + size
}
