import type { ChangelogRecord } from '../record.ts'
import type { Task } from '../task/task.ts'

/** Changelog topics in memory, with their compaction. */
export class Changelogs {
  readonly #records = new Map<string, ChangelogRecord[]>()

  append(partition: number, records: readonly ChangelogRecord[]): void {
    for (const record of records) {
      const place = placeOf(record.store, partition)
      const log = this.#records.get(place)
      if (log === undefined) this.#records.set(place, [record])
      else log.push(record)
    }
  }

  /** Feeds a task what its stores had written. */
  restore(task: Task): void {
    for (const { name } of task.part.stores) {
      for (const { key, value } of this.#records.get(placeOf(name, task.partition)) ?? []) {
        task.restore(name, Buffer.from(key), value === null ? null : Buffer.from(value))
      }
    }
  }

  /** Keeps the last record of each key, as a broker's cleaner may at any time. */
  compact(): void {
    for (const [place, records] of this.#records) {
      const last = new Map(records.map((record, i) => [Buffer.from(record.key).toString('latin1'), i]))
      this.#records.set(
        place,
        records.filter(
          (record, i) => last.get(Buffer.from(record.key).toString('latin1')) === i && record.value !== null,
        ),
      )
    }
  }

  /** Records kept, over all stores and partitions. */
  get size(): number {
    let size = 0
    for (const records of this.#records.values()) size += records.length
    return size
  }
}

function placeOf(store: string, partition: number): string {
  return `${store}/${partition}`
}
