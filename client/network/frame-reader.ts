import { clientError } from '../errors.ts'
import type { FrameMemory } from './frame-memory.ts'

const LENGTH_BYTES = 4

/** What one read of the socket takes when no large frame is under way. */
const CHUNK_BYTES = 64 * 1024

/**
 * Cuts a socket's bytes into frames with one copy at most: it names the memory that the socket shall read into next,
 * which for a frame that is under way is the frame itself. Frames belong to the receiver.
 */
export class FrameReader {
  readonly #maxFrameBytes: number
  readonly #memory: FrameMemory
  readonly #onFrame: (frame: Buffer) => void
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  /** Bytes at the front of the chunk that are part of a length. */
  #carried = 0
  #frame: Buffer | undefined
  #filled = 0

  constructor(maxFrameBytes: number, memory: FrameMemory, onFrame: (frame: Buffer) => void) {
    this.#maxFrameBytes = maxFrameBytes
    this.#memory = memory
    this.#onFrame = onFrame
  }

  /** Where the next bytes shall go. */
  target(): Buffer {
    if (this.#frame !== undefined) return this.#frame.subarray(this.#filled)
    return this.#carried === 0 ? this.#chunk : this.#chunk.subarray(this.#carried)
  }

  /** `count` bytes have been put at the last target. Throws CLIENT_PROTOCOL for a length that cannot be. */
  received(count: number): void {
    if (this.#frame === undefined) {
      this.#cut(this.#carried + count)
      return
    }
    this.#filled += count
    if (this.#filled < this.#frame.length) return
    const whole = this.#frame
    this.#frame = undefined
    this.#onFrame(whole)
  }

  #cut(end: number): void {
    const chunk = this.#chunk
    let position = 0
    while (end - position >= LENGTH_BYTES) {
      const length = this.#checked(chunk.readInt32BE(position))
      position += LENGTH_BYTES
      if (position + length > end) {
        this.#begin(length, position, end)
        return
      }
      this.#onFrame(Buffer.from(chunk.subarray(position, position + length)))
      position += length
    }
    chunk.copyWithin(0, position, end)
    this.#carried = end - position
  }

  #begin(length: number, start: number, end: number): void {
    this.#frame = this.#memory.take(length)
    this.#filled = this.#chunk.copy(this.#frame, 0, start, end)
    this.#carried = 0
  }

  #checked(length: number): number {
    if (length >= 0 && length <= this.#maxFrameBytes) return length
    throw clientError('CLIENT_PROTOCOL', `an answer of ${length} bytes, at most ${this.#maxFrameBytes} allowed`)
  }
}
