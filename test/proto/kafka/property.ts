import fc from 'fast-check'
import type { Field, FieldType, Message, Struct } from '../../../proto/kafka/schema/grammar.ts'
import { within } from '../../../proto/kafka/schema/grammar.ts'

/** Property tests find the same cases every time; set FAST_CHECK_SEED to look elsewhere. */
fc.configureGlobal({ seed: Number(process.env['FAST_CHECK_SEED'] ?? 1) })

export { fc }

export const int8 = fc.integer({ min: -128, max: 127 })
export const int16 = fc.integer({ min: -32768, max: 32767 })
export const uint16 = fc.integer({ min: 0, max: 65535 })
export const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff })
export const uint32 = fc.integer({ min: 0, max: 0xffffffff })
/** Numbers that an int64 and a double both hold exactly. */
export const int64 = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
)
export const text = fc.string({ unit: 'binary', maxLength: 40 })
export const buffer: fc.Arbitrary<Buffer> = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes))
export const uuid = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'))

/** Any value of a message at a version: fields the version lacks are missing. */
export function messageValue(message: Message, version: number): fc.Arbitrary<Record<string, unknown>> {
  return structValue(message.root, version)
}

function structValue(struct: Struct, version: number): fc.Arbitrary<Record<string, unknown>> {
  const fields = struct.fields.filter((field) => within(field.versions, version))
  return fc.record(Object.fromEntries(fields.map((field) => [field.name, fieldValue(field, version)])))
}

function fieldValue(field: Field, version: number): fc.Arbitrary<unknown> {
  const value = typeValue(field.type, version)
  return within(field.nullable, version) ? fc.option(value, { freq: 3 }) : value
}

function typeValue(type: FieldType, version: number): fc.Arbitrary<unknown> {
  if (type.kind === 'array') return fc.array(typeValue(type.of, version), { maxLength: 3 })
  if (type.kind === 'struct') return structValue(type.struct, version)
  switch (type.name) {
    case 'bool':
      return fc.boolean()
    case 'int8':
      return int8
    case 'int16':
      return int16
    case 'uint16':
      return uint16
    case 'int32':
      return int32
    case 'uint32':
      return uint32
    case 'int64':
      return int64
    case 'float64':
      return fc.double({ noNaN: true })
    case 'string':
      return text
    case 'uuid':
      return uuid
    default:
      return buffer
  }
}
