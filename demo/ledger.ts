import type { Admin } from '../client/admin/types.ts'
import { MillraceError } from '../client/errors.ts'
import type { ScorerStats } from './scorer/topology.ts'
import { SCORER_ID } from './scorer/topology.ts'
import { offsetsOf } from './read-range.ts'
import { Telemetry } from './topics.ts'

/** What became of the telemetry: `in` = `scored` + `waiting` + `rejected`, when nothing is lost and nothing counted twice. */
export interface Counts {
  readonly in: number
  readonly scored: number
  readonly waiting: number
  readonly rejected: number
}

/**
 * Every record of the telemetry topic is accounted for: what came in, by the log's own offsets; what the scorer reached, by
 * its own count; and what still waits, by the distance between the two. The three are measured apart, so that they can disagree.
 */
export class Ledger {
  readonly #admin: Admin
  readonly #signal: AbortSignal
  /** Where the scorer took over, by partition. */
  readonly #start: readonly number[]
  /** Where the log ended when the ledger was opened. */
  readonly #opened: readonly number[]
  #end: readonly number[]

  private constructor(admin: Admin, signal: AbortSignal, start: readonly number[], end: readonly number[]) {
    this.#admin = admin
    this.#signal = signal
    this.#start = start
    this.#opened = end
    this.#end = end
  }

  /** To be opened before the scorer starts. */
  static async open(admin: Admin, signal: AbortSignal): Promise<Ledger> {
    const start = await offsetsOf(admin, Telemetry.name, 'earliest', signal)
    for (const { topic, partition, offset } of await committed(admin, signal)) {
      if (topic === Telemetry.name && offset >= 0) start[partition] = offset
    }
    return new Ledger(admin, signal, start, await offsetsOf(admin, Telemetry.name, 'latest', signal))
  }

  /** Asks the log where it ends now. */
  async refresh(): Promise<void> {
    this.#end = await offsetsOf(this.#admin, Telemetry.name, 'latest', this.#signal)
  }

  /** Records from where the scorer took over to the end of the log. */
  get in(): number {
    return this.#end.reduce((sum, end, partition) => sum + end - this.#start[partition]!, 0)
  }

  /** Records that the log took since the ledger was opened. */
  get appended(): number {
    return this.#end.reduce((sum, end, partition) => sum + end - this.#opened[partition]!, 0)
  }

  /** What became of every record up to now. What the scorer has reached is in the log, though it came after the last look. */
  counts(stats: ScorerStats): Counts {
    const ends = this.#end.map((end, partition) => Math.max(end, stats.seenUpTo(partition)))
    const sum = (of: (partition: number, start: number, end: number) => number) =>
      ends.reduce((total, end, partition) => total + of(partition, this.#start[partition]!, end), 0)
    return {
      in: sum((_, start, end) => end - start),
      scored: stats.scored,
      waiting: sum((partition, start, end) => stats.waiting(partition, start, end)),
      rejected: stats.rejected,
    }
  }

  /** Records that the scorer has not reached. */
  waiting(stats: ScorerStats): number {
    return this.#end.reduce((sum, end, partition) => sum + stats.waiting(partition, this.#start[partition]!, end), 0)
  }
}

/** Committed offsets of the scorer; none when it never ran. */
async function committed(
  admin: Admin,
  signal: AbortSignal,
): Promise<{ topic: string; partition: number; offset: number }[]> {
  try {
    return await admin.listGroupOffsets(SCORER_ID, undefined, { signal })
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'GROUP_ID_NOT_FOUND') return []
    throw error
  }
}
