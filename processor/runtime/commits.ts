import type { Admin } from '../../client/admin/types.ts'
import type { Consumer } from '../../client/consumer/types.ts'
import { MillraceError } from '../../client/errors.ts'
import type { TopicPartition } from '../../client/topic.ts'
import { PURGE_INTERVAL_MS } from '../limits.ts'
import type { TaskPosition } from '../task/input.ts'
import type { Task } from '../task/task.ts'
import { keyOf } from './read-to-end.ts'
import type { Writer } from './writer.ts'

/** The group has moved on without this member's commit: what is not committed will be read again by whoever has it now. */
const MOVED_ON = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'])

/**
 * Makes durable what tasks have done, in the order that loses nothing: outputs, then the state they came from, then the
 * offsets of the records that changed it. A crash in between leads to records being worked on again, never to a result
 * that was forgotten while its state says it was given.
 */
export class Commits {
  /** Commits done; those that the group refused because it had moved on. */
  committed = 0
  refused = 0
  readonly #consumer: Consumer
  readonly #writer: Writer
  readonly #admin: Admin
  readonly #repartitions: ReadonlySet<string>
  /** By partition, what was committed last. */
  readonly #last = new Map<string, TaskPosition>()
  #purgedMs = 0

  constructor(consumer: Consumer, writer: Writer, admin: Admin, repartitions: ReadonlySet<string>) {
    this.#consumer = consumer
    this.#writer = writer
    this.#admin = admin
    this.#repartitions = repartitions
  }

  /** True when everything up to now is committed. */
  async commit(tasks: Iterable<Task>): Promise<boolean> {
    const all = [...tasks]
    await this.#writer.flush()
    for (const task of all) await this.#writer.changes(task.partition, task.flush())
    await this.#writer.flush()
    const positions = all.flatMap((task) => task.positions()).filter((position) => this.#isNews(position))
    if (positions.length === 0) return true
    try {
      await this.#consumer.commit(positions)
    } catch (thrown) {
      if (!(thrown instanceof MillraceError) || !MOVED_ON.has(thrown.code)) throw thrown
      this.refused++
      return false
    }
    this.committed++
    for (const position of positions) this.#last.set(keyOf(position), position)
    return true
  }

  /** Partitions came (again): what others may have committed meanwhile is not known. */
  forget(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#last.delete(keyOf(partition))
  }

  /** Deletes repartition records that were committed. That it fails costs disk, nothing else: the next one takes it along. */
  async purge(tasks: Iterable<Task>, nowMs: number): Promise<void> {
    if (nowMs - this.#purgedMs < PURGE_INTERVAL_MS) return
    this.#purgedMs = nowMs
    const owned = [...tasks].flatMap((task) => task.positions()).map(keyOf)
    const before = owned
      .flatMap((key) => this.#last.get(key) ?? [])
      .filter(({ topic }) => this.#repartitions.has(topic))
    if (before.length === 0) return
    await this.#admin
      .deleteRecords(before.map(({ topic, partition, offset }) => ({ topic, partition, offset })))
      .catch(() => undefined)
  }

  #isNews(position: TaskPosition): boolean {
    const last = this.#last.get(keyOf(position))
    return last === undefined || last.offset !== position.offset || last.metadata !== position.metadata
  }
}
