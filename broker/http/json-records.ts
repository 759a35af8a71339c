/**
 * The records of a JSON produce body, read in one pass: values are not parsed but found, so that they are stored exactly as
 * they were sent (integers beyond 2^53, key order and spelling survive) and need not be written anew. Accepts what
 * JSON.parse and the schema `ProduceBody` accept, but for nesting without end.
 */
import { isUtf8 } from 'node:buffer'
import type { RecordHeaderInput } from '../../proto/kafka/batch/encode.ts'
import { CLOSE_BRACE, CLOSE_BRACKET, COMMA, JsonText, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-text.ts'
import type { GatewayRecord } from './produce-batches.ts'

/** `maxItems` and `maximum` of the schema. */
const recordsMax = 10_000
const partitionMax = 2_147_483_647

const BACKSLASH = 0x5c
/** The first letter of null. */
const LETTER_N = 0x6e

const noHeaders: readonly RecordHeaderInput[] = []

/** Places of a record's members in the arrays of their spans. */
const [VALUE, KEY, HEADERS, PARTITION, TIMESTAMP] = [0, 1, 2, 3, 4] as const
const memberNames = ['value', 'key', 'headers', 'partition', 'timestamp']
const quotedNames = memberNames.map((name) => Buffer.from(`"${name}"`))

/** The body is no list of records. Told from its place, never shown. */
const notRecords = new SyntaxError('not records')

/** Null when the body is anything else: it is for the schema to say what is wrong. */
export function jsonRecords(json: Buffer, nowMs: number): GatewayRecord[] | null {
  if (!isUtf8(json)) return null
  try {
    return new RecordReader(json, nowMs).records()
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

class RecordReader {
  readonly #json: Buffer
  readonly #nowMs: number
  readonly #text: JsonText
  /** Where the members of the present record lie; a start of -1 is for those it has not. */
  readonly #starts = [-1, -1, -1, -1, -1]
  readonly #ends = [-1, -1, -1, -1, -1]

  constructor(json: Buffer, nowMs: number) {
    this.#json = json
    this.#nowMs = nowMs
    this.#text = new JsonText(json)
  }

  records(): GatewayRecord[] {
    const text = this.#text
    const records: GatewayRecord[] = []
    let at = text.space(0)
    const isArray = text.byte(at) === OPEN_BRACKET
    do {
      if (isArray) at = text.space(at + 1)
      if (records.length === recordsMax) throw notRecords
      at = text.space(this.#members(at))
      records.push(this.#record())
    } while (isArray && text.byte(at) === COMMA)
    if (isArray && text.byte(at) !== CLOSE_BRACKET) throw notRecords
    if (text.space(isArray ? at + 1 : at) !== this.#json.length) throw notRecords
    return records
  }

  /** Notes where the members of an object lie. A name that comes twice counts the last time, as in JSON.parse. */
  #members(start: number): number {
    const text = this.#text
    if (text.byte(start) !== OPEN_BRACE) throw notRecords
    this.#starts.fill(-1)
    let at = start
    do {
      at = text.space(at + 1)
      const nameEnd = text.string(at)
      const member = this.#memberOf(at, nameEnd)
      at = text.colon(nameEnd)
      this.#starts[member] = at
      at = text.value(at)
      this.#ends[member] = at
      at = text.space(at)
    } while (text.byte(at) === COMMA)
    if (text.byte(at) !== CLOSE_BRACE) throw notRecords
    return at + 1
  }

  #memberOf(start: number, end: number): number {
    const json = this.#json
    for (let member = 0; member < quotedNames.length; member++) {
      const name = quotedNames[member] as Buffer
      let index = end - start === name.length ? 1 : 0
      while (index > 0 && index < name.length && json[start + index] === name[index]) index++
      if (index === name.length) return member
    }
    // "\u0076alue" is the same name.
    const member = memberNames.indexOf(JSON.parse(json.toString('utf8', start, end)))
    if (member < 0) throw notRecords
    return member
  }

  #record(): GatewayRecord {
    const starts = this.#starts
    const valueStart = starts[VALUE] as number
    if (valueStart < 0) throw notRecords
    return {
      key: (starts[KEY] as number) < 0 ? null : this.#key(),
      value: this.#json[valueStart] === LETTER_N ? null : this.#json.subarray(valueStart, this.#ends[VALUE]),
      headers: (starts[HEADERS] as number) < 0 ? noHeaders : this.#headers(),
      partition: (starts[PARTITION] as number) < 0 ? null : this.#integer(PARTITION, partitionMax),
      timestampMs: (starts[TIMESTAMP] as number) < 0 ? this.#nowMs : this.#integer(TIMESTAMP, Number.MAX_SAFE_INTEGER),
    }
  }

  #key(): Buffer | null {
    const json = this.#json
    const [start, end] = [this.#starts[KEY] as number, this.#ends[KEY] as number]
    if (json[start] === LETTER_N) return null
    if (json[start] !== QUOTE) throw notRecords
    for (let at = start; at < end; at++)
      if (json[at] === BACKSLASH) return Buffer.from(this.#parsed(KEY) as string, 'utf8')
    return json.subarray(start + 1, end - 1)
  }

  #headers(): readonly RecordHeaderInput[] {
    if (this.#json[this.#starts[HEADERS] as number] !== OPEN_BRACE) throw notRecords
    const headers = Object.entries(this.#parsed(HEADERS) as Record<string, unknown>)
    return headers.map(([key, value]) => {
      if (typeof value !== 'string' && value !== null) throw notRecords
      return { key, value }
    })
  }

  #integer(member: number, max: number): number {
    const value = this.#parsed(member)
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) throw notRecords
    // Minus zero is zero.
    return value + 0
  }

  #parsed(member: number): unknown {
    return JSON.parse(this.#json.toString('utf8', this.#starts[member], this.#ends[member]))
  }
}
