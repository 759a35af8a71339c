/** The metadata log with its snapshots and the voters in both, as the Raft core sees it and its pump changes it. */
import { decodeMetadataRecord, encodeMetadataRecord, type MetadataRecord } from '../../proto/cluster.ts'
import { decodeBatch, decodeBatches, type RecordBatch } from '../../proto/kafka/batch/decode.ts'
import { encodeBatch } from '../../proto/kafka/batch/encode.ts'
import { METADATA_FETCH_BYTES_MAX } from '../limits.ts'
import type { Log } from '../log/log.ts'
import type { RaftLog } from './events.ts'
import type { EpochEnd, SnapshotId } from './messages.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import { VoterHistory } from './voter-history.ts'
import type { Voter, VotersAt } from './voters.ts'

/** First byte of an encoded record of voters: its field number and that it is a message. */
const VOTERS_TAG = (15 << 3) | 2

export class QuorumLog implements RaftLog {
  readonly log: Log
  readonly snapshots: SnapshotStore
  /** Bytes of records behind the newest snapshot. */
  bytesSinceSnapshot = 0
  private readonly history = new VoterHistory()

  /** `snapshots` are those of the log's directory. Throws when the log cannot be brought in line with them. */
  constructor(log: Log, snapshots: SnapshotStore, nowMs: number) {
    this.log = log
    this.snapshots = snapshots
    const { loaded } = snapshots
    if (loaded === null) return
    this.history.reset(loaded.id.endOffset, loaded.voters)
    // A crash came between the snapshot and the log's new beginning.
    if (!this.has(loaded.id)) this.startOver(loaded.id, loaded.voters, nowMs)
    snapshots.deleteBefore(this.startOffset)
  }

  get startOffset(): number {
    return this.log.logStartOffset
  }

  get startEpoch(): number {
    return this.startOffset === 0 ? -1 : this.snapshots.epochBefore(this.startOffset)
  }

  get snapshot(): SnapshotId | null {
    return this.snapshots.newest
  }

  get voters(): VotersAt | null {
    return this.history.last
  }

  get endOffset(): number {
    return this.log.logEndOffset
  }

  get durableEndOffset(): number {
    return this.log.durableEndOffset
  }

  get isFull(): boolean {
    return this.log.full !== null
  }

  get lastEpoch(): number {
    // Not the log's latest epoch: one that a full disk did not let begin has no record.
    return this.endOffset === this.startOffset ? this.startEpoch : this.log.epochForOffset(this.endOffset - 1)
  }

  endOffsetForEpoch(epoch: number): EpochEnd {
    const { startOffset, startEpoch } = this
    const end = this.log.endOffsetForEpoch(epoch)
    if (end.epoch >= 0 && end.endOffset > startOffset) return end
    return startEpoch >= 0 && startEpoch <= epoch
      ? { epoch: startEpoch, endOffset: startOffset }
      : { epoch: -1, endOffset: 0 }
  }

  /** The voters that the first `endOffset` records end with. */
  votersAt(endOffset: number): readonly Voter[] | null {
    return this.history.at(endOffset)?.voters ?? null
  }

  /** Finds the voters in what a former run has written. `done` is called at once when the bytes are at hand, else in a later turn. */
  findVoters(done: (error: Error | null) => void): void {
    this.scanFrom(Math.max(this.startOffset, this.snapshot?.endOffset ?? 0), done)
  }

  private scanFrom(from: number, done: (error: Error | null) => void): void {
    const { log } = this
    let offset = from
    while (offset < this.endOffset) {
      const warm = log.read(offset, this.endOffset, METADATA_FETCH_BYTES_MAX, true)
      if (warm === null) {
        log.readAsync(offset, this.endOffset, METADATA_FETCH_BYTES_MAX, true, (error, cold) => {
          const next = error === null ? this.noteAll(cold.buffers) : -1
          cold.release?.()
          if (next < 0) done(error ?? new Error(`the metadata log has no batch at ${offset}`))
          else this.scanFrom(next, done)
        })
        return
      }
      offset = this.noteAll(warm.buffers)
      if (offset < 0) return done(new Error(`the metadata log has no batch at ${from}`))
    }
    done(null)
  }

