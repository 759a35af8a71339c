import { Errors } from '../../proto/kafka/errors.ts'
import type { FetchRequest, FetchResponse, FetchTopic, PartitionData } from '../../proto/kafka/generated/01-fetch.ts'
import { Fetch } from '../../proto/kafka/generated/apis.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { asMillraceError, KafkaError, type MillraceError } from '../errors.ts'
import { backoffMs } from '../timing.ts'
import type { ConsumerConfig } from './config.ts'
import {
  answersByPartition,
  type FetchedPartition,
  leaseOf,
  type PartitionOutcome,
  takeAnswer,
} from './fetch-response.ts'
import type { FetchedBatch } from './fetched-batch.ts'
import type { FrameLease } from './frame-lease.ts'
import type { PartitionState } from './partition-state.ts'

/** Last version that names topics; above it they go by id. */
const LAST_VERSION_WITH_NAMES = 12

/** Fetches unanswered per broker: the second serves partitions that became free while the first is parked. */
const SLOTS_PER_BROKER = 2

/** Of one partition, at most this many answers wait for the application. */
const ANSWERS_AHEAD = 2

const MAX_INT64 = 2 ** 63

/** Something for the application: records of a partition, or why there are none. */
export interface Delivery {
  readonly state: PartitionState
  readonly version: number
  readonly batch?: FetchedBatch<unknown, unknown, string>
  readonly error?: MillraceError
}

/**
 * Fetches ahead of the application, one request per broker for all its partitions, within a budget of bytes. Never
 * sends for a partition that is paused, unplaced or has enough buffered.
 */
export class Fetcher {
  readonly #cluster: Cluster
  readonly #config: ConsumerConfig
  readonly #channel: string
  readonly #onDelivery: () => void
  /** Assigned partitions; those served last come last, so that all get their turn. */
  readonly #states = new Set<PartitionState>()
  readonly #busySlots = new Map<number, Set<number>>()
  #deliveries: Delivery[] = []
  #bufferedBytes = 0
  #isScheduled = false
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(cluster: Cluster, config: ConsumerConfig, channel: string, onDelivery: () => void) {
    this.#cluster = cluster
    this.#config = config
    this.#channel = channel
    this.#onDelivery = onDelivery
  }

  /** The channels it uses, to be closed with it. */
  get channels(): string[] {
    return Array.from({ length: SLOTS_PER_BROKER }, (_, slot) => `${this.#channel}-${slot}`)
  }

  add(state: PartitionState): void {
    this.#states.add(state)
  }

  remove(state: PartitionState): void {
    this.#states.delete(state)
  }

  /** The next thing for the application, in order of arrival; paused partitions are passed over, outdated ones dropped. */
  take(): Delivery | undefined {
    for (let i = 0; i < this.#deliveries.length; i++) {
      const delivery = this.#deliveries[i]!
      const isOutdated = delivery.version !== delivery.state.version
      if (!isOutdated && delivery.state.isPaused) continue
      this.#deliveries.splice(i, 1)
      i--
      const bytes = delivery.batch?.bytes ?? 0
      this.#bufferedBytes -= bytes
      delivery.state.bufferedBytes -= bytes
      if (isOutdated) {
        delivery.batch?.discard()
        continue
      }
      if (delivery.error !== undefined) delivery.state.isFetching = false
      this.poke()
      return delivery
    }
    this.poke()
    return undefined
  }

  /** A pause may be long: what waits of the partition is moved out of the larger answers it came in. */
  compact(state: PartitionState): void {
    for (const delivery of this.#deliveries) if (delivery.state === state) delivery.batch?.detach()
  }

  /** Puts back what could not be delivered after all, e.g. a batch cut short by a pause. */
  putBack(delivery: Delivery): void {
    const bytes = delivery.batch?.bytes ?? 0
    this.#bufferedBytes += bytes
    delivery.state.bufferedBytes += bytes
    this.#deliveries.unshift(delivery)
  }

  /** Looks for something to fetch, once this turn of the event loop is over. */
  poke(): void {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (!this.#isClosed) this.#fetch()
    })
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#deliveries = []
    this.#states.clear()
  }

  #fetch(): void {
    clearTimeout(this.#timer)
    const now = Date.now()
    const byBroker = new Map<number, FetchedPartition[]>()
    let wakeAtMs = Number.POSITIVE_INFINITY
    for (const state of this.#states) {
      if (!this.#wants(state)) continue
      if (state.mutedUntilMs > now) {
        wakeAtMs = Math.min(wakeAtMs, state.mutedUntilMs)
        continue
      }
      const broker = this.#brokerOf(state, now)
      if (broker < 0) {
        this.#cluster.refreshSoon()
        continue
      }
      const asked = { state, version: state.version, offset: state.fetchOffset }
      const list = byBroker.get(broker)
      if (list === undefined) byBroker.set(broker, [asked])
      else list.push(asked)
    }
    for (const [broker, partitions] of byBroker) this.#send(broker, partitions)
    if (wakeAtMs < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.poke(), wakeAtMs - now)
  }

  #wants(state: PartitionState): boolean {
    return (
      !state.isFetching &&
      !state.isPaused &&
      state.fetchOffset >= 0 &&
      state.bufferedBytes < this.#config.maxPartitionBytes * ANSWERS_AHEAD &&
      this.#bufferedBytes < this.#config.prefetchBytes
    )
  }

