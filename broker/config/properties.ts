/** Readers of configuration text: Java's properties format and flat JSON. Both give option name -> text. */
import { ConfigError } from './error.ts'

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescape(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, code: string) =>
    code.length === 5 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (escapes[code] ?? code),
  )
}

/** Joins continued lines (an odd run of backslashes at the end) and drops comments and blanks. */
function logicalLines(text: string): string[] {
  const lines: string[] = []
  let pending: string | null = null
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.replace(/^[ \t\f]+/, '')
    if (pending === null && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    const joined: string = (pending ?? '') + line
    const continued = (/\\*$/.exec(joined)?.[0].length ?? 0) % 2 === 1
    pending = continued ? joined.slice(0, -1) : null
    if (!continued) lines.push(joined)
  }
  if (pending !== null) lines.push(pending)
  return lines
}

/** Parses Java's `.properties` text, as in Kafka's `server.properties`. The last of two equal keys wins. */
export function parseProperties(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const match = /^((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*([\s\S]*)$/.exec(line)
    if (match !== null) found.set(unescape(match[1] ?? ''), unescape(match[2] ?? ''))
  }
  return found
}

function jsonText(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return value.map((item) => jsonText(name, item)).join(',')
  throw new ConfigError(name, `${name}: expected a string, number, boolean or list`)
}

/** Parses a JSON object whose keys are option names; nested objects join their keys with dots. */
export function parseJson(text: string, file: string): Map<string, string> {
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch (cause) {
    throw new ConfigError(file, `${file}: ${cause instanceof Error ? cause.message : 'not JSON'}`)
  }
  if (typeof root !== 'object' || root === null || Array.isArray(root)) {
    throw new ConfigError(file, `${file}: expected a JSON object of options`)
  }
  const found = new Map<string, string>()
  const visit = (prefix: string, node: object) => {
    for (const [key, value] of Object.entries(node)) {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) visit(`${prefix}${key}.`, value)
      else found.set(prefix + key, jsonText(prefix + key, value))
    }
  }
  visit('', root)
  return found
}
