/** Buffers of one size that batches reuse. Keeps at most `maxIdle`; asks for other sizes are plain allocations. */
export class BufferPool {
  readonly bufferBytes: number
  readonly #maxIdle: number
  readonly #idle: Buffer[] = []

  constructor(bufferBytes: number, maxIdle: number) {
    this.bufferBytes = bufferBytes
    this.#maxIdle = maxIdle
  }

  /** A buffer of at least `bytes`, its contents arbitrary. */
  take(bytes: number): Buffer {
    if (bytes < this.bufferBytes) return Buffer.allocUnsafeSlow(bytes)
    if (bytes > this.bufferBytes) return Buffer.allocUnsafeSlow(bytes)
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(bytes)
  }

  /** Gives a buffer back; nobody may read or write it any more. */
  release(buffer: Buffer): void {
    if (buffer.length === this.bufferBytes && this.#idle.length < this.#maxIdle) this.#idle.push(buffer)
  }
}
