import { readInt32, writeInt32 } from '../../proto/kafka/int64.ts'
import { assert } from './errors.ts'

const ENTRY_BYTES = 8
const EMPTY = Buffer.alloc(0)

/**
 * The sparse offset index of one segment, in the very bytes of its `.index` file: per entry an int32 offset relative to
 * the segment's base (the last offset of a batch) and the int32 file position where that batch begins.
 */
export class OffsetIndex {
  #entries: Buffer = EMPTY
  #count = 0

  /** Takes a file's content; null when it cannot be an index (it carries no checksum), so that it is built anew. */
  static parse(data: Buffer, logBytes: number): OffsetIndex | null {
    if (data.length % ENTRY_BYTES !== 0) return null
    const index = new OffsetIndex()
    index.#entries = data
    index.#count = data.length / ENTRY_BYTES
    for (let i = 0; i < index.#count; i++) {
      const rising = i === 0 || (index.#offset(i) > index.#offset(i - 1) && index.#position(i) > index.#position(i - 1))
      if (!rising || index.#offset(i) < 0 || index.#position(i) <= 0) return null
    }
    return index.#count > 0 && index.#position(index.#count - 1) >= logBytes ? null : index
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

  append(relativeOffset: number, position: number): void {
    if (this.#count > 0 && relativeOffset <= this.#offset(this.#count - 1)) {
      assert(false, `index entry ${relativeOffset} does not follow`)
    }
    if ((this.#count + 1) * ENTRY_BYTES > this.#entries.length) this.#grow()
    writeInt32(this.#entries, this.#count * ENTRY_BYTES, relativeOffset)
    writeInt32(this.#entries, this.#count * ENTRY_BYTES + 4, position)
    this.#count++
  }

  /** A position at or before the batch that holds the offset: that of the last entry at or below it, else 0. */
  lookup(relativeOffset: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#offset(middle) <= relativeOffset) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : this.#position(low - 1)
  }

  /** Position of the last entry, 0 when there is none. */
  get lastPosition(): number {
    return this.#count === 0 ? 0 : this.#position(this.#count - 1)
  }

  /** Drops the entries at and above an offset. */
  truncate(relativeOffset: number): void {
    while (this.#count > 0 && this.#offset(this.#count - 1) >= relativeOffset) this.#count--
  }

  /** The file's content; valid until the next append. */
  bytes(): Buffer {
    return this.#entries.subarray(0, this.#count * ENTRY_BYTES)
  }

  #offset(i: number): number {
    return readInt32(this.#entries, i * ENTRY_BYTES)
  }

  #position(i: number): number {
    return readInt32(this.#entries, i * ENTRY_BYTES + 4)
  }

  #grow(): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(8 * ENTRY_BYTES, this.#entries.length * 2))
    this.#entries.copy(grown, 0, 0, this.#count * ENTRY_BYTES)
    this.#entries = grown
  }
}
