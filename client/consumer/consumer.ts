import type { Cluster } from '../cluster/cluster.ts'
import { Coordinator } from '../cluster/coordinator.ts'
import { clientError } from '../errors.ts'
import type { Abortable } from '../options.ts'
import { abortable, safeOffset } from '../timing.ts'
import type { Topic, TopicPartition } from '../topic.ts'
import { OffsetCommitter } from './committer.ts'
import { type ConsumerConfig, resolveConsumerOptions } from './config.ts'
import { Membership } from './group/membership.ts'
import { BatchesIterator, RecordsIterator } from './iterators.ts'
import { PartitionState, partitionKey } from './partition-state.ts'
import { Poller } from './poller.ts'
import { PositionFinder } from './positions.ts'
import type { BatchOf, CommitOffset, CommitTarget, Consumer, ConsumerOptions, RecordOf } from './types.ts'

/** Closing does not wait longer than this for a last commit and for leaving the group. */
const CLOSE_TIMEOUT_MS = 5_000

type SeekTarget = Parameters<Consumer['seek']>[1]

/** The consumer over the Kafka protocol. See `Consumer` for what it promises. */
export class KafkaConsumer<T extends Topic> implements Consumer<T> {
  readonly #cluster: Cluster
  readonly #config: ConsumerConfig
  readonly #channel: string
  readonly #onClose: () => void
  readonly #states = new Map<string, PartitionState>()
  readonly #positions: PositionFinder
  readonly #membership: Membership | undefined
  readonly #committer: OffsetCommitter | undefined
  readonly #poller: Poller
  #isReading = false
  #closing: Promise<void> | undefined

