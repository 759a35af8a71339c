/**
 * Commands of the active controller: each runs against the newest state, its records are appended as one batch, and it is
 * answered once they are committed, applied and told to the listeners. Takes nothing while this node is not active.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import type { BrokerConfig } from '../config.ts'
import { LogFullError } from '../log/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { ItemResult } from './api.ts'
import { type CommandContext, failure, type Outcome } from './core.ts'
import type { MetadataImage } from './image.ts'
import type { ImageFeed } from './image-feed.ts'
import { encodeRecords } from './metadata-log.ts'
import { METADATA_VERSION, METADATA_VERSION_OLDEST, recordsAtLevel } from './metadata-version.ts'

export type Command<Result> = (context: CommandContext) => Outcome<Result>

export interface CommandQueueOptions {
  readonly config: BrokerConfig
  readonly clock: Clock
  readonly random: Random
  /** The applied metadata. */
  readonly image: MetadataImage
  readonly feed: ImageFeed
  /** Appends one batch to the metadata log and returns its first offset. Throws LogFullError, or what failed for good. */
  readonly append: (batch: Buffer) => number
  /** The log takes nothing any more. */
  readonly failed: (error: Error) => void
}

/** A command whose records are not committed yet, or that waits for those before it. */
interface Pending {
  /** Answered once everything below this offset is applied. */
  readonly endOffset: number
  answer(): void
  refuse(why: ItemResult): void
}

export const notController = failure(Errors.NOT_CONTROLLER, 'This is not the active controller.')

/** Retriable, as NOT_CONTROLLER is: the change was not made, and may be once there is room. */
function noRoom(reason: Error): ItemResult {
  return failure(Errors.KAFKA_STORAGE_ERROR, reason.message)
}

export class CommandQueue {
  private readonly options: CommandQueueOptions
  /** The image with the records that are appended and not committed yet; null unless this is the active controller. */
  private newest: MetadataImage | null = null
  private pending: Pending[] = []

  constructor(options: CommandQueueOptions) {
    this.options = options
  }

  get isActive(): boolean {
    return this.newest !== null
  }

  /** The newest state, committed or not; null unless active. Only to be looked at. */
  get newestImage(): MetadataImage | null {
    return this.newest
  }

  /** Takes commands from here on: everything that was before is applied. */
  activate(): void {
    this.newest = this.options.image.clone()
  }

  /** Another controller may have taken over: what waits is refused, whether or not it will be committed after all. */
  resign(): void {
    this.newest = null
    this.options.feed.forgetExpected()
    const { pending } = this
    this.pending = []
    for (const command of pending) this.options.clock.turnEnd(() => command.refuse(notController))
  }

  /**
   * Runs a command; one of the callbacks is called once, in a later turn. `refuse` says why nothing was done: NOT_CONTROLLER
   * (then it may have been done after all, when this node was active while it waited), or KAFKA_STORAGE_ERROR.
   */
  run<Result>(command: Command<Result>, done: (result: Result) => void, refuse: (why: ItemResult) => void): void {
    const { config, random, clock, feed } = this.options
    if (this.newest === null) return clock.turnEnd(() => refuse(notController))
    const { records: wanted, result } = command({ image: this.newest, config, random })
    const records = recordsAtLevel(wanted, this.newest.features().get(METADATA_VERSION) ?? METADATA_VERSION_OLDEST)
    const answer = () => done(result)
    if (records.length === 0) {
      // An answer may rest on records that are not committed yet: it waits for them.
      const endOffset = this.pending.at(-1)?.endOffset ?? feed.appliedOffset
      if (endOffset <= feed.appliedOffset) clock.turnEnd(answer)
      else this.pending.push({ endOffset, answer, refuse })
      return
    }
    let baseOffset: number
    try {
      baseOffset = this.options.append(encodeRecords(records, clock.now()))
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error))
      if (!(reason instanceof LogFullError)) this.options.failed(reason)
      return clock.turnEnd(() => refuse(reason instanceof LogFullError ? noRoom(reason) : notController))
    }
    this.newest.apply(records, baseOffset)
    const endOffset = baseOffset + records.length
    this.pending.push({ endOffset, answer, refuse })
    feed.expect({ baseOffset, records }, () => this.answerUpTo(endOffset))
  }

  /** The disk is full: the newest state is the one without the records that could not be written, and their commands failed. */
  takeBack(endOffset: number, reason: Error): void {
    const { image, feed, clock } = this.options
    const waiting = feed.forgetFrom(endOffset)
    if (this.newest !== null) {
      this.newest = image.clone()
      for (const { records, baseOffset } of waiting) this.newest.apply(records, baseOffset)
    }
    const refused = this.pending.filter((command) => command.endOffset > endOffset)
    this.pending = this.pending.filter((command) => command.endOffset <= endOffset)
    for (const command of refused) clock.turnEnd(() => command.refuse(noRoom(reason)))
  }

  private answerUpTo(offset: number): void {
    while (this.pending[0] !== undefined && this.pending[0].endOffset <= offset) this.pending.shift()?.answer()
  }
}
