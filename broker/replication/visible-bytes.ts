import { Fifo } from './fifo.ts'

/**
 * Counts the bytes that became visible with a move of the high watermark, for the fetches that wait for some: where the
 * writes ended, and how much each brought.
 */
export class VisibleBytes {
  private readonly writes = new Fifo<{ endOffset: number; bytes: number }>()
  private unwritten = 0

  appended(bytes: number): void {
    this.unwritten += bytes
  }

  /** What was appended is written, up to `endOffset`. */
  written(endOffset: number): void {
    this.writes.push({ endOffset, bytes: this.unwritten })
    this.unwritten = 0
  }

  /** What was appended and not written was taken back. */
  revert(): void {
    this.unwritten = 0
  }

  clear(): void {
    this.unwritten = 0
    this.writes.drain()
  }

  /** The bytes that the high watermark has passed since the last call; at least one, as it moved. */
  passed(highWatermark: number): number {
    let bytes = 0
    for (let write = this.writes.peek(); write !== undefined && write.endOffset <= highWatermark; ) {
      bytes += write.bytes
      this.writes.shift()
      write = this.writes.peek()
    }
    return Math.max(1, bytes)
  }
}
