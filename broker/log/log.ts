import * as header from '../../proto/kafka/batch/header.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import { duplicateOf, type LogAppend, refused, stamp } from './append.ts'
import type { LogConfig } from './config.ts'
import { readMark } from './durable-mark.ts'
import { assert, LogOfflineError } from './errors.ts'
import type { LogOptions } from './log-options.ts'
import {
  assembleLog,
  type LogParts,
  markNamesDirty,
  writeEpochs,
  writeIndexFiles,
  writeProducers,
} from './log-parts.ts'
import type { LogRead } from './log-reader.ts'
import { findByTimestamp, findNewest, type TimestampLookup, type TimeSearch } from './log-times.ts'
import { deleteBelowStart, moveLogStart, retireSegments, rollSegment, truncateLog } from './log-trim.ts'
import { checkTopicId } from './partition-metadata.ts'
import { checkProducer } from './producer-check.ts'
import { noteBatch } from './producer-recovery.ts'
import { type Recovered, type RecoveryReport, recoverLog } from './recovery.ts'

export type { LogAppend } from './append.ts'
export type { LogOptions } from './log-options.ts'
export type { LogRead } from './log-reader.ts'
export type { TimestampLookup } from './log-times.ts'
export type { RecoveryReport } from './recovery.ts'

/**
 * One partition's log: a synchronous core over the Disk port. Use per loop turn: `append` each batch (stamps and
 * queues), `flush` once (one `writev`), then `sync(done)` if the durability asks for it; answer when done is called.
 */
export class Log {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
  readonly directory: string
  readonly recovery: RecoveryReport
  readonly #parts: LogParts
  #offline: Error | null = null
  #closed = false

  /**
   * Opens or makes the directory, recovering it. Throws `LogCorruptError` (nothing changed on disk) when bytes that had
   * been made durable are missing or damaged, or a system error.
   */
  static open(options: LogOptions): Log {
    const { disk, directory, topicId, recoveryPoint, cleanShutdown } = options
    const isNew = !disk.existsSync(directory)
    disk.mkdirSync(directory)
    const wasSynced = cleanShutdown || recoveryPoint > 0 || readMark(disk, directory) !== null
    const wroteMetadata = checkTopicId(disk, directory, topicId, !wasSynced)
    // A new directory has nothing to recover, and its making need not wait for syncs: the first commit covers it.
    const settings = isNew ? { ...options, cleanShutdown: true } : options
    return new Log(settings, recoverLog(settings), wroteMetadata)
  }

  private constructor(options: LogOptions, recovered: Recovered, wroteMetadata: boolean) {
    this.topic = options.topic
    this.partition = options.partition
    this.topicId = options.topicId
    this.directory = options.directory
    this.recovery = recovered.report
    this.#parts = assembleLog(options, recovered, wroteMetadata, (error) => void this.#goOffline(error))
    this.updateHighWatermark(options.highWatermark)
  }

  /** The live config; change it with `updateConfig`. */
  get config(): LogConfig {
    return this.#parts.config
  }

  /** Why the log takes no more appends or syncs; null while it works. */
  get offline(): Error | null {
    return this.#offline
  }

  get logStartOffset(): number {
    return this.#parts.logStartOffset
  }

  /** The next offset to be given out: appended batches included, flushed or not. */
  get logEndOffset(): number {
    return this.#parts.logEndOffset
  }

  /** The exclusive end of what has been written to the page cache: what may be read. */
  get flushedEndOffset(): number {
    return this.#parts.flushedEndOffset
  }

  /** The exclusive end of what an fdatasync has covered. */
  get durableEndOffset(): number {
    return this.#parts.commit.durableEndOffset
  }

  /** What the high watermark may count on here: durableEndOffset in `fsync` mode, flushedEndOffset otherwise. */
  get committableEndOffset(): number {
    return this.#parts.options.durability === 'fsync' ? this.durableEndOffset : this.flushedEndOffset
  }

