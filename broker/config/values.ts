/** From an option's text to its typed value and back, as Java's ConfigDef parses and prints. */
import type { ConfigDefinition, Definitions, ValuesOf } from './definition.ts'
import { ConfigError } from './error.ts'
import { type ConfigValue, invalidValue } from './validators.ts'

export interface ParsedValue {
  readonly value: ConfigValue
  /** Canonical text: what Kafka would store and show, e.g. `5` for ` +5 `, `0.0` for `0`. */
  readonly text: string
}

const integerBounds = { SHORT: 15n, INT: 31n, LONG: 63n } as const

function parseInteger(type: keyof typeof integerBounds, text: string): ParsedValue | null {
  const trimmed = text.trim()
  if (!/^[+-]?\d{1,40}$/.test(trimmed)) return null
  const exact = BigInt(trimmed.startsWith('+') ? trimmed.slice(1) : trimmed)
  const bound = 1n << integerBounds[type]
  if (exact >= bound || exact < -bound) return null
  const safe = BigInt(Number.MAX_SAFE_INTEGER)
  return { value: Number(exact > safe ? safe : exact < -safe ? -safe : exact), text: exact.toString() }
}

/** Java's Double.toString: plain within [1e-3, 1e7), scientific outside, always with a fraction. */
export function javaDouble(value: number): string {
  const size = Math.abs(value)
  if (size === 0 || (size >= 1e-3 && size < 1e7)) return Number.isInteger(value) ? `${value}.0` : String(value)
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e')
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`
}

function parseDouble(text: string): ParsedValue | null {
  const trimmed = text.trim()
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed)) return null
  const value = Number(trimmed)
  return { value, text: javaDouble(value) }
}

function parseBoolean(text: string): ParsedValue | null {
  const word = text.trim().toLowerCase()
  return word === 'true' || word === 'false' ? { value: word === 'true', text: word } : null
}

function parseList(text: string): ParsedValue {
  const trimmed = text.trim()
  const value = trimmed === '' ? [] : trimmed.split(/\s*,\s*/)
  return { value, text: value.join(',') }
}

function parseByType(name: string, type: ConfigDefinition['type'], text: string): ParsedValue {
  const fail = (reason: string) => new ConfigError(name, invalidValue(name, text, reason))
  switch (type) {
    case 'SHORT':
    case 'INT':
    case 'LONG': {
      const parsed = parseInteger(type, text)
      if (parsed === null) throw fail(`Not a number of type ${type}`)
      return parsed
    }
    case 'DOUBLE': {
      const parsed = parseDouble(text)
      if (parsed === null) throw fail(`Not a number of type ${type}`)
      return parsed
    }
    case 'BOOLEAN': {
      const parsed = parseBoolean(text)
      if (parsed === null) throw fail('Expected value to be either true or false')
      return parsed
    }
    case 'LIST':
      return parseList(text)
    case 'STRING':
      return { value: text.trim(), text: text.trim() }
  }
}

/** Parses and validates one value. Throws ConfigError with Kafka's message. */
export function parseValue(name: string, definition: ConfigDefinition, text: string): ParsedValue {
  const parsed = parseByType(name, definition.type, text)
  const problem = definition.validator?.check(name, parsed.value, parsed.text) ?? null
  if (problem !== null) throw new ConfigError(name, problem)
  return parsed
}

/** The typed values of a whole table: `texts` where present, else the defaults. Throws ConfigError. */
export function parseAll<D extends Definitions>(definitions: D, texts: ReadonlyMap<string, string>): ValuesOf<D> {
  const entries = Object.entries(definitions).map(([name, definition]): [string, ConfigValue] => {
    const text = texts.get(name) ?? definition.defaultText
    return [name, text === null ? null : parseValue(name, definition, text).value]
  })
  // The one place where the table's types meet its values: parseByType yields what each type promises.
  return Object.fromEntries(entries) as ValuesOf<D>
}
