import * as header from '../../proto/kafka/batch/header.ts'
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type { LogConfig } from './config.ts'
import { assert } from './errors.ts'
import { type LogParts, writeEpochs } from './log-parts.ts'
import { rollSegment } from './log-trim.ts'
import { checkProducer } from './producer-check.ts'
import type { ProducerBatch } from './producer-state.ts'
import { flushQueue, queueBatch } from './write-queue.ts'

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

/** See `Log.append`. */
export function appendBatch(parts: LogParts, batch: Buffer, leaderEpoch: number, nowMs: number): LogAppend {
  const { health, producers, logEndOffset: baseOffset } = parts
  const obstacle = health.obstacle(nowMs)
  if (obstacle !== null) return refused(Errors.KAFKA_STORAGE_ERROR, obstacle.message)
  const verdict = checkProducer(producers, batch)
  if (verdict?.kind === 'refused') return refused(verdict.error, verdict.message)
  if (verdict?.kind === 'duplicate') return duplicateOf(verdict.first)
  const lastOffset = baseOffset + header.lastOffsetDelta(batch, 0)
  assert(lastOffset >= baseOffset && header.batchSize(batch, 0) === batch.length, 'an appended batch has been checked')
  const isAppendTime = stamp(batch, baseOffset, leaderEpoch, parts.config, nowMs)
  const problem = rollWhenDue(parts, batch, nowMs) ?? beginEpoch(parts, leaderEpoch, baseOffset)
  if (problem !== null) return refused(Errors.KAFKA_STORAGE_ERROR, problem.message)
  queueBatch(parts, batch, baseOffset, nowMs)
  const logAppendTimeMs = isAppendTime ? nowMs : -1
  return { error: Errors.NONE, message: null, duplicate: false, baseOffset, lastOffset, logAppendTimeMs }
}

/** Begins the next segment when the batch does not belong into the active one any more. */
export function rollWhenDue(parts: LogParts, batch: Buffer, nowMs: number): Error | null {
  const { segments, config, options, health, commit } = parts
  const { active } = segments
  if (!active.knowsFirstTimestamp) {
    const unread = health.attempt(() => active.loadFirstTimestamp(options.disk, options.shared))
    if (unread !== null) return unread
  }
  const maxTimestamp = header.maxTimestamp(batch, 0)
  const lastOffset = header.lastOffset(batch, 0)
  if (!active.mustRoll(batch.length, maxTimestamp, lastOffset, nowMs, config)) return null
  const problem = flushQueue(parts) ?? health.attempt(() => rollSegment(parts, nowMs))
  // In the other modes nobody asks for syncs: this one moves the recovery point along.
  if (problem === null && options.durability === 'page-cache') commit.sync(() => undefined)
  return problem
}

/** Notes the epoch of a batch, on disk before the batch: recovery does not look for it in what is durable. */
export function beginEpoch(parts: LogParts, epoch: number, startOffset: number): Error | null {
  if (epoch !== parts.epochs.latestEpoch && parts.epochs.assign(epoch, startOffset)) parts.epochsPending = true
  return parts.epochsPending ? parts.health.attempt(() => writeEpochs(parts)) : null
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
