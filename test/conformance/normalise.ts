/** Replies made comparable: ids, ports, clocks and wording replaced by stable names; lists of items sorted. */

/** Names given to generated ids in the order they are first seen, so that two runs agree. */
export class Names {
  readonly #byValue = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  bind(value: string, name: string): void {
    this.#byValue.set(value, name)
  }

  of(kind: string, value: string): string {
    const known = this.#byValue.get(value)
    if (known !== undefined) return known
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    const name = `<${kind} ${count}>`
    this.#byValue.set(value, name)
    return name
  }

  /** Replaces bound names wherever they stand inside `text` (a group id inside a member id, a topic inside a message). */
  within(text: string): string {
    const exact = this.#byValue.get(text)
    return exact ?? text
  }
}

const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA'
const nodeFields = new Set(['nodeId', 'leaderId', 'controllerId', 'preferredReadReplica', 'brokerId'])
const nodeListFields = new Set([
  'replicaNodes',
  'isrNodes',
  'offlineReplicas',
  'eligibleLeaderReplicas',
  'lastKnownElr',
])
const clockFields = new Set(['logAppendTimeMs', 'commitTimestamp'])
// `electedAs` is a tagged field of our own, which Kafka's clients pass over.
const droppedFields = new Set(['throttleTimeMs', 'documentation', 'electedAs'])
const generatedId = /^(.*-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function normaliseString(field: string, value: string, names: Names): string {
  if (field === 'topicId' || field === 'topicIds') return value === zeroUuid ? '<no id>' : names.of('uuid', value)
  if (field === 'host' || field === 'clientHost') return value === '' ? '' : '<host>'
  if (field === 'clusterId') return '<cluster>'
  if (field === 'errorMessage' || field === 'batchIndexErrorMessage' || field === 'message')
    return value === '' ? '' : '<text>'
  if (generatedId.test(value)) return names.of('member', value)
  return names.within(value)
}

function normaliseNumber(field: string, value: number, names: Names): unknown {
  if (nodeFields.has(field)) return value >= 0 ? '<node>' : value
  if (field === 'port') return value > 0 ? '<port>' : value
  if (clockFields.has(field)) return value > 0 ? '<time>' : value
  if (field === 'producerId') return value >= 0 ? names.of('producer', String(value)) : value
  if (field === 'sessionId') return value > 0 ? '<session>' : value
  return value
}

function normaliseList(field: string, list: readonly unknown[], names: Names): unknown[] {
  if (nodeListFields.has(field)) return list.map(() => '<node>')
  const items = list.map((item) => normalise(field, item, names))
  if (items.every((item) => typeof item === 'object' && item !== null && !('offset' in item))) {
    return items
      .map((item) => [JSON.stringify(item), item] as const)
      .sort((a, b) => (a[0] < b[0] ? -1 : 1))
      .map(([, item]) => item)
  }
  return items
}

export function normalise(field: string, value: unknown, names: Names): unknown {
  if (value === null || value === undefined || typeof value === 'boolean') return value ?? null
  if (typeof value === 'string') return normaliseString(field, value, names)
  if (typeof value === 'number') return normaliseNumber(field, value, names)
  if (Array.isArray(value)) return normaliseList(field, value, names)
  const result: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(value))
    if (!droppedFields.has(key)) result[key] = normalise(key, inner, names)
  return result
}
