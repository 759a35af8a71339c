/** OffsetCommit and OffsetFetch: where a group is in each partition (W20: the metadata comes back as it was sent). */
import { Errors, type ErrorCode } from '../../proto/kafka/errors.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import type {
  CommitRequest,
  CommitTopicResult,
  Done,
  FetchedOffset,
  FetchOffsetsRequest,
  FetchOffsetsResult,
} from './api.ts'
import { type ShardContext, storeError } from './context.ts'
import { type Group, NEW_GROUP } from './group.ts'
import type { CommittedOffset, OffsetEntry } from './offset-store.ts'
import type { GroupRecord } from './outbox.ts'
import { offsetRecord } from './records.ts'

interface Staged {
  readonly topic: string
  readonly partition: number
  readonly value: CommittedOffset
}

type CommitTopic = CommitRequest['topics'][number]

export class Commits {
  readonly #context: ShardContext
  /** Offsets committed, for metrics. */
  committedOffsets = 0

  constructor(context: ShardContext) {
    this.#context = context
  }

  commit(request: CommitRequest, done: Done<CommitTopicResult[]>): void {
    const { outbox, offsets, now } = this.#context
    const error = this.#admit(request)
    if (error !== Errors.NONE) {
      outbox.reply(done, allPartitions(request, error))
      return
    }
    const staged: Staged[] = []
    const results = request.topics.map((topic) => this.#stageTopic(request, topic, staged))
    if (staged.length === 0) {
      outbox.reply(done, results)
      return
    }
    const { groupId } = request
    const records: GroupRecord[] = staged.map(({ topic, partition, value }) => {
      offsets.begin(groupId, topic, partition)
      return offsetRecord(groupId, topic, partition, value)
    })
    outbox.append(records, now.wallMs, {
      applied: (committed) => {
        for (const { topic, partition, value } of staged) offsets.end(groupId, topic, partition, value, committed)
        if (committed) this.committedOffsets += staged.length
      },
      answered: (failure) => {
        const answer = storeError(failure)
        outbox.reply(done, failure === Errors.NONE ? results : withError(results, answer))
      },
    })
  }

  /** Reads what is durable; `requireStable` first waits for what is on its way. */
  fetch(request: FetchOffsetsRequest, done: Done<FetchOffsetsResult>): void {
    const { outbox } = this.#context
    const answer = () => outbox.reply(done, { error: Errors.NONE, topics: this.#read(request) })
    if (request.requireStable) outbox.whenSettled(answer)
    else answer()
  }

  #admit(request: CommitRequest): ErrorCode {
    const { groups, usage } = this.#context
    const group = groups.get(request.groupId)
    if (group !== undefined) {
      const error = checkCommit(group, request)
      const member = error === Errors.NONE ? group.members.get(request.memberId) : undefined
      // A commit shows that the member lives, as a heartbeat does.
      if (member !== undefined) this.#context.heartbeat(member)
      return error
    }
    if (request.generationId >= 0) {
      return request.knowsGroupIdNotFound ? Errors.GROUP_ID_NOT_FOUND : Errors.ILLEGAL_GENERATION
    }
    if (usage.budget.hasMaxGroups || usage.budget.isFull) return Errors.COORDINATOR_NOT_AVAILABLE
    // A client without membership: the group is there for its offsets alone ("simple" group, no protocol type).
    this.#context.addGroup(request.groupId, NEW_GROUP)
    return Errors.NONE
  }

  #stageTopic(request: CommitRequest, topic: CommitTopic, staged: Staged[]): CommitTopicResult {
    const { options, offsets, usage, now } = this.#context
    const expireTimestampMs = request.retentionTimeMs === -1 ? -1 : now.wallMs + request.retentionTimeMs
    const partitions = topic.partitions.map(({ partition, offset, leaderEpoch, metadata }) => {
      const text = metadata ?? ''
      if (text.length > options.maxOffsetMetadata) return { partition, error: Errors.OFFSET_METADATA_TOO_LARGE }
      if (usage.budget.isFull && offsets.get(request.groupId, topic.topic, partition) === undefined) {
        return { partition, error: Errors.COORDINATOR_NOT_AVAILABLE }
      }
      const { topicId } = topic
      const value = { offset, leaderEpoch, metadata: text, commitTimestampMs: now.wallMs, expireTimestampMs, topicId }
      staged.push({ topic: topic.topic, partition, value })
      return { partition, error: Errors.NONE }
    })
    return { topic: topic.topic, partitions }
  }

  #read(request: FetchOffsetsRequest): FetchOffsetsResult['topics'] {
    const stored = this.#context.offsets.topicsOf(request.groupId)
    if (request.topics !== null) {
      return request.topics.map(({ topic, topicId, partitions }) => ({
        topic,
        topicId,
        partitions: partitions.map((partition) => fetched(partition, stored?.get(topic)?.get(partition), topicId)),
      }))
    }
    const topics: FetchOffsetsResult['topics'][number][] = []
    for (const [topic, entries] of stored ?? []) {
      const partitions: FetchedOffset[] = []
      for (const [partition, entry] of entries) {
        if (entry.committed !== null) partitions.push(fetched(partition, entry, ZERO_UUID))
      }
      if (partitions.length > 0) topics.push({ topic, topicId: ZERO_UUID, partitions })
    }
    return topics
  }
}

/** An offset of an earlier topic of that name is not this topic's. */
function fetched(partition: number, entry: OffsetEntry | undefined, topicId: string): FetchedOffset {
  const value = entry?.committed ?? null
  const isOther = topicId !== ZERO_UUID && value !== null && value.topicId !== ZERO_UUID && value.topicId !== topicId
  if (value === null || isOther) return { partition, offset: -1, leaderEpoch: -1, metadata: '', error: Errors.NONE }
  const { offset, leaderEpoch, metadata } = value
  return { partition, offset, leaderEpoch, metadata, error: Errors.NONE }
}

/** Members commit for their own generation; without membership one may commit only to a group that nobody is in. */
function checkCommit(group: Group, request: CommitRequest): ErrorCode {
  const { generationId, memberId, groupInstanceId } = request
  if (generationId < 0 && group.state === 'Empty') return Errors.NONE
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return Errors.UNKNOWN_MEMBER_ID
  const error = group.checkMember(memberId, groupInstanceId)
  if (error !== Errors.NONE) return error
  if (generationId !== group.generation) return Errors.ILLEGAL_GENERATION
  // It knows the new generation but has no assignment in it yet.
  return group.state === 'CompletingRebalance' ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE
}

export function allPartitions(request: Pick<CommitRequest, 'topics'>, error: ErrorCode): CommitTopicResult[] {
  return request.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition }) => ({ partition, error })),
  }))
}

/** What was fine until the append failed; other errors stay as they are. */
function withError(results: readonly CommitTopicResult[], error: ErrorCode): CommitTopicResult[] {
  return results.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((each) => (each.error === Errors.NONE ? { partition: each.partition, error } : each)),
  }))
}
