import type { Cluster } from '../cluster/cluster.ts'
import { clientError, MillraceError } from '../errors.ts'
import type { Abortable } from '../options.ts'
import { abortable, type Deferred, deferred, throwIfAborted } from '../timing.ts'
import type { Topic } from '../topic.ts'
import type { Batch } from './batch.ts'
import { BufferPool } from './buffer-pool.ts'
import { type ProducerConfig, resolveProducerOptions } from './config.ts'
import { Delivery } from './delivery.ts'
import { ProducerIdentity } from './identity.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { RecordEncoder } from './record-encoder.ts'
import { FlushTracker, SendTracker } from './send-tracker.ts'
import { Sender } from './sender.ts'
import { TopicSink } from './topic-sink.ts'
import type { Producer, ProducerOptions, ProducerRecord, RecordMetadata } from './types.ts'

/** Writers that were told to wait go on when the buffer is down to this share. */
const RESUME_SHARE = 0.75

/** Beyond this many times bufferMemory a writer that does not wait is refused. */
const REFUSE_FACTOR = 2

/** How often deadlines are looked at, while anything is on its way. */
const EXPIRY_INTERVAL_MS = 250

/** The producer over the Kafka protocol. See `Producer` for what it promises. */
export class KafkaProducer implements Producer {
  readonly #cluster: Cluster
  readonly #config: ProducerConfig
  readonly #channel: string
  readonly #encoder = new RecordEncoder()
  readonly #pool: BufferPool
  readonly #identity: ProducerIdentity
  readonly #sender: Sender
  readonly #sinks = new Map<string, TopicSink>()
  readonly #stopListening: () => void
  readonly #onClose: () => void
  #lastSink: TopicSink | undefined
  #bufferedBytes = 0
  #room: Deferred<void> | undefined
  /** Sends that wait for room, in their order. */
  readonly #gate: (() => void)[] = []
  #flushes = 0
  #writeFailure: unknown
  #expiryTimer: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined
  #isClosed = false

