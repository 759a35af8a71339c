import { loadSchemas } from '../generator/load.ts'
import type { ApiSchema, Field, FieldType, Message, Struct } from './grammar.ts'
import { within } from './grammar.ts'

/**
 * Messages by name, from the definitions rather than the generated code: complete values from partial ones, and Kafka's
 * JSON form of a message. For tests and tools only; it is not published.
 */

type Values = Readonly<Record<string, unknown>>

const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

const schemas = await loadSchemas()
const messages = new Map(schemas.flatMap((file) => file.messages.map((message) => [message.name, message])))
const apis = new Map(schemas.flatMap(({ api }) => (api === null ? [] : [[api.name, api]])))

/** The names of all messages that are defined. */
export const messageNames: readonly string[] = [...messages.keys()]

/** An API's definition by Kafka's name, e.g. `Produce`. Throws for a name that is not defined. */
export function apiSchema(name: string): ApiSchema {
  return found(apis.get(name), name)
}

/** A message's definition, e.g. `ProduceRequest`. Throws for a name that is not defined. */
export function messageSchema(name: string): Message {
  return found(messages.get(name), name)
}

/**
 * A complete value of a message, ready for its `write` function: `partial` with every missing field at its default.
 * int64 may also be given as decimal text (a bigint comes out where a number is not exact), bytes as base64. Throws for
 * a field that is not defined, or not in this version.
 */
export function fillDefaults(messageName: string, partial: Values, version: number): Record<string, unknown> {
  return fillStruct(messageSchema(messageName).root, partial, version)
}

/**
 * Kafka's JSON form of a message: the fields of the version, tagged ones only when they differ from the default; int64
 * as decimal text, bytes as base64.
 */
export function toJson(messageName: string, value: Values, version: number): Record<string, unknown> {
  return structToJson(messageSchema(messageName).root, value, version)
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`${name} is not defined in proto/kafka/schema`)
  return value
}

function fillStruct(struct: Struct, partial: Values, version: number): Record<string, unknown> {
  for (const name of Object.keys(partial)) {
    const field = struct.fields.find((known) => known.name === name)
    if (field === undefined) throw new Error(`${struct.name} has no field ${name}`)
    if (!within(field.versions, version)) throw new Error(`${struct.name}.${name} is not in version ${version}`)
  }
  return Object.fromEntries(
    struct.fields.map((field) => {
      const given = partial[field.name]
      return [field.name, given === undefined ? defaultOf(field, version) : fillValue(field.type, given, version)]
    }),
  )
}

function fillValue(type: FieldType, given: unknown, version: number): unknown {
  if (given === null) return null
  if (type.kind === 'array') return (given as unknown[]).map((item) => fillValue(type.of, item, version))
  if (type.kind === 'struct') return fillStruct(type.struct, given as Values, version)
  if (typeof given !== 'string') return given
  switch (type.name) {
    case 'int64':
      return Number.isSafeInteger(Number(given)) ? Number(given) : BigInt(given)
    case 'bytes':
    case 'records':
    case 'batches':
      return Buffer.from(given, 'base64')
    default:
      return given
  }
}

/** The default of a field, as the generated code has it. */
function defaultOf(field: Field, version: number): unknown {
  if (field.default === 'null') return null
  if (field.type.kind === 'array') return []
  if (field.type.kind === 'struct') return fillStruct(field.type.struct, {}, version)
  switch (field.type.name) {
    case 'bool':
      return field.default === 'true'
    case 'string':
      return field.default ?? ''
    case 'uuid':
      return ZERO_UUID
    case 'bytes':
      return Buffer.alloc(0)
    case 'records':
    case 'batches':
      return null
    default:
      return Number(field.default ?? '0')
  }
}

function structToJson(struct: Struct, value: Values, version: number): Record<string, unknown> {
  const json: Record<string, unknown> = {}
  for (const field of struct.fields) {
    if (!within(field.versions, version)) continue
    const item = valueToJson(field.type, value[field.name], version)
    const isTagged = within(field.tag?.versions ?? null, version)
    if (isTagged && isSame(item, valueToJson(field.type, defaultOf(field, version), version))) continue
    json[field.name] = item
  }
  return json
}

function valueToJson(type: FieldType, value: unknown, version: number): unknown {
  if (value === null) return null
  if (type.kind === 'array') return (value as unknown[]).map((item) => valueToJson(type.of, item, version))
  if (type.kind === 'struct') return structToJson(type.struct, value as Values, version)
  switch (type.name) {
    case 'int64':
      return BigInt(value as number | bigint).toString()
    case 'bytes':
    case 'records':
    case 'batches':
      return (value as Buffer).toString('base64')
    default:
      return value
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
