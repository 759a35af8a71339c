import { Errors } from '../../proto/kafka/errors.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Coordinator } from '../cluster/coordinator.ts'
import { type CommittedOffset, fetchOffsets } from '../cluster/group-offsets.ts'
import { EARLIEST, LATEST, listOffsets } from '../cluster/list-offsets.ts'
import { clientError, KafkaError } from '../errors.ts'
import { retrying } from '../timing.ts'
import type { TopicPartition } from '../topic.ts'
import type { ConsumerConfig } from './config.ts'
import { type PartitionState, partitionKey } from './partition-state.ts'
import type { OffsetReset } from './types.ts'

/** Finds out where partitions begin: the group's committed offset, else what the reset rule says. */
export class PositionFinder {
  readonly #cluster: Cluster
  readonly #config: ConsumerConfig
  readonly #coordinator: Coordinator | undefined

  constructor(cluster: Cluster, config: ConsumerConfig, coordinator: Coordinator | undefined) {
    this.#cluster = cluster
    this.#config = config
    this.#coordinator = coordinator
  }

  /** Places every given partition that has no position. Rejects with CLIENT_NO_OFFSET or OFFSET_OUT_OF_RANGE. */
  async place(states: readonly PartitionState[], signal: AbortSignal): Promise<void> {
    const versions = new Map(states.map((state) => [state, state.version]))
    // A seek during the requests wins over what they answer.
    const isOpen = (state: PartitionState): boolean => state.fetchOffset < 0 && versions.get(state) === state.version
    const committed = await this.committed(
      states.filter((state) => !state.isOutOfRange),
      signal,
    )
    const byKey = new Map(committed.map((offset) => [partitionKey(offset), offset]))
    for (const state of states.filter(isOpen)) {
      const known = state.isOutOfRange ? undefined : byKey.get(partitionKey(state))
      if (known === undefined) continue
      state.begin(known.offset)
      state.committed = known.offset
    }
    const rest = states.filter(isOpen)
    if (rest.length === 0) return
    const offsets = await this.#reset(rest, signal)
    rest.forEach((state, index) => {
      if (isOpen(state)) state.begin(offsets[index]!)
    })
  }

  /** Offsets that the group has committed; none without a group. */
  async committed(partitions: readonly TopicPartition[], signal: AbortSignal | undefined): Promise<CommittedOffset[]> {
    const coordinator = this.#coordinator
    if (coordinator === undefined || partitions.length === 0) return []
    const policy = { ...this.#cluster.config, timeoutMs: this.#cluster.config.apiTimeoutMs, signal }
    return retrying(policy, () =>
      fetchOffsets(coordinator, this.#config.group, partitions, this.#config.isReadCommitted, { signal }),
    )
  }

  /** The offsets of an end or a time. */
  async find(
    partitions: readonly TopicPartition[],
    place: Exclude<OffsetReset, 'none'>,
    signal: AbortSignal | undefined,
  ): Promise<number[]> {
    const options = { isReadCommitted: this.#config.isReadCommitted, signal }
    const timestamp = place === 'earliest' ? EARLIEST : place === 'latest' ? LATEST : place.timestamp
    const found = await listOffsets(this.#cluster, partitions, timestamp, options)
    const missing = found.filter(({ offset }) => offset < 0)
    if (missing.length === 0) return found.map(({ offset }) => offset)
    // Nothing at or after that time: go on with what comes.
    const ends = await listOffsets(this.#cluster, missing, LATEST, options)
    return found.map((at) => (at.offset < 0 ? ends[missing.indexOf(at)]!.offset : at.offset))
  }

  async #reset(states: readonly PartitionState[], signal: AbortSignal): Promise<number[]> {
    const { offsetReset } = this.#config
    if (offsetReset !== 'none') return this.find(states, offsetReset, signal)
    const first = states[0]!
    if (first.isOutOfRange) throw new KafkaError(Errors.OFFSET_OUT_OF_RANGE, first.name)
    throw clientError('CLIENT_NO_OFFSET', first.name)
  }
}
