import type { StoredBatch } from '../../../../testing/sim/index.ts'

export type CommittedBatch = Pick<StoredBatch, 'baseOffset' | 'nextOffset' | 'leaderEpoch' | 'crc'>

/** What was committed of one partition: below some leader's high watermark, at any time. */
export interface CommittedLog {
  readonly batches: CommittedBatch[]
  endOffset: number
}

export class CommittedLogs {
  readonly #logs = new Map<string, CommittedLog>()
  /** Told of each batch once, in order of offsets; the bytes are valid during the call. */
  readonly #committed: (name: string, batch: StoredBatch) => void

  constructor(committed: (name: string, batch: StoredBatch) => void) {
    this.#committed = committed
  }

  get(name: string): CommittedLog | undefined {
    return this.#logs.get(name)
  }

  names(): Iterable<string> {
    return this.#logs.keys()
  }

  /** The log of a partition that somebody leads. */
  of(name: string): CommittedLog {
    let log = this.#logs.get(name)
    if (log === undefined) this.#logs.set(name, (log = { batches: [], endOffset: 0 }))
    return log
  }

  /** Exclusive end of what is committed. */
  endOf(name: string): number {
    return this.#logs.get(name)?.endOffset ?? 0
  }

  add(name: string, log: CommittedLog, batch: StoredBatch): void {
    const { baseOffset, nextOffset, leaderEpoch, crc } = batch
    log.batches.push({ baseOffset, nextOffset, leaderEpoch, crc })
    log.endOffset = nextOffset
    this.#committed(name, batch)
  }
}
