import type { Cluster } from '../cluster/cluster.ts'
import { clientError } from '../errors.ts'
import type { Topic } from '../topic.ts'
import type { Batch } from './batch.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { ProducerConfig } from './config.ts'
import { PartitionQueue } from './partition-queue.ts'
import { TopicPartitioner } from './partitioner.ts'
import type { EncodedRecord, RecordEncoder } from './record-encoder.ts'
import type { SendTracker } from './send-tracker.ts'
import type { ProducerRecord } from './types.ts'

/** Room for the batch header and the fields of a record besides key, value and headers. */
const RECORD_OVERHEAD_BYTES = 128

/** A record that came before its topic's partitions were known. */
interface HeldRecord {
  readonly encoded: EncodedRecord
  readonly partition: number | undefined
  readonly timestamp: number
}

/** The records of one call, in its place among the others. */
interface HeldCall {
  readonly records: readonly HeldRecord[]
  readonly bytes: number
  /** Absent for `write`. */
  readonly tracker: SendTracker | undefined
}

/** What a sink does its work with: shared by all topics of a producer. */
export interface SinkContext {
  readonly cluster: Cluster
  readonly config: ProducerConfig
  readonly encoder: RecordEncoder
  readonly pool: BufferPool
  /** A queue has got `bytes` more; `isNew` if they began a batch. */
  readonly filled: (queue: PartitionQueue, bytes: number, isNew: boolean) => void
  /** Bytes were taken out of a queue again, before they were sent. */
  readonly unfilled: (queue: PartitionQueue, bytes: number) => void
  /** A record of `write` cannot be delivered. */
  readonly writeFailed: (error: unknown) => void
}

/** One topic's way into a producer: chooses the partition of each record and puts it into that partition's batch. */
export class TopicSink {
  readonly name: string
  /** One per partition; empty until the metadata is there. */
  readonly queues: PartitionQueue[] = []
  readonly #context: SinkContext
  readonly #partitioner: TopicPartitioner
  #held: HeldCall[] = []
  /** Set while the partitions are being asked for; never rejects. */
  opening: Promise<void> | undefined

  constructor(name: string, context: SinkContext) {
    this.name = name
    this.#context = context
    this.#partitioner = new TopicPartitioner(name, context.config.partitioner, context.config.batchBytes)
  }

  get isReady(): boolean {
    return this.queues.length > 0
  }

  /** Takes note of partitions; topics only grow. */
  grow(partitionCount: number): void {
    for (let i = this.queues.length; i < partitionCount; i++) this.queues.push(new PartitionQueue(this.name, i))
  }

  /** Puts one record into its batch. Throws SerdeError, CLIENT_INVALID_PARTITION or CLIENT_RECORD_TOO_LARGE. */
  append<K, V>(topic: Topic<K, V>, record: ProducerRecord<K, V>, nowMs: number): void {
    this.#put(record.partition, this.#encode(topic, record, nowMs), undefined)
  }

  /** Puts all records into their batches, or none: then throws as `append`. */
  appendAll<K, V>(
    topic: Topic<K, V>,
    records: readonly ProducerRecord<K, V>[],
    nowMs: number,
    tracker: SendTracker,
  ): void {
    this.#allOrNone(tracker, () => {
      for (const record of records) this.#put(record.partition, this.#encode(topic, record, nowMs), tracker)
    })
  }

  /** Keeps the records of one call until the partitions are known. Returns their bytes; throws as `append`. */
  hold<K, V>(
    topic: Topic<K, V>,
    records: readonly ProducerRecord<K, V>[],
    nowMs: number,
    tracker: SendTracker | undefined,
  ): number {
    let bytes = 0
    const held = records.map((record) => {
      const timestamp = this.#encode(topic, record, nowMs)
      bytes += heldBytes(this.#context.encoder)
      return { encoded: this.#context.encoder.snapshot(), partition: record.partition, timestamp }
    })
    this.#held.push({ records: held, bytes, tracker })
    return bytes
  }

  /** Places what was held, in its order. Returns the bytes let go of. */
  release(): number {
    return this.#letGo(({ records, tracker }) => {
      const place = (): void => {
        for (const { encoded, partition, timestamp } of records) {
          this.#context.encoder.restore(encoded)
          this.#put(partition, timestamp, tracker)
        }
      }
      if (tracker === undefined) place()
      else this.#allOrNone(tracker, place)
    })
  }

  /** Gives up what was held. Returns the bytes let go of. */
  discard(error: unknown): number {
    return this.#letGo(() => {
      throw error
    })
  }

  #letGo(deal: (call: HeldCall) => void): number {
    const held = this.#held
    this.#held = []
    let bytes = 0
    for (const call of held) {
      bytes += call.bytes
      try {
        deal(call)
      } catch (error) {
        if (call.tracker === undefined) this.#context.writeFailed(error)
        else call.tracker.fail(error)
      }
    }
    return bytes
  }

  #allOrNone(tracker: SendTracker, place: () => void): void {
    try {
      place()
    } catch (error) {
      tracker.undo((partition, batch, bytes) => this.#takeOut(this.queues[partition]!, batch, bytes))
      throw error
    }
  }

  #takeOut(queue: PartitionQueue, batch: Batch, bytes: number): void {
    const isEmpty = batch.count === 0
    if (isEmpty) queue.remove(batch)
    this.#context.unfilled(queue, isEmpty ? bytes + batch.size : bytes)
  }

  /** Returns the record's timestamp. */
  #encode<K, V>(topic: Topic<K, V>, record: ProducerRecord<K, V>, nowMs: number): number {
    const { encoder, config } = this.#context
    encoder.encode(topic, record.key, record.value, record.headers)
    if (heldBytes(encoder) > config.maxRequestBytes) {
      throw clientError('CLIENT_RECORD_TOO_LARGE', `${this.name}, ${heldBytes(encoder)} bytes`)
    }
    const timestamp = record.timestamp ?? nowMs
    if (!Number.isSafeInteger(timestamp))
      throw clientError('CLIENT_CONFIG', `${timestamp} is no timestamp in milliseconds`)
    return timestamp
  }

  /** Puts the record that the encoder holds into the batch of its partition. */
  #put(partition: number | undefined, timestamp: number, tracker: SendTracker | undefined): void {
    const { encoder, config, pool, cluster, filled } = this.#context
    const queue = this.#partitioner.choose(encoder, partition, this.queues, cluster)
    const batch = queue.batchFor(encoder, timestamp, config.batchBytes, pool)
    const isNew = batch.count === 0
    const before = isNew ? 0 : batch.size
    if (tracker === undefined) batch.hasWrites = true
    else tracker.add(batch, queue.partition)
    batch.append(encoder, timestamp)
    filled(queue, batch.size - before, isNew)
  }
}

function heldBytes(record: EncodedRecord): number {
  return Math.max(0, record.keyLength) + Math.max(0, record.valueLength) + record.headerLength + RECORD_OVERHEAD_BYTES
}
