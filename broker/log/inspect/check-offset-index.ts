import { readInt32 } from '../../../proto/kafka/int64.ts'
import type { Disk } from '../../ports/disk.ts'
import { EntryFile } from './entry-file.ts'

export const OFFSET_ENTRY_BYTES = 8

/** What the index checks want to know of a batch. */
export interface SeenBatch {
  readonly position: number
  readonly size: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly maxTimestamp: number
}

/** Called with the byte position of the entry at fault, and why it is. */
export type EntryFault = (position: number, what: string) => void

/**
 * Compares an `.index` with its log while that is walked. Each entry holds the place where a batch begins and the last offset
 * of that batch, or of one soon after it: a replica that got several at once notes them as one.
 */
export class OffsetIndexCheck {
  readonly #file: EntryFile
  readonly #segment: number
  readonly #fault: EntryFault
  #next = 0
  #lastOffset = -1
  #lastPosition = 0
  /** An entry whose batch began before and whose offset is still to come; -1 = none. */
  #pendingOffset = -1
  #damagedFrom = 0
  #damagedTo = 0

  constructor(disk: Disk, path: string, segment: number, fault: EntryFault) {
    this.#file = new EntryFile(disk, path, OFFSET_ENTRY_BYTES)
    this.#segment = segment
    this.#fault = fault
    if (this.#file.restBytes > 0) fault(this.#file.count * OFFSET_ENTRY_BYTES, 'the file ends inside an entry')
  }

  get spare(): number {
    return this.#file.spare
  }

  batch(batch: SeenBatch): void {
    for (; this.#next < this.#file.count; this.#next++) {
      const at = this.#file.at(this.#next)
      const offset = this.#segment + readInt32(this.#file.buffer, at)
      const position = readInt32(this.#file.buffer, at + 4)
      if (position > batch.position) break
      this.#settlePending()
      this.#take(offset, position, batch)
    }
    if (batch.lastOffset === this.#pendingOffset) this.#pendingOffset = -1
  }

  /** Entries that lead into these bytes are no fault of the index. */
  damage(start: number, end: number): void {
    this.#damagedFrom = start
    this.#damagedTo = end
    this.#pendingOffset = -1
  }

  /** The log ends at `position`. */
  end(position: number): void {
    this.#settlePending()
    for (; this.#next < this.#file.count; this.#next++) {
      const at = this.#file.at(this.#next)
      const target = readInt32(this.#file.buffer, at + 4)
      if (this.#isDamaged(target)) continue
      this.#fail(target >= position ? `leads to byte ${target}, behind the log's end` : misplaced(target))
    }
    this.#file.close()
  }

  #take(offset: number, position: number, batch: SeenBatch): void {
    const isRising = offset > this.#lastOffset && position > this.#lastPosition
    this.#lastOffset = Math.max(offset, this.#lastOffset)
    this.#lastPosition = Math.max(position, this.#lastPosition)
    if (position < batch.position) {
      if (!this.#isDamaged(position)) this.#fail(misplaced(position))
      return
    }
    if (!isRising) return this.#fail(`does not rise (offset ${offset}, byte ${position})`)
    if (offset > batch.lastOffset) this.#pendingOffset = offset
    else if (offset !== batch.lastOffset) {
      this.#fail(`has offset ${offset} for the batch at byte ${position}, which ends with ${batch.lastOffset}`)
    }
  }

  #settlePending(): void {
    if (this.#pendingOffset >= 0) {
      const what = `entry ${this.#next - 1} has offset ${this.#pendingOffset}, with which no batch ends`
      this.#fault((this.#next - 1) * OFFSET_ENTRY_BYTES, what)
    }
    this.#pendingOffset = -1
  }

  #isDamaged(position: number): boolean {
    return position >= this.#damagedFrom && position < this.#damagedTo
  }

  #fail(what: string): void {
    this.#fault(this.#next * OFFSET_ENTRY_BYTES, `entry ${this.#next} ${what}`)
  }
}

function misplaced(position: number): string {
  return `leads to byte ${position}, where no batch begins`
}
