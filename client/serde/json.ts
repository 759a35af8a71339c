import type { Serde } from './serde.ts'
import { type OutputOf, type StandardSchema, validate } from './standard-schema.ts'

export interface JsonOptions {
  /** When the schema is run: in both directions (default), only when reading, or only when writing. */
  readonly validate?: 'both' | 'decode' | 'encode'
}

/**
 * JSON text. With a Standard Schema (zod, valibot, arktype, typebox...) values are validated in both directions, what the
 * schema returns is what is written or delivered, and the type is the schema's output. Without one, the type is yours to
 * state (`json<Bid>()`) or unknown.
 */
export function json<T = unknown>(): Serde<T>
export function json<S extends StandardSchema>(schema: S, options?: JsonOptions): Serde<OutputOf<S>>
export function json(schema?: StandardSchema, options: JsonOptions = {}): Serde<unknown> {
  const mode = options.validate ?? 'both'
  const outgoing = schema !== undefined && mode !== 'decode' ? schema : undefined
  const incoming = schema !== undefined && mode !== 'encode' ? schema : undefined
  const text = (value: unknown): string => {
    const encoded: string | undefined = JSON.stringify(outgoing === undefined ? value : validate(outgoing, value))
    if (encoded === undefined) throw new TypeError(`${typeof value} has no JSON form`)
    return encoded
  }
  const parse = (encoded: string): unknown => {
    const value: unknown = JSON.parse(encoded)
    return incoming === undefined ? value : validate(incoming, value)
  }
  return {
    name: 'json',
    encode: (value) => Buffer.from(text(value), 'utf8'),
    decode: (encoded) => parse(encoded.toString('utf8')),
    toText: text,
    fromText: parse,
  }
}