  constructor(cluster: Cluster, options: ProducerOptions, channel: string, onClose: () => void) {
    this.#cluster = cluster
    this.#config = resolveProducerOptions(options)
    this.#channel = channel
    this.#onClose = onClose
    this.#pool = new BufferPool(
      this.#config.batchBytes,
      Math.ceil(this.#config.bufferMemory / this.#config.batchBytes / 2),
    )
    this.#identity = new ProducerIdentity(cluster, () => this.#identitySettled())
    const delivery = new Delivery(cluster, this.#config, this.#identity, (queue, batch, baseOffset, error) =>
      this.#batchDone(queue, batch, baseOffset, error),
    )
    this.#sender = new Sender(cluster, this.#config, channel, this.#identity, delivery)
    this.#stopListening = cluster.onMetadata(() => this.#metadataChanged())
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  send<K, V>(
    topic: Topic<K, V>,
    records: readonly ProducerRecord<NoInfer<K>, NoInfer<V>>[],
    { signal }: Abortable = {},
  ): Promise<RecordMetadata[]> {
    const tracker = new SendTracker()
    const begin = (): void => {
      try {
        if (this.#isClosed) throw clientError('CLIENT_CLOSED', 'producer')
        throwIfAborted(signal)
        this.#take(topic, records, tracker)
      } catch (error) {
        tracker.fail(error)
      }
    }
    try {
      this.#checkOpen()
    } catch (error) {
      return Promise.reject(error as Error)
    }
    if (records.length === 0) return Promise.resolve([])
    if (this.#gate.length === 0 && this.#bufferedBytes < this.#config.bufferMemory) {
      begin()
    } else {
      this.#gate.push(begin)
      this.#updateUrgency()
      this.#sender.wake()
    }
    return abortable(tracker.promise, signal)
  }

  write<K, V>(topic: Topic<K, V>, record: ProducerRecord<NoInfer<K>, NoInfer<V>>): undefined | Promise<void> {
    this.#checkOpen()
    const { bufferMemory } = this.#config
    if (this.#bufferedBytes >= bufferMemory * REFUSE_FACTOR) throw clientError('CLIENT_BUFFER_FULL')
    const sink = this.#lastSink?.name === topic.name ? this.#lastSink : this.#sink(topic.name)
    if (sink.isReady) sink.append(topic, record, Date.now())
    else this.#hold(sink, topic, [record], undefined)
    return this.#bufferedBytes < bufferMemory ? undefined : this.#waitForRoom()
  }

  async flush({ signal }: Abortable = {}): Promise<void> {
    this.#flushes++
    this.#updateUrgency()
    try {
      while (this.#gate.length > 0) await abortable(this.#waitForRoom(), signal)
      for (const { opening } of this.#sinks.values()) if (opening !== undefined) await abortable(opening, signal)
      throwIfAborted(signal)
      this.#sender.wake()
      const batches = [...this.#sender.active].flatMap((queue) => queue.all()).filter((batch) => !batch.isDone)
      await abortable(new FlushTracker(batches).promise, signal)
    } finally {
      this.#flushes--
      this.#updateUrgency()
    }
    const failure = this.#writeFailure
    this.#writeFailure = undefined
    if (failure !== undefined) throw failure
  }

  close(options: Abortable = {}): Promise<void> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(options: Abortable): Promise<void> {
    try {
      await this.flush(options)
    } finally {
      this.#isClosed = true
      this.#stopListening()
      clearTimeout(this.#expiryTimer)
      this.#failAll(clientError('CLIENT_CLOSED', 'producer'))
      this.#sender.close()
      this.#cluster.closeChannel(this.#channel)
      this.#onClose()
    }
  }

  #checkOpen(): void {
    if (this.#isClosed || this.#closing !== undefined) throw clientError('CLIENT_CLOSED', 'producer')
    if (this.#identity.failure !== undefined) throw this.#identity.failure
  }

  #sink(name: string): TopicSink {
    let sink = this.#sinks.get(name)
    if (sink === undefined) {
      sink = new TopicSink(name, {
        cluster: this.#cluster,
        config: this.#config,
        encoder: this.#encoder,
        pool: this.#pool,
        filled: (queue, bytes, isNew) => this.#filled(queue, bytes, isNew),
        unfilled: (queue, bytes) => this.#unfilled(queue, bytes),
        writeFailed: (error) => {
          this.#writeFailure ??= error
        },
      })
      this.#sinks.set(name, sink)
      sink.grow(this.#cluster.knownTopic(name)?.partitions.length ?? 0)
    }
    this.#lastSink = sink
    return sink
  }

  #take<K, V>(topic: Topic<K, V>, records: readonly ProducerRecord<K, V>[], tracker: SendTracker): void {
    const sink = this.#sink(topic.name)
    if (!sink.isReady) {
      this.#hold(sink, topic, records, tracker)
      return
    }
    try {
      sink.appendAll(topic, records, Date.now(), tracker)
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'CLIENT_INVALID_PARTITION') throw error
      // The partition may be new: look once before giving up.
      this.#cluster
        .refresh()
        .then(() => sink.appendAll(topic, records, Date.now(), tracker))
        .catch((again: unknown) => tracker.fail(again))
    }
  }

  /** Calls made before the topic is known wait in their order. */
  #hold<K, V>(
    sink: TopicSink,
    topic: Topic<K, V>,
    records: readonly ProducerRecord<K, V>[],
    tracker: SendTracker | undefined,
  ): void {
    this.#bufferedBytes += sink.hold(topic, records, Date.now(), tracker)
    const timeoutMs = Math.min(this.#cluster.config.apiTimeoutMs, this.#config.deliveryTimeoutMs)
    sink.opening ??= this.#cluster
      .topic(sink.name, undefined, timeoutMs)
      .then(
        (info) => {
          sink.grow(info.partitions.length)
          this.#freed(sink.release())
        },
        (error: unknown) => this.#freed(sink.discard(error)),
      )
      .finally(() => {
        sink.opening = undefined
      })
  }

  #filled(queue: PartitionQueue, bytes: number, isNew: boolean): void {
    this.#bufferedBytes += bytes
    queue.pendingBytes += bytes
    if (!isNew) return
    this.#sender.add(queue)
    if (this.#bufferedBytes >= this.#config.bufferMemory) this.#updateUrgency()
    this.#expiryTimer ??= setInterval(() => this.#expire(), EXPIRY_INTERVAL_MS)
  }

  #unfilled(queue: PartitionQueue, bytes: number): void {
    queue.pendingBytes -= bytes
    this.#freed(bytes)
  }

  #batchDone(queue: PartitionQueue, batch: Batch, baseOffset: number, error: MillraceError | undefined): void {
    // The halves of a split batch are not in the books: the whole is, until both are done.
    if (batch.splits > 0) {
      batch.finish(baseOffset, error, this.#pool)
      return
    }
    queue.pendingBytes -= batch.size
    if (error !== undefined && batch.hasWrites) this.#writeFailure ??= error
    batch.finish(baseOffset, error, this.#pool)
    this.#freed(batch.size)
  }

  #freed(bytes: number): void {
    const { bufferMemory } = this.#config
    this.#bufferedBytes -= bytes
    if (this.#bufferedBytes > bufferMemory * RESUME_SHARE) return
    while (this.#gate.length > 0 && this.#bufferedBytes < bufferMemory) this.#gate.shift()!()
    if (this.#gate.length > 0) return
    this.#room?.resolve()
    this.#room = undefined
    this.#updateUrgency()
  }

  #waitForRoom(): Promise<void> {
    this.#room ??= deferred<void>()
    this.#updateUrgency()
    this.#sender.wake()
    return this.#room.promise
  }

  #updateUrgency(): void {
    this.#sender.isUrgent =
      this.#flushes > 0 || this.#bufferedBytes >= this.#config.bufferMemory || this.#room !== undefined
  }

  #metadataChanged(): void {
    for (const sink of this.#sinks.values()) {
      const count = this.#cluster.metadata.topic(sink.name)?.partitions.length ?? 0
      if (sink.isReady && count > sink.queues.length) sink.grow(count)
    }
    this.#sender.wake()
  }

  #identitySettled(): void {
    if (this.#identity.failure !== undefined) this.#failAll(this.#identity.failure)
    else this.#sender.wake()
  }

  /** Gives up what has been on its way for too long. What is in flight then stays known until its answer comes. */
  #expire(): void {
    const before = Date.now() - this.#config.deliveryTimeoutMs
    for (const queue of this.#sender.active) {
      for (const batch of queue.all()) {
        if (batch.isDone || batch.createdAtMs > before) continue
        const error = clientError('CLIENT_DELIVERY_TIMEOUT', `${queue.topic}[${queue.partition}]`)
        if (!queue.inFlight.includes(batch)) queue.remove(batch)
        this.#batchDone(queue, batch, -1, error)
      }
    }
    if (this.#sender.active.size > 0) return
    clearInterval(this.#expiryTimer)
    this.#expiryTimer = undefined
  }

  #failAll(error: MillraceError): void {
    for (const sink of this.#sinks.values()) this.#freed(sink.discard(error))
    for (const queue of this.#sender.active) {
      for (const batch of queue.all()) {
        queue.remove(batch)
        if (!batch.isDone) this.#batchDone(queue, batch, -1, error)
      }
    }
  }
}
