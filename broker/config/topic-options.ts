/** Every topic option of Kafka 4.3 with Kafka's default, and the broker options that set the default for all topics. */
import { bool, double, hidden, int, list, long, string, unsetInt, type ValuesOf } from './definition.ts'
import { atLeast, between, betweenOr, listOf, oneOf, throttledReplicas } from './validators.ts'

/** Kafka's Long.MAX_VALUE: "never" or "unbounded". */
export const NEVER = '9223372036854775807'

export const compressionTypes = oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer')

export const topicOptions = {
  'cleanup.policy': list(
    'delete',
    listOf('compact', 'delete'),
    'What happens to old segments: delete (retention by time and size), compact (the last value of each key stays), both, or, when empty, nothing.',
  ),
  'compression.gzip.level': int('-1', betweenOr(1, 9, -1), 'Level when compression.type is gzip; -1 is the default.'),
  'compression.lz4.level': int('9', between(1, 17), 'Level when compression.type is lz4.'),
  'compression.type': string(
    'producer',
    compressionTypes,
    'Codec of stored batches; producer keeps what the client sent.',
  ),
  'compression.zstd.level': int('3', between(-131072, 22), 'Level when compression.type is zstd.'),
  'delete.retention.ms': long(
    '86400000',
    atLeast(0),
    'How long a tombstone stays in a compacted topic, in ms: the time a reader from the start has to see it.',
  ),
  'file.delete.delay.ms': long('60000', atLeast(0), 'How long a deleted file stays on disk, in ms.'),
  'flush.messages': long(NEVER, atLeast(1), 'Force a sync after this many records. Durability `fsync` syncs anyway.'),
  'flush.ms': long(NEVER, atLeast(0), 'Force a sync after this many ms. Durability `fsync` syncs anyway.'),
  'follower.replication.throttled.replicas': list(
    '',
    throttledReplicas,
    'Replicas whose fetching is throttled: partition:broker pairs, or *.',
  ),
  'index.interval.bytes': int('4096', atLeast(0), 'Bytes of log between two entries of the offset index.'),
  'internal.segment.bytes': hidden(
    unsetInt(null, 'segment.bytes without its lower bound, in bytes. For tests: it makes many small files.'),
  ),
  'leader.replication.throttled.replicas': list(
    '',
    throttledReplicas,
    'Replicas to which the leader sends throttled: partition:broker pairs, or *.',
  ),
  'local.retention.bytes': long('-2', atLeast(-2), 'Tiered storage: bytes kept locally; -2 is retention.bytes.'),
  'local.retention.ms': long('-2', atLeast(-2), 'Tiered storage: ms kept locally; -2 is retention.ms.'),
  'max.compaction.lag.ms': long(NEVER, atLeast(1), 'Longest time a record may stay uncompacted, in ms.'),
  'max.message.bytes': int('1048588', atLeast(0), 'Largest record batch accepted, in bytes as compressed.'),
  'message.timestamp.after.max.ms': long(
    '3600000',
    atLeast(0),
    'How far ahead of the broker a record time may be, in ms. Ignored with LogAppendTime.',
  ),
  'message.timestamp.before.max.ms': long(
    NEVER,
    atLeast(0),
    'How far behind the broker a record time may be, in ms. Ignored with LogAppendTime.',
  ),
  'message.timestamp.type': string(
    'CreateTime',
    oneOf('CreateTime', 'LogAppendTime'),
    'Whether a record carries the time its producer gave or the time the broker appended it.',
  ),
  'min.cleanable.dirty.ratio': double('0.5', between(0, 1), 'Uncompacted share of a log at which compaction starts.'),
  'min.compaction.lag.ms': long('0', atLeast(0), 'Shortest time a record stays uncompacted, in ms.'),
  'min.insync.replicas': int('1', atLeast(1), 'Replicas that must have a batch before acks=all is answered.'),
  preallocate: bool('false', null, 'Reserve the whole file when a segment is made.'),
  'remote.log.copy.disable': bool('false', null, 'Tiered storage: stop copying segments.'),
  'remote.log.delete.on.disable': bool('false', null, 'Tiered storage: delete remote data when it is switched off.'),
  'remote.storage.enable': bool('false', null, 'Tiered storage; Millrace has none, so only false is accepted.'),
  'retention.bytes': long('-1', null, 'Bytes a partition may hold before its oldest segments go; -1 is no limit.'),
  'retention.ms': long('604800000', atLeast(-1), 'How long records are kept, in ms; -1 is for ever.'),
  'segment.bytes': int('1073741824', atLeast(1048576), 'Size at which a segment is rolled, in bytes.'),
  'segment.index.bytes': int('10485760', atLeast(4), 'Largest index of a segment, in bytes.'),
  'segment.jitter.ms': long('0', atLeast(0), 'Largest random time taken off segment.ms, so that rolls spread out.'),
  'segment.ms': long('604800000', atLeast(1), 'Age at which a segment is rolled even when not full, in ms.'),
  'unclean.leader.election.enable': bool(
    'false',
    null,
    'Whether a replica outside the in-sync set may lead as a last resort, losing acknowledged records.',
  ),
} as const

