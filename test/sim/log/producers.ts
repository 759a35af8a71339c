/** What the log must know of its producers, told by the batches alone: the plainest form of W16. */
import { Errors } from '../../../proto/kafka/errors.ts'
import type { SentBatch, StoredBatch } from './batches.ts'

const WINDOW = 5
const SEQUENCE_MASK = 0x7fffffff

export type Outcome =
  | { readonly kind: 'appended' }
  | { readonly kind: 'duplicate'; readonly base: number; readonly end: number }
  | { readonly kind: 'refused'; readonly error: number }

interface Entry {
  epoch: number
  /** The newest batches of the epoch, oldest first. */
  window: StoredBatch[]
}

const APPENDED: Outcome = { kind: 'appended' }
const GAP: Outcome = { kind: 'refused', error: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER }
const FENCED: Outcome = { kind: 'refused', error: Errors.INVALID_PRODUCER_EPOCH }

export class ProducerModel {
  readonly #entries = new Map<number, Entry>()
  /** Producers of which the log may know more than its batches tell: from a snapshot that outlived a deleted segment. */
  readonly #vague = new Map<number, StoredBatch[]>()
  /** All that each has in the log, or had before what is left now. */
  readonly #history = new Map<number, StoredBatch[]>()

  /** What `append` may answer: nearly always one thing. */
  outcomes(sent: SentBatch): readonly Outcome[] {
    const { producer } = sent
    if (producer === null) return [APPENDED]
    const entry = this.#entries.get(producer.id)
    const older = this.#vague.get(producer.id)
    if (entry === undefined) return older === undefined ? [APPENDED] : anything(sent, older)
    if (producer.epoch < entry.epoch) return [FENCED]
    if (sent.marker !== null) return [APPENDED]
    if (producer.epoch > entry.epoch) return [producer.firstSequence === 0 ? APPENDED : GAP]
    const copy = copyIn(entry.window, sent)
    if (copy !== undefined) return [{ kind: 'duplicate', base: copy.base, end: copy.end }]
    if (entry.window.length === 0 && older !== undefined) return anything(sent, older)
    const next = entry.window.length === 0 ? 0 : nextSequence(entry.window.at(-1)!)
    if (producer.firstSequence === next) return [APPENDED]
    const forgotten = older === undefined ? undefined : copyIn(older, sent)
    return forgotten === undefined ? [GAP] : [GAP, { kind: 'duplicate', base: forgotten.base, end: forgotten.end }]
  }

  note(batch: StoredBatch): void {
    const { producer } = batch
    if (producer === null) return
    let entry = this.#entries.get(producer.id)
    if (entry === undefined || entry.epoch !== producer.epoch) {
      entry = { epoch: producer.epoch, window: [] }
      this.#entries.set(producer.id, entry)
    }
    if (batch.marker !== null) return
    entry.window = [...entry.window, batch].slice(-WINDOW)
    const history = this.#history.get(producer.id)
    if (history === undefined) this.#history.set(producer.id, [batch])
    else history.push(batch)
  }

  /** The state was built anew from what is left: `batches` are in files, and a snapshot may or may not tell of older ones. */
  rebuild(batches: readonly StoredBatch[]): void {
    const from = batches[0]?.base ?? Number.POSITIVE_INFINITY
    // Compaction may have taken some out.
    const left = new Set(batches.map(({ base }) => base))
    for (const [id, { window }] of this.#entries) if (window.length === 0) this.#vague.set(id, [])
    for (const [id, history] of this.#history) {
      const older = history.filter(({ base }) => base < from || !left.has(base))
      this.#history.set(id, older)
      if (older.length > 0) this.#vague.set(id, older)
    }
    this.#entries.clear()
    for (const batch of batches) this.note(batch)
  }
}

function anything(sent: SentBatch, older: readonly StoredBatch[]): Outcome[] {
  const copy = copyIn(older, sent)
  const outcomes = [APPENDED, GAP, FENCED]
  return copy === undefined ? outcomes : [...outcomes, { kind: 'duplicate', base: copy.base, end: copy.end }]
}

/** The newest copy: a batch is taken again only where the one before has been cut off. */
function copyIn(batches: readonly StoredBatch[], { producer, count }: SentBatch): StoredBatch | undefined {
  return batches.findLast(
    (batch) =>
      batch.producer!.epoch === producer!.epoch &&
      batch.producer!.firstSequence === producer!.firstSequence &&
      batch.count === count,
  )
}

/** Sequences wrap from 2^31 - 1 to 0. */
export function nextSequence({ producer, count }: SentBatch): number {
  return (producer!.firstSequence + count) & SEQUENCE_MASK
}
