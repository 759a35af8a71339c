import type {
  PartitionProduceData,
  PartitionProduceResponse,
  ProduceResponse,
  TopicProduceData,
} from '../../proto/kafka/generated/00-produce.ts'
import { Produce } from '../../proto/kafka/generated/apis.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { asMillraceError, type MillraceError } from '../errors.ts'
import type { Connection } from '../network/connection.ts'
import type { Batch } from './batch.ts'
import type { ProducerConfig } from './config.ts'
import type { ProducerIdentity } from './identity.ts'
import type { PartitionQueue, SendRules } from './partition-queue.ts'

/** Last version that names topics; above it they go by id. */
const LAST_VERSION_WITH_NAMES = 12

/** Share of the request timeout that the broker gets to wait for replicas, so that its answer comes before we give up. */
const BROKER_SHARE = 0.9

/** One batch of one partition within a request. */
export interface Outgoing {
  readonly queue: PartitionQueue
  readonly batch: Batch
}

/** What becomes of batches that were sent: decided elsewhere. */
export interface SendOutcome {
  answered(sent: Outgoing, answer: PartitionProduceResponse, response: ProduceResponse): void
  /** No telling whether the broker has it. */
  lost(sent: Outgoing, error: MillraceError): void
  /** With acks=0 nothing more is known of it. */
  untold(sent: Outgoing): void
}

interface NodeRequest {
  readonly connection: Connection
  readonly entries: Outgoing[]
  bytes: number
}

/** Moves batches from their partitions' queues to the brokers, as many partitions as fit in each request. */
export class Sender {
  readonly #cluster: Cluster
  readonly #config: ProducerConfig
  readonly #channel: string
  readonly #identity: ProducerIdentity
  readonly #outcome: SendOutcome
  /** Queues that are not empty. */
  readonly #active = new Set<PartitionQueue>()
  readonly #connecting = new Set<number>()
  #isScheduled = false
  #wakeTimer: NodeJS.Timeout | undefined
  #isClosed = false
  /** Sends what is there without waiting for more, while set. */
  isUrgent = false

  constructor(
    cluster: Cluster,
    config: ProducerConfig,
    channel: string,
    identity: ProducerIdentity,
    outcome: SendOutcome,
  ) {
    this.#cluster = cluster
    this.#config = config
    this.#channel = channel
    this.#identity = identity
    this.#outcome = outcome
  }

  /** Every queue that holds something. */
  get active(): ReadonlySet<PartitionQueue> {
    return this.#active
  }

  /** The queue has something to send: looked at once this turn of the event loop is over. */
  add(queue: PartitionQueue): void {
    this.#active.add(queue)
    this.wake()
  }

