const SMALLEST_BYTES = 64 * 1024

/**
 * Large buffers for reads, used again once their bytes are sent: a fresh megabyte costs a page fault per 4 KB. Sizes are
 * 64 KB times a power of four; larger ones are made and dropped. Buffers that never come back are the collector's.
 */
export class ReadBuffers {
  readonly #keepBytesMax: number
  readonly #free: Buffer[][] = [[], [], [], []]
  #keptBytes = 0

  constructor(keepBytesMax: number) {
    this.#keepBytesMax = keepBytesMax
  }

  get keptBytes(): number {
    return this.#keptBytes
  }

  /** A buffer of at least `bytes`, content undefined. */
  acquire(bytes: number): Buffer {
    const size = classOf(bytes)
    const kept = this.#free[size]?.pop()
    if (kept === undefined) return Buffer.allocUnsafeSlow(size < this.#free.length ? SMALLEST_BYTES * 4 ** size : bytes)
    this.#keptBytes -= kept.length
    return kept
  }

  /** Gives back a buffer from `acquire`; nobody may look at it any more. */
  release(buffer: Buffer): void {
    const list = this.#free[classOf(buffer.length)]
    if (list === undefined || this.#keptBytes + buffer.length > this.#keepBytesMax) return
    this.#keptBytes += buffer.length
    list.push(buffer)
  }
}

function classOf(bytes: number): number {
  let size = 0
  while (SMALLEST_BYTES * 4 ** size < bytes) size++
  return size
}
