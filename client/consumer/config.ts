import { inRange, oneOf } from '../config.ts'
import { clientError } from '../errors.ts'
import type { Topic } from '../topic.ts'
import type { Assignor } from './assignors/assignor.ts'
import { cooperativeSticky } from './assignors/cooperative-sticky.ts'
import { range } from './assignors/range.ts'
import { roundRobin } from './assignors/round-robin.ts'
import type { Assignment, AssignorName, ConsumerOptions, OffsetReset } from './types.ts'

const ASSIGNORS: Readonly<Record<AssignorName, Assignor>> = {
  range,
  roundrobin: roundRobin,
  'cooperative-sticky': cooperativeSticky,
}

type Callback = NonNullable<ConsumerOptions['onAssigned']>

/** Consumer options with every default filled in. */
export interface ConsumerConfig {
  readonly topics: ReadonlyMap<string, Topic>
  /** Empty without a group. */
  readonly group: string
  readonly assign: readonly Assignment[] | undefined
  readonly assignors: readonly Assignor[]
  /** Members keep their partitions while they rejoin: only if every assignor allows it, as in Java. */
  readonly isCooperative: boolean
  readonly instanceId: string | null
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly maxPollIntervalMs: number
  readonly offsetReset: OffsetReset
  readonly autoCommit: boolean
  readonly autoCommitIntervalMs: number
  readonly isReadCommitted: boolean
  readonly minBytes: number
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly maxPartitionBytes: number
  readonly prefetchBytes: number
  readonly checkCrcs: boolean
  readonly onAssigned: Callback
  readonly onRevoked: Callback
  readonly onLost: Callback
}

/** Checks the options; throws CLIENT_CONFIG naming the first bad one. */
export function resolveConsumerOptions(options: ConsumerOptions): ConsumerConfig {
  checkTopics(options)
  const assignors = (options.assignors ?? ['cooperative-sticky']).map(resolveAssignor)
  if (assignors.length === 0) throw clientError('CLIENT_CONFIG', 'assignors is empty')
  const none = (): void => undefined
  const onRevoked = options.onRevoked ?? none
  return {
    topics: new Map(options.topics.map((topic) => [topic.name, topic])),
    group: options.group ?? '',
    assign: options.assign,
    assignors,
    isCooperative: assignors.every((assignor) => assignor.cooperative),
    instanceId: options.instanceId ?? null,
    sessionTimeoutMs: inRange('sessionTimeoutMs', options.sessionTimeoutMs, 45_000, 1),
    heartbeatIntervalMs: inRange('heartbeatIntervalMs', options.heartbeatIntervalMs, 3_000, 1),
    maxPollIntervalMs: inRange('maxPollIntervalMs', options.maxPollIntervalMs, 300_000, 1),
    offsetReset: resolveReset(options.offsetReset),
    autoCommit: options.group === undefined ? false : (options.autoCommit ?? true),
    autoCommitIntervalMs: inRange('autoCommitIntervalMs', options.autoCommitIntervalMs, 5_000, 1),
    isReadCommitted:
      oneOf('isolation', options.isolation, ['read_uncommitted', 'read_committed'] as const, 'read_uncommitted') ===
      'read_committed',
    minBytes: inRange('minBytes', options.minBytes, 1, 0),
    maxWaitMs: inRange('maxWaitMs', options.maxWaitMs, 500, 0),
    maxBytes: inRange('maxBytes', options.maxBytes, 16_777_216, 1),
    maxPartitionBytes: inRange('maxPartitionBytes', options.maxPartitionBytes, 1_048_576, 1),
    prefetchBytes: inRange('prefetchBytes', options.prefetchBytes, 33_554_432, 1),
    checkCrcs: options.checkCrcs ?? true,
    onAssigned: options.onAssigned ?? none,
    onRevoked,
    onLost: options.onLost ?? onRevoked,
  }
}

function checkTopics({ topics, group, assign }: ConsumerOptions): void {
  if (topics.length === 0) throw clientError('CLIENT_CONFIG', 'topics is empty')
  const names = new Set(topics.map((topic) => topic.name))
  if (names.size < topics.length) throw clientError('CLIENT_CONFIG', 'topics names a topic twice')
  if (group === '') throw clientError('CLIENT_CONFIG', 'group is empty')
  if (group === undefined && assign === undefined) throw clientError('CLIENT_CONFIG', 'group or assign is needed')
  for (const { topic } of assign ?? []) {
    if (!names.has(topic)) throw clientError('CLIENT_CONFIG', `assign names ${topic}, which is not among topics`)
  }
}

function resolveAssignor(assignor: AssignorName | Assignor): Assignor {
  if (typeof assignor !== 'string') return assignor
  const known = ASSIGNORS[oneOf('assignors', assignor, Object.keys(ASSIGNORS) as AssignorName[], 'range')]
  return known
}

function resolveReset(reset: OffsetReset | undefined): OffsetReset {
  if (typeof reset === 'object') {
    if (Number.isSafeInteger(reset.timestamp) && reset.timestamp >= 0) return reset
    throw clientError('CLIENT_CONFIG', 'offsetReset.timestamp must be milliseconds since the epoch')
  }
  return oneOf<OffsetReset>('offsetReset', reset, ['earliest', 'latest', 'none'], 'earliest')
}
