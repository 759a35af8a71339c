/** Committed offsets of one shard. What is in the log is what is read; what is on its way there is only counted. */
import type { Usage } from './budget.ts'

export interface CommittedOffset {
  readonly offset: number
  /** -1 = none. */
  readonly leaderEpoch: number
  readonly metadata: string
  /** Wall-clock milliseconds. */
  readonly commitTimestampMs: number
  /** Set by OffsetCommit v2 to v4 with their own retention; else -1. */
  readonly expireTimestampMs: number
  /** All zero when not known; an offset of a topic that was deleted and made again is not shown. */
  readonly topicId: string
}

export interface OffsetEntry {
  /** Null until the first commit is durable, and after a tombstone. */
  committed: CommittedOffset | null
  /** Records about this offset on their way to the log. */
  inFlight: number
}

type Partitions = Map<number, OffsetEntry>

/** What an offset costs besides its names and metadata. */
const OFFSET_OVERHEAD_BYTES = 256

export class OffsetStore {
  readonly #groups = new Map<string, Map<string, Partitions>>()
  readonly #usage: Usage
  #count = 0

  constructor(usage: Usage) {
    this.#usage = usage
  }

  /** Offsets held, those on their way included. */
  get size(): number {
    return this.#count
  }

  /** Topics of a group, then partitions; undefined when it has none. */
  topicsOf(groupId: string): ReadonlyMap<string, ReadonlyMap<number, OffsetEntry>> | undefined {
    return this.#groups.get(groupId)
  }

  get(groupId: string, topic: string, partition: number): OffsetEntry | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition)
  }

  groupIds(): Iterable<string> {
    return this.#groups.keys()
  }

  /** A record about this offset was sent to the log. */
  begin(groupId: string, topic: string, partition: number): void {
    this.#entry(groupId, topic, partition).inFlight += 1
  }

  /** The record of an earlier `begin` has its outcome; `value` null is a tombstone. */
  end(groupId: string, topic: string, partition: number, value: CommittedOffset | null, committed: boolean): void {
    const entry = this.#entry(groupId, topic, partition)
    entry.inFlight -= 1
    if (committed) this.#write(entry, value)
    this.#forgetIfIdle(groupId, topic, partition, entry)
  }

  /** A record read from the log while the shard loads. */
  replay(groupId: string, topic: string, partition: number, value: CommittedOffset | null): void {
    const entry = this.#entry(groupId, topic, partition)
    this.#write(entry, value)
    this.#forgetIfIdle(groupId, topic, partition, entry)
  }

  #write(entry: OffsetEntry, value: CommittedOffset | null): void {
    this.#usage.add(0, 2 * ((value?.metadata.length ?? 0) - (entry.committed?.metadata.length ?? 0)))
    entry.committed = value
  }

  #entry(groupId: string, topic: string, partition: number): OffsetEntry {
    let topics = this.#groups.get(groupId)
    if (topics === undefined) this.#groups.set(groupId, (topics = new Map()))
    let partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, (partitions = new Map()))
    let entry = partitions.get(partition)
    if (entry === undefined) {
      partitions.set(partition, (entry = { committed: null, inFlight: 0 }))
      this.#count += 1
      this.#usage.add(0, OFFSET_OVERHEAD_BYTES + 2 * topic.length)
    }
    return entry
  }

  #forgetIfIdle(groupId: string, topic: string, partition: number, entry: OffsetEntry): void {
    if (entry.committed !== null || entry.inFlight > 0) return
    const topics = this.#groups.get(groupId)
    const partitions = topics?.get(topic)
    partitions?.delete(partition)
    this.#count -= 1
    this.#usage.add(0, -(OFFSET_OVERHEAD_BYTES + 2 * topic.length))
    if (partitions?.size === 0) topics?.delete(topic)
    if (topics?.size === 0) this.#groups.delete(groupId)
  }
}