  #brokerOf(state: PartitionState, now: number): number {
    if (state.preferredReplica >= 0) {
      if (now < state.preferredUntilMs && this.#cluster.metadata.brokers.has(state.preferredReplica)) {
        return state.preferredReplica
      }
      state.preferredReplica = -1
    }
    return this.#cluster.metadata.partition(state.topic, state.partition)?.leader ?? -1
  }

  #send(broker: number, partitions: readonly FetchedPartition[]): void {
    const busy = this.#busySlots.get(broker) ?? new Set<number>()
    this.#busySlots.set(broker, busy)
    const slot = Array.from({ length: SLOTS_PER_BROKER }, (_, index) => index).find((index) => !busy.has(index))
    if (slot === undefined) return
    busy.add(slot)
    for (const { state } of partitions) state.isFetching = true
    this.#exchange(broker, `${this.#channel}-${slot}`, partitions)
      .then((response) => this.#received(partitions, response))
      .catch((error: unknown) => this.#failed(partitions, asMillraceError(error, 'Fetch')))
      .finally(() => {
        busy.delete(slot)
        this.poke()
      })
  }

  async #exchange(broker: number, channel: string, partitions: readonly FetchedPartition[]): Promise<FetchResponse> {
    const connection = await this.#cluster.connect(broker, channel)
    const topics = this.#requestTopics(partitions)
    const hasIds = topics.every(({ topicId }) => topicId !== ZERO_UUID)
    const version = connection.version(Fetch, hasIds ? undefined : LAST_VERSION_WITH_NAMES)
    const timeoutMs = this.#cluster.config.requestTimeoutMs + this.#config.maxWaitMs
    const response = await connection.request(Fetch, this.#request(topics), version, timeoutMs)
    if (response.errorCode !== Errors.NONE) throw new KafkaError(response.errorCode, 'Fetch')
    return response
  }

  /** Without a session: each request names all its partitions (W13 allows it everywhere). */
  #request(topics: FetchTopic[]): FetchRequest {
    return {
      clusterId: null,
      replicaId: -1,
      replicaState: { replicaId: -1, replicaEpoch: -1 },
      maxWaitMs: this.#config.maxWaitMs,
      minBytes: this.#config.minBytes,
      maxBytes: this.#config.maxBytes,
      isolationLevel: this.#config.isReadCommitted ? 1 : 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics,
      forgottenTopicsData: [],
      rackId: this.#cluster.config.rack,
    }
  }

  #requestTopics(partitions: readonly FetchedPartition[]): FetchTopic[] {
    const topics = new Map<string, FetchTopic>()
    for (const { state, offset } of partitions) {
      const info = this.#cluster.knownTopic(state.topic)
      let topic = topics.get(state.topic)
      if (topic === undefined) {
        topic = { topic: state.topic, topicId: info?.id ?? ZERO_UUID, partitions: [] }
        topics.set(state.topic, topic)
      }
      topic.partitions.push({
        partition: state.partition,
        currentLeaderEpoch: info?.partitions[state.partition]?.leaderEpoch ?? -1,
        fetchOffset: offset,
        lastFetchedEpoch: -1,
        logStartOffset: -1,
        partitionMaxBytes: this.#config.maxPartitionBytes,
        replicaDirectoryId: ZERO_UUID,
        highWatermark: MAX_INT64,
      })
    }
    return [...topics.values()]
  }

  #received(partitions: readonly FetchedPartition[], response: FetchResponse): void {
    for (const { nodeId, host, port, rack } of response.nodeEndpoints) {
      this.#cluster.metadata.addBroker({ id: nodeId, host, port, rack })
    }
    const answerOf = answersByPartition(response, this.#cluster)
    const lease = leaseOf(response, this.#cluster.memory)
    for (const asked of partitions) {
      const { state, version } = asked
      if (version !== state.version) continue
      state.isFetching = false
      const answer = answerOf(state)
      if (answer !== undefined) this.#take(asked, answer, lease)
    }
    this.#onDelivery()
  }

  #take(asked: FetchedPartition, answer: PartitionData, lease: FrameLease | undefined): void {
    const { state, version } = asked
    const outcome = this.#outcome(asked, answer, lease)
    if (outcome.pause) this.#pause(state)
    if (outcome.error !== undefined) this.#report(state, outcome.error)
    if (outcome.batch === undefined) return
    this.#bufferedBytes += outcome.batch.bytes
    state.bufferedBytes += outcome.batch.bytes
    this.#deliveries.push({ state, version, batch: outcome.batch })
    this.#states.delete(state)
    this.#states.add(state)
  }

  #outcome(asked: FetchedPartition, answer: PartitionData, lease: FrameLease | undefined): PartitionOutcome {
    try {
      return takeAnswer(asked, answer, this.#cluster, this.#config, lease)
    } catch (error) {
      return { error: asMillraceError(error, asked.state.name) }
    }
  }

  #failed(partitions: readonly FetchedPartition[], error: MillraceError): void {
    for (const { state, version } of partitions) {
      if (version !== state.version) continue
      state.isFetching = false
      state.preferredReplica = -1
      if (error.retriable) this.#pause(state)
      else this.#report(state, error)
    }
    if (error.retriable) this.#cluster.refreshSoon()
    else this.#onDelivery()
  }

  /** Nothing more is fetched of the partition before the application has seen the error. */
  #report(state: PartitionState, error: MillraceError): void {
    state.isFetching = true
    this.#deliveries.push({ state, version: state.version, error })
  }

  #pause(state: PartitionState): void {
    const { retryBackoffMs, retryBackoffMaxMs } = this.#cluster.config
    state.mutedUntilMs = Date.now() + backoffMs(state.failures, retryBackoffMs, retryBackoffMaxMs)
    state.failures++
  }
}
