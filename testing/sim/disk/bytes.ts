const EMPTY = Buffer.alloc(0)

/** Bytes that grow: what a file holds. A gap that a write leaves reads as zeros. */
export class Bytes {
  #buffer = EMPTY
  #size = 0

  static of(data: Buffer): Bytes {
    const bytes = new Bytes()
    bytes.write(data, 0)
    return bytes
  }

  get size(): number {
    return this.#size
  }

  write(data: Buffer, position: number): void {
    const end = position + data.length
    this.#reserve(end)
    if (position > this.#size) this.#buffer.fill(0, this.#size, position)
    data.copy(this.#buffer, position)
    this.#size = Math.max(this.#size, end)
  }

  /** Cuts, or grows with zeros. */
  resize(size: number): void {
    this.#reserve(size)
    if (size > this.#size) this.#buffer.fill(0, this.#size, size)
    this.#size = size
  }

  /** Returns how many bytes were there to be read. */
  read(target: Buffer, targetStart: number, length: number, position: number): number {
    const end = Math.min(position + length, this.#size)
    return end <= position ? 0 : this.#buffer.copy(target, targetStart, position, end)
  }

  /** A copy of the content. */
  copy(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#size))
  }

  /** The content itself; valid until the next change. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#size)
  }

  #reserve(size: number): void {
    if (size <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(256, size, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#size)
    this.#buffer = grown
  }
}
