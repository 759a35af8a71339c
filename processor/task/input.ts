import type { ModelOperator } from '../operators/model.ts'
import type { Source } from '../operators/source.ts'
import type { InputRecord } from '../record.ts'
import type { EventClock } from '../windows/watermark.ts'
import { decodeProgress, encodeProgress } from './progress.ts'

/** Where a partition may be committed, with the note that goes beside the offset. */
export interface TaskPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly metadata: string
}

interface Offered {
  readonly records: readonly InputRecord[]
  readonly nextOffset: number
}

/** One partition that a task reads: its sources, how far it has come, and records that were taken but must wait. */
export class TaskInput {
  readonly topic: string
  readonly partition: number
  readonly sources: readonly Source[]
  /** The clocks that hang on this input. */
  readonly clocks: readonly EventClock[]
  /** Where they stood when this input was committed. */
  readonly committedClocks = new Map<EventClock, number>()
  readonly #models: readonly ModelOperator[]
  #nextOffset = -1
  /** Note for the last position at which nothing was held back. */
  #progress = ''
  #offered: Offered[] = []
  /** Records of the first offer that are done. */
  #done = 0

  constructor(topic: string, partition: number, sources: readonly Source[], models: readonly ModelOperator[]) {
    this.topic = topic
    this.partition = partition
    this.sources = sources.filter((source) => source.topic === topic)
    this.clocks = [...new Set(this.sources.flatMap((source) => source.clocks))]
    this.#models = models
  }

  get pending(): number {
    let pending = -this.#done
    for (const offer of this.#offered) pending += offer.records.length
    return pending
  }

  offer(records: readonly InputRecord[], nextOffset: number): void {
    this.#offered.push({ records, nextOffset })
  }

  /** Works on what was offered until it is done or the task is blocked; how many records. */
  run(isBlocked: () => boolean): number {
    let count = 0
    for (const source of this.sources) source.begin()
    for (let offer = this.#offered[0]; offer !== undefined; offer = this.#offered[0]) {
      const { records } = offer
      while (this.#done < records.length) {
        if (isBlocked()) return count
        const record = records[this.#done++]!
        for (const source of this.sources) source.accept(record)
        this.#nextOffset = record.offset + 1
        count++
      }
      this.#nextOffset = Math.max(this.#nextOffset, offer.nextOffset)
      this.#offered.shift()
      this.#done = 0
    }
    return count
  }

  /** Undefined when nothing was read. Records that wait for a model are read again after a restart. */
  position(): TaskPosition | undefined {
    if (this.#nextOffset < 0) return undefined
    const held = this.#models.reduce(
      (first, model) => Math.min(first, model.firstWaiting(this.topic)),
      Number.POSITIVE_INFINITY,
    )
    // What is held back is read again under the event time of before, or it would be late.
    if (held > this.#nextOffset) this.#progress = this.#encodeProgress()
    return {
      topic: this.topic,
      partition: this.partition,
      offset: Math.min(this.#nextOffset, held),
      metadata: this.#progress,
    }
  }

  /** Takes up the event time that was committed beside the offset. */
  resume(text: string): void {
    const progress = decodeProgress(text)
    if (progress === undefined) return
    this.#progress = text
    // Another number of clocks is another topology: event time is then learned from the channels.
    if (progress.clocks.length === this.clocks.length) {
      for (const [i, clock] of this.clocks.entries()) this.committedClocks.set(clock, progress.clocks[i]!)
    }
    for (const [i, channels] of progress.sources.entries()) this.sources[i]?.resume(channels)
  }

  #encodeProgress(): string {
    const clocks = this.clocks.map((clock) => clock.watermark)
    const channels = this.sources.map((source) => source.channels)
    return encodeProgress(clocks, channels)
  }
}
