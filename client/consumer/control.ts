import { batchSize, HEADER_BYTES } from '../../proto/kafka/batch/header.ts'
import { Reader } from '../../proto/kafka/reader.ts'

/** Types of control records that a consumer looks at. */
export const ControlType = { ABORT: 0, COMMIT: 1 } as const

const UNKNOWN = -1

/** The type of the first record of a control batch: int16 version, int16 type in its key. -1 if it cannot be read. */
export function readControlType(buffer: Buffer, position: number): number {
  const reader = new Reader(buffer, position + HEADER_BYTES, position + batchSize(buffer, position))
  reader.varint()
  reader.int8()
  reader.varlong()
  reader.varint()
  if (reader.varint() < 4) return UNKNOWN
  reader.int16()
  return reader.int16()
}