export type TopicOption = keyof typeof topicOptions
/** The effective options of one topic, typed, by Kafka's names. */
export type TopicProperties = ValuesOf<typeof topicOptions>

/** A broker option that sets a topic option's default. */
export interface Synonym {
  readonly name: string
  /** Milliseconds per unit, for broker options in minutes or hours. */
  readonly scaleMs?: number
}

const minutes = 60_000
const hours = 60 * minutes

/** By topic option: the broker options that stand for it, strongest first. The first is the name Kafka reports. */
export const topicSynonyms: ReadonlyMap<string, readonly Synonym[]> = new Map<TopicOption, readonly Synonym[]>([
  ['cleanup.policy', [{ name: 'log.cleanup.policy' }]],
  ['compression.gzip.level', [{ name: 'compression.gzip.level' }]],
  ['compression.lz4.level', [{ name: 'compression.lz4.level' }]],
  ['compression.type', [{ name: 'compression.type' }]],
  ['compression.zstd.level', [{ name: 'compression.zstd.level' }]],
  ['delete.retention.ms', [{ name: 'log.cleaner.delete.retention.ms' }]],
  ['file.delete.delay.ms', [{ name: 'log.segment.delete.delay.ms' }]],
  ['flush.messages', [{ name: 'log.flush.interval.messages' }]],
  ['flush.ms', [{ name: 'log.flush.interval.ms' }, { name: 'log.flush.scheduler.interval.ms' }]],
  ['index.interval.bytes', [{ name: 'log.index.interval.bytes' }]],
  ['local.retention.bytes', [{ name: 'log.local.retention.bytes' }]],
  ['local.retention.ms', [{ name: 'log.local.retention.ms' }]],
  ['max.compaction.lag.ms', [{ name: 'log.cleaner.max.compaction.lag.ms' }]],
  ['max.message.bytes', [{ name: 'message.max.bytes' }]],
  ['message.timestamp.after.max.ms', [{ name: 'log.message.timestamp.after.max.ms' }]],
  ['message.timestamp.before.max.ms', [{ name: 'log.message.timestamp.before.max.ms' }]],
  ['message.timestamp.type', [{ name: 'log.message.timestamp.type' }]],
  ['min.cleanable.dirty.ratio', [{ name: 'log.cleaner.min.cleanable.ratio' }]],
  ['min.compaction.lag.ms', [{ name: 'log.cleaner.min.compaction.lag.ms' }]],
  ['min.insync.replicas', [{ name: 'min.insync.replicas' }]],
  ['preallocate', [{ name: 'log.preallocate' }]],
  ['retention.bytes', [{ name: 'log.retention.bytes' }]],
  [
    'retention.ms',
    [
      { name: 'log.retention.ms' },
      { name: 'log.retention.minutes', scaleMs: minutes },
      { name: 'log.retention.hours', scaleMs: hours },
    ],
  ],
  ['segment.bytes', [{ name: 'log.segment.bytes' }]],
  ['segment.index.bytes', [{ name: 'log.index.size.max.bytes' }]],
  ['segment.jitter.ms', [{ name: 'log.roll.jitter.ms' }, { name: 'log.roll.jitter.hours', scaleMs: hours }]],
  ['segment.ms', [{ name: 'log.roll.ms' }, { name: 'log.roll.hours', scaleMs: hours }]],
  ['unclean.leader.election.enable', [{ name: 'unclean.leader.election.enable' }]],
])
