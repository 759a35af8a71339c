import { Errors } from '../../proto/kafka/errors.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { clientError, KafkaError, type MillraceError } from '../errors.ts'
import { abortable, type Deferred, deferred, throwIfAborted } from '../timing.ts'
import type { TopicPartition } from '../topic.ts'
import type { OffsetCommitter } from './committer.ts'
import type { ConsumerConfig } from './config.ts'
import { type Delivery, Fetcher } from './fetcher.ts'
import { Heartbeat } from './group/heartbeat.ts'
import type { Membership } from './group/membership.ts'
import type { Coordinator } from '../cluster/coordinator.ts'
import { PartitionState, partitionKey } from './partition-state.ts'
import type { PositionFinder } from './positions.ts'

/** The parts a poller is made of. */
export interface PollerParts {
  readonly cluster: Cluster
  readonly config: ConsumerConfig
  readonly channel: string
  readonly states: Map<string, PartitionState>
  readonly positions: PositionFinder
  /** Absent without a group. */
  readonly coordinator: Coordinator | undefined
  readonly committer: OffsetCommitter | undefined
  /** Absent unless partitions come from the group. */
  readonly membership: Membership | undefined
}

/**
 * What happens while the application waits for its next record, and only then: joining, giving up and taking on
 * partitions, finding positions, taking what was fetched.
 */
export class Poller {
  readonly #parts: PollerParts
  readonly fetcher: Fetcher
  readonly #heartbeat: Heartbeat | undefined
  readonly #stopListening: () => void
  readonly #closing = new AbortController()
  readonly #warnedOf = new Set<string>()
  #wakeup: Deferred<void> | undefined
  #failure: MillraceError | undefined
  /** Asks for records so far; whether one is being waited for; and when the heartbeat last saw either. */
  #asks = 0
  #isWaiting = false
  #asksSeen = 0
  #lastAskMs = 0

