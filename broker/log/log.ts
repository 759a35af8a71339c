import type { Disk } from '../ports/disk.ts'
import { collectAborted } from './aborted-transactions.ts'
import { appendBatch, type LogAppend } from './append.ts'
import { leaveRestToSummary, writeForStop } from './clean-stop.ts'
import { LogCompaction } from './compaction/log-compaction.ts'
import { settleSwap } from './compaction/swap.ts'
import type { LogConfig } from './config.ts'
import { directoryView } from './directory-view.ts'
import { readMark } from './durable-mark.ts'
import type { LogFullError, LogOfflineError } from './errors.ts'
import type { LogListener } from './log-health.ts'
import type { LogOptions } from './log-options.ts'
import { assembleLog, type LogParts } from './log-parts.ts'
import type { LogRead } from './log-reader.ts'
import { appendFetchedBatches } from './follower-append.ts'
import { findByTimestamp, findNewest, type TimestampLookup, type TimeSearch } from './log-times.ts'
import { deleteBelowStart, moveLogStart, retireSegments, truncateLog } from './log-trim.ts'
import { checkTopicId, writeTopicId } from './partition-metadata.ts'
import { closeSegments, type Recovered, type RecoveryReport, recoverLog } from './recovery.ts'
import { probeSpace } from './space-probe.ts'
import { spareDescriptors } from './spare-descriptors.ts'
import { startOver } from './start-over.ts'
import type { AbortedTransaction } from './txn-index.ts'
import { flushQueue } from './write-queue.ts'

