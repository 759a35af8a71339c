/**
 * Finds the text of each record's `value` in a JSON body, so that it is stored exactly as it was sent: integers beyond 2^53,
 * key order and spelling survive, and nothing is written anew. Only for text that `JSON.parse` has accepted.
 */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const SPACE = 0x20

const nothing = Buffer.alloc(0)
const valueName = Buffer.from('"value"')

/**
 * The values of a body that is one record or an array of records, as slices of it; empty for a record without one. `json`
 * must be valid JSON of that shape in UTF-8.
 */
export function valueTexts(json: Buffer): Buffer[] {
  return new ValueScanner(json).scan()
}

class ValueScanner {
  readonly #json: Buffer
  #at = 0
  /** Whether the string skipped last has escapes in it. */
  #escaped = false

  constructor(json: Buffer) {
    this.#json = json
  }

  scan(): Buffer[] {
    this.#skipSpace()
    if (this.#json[this.#at] !== OPEN_BRACKET) return [this.#record()]
    const values: Buffer[] = []
    while (this.#enterNext(CLOSE_BRACKET)) values.push(this.#record())
    return values
  }

  /** At the brace that opens a record; ends behind the one that closes it. As in JSON.parse the last of two values counts. */
  #record(): Buffer {
    let value: Buffer = nothing
    while (this.#enterNext(CLOSE_BRACE)) {
      const nameStart = this.#at
      this.#skipString()
      const isValue = this.#isValueName(nameStart, this.#at)
      this.#skipSpace()
      this.#at++ // the colon
      this.#skipSpace()
      const start = this.#at
      this.#skipValue()
      if (isValue) value = this.#json.subarray(start, this.#at)
    }
    return value
  }

  /** From the opening of an array or object, or from behind an element, to the next element; false behind the closing. */
  #enterNext(closing: number): boolean {
    this.#skipSpace()
    const byte = this.#json[this.#at++]
    if (byte === closing || byte === undefined) return false
    this.#skipSpace()
    if (this.#json[this.#at] !== closing) return true
    this.#at++
    return false
  }

  /** Of a name with its quotes, which may be spelt with escapes: "\u0076alue". */
  #isValueName(start: number, end: number): boolean {
    const json = this.#json
    if (this.#escaped) return JSON.parse(json.toString('utf8', start, end)) === 'value'
    if (end - start !== valueName.length) return false
    for (let index = 1; index < valueName.length; index++) if (json[start + index] !== valueName[index]) return false
    return true
  }

  #skipSpace(): void {
    const json = this.#json
    let at = this.#at
    while ((json[at] ?? QUOTE) <= SPACE) at++
    this.#at = at
  }

  /** At the opening quote; ends behind the closing one. */
  #skipString(): void {
    const json = this.#json
    let at = this.#at + 1
    this.#escaped = false
    for (let byte = json[at]; byte !== QUOTE && byte !== undefined; byte = json[at]) {
      if (byte === BACKSLASH) {
        this.#escaped = true
        at++
      }
      at++
    }
    this.#at = at + 1
  }

  #skipValue(): void {
    const first = this.#json[this.#at]
    if (first === QUOTE) this.#skipString()
    else if (first === OPEN_BRACE || first === OPEN_BRACKET) this.#skipNested()
    else this.#skipLiteral()
  }

  /** Objects and arrays by counting brackets: their nesting is known to be right. */
  #skipNested(): void {
    const json = this.#json
    let depth = 0
    do {
      const byte = json[this.#at]
      if (byte === undefined) return
      if (byte === QUOTE) {
        this.#skipString()
        continue
      }
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
      this.#at++
    } while (depth > 0)
  }

  /** A number, true, false or null. */
  #skipLiteral(): void {
    const json = this.#json
    let at = this.#at
    for (let byte = json[at]; byte !== undefined; byte = json[++at]) {
      if (byte <= SPACE || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte === COLON) break
    }
    this.#at = at
  }
}