  constructor(parts: PollerParts) {
    this.#parts = parts
    const { cluster, config, channel, coordinator, membership } = parts
    this.fetcher = new Fetcher(cluster, config, `fetch-${channel}`, () => this.wake())
    this.#stopListening = cluster.onMetadata(() => this.#metadataChanged())
    if (membership === undefined || coordinator === undefined) return
    this.#heartbeat = new Heartbeat(config, coordinator, membership, `group-${channel}`, {
      changed: () => this.wake(),
      failed: (error) => this.#fail(error),
      isPolling: () => this.#isPolling(),
    })
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  /** Whether `prepare` has something to do before the next record may be delivered. */
  get isDue(): boolean {
    return this.isClosed || this.#failure !== undefined || this.#parts.membership?.mustJoin === true
  }

  /** Fires when the poller closes, or the application's own signal does. */
  signalWith(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
  }

  /** The application asks for its next record. */
  ask(): void {
    this.#asks++
  }

  /** Takes on partitions that were assigned by hand. */
  assign(states: readonly PartitionState[]): void {
    for (const state of states) {
      this.#parts.states.set(partitionKey(state), state)
      this.fetcher.add(state)
    }
  }

  /** The next delivery, waiting for it; undefined once closed. Rejects with what ended the membership or the fetch. */
  async next(signal: AbortSignal): Promise<Delivery | undefined> {
    this.#isWaiting = true
    try {
      for (;;) {
        await this.#prepare(signal)
        const delivery = this.fetcher.take()
        if (delivery?.error !== undefined) throw delivery.error
        if (delivery !== undefined) return delivery
        await this.#sleep(signal)
      }
    } catch (error) {
      if (this.isClosed) return undefined
      throw error
    } finally {
      this.#isWaiting = false
    }
  }

  /** Does what is due, without taking anything. False once closed. */
  async prepare(signal: AbortSignal): Promise<boolean> {
    this.#isWaiting = true
    try {
      await this.#prepare(signal)
      return true
    } catch (error) {
      if (this.isClosed) return false
      throw error
    } finally {
      this.#isWaiting = false
    }
  }

  /** Lets a waiting `next` look again. */
  wake(): void {
    this.#wakeup?.resolve()
    this.#wakeup = undefined
  }

  /** Ends waiting and heartbeats; partitions are given up by `release`. */
  close(): void {
    this.#closing.abort(clientError('CLIENT_CLOSED', 'consumer'))
    this.#heartbeat?.stop()
    this.#stopListening()
    this.wake()
  }

  /** Gives up all partitions, committing first if that is automatic. */
  async release(signal: AbortSignal): Promise<void> {
    await this.#giveUp([...this.#parts.states.values()], 'revoked', signal)
    this.fetcher.close()
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    throwIfAborted(signal)
    if (this.#failure !== undefined) {
      const failure = this.#failure
      this.#failure = undefined
      throw failure
    }
    const { membership, positions, states } = this.#parts
    while (membership?.mustJoin) await this.#rebalance(membership, signal)
    const unplaced = [...states.values()].filter((state) => state.fetchOffset < 0)
    if (unplaced.length > 0) await positions.place(unplaced, signal)
    this.fetcher.poke()
  }

  async #rebalance(membership: Membership, signal: AbortSignal): Promise<void> {
    const { config, cluster, states } = this.#parts
    this.#heartbeat?.stop()
    cluster.track(config.topics.keys())
    if ([...config.topics.keys()].some((topic) => cluster.knownTopic(topic) === undefined)) {
      await abortable(cluster.refresh(), signal).catch(() => throwIfAborted(signal))
    }
    if (membership.isLost) await this.#giveUp([...states.values()], 'lost', signal)
    else if (!config.isCooperative) await this.#giveUp([...states.values()], 'revoked', signal)
    membership.isLost = false
    const assigned = await membership.join([...states.values()], signal)
    if (assigned === undefined) return
    this.#lastAskMs = Date.now()
    this.#heartbeat?.start()
    await this.#adopt(assigned, membership, signal)
  }

  /** After a cooperative round members that gave something up join once more, so that it can be handed on (KIP-429). */
  async #adopt(assigned: readonly TopicPartition[], membership: Membership, signal: AbortSignal): Promise<void> {
    const { config, states } = this.#parts
    const keys = new Set(assigned.map(partitionKey))
    const revoked = [...states.values()].filter((state) => !keys.has(partitionKey(state)))
    if (revoked.length > 0) {
      await this.#giveUp(revoked, 'revoked', signal)
      membership.mustJoin = true
    }
    const added: PartitionState[] = []
    for (const partition of assigned) {
      const descriptor = config.topics.get(partition.topic)
      if (descriptor === undefined || states.has(partitionKey(partition))) continue
      added.push(new PartitionState(descriptor, partition.partition))
    }
    this.assign(added)
    if (added.length > 0) await config.onAssigned(added.map(plain))
  }

  async #giveUp(revoked: readonly PartitionState[], how: 'revoked' | 'lost', signal: AbortSignal): Promise<void> {
    if (revoked.length === 0) return
    const { config, cluster, committer, states } = this.#parts
    const partitions = revoked.map(plain)
    try {
      if (how === 'revoked') await config.onRevoked(partitions)
      else await config.onLost(partitions)
      if (how === 'revoked' && config.autoCommit) {
        await committer?.commitPassed(revoked, signal).catch((error: Error) => cluster.config.onWarning(error))
      }
    } finally {
      for (const state of revoked) {
        state.drop()
        this.fetcher.remove(state)
        states.delete(partitionKey(state))
      }
    }
  }

  /** Until `wake`. Whoever aborts the signal wakes: a listener for each wait would cost more than the wait. */
  #sleep(signal: AbortSignal): Promise<void> {
    if (this.isDue || signal.aborted) return Promise.resolve()
    this.#wakeup ??= deferred<void>()
    return this.#wakeup.promise
  }

  #fail(error: MillraceError): void {
    this.#failure = error
    this.wake()
  }

  /** The group's leader answers for new partitions: it calls the members together again. */
  #metadataChanged(): void {
    const { cluster, config, membership } = this.#parts
    const counts = membership?.assignedCounts
    if (membership !== undefined && counts) {
      const isChanged = [...counts].some(
        ([topic, count]) => (cluster.knownTopic(topic)?.partitions.length ?? count) !== count,
      )
      const isNew = [...config.topics.keys()].some(
        (topic) => !counts.has(topic) && cluster.knownTopic(topic) !== undefined,
      )
      if (isChanged || isNew) membership.mustJoin = true
    }
    this.#askForMissing()
    this.fetcher.poke()
    this.wake()
  }

  /** A topic that does not exist may do so later; until then it is a warning, once. */
  #askForMissing(): void {
    const { cluster, config } = this.#parts
    for (const topic of config.topics.keys()) {
      if (cluster.knownTopic(topic) !== undefined) continue
      cluster.refreshSoon()
      const errorCode = cluster.metadata.topic(topic)?.errorCode
      if (errorCode === undefined || errorCode === Errors.NONE || this.#warnedOf.has(topic)) continue
      this.#warnedOf.add(topic)
      cluster.config.onWarning(new KafkaError(errorCode, `consumed topic ${topic}`))
    }
  }

  #isPolling(): boolean {
    const now = Date.now()
    if (this.#isWaiting || this.#asks !== this.#asksSeen) {
      this.#asksSeen = this.#asks
      this.#lastAskMs = now
    }
    return now - this.#lastAskMs <= this.#parts.config.maxPollIntervalMs
  }
}

function plain({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}
