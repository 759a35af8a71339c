import { must } from '../../log/violation.ts'
import type { History } from '../history.ts'
import type { CommittedLogs } from './committed-logs.ts'
import type { Invariant } from './invariant.ts'
import type { LiveReplica } from './survey.ts'

/** R1, P1: what a client was promised, or has read, is below a leader's high watermark; that it stays is `CommittedDataHeld`. */
export class AcknowledgedIsCommitted implements Invariant {
  readonly #history: History
  readonly #committed: CommittedLogs
  /** High watermarks that were the last thing their leaders did: what is below was promised, and nobody may know. */
  readonly #lastWords = new Map<string, number>()

  constructor(history: History, committed: CommittedLogs) {
    this.#history = history
    this.#committed = committed
  }

  /** A leader dies, or gives its replica away: what it did in its last event nobody sees any more. */
  leaving({ name, partition }: LiveReplica): void {
    this.#lastWords.set(name, Math.max(partition.highWatermark, this.#lastWords.get(name) ?? 0))
  }

  check(): void {
    for (const { name, promisedEnd, isDeleted } of this.#history.all) {
      if (promisedEnd <= this.#committed.endOf(name) || isDeleted) continue
      must(promisedEnd <= (this.#lastWords.get(name) ?? 0), 'R1', () => {
        return `${name} was acknowledged or read up to ${promisedEnd}, and is committed up to ${this.#committed.endOf(name)}`
      })
    }
  }
}
