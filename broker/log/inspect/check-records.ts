import { recordsOf } from '../../../proto/kafka/batch/decode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { LOG_DECOMPRESSED_BATCH_BYTES_MAX } from '../../limits.ts'

export interface RecordsVerdict {
  readonly records: number
  readonly severity: 'error' | 'warning'
  /** Null: every record can be read and agrees with the header. */
  readonly fault: string | null
}

/** Decodes every record of the whole batch at `at` and compares them with its header. */
export function checkRecords(buffer: Buffer, at: number): RecordsVerdict {
  let records = 0
  let newest = -1
  let last = -1
  try {
    const cursor = recordsOf(buffer, at, LOG_DECOMPRESSED_BATCH_BYTES_MAX)
    const span = header.lastOffsetDelta(buffer, at)
    while (cursor.advance()) {
      records++
      newest = Math.max(newest, cursor.timestamp)
      const { offsetDelta } = cursor
      if (offsetDelta <= last || offsetDelta > span) {
        const fault = `record ${cursor.index} has offset delta ${offsetDelta}, after ${last} and within ${span}`
        return { records, severity: 'error', fault }
      }
      last = offsetDelta
    }
  } catch (error) {
    return { records, severity: 'error', fault: `its records cannot be read: ${(error as Error).message}` }
  }
  const stated = header.maxTimestamp(buffer, at)
  // A producer states it, and brokers take its word where they do not decompress.
  const isWrong = records > 0 && stated !== newest && !header.isLogAppendTime(buffer, at)
  const fault = isWrong ? `its header states the newest timestamp ${stated}, its records have ${newest}` : null
  return { records, severity: 'warning', fault }
}
