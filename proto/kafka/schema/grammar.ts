/**
 * The language our message definitions are written in: one field a line, indentation for nesting.
 *
 *     name  type  [versions]  [null versions]  [default value]  [tag number versions]  [classic]  # what it is
 *
 * - versions: `3+`, `0-5` or `4`; every version of the message when left out.
 * - type: bool int8 int16 uint16 int32 uint32 int64 float64 string bytes uuid; `records` for one batch, `batches` for
 *   any number of them (may be written from several buffers); a name in capitals for a struct; `[]type` for an array.
 * - The fields of a struct are the lines below, indented by two more. A struct that is used twice is defined at the
 *   top level by a line `struct Name`.
 * - `null`: the versions in which null is allowed. `default`: what the field holds in versions that lack it; zero, '',
 *   empty, or null for records, when left out. `tag`: a tagged field from those versions on.
 * - `classic`: keeps its int16 length in flexible versions too (only the client id of the request header).
 */

/** Inclusive. */
export interface Range {
  readonly from: number
  readonly to: number
}

export type Primitive = (typeof primitives)[number]

export type FieldType =
  | { readonly kind: 'primitive'; readonly name: Primitive }
  | { readonly kind: 'struct'; readonly struct: Struct }
  | { readonly kind: 'array'; readonly of: FieldType }

export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly versions: Range
  readonly nullable: Range | null
  /** As written in the definition; undefined for the type's own default. */
  readonly default: string | undefined
  readonly tag: { readonly number: number; readonly versions: Range } | null
  readonly classic: boolean
  readonly doc: string
}

export interface Struct {
  readonly name: string
  readonly doc: string
  readonly fields: Field[]
  /** The versions of the message in which the struct occurs. */
  readonly versions: Range
}

export interface Message {
  readonly name: string
  readonly doc: string
  /** Versions there is a codec for. */
  readonly versions: Range
  /** First flexible version; null when there is none. */
  readonly flexibleFrom: number | null
  readonly root: Struct
  /** Every struct below the root, in the order of definition. */
  readonly structs: readonly Struct[]
}

export interface ApiSchema {
  readonly key: number
  readonly name: string
  /** Versions advertised by Kafka 4.3. */
  readonly wire: Range
  readonly request: Message
  readonly response: Message
}

const primitives = [
  'bool',
  'int8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'float64',
  'string',
  'bytes',
  'records',
  'batches',
  'uuid',
] as const

/** Defines one API. `versions` are those with a codec, `wire` those advertised where the two differ. */
export function defineApi(definition: {
  readonly key: number
  readonly name: string
  readonly versions: string
  readonly wire?: string
  readonly flexible: number | null
  readonly doc: string
  readonly request: string
  readonly response: string
}): ApiSchema {
  const { key, name, versions, flexible, doc } = definition
  const message = (suffix: string, text: string, about: string): Message =>
    defineMessage({ name: `${name}${suffix}`, versions, flexible, doc: about, fields: text })
  return {
    key,
    name,
    wire: parseRange(definition.wire ?? versions, Infinity),
    request: message('Request', definition.request, doc),
    response: message('Response', definition.response, `Answer to \`${name}Request\`.`),
  }
}

/** Defines a message that is not a request or response: a record's key or value, a header. */
export function defineMessage(definition: {
  readonly name: string
  readonly versions: string
  readonly flexible: number | null
  readonly doc: string
  readonly fields: string
}): Message {
  const versions = parseRange(definition.versions, Infinity)
  const parser = new Parser(definition.name, versions, definition.fields)
  const root: Struct = { name: definition.name, doc: definition.doc, fields: [], versions }
  parser.parse(root)
  return {
    name: definition.name,
    doc: definition.doc,
    versions,
    flexibleFrom: definition.flexible,
    root,
    structs: [...parser.structs.values()],
  }
}

/** Whether `version` lies in the range; never in null. */
export function within(range: Range | null, version: number): boolean {
  return range !== null && version >= range.from && version <= range.to
}

interface Line {
  readonly indent: number
  readonly words: string[]
  readonly doc: string
  readonly text: string
}

class Parser {
  readonly structs = new Map<string, Struct>()
  readonly #message: string
  readonly #versions: Range
  readonly #lines: Line[]
  #next = 0

  constructor(message: string, versions: Range, text: string) {
    this.#message = message
    this.#versions = versions
    this.#lines = text.split('\n').flatMap(toLine)
    const margin = this.#lines[0]?.indent ?? 0
    this.#lines = this.#lines.map((line) => ({ ...line, indent: line.indent - margin }))
  }