export type { LogAppend } from './append.ts'
export type { LogListener } from './log-health.ts'
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
  /** What the cleaner asks of it. */
  readonly compaction: LogCompaction
  readonly #parts: LogParts
  #closed = false

  /**
   * Opens or makes the directory, recovering it. Throws `LogCorruptError` (nothing changed on disk) when bytes that had
   * been made durable are missing or damaged, or a system error. `view` is what the directory has been looked at through.
   */
  static open(options: LogOptions, view = directoryView(options.disk, options.directory)): Log {
    const { disk, directory, topicId, recoveryPoint } = options
    const isNew = !disk.existsSync(directory)
    if (isNew) disk.mkdirSync(directory)
    const wasSynced = recoveryPoint > 0 || readMark(view, directory) !== null
    const isNamed = checkTopicId(view, directory, topicId, !wasSynced)
    // A new directory has nothing to recover, and its making need not wait for syncs: the first commit covers it.
    const settings = isNew ? { ...options, cleanShutdown: true } : options
    const recovered = recoverLog({ ...settings, disk: view })
    try {
      // Torn by a power cut, it would have durable records refused.
      if (!isNamed) writeTopicId(view, directory, topicId, wasSynced)
      return new Log(settings, recovered, !isNamed, view)
    } catch (error) {
      closeSegments(settings, recovered.segments)
      throw error
    }
  }

  private constructor(options: LogOptions, recovered: Recovered, wroteMetadata: boolean, view: Disk) {
    this.topic = options.topic
    this.partition = options.partition
    this.topicId = options.topicId
    this.directory = options.directory
    this.recovery = recovered.report
    this.#parts = assembleLog(options, recovered, wroteMetadata, view)
    this.compaction = new LogCompaction(this.#parts, () => this.lastStableOffset)
    this.updateHighWatermark(options.highWatermark)
  }

  /** The live config; change it with `updateConfig`. */
  get config(): LogConfig {
    return this.#parts.config
  }

  /** Why the log takes no more appends or syncs; null while it works. */
  get offline(): LogOfflineError | null {
    return this.#parts.health.offline
  }

  /** Why appends are refused for now, until there is room again; null while there is. */
  get full(): LogFullError | null {
    return this.#parts.health.full
  }

  /** Who is told what befalls this log; one at most. */
  listen(listener: LogListener): void {
    this.#parts.health.listen(listener)
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

  /** First offset of the oldest transaction whose marker is not below the high watermark, else the high watermark. */
  get lastStableOffset(): number {
    const { producers, logStartOffset, highWatermark } = this.#parts
    const unstable = producers.firstUnstableOffset
    return unstable < 0 ? highWatermark : Math.min(Math.max(unstable, logStartOffset), highWatermark)
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

  /** It is as its last clean stop left it. */
  get isUnchanged(): boolean {
    return this.#parts.isUnchanged
  }

  /** Batches are queued since the last flush. */
  get hasUnflushed(): boolean {
    return this.#parts.queue.runs.length > 0
  }

  updateConfig(config: LogConfig): void {
    this.#parts.config = config
  }

  /** Never moves past logEndOffset or before logStartOffset; may move down on a follower (R7). */
  updateHighWatermark(offset: number): void {
    const { logStartOffset, logEndOffset } = this.#parts
    const highWatermark = Math.min(Math.max(offset, logStartOffset), logEndOffset)
    this.#parts.highWatermark = highWatermark
    this.#parts.producers.highWatermarkMoved(highWatermark)
  }

  /**
   * Records that `epoch` begins at `startOffset` (a leader's first act). Changes nothing for the latest epoch again. The file
   * follows with the epoch's first batch: an epoch without records says nothing that the next one does not.
   */
  assignEpoch(epoch: number, startOffset: number): void {
    if (this.offline === null && this.#parts.epochs.assign(epoch, startOffset)) this.#parts.epochsPending = true
  }

  /**
   * Appends one client batch that `checkBatch` has passed: producer state (W16), base offset, leader epoch and, on
   * LogAppendTime topics, timestamp and CRC (W9). The buffer becomes the log's own. Rolls the segment when due. The marker
   * of a transaction, a control batch of its coordinator, ends that transaction.
   */
  append(batch: Buffer, leaderEpoch: number, nowMs: number): LogAppend {
    return appendBatch(this.#parts, batch, leaderEpoch, nowMs)
  }

  /**
   * Appends whole batches as the leader has them, offsets, epochs and timestamps included; they have been checked. Holes
   * between them are compaction's. The buffer is valid during the call only. Returns why not all of them are queued, or null.
   */
  appendFetched(batches: Buffer, nowMs: number): Error | null {
    return appendFetchedBatches(this.#parts, batches, nowMs)
  }

  /** Writes all that is queued with one `writev`. Returns null, or why not: offline, or full and the queue taken back. */
  flush(): Error | null {
    return flushQueue(this.#parts)
  }

  /**
   * Calls `done` once everything flushed so far is durable, or with the reason why it never will be: in a later turn, or
   * before `sync` returns when nothing is left to do. `began`: what was flushed until it is called is covered, too.
   */
  sync(done: (error: Error | null) => void, began?: () => void): void {
    if (this.offline !== null) done(this.offline)
    else this.#parts.commit.sync(done, began)
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

  /** Damage was met in a read, or the disk failed it: the operator is to hear of it, as whoever reads cannot help it. */
  noteUnreadable(reason: Error): void {
    this.#parts.health.unreadable(reason)
  }

  /**
   * The aborted transactions that reach into [fromOffset, endOffset), oldest marker first: what was read of it by a
   * `read_committed` consumer, so `endOffset` is not above the last stable offset. Throws what the disk throws.
   */
  abortedTransactions(fromOffset: number, endOffset: number): AbortedTransaction[] {
    return collectAborted(this.#parts, fromOffset, endOffset)
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

  /** Why there is no room for the files that a cut writes anew: tried again, as with appends. Null = there is. */
  roomProblem(): Error | null {
    return this.offline ?? this.#parts.health.attempt(() => probeSpace(this.#parts))
  }

  /** Cuts everything from `offset` on: indexes, epochs, tail cache and producer state follow. Returns why it failed, or null. */
  truncateTo(offset: number, nowMs: number): Error | null {
    this.flush()
    return this.offline ?? this.#wholly(() => truncateLog(this.#parts, offset, nowMs))
  }

  /** Drops every record: the log goes on at `offset`, beyond its end unless it is empty. Returns why that failed, or null. */
  startOverAt(offset: number, nowMs: number): Error | null {
    this.flush()
    return this.offline ?? this.#wholly(() => startOver(this.#parts, offset, nowMs))
  }

  /** A former leader's epoch that never got a record is none that a follower may name as that of its last record. */
  dropEmptyEpochs(): void {
    if (this.offline === null && this.#parts.epochs.truncateEnd(this.logEndOffset)) this.#parts.epochsPending = true
  }

  /** Moves the log start (DeleteRecords, or a follower told so); files go with the next `deleteBelowStart`. */
  deleteRecordsBefore(offset: number): void {
    if (this.offline === null) this.#parts.health.guard(() => moveLogStart(this.#parts, offset))
  }

  /**
   * First half of retention (storage reference, section 4): moves the log start past the segments that are due. Returns
   * whether it moved: then it is to be noted in the checkpoint, and `deleteBelowStart` called after that.
   */
  retireSegments(nowMs: number): boolean {
    let moved = false
    this.flush()
    if (this.offline === null) {
      this.#parts.health.attempt(() => {
        moved = retireSegments(this.#parts, nowMs)
      })
    }
    return moved
  }

  /** Second half: deletes the segments wholly below the log start; returns how many. */
  deleteBelowStart(nowMs: number): number {
    let deleted = 0
    if (this.offline === null) {
      this.#parts.health.guard(() => {
        deleted = deleteBelowStart(this.#parts, nowMs)
      })
    }
    return deleted
  }

  /** Removes files deleted `fileDeleteDelayMs` ago, forgets expired producers, sees whether there is room again. Cheap. */
  tick(nowMs: number): void {
    const { segments, producers, config, commit } = this.#parts
    segments.purge(nowMs, config.fileDeleteDelayMs)
    producers.expire(nowMs)
    commit.resume()
    if (this.full === null || !this.#parts.health.mayTry(nowMs)) return
    if (this.#parts.health.attempt(() => probeSpace(this.#parts)) === null) this.#parts.health.relieve()
  }

  /** Brings every file of the directory up to date, for `settle`. Returns why that failed, or null. */
  writeOut(): Error | null {
    return this.flush() ?? writeForStop(this.#parts)
  }

  /**
   * Brings every file up to date, and makes durable what a start cannot do without, off the event loop, so that `close` finds
   * nothing to do. `done` as for `sync`. Only `close` is to follow: see `leaveRestToSummary`.
   */
  settle(done: (error: Error | null) => void): void {
    const problem = this.writeOut()
    if (problem !== null) return done(problem)
    leaveRestToSummary(this.#parts)
    this.#parts.commit.sync(done)
  }

  /** What is left to do of that, and closes the files: a clean stop. Returns why it is not. */
  close(): Error | null {
    if (this.#closed) return this.offline
    const { commit, compaction, options } = this.#parts
    const swap = (): void => settleSwap(this.#parts, options.nowMs)
    const sync = (): void => {
      leaveRestToSummary(this.#parts)
      commit.syncSync()
    }
    const problem =
      this.offline ??
      (compaction.swap === null ? null : this.#wholly(swap)) ??
      this.writeOut() ??
      (commit.hasUnsynced ? this.#wholly(sync) : null)
    this.abandon()
    return problem
  }

  /** Closes the files and leaves the rest to recovery: what a crash does. */
  abandon(): void {
    if (this.#closed) return
    this.#closed = true
    const { segments, tail, reader, options } = this.#parts
    this.#parts.health.close(new Error('it has been closed'))
    for (const segment of segments.all()) {
      options.shared.indexes.forget(segment)
      options.shared.files.close(segment.handle)
    }
    options.shared.tailCache.truncate(tail, -1)
    reader.invalidate()
  }

  /** Disk work that may not end half-way: for want of descriptors it is not begun, and the log stays in use. */
  #wholly(work: () => void): Error | null {
    const { health, segments, options } = this.#parts
    return spareDescriptors(options.disk, segments.active.handle.path, options.shared.files) ?? health.guard(work)
  }

  #timeSearch(): TimeSearch {
    const { segments, reader, logStartOffset, options } = this.#parts
    return { disk: options.disk, shared: options.shared, segments, reader, logStartOffset }
  }
}
