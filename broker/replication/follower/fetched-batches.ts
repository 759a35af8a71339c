import * as header from '../../../proto/kafka/batch/header.ts'
import { headerFault } from '../../log/scan.ts'

/** What of an answer may be appended. */
export interface FetchedBatches {
  /** Bytes of whole batches, all of them good. */
  readonly bytes: number
  /** Why the batch behind them cannot be taken; null when there is none, or when it is only cut off by the answer's size. */
  readonly fault: string | null
}

/**
 * Where fetched batches may begin: at the log's end. But a leader's log may begin within a batch (DeleteRecords), which comes
 * whole: an empty log, which was started over there, goes back to where that batch begins.
 */
export function beginOf(
  records: Buffer,
  { logStartOffset, logEndOffset }: { readonly logStartOffset: number; readonly logEndOffset: number },
): number {
  if (logStartOffset < logEndOffset || records.length < header.HEADER_BYTES) return logEndOffset
  const baseOffset = header.baseOffset(records, 0)
  return baseOffset < logEndOffset && header.lastOffset(records, 0) >= logEndOffset ? baseOffset : logEndOffset
}

/**
 * Looks at what a leader sent before it touches the log: whole batches with right CRCs, in order from `nextOffset` on (holes
 * are compaction's), of epochs up to `leaderEpoch`. A batch of a later epoch comes from a log that this epoch never had.
 */
export function checkFetched(records: Buffer, nextOffset: number, leaderEpoch: number): FetchedBatches {
  let position = 0
  let expected = nextOffset
  while (records.length - position >= header.HEADER_BYTES) {
    const left = records.length - position
    if (header.batchSize(records, position) > left) return { bytes: position, fault: null }
    const fault = headerFault(records, position, left, left) ?? faultOf(records, position, expected, leaderEpoch)
    if (fault !== null) return { bytes: position, fault }
    expected = header.lastOffset(records, position) + 1
    position += header.batchSize(records, position)
  }
  return { bytes: position, fault: null }
}

function faultOf(records: Buffer, position: number, expected: number, leaderEpoch: number): string | null {
  const baseOffset = header.baseOffset(records, position)
  if (baseOffset < expected) return `a batch at offset ${baseOffset}, expected ${expected} or later`
  const epoch = header.leaderEpoch(records, position)
  if (epoch > leaderEpoch) return `a batch of leader epoch ${epoch}, later than ${leaderEpoch}`
  return header.computeCrc(records, position) === header.crc(records, position) ? null : `wrong CRC at ${baseOffset}`
}
