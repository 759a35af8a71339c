/**
 * Replication throttles, as Kafka has them (KIP-73): a leader sends, and a follower fetches, so many bytes per second for the
 * replicas that a topic names; what is in sync is never held back. Pure.
 */

/** A rate is measured over so many samples of a second each, as in Kafka. */
const SAMPLES = 11
const SAMPLE_MS = 1_000

/** Bytes per second, measured over the last seconds, against a limit. */
export class ReplicationQuota {
  private readonly bytesPerSecond: () => number
  /** Oldest first; none is older than the window. */
  private samples: { readonly startMs: number; bytes: number }[] = []

  /** `bytesPerSecond` is asked each time, as it may change. */
  constructor(bytesPerSecond: () => number) {
    this.bytesPerSecond = bytesPerSecond
  }

  record(bytes: number, nowMs: number): void {
    const last = this.samples.at(-1)
    if (last !== undefined && nowMs - last.startMs < SAMPLE_MS) last.bytes += bytes
    else this.samples.push({ startMs: nowMs, bytes })
  }

  isExceeded(nowMs: number): boolean {
    this.samples = this.samples.filter(({ startMs }) => nowMs - startMs < SAMPLES * SAMPLE_MS)
    const [oldest] = this.samples
    if (oldest === undefined) return false
    let bytes = 0
    for (const sample of this.samples) bytes += sample.bytes
    return (bytes * 1_000) / Math.max(nowMs - oldest.startMs, SAMPLE_MS) > this.bytesPerSecond()
  }
}

/** Which replicas of a topic one side throttles: of all partitions, or `partition:broker` pairs. */
export class ThrottledReplicas {
  private readonly isAll: boolean
  private readonly pairs: ReadonlySet<string>

  /** `words` as the topic's option has them. */
  constructor(words: readonly string[]) {
    this.isAll = words.includes('*')
    this.pairs = new Set(words)
  }

  has(partition: number, brokerId: number): boolean {
    return this.isAll || (this.pairs.size > 0 && this.pairs.has(`${partition}:${brokerId}`))
  }
}

export const NOTHING_THROTTLED = new ThrottledReplicas([])