  constructor(cluster: Cluster, options: ConsumerOptions<T>, channel: string, onClose: () => void) {
    this.#cluster = cluster
    this.#config = resolveConsumerOptions(options)
    this.#channel = channel
    this.#onClose = onClose
    cluster.track(this.#config.topics.keys())
    const config = this.#config
    const coordinator = config.group === '' ? undefined : new Coordinator(cluster, config.group)
    this.#positions = new PositionFinder(cluster, config, coordinator)
    if (coordinator !== undefined) {
      this.#membership = new Membership(cluster, config, coordinator, `group-${channel}`)
      this.#membership.mustJoin = config.assign === undefined
      this.#committer = new OffsetCommitter(cluster, coordinator, this.#membership, this.#states, () =>
        this.#poller.wake(),
      )
    }
    this.#poller = new Poller({
      cluster,
      config,
      channel,
      states: this.#states,
      positions: this.#positions,
      coordinator,
      committer: this.#committer,
      membership: config.assign === undefined ? this.#membership : undefined,
    })
    if (config.assign !== undefined) this.#poller.assign(config.assign.map((assignment) => this.#stateFor(assignment)))
    if (config.autoCommit) this.#committer?.startAutoCommit(config.autoCommitIntervalMs)
  }

  records(options: Abortable = {}): AsyncIterableIterator<RecordOf<T>> {
    const iterator = new RecordsIterator(this.#poller, options.signal, this.#beginReading())
    return iterator as unknown as AsyncIterableIterator<RecordOf<T>>
  }

  batches(options: Abortable = {}): AsyncIterableIterator<BatchOf<T>> {
    const iterator = new BatchesIterator(this.#poller, options.signal, this.#beginReading())
    return iterator as unknown as AsyncIterableIterator<BatchOf<T>>
  }

  async commit(what?: CommitTarget, options: Abortable = {}): Promise<void> {
    const committer = this.#committer
    if (committer === undefined) throw clientError('CLIENT_NO_GROUP', 'commit')
    const commit =
      what === undefined
        ? committer.commitPassed(undefined, options.signal)
        : committer.commit(offsetsOf(what), options.signal)
    await abortable(commit, options.signal)
  }

  async committed(partitions?: readonly TopicPartition[], options: Abortable = {}): Promise<CommitOffset[]> {
    if (this.#committer === undefined) throw clientError('CLIENT_NO_GROUP', 'committed')
    return this.#positions.committed(partitions ?? this.assignment, options.signal)
  }

  async seek(target: TopicPartition, to: SeekTarget, options: Abortable = {}): Promise<void> {
    const state = this.#assigned(target)
    const [offset] =
      typeof to === 'number' ? [safeOffset(to, 'seek')] : await this.#positions.find([target], to, options.signal)
    if (offset === undefined || offset < 0) throw clientError('CLIENT_INVALID_OFFSET', `seek to ${offset}`)
    if (state.isGone) throw clientError('CLIENT_NOT_ASSIGNED', state.name)
    state.moveTo(offset)
    this.#poller.fetcher.poke()
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const state of partitions.map((partition) => this.#assigned(partition))) {
      state.isPaused = true
      this.#poller.fetcher.compact(state)
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const state of partitions.map((partition) => this.#assigned(partition))) state.isPaused = false
    this.#poller.fetcher.poke()
    this.#poller.wake()
  }

  get paused(): readonly TopicPartition[] {
    return this.#list((state) => state.isPaused)
  }

  get assignment(): readonly TopicPartition[] {
    return this.#list(() => true)
  }

  position(partition: TopicPartition): number | undefined {
    const position = this.#states.get(partitionKey(partition))?.position ?? -1
    return position < 0 ? undefined : position
  }

  lag(partition: TopicPartition): number | undefined {
    const state = this.#states.get(partitionKey(partition))
    if (state === undefined || state.highWatermark < 0 || state.position < 0) return undefined
    return Math.max(0, state.highWatermark - state.position)
  }

  get memberId(): string {
    return this.#membership?.memberId ?? ''
  }

  get generation(): number {
    return this.#membership?.generation ?? -1
  }

  close(options: Abortable = {}): Promise<void> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(options: Abortable): Promise<void> {
    this.#poller.close()
    this.#committer?.stop()
    const patience = AbortSignal.timeout(CLOSE_TIMEOUT_MS)
    const signal = options.signal === undefined ? patience : AbortSignal.any([options.signal, patience])
    try {
      await abortable(this.#poller.release(signal), signal)
      if (this.#config.assign === undefined) await this.#membership?.leave('the consumer is closing', signal)
    } catch (error) {
      this.#cluster.config.onWarning(error as Error)
    } finally {
      for (const channel of [...this.#poller.fetcher.channels, `group-${this.#channel}`])
        this.#cluster.closeChannel(channel)
      this.#onClose()
    }
  }

  /** One loop at a time. Returns what ends this one. */
  #beginReading(): () => void {
    if (this.#closing !== undefined) throw clientError('CLIENT_CLOSED', 'consumer')
    if (this.#isReading) throw clientError('CLIENT_STATE', 'the consumer is being read already')
    this.#isReading = true
    return () => {
      this.#isReading = false
    }
  }

  #stateFor({ topic, partition, offset }: TopicPartition & { readonly offset?: number }): PartitionState {
    const state = new PartitionState(this.#config.topics.get(topic)!, partition)
    if (offset !== undefined) state.begin(safeOffset(offset, `offset of ${state.name}`))
    return state
  }

  #assigned(partition: TopicPartition): PartitionState {
    const state = this.#states.get(partitionKey(partition))
    if (state === undefined) throw clientError('CLIENT_NOT_ASSIGNED', `${partition.topic}[${partition.partition}]`)
    return state
  }

  #list(isWanted: (state: PartitionState) => boolean): TopicPartition[] {
    return [...this.#states.values()].filter(isWanted).map(({ topic, partition }) => ({ topic, partition }))
  }
}

/** A record or a batch stands for the offset after it. */
function offsetsOf(what: CommitTarget): readonly CommitOffset[] {
  if (Array.isArray(what)) return what as readonly CommitOffset[]
  const { topic, partition } = what as TopicPartition
  return [
    { topic, partition, offset: 'nextOffset' in what ? what.nextOffset : (what as { offset: number }).offset + 1 },
  ]
}
