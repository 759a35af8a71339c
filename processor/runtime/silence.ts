import type { Admin } from '../../client/admin/types.ts'
import type { Consumer } from '../../client/consumer/types.ts'
import type { TopicPartition } from '../../client/topic.ts'
import { SILENCE_CHECK_MS } from '../limits.ts'
import type { Task } from '../task/task.ts'
import { keyOf } from './read-to-end.ts'

/** A partition and how far it was read. */
export interface Standing extends TopicPartition {
  readonly position: number
}

/** What was found at a look: partitions that had nothing to read then, or that nobody could tell. */
export interface Look {
  readonly atMs: number
  readonly silent: readonly Standing[]
  readonly unknown: readonly TopicPartition[]
}

/**
 * Tells silence from an outage: a partition is silent only if its end was asked for and is where this member stands.
 * Event time may go on in silence; in an outage it must not, or all that comes after it would be late.
 */
export class SilenceWatch {
  readonly #admin: Admin
  readonly #consumer: Consumer
  #lookedMs = 0

  constructor(admin: Admin, consumer: Consumer) {
    this.#admin = admin
    this.#consumer = consumer
  }

  isDue(nowMs: number): boolean {
    return nowMs - this.#lookedMs >= SILENCE_CHECK_MS
  }

  /** Looks at what seems to be silent. */
  async look(tasks: Iterable<Task>, nowMs: number): Promise<Look> {
    this.#lookedMs = nowMs
    const quiet: Standing[] = []
    for (const task of tasks) {
      if (!task.part.coPartitioned || task.pending > 0) continue
      for (const topic of task.inputs.keys()) {
        const place = { topic, partition: task.partition }
        const position = this.#consumer.position(place)
        if (position !== undefined && this.#consumer.lag(place) === 0) quiet.push({ ...place, position })
      }
    }
    if (quiet.length === 0) return { atMs: nowMs, silent: [], unknown: [] }
    try {
      const ends = await this.#admin.listOffsets(quiet, 'latest')
      const endOf = new Map(ends.map((end) => [keyOf(end), end.offset]))
      return { atMs: nowMs, silent: quiet.filter((each) => endOf.get(keyOf(each)) === each.position), unknown: [] }
    } catch {
      return { atMs: nowMs, silent: [], unknown: quiet }
    }
  }

  /** Whether a partition is still read as far as it was, and no further. */
  isStill({ topic, partition, position }: Standing): boolean {
    return this.#consumer.position({ topic, partition }) === position
  }
}
