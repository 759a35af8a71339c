/**
 * The pump of one shard: loads it from its partition's log, runs its steps, and carries out what they want. Made when this
 * broker begins to lead the partition, thrown away when it stops.
 */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { decodeBatches, type RecordBatch } from '../../proto/kafka/batch/decode.ts'
import { WireError } from '../../proto/kafka/wire-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Partition, ReadResult } from '../replication/api.ts'
import type { Logger } from '../services.ts'
import { AppendQueue } from './append-queue.ts'
import type { DeletedTopic } from './cleanup.ts'
import type { Now } from './context.ts'
import type { GroupShard } from './shard.ts'

/** How long a load waits for the high watermark, or after an error, before it looks again. */
const LOAD_RETRY_MS = 20

export interface CoordinatorHost {
  readonly clock: Clock
  readonly logger: Logger
  /** `offsets.commit.timeout.ms`. */
  readonly commitTimeoutMs: number
  /** `offsets.load.buffer.size`. */
  readonly loadBytes: number
  /** The shard may want to be called earlier than it was said to. */
  dueChanged(coordinator: Coordinator): void
}

export class Coordinator {
  readonly partition: Partition
  readonly shard: GroupShard
  readonly #host: CoordinatorHost
  readonly #appends: AppendQueue
  /** What was in the log when this broker was elected: all of it has to become visible before the shard is complete. */
  readonly #loadEnd: number
  readonly #loadStartedMs: number
  #loadOffset: number
  /** Topics that went while the log was still being read. */
  #deletedTopics: DeletedTopic[] = []
  #state: 'loading' | 'active' | 'failed' | 'closed' = 'loading'

  constructor(host: CoordinatorHost, partition: Partition, shard: GroupShard) {
    this.#host = host
    this.partition = partition
    this.shard = shard
    this.#appends = new AppendQueue(partition, host.clock, host.commitTimeoutMs, (call) => {
      shard.appendSettled(this.#now(), call)
      this.#drain()
    })
    this.#loadOffset = partition.logStartOffset
    this.#loadEnd = partition.logEndOffset
    this.#loadStartedMs = host.clock.monotonic()
    this.#load()
  }

  get isLoading(): boolean {
    return this.#state === 'loading'
  }

  /** What a request hears that comes now: NONE when it is served. */
  get error(): ErrorCode {
    if (this.#state === 'active') return Errors.NONE
    return this.#state === 'loading' ? Errors.COORDINATOR_LOAD_IN_PROGRESS : Errors.NOT_COORDINATOR
  }

  /** One step of the shard. */
  run<T>(step: (shard: GroupShard, now: Now) => T): T {
    const result = step(this.shard, this.#now())
    this.#drain()
    return result
  }

  topicsDeleted(topics: readonly DeletedTopic[]): void {
    if (this.#state === 'active') this.run((shard, now) => shard.topicsDeleted(topics, now))
    else if (this.#state === 'loading') this.#deletedTopics.push(...topics)
  }

  resign(): void {
    this.#state = 'closed'
    this.run((shard, now) => shard.resign(now))
  }

  #now(): Now {
    return { monotonicMs: this.#host.clock.monotonic(), wallMs: this.#host.clock.now() }
  }

  #drain(): void {
    const { outbox } = this.shard
    for (const { level, fields, message } of outbox.takeNotes()) this.#host.logger[level](fields, message)
    this.#appends.push(outbox.takeAppends())
    for (const reply of outbox.takeReplies()) reply()
    if (this.#state === 'active') this.#host.dueChanged(this)
  }

  #load(): void {
    if (this.#state !== 'loading') return
    if (this.#loadOffset >= this.#loadEnd) {
      this.#finishLoading()
      return
    }
    const { partition } = this
    const limit = Math.min(this.#loadEnd, partition.highWatermark)
    partition.read(this.#loadOffset, limit, this.#host.loadBytes, true, (result) => this.#loadMore(result))
  }

  #loadMore({ error, buffers, nextOffset }: ReadResult): void {
    if (this.#state !== 'loading') return
    if (error !== Errors.NONE || nextOffset === this.#loadOffset) {
      this.#host.clock.after(LOAD_RETRY_MS, () => this.#load())
      return
    }
    try {
      for (const batch of decodeBatches(buffers)) this.#replayBatch(batch)
    } catch (reason) {
      this.#state = 'failed'
      const { topic, index } = this.partition
      this.#host.logger.error({ topic, partition: index, err: reason }, 'group coordinator could not load')
      return
    }
    this.#loadOffset = nextOffset
    this.#load()
  }

  /** Control batches carry no offsets; offsets of transactions are not committed by being in the log. */
  #replayBatch(batch: RecordBatch): void {
    if (batch.isControl || batch.isTransactional) return
    for (const { key, value, offset } of batch.records()) {
      if (key === null || offset < this.#loadOffset) continue
      try {
        this.shard.replay({ key, value })
      } catch (reason) {
        if (!(reason instanceof WireError)) throw reason
        // Anybody who may produce to this topic can write nonsense into it; that must not stop the groups.
        this.#host.logger.warn({ partition: this.partition.index, offset }, 'unreadable group record left out')
      }
    }
  }

  #finishLoading(): void {
    this.#state = 'active'
    const { index } = this.partition
    const { groupCount, offsetCount } = this.shard
    const ms = Math.round(this.#host.clock.monotonic() - this.#loadStartedMs)
    if (this.#loadEnd > 0) {
      const fields = { partition: index, groups: groupCount, offsets: offsetCount, ms }
      this.#host.logger.info(fields, 'group coordinator loaded')
    }
    this.run((shard, now) => shard.loaded(now))
    if (this.#deletedTopics.length > 0) this.topicsDeleted(this.#deletedTopics.splice(0))
  }
}