  /** Returns the offset behind them; -1 when there are none. */
  private noteAll(buffers: readonly Buffer[]): number {
    let end = -1
    for (const batch of decodeBatches(buffers)) {
      this.noteVoters(batch)
      this.bytesSinceSnapshot += batch.sizeBytes
      end = batch.lastOffset + 1
    }
    return end
  }

  private noteVoters(batch: RecordBatch): void {
    for (const { value, offset } of batch.records()) {
      if (value?.[0] !== VOTERS_TAG) continue
      const record = decodeMetadataRecord(value)
      if (record.kind === 'voters' && offset > (this.voters?.offset ?? -1)) this.history.add(offset, record.voters)
    }
  }

  /** Appends a batch of this node as leader; returns its first offset. Throws why the log takes none. */
  append(batch: Buffer, epoch: number, nowMs: number): number {
    const { log } = this
    const appended = log.append(batch, epoch, nowMs)
    if (appended.error !== 0) throw log.full ?? new Error(appended.message ?? 'the metadata log refuses the batch')
    this.bytesSinceSnapshot += batch.length
    return appended.baseOffset
  }

  appendRecords(records: readonly MetadataRecord[], epoch: number, nowMs: number): void {
    const batch = encodeBatch(
      records.map((record) => ({ key: null, value: encodeMetadataRecord(record), timestamp: nowMs })),
    )
    this.append(batch, epoch, nowMs)
    this.noteVoters(decodeBatch(batch))
  }

  /** A follower's append: the leader's batches at the leader's offsets, under the epoch they were written in. */
  appendFetched(records: readonly Buffer[], nowMs: number): void {
    const { log } = this
    for (const buffer of records) {
      for (let position = 0; position < buffer.length; ) {
        const { baseOffset, sizeBytes, leaderEpoch } = decodeBatch(buffer, position)
        if (baseOffset !== log.logEndOffset) {
          throw new Error(`the quorum leader sent offset ${baseOffset} for ${log.logEndOffset}`)
        }
        const batch = Buffer.from(buffer.subarray(position, position + sizeBytes))
        const appended = log.append(batch, leaderEpoch, nowMs)
        // On a full disk the rest is fetched again.
        if (log.full !== null) return
        if (appended.error !== 0) throw new Error(appended.message ?? 'the metadata log refuses a batch')
        this.noteVoters(decodeBatch(batch))
        this.bytesSinceSnapshot += sizeBytes
        position += sizeBytes
      }
    }
  }

  /** Throws why that failed. */
  truncateTo(offset: number, nowMs: number): void {
    const problem = this.log.truncateTo(offset, nowMs)
    if (problem !== null) throw problem
    this.history.truncateEnd(this.endOffset)
  }

  /** What was appended from `endOffset` on has been taken back by a full disk. */
  rolledBack(endOffset: number): void {
    this.history.truncateEnd(endOffset)
  }

  /** A snapshot of another node, durable here, takes the place of a log that has less. Throws why that failed. */
  install(id: SnapshotId, voters: readonly Voter[] | null, nowMs: number): void {
    if (!this.has(id)) this.startOver(id, voters, nowMs)
    this.keep(id)
  }

  /** Whether the log holds, or begins behind, everything that the snapshot stands for. */
  private has({ endOffset, epoch }: SnapshotId): boolean {
    if (this.startOffset >= endOffset) return true
    return this.endOffset >= endOffset && this.log.epochForOffset(endOffset - 1) === epoch
  }

  private startOver({ endOffset }: SnapshotId, voters: readonly Voter[] | null, nowMs: number): void {
    if (this.endOffset >= endOffset) this.truncateTo(endOffset - 1, nowMs)
    const problem = this.log.startOverAt(endOffset, nowMs)
    if (problem !== null) throw problem
    this.history.reset(endOffset, voters)
    this.bytesSinceSnapshot = 0
  }

  /** A snapshot is durable: the log need not reach back further than the oldest that is kept. */
  keep(id: SnapshotId): void {
    this.log.deleteRecordsBefore(this.snapshots.add(id))
    this.snapshots.deleteBefore(this.startOffset)
    this.history.truncateStart(this.startOffset)
  }
}
