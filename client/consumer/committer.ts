import type { Cluster } from '../cluster/cluster.ts'
import type { Coordinator } from '../cluster/coordinator.ts'
import { commitOffsets, type OffsetToCommit } from '../cluster/group-offsets.ts'
import type { MillraceError } from '../errors.ts'
import { retrying } from '../timing.ts'
import type { Membership } from './group/membership.ts'
import { type PartitionState, partitionKey } from './partition-state.ts'

/** Commits what the application has passed: on demand, at intervals, and before partitions are given up. */
export class OffsetCommitter {
  readonly #cluster: Cluster
  readonly #coordinator: Coordinator
  readonly #membership: Membership
  readonly #states: ReadonlyMap<string, PartitionState>
  readonly #onRebalance: () => void
  #timer: NodeJS.Timeout | undefined
  #underWay: Promise<void> = Promise.resolve()

  constructor(
    cluster: Cluster,
    coordinator: Coordinator,
    membership: Membership,
    states: ReadonlyMap<string, PartitionState>,
    onRebalance: () => void,
  ) {
    this.#cluster = cluster
    this.#coordinator = coordinator
    this.#membership = membership
    this.#states = states
    this.#onRebalance = onRebalance
  }

  /** Commits in the background from now on; failures are warnings, the next round tries again. */
  startAutoCommit(intervalMs: number): void {
    this.#timer = setInterval(() => {
      if (this.#membership.mustJoin && this.#membership.generation < 0) return
      this.commitPassed().catch((error: Error) => this.#cluster.config.onWarning(error))
    }, intervalMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Commits what has been passed and is not committed yet, of the given partitions or all. */
  commitPassed(states: Iterable<PartitionState> = this.#states.values(), signal?: AbortSignal): Promise<void> {
    const offsets: OffsetToCommit[] = []
    for (const { topic, partition, committable, committed, leaderEpoch } of states) {
      if (committable >= 0 && committable !== committed) {
        offsets.push({ topic, partition, offset: committable, leaderEpoch })
      }
    }
    return offsets.length === 0 ? this.#underWay.catch(() => undefined) : this.commit(offsets, signal)
  }

  /** Commits the given offsets. One commit at a time, so that an older one cannot overtake. */
  commit(offsets: readonly OffsetToCommit[], signal?: AbortSignal): Promise<void> {
    const next = this.#underWay.catch(() => undefined).then(() => this.#commit(offsets, signal))
    this.#underWay = next
    next.catch(() => undefined)
    return next
  }

  async #commit(offsets: readonly OffsetToCommit[], signal: AbortSignal | undefined): Promise<void> {
    const { config } = this.#cluster
    try {
      await retrying({ ...config, timeoutMs: config.apiTimeoutMs, signal }, () =>
        commitOffsets(this.#coordinator, this.#membership.committer, offsets, { signal }),
      )
    } catch (error) {
      this.#noteRebalance((error as MillraceError).code)
      throw error
    }
    for (const offset of offsets) {
      const state = this.#states.get(partitionKey(offset))
      if (state === undefined) continue
      state.committed = offset.offset
      // Else closing would commit the older place that the loop has passed over this newer one.
      if (state.committable < offset.offset) state.committable = offset.offset
    }
  }

  #noteRebalance(code: string): void {
    if (code === 'REBALANCE_IN_PROGRESS') this.#membership.mustJoin = true
    else if (code === 'UNKNOWN_MEMBER_ID' || code === 'ILLEGAL_GENERATION') {
      this.#membership.lose(code === 'UNKNOWN_MEMBER_ID')
    } else return
    this.#onRebalance()
  }
}