  wake(): void {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#drain()
    })
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#wakeTimer)
    this.#active.clear()
  }

  #drain(): void {
    clearTimeout(this.#wakeTimer)
    const rules: SendRules = {
      nowMs: Date.now(),
      lingerMs: this.#config.lingerMs,
      maxInFlight: this.#config.maxInFlight,
      isUrgent: this.isUrgent,
    }
    while (!this.#isClosed) {
      const requests = this.#gather(rules)
      if (requests.size === 0) break
      for (const request of requests.values()) this.#send(request)
    }
    this.#sleepUntilNext(rules)
  }

  /** At most one batch of each partition, by broker (W8). */
  #gather(rules: SendRules): Map<number, NodeRequest> {
    const requests = new Map<number, NodeRequest>()
    for (const queue of this.#active) {
      const batch = queue.next(rules)
      if (batch === undefined) {
        if (queue.isEmpty) this.#active.delete(queue)
        continue
      }
      const leader = this.#cluster.metadata.partition(queue.topic, queue.partition)?.leader ?? -1
      const connection = leader < 0 ? this.#awaitLeader() : this.#connectionTo(leader)
      if (connection === undefined || !this.#isIdentified(queue)) continue
      const request = requests.get(leader)
      if (request === undefined) {
        requests.set(leader, { connection, entries: [{ queue, batch }], bytes: batch.size })
      } else if (request.bytes + batch.size <= this.#config.maxRequestBytes) {
        request.entries.push({ queue, batch })
        request.bytes += batch.size
      }
    }
    return requests
  }

  #awaitLeader(): undefined {
    this.#cluster.refreshSoon()
    return undefined
  }

  #connectionTo(node: number): Connection | undefined {
    const open = this.#cluster.peek(node, this.#channel)
    if (open !== undefined || this.#connecting.has(node)) return open
    this.#connecting.add(node)
    this.#cluster
      .connect(node, this.#channel)
      .catch(() => this.#cluster.refreshSoon())
      .finally(() => {
        this.#connecting.delete(node)
        this.wake()
      })
    return undefined
  }

  #isIdentified(queue: PartitionQueue): boolean {
    if (!this.#config.idempotent || queue.producerId >= 0) return true
    const identity = this.#identity.get()
    if (identity === undefined) return false
    queue.adopt(identity.id, identity.epoch)
    return true
  }

  #send({ connection, entries }: NodeRequest): void {
    const topicData = this.#requestBody(entries)
    const hasIds = topicData.every(({ topicId }) => topicId !== ZERO_UUID)
    const timeoutMs = this.#cluster.config.requestTimeoutMs
    const message = {
      transactionalId: null,
      acks: this.#config.acks,
      timeoutMs: Math.ceil(timeoutMs * BROKER_SHARE),
      topicData,
    }
    try {
      const version = connection.version(Produce, hasIds ? undefined : LAST_VERSION_WITH_NAMES)
      if (this.#config.acks === 0) {
        connection.tell(Produce, message, version)
        for (const entry of entries) this.#outcome.untold(entry)
        return
      }
      connection.request(Produce, message, version, timeoutMs).then(
        (response) => this.#received(entries, response),
        (error: unknown) => this.#lost(entries, error),
      )
    } catch (error) {
      this.#lost(entries, error)
    }
  }

  #requestBody(entries: readonly Outgoing[]): TopicProduceData[] {
    const byTopic = new Map<string, PartitionProduceData[]>()
    for (const { queue, batch } of entries) {
      if (this.#config.idempotent) queue.stamp(batch)
      queue.sent(batch)
      const records = batch.encode({ codec: this.#config.codec, level: this.#config.compressionLevel })
      const data = { index: queue.partition, records }
      const partitions = byTopic.get(queue.topic)
      if (partitions === undefined) byTopic.set(queue.topic, [data])
      else partitions.push(data)
    }
    return [...byTopic].map(([name, partitionData]) => ({
      name,
      topicId: this.#cluster.metadata.topic(name)?.id ?? ZERO_UUID,
      partitionData,
    }))
  }

  #received(entries: readonly Outgoing[], response: ProduceResponse): void {
    const answers = new Map<string, PartitionProduceResponse>()
    for (const topic of response.responses) {
      for (const answer of topic.partitionResponses)
        answers.set(`${topic.topicId}${topic.name} ${answer.index}`, answer)
    }
    for (const entry of entries) {
      const { topic, partition } = entry.queue
      const id = this.#cluster.metadata.topic(topic)?.id ?? ZERO_UUID
      const answer = answers.get(`${ZERO_UUID}${topic} ${partition}`) ?? answers.get(`${id} ${partition}`)
      if (answer !== undefined) this.#outcome.answered(entry, answer, response)
      else this.#outcome.lost(entry, asMillraceError(undefined, `no answer for ${topic}[${partition}]`))
    }
    this.wake()
  }

  #lost(entries: readonly Outgoing[], cause: unknown): void {
    const error = asMillraceError(cause, 'Produce')
    for (const entry of entries) this.#outcome.lost(entry, error)
    this.#cluster.refreshSoon()
    this.wake()
  }

  /** Sets a timer for the first batch that lingers or waits out a pause. */
  #sleepUntilNext(rules: SendRules): void {
    let next = Number.POSITIVE_INFINITY
    for (const queue of this.#active) {
      const waitsUntil = Math.max(queue.mutedUntilMs, rules.lingerMs > 0 ? queue.lingersUntil(rules.lingerMs) : 0)
      if (waitsUntil > rules.nowMs) next = Math.min(next, waitsUntil)
    }
    if (next === Number.POSITIVE_INFINITY || this.#isClosed) return
    this.#wakeTimer = setTimeout(() => this.wake(), next - Date.now())
  }
}
