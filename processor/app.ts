import { Client } from '../client/client.ts'
import type { Topic } from '../client/topic.ts'
import { type Duration, durationMs } from './duration.ts'
import { ProcessorError } from './errors.ts'
import type { ErrorPolicy } from './failure.ts'
import type { AppMetrics } from './runtime/metrics.ts'
import { Runner } from './runtime/runner.ts'
import type { ModelRefused } from './state/model-table.ts'
import { TopologyBuilder } from './topology/builder.ts'
import { describeTopology } from './topology/describe.ts'
import type { StreamOptions } from './topology/options.ts'
import { planTopology, type Topology } from './topology/plan.ts'
import { addSource } from './topology/source.ts'
import { fromTopic, Stream } from './topology/stream.ts'

export interface AppOptions {
  /** Names the consumer group and every internal topic. Two apps of one id are two instances that share the work. */
  readonly id: string
  /** A client to use; it is not closed with the app. */
  readonly client?: Client
  /** Bootstrap brokers, `host:port`, when no client is given. */
  readonly brokers?: readonly string[] | string
  /**
   * A record that cannot be read, or whose processing throws: stop the app, or skip it. Skipped ones are counted (as
   * `decode-failed`, `processing-failed`, ...) and go to `deadLetters`. A model that cannot be loaded is counted, and stops
   * the app only when a function says so. @default 'fail'
   */
  readonly onError?: ErrorPolicy
  /** Topic for skipped records: key and value bytes as they came, headers that say what, where and why. @default none */
  readonly deadLetters?: string
  /** Time between commits: flush outputs and changelogs, then commit offsets. @default '1s' */
  readonly commitInterval?: Duration
  /** Where to begin a topic that this app has never read. @default 'earliest' */
  readonly from?: 'earliest' | 'latest'
  /**
   * Name of this instance, the same after each of its restarts: it then takes its partitions back at once, instead of
   * waiting until the group misses it (static membership, KIP-345). Different for each instance that runs. @default none
   */
  readonly instanceId?: string
  /** Silence after which the group gives an instance's partitions to others. Brokers want 6 s or more. @default '45s' */
  readonly sessionTimeout?: Duration
}

/**
 * A stream processing application: a topology, built through `stream()`, and the runtime that runs it at least once.
 *
 * ```ts
 * const app = new App({ id: 'hot-items', brokers: ['127.0.0.1:9092'] })
 * app.stream(Bids, { time: (bid) => bid.at, watermark: { delay: '2s', idle: '5s' } })
 *   .groupBy((bid) => bid.auction, { as: 'by-auction', key: int32 })
 *   .window(tumbling({ size: '10s' }))
 *   .count({ as: 'bids-per-auction' })
 *   .map((count, ctx) => ({ auction: ctx.key, from: ctx.window.start, count }))
 *   .to(HotItems)
 * await app.start()
 * ```
 */
export class App {
  readonly options: AppOptions
  readonly #builder: TopologyBuilder
  #runner: Runner | undefined
  #ownClient: Client | undefined
  /** Someone was told of what stopped the app. */
  #isReported = false

  constructor(options: AppOptions) {
    this.options = options
    this.#builder = new TopologyBuilder(options.id)
  }

  /** Reads a topic. Event time, its watermark and idleness are said here, once, for all that follows. */
  stream<K, V>(
    topic: Topic<K, V>,
    options: StreamOptions<K, V> & { readonly tombstones: 'keep' },
  ): Stream<K | null, V | null>
  stream<K, V>(topic: Topic<K, V>, options?: StreamOptions<K, V>): Stream<K | null, V>
  stream<K, V>(topic: Topic<K, V>, options: StreamOptions<K, V> = {}): Stream<K | null, V | null> {
    return new Stream(fromTopic(this.#builder, addSource(this.#builder, topic, options), topic as Topic))
  }

  /** The topology as text: subtopologies, nodes, topics, stores. */
  describe(): string {
    return describeTopology(this.topology())
  }

  /** The checked topology, as it stands now. @internal */
  topology(): Topology {
    return planTopology(this.options.id, this.#builder.nodes)
  }

  /** What to do with a model that was refused: the one before stays, unless a handler says to stop. @internal */
  modelRefused(operator: string): ModelRefused {
    const { onError } = this.options
    return ({ topic, partition, offset }, reason, error) => {
      const place = { topic, partition, offset, operator }
      if (typeof onError !== 'function' || onError({ ...place, stage: 'model', error }) === 'skip') return
      const text = `${operator}: a model was refused: ${reason} (${topic}-${partition} at offset ${offset})`
      throw new ProcessorError('PROCESSOR_MODEL_FAILED', text, { cause: error, place })
    }
  }

  /**
   * Reads the models, joins the group, restores state and starts processing. Resolves when the first assignment is being
   * processed. Throws PROCESSOR_MISSING_TOPIC and whatever else is in the way.
   */
  async start(): Promise<void> {
    if (this.#runner !== undefined)
      throw new ProcessorError('PROCESSOR_CLOSED', `the app '${this.options.id}' was started before`)
    const {
      client,
      brokers,
      onError = 'fail',
      deadLetters,
      commitInterval = '1s',
      from = 'earliest',
      instanceId,
      sessionTimeout = '45s',
    } = this.options
    const topology = this.topology()
    const commitIntervalMs = durationMs(commitInterval, 'commitInterval')
    if (client === undefined && brokers === undefined) {
      throw new ProcessorError('PROCESSOR_INVALID_TOPOLOGY', 'an app needs a client or brokers to be started')
    }
    const modelRefused = (operator: string): ModelRefused => this.modelRefused(operator)
    if (client === undefined) this.#ownClient = new Client({ brokers: brokers!, clientId: this.options.id })
    const used = client ?? this.#ownClient!
    const sessionTimeoutMs = durationMs(sessionTimeout, 'sessionTimeout')
    const group = { from, instanceId, sessionTimeoutMs }
    this.#runner = new Runner({
      client: used,
      topology,
      onError,
      deadLetters,
      commitIntervalMs,
      ...group,
      modelRefused,
    })
    try {
      await this.#runner.start()
    } catch (thrown) {
      this.#isReported = true
      await this.#ownClient?.close().catch(() => undefined)
      throw thrown
    }
  }

  /** Resolves after `close()`; rejects with what stopped the app. */
  async finished(): Promise<void> {
    this.#isReported = true
    await this.#runner?.finished
  }

  /**
   * Finishes the batch at hand, commits, leaves the group. Idempotent. Throws what had stopped the app, unless `start()` or
   * `finished()` has told.
   */
  async close(): Promise<void> {
    try {
      await this.#runner?.close()
    } catch (thrown) {
      if (!this.#isReported) throw thrown
    } finally {
      this.#isReported = true
      await this.#ownClient?.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** What this instance is doing. Throws before `start()`. */
  metrics(): AppMetrics {
    if (this.#runner === undefined)
      throw new ProcessorError('PROCESSOR_CLOSED', `the app '${this.options.id}' was not started`)
    return this.#runner.metrics()
  }
}
