import { Reader } from '../../proto/kafka/reader.ts'
import { clientError } from '../errors.ts'
import type { RecordHeader } from './types.ts'

export const NO_HEADERS: readonly RecordHeader[] = Object.freeze([])

/** A header takes two bytes at least: the lengths of its key and value. */
const MIN_HEADER_BYTES = 2

/** Reads the headers at `position`: their count, then each. Values are slices unless `isCopy`. */
export function readHeaders(buffer: Buffer, position: number, isCopy = false): readonly RecordHeader[] {
  try {
    const reader = new Reader(buffer, position)
    const count = reader.varint()
    if (count < 0 || count * MIN_HEADER_BYTES > reader.remaining) throw new RangeError(`${count} headers`)
    const headers: RecordHeader[] = []
    for (let i = 0; i < count; i++) {
      const key = reader.slice(reader.varint()).toString('utf8')
      const length = reader.varint()
      const value = length < 0 ? null : reader.slice(length)
      headers.push({ key, value: isCopy && value !== null ? Buffer.from(value) : value })
    }
    return headers
  } catch (cause) {
    throw clientError('CLIENT_CORRUPT_BATCH', 'record headers', cause)
  }
}