  parse(root: Struct): void {
    // Structs of their own come first in the result, so that the fields below may refer to them.
    const top = this.#lines.findIndex((line) => line.words[0] !== 'struct' && line.indent === 0)
    if (top > 0) this.#parseStructs(top)
    this.#next = Math.max(top, 0)
    this.#parseFields(root.fields, 0, this.#versions)
    const left = this.#lines[this.#next]
    if (left !== undefined) this.#fail(left, 'is not indented as expected')
  }

  #parseStructs(end: number): void {
    while (this.#next < end) {
      const line = this.#lines[this.#next++]!
      const [keyword, name] = line.words
      if (keyword !== 'struct' || name === undefined) this.#fail(line, 'is not a struct')
      this.#struct(line, name, line.doc, 2, this.#versions)
    }
  }

  #parseFields(fields: Field[], indent: number, versions: Range): void {
    for (;;) {
      const line = this.#lines[this.#next]
      if (line === undefined || line.indent !== indent) break
      this.#next++
      const field = this.#field(line, indent, versions)
      if (fields.some((other) => other.name === field.name)) this.#fail(line, 'occurs twice')
      fields.push(field)
    }
    if (fields.length === 0 && indent > 0) this.#fail(this.#lines[this.#next - 1]!, 'has no fields')
  }

  #field(line: Line, indent: number, versions: Range): Field {
    const words = [...line.words]
    const name = words.shift()!
    const typeName = words.shift()
    if (typeName === undefined) this.#fail(line, 'has no type')
    const isRange = (word: string | undefined): boolean => word !== undefined && /^\d+(\+|-\d+)?$/.test(word)
    const range = (): Range => parseRange(words.shift() ?? '', this.#versions.to)
    const own = isRange(words[0]) ? intersect(range(), versions) : versions
    let nullable: Range | null = null
    let defaultText: string | undefined
    let tag: Field['tag'] = null
    let classic = false
    while (words.length > 0) {
      const word = words.shift()!
      if (word === 'null') nullable = intersect(range(), own)
      else if (word === 'default') defaultText = words.shift()
      else if (word === 'tag') tag = { number: Number(words.shift()), versions: intersect(range(), own) }
      else if (word === 'classic') classic = true
      else this.#fail(line, `has an unknown word ${word}`)
    }
    const type = this.#type(line, typeName, indent, own)
    return { name, type, versions: own, nullable, default: defaultText, tag, classic, doc: line.doc }
  }

  #type(line: Line, name: string, indent: number, versions: Range): FieldType {
    if (name.startsWith('[]')) return { kind: 'array', of: this.#type(line, name.slice(2), indent, versions) }
    const primitive = primitives.find((known) => known === name)
    if (primitive !== undefined) return { kind: 'primitive', name: primitive }
    if (!/^[A-Z]\w*$/.test(name)) this.#fail(line, `has an unknown type ${name}`)
    const known = this.structs.get(name)
    if (known !== undefined) return { kind: 'struct', struct: known }
    return { kind: 'struct', struct: this.#struct(line, name, line.doc, indent + 2, versions) }
  }

  #struct(line: Line, name: string, doc: string, indent: number, versions: Range): Struct {
    if (this.structs.has(name)) this.#fail(line, 'defines a struct twice')
    const struct: Struct = { name, doc, fields: [], versions }
    this.structs.set(name, struct)
    this.#parseFields(struct.fields, indent, versions)
    return struct
  }

  #fail(line: Line, what: string): never {
    throw new Error(`${this.#message}: "${line.text.trim()}" ${what}`)
  }
}

function toLine(text: string): Line[] {
  const [code = '', ...comment] = text.split(' #')
  const trimmed = code.trim()
  if (trimmed === '' || trimmed.startsWith('#')) return []
  const indent = code.length - code.trimStart().length
  return [{ indent, words: trimmed.split(/\s+/), doc: comment.join(' #').trim(), text }]
}

function parseRange(text: string, last: number): Range {
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text)
  if (match === null) throw new Error(`"${text}" is not a range of versions`)
  const from = Number(match[1])
  if (match[2] !== undefined) return { from, to: last }
  return { from, to: match[3] === undefined ? from : Number(match[3]) }
}

function intersect(a: Range, b: Range): Range {
  return { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) }
}
