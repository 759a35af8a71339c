/**
 * This node's member of the metadata quorum with the metadata that it has applied; while the member leads, the node is the
 * active controller and takes commands. Owns what happens when that begins and ends, and nothing of what a command does.
 */
import type { BrokerConfig } from '../config.ts'
import type { RaftMessage } from '../consensus/messages.ts'
import { QuorumMember } from '../consensus/quorum-member.ts'
import type { SnapshotStore } from '../consensus/snapshot-store.ts'
import type { Voter } from '../consensus/voters.ts'
import type { Log } from '../log/log.ts'
import type { Clock } from '../ports/clock.ts'
import type { Disk } from '../ports/disk.ts'
import type { Random } from '../ports/random.ts'
import type { ControllerApi } from './api.ts'
import { bootstrapRecords } from './bootstrap.ts'
import { CommandQueue } from './command-queue.ts'
import { MetadataImage } from './image.ts'
import { ImageFeed } from './image-feed.ts'
import { LocalRequests } from './local-requests.ts'
import { SnapshotTaker } from './snapshot-taker.ts'
import type { MetadataListener, MetadataView } from './view.ts'

export { metadataLogConfig } from './metadata-log.ts'
export { METADATA_TOPIC, METADATA_TOPIC_ID } from './names.ts'

/** The part of the broker's logger that the controller uses. */
export interface ControllerLogger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface ControllerOptions {
  readonly config: BrokerConfig
  /** From `meta.properties` (LogManager.clusterId). */
  readonly clusterId: string
  /** From `meta.properties` (LogManager.directoryId). */
  readonly directoryId: string
  /** `log` and `snapshots` are what `openMetadataLog` gives; closed by their owner. */
  readonly log: Log
  readonly snapshots: SnapshotStore
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly logger: ControllerLogger
  /** Sends to another member of the quorum; may lose, delay, reorder or repeat. */
  readonly send: (to: number, message: RaftMessage) => void
  /** The metadata log cannot be written, read or understood: the controller has stopped. Called once, in a later turn. */
  readonly failed: (error: Error) => void
}

/** What hears that this node becomes the active controller, and that it is no more. */
export interface ActiveListener {
  activated?(): void
  /** Metadata was applied while it is. */
  applied?(): void
  resigned?(): void
}

interface Waiter {
  readonly offset: number
  readonly done: () => void
}

/** Order of use: listeners, `start`, `publish` once metadata may be told; at the end `close`. */
export class Controller {
  /** Refused with NOT_CONTROLLER unless this node is the active controller. */
  readonly requests: ControllerApi
  readonly commands: CommandQueue
  private readonly options: ControllerOptions
  private readonly image: MetadataImage
  private readonly feed: ImageFeed
  private readonly member: QuorumMember
  private readonly snapshotTaker: SnapshotTaker
  private readonly activeListeners: ActiveListener[] = []
  /** In no order; each waits for the metadata of one answer. */
  private waiters: Waiter[] = []
  private stopped = false

  constructor(options: ControllerOptions) {
    this.options = options
    const { config, clock, random, clusterId, log } = options
    this.image = new MetadataImage(clusterId)
    const failed = (error: Error) => this.fail(error)
    this.feed = new ImageFeed(log, this.image, options.snapshots.loaded, {
      reached: (offset) => this.reached(offset),
      failed,
    })
    const append = (batch: Buffer) => this.member.append(batch)
    this.commands = new CommandQueue({ config, clock, random, image: this.image, feed: this.feed, append, failed })
    this.requests = new LocalRequests(this.commands, config.nodeId, () => this.member)
    this.member = this.makeMember()
    this.snapshotTaker = this.makeSnapshotTaker()
  }

  /** The applied metadata: one object for the life of the controller, changed only between two turns of its listeners. */
  get view(): MetadataView {
    return this.image
  }

  /** Whether this node is the active controller: it leads the quorum and has applied all that was before. */
  get isActive(): boolean {
    return this.commands.isActive
  }

  /** Epoch of the quorum as far as known here. */
  get epoch(): number {
    return this.member.epoch
  }

  /** Offset of the next metadata record to be applied here. */
  get appliedOffset(): number {
    return this.feed.appliedOffset
  }

  /** Told after each applied batch, from `publish` on; the first call brings all there is as created. */
  onMetadata(listener: MetadataListener): void {
    this.feed.listen(listener)
  }

  onActive(listener: ActiveListener): void {
    this.activeListeners.push(listener)
  }

  /** Joins the quorum; a voter alone leads it at once, in a new epoch. */
  start(): void {
    this.member.start()
    // A leader that was known before the restart is no news to the member.
    this.image.controllerId = this.member.leader
  }

  /** From now on listeners hear of changes, beginning with all there is. Idempotent. */
  publish(): void {
    this.feed.publish()
  }

  /** A message of another member of the quorum. */
  receive(from: number, message: RaftMessage): void {
    this.member.receive(from, message)
  }

