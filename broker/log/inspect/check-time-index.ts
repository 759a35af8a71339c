import { readInt32, readInt64 } from '../../../proto/kafka/int64.ts'
import type { Disk } from '../../ports/disk.ts'
import type { EntryFault, SeenBatch } from './check-offset-index.ts'
import { EntryFile } from './entry-file.ts'

export const TIME_ENTRY_BYTES = 12

/**
 * Compares a `.timeindex` with its log while that is walked. Each entry holds the largest timestamp so far and an offset of
 * the batch that brought it; timestamps rise. Where the log takes no more appends, the last entry is the segment's largest.
 */
export class TimeIndexCheck {
  readonly #file: EntryFile
  readonly #segment: number
  readonly #fault: EntryFault
  #next = 0
  #lastTimestamp = -1
  #lastOffset = -1
  #largest = -1
  #damagedTo = -1

  constructor(disk: Disk, path: string, segment: number, fault: EntryFault) {
    this.#file = new EntryFile(disk, path, TIME_ENTRY_BYTES)
    this.#segment = segment
    this.#fault = fault
    if (this.#file.restBytes > 0) fault(this.#file.count * TIME_ENTRY_BYTES, 'the file ends inside an entry')
  }

  get spare(): number {
    return this.#file.spare
  }

  batch(batch: SeenBatch): void {
    const before = this.#largest
    this.#largest = Math.max(this.#largest, batch.maxTimestamp)
    for (; this.#next < this.#file.count; this.#next++) {
      const at = this.#file.at(this.#next)
      const timestamp = readInt64(this.#file.buffer, at)
      const offset = this.#segment + readInt32(this.#file.buffer, at + 8)
      if (offset > batch.lastOffset) return
      this.#take(timestamp, offset, batch, before)
    }
  }

  /** Offsets from `first` up to `next` have no batch any more: entries may be about those. */
  damage(nextOffset: number): void {
    this.#damagedTo = nextOffset
  }

  /** `isSealed`: the index was closed with the segment. */
  end(isSealed: boolean): void {
    for (; this.#next < this.#file.count; this.#next++) {
      const at = this.#file.at(this.#next)
      const offset = this.#segment + readInt32(this.#file.buffer, at + 8)
      if (this.#damagedTo < 0) this.#fail(`is about offset ${offset}, which the segment does not have`)
    }
    if (isSealed && this.#damagedTo < 0 && this.#lastTimestamp < this.#largest && this.#largest > 0) {
      const what = `the last entry is ${this.#lastTimestamp}, the segment's largest timestamp ${this.#largest}`
      this.#fault(this.#file.count * TIME_ENTRY_BYTES, what)
    }
    this.#file.close()
  }

  #take(timestamp: number, offset: number, batch: SeenBatch, before: number): void {
    const isRising = timestamp > this.#lastTimestamp && offset >= this.#lastOffset
    this.#lastTimestamp = Math.max(timestamp, this.#lastTimestamp)
    this.#lastOffset = Math.max(offset, this.#lastOffset)
    if (this.#damagedTo >= 0 && offset < this.#damagedTo) return
    if (!isRising) return this.#fail(`does not rise (timestamp ${timestamp}, offset ${offset})`)
    const isOfBatch = offset >= batch.baseOffset
    if (isOfBatch && timestamp === batch.maxTimestamp && (before < timestamp || this.#damagedTo >= 0)) return
    this.#fail(`has timestamp ${timestamp} for offset ${offset}, where the log has ${describe(batch, isOfBatch)}`)
  }

  #fail(what: string): void {
    this.#fault(this.#next * TIME_ENTRY_BYTES, `entry ${this.#next} ${what}`)
  }
}

function describe(batch: SeenBatch, isOfBatch: boolean): string {
  return isOfBatch ? `${batch.maxTimestamp}` : 'no batch'
}