  /** The offset below which recovery need not look, for `recovery-point-offset-checkpoint`. */
  get recoveryPoint(): number {
    return this.durableEndOffset
  }

  get highWatermark(): number {
    return this.#parts.highWatermark
  }

  /** First offset of the oldest open transaction, else the high watermark. */
  get lastStableOffset(): number {
    const { producers, logStartOffset, highWatermark } = this.#parts
    const firstOpen = producers.firstOpenOffset
    return firstOpen < 0 ? highWatermark : Math.min(Math.max(firstOpen, logStartOffset), highWatermark)
  }

  /** Bytes in all segments. */
  get sizeBytes(): number {
    return this.#parts.segments.sizeBytes
  }

  get segmentCount(): number {
    return this.#parts.segments.count
  }

  /** Producers remembered for idempotence and transactions (W16). */
  get producerCount(): number {
    return this.#parts.producers.count
  }

  /** Epoch of the last batch or assignment; -1 when there is none. */
  get latestEpoch(): number {
    return this.#parts.epochs.latestEpoch
  }

  /** Batches are queued since the last flush. */
  get hasUnflushed(): boolean {
    return this.#parts.queue.length > 0
  }

  updateConfig(config: LogConfig): void {
    this.#parts.config = config
  }

  /** Never moves past logEndOffset or before logStartOffset; may move down on a follower (R7). */
  updateHighWatermark(offset: number): void {
    const { logStartOffset, logEndOffset } = this.#parts
    this.#parts.highWatermark = Math.min(Math.max(offset, logStartOffset), logEndOffset)
  }

