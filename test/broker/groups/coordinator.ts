/** A shard with a log and a clock that the test holds in its hands. */
import { Errors, errorName, type ErrorCode } from '../../../proto/kafka/errors.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import type { CommitRequest, JoinRequest } from '../../../broker/groups/api.ts'
import { Budget } from '../../../broker/groups/budget.ts'
import type { Now } from '../../../broker/groups/context.ts'
import { DEFAULT_GROUP_OPTIONS, type GroupOptions } from '../../../broker/groups/options.ts'
import type { Append, GroupRecord } from '../../../broker/groups/outbox.ts'
import { GroupShard } from '../../../broker/groups/shard.ts'

/** 2025-01-01: wall-clock times in tests are far from the monotonic ones, so that a mix-up shows. */
const WALL_START_MS = 1_735_689_600_000

export class TestCoordinator {
  readonly options: GroupOptions
  readonly budget: Budget
  /** What is committed, in order. */
  readonly log: GroupRecord[] = []
  shard: GroupShard
  monotonicMs = 1_000
  /** While true, appends stay uncommitted. */
  held = false
  /** The error that the next appends meet. */
  failWith: ErrorCode = Errors.NONE
  #waiting: Append[] = []
  #ids = 0

  constructor(options: Partial<GroupOptions> = {}, budget: Budget = new Budget(1_000, 64 * 1024 * 1024)) {
    this.options = { ...DEFAULT_GROUP_OPTIONS, ...options }
    this.budget = budget
    this.shard = this.#makeShard()
    this.shard.loaded(this.now)
  }

  get now(): Now {
    return { monotonicMs: this.monotonicMs, wallMs: WALL_START_MS + this.monotonicMs }
  }

  get waitingAppends(): number {
    return this.#waiting.length
  }

  /** Takes over what the last step wants: records into the log, replies to their callers. */
  drain(): void {
    for (;;) {
      const appends = this.shard.outbox.takeAppends()
      const replies = this.shard.outbox.takeReplies()
      this.#waiting.push(...appends)
      for (const reply of replies) reply()
      if (!this.held) this.release()
      if (this.shard.nextDueMs <= this.monotonicMs) this.shard.advance(this.now)
      else if (appends.length + replies.length === 0) return
    }
  }

  /** Lets the waiting appends have their outcome. */
  release(): void {
    const appends = this.#waiting
    this.#waiting = []
    const error = this.failWith
    for (const append of appends) {
      if (error === Errors.NONE) this.log.push(...append.records)
      this.shard.appendSettled(this.now, () => {
        append.applied(error === Errors.NONE)
        append.answered(error)
      })
    }
  }

  advance(ms: number): void {
    const end = this.monotonicMs + ms
    while (this.shard.nextDueMs <= end) {
      this.monotonicMs = Math.max(this.monotonicMs, this.shard.nextDueMs)
      this.shard.advance(this.now)
      this.drain()
    }
    this.monotonicMs = end
    this.drain()
  }

  /** The broker stops coordinating and starts again from its log. */
  restart(): void {
    this.shard.resign(this.now)
    // What is on its way is lost with the leadership.
    const error = this.failWith
    this.failWith = Errors.NOT_LEADER_OR_FOLLOWER
    this.release()
    this.failWith = error
    this.drain()
    this.shard = this.#makeShard()
    for (const record of this.log) this.shard.replay(record)
    this.shard.loaded(this.now)
    this.drain()
  }

  #makeShard(): GroupShard {
    return new GroupShard({ options: this.options, budget: this.budget, newId: () => String(++this.#ids) })
  }
}

export function joinRequest(clientId: string, overrides: Partial<JoinRequest> = {}): JoinRequest {
  return {
    groupId: 'g',
    memberId: '',
    groupInstanceId: null,
    clientId,
    clientHost: '127.0.0.1',
    requireKnownMemberId: false,
    supportsSkippingAssignment: false,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription('t') }],
    reason: null,
    ...overrides,
  }
}

export function commitRequest(
  offsets: Readonly<Record<string, number>>,
  overrides: Partial<CommitRequest> = {},
): CommitRequest {
  const topics = Object.entries(offsets).map(([name, offset]) => {
    const [topic = '', partition = '0'] = name.split('/')
    const partitions = [{ partition: Number(partition), offset, leaderEpoch: -1, metadata: null }]
    return { topic, topicId: ZERO_UUID, partitions }
  })
  return {
    groupId: 'g',
    generationId: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    knowsGroupIdNotFound: true,
    topics,
    ...overrides,
  }
}

/** A consumer's metadata, version 0: topics and no user data. */
export function subscription(...topics: string[]): Buffer {
  const parts = [Buffer.from([0, 0, 0, 0, 0, topics.length])]
  for (const topic of topics) parts.push(Buffer.from([0, topic.length]), Buffer.from(topic))
  return Buffer.concat([...parts, Buffer.from([255, 255, 255, 255])])
}

export function name(error: ErrorCode): string {
  return errorName(error)
}
