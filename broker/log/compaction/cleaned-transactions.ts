import * as header from '../../../proto/kafka/batch/header.ts'
import type { AbortedTransaction } from '../txn-index.ts'
import { readMarker } from '../txn-marker.ts'

interface OngoingAbort {
  readonly transaction: AbortedTransaction
  /** A batch of it has been seen in the log: its marker must stay. */
  hasData: boolean
}

/**
 * Follows the transactions through a log that is read from front to end (Kafka's CleanedTransactionMetadata): which
 * batches were aborted, and which markers have no data left before them.
 */
export class CleanedTransactions {
  /** Aborted transactions not come upon yet, in order of their first offset. */
  #ahead: AbortedTransaction[] = []
  readonly #aborting = new Map<number, OngoingAbort>()
  readonly #committing = new Set<number>()
  /** Where the aborted transactions go whose marker stays. */
  #retained: ((transaction: AbortedTransaction) => void) | null

  constructor(retained: ((transaction: AbortedTransaction) => void) | null = null) {
    this.#retained = retained
  }

  /** From here on, aborted transactions whose marker stays go there: to another segment's index. */
  retainInto(retained: (transaction: AbortedTransaction) => void): void {
    this.#retained = retained
  }

  addAborted(transactions: readonly AbortedTransaction[]): void {
    this.#ahead = [...this.#ahead, ...transactions].sort((x, y) => x.firstOffset - y.firstOffset)
  }

  /** Notes a data batch; returns whether it belongs to an aborted transaction, so that its records can go at once. */
  onData(buffer: Buffer, at: number): boolean {
    this.#comeUpon(header.lastOffset(buffer, at))
    if (!header.isTransactional(buffer, at)) return false
    const producerId = header.producerId(buffer, at)
    const aborting = this.#aborting.get(producerId)
    if (aborting === undefined) {
      this.#committing.add(producerId)
      return false
    }
    aborting.hasData = true
    return true
  }

  /** Notes a control batch; returns whether no data of its transaction is left, so that it may go in time. */
  onControl(buffer: Buffer, at: number): boolean {
    this.#comeUpon(header.lastOffset(buffer, at))
    // One without its record was cleaned before.
    if (header.recordsCount(buffer, at) === 0) return true
    const marker = readMarker(buffer, at)
    if (marker === null) return false
    const producerId = header.producerId(buffer, at)
    if (!marker.isAbort) return !this.#committing.delete(producerId)
    const aborting = this.#aborting.get(producerId)
    this.#aborting.delete(producerId)
    if (aborting === undefined || !aborting.hasData) return true
    this.#retained?.(aborting.transaction)
    return false
  }

  #comeUpon(offset: number): void {
    let count = 0
    for (const transaction of this.#ahead) {
      if (transaction.firstOffset > offset) break
      count++
      const { producerId } = transaction
      if (!this.#aborting.has(producerId)) this.#aborting.set(producerId, { transaction, hasData: false })
    }
    if (count > 0) this.#ahead.splice(0, count)
  }
}
