import { within, type Field, type FieldType, type Message, type Struct } from '../schema/grammar.ts'
import { capital, condition, defaultLiteral, isFlexible, isPlain, mayBeNull, runsOf, statements } from './shape.ts'

/** Emits the functions that write a message, and those that tell whether a tagged struct is worth writing. */

/** The function that writes one struct. */
export function emitWrite(message: Message, struct: Struct): string {
  const isRoot = struct === message.root
  const { from, to } = message.versions
  let body = isRoot
    ? `  if (!(version >= ${from} && version <= ${to})) throw unsupportedVersion('${struct.name}', version)\n`
    : ''
  for (const field of struct.fields) body += writeField(message, struct, field)
  body += writeTags(message, struct)
  const doc = isRoot ? `/** Writes a ${struct.name}; fields the version lacks are left out. */\nexport ` : ''
  const version = body.includes('version') ? 'version' : '_version'
  const value = /\bm\./.test(body) ? 'm' : '_m'
  const writer = /\bw\b/.test(body) ? 'w' : '_w'
  const parameters = `${writer}: Writer, ${value}: ${struct.name}, ${version}: number`
  return `${doc}function write${struct.name}(${parameters}): void {\n${body}}\n`
}

/** The function that compares a struct with its defaults. */
export function emitIsDefault(struct: Struct): string {
  const checks = struct.fields.map((field) => isDefault(field, `m.${field.name}`))
  return `function isDefault${struct.name}(m: ${struct.name}): boolean {\n  return ${checks.join(' && ')}\n}\n`
}

function writeField(message: Message, struct: Struct, field: Field): string {
  const range = struct.versions
  if (field.type.kind !== 'array') {
    return statements(
      runsOf(range, (version) =>
        isPlain(field, version) ? writeValue(message, field, field.type, `m.${field.name}`, 'w', version) : '',
      ),
      '  ',
    )
  }
  const when = condition(range, (version) => isPlain(field, version))
  if (when === null) return ''
  const indent = when === '' ? '  ' : '    '
  const body = writeArray(message, field, field.type, 'w', indent, struct)
  return when === '' ? body : `  if (${when}) {\n${body}  }\n`
}

function writeArray(
  message: Message,
  field: Field,
  type: Extract<FieldType, { kind: 'array' }>,
  writer: string,
  indent: string,
  struct: Struct,
): string {
  const value = `m.${field.name}`
  const versions = field.tag?.versions ?? field.versions
  const isNullable = mayBeNull(field)
  const counts = runsOf(versions, (version) => {
    const method = isFlexible(message, version) ? 'compactArrayLength' : 'arrayLength'
    if (!isNullable) return `${writer}.${method}(${value}.length)`
    if (within(field.nullable, version)) return `${writer}.${method}(${value} === null ? -1 : ${value}.length)`
    return `${writer}.${method}(notNull(${value}, '${struct.name}.${field.name}').length)`
  })
  const elements = runsOf(versions, (version) => writeValue(message, null, type.of, 'item', writer, version))
  const isSingle = elements.length === 1
  const loop = isSingle
    ? `for (const item of ${value}) ${elements[0]!.text}\n`
    : `for (const item of ${value}) {\n${statements(elements, `${indent}  `)}${indent}}\n`
  return `${statements(counts, indent)}${indent}${isNullable ? `if (${value} !== null) ` : ''}${loop}`
}

/** The statement for one value. `field` tells what its nullability is; null for array elements. */
function writeValue(
  message: Message,
  field: Field | null,
  type: FieldType,
  value: string,
  writer: string,
  version: number,
): string {
  const isNullable = within(field?.nullable ?? null, version)
  const needsCheck = field !== null && mayBeNull(field) && !isNullable
  const checked = needsCheck ? `notNull(${value}, '${field.name}')` : value
  if (type.kind === 'array') throw new Error('arrays of arrays are not supported')
  if (type.kind === 'struct') {
    const write = `write${type.struct.name}(${writer}, ${checked}, version)`
    if (!isNullable) return write
    return `if (${value} === null) ${writer}.int8(-1); else { ${writer}.int8(1); ${write} }`.replace(/^(.*)$/, '{ $1 }')
  }
  const isText = type.name === 'string'
  if (!isText && !['bytes', 'records', 'batches'].includes(type.name)) return `${writer}.${type.name}(${checked})`
  const compact = isFlexible(message, version) && !(field?.classic ?? false) ? 'compact' : ''
  const isList = type.name === 'batches'
  const nullable = isNullable || isList ? 'nullable' : ''
  const method = compact + (compact === '' ? nullable : capital(nullable))
  const base = isText ? 'string' : isList ? 'byteList' : 'bytes'
  return `${writer}.${method}${method === '' ? base : capital(base)}(${checked})`
}

function writeTags(message: Message, struct: Struct): string {
  const isFlexibleWhen = condition(struct.versions, (version) => isFlexible(message, version))
  if (isFlexibleWhen === null) return ''
  const tagged = struct.fields.filter((field) => field.tag !== null).sort((a, b) => a.tag!.number - b.tag!.number)
  const guard = isFlexibleWhen === '' ? '' : `if (${isFlexibleWhen}) `
  if (tagged.length === 0) return `  ${guard}w.unsignedVarint(0)\n`
  let flags = ''
  let count = ''
  let bodies = ''
  for (const field of tagged) {
    const flag = `has${capital(field.name)}`
    const when = condition(struct.versions, (version) => within(field.tag!.versions, version))
    const changed = `!(${isDefault(field, `m.${field.name}`)})`
    flags += `    const ${flag} = ${when === '' || when === null ? '' : `${when} && `}${changed}\n`
    count += `${count === '' ? '' : ' + '}(${flag} ? 1 : 0)`
    bodies += `    if (${flag}) {\n      const body = new Writer(64)\n`
    bodies += writeTaggedBody(message, struct, field)
    bodies += `      w.taggedField(${field.tag!.number}, body)\n    }\n`
  }
  return `  ${guard}{\n${flags}    w.unsignedVarint(${count})\n${bodies}  }\n`
}

function writeTaggedBody(message: Message, struct: Struct, field: Field): string {
  const version = field.tag!.versions.from
  if (field.type.kind === 'array') return writeArray(message, field, field.type, 'body', '      ', struct)
  return `      ${writeValue(message, field, field.type, `m.${field.name}`, 'body', version)}\n`
}

/** An expression that is true when the value is the field's default, and so need not be written as a tagged field. */
function isDefault(field: Field, value: string): string {
  const literal = defaultLiteral(field)
  if (literal === 'null') return `${value} === null`
  const notNull = mayBeNull(field) ? `${value} !== null && ` : ''
  if (field.type.kind === 'array') return `${notNull}${value}.length === 0`
  if (field.type.kind === 'struct') return `${notNull}isDefault${field.type.struct.name}(${value})`
  if (literal === 'EMPTY') return `${notNull}${value}.length === 0`
  return `${value} === ${literal}`
}
