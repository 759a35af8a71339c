/**
 * Scenario files: what a client sends, one step a line, JSON bodies below. The grammar, by example:
 *
 *     # Fetching past the end answers OFFSET_OUT_OF_RANGE          (title: the first comment)
 *     topic t 1 retention.ms=-1        create a topic with a unique name; `$t` is its name, `$t.id` its id
 *     group g                          a unique group id `$g`, its coordinator awaited
 *     ListOffsets v5                   a request; fields left out get their defaults
 *     { topics: [{ name: $t, partitions: [{ partitionIndex: 0, timestamp: -1 }] }] }
 *     JoinGroup v5 on a as join1       on another connection, not awaited ...
 *     { groupId: $g, ... }
 *     await join1                      ... until here
 *     capture m = memberId             from the reply before; `$m` from then on
 *     compare errorCode topics         of the reply before, compare these fields only
 *     sleep 50                         milliseconds
 *
 * Bodies are JSON with bare keys and `$variables`. `{ $batch: { records: [{ key, value, headers, timestamp }], ... } }`
 * stands for an encoded record batch, `{ $subscription: {...} }` for an encoded consumer protocol subscription.
 */
export type Step =
  | {
      readonly kind: 'topic'
      readonly alias: string
      readonly partitions: number
      readonly configs: readonly (readonly [string, string])[]
    }
  | { readonly kind: 'group'; readonly alias: string }
  | {
      readonly kind: 'request'
      readonly api: string
      readonly version: number
      readonly connection: string
      readonly pending: string | null
      readonly body: unknown
    }
  | { readonly kind: 'await'; readonly pending: string }
  | { readonly kind: 'capture'; readonly variable: string; readonly path: string }
  | { readonly kind: 'compare'; readonly paths: readonly string[] }
  | { readonly kind: 'sleep'; readonly ms: number }

export interface Scenario {
  readonly title: string
  readonly steps: readonly Step[]
}

/** JSON with bare keys and `$variables`: quotes every identifier outside strings but true, false and null. */
function parseBody(text: string): unknown {
  const quoted = text.replace(/"(?:\\.|[^"\\])*"|#[^\n]*|[$A-Za-z_][\w$.-]*/g, (token) => {
    if (token.startsWith('#')) return ''
    if (token.startsWith('"') || token === 'true' || token === 'false' || token === 'null') return token
    return JSON.stringify(token)
  })
  return JSON.parse(quoted.replace(/,(\s*[}\]])/g, '$1'))
}

function parseRequest(line: string, body: string): Step {
  const match = /^(\w+) v(\d+)(?: on (\w+))?(?: as (\w+))?$/.exec(line)
  if (match === null) throw new Error(`not a step: ${line}`)
  const [, api, version, connection, pending] = match
  return {
    kind: 'request',
    api,
    version: Number(version),
    connection: connection ?? 'main',
    pending: pending ?? null,
    body: parseBody(body.trim() || '{}'),
  }
}

function parseStep(line: string, body: string): Step {
  const [word, ...rest] = line.split(/\s+/)
  switch (word) {
    case 'topic': {
      const configs = rest
        .slice(2)
        .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const)
      return { kind: 'topic', alias: rest[0], partitions: Number(rest[1] ?? 1), configs }
    }
    case 'group':
      return { kind: 'group', alias: rest[0] }
    case 'await':
      return { kind: 'await', pending: rest[0] }
    case 'capture':
      return { kind: 'capture', variable: rest[0], path: rest[2] }
    case 'compare':
      return { kind: 'compare', paths: rest }
    case 'sleep':
      return { kind: 'sleep', ms: Number(rest[0]) }
    default:
      return parseRequest(line, body)
  }
}

export function parseScenario(text: string): Scenario {
  const steps: Step[] = []
  let title = ''
  let line: string | null = null
  let body = ''
  const finish = () => {
    if (line !== null) steps.push(parseStep(line, body))
    line = null
    body = ''
  }
  for (const raw of text.split('\n')) {
    const trimmed = raw.trim()
    if (trimmed.startsWith('#')) {
      if (title === '') title = trimmed.slice(1).trim()
      continue
    }
    if (line !== null && /^[{\s}[\]]/.test(raw) && trimmed !== '') {
      body += `${raw}\n`
      continue
    }
    if (trimmed === '') continue
    finish()
    line = trimmed.replace(/\s{2,}#.*$/, '')
  }
  finish()
  return { title, steps }
}
