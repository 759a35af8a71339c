/**
 * What a shard wants done after a step: records to append, replies to give, things to note. The pump drains it; the core
 * never calls out while it is changing state.
 */
import type { ErrorCode } from '../../proto/kafka/errors.ts'
import type { Done } from './api.ts'

/** A record of `__consumer_offsets`; a null value is a tombstone. */
export interface GroupRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

/** Records that belong together. Both calls happen exactly once, in the order in which the appends were made. */
export interface Append {
  readonly records: readonly GroupRecord[]
  /** Wall-clock milliseconds for the records. */
  readonly timestampMs: number
  /** The records are committed (true) or will never be (false). */
  applied(committed: boolean): void
  /** Answers who waits; NONE follows `applied(true)`, an error may also mean "not known in time". */
  answered(error: ErrorCode): void
}

/** Something an operator may want to read; client input travels in the fields. */
export interface Note {
  readonly level: 'debug' | 'info' | 'warn'
  readonly message: string
  readonly fields: Readonly<Record<string, string | number>>
}

export class Outbox {
  #appends: Append[] = []
  #replies: (() => void)[] = []
  #notes: Note[] = []
  #submitted = 0
  #settled = 0
  /** Calls that wait for every append made before them. */
  #barriers: { readonly after: number; readonly run: () => void }[] = []

  append(records: readonly GroupRecord[], timestampMs: number, done: Omit<Append, 'records' | 'timestampMs'>): void {
    const number = ++this.#submitted
    this.#appends.push({
      records,
      timestampMs,
      applied: (committed) => {
        done.applied(committed)
        this.#settle(number)
      },
      answered: (error) => {
        done.answered(error)
        // One that took too long is not waited for either.
        this.#settle(number)
      },
    })
  }

  reply<T>(done: Done<T>, value: T): void {
    this.#replies.push(() => done(value))
  }

  note(level: Note['level'], message: string, fields: Note['fields']): void {
    this.#notes.push({ level, message, fields })
  }

  /** Runs `run` once all appends made so far have an outcome: at once when there are none. */
  whenSettled(run: () => void): void {
    if (this.#settled === this.#submitted) run()
    else this.#barriers.push({ after: this.#submitted, run })
  }

  takeAppends(): readonly Append[] {
    const appends = this.#appends
    if (appends.length > 0) this.#appends = []
    return appends
  }

  takeReplies(): readonly (() => void)[] {
    const replies = this.#replies
    if (replies.length > 0) this.#replies = []
    return replies
  }

  takeNotes(): readonly Note[] {
    const notes = this.#notes
    if (notes.length > 0) this.#notes = []
    return notes
  }

  #settle(number: number): void {
    this.#settled = Math.max(this.#settled, number)
    while (this.#barriers.length > 0 && (this.#barriers[0] as { after: number }).after <= this.#settled) {
      const barrier = this.#barriers.shift()
      barrier?.run()
    }
  }
}
