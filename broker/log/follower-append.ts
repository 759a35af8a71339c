import * as header from '../../proto/kafka/batch/header.ts'
import { beginEpoch, rollWhenDue } from './append.ts'
import { assert } from './errors.ts'
import { SEGMENT_LIST_FILE } from './file-names.ts'
import { type LogParts, markNamesDirty } from './log-parts.ts'
import { writeChain } from './segment-chain.ts'
import { startOver } from './start-over.ts'
import { queueBatch } from './write-queue.ts'

/** Offsets that one segment may span: its indexes hold them relative to its base. */
const SEGMENT_SPAN_MAX = 0x7fffffff

/** See `Log.appendFetched`. Returns why not all of it is queued, or null. */
export function appendFetchedBatches(parts: LogParts, batches: Buffer, nowMs: number): Error | null {
  const obstacle = parts.health.obstacle(nowMs)
  if (obstacle !== null) return obstacle
  for (let at = 0; at < batches.length; at += header.batchSize(batches, at)) {
    const problem = appendOne(parts, batches.subarray(at, at + header.batchSize(batches, at)), nowMs)
    if (problem !== null) return problem
  }
  return null
}

function appendOne(parts: LogParts, batch: Buffer, nowMs: number): Error | null {
  const baseOffset = header.baseOffset(batch, 0)
  assert(baseOffset >= parts.logEndOffset, `a fetched batch at ${baseOffset} comes before the log end`)
  const problem =
    rollWhenDue(parts, batch, nowMs) ??
    leaveHole(parts, batch, nowMs) ??
    beginEpoch(parts, header.leaderEpoch(batch, 0), baseOffset)
  if (problem !== null) return problem
  queueBatch(parts, owned(batch), baseOffset, nowMs)
  return null
}

/**
 * The leader's compaction took out what lay between. Noted beside the log, and synced with the batch, as recovery takes a
 * hole that nobody vouches for as a loss.
 */
function leaveHole(parts: LogParts, batch: Buffer, nowMs: number): Error | null {
  const { segments, options, health, commit } = parts
  const baseOffset = header.baseOffset(batch, 0)
  if (baseOffset === parts.logEndOffset) return null
  if (header.lastOffset(batch, 0) - segments.active.baseOffset > SEGMENT_SPAN_MAX) {
    if (parts.logStartOffset < parts.logEndOffset) {
      return new Error(`offset ${baseOffset} is too far behind ${parts.logEndOffset} for one segment`)
    }
    return health.guard(() => startOver(parts, baseOffset, nowMs))
  }
  if (parts.mayHaveHoles) return null
  return health.attempt(() => {
    writeChain(options.disk, options.directory, segments.all(), true)
    commit.markPathDirty(`${options.directory}/${SEGMENT_LIST_FILE}`)
    markNamesDirty(parts)
    parts.mayHaveHoles = true
  })
}

/** The tail cache keeps a batch by reference that fills most of its memory; what was fetched lies in memory on loan. */
function owned(batch: Buffer): Buffer {
  if (batch.length * 2 < batch.buffer.byteLength) return batch
  const copy = Buffer.allocUnsafeSlow(batch.length)
  batch.copy(copy)
  return copy
}
