import type { DurableMark } from '../durable-mark.ts'

/** What is known of a partition beyond its directory: the checkpoints and the clean-shutdown marker beside it. */
export interface PartitionFacts {
  /** The last broker stopped cleanly: nothing may be torn. */
  readonly cleanShutdown: boolean
  /** From `recovery-point-offset-checkpoint`; -1 = not known. */
  readonly recoveryPoint: number
  /** From `log-start-offset-checkpoint`; -1 = not known. */
  readonly logStartOffset: number
  /** From `replication-offset-checkpoint`; -1 = not known. */
  readonly highWatermark: number
  /** Compaction may have left holes. */
  readonly isCompacted: boolean
  /** Every id that the metadata log gave to the topic; empty = not known. */
  readonly topicIds: readonly string[]
}

export const NO_FACTS: PartitionFacts = {
  cleanShutdown: false,
  recoveryPoint: -1,
  logStartOffset: -1,
  highWatermark: -1,
  isCompacted: false,
  topicIds: [],
}

/**
 * Which bytes of a log had been made durable: all of them after a clean stop; else those below the durable mark; with none
 * (Kafka keeps none), those below the recovery point. With neither, sealed segments count as durable, as Kafka syncs them
 * at roll, and of the last one whatever good batches follow.
 */
export class DurableBounds {
  readonly mark: DurableMark | null
  readonly #facts: PartitionFacts
  readonly #segments: readonly number[]
  readonly #hasMarkedSegment: boolean

  constructor(facts: PartitionFacts, mark: DurableMark | null, segments: readonly number[]) {
    this.mark = mark
    this.#facts = facts
    this.#segments = segments
    this.#hasMarkedSegment = mark !== null && segments.includes(mark.segmentBaseOffset)
  }

  /** Exclusive; -1 when nothing tells. */
  get endOffset(): number {
    return Math.max(this.mark?.endOffset ?? -1, this.#facts.recoveryPoint)
  }

  /** Whether the fault at a place is damage and not a torn tail. `isFollowed`: good batches come after it in the file. */
  isDurable(segment: number, position: number, offset: number, isFollowed: boolean): boolean {
    const { cleanShutdown, recoveryPoint } = this.#facts
    if (cleanShutdown) return true
    if (this.mark !== null && this.#hasMarkedSegment) {
      const marked = this.mark.segmentBaseOffset
      return segment === marked ? position < this.mark.position : segment < marked
    }
    if (this.mark !== null || recoveryPoint >= 0) return offset < this.endOffset
    return segment !== this.#segments.at(-1) || isFollowed
  }

  /** Its indexes were closed with it: it is not the newest, or the stop was clean. */
  isSealed(segment: number): boolean {
    return this.#facts.cleanShutdown || segment !== this.#segments.at(-1)
  }

  /** A start reads the segment whole and makes its indexes anew, so that what is in their files does not matter. */
  isRescanned(segment: number): boolean {
    if (this.#facts.cleanShutdown) return false
    if (this.endOffset < 0) return segment === this.#segments.at(-1)
    const from = this.#hasMarkedSegment ? this.mark!.segmentBaseOffset : Math.max(0, this.endOffset - 1)
    const holding = this.#segments.findLast((base) => base <= from) ?? this.#segments[0] ?? 0
    return segment >= holding
  }
}
