/** Clients that produce and consume throughout a chaos run, over real sockets, and note what they were told. */
import { bytes, Client, type Consumer, KafkaError, type Producer, topic } from '../../client/index.ts'
import type { Random } from '../../demo/random.ts'
import { type History, idOf, type ReadRecord, type SentRecord, valueOf } from './history.ts'
import type { Reading } from './judge.ts'
import { Silence } from './silence.ts'
import { sleep } from './wait.ts'

export const Ledger = topic('ledger', { key: bytes, value: bytes })

/** Of the topic under load: what is larger is refused, which a lane tries now and then. */
export const MAX_MESSAGE_BYTES = 64 * 1024

/** Refusals that come before anything is appended. A storage error is none of them: the bytes may be there already. */
const refusals = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'NOT_ENOUGH_REPLICAS'])

/** Sends of one lane to one partition that may be unanswered at a time. */
const OUTSTANDING_MAX = 4

/** Plain lanes are numbered from here on. */
const PLAIN_LANE = 500

export interface LoadOptions {
  readonly bootstrap: string
  readonly partitions: number
  /** Idempotent producers, each with a connection of its own. Every other one gives up after 300 ms. */
  readonly lanes: number
  /** Producers that are not idempotent. @default 0 */
  readonly plainLanes?: number
  /** Between two sends of a lane. */
  readonly pauseMs: number
  readonly history: History
  readonly random: Random
}

export class Load {
  readonly #options: LoadOptions
  readonly #clients: Client[] = []
  readonly #lanes: Promise<void>[] = []
  readonly #watched = new Map<number, ReadRecord[]>()
  /** How long nothing was acknowledged. */
  readonly silence = new Silence()
  #watching: Promise<void> = Promise.resolve()
  readonly #ended = new AbortController()
  #sending = true

  private constructor(options: LoadOptions) {
    this.#options = options
  }

  static start(options: LoadOptions): Load {
    const load = new Load(options)
    for (let lane = 0; lane < options.lanes; lane++) load.#lanes.push(load.#produce(lane))
    for (let lane = PLAIN_LANE; lane < PLAIN_LANE + (options.plainLanes ?? 0); lane++) {
      options.history.markPlain(lane)
      load.#lanes.push(load.#produce(lane))
    }
    for (let partition = 0; partition < options.partitions; partition++) load.#watched.set(partition, [])
    load.#watching = load.#watch()
    return load
  }

  /** What the consumer has read so far. */
  get watched(): Reading {
    return this.#watched
  }

  /** No new records; resolves once each one has its outcome, for which a broker must be there. */
  async stopSending(): Promise<void> {
    this.#sending = false
    await Promise.all(this.#lanes)
  }

  async close(): Promise<void> {
    this.#sending = false
    this.#ended.abort()
    await Promise.allSettled([this.#watching, ...this.#clients.map((client) => client.close())])
  }

  #client(): Client {
    const client = new Client({ brokers: this.#options.bootstrap, requestTimeoutMs: 10_000, retryBackoffMaxMs: 250 })
    this.#clients.push(client)
    return client
  }

  async #produce(lane: number): Promise<void> {
    const { partitions, pauseMs, random } = this.#options
    const deliveryTimeoutMs = lane % 2 === 0 ? 120_000 : 300
    const idempotent = !this.#options.history.isPlain(lane)
    const producer = this.#client().producer({ batchBytes: 32 * 1024, deliveryTimeoutMs, idempotent })
    const outstanding = new Int32Array(partitions)
    const sends = new Set<Promise<void>>()
    while (this.#sending) {
      const partition = random.below(partitions)
      if (outstanding[partition] < OUTSTANDING_MAX) {
        outstanding[partition]++
        const send = this.#send(producer, lane, partition).finally(() => {
          outstanding[partition]--
          sends.delete(send)
        })
        sends.add(send)
      }
      await sleep(pauseMs)
    }
    await Promise.all(sends)
  }

  async #send(producer: Producer, lane: number, partition: number): Promise<void> {
    const { random, history } = this.#options
    const isTooLarge = random.below(500) === 0
    const { first, records } = history.send(lane, partition, isTooLarge ? 1 : 1 + random.below(20))
    const messages = records.map((_, index) => {
      const size = isTooLarge ? MAX_MESSAGE_BYTES + 1 : random.below(1000)
      return { value: valueOf({ lane, partition, sequence: first + index }, size), partition }
    })
    try {
      const acknowledged = await producer.send(Ledger, messages)
      this.silence.broken()
      for (const [index, { offset }] of acknowledged.entries()) Object.assign(records[index], told(offset))
    } catch (error) {
      const isRefused = error instanceof KafkaError && refusals.has(error.code)
      if (isRefused && records.length === 1) records[0].outcome = 'refused'
    }
  }

  async #watch(): Promise<void> {
    const signal = this.#ended.signal
    const client = this.#client()
    while (!signal.aborted) {
      const assign = [...this.#watched].map(([partition, read]) => ({
        topic: Ledger.name,
        partition,
        offset: (read.at(-1)?.offset ?? -1) + 1,
      }))
      const consumer = client.consumer({ topics: [Ledger], assign, offsetReset: 'none' })
      try {
        await readBatches(consumer, this.#watched, signal)
      } catch {
        // An answer that a consumer ends with (an offline log): it goes on where it was, as an application would.
        await sleep(100)
      } finally {
        await consumer.close().catch(() => undefined)
      }
    }
  }
}

function told(offset: number): SentRecord {
  return { outcome: 'acknowledged', offset }
}

async function readBatches(
  consumer: Consumer<typeof Ledger>,
  into: ReadonlyMap<number, ReadRecord[]>,
  signal: AbortSignal,
): Promise<void> {
  for await (const batch of consumer.batches({ signal })) {
    const read = into.get(batch.partition)
    for (const { offset, valueBytes } of batch) read?.push({ offset, id: idOf(valueBytes) })
  }
}
