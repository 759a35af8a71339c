import type { FrameMemory } from '../network/frame-memory.ts'

/** Holds the memory of one fetch answer for the batches in it; the last one to end gives it back. */
export class FrameLease {
  readonly #memory: FrameMemory
  readonly #frame: ArrayBuffer
  #holders = 0

  constructor(memory: FrameMemory, frame: ArrayBuffer) {
    this.#memory = memory
    this.#frame = frame
  }

  /** One batch more lies in the answer. */
  hold(): this {
    this.#holders++
    return this
  }

  /** A batch is done with; once per `hold`. */
  end(): void {
    this.#holders--
    if (this.#holders === 0) this.#memory.give(this.#frame)
  }
}
