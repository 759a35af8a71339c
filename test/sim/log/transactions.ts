/** Which transactions are open, over, aborted, told by the batches alone (T1, T5). */
import type { StoredBatch } from './batches.ts'

interface Ended {
  readonly producerId: number
  readonly first: number
  readonly marker: number
  /** Known to the log from a replay only, which need not have reached back so far. */
  readonly isOld: boolean
}

export interface Aborted {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
}

export class TransactionModel {
  readonly #open = new Map<number, number>()
  #ended: Ended[] = []
  #aborted: Aborted[] = []
  /** All that are over, held back or not: after a crash the high watermark may be lower again. */
  #over: Ended[] = []
  /** Producers that may have one open since before the first batch that is left. */
  readonly #vague = new Set<number>()
  /** Markers that may have ended such a one, and its producer. */
  readonly #vagueMarkers = new Map<number, number>()
  /** Markers of aborted transactions that began before the first batch that is left. */
  readonly #oldMarkers = new Set<number>()

  note(batch: StoredBatch, isOld = false): void {
    const { producer, marker, base } = batch
    if (producer === null || !batch.isTransactional) return
    const first = this.#open.get(producer.id)
    if (marker === null) {
      if (first === undefined) this.#open.set(producer.id, base)
      return
    }
    this.#open.delete(producer.id)
    if (this.#vague.delete(producer.id)) this.#vagueMarkers.set(base, producer.id)
    else if (first !== undefined) this.#end(first, batch, isOld)
  }

  #end(first: number, { producer, marker, base }: StoredBatch, isOld: boolean): void {
    const ended = { producerId: producer!.id, first, marker: base, isOld }
    this.#ended.push(ended)
    this.#over.push(ended)
    if (marker === 'abort') this.#aborted.push({ producerId: producer!.id, firstOffset: first, lastOffset: base })
  }

  /** The log has only these batches to tell from, and perhaps a snapshot of what was open before them. */
  rebuild(batches: readonly StoredBatch[]): void {
    const from = batches[0]?.base ?? Number.POSITIVE_INFINITY
    for (const [id, first] of this.#open) if (first < from) this.#vague.add(id)
    for (const { firstOffset, lastOffset } of this.#aborted) if (firstOffset < from) this.#oldMarkers.add(lastOffset)
    const end = batches.at(-1)?.end ?? from
    const reachIn = this.#over.filter(({ first, marker }) => first < from && from <= marker)
    // A marker that was cut off has ended nothing.
    for (const { producerId, marker } of reachIn) if (marker >= end) this.#vague.add(producerId)
    for (const [marker, producerId] of this.#vagueMarkers) {
      if (marker >= end && this.#vagueMarkers.delete(marker)) this.#vague.add(producerId)
    }
    // A snapshot may tell of what was open where the batches begin, and their markers end it once more.
    this.#over = reachIn.filter(({ marker }) => marker < end).map((ended) => ({ ...ended, isOld: true }))
    this.#open.clear()
    this.#ended = [...this.#over]
    this.#aborted = []
    for (const batch of batches) this.note(batch, true)
  }

  highWatermarkMoved(highWatermark: number): void {
    this.#ended = this.#ended.filter(({ marker }) => marker >= highWatermark)
  }

  /** The least and the most that the first unstable offset may be; Infinity = nothing is unstable. Null = cannot be told. */
  firstUnstable(): readonly [number, number] | null {
    if (this.#vague.size > 0 || this.#vagueMarkers.size > 0 || this.#oldMarkers.size > 0) return null
    const sure = [...this.#open.values(), ...this.#ended.filter(({ isOld }) => !isOld).map(({ first }) => first)]
    const all = [...sure, ...this.#ended.map(({ first }) => first)]
    return [Math.min(Number.POSITIVE_INFINITY, ...all), Math.min(Number.POSITIVE_INFINITY, ...sure)]
  }

  /** Those that reach into [from, end), by their markers. */
  abortedIn(from: number, end: number): Aborted[] {
    return this.#aborted.filter(({ firstOffset, lastOffset }) => {
      return lastOffset >= from && firstOffset < end && !this.mayHaveAborted(lastOffset)
    })
  }

  /** Whether a marker may have aborted a transaction that began before all that is left. */
  mayHaveAborted(marker: number): boolean {
    return this.#vagueMarkers.has(marker) || this.#oldMarkers.has(marker)
  }
}
