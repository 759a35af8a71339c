/**
 * This node's member of the metadata quorum and, while it leads, the active controller: takes commands, appends their
 * records as one batch each, and answers once they are committed, applied and told to the listeners.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { readUuid, ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type { BrokerConfig } from '../config.ts'
import { QuorumMember } from '../consensus/quorum-member.ts'
import { LogFullError } from '../log/errors.ts'
import type { Log } from '../log/log.ts'
import type { Clock } from '../ports/clock.ts'
import type { Disk } from '../ports/disk.ts'
import type { Random } from '../ports/random.ts'
import { alterConfigs } from './alter-configs.ts'
import type {
  ConfigChange,
  ControllerApi,
  ItemResult,
  NewPartitions,
  NewTopic,
  NewTopicResult,
  PartitionRef,
  ProducerIdBlock,
  Reassignment,
  TopicRef,
} from './api.ts'
import { bootstrapRecords } from './bootstrap.ts'
import { registerBroker, unfenceBroker } from './broker-life.ts'
import { type CommandContext, failure, type Outcome } from './core.ts'
import { createPartitions } from './create-partitions.ts'
import { createTopics, failedTopic } from './create-topics.ts'
import { deleteTopics } from './delete-topics.ts'
import { electLeaders } from './elect-leaders.ts'
import { MetadataImage } from './image.ts'
import { ImageFeed } from './image-feed.ts'
import { encodeRecords } from './metadata-log.ts'
import { allocateProducerIds } from './producer-ids.ts'
import { reassignPartitions } from './reassign-partitions.ts'
import type { MetadataListener, MetadataView } from './view.ts'

export { metadataLogConfig } from './metadata-log.ts'
export { METADATA_TOPIC, METADATA_TOPIC_ID } from './names.ts'

/** The part of the broker's logger that the controller uses. */
export interface ControllerLogger {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface ControllerOptions {
  readonly config: BrokerConfig
  /** From `meta.properties` (LogManager.clusterId). */
  readonly clusterId: string
  /** From `meta.properties` (LogManager.directoryId); the zero id unless given. */
  readonly directoryId?: string
  /** `logManager.openLog(METADATA_TOPIC, 0, METADATA_TOPIC_ID, metadataLogConfig, nowMs)`; closed by its owner. */
  readonly log: Log
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly logger: ControllerLogger
}

export interface AdvertisedAddress {
  readonly host: string
  readonly port: number
}

/** A command whose records are not committed yet, or that waits for those before it. */
interface Pending {
  /** Answered once everything below this offset is applied. */
  readonly endOffset: number
  answer(): void
  refuse(why: ItemResult): void
}

/** Order of use: `onMetadata` for every listener, `start`, `unfence`; at the end `close`. */
export class Controller implements ControllerApi {
  private readonly options: ControllerOptions
  private readonly image: MetadataImage
  private readonly feed: ImageFeed
  private readonly member: QuorumMember
  /** The image with the records that are appended and not committed yet; null unless this is the active controller. */
  private newest: MetadataImage | null = null
  private pending: Pending[] = []
  private whenActive: (() => void) | null = null
  /** Answers `start`, once; null when that has been done. */
  private settleStart: ((error: Error | null) => void) | null = null
  private epochOfThisStart = -1
  private stopped = false

  constructor(options: ControllerOptions) {
    this.options = options
    this.image = new MetadataImage(options.clusterId)
    const failed = (error: Error) => this.fail(error)
    this.feed = new ImageFeed(options.log, this.image, { reached: (offset) => this.reached(offset), failed })
    const { properties, nodeId } = options.config
    this.member = new QuorumMember({
      raft: {
        nodeId,
        voters: [nodeId],
        electionTimeoutMs: properties['controller.quorum.election.timeout.ms'],
        fetchTimeoutMs: properties['controller.quorum.fetch.timeout.ms'],
        requestTimeoutMs: properties['controller.quorum.request.timeout.ms'],
        retryBackoffMs: properties['controller.quorum.retry.backoff.ms'],
      },
      log: options.log,
      disk: options.disk,
      clock: options.clock,
      random: options.random,
      send: (to) => this.fail(new Error(`there is no quorum voter ${to}`)),
      events: {
        leaderChangeBatch: (leaderId, voters) =>
          encodeRecords([{ kind: 'leaderChange', leaderId, voters }], options.clock.now()),
        committed: (offset) => this.feed.committed(offset),
        leaderChanged: (leader) => this.leaderChanged(leader),
        rolledBack: (endOffset, reason) => this.takeBack(endOffset, reason),
        failed,
      },
    })
  }

