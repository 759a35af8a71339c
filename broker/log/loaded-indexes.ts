import type { Segment } from './segment.ts'
import { TransactionIndex } from './txn-index.ts'

/** Bounds the memory of the sealed segments' indexes: over the ceiling, those not looked at for longest are dropped. */
export class LoadedIndexes {
  readonly #bytesMax: number
  /** In the order of use; a Map keeps insertion order. */
  readonly #bytesOf = new Map<Segment, number>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Notes a use of a sealed segment's indexes, which are in memory. */
  used(segment: Segment): void {
    this.forget(segment)
    const { indexes, aborted } = segment
    let bytes = indexes === null ? 0 : indexes.offsets.memoryBytes + indexes.times.memoryBytes
    if (aborted instanceof TransactionIndex) bytes += aborted.memoryBytes
    this.#bytesOf.set(segment, bytes)
    this.#bytes += bytes
    for (const [oldest] of this.#bytesOf) {
      if (this.#bytes <= this.#bytesMax || oldest === segment) return
      this.forget(oldest)
      oldest.indexes = null
      if (oldest.aborted !== null) oldest.aborted = 'unread'
    }
  }

  forget(segment: Segment): void {
    this.#bytes -= this.#bytesOf.get(segment) ?? 0
    this.#bytesOf.delete(segment)
  }
}
