import * as header from '../../proto/kafka/batch/header.ts'
import type { DiskFile } from '../ports/disk.ts'
import { assert } from './errors.ts'
import type { LogParts } from './log-parts.ts'
import { noteBatch } from './producer-recovery.ts'
import type { ProducerEntry } from './producer-state.ts'
import type { SegmentState } from './segment.ts'
import type { TailRun } from './tail-cache.ts'

/** The batches of this turn, which no `writev` has taken yet, and what memory was like before them. */
export interface WriteQueue {
  /** Where they lie in the tail cache, in order. */
  runs: TailRun[]
  /** The active segment before the first of them; null while there is none. */
  segment: SegmentState | null
  /** The producers that they name, as they were before; null = unknown then. */
  producers: Map<number, ProducerEntry | null>
}

/** What a queue begins with, as thousands of logs may never have a producer to remember. */
const NO_PRODUCERS = new Map<number, ProducerEntry | null>()

export function emptyQueue(): WriteQueue {
  return { runs: [], segment: null, producers: NO_PRODUCERS }
}

/** Queues a checked and stamped batch for the next write; from here on it counts as part of the log. */
export function queueBatch(parts: LogParts, batch: Buffer, baseOffset: number, nowMs: number): void {
  const { queue, segments, producers, options, config } = parts
  const { active } = segments
  const endOffset = header.nextOffset(batch, 0)
  const producerId = header.producerId(batch, 0)
  queue.segment ??= active.state()
  if (producerId >= 0 && !queue.producers.has(producerId)) {
    const entry = producers.get(producerId)
    if (queue.producers === NO_PRODUCERS) queue.producers = new Map()
    queue.producers.set(producerId, entry === undefined ? null : { ...entry, batches: [...entry.batches] })
  }
  const run = options.shared.tailCache.add(parts.tail, batch, baseOffset, endOffset)
  if (queue.runs.at(-1) !== run) queue.runs.push(run)
  active.account(endOffset - 1, header.maxTimestamp(batch, 0), batch.length, config.indexIntervalBytes)
  const ended = noteBatch(producers, batch, 0, nowMs)
  if (ended?.isAbort === true) active.noteAborted(ended)
  parts.logEndOffset = endOffset
}

/** See `Log.flush`. */
export function flushQueue(parts: LogParts): Error | null {
  const { health, queue } = parts
  if (health.offline !== null || queue.runs.length === 0) return health.offline
  const write = (): void => writeQueue(parts)
  const problem = health.attemptWrite(write, () => revertQueue(parts))
  if (problem === null && !parts.epochsPending) health.relieve()
  return problem
}

/** Writes the queue with one `writev`. When that throws, some of it may be in the file: `revertQueue` or give the log up. */
function writeQueue(parts: LogParts): void {
  const { queue, options } = parts
  const { active } = parts.segments
  parts.commit.expectRoomFor(active.handle)
  const file = active.open(options.disk, options.shared)
  checkSize(file, active.sizeBytes)
  file.appendSync(queue.runs.map((run) => run.chunk.subarray(run.flushedTo, run.end)))
  checkSize(file, active.endPosition)
  for (const run of queue.runs) run.flushedTo = run.end
  clearQueue(queue)
  active.sizeBytes = file.size
  parts.flushedEndOffset = parts.logEndOffset
  parts.changed = true
  parts.commit.markDirty(active.handle)
}

/** The message is made when it is needed: this is done for every write. */
function checkSize(file: DiskFile, expected: number): void {
  if (file.size !== expected) assert(false, `${file.path} has ${file.size} bytes, not ${expected}`)
}

/**
 * Takes the queue back, in the file and in memory, as if its batches had never come. Returns the end of the log
 * after that. Throws when the file cannot be cut: then nobody knows what it holds.
 */
function revertQueue(parts: LogParts): number {
  const { queue, segments, producers, epochs, options, flushedEndOffset } = parts
  const { active } = segments
  const { file, path } = active.handle
  // A file that could not even be opened has not been written to.
  if (file !== null) {
    file.truncateSync(active.sizeBytes)
    // By its path, as nothing of what was cut off must be written back: with few descriptors it may be closed before.
    parts.commit.markPathDirty(path)
    parts.changed = true
  }
  for (const run of queue.runs) run.flushedTo = run.end
  options.shared.tailCache.truncate(parts.tail, flushedEndOffset)
  if (queue.segment !== null) active.revert(queue.segment, flushedEndOffset)
  producers.revert(queue.producers, flushedEndOffset)
  // An epoch that begins right here stays: a leader began it before it had anything to append.
  if (epochs.truncateEnd(flushedEndOffset + 1)) parts.epochsPending = true
  clearQueue(queue)
  parts.logEndOffset = flushedEndOffset
  parts.highWatermark = Math.min(parts.highWatermark, flushedEndOffset)
  return flushedEndOffset
}

/** Forgets the queue of a log that writes nothing any more. */
export function clearQueue(queue: WriteQueue): void {
  queue.runs = []
  queue.segment = null
  queue.producers.clear()
}
