/**
 * A partition as its follower sees it, for one leader epoch: its log as a fetcher appends to it, cuts it and lets it follow
 * its leader's high watermark and log start.
 */
import type { Log } from '../../log/log.ts'
import type { Replica } from './replica.ts'

/** What a follower tells the partition it belongs to. */
export interface FollowerHost {
  readonly isThrottledAsFollower: boolean
  nowMs(): number
  /** So many bytes were queued. */
  appended(bytes: number): void
  /** The log was cut or begins elsewhere: what was read of it may not be there any more. */
  cut(): void
  /** See `Replica.persist`. */
  persistFetched(done: () => void): void
  /** The high watermark moved. */
  committed(highWatermark: number): void
}

export class FollowerRole implements Replica {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  readonly leader: number
  readonly leaderEpoch: number
  private readonly log: Log
  private readonly host: FollowerHost

  constructor(host: FollowerHost, log: Log, leader: number, leaderEpoch: number) {
    this.host = host
    this.log = log
    this.topic = log.topic
    this.topicId = log.topicId
    this.index = log.partition
    this.leader = leader
    this.leaderEpoch = leaderEpoch
    log.dropEmptyEpochs()
  }

  get isThrottled(): boolean {
    return this.host.isThrottledAsFollower
  }

  get isOnline(): boolean {
    return this.log.offline === null
  }

  get logStartOffset(): number {
    return this.log.logStartOffset
  }

  get logEndOffset(): number {
    return this.log.logEndOffset
  }

  get latestEpoch(): number {
    return this.log.latestEpoch
  }

  get highWatermark(): number {
    return this.log.highWatermark
  }

  endOffsetForEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number } {
    return this.log.endOffsetForEpoch(epoch)
  }

  appendFetched(batches: Buffer): boolean {
    this.host.appended(batches.length)
    return this.log.appendFetched(batches, this.host.nowMs()) === null
  }

  truncateTo(offset: number): boolean {
    if (this.log.roomProblem() !== null) return false
    const problem = this.log.truncateTo(offset, this.host.nowMs())
    this.host.cut()
    return problem === null
  }

  startOverAt(offset: number): boolean {
    if (this.log.roomProblem() !== null) return false
    const problem = this.log.startOverAt(offset, this.host.nowMs())
    this.host.cut()
    return problem === null
  }

  leaderIsAt(highWatermark: number, logStartOffset: number): void {
    const { log } = this
    const start = Math.min(logStartOffset, log.logEndOffset)
    if (start > log.logStartOffset) log.deleteRecordsBefore(start)
    const before = log.highWatermark
    log.updateHighWatermark(highWatermark)
    if (log.highWatermark !== before) this.host.committed(log.highWatermark)
  }

  persist(done: () => void): void {
    this.host.persistFetched(done)
  }
}