  /** The applied metadata: one object for the life of the controller, changed only between two turns of its listeners. */
  get view(): MetadataView {
    return this.image
  }

  /** Offset of this broker's registration record: the epoch of this uptime. -1 before `start` is done. */
  get brokerEpoch(): number {
    return this.epochOfThisStart
  }

  /** Told after each applied batch, from the end of `start` on; the first call brings all there is as created. */
  onMetadata(listener: MetadataListener): void {
    this.feed.listen(listener)
  }

  /** Replays the log, leads the quorum in a new epoch and registers this broker, fenced. `done` after the listeners. */
  start(advertised: AdvertisedAddress, done: (error: Error | null) => void): void {
    this.settleStart = (error) => {
      this.settleStart = null
      done(error)
    }
    this.whenActive = () => this.register(advertised)
    this.member.start()
  }

  /** The partitions' logs are open: they get their leaders back, under a new leader epoch. `done` after the listeners. */
  unfence(done: (error: Error | null) => void): void {
    const { nodeId } = this.options.config
    this.submit(
      (context) => unfenceBroker(context, nodeId, this.epochOfThisStart),
      (result) => done(result.error === 0 ? null : new Error(result.message ?? 'the broker cannot be unfenced')),
      (why) => why,
    )
  }

  /** Answers what is pending with NOT_CONTROLLER and stops. */
  close(): void {
    this.stop(new Error('the controller was closed'))
  }

  createTopics(
    topics: readonly NewTopic[],
    options: { readonly validateOnly: boolean },
    done: (results: readonly NewTopicResult[]) => void,
  ): void {
    this.submit(
      (context) => createTopics(context, topics, options.validateOnly),
      done,
      (why) => topics.map((topic) => failedTopic(topic.name, why)),
    )
  }

  deleteTopics(topics: readonly TopicRef[], done: (results: readonly (ItemResult & TopicRef)[]) => void): void {
    this.submit(
      (context) => deleteTopics(context, topics),
      done,
      (why) => topics.map((topic) => ({ ...topic, ...why })),
    )
  }

  createPartitions(
    changes: readonly NewPartitions[],
    options: { readonly validateOnly: boolean },
    done: (results: readonly (ItemResult & { readonly name: string })[]) => void,
  ): void {
    this.submit(
      (context) => createPartitions(context, changes, options.validateOnly),
      done,
      (why) => changes.map(({ name }) => ({ name, ...why })),
    )
  }

  alterConfigs(
    changes: readonly ConfigChange[],
    options: { readonly validateOnly: boolean },
    done: (results: readonly ItemResult[]) => void,
  ): void {
    this.submit(
      (context) => alterConfigs(context, changes, options.validateOnly),
      done,
      (why) => changes.map(() => why),
    )
  }

  electLeaders(
    options: { readonly unclean: boolean; readonly partitions: readonly PartitionRef[] | null },
    done: (results: readonly (ItemResult & PartitionRef)[]) => void,
  ): void {
    this.submit(
      (context) => electLeaders(context, options.partitions, options.unclean),
      done,
      (why) => (options.partitions ?? []).map((ref) => ({ ...ref, ...why })),
    )
  }

  reassignPartitions(
    items: readonly Reassignment[],
    options: { readonly allowReplicationFactorChange: boolean },
    done: (results: readonly (ItemResult & PartitionRef)[]) => void,
  ): void {
    this.submit(
      (context) => reassignPartitions(context, items, options.allowReplicationFactorChange),
      done,
      (why) => items.map(({ topic, partition }) => ({ topic, partition, ...why })),
    )
  }

  allocateProducerIds(done: (result: ProducerIdBlock) => void): void {
    this.submit(
      (context) => allocateProducerIds(context, this.options.config.nodeId),
      done,
      ({ error }) => ({ error, first: -1, count: 0 }),
    )
  }

