/** Snapshots on their way between members: pieces of the own ones for others, and of the leader's for this one. */
import type { RaftEffect } from './events.ts'
import type { RaftMessage, SnapshotId } from './messages.ts'
import { type Snapshot, SnapshotError } from './snapshot-file.ts'
import type { SnapshotFile, SnapshotStore } from './snapshot-store.ts'

export interface TransferOptions {
  readonly nodeId: number
  readonly snapshots: SnapshotStore
  send(to: number, message: RaftMessage): void
  /** What was fetched is good, and durable: put it in the place of the log. */
  fetched(snapshot: Snapshot): void
  /** What was fetched is of no use, or there is no room for it. */
  refused(id: SnapshotId, reason: Error): void
}

export class SnapshotTransfer {
  private readonly options: TransferOptions
  private file: SnapshotFile | null = null
  private closed = false

  constructor(options: TransferOptions) {
    this.options = options
  }

  /** Answers with a piece. Without an answer, when the disk fails, the follower asks again. */
  serve({ to, requestId, epoch, snapshot, position }: Extract<RaftEffect, { type: 'send-snapshot' }>): void {
    const { nodeId, snapshots } = this.options
    snapshots.read(snapshot, position, (error, piece) => {
      if (error !== null || this.closed) return
      this.options.send(to, {
        type: 'fetch-snapshot-response',
        requestId,
        epoch,
        leader: nodeId,
        result: piece === null ? 'gone' : 'ok',
        sizeBytes: piece?.sizeBytes ?? 0,
        position,
        bytes: piece?.bytes ?? Buffer.alloc(0),
      })
    })
  }

  keep({ snapshot, position, bytes }: Extract<RaftEffect, { type: 'keep-snapshot' }>): void {
    try {
      if (position === 0) this.begin(snapshot)
      this.file?.append(bytes)
    } catch (error) {
      // Noticed when the rest has come: what is missing makes it no snapshot.
      this.drop()
      this.options.refused(snapshot, asError(error))
    }
  }

  /** Makes what has come durable, checks it, and tells. */
  install(id: SnapshotId): void {
    const { file } = this
    this.file = null
    if (file === null) return this.options.refused(id, new Error('there was no room for it'))
    file.finish((error) => {
      if (this.closed) return
      if (error !== null) return this.options.refused(id, error)
      this.check(id)
    })
  }

  drop(): void {
    this.file?.abandon()
    this.file = null
  }

  close(): void {
    this.closed = true
    this.drop()
  }

  private begin(id: SnapshotId): void {
    this.drop()
    this.file = this.options.snapshots.create(id)
  }

  private check(id: SnapshotId): void {
    const { snapshots } = this.options
    let snapshot: Snapshot
    try {
      snapshot = snapshots.load(id)
    } catch (error) {
      if (error instanceof SnapshotError) snapshots.remove(id)
      return this.options.refused(id, asError(error))
    }
    this.options.fetched(snapshot)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
