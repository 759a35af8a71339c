/**
 * Finds the text of each record's `value` in a JSON body, so that it is stored exactly as it was sent: integers beyond 2^53,
 * key order and spelling survive, and nothing is written anew. Only for text that `JSON.parse` has accepted.
 */

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const SPACE = 0x20

/** What a byte between strings does to the nesting. */
const PLAIN = 0
const QUOTED = 1
const OPENING = 2
const CLOSING = 3
const kinds = new Uint8Array(256)
kinds[QUOTE] = QUOTED
kinds[OPEN_BRACE] = OPENING
kinds[OPEN_BRACKET] = OPENING
kinds[CLOSE_BRACE] = CLOSING
kinds[CLOSE_BRACKET] = CLOSING

const valueName = Buffer.from('"value"')
const nothing = Buffer.alloc(0)

/**
 * The values of a body that is one record or an array of records, as slices of it; empty for a record without one. `json`
 * must be valid JSON of that shape in UTF-8, and is not checked again.
 */
export function valueTexts(json: Buffer): Buffer[] {
  const scanner = new ValueScanner(json)
  if (!scanner.enterArray()) return [scanner.record()]
  const values: Buffer[] = []
  do values.push(scanner.record())
  while (scanner.nextElement())
  return values
}

class ValueScanner {
  readonly #json: Buffer
  readonly #end: number
  #at = 0

  constructor(json: Buffer) {
    this.#json = json
    this.#end = json.length
  }

  /** True, and at the first element, when the text is an array that has one; else at its object. */
  enterArray(): boolean {
    this.#at = this.#afterSpace(0)
    if (this.#json[this.#at] !== OPEN_BRACKET) return false
    this.#at = this.#afterSpace(this.#at + 1)
    return true
  }

  /** Behind an element: true, and at the next one, when there is one. */
  nextElement(): boolean {
    const at = this.#afterSpace(this.#at)
    this.#at = this.#afterSpace(at + 1)
    return this.#json[at] === COMMA
  }

  /** At the brace that opens a record; ends behind the one that closes it. As in JSON.parse the last of two values counts. */
  record(): Buffer {
    const json = this.#json
    let value: Buffer = nothing
    let at = this.#afterSpace(this.#at + 1)
    while (at < this.#end && json[at] !== CLOSE_BRACE) {
      const nameEnd = this.#afterString(at)
      const isValue = this.#isValueName(at, nameEnd)
      const start = this.#afterSpace(this.#afterSpace(nameEnd) + 1)
      const end = this.#afterValue(start)
      if (isValue) value = json.subarray(start, end)
      at = this.#afterSpace(end)
      if (json[at] === COMMA) at = this.#afterSpace(at + 1)
    }
    this.#at = at + 1
    return value
  }

  /** Of a name with its quotes, which may be spelt with escapes: "\u0076alue". */
  #isValueName(start: number, end: number): boolean {
    const json = this.#json
    for (let index = 0; index < valueName.length; index++) {
      const byte = json[start + index]
      if (byte === BACKSLASH) return JSON.parse(json.toString('utf8', start, end)) === 'value'
      if (byte !== valueName[index]) return false
    }
    return true
  }

  #afterSpace(start: number): number {
    const json = this.#json
    let at = start
    while (at < this.#end && (json[at] as number) <= SPACE) at++
    return at
  }

  /** `start` is at the opening quote. */
  #afterString(start: number): number {
    const json = this.#json
    const end = this.#end
    let at = start + 1
    while (at < end && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1
    return at + 1
  }

  #afterValue(start: number): number {
    const first = this.#json[start]
    if (first === QUOTE) return this.#afterString(start)
    return first === OPEN_BRACE || first === OPEN_BRACKET ? this.#afterNested(start) : this.#afterLiteral(start)
  }

  /** Objects and arrays by counting brackets: their nesting is known to be right. Most bytes of a body pass through here. */
  #afterNested(start: number): number {
    const json = this.#json
    const end = this.#end
    let depth = 0
    let at = start
    while (at < end) {
      const kind = kinds[json[at++] as number]
      if (kind === PLAIN) continue
      if (kind === QUOTED) {
        while (at < end && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1
        at++
      } else if (kind === OPENING) {
        depth++
      } else if (--depth === 0) {
        return at
      }
    }
    return at
  }

  /** A number, true, false or null. */
  #afterLiteral(start: number): number {
    const json = this.#json
    let at = start
    for (; at < this.#end; at++) {
      const byte = json[at] as number
      if (byte <= SPACE || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET) break
    }
    return at
  }
}
