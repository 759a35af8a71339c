import { recordsOf } from '../../proto/kafka/batch/decode.ts'
import { readInt16, readInt32 } from '../../proto/kafka/int64.ts'

/** The end of a transaction, as its coordinator writes it: the one record of a control batch. */
export interface TransactionMarker {
  readonly isAbort: boolean
  readonly coordinatorEpoch: number
}

const ABORT = 0
const COMMIT = 1
/** Key: int16 version, int16 type. Value: int16 version, int32 coordinator epoch. */
const KEY_BYTES = 4
const VALUE_BYTES = 6

/**
 * The marker in the whole control batch at `at`; null when it holds none: compaction took its record, or it is a control
 * batch of another kind.
 */
export function readMarker(buffer: Buffer, at: number): TransactionMarker | null {
  const records = recordsOf(buffer, at)
  if (!records.advance()) return null
  if (records.keyLength < KEY_BYTES || records.valueLength < VALUE_BYTES) return null
  const type = readInt16(records.buffer, records.keyStart + 2)
  if (type !== ABORT && type !== COMMIT) return null
  return { isAbort: type === ABORT, coordinatorEpoch: readInt32(records.buffer, records.valueStart + 2) }
}
