import { crc32c } from '../../../proto/kafka/crc32c.ts'
import type { Disk, DiskFile } from '../../ports/disk.ts'
import { LOG_DECOMPRESSED_BATCH_BYTES_MAX } from '../../limits.ts'

const CHUNK_BYTES = 256 * 1024

/** A file of any size, read through one buffer: sequential reading costs one system call per chunk. */
export class FileWindow {
  readonly path: string
  /** Bytes in the file when it was opened. */
  readonly size: number
  /** Bytes of the file, valid until the next call of `at` or `crc`. */
  buffer: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  readonly #file: DiskFile
  #start = 0
  #filled = 0

  constructor(disk: Disk, path: string) {
    this.path = path
    this.#file = disk.openSync(path, { readOnly: true })
    this.size = this.#file.size
  }

  /**
   * Makes `length` bytes from `position` on present and returns where they begin in `buffer`; -1 when the file ends before
   * that, or they are more than a batch may ever have.
   */
  at(position: number, length: number): number {
    if (position < 0 || position + length > this.size || length > LOG_DECOMPRESSED_BATCH_BYTES_MAX) return -1
    const index = position - this.#start
    if (index >= 0 && index + length <= this.#filled) return index
    if (length > this.buffer.length) this.buffer = Buffer.allocUnsafeSlow(length)
    // One large batch must not make every later read as large.
    else if (length <= CHUNK_BYTES && this.buffer.length > CHUNK_BYTES)
      this.buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    this.#start = position
    this.#filled = this.#file.readSync(this.buffer, 0, Math.min(this.buffer.length, this.size - position), position)
    return this.#filled < length ? -1 : 0
  }

  /** CRC-32C of the bytes `[from, to)`, read chunk by chunk; -1 when the file ends before that. */
  crc(from: number, to: number): number {
    let seed = 0
    for (let position = from; position < to; ) {
      const length = Math.min(CHUNK_BYTES, to - position)
      const at = this.at(position, length)
      if (at < 0) return -1
      seed = crc32c(this.buffer, at, at + length, seed)
      position += length
    }
    return seed
  }

  close(): void {
    this.#file.closeSync()
  }
}
