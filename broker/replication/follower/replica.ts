/** A partition that this broker follows, as its fetcher sees it. */
export interface Replica {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  /** Leader epoch that the metadata names: what is fetched belongs to it or to an earlier one. */
  readonly leaderEpoch: number
  /** False once the log failed: what it has is not to be acknowledged. */
  readonly isOnline: boolean
  /** Fetched no faster than the throttle allows, as long as it lags. */
  readonly isThrottled: boolean
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** Epoch of the last record; -1 when there is none. */
  readonly latestEpoch: number
  readonly highWatermark: number
  /** The highest epoch not above `epoch` and its exclusive end; both -1 when there is none. */
  endOffsetForEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number }
  /**
   * Appends whole batches as the leader has them, offsets and epochs included. The buffer is valid during the call only.
   * False: the log takes nothing more.
   */
  appendFetched(batches: Buffer): boolean
  /** Cuts everything from `offset` on. False as above. */
  truncateTo(offset: number): boolean
  /** Drops everything: the leader's log begins at `offset`, above all that is here, if there is anything. False as above. */
  startOverAt(offset: number): boolean
  /** What the leader has committed, and where its log begins now. */
  leaderIsAt(highWatermark: number, logStartOffset: number): void
  /**
   * Writes what was appended and, where an acknowledgement waits for that, has it and what was cut synced. `done` is called
   * then, perhaps at once; also when that failed, and then the replica is not online any more.
   */
  persist(done: () => void): void
}
