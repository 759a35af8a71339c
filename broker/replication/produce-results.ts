/** A produce that waits, and what it is answered. */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type { AppendResult } from './api.ts'

export interface ParkedProduce {
  /** The high watermark (or flushed end) at which it may be answered. */
  readonly requiredOffset: number
  readonly baseOffset: number
  readonly logAppendTimeMs: number
  /** Monotonic; Infinity for the broker's own records. */
  readonly deadlineMs: number
  readonly done: (result: AppendResult) => void
}

const NO_RECORD_ERRORS: AppendResult['recordErrors'] = []

/** Errors that Kafka answers without a log start offset. */
const WITHOUT_LOG_START: ReadonlySet<ErrorCode> = new Set([
  Errors.UNKNOWN_TOPIC_OR_PARTITION,
  Errors.NOT_LEADER_OR_FOLLOWER,
  Errors.MESSAGE_TOO_LARGE,
  Errors.CORRUPT_MESSAGE,
  Errors.KAFKA_STORAGE_ERROR,
])

export function accepted(parked: ParkedProduce, logStartOffset: number): AppendResult {
  const { baseOffset, logAppendTimeMs } = parked
  return {
    error: Errors.NONE,
    message: null,
    recordErrors: NO_RECORD_ERRORS,
    baseOffset,
    logAppendTimeMs,
    logStartOffset,
  }
}

export function refused(
  error: ErrorCode,
  logStartOffset: number,
  message: string | null = null,
  recordErrors: AppendResult['recordErrors'] = NO_RECORD_ERRORS,
): AppendResult {
  const start = WITHOUT_LOG_START.has(error) ? -1 : logStartOffset
  return { error, message, recordErrors, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: start }
}
