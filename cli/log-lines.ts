import { writeSync } from 'node:fs'

const BUFFER_CHARACTERS = 64 * 1024
const STDOUT = 1

/**
 * Lines to stdout in large synchronous writes: a dump of gigabytes must neither pile up in memory nor run on when its reader
 * (`head`, `less`) has gone.
 */
export class LineWriter {
  /** The reader has gone: nothing more is written. */
  isClosed = false
  #pending = ''

  /** Returns false once the reader has gone. */
  line(text: string): boolean {
    this.#pending += `${text}\n`
    if (this.#pending.length >= BUFFER_CHARACTERS) this.flush()
    return !this.isClosed
  }

  flush(): void {
    let left = Buffer.from(this.#pending, 'utf8')
    this.#pending = ''
    while (left.length > 0 && !this.isClosed) left = left.subarray(this.#write(left))
  }

  #write(bytes: Buffer): number {
    try {
      return writeSync(STDOUT, bytes)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // A pipe that is full and does not block: the reader is slow.
      if (code === 'EAGAIN') return 0
      if (code !== 'EPIPE') throw error
      this.isClosed = true
      return 0
    }
  }
}
