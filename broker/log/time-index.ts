import { readInt32, readInt64, writeInt32, writeInt64 } from '../../proto/kafka/int64.ts'

const ENTRY_BYTES = 12
const EMPTY = Buffer.alloc(0)

/**
 * The sparse time index of one segment, in the very bytes of its `.timeindex` file: per entry an int64 timestamp, the
 * largest so far, and the int32 relative last offset of the batch that brought it. Timestamps strictly rise.
 */
export class TimeIndex {
  #entries: Buffer = EMPTY
  #count = 0

  /** Takes a file's content; null when it cannot be a time index (it carries no checksum). */
  static parse(data: Buffer): TimeIndex | null {
    if (data.length % ENTRY_BYTES !== 0) return null
    const index = new TimeIndex()
    index.#entries = data
    index.#count = data.length / ENTRY_BYTES
    for (let i = 0; i < index.#count; i++) {
      const rising =
        i === 0 ||
        (index.timestamp(i) > index.timestamp(i - 1) && index.relativeOffset(i) >= index.relativeOffset(i - 1))
      if (!rising || index.timestamp(i) < 0 || index.relativeOffset(i) < 0) return null
    }
    return index
  }

  get count(): number {
    return this.#count
  }

  get memoryBytes(): number {
    return this.#entries.length
  }

  /** One place is kept for the entry that sealing the segment adds. */
  isFull(maxBytes: number): boolean {
    return (this.#count + 2) * ENTRY_BYTES > maxBytes
  }

  /** Adds an entry if the timestamp is above the last one's. */
  maybeAppend(timestamp: number, relativeOffset: number): void {
    if (timestamp < 0 || (this.#count > 0 && timestamp <= this.timestamp(this.#count - 1))) return
    if ((this.#count + 1) * ENTRY_BYTES > this.#entries.length) this.#grow()
    writeInt64(this.#entries, this.#count * ENTRY_BYTES, timestamp)
    writeInt32(this.#entries, this.#count * ENTRY_BYTES + 8, relativeOffset)
    this.#count++
  }

  timestamp(i: number): number {
    return readInt64(this.#entries, i * ENTRY_BYTES)
  }

  relativeOffset(i: number): number {
    return readInt32(this.#entries, i * ENTRY_BYTES + 8)
  }

  /**
   * A relative offset from which a search forward finds the first batch with a timestamp >= the one given. Everything up
   * to the last entry below it is older, as entries hold the maximum so far. 0 when there is no such entry.
   */
  lookup(timestamp: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.timestamp(middle) < timestamp) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : this.relativeOffset(low - 1)
  }

  /** Drops the entries at and above an offset. */
  truncate(relativeOffset: number): void {
    while (this.#count > 0 && this.relativeOffset(this.#count - 1) >= relativeOffset) this.#count--
  }

  /** The file's content; valid until the next append. */
  bytes(): Buffer {
    return this.#entries.subarray(0, this.#count * ENTRY_BYTES)
  }

  #grow(): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(4 * ENTRY_BYTES, this.#entries.length * 2))
    this.#entries.copy(grown, 0, 0, this.#count * ENTRY_BYTES)
    this.#entries = grown
  }
}
