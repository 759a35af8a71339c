/** Frames from this size on are worth recycling: smaller ones cost the garbage collector little. */
const MIN_POOLED_BYTES = 64 * 1024

/** Memory is made in multiples of this, so that frames of similar size can take each other's. */
const GRAIN_BYTES = 256 * 1024

/** A frame takes idle memory of at most this many times its size. */
const MAX_WASTE_FACTOR = 4

/**
 * Memory for large answers, used again once its holder says so. Fresh memory for every answer would cost more in garbage
 * collection than everything else a consumer does with it (measured: a full collection for each 17 MB). What nobody gives
 * back is collected as usual.
 */
export class FrameMemory {
  readonly #maxIdleBytes: number
  readonly #idle: ArrayBuffer[] = []
  /** What was made here and may come back. */
  readonly #made = new WeakSet<ArrayBuffer>()
  #idleBytes = 0

  constructor(maxIdleBytes: number) {
    this.#maxIdleBytes = maxIdleBytes
  }

  /** A buffer of exactly that many bytes, its contents arbitrary. */
  take(bytes: number): Buffer {
    if (bytes < MIN_POOLED_BYTES) return Buffer.allocUnsafeSlow(bytes)
    const at = this.#idle.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= bytes * MAX_WASTE_FACTOR)
    const idle = at < 0 ? undefined : this.#idle.splice(at, 1)[0]
    if (idle !== undefined) {
      this.#idleBytes -= idle.byteLength
      return Buffer.from(idle, 0, bytes)
    }
    const fresh = Buffer.allocUnsafeSlow(Math.ceil(bytes / GRAIN_BYTES) * GRAIN_BYTES)
    this.#made.add(fresh.buffer)
    return fresh.subarray(0, bytes)
  }

  /** Whether a buffer's memory is from here. */
  owns(buffer: Buffer): boolean {
    return buffer.buffer instanceof ArrayBuffer && this.#made.has(buffer.buffer)
  }

  /** Gives memory back: nobody may look at any part of it any more. */
  give(memory: ArrayBuffer): void {
    if (this.#idleBytes + memory.byteLength > this.#maxIdleBytes) return
    this.#idle.push(memory)
    this.#idleBytes += memory.byteLength
  }
}
