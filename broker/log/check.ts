import * as header from '../../proto/kafka/batch/header.ts'
import { type BatchRefusal, validateClientBatch } from '../../proto/kafka/batch/validate.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import { LOG_DECOMPRESSED_BATCH_BYTES_MAX } from '../limits.ts'
import type { LogConfig } from './config.ts'

/** Why a client batch is refused, as Produce answers it; `recordErrors` (KIP-467) where the fault is a record's. */
export type AppendError = BatchRefusal

/** Filled anew for each batch: nobody keeps them. */
const bounds = { earliestMs: 0, latestMs: 0 }
const rules = {
  maxBatchBytes: 0,
  isCompacted: false,
  timestamps: null as typeof bounds | null,
  maxDecompressedBytes: LOG_DECOMPRESSED_BATCH_BYTES_MAX,
  topicPartition: '',
}

/**
 * Every check of a client batch that needs no log (W8 to W10), in Kafka's order: frame, size, CRC, header, records, segment
 * size. `batch` is the whole records field; `topicPartition` is for messages. Null = it may be appended.
 */
export function checkBatch(batch: Buffer, config: LogConfig, nowMs: number, topicPartition = ''): AppendError | null {
  const isCreateTime = config.messageTimestampType === 'CreateTime'
  bounds.earliestMs = nowMs - config.messageTimestampBeforeMaxMs
  bounds.latestMs = nowMs + config.messageTimestampAfterMaxMs
  rules.maxBatchBytes = config.maxMessageBytes
  rules.isCompacted = config.cleanupPolicy.compact
  rules.timestamps = isCreateTime ? bounds : null
  rules.topicPartition = topicPartition
  const refusal = validateClientBatch(batch, rules)
  if (refusal !== null) return refusal
  if (isCreateTime && header.maxTimestamp(batch, 0) > bounds.latestMs) {
    // The time index and retention go by this field, which no record need bear out.
    return refuse(Errors.INVALID_TIMESTAMP, `the batch states a newest timestamp after ${bounds.latestMs}`)
  }
  if (!isCreateTime && header.isLogAppendTime(batch, 0)) {
    return refuse(Errors.INVALID_TIMESTAMP, 'a producer may not set the timestamp type LogAppendTime')
  }
  if (batch.length > config.segmentBytes) {
    return refuse(Errors.RECORD_LIST_TOO_LARGE, `the batch has ${batch.length} bytes, a segment ${config.segmentBytes}`)
  }
  return null
}

function refuse(error: number, message: string): AppendError {
  return { error, message, recordErrors: [] }
}
