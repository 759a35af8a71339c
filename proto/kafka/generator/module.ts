import type { ApiSchema, Field, Message, Range, Struct } from '../schema/grammar.ts'
import type { SchemaFile } from './load.ts'
import { emitRead } from './read.ts'
import { defaultLiteral, fieldTsType, structsWithDefault } from './shape.ts'
import { emitIsDefault, emitWrite } from './write.ts'

/** Emits every generated file: one for each definition file, and the table of APIs. By file name. */
export function emitAll(schemas: readonly SchemaFile[]): Map<string, string> {
  const output = new Map<string, string>()
  for (const { file, messages } of schemas) output.set(file.replace(/^data-/, ''), emitModule(file, messages))
  output.set('apis.ts', emitApis(schemas))
  return output
}

/** Emits one generated module: interfaces, defaults, readers and writers of the messages of one definition file. */
export function emitModule(schemaFile: string, messages: readonly Message[]): string {
  const seen = new Map<string, Struct>()
  let body = ''
  for (const message of messages) {
    for (const struct of [message.root, ...message.structs]) {
      if (seen.has(struct.name)) throw new Error(`${schemaFile}: ${struct.name} is defined twice`)
      seen.set(struct.name, struct)
    }
    body += emitMessage(message)
  }
  return `// Generated from schema/${schemaFile}: change that file and run \`npm run generate\`.\n${imports(body)}\n${body}`
}

/** Emits the table of all APIs. */
function emitApis(schemas: readonly SchemaFile[]): string {
  let imported = `import { NEVER_FLEXIBLE, type Api } from '../api.ts'\n`
  let consts = ''
  let entries = ''
  for (const { file, api: schema } of schemas) {
    if (schema === null) continue
    const { name } = schema
    const [request, response] = [`${name}Request`, `${name}Response`]
    imported += `import {\n  read${request},\n  read${response},\n  write${request},\n  write${response},\n`
    imported += `  type ${request},\n  type ${response},\n} from './${file}'\n`
    consts += emitApi(schema, request, response)
    entries += `  [${schema.key}, ${name}],\n`
  }
  const table =
    '/** Every API there is a codec for, by its key. */\n' +
    `export const apisByKey: ReadonlyMap<number, Api<unknown, unknown>> = new Map<number, Api<unknown, unknown>>([\n${entries}])\n`
  return `// Generated from schema/: change the files there and run \`npm run generate\`.\n${imported}\n${consts}${table}`
}

function emitApi(schema: ApiSchema, request: string, response: string): string {
  const { from, to } = schema.request.versions
  return (
    `/** Key ${schema.key}, versions ${span(schema.wire)}. ${schema.request.doc} */\n` +
    `export const ${schema.name}: Api<${request}, ${response}> = {\n` +
    `  key: ${schema.key},\n  name: '${schema.name}',\n` +
    `  minVersion: ${schema.wire.from},\n  maxVersion: ${schema.wire.to},\n` +
    `  minCodecVersion: ${from},\n  maxCodecVersion: ${to},\n` +
    `  flexibleFrom: ${schema.request.flexibleFrom ?? 'NEVER_FLEXIBLE'},\n` +
    `  readRequest: read${request},\n  writeRequest: write${request},\n` +
    `  readResponse: read${response},\n  writeResponse: write${response},\n}\n\n`
  )
}

function emitMessage(message: Message): string {
  const structs = [message.root, ...message.structs]
  const withDefault = structsWithDefault(message)
  const compared = comparedStructs(message)
  const parts = structs.map((struct) => emitInterface(message, struct))
  for (const struct of message.structs.toReversed()) if (withDefault.has(struct)) parts.push(emitDefault(struct))
  for (const struct of structs) parts.push(emitRead(message, struct), emitWrite(message, struct))
  for (const struct of message.structs) if (compared.has(struct)) parts.push(emitIsDefault(struct))
  return `${parts.join('\n')}\n`
}

function emitInterface(message: Message, struct: Struct): string {
  const versions = struct === message.root ? ` Versions ${span(message.versions)}.` : ''
  const about = sentence(struct.doc)
  const fields = struct.fields
    .map((field) => `  /** ${fieldDoc(message, field)} */\n  ${field.name}: ${fieldTsType(field)}\n`)
    .join('')
  return `/** ${[about, versions.trim()].filter((text) => text !== '').join(' ') || struct.name} */\nexport interface ${struct.name} {\n${fields}}\n`
}

function fieldDoc(message: Message, field: Field): string {
  const notes = [sentence(field.doc)]
  const { versions, nullable } = field
  const isEverywhere = versions.from === message.versions.from && versions.to === message.versions.to
  if (!isEverywhere) notes.push(`Versions ${span(versions, message.versions.to)}.`)
  if (nullable !== null) {
    const isAlways = nullable.from === versions.from && nullable.to === versions.to
    notes.push(isAlways ? 'May be null.' : `May be null in ${span(nullable, message.versions.to)}.`)
  }
  const literal = defaultLiteral(field)
  if (field.default !== undefined) notes.push(`Default ${literal}.`)
  return notes.filter((note) => note !== '').join(' ')
}

function emitDefault(struct: Struct): string {
  const fields = struct.fields.map((field) => `  ${field.name}: ${defaultLiteral(field)},\n`).join('')
  return (
    `/** Every field at its default; shared, so frozen. */\n` +
    `export const default${struct.name}: ${struct.name} = Object.freeze({\n${fields}})\n`
  )
}

/** Structs that are fields of their own and tagged, or lie within such: they are compared with their defaults. */
function comparedStructs(message: Message): Set<Struct> {
  const found = new Set<Struct>()
  const visit = (field: Field): void => {
    if (field.type.kind !== 'struct' || field.default === 'null') return
    found.add(field.type.struct)
    field.type.struct.fields.forEach(visit)
  }
  for (const struct of [message.root, ...message.structs]) {
    for (const field of struct.fields) if (field.tag !== null) visit(field)
  }
  return found
}

function imports(body: string): string {
  const uses = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(body)
  const writer = [uses('notNull') ? 'notNull' : '', body.includes('new Writer') ? 'Writer' : 'type Writer']
  let source = `import type { Reader } from '../reader.ts'\n`
  if (uses('ZERO_UUID')) source += `import { ZERO_UUID } from '../uuid.ts'\n`
  source += `import { unsupportedVersion } from '../wire-error.ts'\n`
  source += `import { ${writer.filter((name) => name !== '').join(', ')} } from '../writer.ts'\n`
  if (uses('EMPTY')) source += `\nconst EMPTY = Buffer.alloc(0)\n`
  return source.replace('import { type Writer }', 'import type { Writer }')
}

function span(range: Range, last = Infinity): string {
  if (range.to >= last && range.from !== range.to) return `${range.from}+`
  return range.from === range.to ? `${range.from}` : `${range.from}-${range.to}`
}

function sentence(text: string): string {
  if (text === '') return ''
  const upper = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(upper) ? upper : `${upper}.`
}
