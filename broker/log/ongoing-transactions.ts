interface OngoingTransaction {
  readonly firstOffset: number
  /** Offset of its marker; -1 while it is open. */
  lastOffset: number
}

const NO_OFFSET = -1
const NONE: OngoingTransaction[] = []

/**
 * The transactions that hold a partition's last stable offset back: those still open, and those that are over but whose
 * marker is not below the high watermark yet. First offsets rise, so the oldest is the first.
 */
export class OngoingTransactions {
  /** NONE until there is one, as thousands of logs may be idle. */
  #transactions = NONE
  /** How many of them are over. */
  #over = 0

  /** First offset of the oldest, NO_OFFSET (-1) when there is none. */
  get firstUnstableOffset(): number {
    return this.#transactions[0]?.firstOffset ?? NO_OFFSET
  }

  /** Offsets come in any order when they are taken over from a snapshot, else rising. */
  begin(firstOffset: number): void {
    if (this.#transactions === NONE) this.#transactions = []
    const at = this.#transactions.findLastIndex((transaction) => transaction.firstOffset < firstOffset) + 1
    this.#transactions.splice(at, 0, { firstOffset, lastOffset: NO_OFFSET })
  }

  /** The marker was appended. Returns the first offset of the oldest open one that is left, else the one after the marker. */
  end(firstOffset: number, lastOffset: number): number {
    const ended = this.#transactions.find((transaction) => transaction.firstOffset === firstOffset)
    if (ended !== undefined) {
      ended.lastOffset = lastOffset
      this.#over++
    }
    const open = this.#transactions.find((transaction) => transaction.lastOffset === NO_OFFSET)
    return open?.firstOffset ?? lastOffset + 1
  }

  /** Everything below the offset is committed: what ended there holds nothing back any more. */
  highWatermarkMoved(highWatermark: number): void {
    if (this.#over === 0) return
    this.#transactions = this.#transactions.filter(
      ({ lastOffset }) => lastOffset === NO_OFFSET || lastOffset >= highWatermark,
    )
    this.#over = this.#transactions.filter(({ lastOffset }) => lastOffset !== NO_OFFSET).length
  }

  /** Takes back what began or ended at `endOffset` and after. */
  revert(endOffset: number): void {
    this.#transactions = this.#transactions.filter(({ firstOffset }) => firstOffset < endOffset)
    for (const transaction of this.#transactions) {
      if (transaction.lastOffset >= endOffset) transaction.lastOffset = NO_OFFSET
    }
    this.#over = this.#transactions.filter(({ lastOffset }) => lastOffset !== NO_OFFSET).length
  }

  clear(): void {
    this.#transactions = NONE
    this.#over = 0
  }
}
