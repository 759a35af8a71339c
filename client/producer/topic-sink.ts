import type { Cluster } from '../cluster/cluster.ts'
import { clientError } from '../errors.ts'
import type { Topic } from '../topic.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { ProducerConfig } from './config.ts'
import { PartitionQueue } from './partition-queue.ts'
import { TopicPartitioner } from './partitioner.ts'
import type { EncodedRecord, RecordEncoder } from './record-encoder.ts'
import type { SendTracker } from './send-tracker.ts'
import type { ProducerRecord } from './types.ts'

/** Room for the batch header and the fields of a record besides key, value and headers. */
const RECORD_OVERHEAD_BYTES = 128

/** A record that was written before its topic's partitions were known. */
interface WaitingRecord {
  readonly encoded: EncodedRecord
  readonly partition: number | undefined
  readonly timestamp: number
}

/** What a sink does its work with: shared by all topics of a producer. */
export interface SinkContext {
  readonly cluster: Cluster
  readonly config: ProducerConfig
  readonly encoder: RecordEncoder
  readonly pool: BufferPool
  /** A queue has got `bytes` more; `isNew` if they began a batch. */
  readonly filled: (queue: PartitionQueue, bytes: number, isNew: boolean) => void
}

/** One topic's way into a producer: chooses the partition of each record and puts it into that partition's batch. */
export class TopicSink {
  readonly name: string
  /** One per partition; empty until the metadata is there. */
  readonly queues: PartitionQueue[] = []
  readonly #context: SinkContext
  readonly #partitioner: TopicPartitioner
  #waiting: WaitingRecord[] = []

  constructor(name: string, context: SinkContext) {
    this.name = name
    this.#context = context
    this.#partitioner = new TopicPartitioner(name, context.config.partitioner, context.config.batchBytes)
  }

  get isReady(): boolean {
    return this.queues.length > 0
  }

  /** Whether records are held until the partitions are known. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Takes note of partitions; topics only grow. */
  grow(partitionCount: number): void {
    for (let i = this.queues.length; i < partitionCount; i++) this.queues.push(new PartitionQueue(this.name, i))
  }

  /** Puts one record into its batch. Throws SerdeError, CLIENT_INVALID_PARTITION or CLIENT_RECORD_TOO_LARGE. */
  append<K, V>(
    topic: Topic<K, V>,
    record: ProducerRecord<K, V>,
    nowMs: number,
    tracker: SendTracker | undefined,
  ): void {
    const timestamp = this.#encode(topic, record, nowMs)
    const queue = this.#partitioner.choose(this.#context.encoder, record.partition, this.queues, this.#context.cluster)
    this.#put(queue, timestamp, tracker)
  }

  /** Keeps a record until the partitions are known. Returns its size. */
  hold<K, V>(topic: Topic<K, V>, record: ProducerRecord<K, V>, nowMs: number): number {
    const timestamp = this.#encode(topic, record, nowMs)
    const { encoder } = this.#context
    this.#waiting.push({ encoded: encoder.snapshot(), partition: record.partition, timestamp })
    return heldBytes(encoder)
  }

  /** Places what was held; `failed` gets the error of each record that could not be. Returns the bytes let go of. */
  release(failed: (error: unknown) => void): number {
    const { encoder, cluster } = this.#context
    let bytes = 0
    for (const { encoded, partition, timestamp } of this.#takeWaiting()) {
      bytes += heldBytes(encoded)
      encoder.restore(encoded)
      try {
        this.#put(this.#partitioner.choose(encoder, partition, this.queues, cluster), timestamp, undefined)
      } catch (error) {
        failed(error)
      }
    }
    return bytes
  }

  /** Drops what was held. Returns the bytes let go of; 0 if there was nothing. */
  discard(): number {
    return this.#takeWaiting().reduce((sum, { encoded }) => sum + heldBytes(encoded), 0)
  }

  #takeWaiting(): WaitingRecord[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
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

  #put(queue: PartitionQueue, timestamp: number, tracker: SendTracker | undefined): void {
    const { encoder, config, pool, filled } = this.#context
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
