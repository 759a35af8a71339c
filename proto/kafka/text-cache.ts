import { readUuid, UUID_BYTES } from './uuid.ts'

/** Longer texts are decoded each time: comparing them costs as much. */
const TEXT_BYTES_MAX = 64
/** A power of two. A text has one place; another one takes it from it. */
const SLOTS = 256

/**
 * Texts that come again and again (client ids, topics, ids of topics) and the bytes they came from: comparing a dozen bytes
 * costs a tenth of a call that decodes them. Holds 256 texts of 64 bytes and as many ids at most.
 */
export class TextCache {
  readonly #textBytes: (Buffer | undefined)[] = new Array<Buffer | undefined>(SLOTS).fill(undefined)
  readonly #texts: string[] = new Array<string>(SLOTS).fill('')
  readonly #uuidBytes: (Buffer | undefined)[] = new Array<Buffer | undefined>(SLOTS).fill(undefined)
  readonly #uuids: string[] = new Array<string>(SLOTS).fill('')

  /** `length` bytes from `start` as UTF-8; the caller has checked that they are there. */
  text(buffer: Buffer, start: number, length: number): string {
    if (length > TEXT_BYTES_MAX || length === 0) return buffer.toString('utf8', start, start + length)
    const slot = slotOf(buffer, start, length)
    const known = this.#textBytes[slot]
    if (known !== undefined && known.length === length && isSame(known, buffer, start)) return this.#texts[slot]!
    const text = buffer.toString('utf8', start, start + length)
    this.#textBytes[slot] = Buffer.from(buffer.subarray(start, start + length))
    this.#texts[slot] = text
    return text
  }

  /** The id of 16 bytes at `start`, as `readUuid`. */
  uuid(buffer: Buffer, start: number): string {
    const slot = slotOf(buffer, start, UUID_BYTES)
    const known = this.#uuidBytes[slot]
    if (known !== undefined && isSame(known, buffer, start)) return this.#uuids[slot]!
    const uuid = readUuid(buffer, start)
    this.#uuidBytes[slot] = Buffer.from(buffer.subarray(start, start + UUID_BYTES))
    this.#uuids[slot] = uuid
    return uuid
  }
}

function slotOf(buffer: Buffer, start: number, length: number): number {
  // Names of one family differ in their last bytes.
  const last = buffer[start + length - 1]!
  const middle = buffer[start + (length >> 1)]!
  return (last * 31 + middle * 7 + buffer[start]! + length) & (SLOTS - 1)
}

function isSame(known: Buffer, buffer: Buffer, start: number): boolean {
  for (let i = known.length - 1; i >= 0; i--) if (known[i] !== buffer[start + i]) return false
  return true
}
