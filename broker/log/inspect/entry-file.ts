import type { Disk } from '../../ports/disk.ts'
import { FileWindow } from './file-window.ts'

/** A file of entries of one size, read one entry at a time, whatever its length. */
export class EntryFile {
  readonly path: string
  readonly entryBytes: number
  /** Whole entries up to the last that is not all zeros: Kafka lays out index files full of zeros and fills them. */
  readonly count: number
  /** Bytes behind the last whole entry. */
  readonly restBytes: number
  /** Zero entries that follow the used ones. */
  readonly spare: number
  readonly #window: FileWindow

  constructor(disk: Disk, path: string, entryBytes: number) {
    this.path = path
    this.entryBytes = entryBytes
    this.#window = new FileWindow(disk, path)
    const whole = Math.floor(this.#window.size / entryBytes)
    this.restBytes = this.#window.size - whole * entryBytes
    this.count = this.#used(whole)
    this.spare = whole - this.count
  }

  get buffer(): Buffer {
    return this.#window.buffer
  }

  /** Where entry `i` lies in `buffer`, until the next call. */
  at(i: number): number {
    return this.#window.at(i * this.entryBytes, this.entryBytes)
  }

  close(): void {
    this.#window.close()
  }

  #used(whole: number): number {
    const step = Math.floor((64 * 1024) / this.entryBytes)
    for (let end = whole; end > 0; end -= step) {
      const from = Math.max(0, end - step)
      const at = this.#window.at(from * this.entryBytes, (end - from) * this.entryBytes)
      if (at < 0) return from
      for (let i = (end - from) * this.entryBytes - 1; i >= 0; i--) {
        if (this.buffer[at + i] !== 0) return from + Math.floor(i / this.entryBytes) + 1
      }
    }
    return 0
  }
}
