import { createHash } from 'node:crypto'

const RECENT_LINES = 20

/** What happened in a simulated world: a hash over everything, and the last lines for a reader. */
export class Trace {
  readonly #hash = createHash('sha1')
  readonly #recent: string[] = []
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
    return this.#recent
  }

  note(line: string): void {
    this.#count++
    this.#hash.update(line)
    this.#recent.push(line)
    if (this.#recent.length > RECENT_LINES) this.#recent.shift()
    this.#onLine?.(line)
  }

  /** Bytes that count for the hash but are not for reading. */
  mix(bytes: Buffer): void {
    this.#hash.update(bytes)
  }

  /** The hash over everything so far, in hex. The trace takes nothing more after it. */
  digest(): string {
    return this.#hash.digest('hex')
  }
}
