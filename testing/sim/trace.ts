import { createHash } from 'node:crypto'

const RECENT_LINES = 20
/** Lines are hashed so many at a time: a call into the hash costs more than its bytes. */
const BATCH_LINES = 200

/** What happened in a simulated world: a hash over everything, and the last lines for a reader. */
export class Trace {
  readonly #hash = createHash('sha1')
  /** Lines not hashed yet, after the last ones that were. */
  #lines: string[] = []
  #hashed = 0
  readonly #onLine: ((line: string) => void) | null
  #count = 0

  /** `onLine` is given every line as it comes. */
  constructor(onLine: ((line: string) => void) | null = null) {
    this.#onLine = onLine
  }

  /** Lines noted so far. */
  get count(): number {
    return this.#count
  }

  /** The newest lines, oldest first. */
  get recent(): readonly string[] {
    return this.#lines.slice(-RECENT_LINES)
  }

  note(line: string): void {
    this.#count++
    this.#lines.push(line)
    if (this.#lines.length >= BATCH_LINES) this.#hashLines()
    this.#onLine?.(line)
  }

  /** Bytes that count for the hash but are not for reading. */
  mix(bytes: Buffer): void {
    this.#hashLines()
    this.#hash.update(bytes)
  }

  /** The hash over everything so far, in hex. The trace takes nothing more after it. */
  digest(): string {
    this.#hashLines()
    return this.#hash.digest('hex')
  }

  #hashLines(): void {
    this.#hash.update(this.#lines.slice(this.#hashed).join('\n'))
    this.#lines = this.#lines.slice(-RECENT_LINES)
    this.#hashed = this.#lines.length
  }
}