  /** Calls `done` once everything below `offset` is applied here and told: at once when it is. Never after `close`. */
  whenApplied(offset: number, done: () => void): void {
    if (offset <= this.feed.appliedOffset) done()
    else if (!this.stopped) this.waiters.push({ offset, done })
  }

  /** Who votes in the quorum, and where they are found. */
  get voters(): readonly Voter[] {
    return this.member.voters
  }

  /** Who votes after the first `endOffset` records here: a change counts before it is committed, and may be taken back. */
  votersAt(endOffset: number): readonly Voter[] {
    return this.member.log.votersAt(endOffset) ?? this.member.voters
  }

  /** A hint: the connection to the leader of the quorum broke, and cannot be made again. */
  leaderDown(nodeId: number): void {
    this.member.leaderDown(nodeId)
  }

  /** The metadata log is full: while this node is active changes are refused, else it hears of none. */
  get isFull(): boolean {
    return this.options.log.full !== null
  }

  /** Hands the leadership of the quorum over, if this node has it and there is anybody to take it. */
  resign(): void {
    this.member.resign()
  }

  /** Answers what is pending with NOT_CONTROLLER and stops. Idempotent. */
  close(): void {
    if (this.stopped) return
    this.stopped = true
    this.member.close()
    this.feed.close()
    this.snapshotTaker.close()
    this.waiters = []
    this.deactivate()
  }

  private makeMember(): QuorumMember {
    const { config, clusterId, directoryId, clock, random, disk, log, snapshots, send, logger } = this.options
    const { properties, nodeId, voters } = config
    return new QuorumMember({
      raft: {
        nodeId,
        directoryId,
        voters: voters.length === 0 ? [{ id: nodeId, host: '', port: 0 }] : voters,
        electionTimeoutMs: properties['controller.quorum.election.timeout.ms'],
        fetchTimeoutMs: properties['controller.quorum.fetch.timeout.ms'],
        requestTimeoutMs: properties['controller.quorum.request.timeout.ms'],
        retryBackoffMs: properties['controller.quorum.retry.backoff.ms'],
      },
      clusterId,
      log,
      snapshots,
      disk,
      clock,
      random,
      send,
      events: {
        committed: (offset) => this.feed.committed(offset),
        leaderChanged: (leader) => this.leaderChanged(leader),
        rolledBack: (endOffset, reason) => this.takeBack(endOffset, reason),
        installed: (snapshot) => this.feed.install(snapshot),
        noticed: (problem) => logger.error({ err: problem }, 'the metadata quorum goes on after a problem'),
        failed: (error) => this.fail(error),
      },
    })
  }

  private makeSnapshotTaker(): SnapshotTaker {
    const { clock, logger, config } = this.options
    return new SnapshotTaker({
      log: this.member.log,
      image: this.image,
      clock,
      logger,
      maxBytes: config.properties['metadata.log.max.record.bytes.between.snapshots'],
      maxIntervalMs: config.properties['metadata.log.max.snapshot.interval.ms'],
    })
  }

  /** Applied that far: if this node leads and knows all that was before its epoch, it takes commands from here on. */
  private reached(offset: number): void {
    const { member, commands } = this
    if (this.stopped) return
    this.snapshotTaker.applied(offset)
    this.tellWaiters(offset)
    if (commands.isActive) for (const listener of this.activeListeners) listener.applied?.()
    if (commands.isActive || !member.isLeader || offset < member.epochStartOffset) return
    commands.activate()
    this.options.logger.info({ epoch: member.epoch, offset }, 'this node is the active controller')
    const ignore = () => {}
    commands.run((context) => ({ records: bootstrapRecords(context), result: null }), ignore, ignore)
    for (const listener of this.activeListeners) listener.activated?.()
  }

  private tellWaiters(offset: number): void {
    if (this.waiters.length === 0) return
    const due = this.waiters.filter((waiter) => waiter.offset <= offset)
    this.waiters = this.waiters.filter((waiter) => waiter.offset > offset)
    for (const { done } of due) done()
  }

  private takeBack(endOffset: number, reason: Error): void {
    this.options.logger.error({ err: reason }, 'the metadata log has no room: changes are refused until there is some')
    this.commands.takeBack(endOffset, reason)
  }

  private leaderChanged(leader: number): void {
    this.image.controllerId = leader
    if (leader === this.options.config.nodeId) this.reached(this.feed.appliedOffset)
    else this.deactivate()
  }

  private deactivate(): void {
    const wasActive = this.commands.isActive
    this.commands.resign()
    if (wasActive) for (const listener of this.activeListeners) listener.resigned?.()
  }

  private fail(error: Error): void {
    if (this.stopped) return
    this.options.logger.error({ err: error }, 'the controller has failed and takes no more changes')
    // Whoever leads from now on, this node will not hear of it.
    if (this.options.config.voters.length > 1) this.image.controllerId = -1
    this.close()
    this.options.clock.turnEnd(() => this.options.failed(error))
  }
}