  /** Runs a command against the newest state; answers in a later turn, when that state is applied here. */
  private submit<Result>(
    command: (context: CommandContext) => Outcome<Result>,
    done: (result: Result) => void,
    refusal: (why: ItemResult) => Result,
  ): void {
    const refuse = (why: ItemResult) => done(refusal(why))
    if (this.newest === null) return this.options.clock.turnEnd(() => refuse(notController))
    const { config, random, clock } = this.options
    const { records, result } = command({ image: this.newest, config, random })
    const answer = () => done(result)
    if (records.length === 0) {
      // An answer may rest on records that are not committed yet: it waits for them.
      const endOffset = this.pending.at(-1)?.endOffset ?? this.feed.appliedOffset
      if (endOffset <= this.feed.appliedOffset) clock.turnEnd(answer)
      else this.pending.push({ endOffset, answer, refuse })
      return
    }
    let baseOffset: number
    try {
      baseOffset = this.member.append(encodeRecords(records, clock.now()))
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error))
      if (!(reason instanceof LogFullError)) this.fail(reason)
      return clock.turnEnd(() => refuse(reason instanceof LogFullError ? noRoom(reason) : notController))
    }
    this.newest.apply(records, baseOffset)
    const endOffset = baseOffset + records.length
    this.pending.push({ endOffset, answer, refuse })
    this.feed.expect({ baseOffset, records }, () => this.answerUpTo(endOffset))
  }

  private answerUpTo(offset: number): void {
    while (this.pending[0] !== undefined && this.pending[0].endOffset <= offset) this.pending.shift()?.answer()
  }

  /** Applied that far: if this node leads and knows all that was before its epoch, it takes commands from here on. */
  private reached(offset: number): void {
    const { member } = this
    if (this.stopped || this.newest !== null || !member.isLeader || offset < member.epochStartOffset) return
    this.newest = this.image.clone()
    const whenActive = this.whenActive
    this.whenActive = null
    whenActive?.()
  }

  private register({ host, port }: AdvertisedAddress): void {
    const { config, random, log, directoryId = ZERO_UUID } = this.options
    const registration = {
      brokerId: config.nodeId,
      incarnationId: readUuid(random.bytes(16), 0),
      directoryId,
      host,
      port,
      rack: config.rack,
      // What was acknowledged was durable, or nothing was lost because the last stop was clean.
      clean: config.durability === 'fsync' || log.recovery.clean,
    }
    this.submit(
      (context) => {
        const bootstrap = bootstrapRecords(context)
        const { records, result } = registerBroker(context, registration)
        return { records: [...bootstrap, ...records], result }
      },
      (result) => {
        if (result.error !== 0)
          return this.settleStart?.(new Error(result.message ?? 'the broker cannot be registered'))
        this.epochOfThisStart = this.image.broker(config.nodeId)?.epoch ?? -1
        this.options.logger.info({ brokerEpoch: this.epochOfThisStart, epoch: this.member.epoch }, 'broker registered')
        this.feed.publish()
        this.settleStart?.(null)
      },
      (why) => why,
    )
  }

  /** The disk is full: the newest state is the one without the records that could not be written, and their commands failed. */
  private takeBack(endOffset: number, reason: Error): void {
    this.options.logger.error({ err: reason }, 'the metadata log has no room: changes are refused until there is some')
    const waiting = this.feed.forgetFrom(endOffset)
    if (this.newest !== null) {
      this.newest = this.image.clone()
      for (const { records, baseOffset } of waiting) this.newest.apply(records, baseOffset)
    }
    const refused = this.pending.filter((command) => command.endOffset > endOffset)
    this.pending = this.pending.filter((command) => command.endOffset <= endOffset)
    for (const command of refused) this.options.clock.turnEnd(() => command.refuse(noRoom(reason)))
  }

  private leaderChanged(leader: number): void {
    this.image.controllerId = leader
    if (leader === this.options.config.nodeId) this.reached(this.feed.appliedOffset)
    else this.resign()
  }

  private resign(): void {
    this.newest = null
    this.feed.forgetExpected()
    const { pending } = this
    this.pending = []
    for (const command of pending) this.options.clock.turnEnd(() => command.refuse(notController))
  }

  private fail(error: Error): void {
    if (this.stopped) return
    this.options.logger.error({ err: error }, 'the controller has failed and takes no more changes')
    this.stop(error)
  }

  private stop(reason: Error): void {
    if (this.stopped) return
    this.stopped = true
    this.member.close()
    this.feed.close()
    // Before the refusals, so that `start` tells the true reason.
    this.options.clock.turnEnd(() => this.settleStart?.(reason))
    this.resign()
  }
}

const notController = failure(Errors.NOT_CONTROLLER, 'This is not the active controller.')

/** Retriable, as NOT_CONTROLLER is: the change was not made, and may be once there is room. */
function noRoom(reason: Error): ItemResult {
  return failure(Errors.KAFKA_STORAGE_ERROR, reason.message)
}
