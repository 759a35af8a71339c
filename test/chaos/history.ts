/** What the clients of a chaos run asked for, and what became of it. */

/**
 * Three-valued: what is acknowledged must be there, what is refused must not, and of what is unknown (a timeout, a lost
 * connection, a storage error after the append) either is right.
 */
export type Outcome = 'acknowledged' | 'refused' | 'unknown'

export interface SentRecord {
  outcome: Outcome
  /** What the acknowledgement said; -1 when it said none. */
  offset: number
}

/** A record's name: written into its value, so that it is known wherever it turns up. */
export interface RecordId {
  readonly lane: number
  readonly partition: number
  /** Counts the records of this lane in this partition, from 0, in the order they were sent. */
  readonly sequence: number
}

/** A record as read back. `id` is null when its value is none that a lane wrote. */
export interface ReadRecord {
  readonly offset: number
  readonly id: RecordId | null
}

/** Everything sent, by lane (a producer) and partition. */
export class History {
  readonly #lanes = new Map<string, SentRecord[]>()
  readonly #plain = new Set<number>()
  /** What this was taken from by `asOfNow`. */
  #live: History | null = null

  /** The lane is not idempotent: what is sent again may be there twice, and out of order. */
  markPlain(lane: number): void {
    this.#plain.add(lane)
  }

  isPlain(lane: number): boolean {
    return this.#plain.has(lane)
  }

  /** Names the next records of a lane; they are unknown until told otherwise. */
  send(lane: number, partition: number, count: number): { readonly first: number; readonly records: SentRecord[] } {
    const key = `${lane}/${partition}`
    const sent = this.#lanes.get(key) ?? []
    this.#lanes.set(key, sent)
    const records = Array.from({ length: count }, (): SentRecord => ({ outcome: 'unknown', offset: -1 }))
    const first = sent.length
    sent.push(...records)
    return { first, records }
  }

  find(id: RecordId): SentRecord | undefined {
    const found = this.#lanes.get(`${id.lane}/${id.partition}`)?.[id.sequence]
    if (found !== undefined || this.#live?.find(id) === undefined) return found
    return { outcome: 'unknown', offset: -1 }
  }

  /** As it is now: what is sent or told of later is unknown in it. For judging what is read while the load goes on. */
  asOfNow(): History {
    const then = new History()
    then.#live = this
    for (const lane of this.#plain) then.#plain.add(lane)
    for (const [key, records] of this.#lanes)
      then.#lanes.set(
        key,
        records.map((sent) => ({ ...sent })),
      )
    return then
  }

  *all(): Iterable<{ readonly id: RecordId; readonly sent: SentRecord }> {
    for (const [key, records] of this.#lanes) {
      const [lane, partition] = key.split('/').map(Number)
      for (const [sequence, sent] of records.entries()) yield { id: { lane, partition, sequence }, sent }
    }
  }

  count(outcome: Outcome, partition?: number): number {
    let count = 0
    for (const [key, records] of this.#lanes) {
      if (partition !== undefined && !key.endsWith(`/${partition}`)) continue
      for (const sent of records) if (sent.outcome === outcome) count++
    }
    return count
  }
}

/** A value of at least `bytes` bytes that says which record it is. */
export function valueOf({ lane, partition, sequence }: RecordId, bytes: number): Buffer {
  return Buffer.from(`${lane}/${partition}/${sequence}/`.padEnd(bytes, '.'), 'latin1')
}

/** Longest head of a value: three numbers and their slashes. */
const HEAD_BYTES = 48

export function idOf(value: Buffer | null): RecordId | null {
  const match = /^(\d+)\/(\d+)\/(\d+)\//.exec(value?.toString('latin1', 0, HEAD_BYTES) ?? '')
  return match === null ? null : { lane: Number(match[1]), partition: Number(match[2]), sequence: Number(match[3]) }
}
