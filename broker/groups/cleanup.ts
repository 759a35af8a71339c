/** How groups and offsets end: asked for (DeleteGroups, OffsetDelete), with their topic, or by retention (KIP-211). */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type { DeleteOffsetsRequest, DeleteOffsetsResult, Done } from './api.ts'
import { type ShardContext, storeError } from './context.ts'
import type { Group, GroupSeed } from './group.ts'
import type { CommittedOffset } from './offset-store.ts'
import type { GroupRecord } from './outbox.ts'
import { groupTombstone, offsetRecord } from './records.ts'
import { Timer } from './timers.ts'

interface Doomed {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
}

/** A topic that is gone; its id tells it from a new one of the same name. */
export interface DeletedTopic {
  readonly name: string
  readonly id: string
}

export class Cleanup {
  readonly #context: ShardContext
  readonly #timer: Timer
  /** Offsets removed by retention, for metrics. */
  expiredOffsets = 0

  constructor(context: ShardContext) {
    this.#context = context
    this.#timer = new Timer(() => this.#expire())
  }

  /** Looks for stale offsets now and then, from now on. */
  start(): void {
    const { timers, now, options } = this.#context
    timers.schedule(this.#timer, now.monotonicMs + options.offsetsRetentionCheckIntervalMs)
  }

  deleteGroup(groupId: string, done: Done<{ readonly groupId: string; readonly error: ErrorCode }>): void {
    const { groups, outbox } = this.#context
    const group = groups.get(groupId)
    if (group === undefined) outbox.reply(done, { groupId, error: Errors.GROUP_ID_NOT_FOUND })
    else if (group.state !== 'Empty') outbox.reply(done, { groupId, error: Errors.NON_EMPTY_GROUP })
    else
      this.#bury(group, this.#offsetsOf(groupId), (error) => outbox.reply(done, { groupId, error: storeError(error) }))
  }

  deleteOffsets(request: DeleteOffsetsRequest, done: Done<DeleteOffsetsResult>): void {
    const { groups, offsets, outbox } = this.#context
    const { groupId } = request
    const group = groups.get(groupId)
    if (group === undefined) {
      outbox.reply(done, { error: Errors.GROUP_ID_NOT_FOUND, topics: [] })
      return
    }
    // Only of a consumer group does the coordinator know what its members use.
    if (group.state !== 'Empty' && !group.usesConsumerProtocol) {
      outbox.reply(done, { error: Errors.NON_EMPTY_GROUP, topics: [] })
      return
    }
    const doomed: Doomed[] = []
    const topics = request.topics.map(({ topic, partitions }) => {
      const error = group.isSubscribedTo(topic) ? Errors.GROUP_SUBSCRIBED_TO_TOPIC : Errors.NONE
      for (const partition of error === Errors.NONE ? partitions : []) {
        if (offsets.get(groupId, topic, partition) !== undefined) doomed.push({ groupId, topic, partition })
      }
      return { topic, partitions: partitions.map((partition) => ({ partition, error })) }
    })
    this.#remove(doomed, [], (error) => {
      outbox.reply(done, error === Errors.NONE ? { error, topics } : { error: storeError(error), topics: [] })
    })
  }

  /** Offsets of topics that are gone would be wrong for new topics of the same names. */
  topicsDeleted(topics: readonly DeletedTopic[]): void {
    const { offsets, outbox } = this.#context
    for (const groupId of offsets.groupIds()) {
      const doomed: Doomed[] = []
      for (const { name, id } of topics) {
        for (const [partition, entry] of offsets.topicsOf(groupId)?.get(name) ?? []) {
          const topicId = entry.committed?.topicId ?? id
          if (topicId === id || topicId === ZERO_UUID) doomed.push({ groupId, topic: name, partition })
        }
      }
      this.#remove(doomed, [], (error) => {
        if (error !== Errors.NONE) outbox.note('warn', 'offsets of deleted topics not removed', { groupId, error })
      })
    }
  }

  #expire(): void {
    this.start()
    for (const group of this.#context.groups.values()) {
      const { doomed, isBare } = this.#expiredOffsetsOf(group)
      const count = () => {
        this.expiredOffsets += doomed.length
      }
      if (isBare && group.state === 'Empty' && group.pendingJoins.size === 0) this.#bury(group, doomed, count)
      else this.#remove(doomed, [], count)
    }
  }

  /** The offsets that have outlived retention; `isBare` when the group has no others. */
  #expiredOffsetsOf(group: Group): { doomed: Doomed[]; isBare: boolean } {
    const { offsets, now, options } = this.#context
    const topics = offsets.topicsOf(group.id)
    if (topics === undefined) return { doomed: [], isBare: true }
    const since = retentionStart(group)
    const doomed: Doomed[] = []
    let kept = 0
    for (const [topic, partitions] of topics) {
      for (const [partition, { committed, inFlight }] of partitions) {
        const expired =
          since !== null &&
          committed !== null &&
          inFlight === 0 &&
          !group.isSubscribedTo(topic) &&
          isExpired(committed, since, now.wallMs, options.offsetsRetentionMs)
        if (expired) doomed.push({ groupId: group.id, topic, partition })
        else kept += 1
      }
    }
    return { doomed, isBare: kept === 0 }
  }

  #offsetsOf(groupId: string): Doomed[] {
    const doomed: Doomed[] = []
    for (const [topic, partitions] of this.#context.offsets.topicsOf(groupId) ?? []) {
      for (const partition of partitions.keys()) doomed.push({ groupId, topic, partition })
    }
    return doomed
  }

  /** Ends a group and its offsets. It is gone at once; should the log refuse, it comes back. */
  #bury(group: Group, doomed: readonly Doomed[], answered: (error: ErrorCode) => void): void {
    const context = this.#context
    const { generation, protocolType, protocolName, leaderId, stateTimestampMs, subscribedTopics } = group
    const seed: GroupSeed = { state: 'Empty', generation, protocolType, protocolName, leaderId, stateTimestampMs }
    group.transitionTo('Dead', context.now.wallMs)
    context.dropGroup(group)
    context.outbox.note('info', 'group removed', { groupId: group.id, offsets: doomed.length })
    this.#remove(doomed, [groupTombstone(group.id)], answered, (committed) => {
      if (committed || context.closed || context.groups.has(group.id)) return
      context.addGroup(group.id, seed).subscribedTopics = subscribedTopics
    })
  }

  #remove(
    doomed: readonly Doomed[],
    others: readonly GroupRecord[],
    answered: (error: ErrorCode) => void,
    applied: (committed: boolean) => void = () => {},
  ): void {
    const { offsets, outbox, now } = this.#context
    if (doomed.length + others.length === 0) {
      answered(Errors.NONE)
      return
    }
    const tombstones = doomed.map(({ groupId, topic, partition }) => {
      offsets.begin(groupId, topic, partition)
      return offsetRecord(groupId, topic, partition, null)
    })
    outbox.append([...tombstones, ...others], now.wallMs, {
      applied: (committed) => {
        for (const { groupId, topic, partition } of doomed) offsets.end(groupId, topic, partition, null, committed)
        applied(committed)
      },
      answered,
    })
  }
}

/**
 * From when an offset's retention counts: `commit` = from its own commit, a time = from then; null = it does not expire
 * (members are there, and what they use is not known or changing).
 */
function retentionStart(group: Group): number | 'commit' | null {
  if (group.protocolType === null) return 'commit'
  if (group.state === 'Empty') return group.stateTimestampMs === -1 ? 'commit' : group.stateTimestampMs
  const knowsTopics = group.usesConsumerProtocol && group.subscribedTopics !== null
  return knowsTopics && group.state === 'Stable' ? 'commit' : null
}

function isExpired(offset: CommittedOffset, since: number | 'commit', wallMs: number, retentionMs: number): boolean {
  if (offset.expireTimestampMs !== -1) return wallMs >= offset.expireTimestampMs
  return wallMs - (since === 'commit' ? offset.commitTimestampMs : since) >= retentionMs
}
