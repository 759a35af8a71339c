import { crc32c } from '../../proto/kafka/crc32c.ts'
import { readInt16, readInt64, writeInt16, writeInt64 } from '../../proto/kafka/int64.ts'
import { refuseNewer, TXN_INDEX_VERSION } from './format-versions.ts'

/** A transaction that was aborted: what a `read_committed` consumer is told to leave out. */
export interface AbortedTransaction {
  readonly producerId: number
  /** Offset of its first record. */
  readonly firstOffset: number
  /** Offset of its ABORT marker. */
  readonly lastOffset: number
  /** The last stable offset once it was over: no transaction that ended later began before. */
  readonly lastStableOffset: number
}

/** What our sidecar of a sealed segment notes of its `.txnindex`, which carries no checksum and may be missing rightly. */
export interface TransactionIndexSeal {
  readonly count: number
  /** CRC-32C of the file's content. */
  readonly crc: number
}

const ENTRY_BYTES = 34
const EMPTY = Buffer.alloc(0)

/**
 * The aborted transactions of one segment, in the very bytes of its `.txnindex` file: per ABORT marker in the segment int16
 * version (0), int64 producer id, int64 first offset, int64 last offset, int64 last stable offset. Last offsets rise.
 */
export class TransactionIndex {
  #entries: Buffer = EMPTY
  #count = 0

  /**
   * Takes a file's content; null when it cannot be the index of that segment (it carries no checksum). Throws
   * `LogCorruptError` for a newer version.
   */
  static parse(data: Buffer, path: string, baseOffset: number): TransactionIndex | null {
    if (data.length >= 2) refuseNewer(path, readInt16(data, 0), TXN_INDEX_VERSION)
    if (data.length % ENTRY_BYTES !== 0) return null
    const index = new TransactionIndex()
    index.#entries = data
    index.#count = data.length / ENTRY_BYTES
    let last = baseOffset - 1
    for (let i = 0; i < index.#count; i++) {
      const { producerId, firstOffset, lastOffset, lastStableOffset } = index.at(i)
      const isSound = firstOffset >= 0 && lastOffset > firstOffset && lastStableOffset >= 0 && producerId >= 0
      if (!isSound || lastOffset <= last || readInt16(data, i * ENTRY_BYTES) !== TXN_INDEX_VERSION) return null
      last = lastOffset
    }
    return index
  }

  get count(): number {
    return this.#count
  }

  get memoryBytes(): number {
    return this.#entries.length
  }

  isFull(maxBytes: number): boolean {
    return (this.#count + 1) * ENTRY_BYTES > maxBytes
  }

  append(entry: AbortedTransaction): void {
    if ((this.#count + 1) * ENTRY_BYTES > this.#entries.length) this.#grow()
    const at = this.#count * ENTRY_BYTES
    writeInt16(this.#entries, at, TXN_INDEX_VERSION)
    writeInt64(this.#entries, at + 2, entry.producerId)
    writeInt64(this.#entries, at + 10, entry.firstOffset)
    writeInt64(this.#entries, at + 18, entry.lastOffset)
    writeInt64(this.#entries, at + 26, entry.lastStableOffset)
    this.#count++
  }

  at(i: number): AbortedTransaction {
    const at = i * ENTRY_BYTES
    return {
      producerId: readInt64(this.#entries, at + 2),
      firstOffset: readInt64(this.#entries, at + 10),
      lastOffset: readInt64(this.#entries, at + 18),
      lastStableOffset: readInt64(this.#entries, at + 26),
    }
  }

  /**
   * Adds the transactions that reach into [fromOffset, endOffset) to `into`. Returns whether that is all of them: none whose
   * marker is in a later segment can begin before `endOffset`.
   */
  collect(fromOffset: number, endOffset: number, into: AbortedTransaction[]): boolean {
    for (let i = this.#firstEndingAt(fromOffset); i < this.#count; i++) {
      const entry = this.at(i)
      if (entry.firstOffset < endOffset) into.push(entry)
      if (entry.lastStableOffset >= endOffset) return true
    }
    return false
  }

  /** Drops the transactions whose marker is at or above an offset. */
  truncate(offset: number): void {
    this.#count = this.#firstEndingAt(offset)
  }

  /** The file's content; valid until the next append. */
  bytes(): Buffer {
    return this.#entries.subarray(0, this.#count * ENTRY_BYTES)
  }

  /** Place of the first transaction whose marker is at or above an offset. */
  #firstEndingAt(offset: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (readInt64(this.#entries, middle * ENTRY_BYTES + 18) < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #grow(): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(4 * ENTRY_BYTES, this.#entries.length * 2))
    this.#entries.copy(grown, 0, 0, this.#count * ENTRY_BYTES)
    this.#entries = grown
  }
}

/** The seal of a segment's index; null = no transaction was aborted there. */
export function sealOf(index: TransactionIndex | null): TransactionIndexSeal {
  const bytes = index?.bytes() ?? EMPTY
  return { count: index?.count ?? 0, crc: crc32c(bytes, 0, bytes.length) }
}
