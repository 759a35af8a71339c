import * as header from '../../proto/kafka/batch/header.ts'
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type { LogConfig } from './config.ts'
import type { ProducerBatch } from './producer-state.ts'

/** What `append` did. `error` is 0 on success; then the offsets are those of this batch, or of its first copy. */
export interface LogAppend {
  readonly error: ErrorCode
  /** For the operator's log; Kafka's Produce answers these errors without a message. */
  readonly message: string | null
  /** W16: an idempotent retry of a batch that is here already; nothing was appended. */
  readonly duplicate: boolean
  /** -1 on error. */
  readonly baseOffset: number
  readonly lastOffset: number
  /** Milliseconds for LogAppendTime topics, and for duplicates, as Kafka does; else -1. */
  readonly logAppendTimeMs: number
}

/**
 * Writes what the broker owns into the header: outside the CRC, but for a changed timestamp (W9). Returns whether it set
 * LogAppendTime.
 */
export function stamp(
  batch: Buffer,
  baseOffset: number,
  leaderEpoch: number,
  config: LogConfig,
  nowMs: number,
): boolean {
  header.setBaseOffset(batch, 0, baseOffset)
  header.setLeaderEpoch(batch, 0, leaderEpoch)
  const attributes = header.attributes(batch, 0)
  if (config.messageTimestampType === 'LogAppendTime') {
    header.setAttributesAndMaxTimestamp(batch, 0, attributes | header.LOG_APPEND_TIME_FLAG, nowMs)
    return true
  }
  if ((attributes & header.LOG_APPEND_TIME_FLAG) !== 0) {
    const createTime = attributes & ~header.LOG_APPEND_TIME_FLAG
    header.setAttributesAndMaxTimestamp(batch, 0, createTime, header.maxTimestamp(batch, 0))
  }
  return false
}

export function refused(error: ErrorCode, message: string): LogAppend {
  return { error, message, duplicate: false, baseOffset: -1, lastOffset: -1, logAppendTimeMs: -1 }
}

export function duplicateOf({ lastOffset, offsetDelta, timestamp }: ProducerBatch): LogAppend {
  const baseOffset = lastOffset - offsetDelta
  return { error: Errors.NONE, message: null, duplicate: true, baseOffset, lastOffset, logAppendTimeMs: timestamp }
}
