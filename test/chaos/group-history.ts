/** What the members of a consumer group read and committed, and what of that is not kept. */
import type { ReadRecord } from './history.ts'
import { type Anomaly, Findings, nameOr, type Reading } from './judge.ts'

interface Progress {
  /** By offset, what was read there. */
  readonly read: Map<number, ReadRecord>
  /** The highest offset that the coordinator acknowledged as committed: all below it is done with. */
  committed: number
}

export class GroupHistory {
  readonly #partitions = new Map<number, Progress>()
  readonly #findings = new Findings()
  /** Records read, also those that were read again. */
  read = 0
  /** Commits that were acknowledged. */
  commits = 0

  /** What is known to be committed of a partition now. */
  committed(partition: number): number {
    return this.#of(partition).committed
  }

  /** A member was given the partition when `committed` was known, and the first record it read is this one (G1). */
  began(partition: number, committed: number, offset: number): void {
    if (offset < committed) {
      this.#findings.add(
        'G1',
        `${committed} of partition ${partition} was committed, and a new owner began at ${offset}`,
      )
    }
  }

  seen(partition: number, record: ReadRecord): void {
    this.read++
    this.#of(partition).read.set(record.offset, record)
  }

  acknowledged(partition: number, offset: number): void {
    const progress = this.#of(partition)
    this.commits++
    progress.committed = Math.max(progress.committed, offset)
  }

  /** Whether everything up to these ends is committed. */
  hasReached(log: Reading): boolean {
    return [...log].every(([partition, records]) => this.committed(partition) >= (records.at(-1)?.offset ?? -1) + 1)
  }

  /** `log` is everything, and `stored` the offsets that the coordinator names in the end. */
  judge(log: Reading, stored: ReadonlyMap<number, number>): Anomaly[] {
    for (const [partition, { read, committed }] of this.#partitions) {
      const found = stored.get(partition) ?? -1
      if (found < committed) {
        this.#findings.add('G1', `${committed} of partition ${partition} was committed, and ${found} is stored`)
      }
      for (const { offset, id } of log.get(partition) ?? []) {
        const where = `offset ${offset} of partition ${partition}`
        const seen = read.get(offset)
        if (seen === undefined && offset < committed) this.#findings.add('G4', where)
        if (seen !== undefined && nameOr(seen.id) !== nameOr(id))
          this.#findings.add('R11', `${where}, as a group read it`)
      }
    }
    return this.#findings.list()
  }

  #of(partition: number): Progress {
    let progress = this.#partitions.get(partition)
    if (progress === undefined) {
      progress = { read: new Map(), committed: 0 }
      this.#partitions.set(partition, progress)
    }
    return progress
  }
}
