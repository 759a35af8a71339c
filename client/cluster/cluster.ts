import type { Api } from '../../proto/kafka/api.ts'
import { Errors, errorInfo } from '../../proto/kafka/errors.ts'
import { Metadata as MetadataApi } from '../../proto/kafka/generated/apis.ts'
import type { MetadataResponse } from '../../proto/kafka/generated/03-metadata.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type { ClientConfig, HostPort } from '../config.ts'
import { clientError, KafkaError, type MillraceError } from '../errors.ts'
import type { Connection } from '../network/connection.ts'
import type { FrameMemory } from '../network/frame-memory.ts'
import { ConnectionPool } from '../network/pool.ts'
import { abortable, backoffMs, retrying } from '../timing.ts'
import { Metadata, type TopicInfo } from './metadata.ts'

/** Channel of requests that are answered at once: metadata, offsets, administration. */
export const CONTROL_CHANNEL = 'control'

export interface RequestOptions {
  /** Broker id; any broker when absent. */
  readonly node?: number
  readonly channel?: string
  readonly timeoutMs?: number
  readonly maxVersion?: number
  readonly signal?: AbortSignal | undefined
}

/** One cluster as its clients see it: metadata that is refreshed when needed, and requests to a broker by id. */
export class Cluster {
  readonly config: ClientConfig
  readonly metadata = new Metadata()
  readonly #pool: ConnectionPool
  /** Topics whose metadata is kept fresh, and whether each was asked for since the last sweep. */
  readonly #interest = new Map<string, boolean>()
  readonly #listeners = new Set<() => void>()
  #refreshing: Promise<void> | undefined
  #refreshAgain = false
  /** Answers in a row that failed or named partitions without a leader. */
  #unsettled = 0
  #lastRefreshMs = 0
  /** Who told about the cluster last. */
  #informant: HostPort | undefined
  /** What it told did not help: a broker that is cut off from the others goes on telling what it knew. */
  #isDoubted = false
  #soonTimer: NodeJS.Timeout | undefined
  #regularTimer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(config: ClientConfig) {
    this.config = config
    this.#pool = new ConnectionPool(config)
  }

  /** Memory of large answers: who is done with one may give it back. */
  get memory(): FrameMemory {
    return this.#pool.memory
  }

  /** Called after each refresh, also one that failed. Returns a function that takes the listener away. */
  onMetadata(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What is known of a topic that is fit for use; undefined asks the caller to wait for `topic`. */
  knownTopic(name: string): TopicInfo | undefined {
    const info = this.metadata.topic(name)
    if (info === undefined || info.partitions.length === 0) return undefined
    this.#interest.set(name, true)
    return info
  }

  /** Includes topics in every refresh from now on. */
  track(names: Iterable<string>): void {
    for (const name of names) this.#interest.set(name, true)
  }

  /** A topic's metadata, asked for if need be; retries while the topic is being created. */
  async topic(name: string, signal?: AbortSignal, timeoutMs = this.config.apiTimeoutMs): Promise<TopicInfo> {
    const known = this.knownTopic(name)
    if (known !== undefined) return known
    this.#interest.set(name, true)
    return retrying({ ...this.config, timeoutMs, signal }, async () => {
      await this.refresh()
      const info = this.metadata.topic(name)
      if (info === undefined) throw new KafkaError(Errors.UNKNOWN_TOPIC_OR_PARTITION, `topic ${name}`)
      if (info.partitions.length > 0) return info
      throw new KafkaError(info.errorCode === 0 ? Errors.LEADER_NOT_AVAILABLE : info.errorCode, `topic ${name}`)
    })
  }

  /** Fetches metadata of all topics in use. A call during a refresh gets the one after it. */
  refresh(): Promise<void> {
    if (this.#refreshing !== undefined) {
      this.#refreshAgain = true
      return this.#refreshing
    }
    clearTimeout(this.#soonTimer)
    this.#soonTimer = undefined
    this.#refreshing = this.#refreshUntilCurrent().finally(() => {
      this.#refreshing = undefined
      this.#lastRefreshMs = Date.now()
      this.#scheduleRegular()
      for (const listener of this.#listeners) listener()
    })
    return this.#refreshing
  }

  /** Asks for a refresh without waiting for it: at once, or after a pause that grows while answers do not settle. */
  refreshSoon(): void {
    this.#isDoubted = true
    if (this.#refreshing !== undefined || this.#soonTimer !== undefined || this.#isClosed) return
    const pause = backoffMs(this.#unsettled, this.config.retryBackoffMs, this.config.retryBackoffMaxMs)
    const delay = Math.max(0, this.#lastRefreshMs + pause - Date.now())
    this.#soonTimer = setTimeout(() => {
      this.refresh().catch(() => undefined)
    }, delay)
  }

  /** A connection to a broker by its id. Rejects with CLIENT_NO_BROKER if it is not in the metadata. */
  async connect(node: number, channel: string, signal?: AbortSignal): Promise<Connection> {
    const broker = this.metadata.brokers.get(node)
    if (broker === undefined) {
      this.refreshSoon()
      throw clientError('CLIENT_NO_BROKER', `broker ${node}`)
    }
    return this.#pool.get(broker, channel, signal)
  }

  /** The connection to a broker if it is open. */
  peek(node: number, channel: string): Connection | undefined {
    const broker = this.metadata.brokers.get(node)
    return broker === undefined ? undefined : this.#pool.peek(broker, channel)
  }

  /** Sends one request once: to a given broker, or to any. */
  async request<Req, Res>(api: Api<Req, Res>, message: Req, options: RequestOptions = {}): Promise<Res> {
    const channel = options.channel ?? CONTROL_CHANNEL
    const connection = await (options.node === undefined
      ? this.#connectAny(channel, options.signal, undefined)
      : this.connect(options.node, channel, options.signal))
    return this.#send(connection, api, message, options)
  }

  closeChannel(channel: string): void {
    this.#pool.closeChannel(channel)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#soonTimer)
    clearTimeout(this.#regularTimer)
    this.#listeners.clear()
    this.#pool.close()
  }

  #send<Req, Res>(connection: Connection, api: Api<Req, Res>, message: Req, options: RequestOptions): Promise<Res> {
    const version = connection.version(api, options.maxVersion)
    const timeoutMs = options.timeoutMs ?? this.config.requestTimeoutMs
    return abortable(connection.request(api, message, version, timeoutMs), options.signal)
  }

  async #refreshUntilCurrent(): Promise<void> {
    do {
      this.#refreshAgain = false
      const asked = [...this.#interest.keys()]
      try {
        this.#apply(asked, await this.#fetchMetadata(asked))
      } catch (error) {
        this.#unsettled++
        throw error
      }
    } while (this.#refreshAgain)
  }

  async #fetchMetadata(topics: readonly string[]): Promise<MetadataResponse> {
    const avoided = this.#isDoubted ? this.#informant : undefined
    this.#isDoubted = false
    const connection = await this.#connectAny(CONTROL_CHANNEL, undefined, avoided)
    this.#informant = connection.address
    const message = {
      topics: topics.map((name) => ({ name, topicId: ZERO_UUID })),
      allowAutoTopicCreation: this.config.autoCreateTopics,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    }
    return this.#send(connection, MetadataApi, message, {})
  }

  #apply(asked: readonly string[], response: MetadataResponse): void {
    if (response.errorCode !== Errors.NONE) throw new KafkaError(response.errorCode, 'Metadata')
    this.metadata.apply(response)
    const answered = new Set(response.topics.map((topic) => topic.name))
    for (const name of asked) if (!answered.has(name)) this.metadata.forget(name)
    const isSettled = response.topics.every(
      (topic) => !errorInfo(topic.errorCode).retriable && topic.partitions.every(({ leaderId }) => leaderId >= 0),
    )
    this.#unsettled = isSettled ? 0 : this.#unsettled + 1
  }

  /** The refresh without need also lets go of topics that nobody asked for since the one before. */
  #scheduleRegular(): void {
    clearTimeout(this.#regularTimer)
    if (this.#isClosed) return
    this.#regularTimer = setTimeout(() => {
      this.#sweepInterest()
      this.refresh().catch(() => undefined)
    }, this.config.metadataMaxAgeMs)
    this.#regularTimer.unref()
  }

  #sweepInterest(): void {
    for (const [name, isUsed] of this.#interest) {
      if (isUsed) this.#interest.set(name, false)
      else {
        this.#interest.delete(name)
        this.metadata.forget(name)
      }
    }
  }

  /**
   * An open connection if there is one, else the first address that accepts, known brokers before bootstrap; `avoided` when
   * nobody else is there.
   */
  async #connectAny(
    channel: string,
    signal: AbortSignal | undefined,
    avoided: HostPort | undefined,
  ): Promise<Connection> {
    const addresses = this.#addresses()
    const isAvoided = ({ host, port }: HostPort) => host === avoided?.host && port === avoided.port
    for (const address of addresses) {
      if (isAvoided(address)) continue
      const open = this.#pool.peek(address, channel)
      if (open !== undefined) return open
    }
    addresses.sort(
      (a, b) => Number(isAvoided(a)) - Number(isAvoided(b)) || this.#pool.pauseMs(a) - this.#pool.pauseMs(b),
    )
    const failures: Error[] = []
    for (const address of addresses) {
      try {
        return await this.#pool.get(address, channel, signal)
      } catch (error) {
        if (signal?.aborted || this.#isClosed) throw error
        failures.push(error as MillraceError)
      }
    }
    throw clientError(
      'CLIENT_NO_BROKER',
      addresses.map(({ host, port }) => `${host}:${port}`).join(', '),
      new AggregateError(failures),
    )
  }

  /** Known brokers in random order, then bootstrap addresses that are none of them. */
  #addresses(): HostPort[] {
    const known: HostPort[] = [...this.metadata.brokers.values()]
    for (let i = known.length - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1))
      ;[known[i], known[j]] = [known[j]!, known[i]!]
    }
    const isKnown = ({ host, port }: HostPort): boolean =>
      known.some((other) => other.host === host && other.port === port)
    return [...known, ...this.config.bootstrap.filter((address) => !isKnown(address))]
  }
}