  /** Records that `epoch` begins at `startOffset` (a leader's first act). Changes nothing for the latest epoch again. */
  assignEpoch(epoch: number, startOffset: number): void {
    if (this.#offline !== null || !this.#parts.epochs.assign(epoch, startOffset)) return
    this.#parts.changed = true
    this.#guard(() => writeEpochs(this.#parts))
  }

  /**
   * Appends one client batch that `checkBatch` has passed: producer state (W16), base offset, leader epoch and, on
   * LogAppendTime topics, timestamp and CRC (W9). The buffer becomes the log's own. Rolls the segment when due.
   */
  append(batch: Buffer, leaderEpoch: number, nowMs: number): LogAppend {
    if (this.#offline !== null) return refused(Errors.KAFKA_STORAGE_ERROR, this.#offline.message)
    const parts = this.#parts
    const verdict = checkProducer(parts.producers, batch)
    if (verdict?.kind === 'refused') return refused(verdict.error, verdict.message)
    if (verdict?.kind === 'duplicate') return duplicateOf(verdict.first)
    const baseOffset = parts.logEndOffset
    const lastOffset = baseOffset + header.lastOffsetDelta(batch, 0)
    assert(
      lastOffset >= baseOffset && header.batchSize(batch, 0) === batch.length,
      'an appended batch has been checked',
    )
    const isAppendTime = stamp(batch, baseOffset, leaderEpoch, parts.config, nowMs)
    const maxTimestamp = header.maxTimestamp(batch, 0)
    const problem = this.#rollWhenDue(batch.length, maxTimestamp, lastOffset, nowMs)
    if (problem !== null) return refused(Errors.KAFKA_STORAGE_ERROR, problem.message)
    if (leaderEpoch !== parts.epochs.latestEpoch) this.assignEpoch(leaderEpoch, baseOffset)
    const run = parts.options.shared.tailCache.add(parts.tail, batch, baseOffset, lastOffset + 1)
    if (parts.queue.at(-1) !== run) parts.queue.push(run)
    parts.segments.active.account(lastOffset, maxTimestamp, batch.length, parts.config.indexIntervalBytes)
    noteBatch(parts.producers, batch, 0, nowMs)
    parts.logEndOffset = lastOffset + 1
    const logAppendTimeMs = isAppendTime ? nowMs : -1
    return { error: Errors.NONE, message: null, duplicate: false, baseOffset, lastOffset, logAppendTimeMs }
  }

  /** Writes everything queued with one `writev`. Returns null, or why the log is now offline. */
  flush(): Error | null {
    const parts = this.#parts
    if (parts.queue.length === 0 || this.#offline !== null) return this.#offline
    return this.#guard(() => {
      const { active } = parts.segments
      const file = active.open(parts.options.disk, parts.options.shared)
      assert(file.size === active.sizeBytes, `${file.path} has ${file.size} bytes, not ${active.sizeBytes}`)
      file.appendSync(parts.queue.map((run) => run.chunk.subarray(run.flushedTo, run.end)))
      assert(file.size === active.endPosition, `${file.path} has ${file.size} bytes, not ${active.endPosition}`)
      for (const run of parts.queue) run.flushedTo = run.end
      parts.queue = []
      active.sizeBytes = file.size
      parts.flushedEndOffset = parts.logEndOffset
      parts.changed = true
      parts.commit.markDirty(active.handle)
    })
  }

  /**
   * Calls `done` once everything flushed so far is durable, or with the reason why it never will be: in a later turn, or
   * before `sync` returns when nothing is left to do.
   */
  sync(done: (error: Error | null) => void): void {
    if (this.#offline !== null) done(this.#offline)
    else this.#parts.commit.sync(done)
  }

  /**
   * Whole batches from the one that holds `offset` (W11), up to `limitOffset` (exclusive) and `maxBytes`; with
   * `minOneBatch` the first comes even when larger (KIP-74). Null: the data is cold or large, use `readAsync`.
   * `offset` must be within [logStartOffset, flushedEndOffset].
   */
  read(offset: number, limitOffset: number, maxBytes: number, minOneBatch: boolean): LogRead | null {
    const limit = Math.min(limitOffset, this.flushedEndOffset)
    return this.#parts.reader.read(offset, limit, maxBytes, minOneBatch)
  }

  /** The same off the event loop: `done` is called in a later turn, or at once when there is nothing to read. */
  readAsync(
    offset: number,
    limitOffset: number,
    maxBytes: number,
    minOneBatch: boolean,
    done: (error: Error | null, read: LogRead) => void,
  ): void {
    const limit = Math.min(limitOffset, this.flushedEndOffset)
    this.#parts.reader.readAsync(offset, limit, maxBytes, minOneBatch, done)
  }

  /** The first record at or after `logStartOffset` whose timestamp is >= `timestampMs`; null when there is none. */
  offsetForTimestamp(timestampMs: number): TimestampLookup | null {
    return findByTimestamp(this.#timeSearch(), timestampMs)
  }

  /** The first record with the highest timestamp (ListOffsets -3); null when no record has one. */
  offsetOfMaxTimestamp(): TimestampLookup | null {
    return findNewest(this.#timeSearch())
  }

  /** KIP-101: the highest epoch <= `epoch` and its exclusive end; `{ epoch: -1, endOffset: -1 }` when unknown. */
  endOffsetForEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number } {
    return this.#parts.epochs.endOffsetFor(epoch, this.logEndOffset)
  }

  /** The epoch that `offset` was written in; -1 when unknown. */
  epochForOffset(offset: number): number {
    return this.#parts.epochs.epochFor(offset)
  }

  /** Cuts everything from `offset` on: indexes, epochs, tail cache and producer state follow. Returns why it failed, or null. */
  truncateTo(offset: number, nowMs: number): Error | null {
    return this.flush() ?? this.#guard(() => truncateLog(this.#parts, offset, nowMs))
  }

  /** Moves the log start (DeleteRecords, or a follower told so); files go with the next `deleteBelowStart`. */
  deleteRecordsBefore(offset: number): void {
    if (this.#offline === null) this.#guard(() => moveLogStart(this.#parts, offset))
  }

  /**
   * First half of retention (storage reference, section 4): moves the log start past the segments that are due. Returns
   * whether it moved: then it is to be noted in the checkpoint, and `deleteBelowStart` called after that.
   */
  retireSegments(nowMs: number): boolean {
    let moved = false
    if (this.flush() === null) {
      this.#guard(() => {
        moved = retireSegments(this.#parts, nowMs)
      })
    }
    return moved
  }

  /** Second half: deletes the segments wholly below the log start; returns how many. */
  deleteBelowStart(nowMs: number): number {
    let deleted = 0
    if (this.#offline === null) {
      this.#guard(() => {
        deleted = deleteBelowStart(this.#parts, nowMs)
      })
    }
    return deleted
  }

  /** Removes files deleted longer than `fileDeleteDelayMs` ago, and forgets expired producers. Cheap. */
  tick(nowMs: number): void {
    const { segments, producers, config } = this.#parts
    segments.purge(nowMs, config.fileDeleteDelayMs)
    producers.expire(nowMs)
  }

  /**
   * Brings every file of the directory up to date and durable, off the event loop, so that `close` finds nothing to do.
   * `done` as for `sync`. Appends may follow; then there is something to do again.
   */
  settle(done: (error: Error | null) => void): void {
    const problem = this.flush() ?? this.#writeAll()
    if (problem === null) this.#parts.commit.sync(done)
    else done(problem)
  }

  /** Brings every file of the directory up to date and durable, then closes them: a clean stop. Returns why it is not. */
  close(): Error | null {
    if (this.#closed) return this.#offline
    const { commit } = this.#parts
    const problem = this.flush() ?? this.#writeAll() ?? this.#guard(() => commit.syncSync())
    this.abandon()
    return problem
  }

  /** Closes the files and leaves the rest to recovery: what a crash does. */
  abandon(): void {
    if (this.#closed) return
    this.#closed = true
    const { commit, segments, tail, options } = this.#parts
    this.#offline ??= new LogOfflineError(this.directory, new Error('it has been closed'))
    this.#parts.queue = []
    commit.close(this.#offline)
    for (const segment of segments.all()) {
      options.shared.indexes.forget(segment)
      options.shared.files.close(segment.handle)
    }
    options.shared.tailCache.truncate(tail, -1)
  }

  /** Writes what is only in memory: the active segment's indexes and the producers. The next sync covers it. */
  #writeAll(): Error | null {
    const parts = this.#parts
    if (!parts.changed) return null
    return this.#guard(() => {
      parts.segments.active.closeTimeIndex()
      writeIndexFiles(parts, parts.segments.active)
      writeProducers(parts)
      markNamesDirty(parts)
      parts.changed = false
    })
  }

  #rollWhenDue(bytes: number, maxTimestamp: number, lastOffset: number, nowMs: number): Error | null {
    const { segments, config, options } = this.#parts
    const { active } = segments
    active.loadFirstTimestamp(options.disk, options.shared)
    if (!active.mustRoll(bytes, maxTimestamp, lastOffset, nowMs, config)) return null
    const problem = this.flush() ?? this.#guard(() => rollSegment(this.#parts, nowMs))
    // In the other modes nobody asks for syncs: this one moves the recovery point along.
    if (problem === null && options.durability === 'page-cache') this.sync(() => undefined)
    return problem
  }

  #timeSearch(): TimeSearch {
    const { segments, reader, logStartOffset, options } = this.#parts
    return { disk: options.disk, shared: options.shared, segments, reader, logStartOffset }
  }

  /** Runs disk work; whatever it throws takes the log offline, as it may have been half done. */
  #guard(work: () => void): Error | null {
    try {
      work()
      return null
    } catch (error) {
      return this.#goOffline(error as Error)
    }
  }

  #goOffline(cause: Error): Error {
    if (this.#offline !== null) return this.#offline
    const reason = new LogOfflineError(this.directory, cause)
    this.#offline = reason
    this.#parts.queue = []
    this.#parts.commit.close(reason)
    this.#parts.options.onOffline?.(reason)
    return reason
  }
}
