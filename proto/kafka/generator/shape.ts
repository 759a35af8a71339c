import { within, type Field, type FieldType, type Message, type Range, type Struct } from '../schema/grammar.ts'

/** What the emitters share: TypeScript types and defaults of fields, and how source differs from version to version. */

/** A source text, and the versions it is for. */
export interface Run {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** Names that generated functions use themselves. */
const taken = new Set(['r', 'w', 'm', 'version', 'tags', 'tag', 'end', 'body', 'default', 'function', 'new', 'package'])

/** The name of a field as a local variable. */
export function local(field: Field): string {
  return taken.has(field.name) ? `${field.name}_` : field.name
}

export function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

export function tsType(type: FieldType): string {
  if (type.kind === 'struct') return type.struct.name
  if (type.kind === 'array') return `${tsType(type.of)}[]`
  switch (type.name) {
    case 'bool':
      return 'boolean'
    case 'string':
    case 'uuid':
      return 'string'
    case 'bytes':
    case 'records':
      return 'Buffer'
    case 'batches':
      return 'Buffer | readonly Buffer[]'
    default:
      return 'number'
  }
}

/** The type of a field, null included when any version allows it or the default is null. */
export function fieldTsType(field: Field): string {
  return tsType(field.type) + (mayBeNull(field) ? ' | null' : '')
}

export function mayBeNull(field: Field): boolean {
  return field.nullable !== null || defaultLiteral(field) === 'null'
}

/** The default of a field as source. */
export function defaultLiteral(field: Field): string {
  if (field.default === 'null') return 'null'
  if (field.type.kind === 'array') return '[]'
  if (field.type.kind === 'struct') return `default${field.type.struct.name}`
  switch (field.type.name) {
    case 'bool':
      return field.default ?? 'false'
    case 'string':
      return `'${field.default ?? ''}'`
    case 'uuid':
      return 'ZERO_UUID'
    case 'bytes':
      return 'EMPTY'
    case 'records':
    case 'batches':
      return 'null'
    default:
      return field.default ?? '0'
  }
}

/** Whether the field stands among the others in this version, not among the tagged ones. */
export function isPlain(field: Field, version: number): boolean {
  return within(field.versions, version) && !within(field.tag?.versions ?? null, version)
}

export function isFlexible(message: Message, version: number): boolean {
  return message.flexibleFrom !== null && version >= message.flexibleFrom
}

/** Asks for the source of each version and joins neighbours that agree. */
export function runsOf(range: Range, textOf: (version: number) => string): Run[] {
  const runs: Run[] = []
  for (let version = range.from; version <= range.to; version++) {
    const text = textOf(version)
    const last = runs.at(-1)
    if (last !== undefined && last.text === text) runs[runs.length - 1] = { ...last, to: version }
    else runs.push({ from: version, to: version, text })
  }
  return runs
}

/** An expression that picks the text of the version. */
export function expression(runs: readonly Run[]): string {
  const [first, ...later] = runs
  if (first === undefined) throw new Error('an expression for no version')
  let text = first.text
  for (const run of later) text = `version >= ${run.from} ? ${run.text} : ${wrapped(text)}`
  return text
}

function wrapped(text: string): string {
  return text.includes(' ? ') ? `(${text})` : text
}

/** Statements, each for the versions of its run; runs with an empty text have none. */
export function statements(runs: readonly Run[], indent: string): string {
  const [only] = runs
  if (runs.length === 1 && only !== undefined) return only.text === '' ? '' : `${indent}${only.text}\n`
  let source = ''
  let chain = ''
  for (const run of runs.toReversed()) {
    const isLowest = run.from === runs[0]!.from
    const guard = isLowest ? '' : `if (version >= ${run.from}) `
    if (isLowest && run.text === '') continue
    source += `${indent}${chain}${guard}${run.text === '' ? '{}' : run.text}\n`
    chain = 'else '
  }
  return source
}

/** A condition that holds in the versions for which `holds` is true; '' for always, null for never. */
export function condition(range: Range, holds: (version: number) => boolean): string | null {
  const runs = runsOf(range, (version) => (holds(version) ? 'yes' : ''))
  const parts = runs.filter((run) => run.text !== '')
  if (parts.length === 0) return null
  if (parts.length === runs.length) return ''
  return parts
    .map((run) => {
      const low = run.from > range.from ? `version >= ${run.from}` : ''
      const high = run.to < range.to ? `version <= ${run.to}` : ''
      return [low, high].filter((text) => text !== '').join(' && ')
    })
    .join(' || ')
}

/** Structs that need a value of defaults: those of struct fields that are not null by default. */
export function structsWithDefault(message: Message): Set<Struct> {
  const found = new Set<Struct>()
  const visit = (struct: Struct): void => {
    for (const field of struct.fields) {
      if (field.type.kind !== 'struct' || field.default === 'null') continue
      found.add(field.type.struct)
      visit(field.type.struct)
    }
  }
  for (const struct of [message.root, ...message.structs]) visit(struct)
  return found
}

/** The fewest bytes that one value of the type takes in any version of the range. */
export function minBytes(message: Message, type: FieldType, range: Range): number {
  let least = Infinity
  for (let version = range.from; version <= range.to; version++) {
    least = Math.min(least, bytesAt(message, type, version))
  }
  return Math.max(least, 1)
}

const fixedBytes: Readonly<Record<string, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  float64: 8,
  uuid: 16,
}

function bytesAt(message: Message, type: FieldType, version: number): number {
  const flexible = isFlexible(message, version)
  if (type.kind === 'array') return flexible ? 1 : 4
  if (type.kind === 'primitive') return fixedBytes[type.name] ?? (flexible ? 1 : type.name === 'string' ? 2 : 4)
  let sum = flexible ? 1 : 0
  for (const field of type.struct.fields) {
    if (!isPlain(field, version)) continue
    const isNullableStruct = field.type.kind === 'struct' && within(field.nullable, version)
    sum += isNullableStruct ? 1 : bytesAt(message, field.type, version)
  }
  return sum
}
