/**
 * The file that a broker's log lines go to. Its process holds the descriptor and writes on when nobody supervises it, so the
 * file is emptied in place when it has grown large (the descriptor appends), and what it held becomes the one old file.
 */
import { closeSync, copyFileSync, fstatSync, openSync, readSync, statSync, truncateSync } from 'node:fs'
import { SUPERVISED_LOG_BYTES_MAX } from '../../broker/limits.ts'

/** How much of what a broker said last is looked at for whoever asks why it died (bytes). */
const LAST_WORDS_BYTES = 2_000

export class LogFile {
  private readonly path: string
  private readonly bytesMax: number
  /** Where the part of the newest process begins. */
  private start = 0

  constructor(path: string, bytesMax = SUPERVISED_LOG_BYTES_MAX) {
    this.path = path
    this.bytesMax = bytesMax
  }

  /** A descriptor for a process that starts: it appends. To be closed once the process has it. */
  open(): number {
    this.rotate()
    const file = openSync(this.path, 'a')
    this.start = fstatSync(file).size
    return file
  }

  /**
   * Keeps a file above the ceiling as `<path>.1`, in place of the one before, and begins anew; a line that is written in
   * between is lost. What cannot be kept is left as it is.
   */
  rotate(): void {
    try {
      if (statSync(this.path).size <= this.bytesMax) return
      copyFileSync(this.path, `${this.path}.1`)
      truncateSync(this.path)
      this.start = 0
    } catch {
      // There is no such file yet, somebody has taken it away, or the disk is full: the next look tries again.
    }
  }

  /** The last words of the newest process. */
  tail(): string {
    const file = openSync(this.path, 'r')
    try {
      const { size } = fstatSync(file)
      const from = Math.max(this.start, size - LAST_WORDS_BYTES)
      const bytes = Buffer.alloc(Math.max(0, size - from))
      readSync(file, bytes, 0, bytes.length, from)
      return bytes.toString('utf8')
    } finally {
      closeSync(file)
    }
  }
}
