/** What a partition leader knows of its replicas, and the high watermark that follows from it. Pure. */

/** The committed ISR and the additions that the controller was asked for: what the high watermark must respect (R4). */
export interface IsrState {
  readonly committed: readonly number[]
  readonly proposedAdditions: readonly number[]
}

/** Committed ISR and proposed additions, each once. */
export function maximalIsr(isr: IsrState): readonly number[] {
  if (isr.proposedAdditions.length === 0) return isr.committed
  return [...new Set([...isr.committed, ...isr.proposedAdditions])]
}

/** RF 1 with `min.insync.replicas` 2 accepts acks=all, as Kafka does. */
export function effectiveMinIsr(minInsyncReplicas: number, replicationFactor: number): number {
  return Math.max(1, Math.min(minInsyncReplicas, replicationFactor))
}

/**
 * The new high watermark: the smallest end over the maximal ISR, never below the present one, and the present one while
 * the ISR is under its minimum (KIP-966). `endOf` gives the end that counts: durable in `fsync` mode, else appended.
 */
export function nextHighWatermark(
  current: number,
  isr: IsrState,
  minIsr: number,
  endOf: (replica: number) => number,
): number {
  if (isr.committed.length < minIsr) return current
  let smallest = Number.POSITIVE_INFINITY
  for (const replica of maximalIsr(isr)) smallest = Math.min(smallest, endOf(replica))
  return Number.isFinite(smallest) && smallest > current ? smallest : current
}

/** Leadership as the metadata has it. */
export interface LeadershipState {
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** Already min(`min.insync.replicas`, replication factor). */
  readonly minIsr: number
}
