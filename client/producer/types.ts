import type { MillraceError } from '../errors.ts'
import type { Abortable, Compression } from '../options.ts'
import type { Topic } from '../topic.ts'

export type HeaderValue = string | Uint8Array | null

/** Headers to send: an object, or pairs when a name repeats. Strings are written as UTF-8. */
export type HeadersInput = Readonly<Record<string, HeaderValue>> | readonly (readonly [string, HeaderValue])[]

/** A record to send. No key: partitions are chosen in sticky runs; a null value is a tombstone. */
export interface ProducerRecord<K = unknown, V = unknown> {
  readonly key?: K | null | undefined
  readonly value: V | null
  readonly headers?: HeadersInput | undefined
  /** Event time, milliseconds since the epoch. @default now */
  readonly timestamp?: number | undefined
  /** @default by the partitioner */
  readonly partition?: number | undefined
}

/** Where one record went. `offset` is -1 with `acks: 0`, and for a duplicate whose offset the broker no longer knows. */
export interface RecordMetadata {
  readonly partition: number
  readonly offset: number
}

/** What a partitioner sees. `key` is the encoded key, which may not be kept: the next record overwrites it. */
export interface PartitionContext {
  readonly topic: string
  readonly key: Buffer | null
  readonly partitionCount: number
}

/** Chooses a partition in `[0, partitionCount)`. */
export type Partitioner = (context: PartitionContext) => number

export interface ProducerOptions {
  /** Replicas that must have the record: all in sync (-1), the leader (1), or nobody answers (0). @default -1 */
  readonly acks?: -1 | 0 | 1
  /** No duplicates and no reordering through retries (needs `acks: -1`). @default true when acks is -1 */
  readonly idempotent?: boolean
  /** @default 'none' */
  readonly compression?: Compression
  /** Codec's own level, for gzip and zstd. @default the codec's */
  readonly compressionLevel?: number
  /** Time to wait for a batch to fill; 0 sends what was written during this turn of the event loop. @default 0 */
  readonly lingerMs?: number
  /** Most bytes of a batch before compression, per partition. @default 131072 */
  readonly batchBytes?: number
  /** Bytes that may wait for acknowledgement before `write` and `send` push back. @default 33554432 */
  readonly bufferMemory?: number
  /** Largest produce request, and with it the largest record. @default 1048576 */
  readonly maxRequestBytes?: number
  /** Produce requests unanswered at a time, per partition; their order is kept. 1 to 5. @default 5 */
  readonly maxInFlight?: number
  /** From `send` or `write` until success or failure, retries included. @default 120000 */
  readonly deliveryTimeoutMs?: number
  /** @default murmur2 of the key as in Java; sticky runs without a key */
  readonly partitioner?: Partitioner
}

/** Sends records. Made by `client.producer()`. */
export interface Producer extends AsyncDisposable {
  /** Resolves when all are acknowledged, with one entry per record in their order; rejects with the first failure. */
  send<K, V>(
    topic: Topic<K, V>,
    records: readonly ProducerRecord<NoInfer<K>, NoInfer<V>>[],
    options?: Abortable,
  ): Promise<RecordMetadata[]>
  /**
   * Buffers one record. Returns undefined, or a promise when the buffer is full: await it before writing more (the record
   * itself is taken either way; ignoring it until twice the memory waits throws `CLIENT_BUFFER_FULL`). Delivery failures
   * surface in `flush()`.
   */
  write<K, V>(topic: Topic<K, V>, record: ProducerRecord<NoInfer<K>, NoInfer<V>>): undefined | Promise<void>
  /** Resolves when everything written so far is acknowledged; throws the first failure of `write` since the last flush. */
  flush(options?: Abortable): Promise<void>
  /** Flushes, then releases everything. Idempotent. Throws what flush would. */
  close(options?: Abortable): Promise<void>
  /** Bytes buffered and not yet acknowledged. */
  readonly bufferedBytes: number
}

/** A batch that could not be delivered, as reported to `send`, `write` and `flush`. */
export interface DeliveryFailure {
  readonly topic: string
  readonly partition: number
  readonly error: MillraceError
}
