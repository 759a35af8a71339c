/**
 * Compares what clients were told with what the log holds in the end. Offsets are the total order, so one pass over each
 * partition is enough. Anomalies go by the ids of the reliability reference (P1-P6, R7, R11, G1).
 */
import type { History, ReadRecord, RecordId } from './history.ts'

/** The records of each partition, in the order they were read. */
export type Reading = ReadonlyMap<number, readonly ReadRecord[]>

/** What each id means. */
export const anomalies = {
  P1: 'acknowledged and lost',
  P2: 'written twice',
  P3: 'acknowledged at another offset',
  P4: 'in the log and never read by the consumer that was there throughout',
  P5: "written out of its producer's order",
  P6: 'read out of order, or skipped',
  G1: 'committed by a group, and not found again',
  G4: 'in the log, passed by the commits of a group, and never read by any of its members',
  R7: 'acknowledged and, right after a start, beyond the end that ListOffsets gave',
  R11: 'read once and changed later',
  S: 'objections of the simulator, by the same history',
  F1: 'refused and written all the same',
  F2: 'sent by nobody',
  F3: 'a hole between two offsets',
} as const

export type AnomalyId = keyof typeof anomalies

export interface Anomaly {
  readonly id: AnomalyId
  readonly what: string
  readonly count: number
  /** The first few. */
  readonly examples: readonly string[]
}

const EXAMPLES_MAX = 5

export class Findings {
  readonly #found = new Map<AnomalyId, { count: number; examples: string[] }>()

  add(id: AnomalyId, example: string): void {
    const entry = this.#found.get(id) ?? { count: 0, examples: [] }
    this.#found.set(id, entry)
    entry.count++
    if (entry.examples.length < EXAMPLES_MAX) entry.examples.push(example)
  }

  list(): Anomaly[] {
    return [...this.#found].map(([id, found]) => ({ id, what: anomalies[id], ...found }))
  }
}

/**
 * `log` is everything read after the faults are over, from offset 0 to the end; `watched` is what a consumer of all
 * partitions read while they were going on.
 */
export function judge(history: History, log: Reading, watched?: Reading): Anomaly[] {
  const findings = new Findings()
  const places = new Map<string, number>()
  for (const [partition, records] of log) judgeLog(history, partition, records, places, findings)
  for (const { id, sent } of history.all()) {
    if (sent.outcome !== 'acknowledged') continue
    const offset = places.get(name(id))
    if (offset === undefined) findings.add('P1', `${name(id)}, acknowledged at ${sent.offset}`)
    else if (sent.offset >= 0 && sent.offset !== offset)
      findings.add('P3', `${name(id)} is at ${offset}, not ${sent.offset}`)
  }
  for (const [partition, records] of watched ?? []) judgeWatched(partition, records, log.get(partition) ?? [], findings)
  return findings.list()
}

/** The same anomaly found several times becomes one. */
export function merged(found: readonly Anomaly[]): Anomaly[] {
  const byId = new Map<AnomalyId, Anomaly>()
  for (const anomaly of found) {
    const before = byId.get(anomaly.id)
    const examples = [...(before?.examples ?? []), ...anomaly.examples].slice(0, EXAMPLES_MAX)
    byId.set(anomaly.id, { ...anomaly, count: (before?.count ?? 0) + anomaly.count, examples })
  }
  return [...byId.values()]
}

function judgeLog(
  history: History,
  partition: number,
  records: readonly ReadRecord[],
  places: Map<string, number>,
  findings: Findings,
): void {
  const lastOf = new Map<number, number>()
  for (const [index, { offset, id }] of records.entries()) {
    const where = `offset ${offset} of partition ${partition}`
    const before = records[index - 1]
    if (before !== undefined && offset !== before.offset + 1) findings.add('F3', `${before.offset} before ${where}`)
    const sent = id === null || id.partition !== partition ? undefined : history.find(id)
    if (id === null || sent === undefined) {
      findings.add('F2', where)
      continue
    }
    if (sent.outcome === 'refused') findings.add('F1', `${name(id)} at ${where}`)
    const earlier = places.get(name(id))
    if (history.isPlain(id.lane)) {
      // The copy that was acknowledged, if it is one of them.
      if (earlier === undefined || offset === sent.offset) places.set(name(id), offset)
      continue
    }
    if (earlier !== undefined) {
      findings.add('P2', `${name(id)} at ${earlier} and ${where}`)
      continue
    }
    places.set(name(id), offset)
    const last = lastOf.get(id.lane) ?? -1
    if (id.sequence < last) findings.add('P5', `${name(id)} after ${last} at ${where}`)
    lastOf.set(id.lane, Math.max(last, id.sequence))
  }
}

function judgeWatched(
  partition: number,
  records: readonly ReadRecord[],
  log: readonly ReadRecord[],
  findings: Findings,
): void {
  const begin = log[0]?.offset ?? 0
  for (const [index, record] of records.entries()) {
    const where = `offset ${record.offset} of partition ${partition}`
    const expected = index === 0 ? begin : records[index - 1].offset + 1
    if (record.offset !== expected) findings.add('P6', `${where}, expected ${expected}`)
    const kept = log[record.offset - begin]
    if (kept === undefined) findings.add('R11', `${where} is gone`)
    else if (nameOr(kept.id) !== nameOr(record.id))
      findings.add('R11', `${where} was ${nameOr(record.id)}, is ${nameOr(kept.id)}`)
  }
  const unseen = log.length - records.length
  if (unseen > 0) findings.add('P4', `${unseen} records at the end of partition ${partition}`)
}

function name({ lane, partition, sequence }: RecordId): string {
  return `${lane}/${partition}/${sequence}`
}

/** The name of a record, for comparing what was read at two times. */
export function nameOr(id: RecordId | null): string {
  return id === null ? 'a stranger' : name(id)
}
