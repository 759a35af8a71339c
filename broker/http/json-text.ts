/**
 * Walks JSON text without building anything from it: finds where a value ends, and refuses exactly what `JSON.parse`
 * refuses. Positions are bytes; the text must be UTF-8 (`isUtf8`), and is not copied.
 */

const TAB = 0x09
const LINE_FEED = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const PLUS = 0x2b
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const BACKSLASH = 0x5c
const LETTER_E = 0x65
const LETTER_U = 0x75

export const QUOTE = 0x22
export const COMMA = 0x2c
export const OPEN_BRACKET = 0x5b
export const CLOSE_BRACKET = 0x5d
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d

/** Containers within containers; JSON.parse goes deeper, but nobody means it. */
export const depthMax = 512

/** 1 for a byte that a string may hold as it is: neither its end, nor an escape, nor a control character. */
const plain = new Uint8Array(256).fill(1, SPACE)
plain[QUOTE] = 0
plain[BACKSLASH] = 0

const escapes = new Set(Buffer.from('"\\/bfnrt'))
const literals = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]))

/** What closes the containers that are open: used by one reading at a time. */
const stack = new Uint8Array(depthMax)

/** The text is not JSON. One object for all: it is told from its place, never shown. */
const notJson = new SyntaxError('not JSON')

/** Every method takes a position and returns the one behind what it has read; each throws for what is not JSON. */
export class JsonText {
  readonly #json: Buffer
  readonly #end: number

  constructor(json: Buffer) {
    this.#json = json
    this.#end = json.length
  }

  /** The byte there; 0, which JSON has nowhere, behind the end. Reading there would make every other read slow. */
  byte(at: number): number {
    return at < this.#end ? (this.#json[at] as number) : 0
  }

  space(start: number): number {
    let at = start
    for (let byte = this.byte(at); byte <= SPACE; byte = this.byte(++at)) {
      if (byte !== SPACE && byte !== LINE_FEED && byte !== RETURN && byte !== TAB) break
    }
    return at
  }

  /** A string, its quotes included. */
  string(start: number): number {
    const json = this.#json
    const end = this.#end
    if (this.byte(start) !== QUOTE) throw notJson
    let at = start + 1
    for (;;) {
      while (at < end && plain[json[at] as number] === 1) at++
      const byte = this.byte(at)
      if (byte === QUOTE) return at + 1
      if (byte !== BACKSLASH) throw notJson
      at = this.#escape(at + 1)
    }
  }

  /** Behind a member's name: the colon, up to where the value begins. */
  colon(start: number): number {
    const at = this.space(start)
    if (this.byte(at) !== COLON) throw notJson
    return this.space(at + 1)
  }

  /** Any value. */
  value(start: number): number {
    let depth = 0
    let at = start
    for (;;) {
      const first = this.byte(at)
      if (first === OPEN_BRACE || first === OPEN_BRACKET) {
        if (depth === depthMax) throw notJson
        // A closing bracket is two above its opening one.
        stack[depth++] = first + 2
        at = this.space(at + 1)
        if (this.byte(at) !== first + 2) {
          if (first === OPEN_BRACE) at = this.colon(this.string(at))
          continue
        }
      } else {
        at = this.#scalar(first, at)
      }
      // Behind a value: on to the next one, closing what ends here.
      for (; depth > 0; depth--) {
        at = this.space(at)
        const byte = this.byte(at)
        const closing = stack[depth - 1]
        if (byte === COMMA) {
          at = this.space(at + 1)
          if (closing === CLOSE_BRACE) at = this.colon(this.string(at))
          break
        }
        if (byte !== closing) throw notJson
        at++
      }
      if (depth === 0) return at
    }
  }

  /** `start` is behind the backslash. */
  #escape(start: number): number {
    const kind = this.byte(start)
    if (kind !== LETTER_U) {
      if (escapes.has(kind)) return start + 1
      throw notJson
    }
    const end = start + 5
    if (/^[\da-f]{4}$/i.test(this.#json.toString('latin1', start + 1, end))) return end
    throw notJson
  }

  #scalar(first: number, start: number): number {
    if (first === QUOTE) return this.string(start)
    if (first === MINUS || (first >= ZERO && first <= NINE)) return this.#number(start)
    const literal = literals.get(first)
    if (literal === undefined) throw notJson
    for (let index = 1; index < literal.length; index++) if (this.byte(start + index) !== literal[index]) throw notJson
    return start + literal.length
  }

  #number(start: number): number {
    const first = this.byte(start) === MINUS ? start + 1 : start
    let at = this.byte(first) === ZERO ? first + 1 : this.#digits(first)
    let byte = this.byte(at)
    if (byte === DOT) {
      at = this.#digits(at + 1)
      byte = this.byte(at)
    }
    if ((byte | 0x20) !== LETTER_E) return at
    const sign = this.byte(at + 1)
    return this.#digits(sign === MINUS || sign === PLUS ? at + 2 : at + 1)
  }

  /** One digit at least. */
  #digits(start: number): number {
    let at = start
    for (let byte = this.byte(at); byte >= ZERO && byte <= NINE; byte = this.byte(++at));
    if (at === start) throw notJson
    return at
  }
}
