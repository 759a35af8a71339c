/**
 * What one partition's log obeys: the topic configs that matter to storage, already parsed and defaulted. Names and
 * defaults are Kafka's (`segment.bytes` is `segmentBytes`); a log takes a new value with `Log.updateConfig`.
 */
export interface LogConfig {
  /** `segment.bytes`: a segment is rolled before a batch would take it past this size. Default 1 GiB. */
  readonly segmentBytes: number
  /** `segment.ms`: a segment whose first batch is older than this is rolled at the next append. Default 7 days. */
  readonly segmentMs: number
  /** `index.interval.bytes`: log bytes between two index entries. Default 4096. */
  readonly indexIntervalBytes: number
  /** `segment.index.bytes`: size at which an index is full and its segment rolled. Default 10 MiB. */
  readonly segmentIndexBytes: number
  /** `retention.ms`: age of its newest record at which a segment is deleted; -1 = never. Default 7 days. */
  readonly retentionMs: number
  /** `retention.bytes`: log size over which the oldest segments are deleted; -1 = never. Default -1. */
  readonly retentionBytes: number
  /** `max.message.bytes`: largest batch accepted, header included. Default 1 MiB + 12. */
  readonly maxMessageBytes: number
  /** `message.timestamp.type`. Default CreateTime. */
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  /** `message.timestamp.before.max.ms`: how far behind the broker's clock a CreateTime may be. Default unbounded. */
  readonly messageTimestampBeforeMaxMs: number
  /** `message.timestamp.after.max.ms`: how far ahead of the broker's clock a CreateTime may be. Default 1 hour. */
  readonly messageTimestampAfterMaxMs: number
  /** `cleanup.policy`: `delete`, `compact` or both. Default delete only. */
  readonly cleanupPolicy: { readonly delete: boolean; readonly compact: boolean }
  /** `file.delete.delay.ms`: time between a file's renaming to `.deleted` and its removal. Default 60 s. */
  readonly fileDeleteDelayMs: number
  /** `delete.retention.ms`: how long compaction keeps a tombstone. Default 24 hours. */
  readonly deleteRetentionMs: number
  /** `min.cleanable.dirty.ratio`. Default 0.5. */
  readonly minCleanableDirtyRatio: number
  /** `min.compaction.lag.ms`. Default 0. */
  readonly minCompactionLagMs: number
  /** `max.compaction.lag.ms`. Default unbounded. */
  readonly maxCompactionLagMs: number
  /** `compression.type`: stored for DescribeConfigs; batches are kept as the producer compressed them (DESIGN 2.2). */
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
}

/** When an append counts as safe (DESIGN 2.4): after fdatasync, after the write to the page cache, or in memory. */
export type Durability = 'fsync' | 'page-cache' | 'memory'

const DAY_MS = 86_400_000

/** Kafka's defaults. */
export const defaultLogConfig: LogConfig = {
  segmentBytes: 1024 * 1024 * 1024,
  segmentMs: 7 * DAY_MS,
  indexIntervalBytes: 4096,
  segmentIndexBytes: 10 * 1024 * 1024,
  retentionMs: 7 * DAY_MS,
  retentionBytes: -1,
  maxMessageBytes: 1024 * 1024 + 12,
  messageTimestampType: 'CreateTime',
  messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  messageTimestampAfterMaxMs: 3_600_000,
  cleanupPolicy: { delete: true, compact: false },
  fileDeleteDelayMs: 60_000,
  deleteRetentionMs: DAY_MS,
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  compressionType: 'producer',
}
