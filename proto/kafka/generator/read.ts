import { within, type Field, type FieldType, type Message, type Struct } from '../schema/grammar.ts'
import {
  capital,
  condition,
  defaultLiteral,
  expression,
  fieldTsType,
  isFlexible,
  isPlain,
  local,
  mayBeNull,
  minBytes,
  runsOf,
  tsType,
} from './shape.ts'

/** Emits the functions that read a message. */

/** The function that reads one struct. */
export function emitRead(message: Message, struct: Struct): string {
  const isRoot = struct === message.root
  const { from, to } = message.versions
  let body = isRoot
    ? `  if (!(version >= ${from} && version <= ${to})) throw unsupportedVersion('${struct.name}', version)\n`
    : ''
  for (const field of struct.fields) body += readField(message, struct, field)
  body += readTags(message, struct)
  body += `  return { ${struct.fields.map(shorthand).join(', ')} }\n`
  const doc = isRoot ? `/** Reads a ${struct.name}. Throws \`WireError\` for bad bytes. */\nexport ` : ''
  const version = body.includes('version') ? 'version' : '_version'
  const reader = /\br\./.test(body) || /\(r, /.test(body) ? 'r' : '_r'
  return `${doc}function read${struct.name}(${reader}: Reader, ${version}: number): ${struct.name} {\n${body}}\n`
}

function shorthand(field: Field): string {
  return local(field) === field.name ? field.name : `${field.name}: ${local(field)}`
}

function readField(message: Message, struct: Struct, field: Field): string {
  const range = struct.versions
  const name = local(field)
  const isPresent = condition(range, (version) => isPlain(field, version))
  if (isPresent === null) return `  let ${name}: ${fieldTsType(field)} = ${defaultLiteral(field)}\n`
  const keyword = field.tag === null ? 'const' : 'let'
  if (field.type.kind === 'array') return readArray(message, struct, field, keyword)
  const value = expression(
    runsOf(range, (version) =>
      isPlain(field, version) ? readValue(message, field, field.type, version) : defaultLiteral(field),
    ),
  )
  const type = keyword === 'let' || mayBeNull(field) || field.type.kind === 'struct' ? `: ${fieldTsType(field)}` : ''
  return `  ${keyword} ${name}${type} = ${value}\n`
}

function readArray(message: Message, struct: Struct, field: Field, keyword: string): string {
  const type = field.type as Extract<FieldType, { kind: 'array' }>
  const name = local(field)
  const count = `${field.name}Count`
  const least = minBytes(message, type.of, struct.versions)
  const absent = defaultLiteral(field) === 'null' ? '-1' : '0'
  const counts = runsOf(struct.versions, (version) =>
    isPlain(field, version) ? `r.${arrayMethod(message, field, version)}(${least})` : absent,
  )
  const isNullable = mayBeNull(field)
  const empty = isNullable ? `${count} < 0 ? null : r.list(${count})` : `r.list(${count})`
  const element = expression(runsOf(struct.versions, (version) => readValue(message, null, type.of, version)))
  return (
    `  const ${count} = ${expression(counts)}\n` +
    `  ${keyword} ${name}: ${fieldTsType(field)} = ${empty}\n` +
    `  for (let i = 0; i < ${count}; i++) ${name}${isNullable ? '!' : ''}[i] = ${element}\n`
  )
}

function arrayMethod(message: Message, field: Field, version: number): string {
  const nullable = within(field.nullable, version) ? 'Nullable' : ''
  if (isFlexible(message, version)) return `compact${nullable}ArrayLength`
  return nullable === '' ? 'arrayLength' : 'nullableArrayLength'
}

/** The expression for one value of a type. `field` tells what its nullability is; null for array elements. */
function readValue(message: Message, field: Field | null, type: FieldType, version: number): string {
  const isNullable = within(field?.nullable ?? null, version)
  if (type.kind === 'array') throw new Error('arrays of arrays are not supported')
  if (type.kind === 'struct') {
    const read = `read${type.struct.name}(r, version)`
    return isNullable ? `r.int8() < 0 ? null : ${read}` : read
  }
  const isText = type.name === 'string'
  if (!isText && !['bytes', 'records', 'batches'].includes(type.name)) return `r.${type.name}()`
  const compact = isFlexible(message, version) && !(field?.classic ?? false) ? 'compact' : ''
  const nullable = isNullable ? 'nullable' : ''
  const method = compact + (compact === '' ? nullable : capital(nullable))
  const base = isText ? 'string' : 'bytes'
  return `r.${method}${method === '' ? base : capital(base)}()`
}

function readTags(message: Message, struct: Struct): string {
  const isFlexibleWhen = condition(struct.versions, (version) => isFlexible(message, version))
  if (isFlexibleWhen === null) return ''
  const tagged = struct.fields.filter((field) => field.tag !== null)
  if (tagged.length === 0) return `  ${isFlexibleWhen === '' ? '' : `if (${isFlexibleWhen}) `}r.skipTags()\n`
  let source = isFlexibleWhen === '' ? '  {\n' : `  if (${isFlexibleWhen}) {\n`
  source += '    let tag = -1\n    for (let tags = r.tagCount(); tags > 0; tags--) {\n'
  source += '      tag = r.nextTag(tag)\n      const end = r.tagEnd()\n'
  let chain = ''
  for (const field of tagged) {
    const when = condition(struct.versions, (version) => within(field.tag!.versions, version))
    const guard = `tag === ${field.tag!.number}${when === '' || when === null ? '' : ` && ${when}`}`
    source += `      ${chain}if (${guard}) ${readTagged(message, field)}`
    chain = 'else '
  }
  return `${source}      else r.position = end\n      r.expectTagEnd(end)\n    }\n  }\n`
}

function readTagged(message: Message, field: Field): string {
  const version = field.tag!.versions.from
  const name = local(field)
  if (field.type.kind !== 'array') return `${name} = ${readValue(message, field, field.type, version)}\n`
  const least = minBytes(message, field.type.of, field.tag!.versions)
  const element = readValue(message, null, field.type.of, version)
  const items = tsType(field.type)
  return (
    `{\n        const count = r.${arrayMethod(message, field, version)}(${least})\n` +
    `        const items: ${items} = r.list(count)\n` +
    `        for (let i = 0; i < count; i++) items[i] = ${element}\n` +
    `        ${name} = ${mayBeNull(field) ? 'count < 0 ? null : items' : 'items'}\n      }\n`
  ).replace(/\n {6}\}\n$/, '\n      } ')
}
