import type { Disk } from '../ports/disk.ts'
import type { Durability, LogConfig } from './config.ts'
import type { NumberedMark } from './durable-mark.ts'
import type { LogShared } from './shared.ts'

export interface LogOptions {
  readonly disk: Disk
  /** The partition's directory, e.g. `data/orders-0`; made when missing. */
  readonly directory: string
  readonly topic: string
  readonly partition: number
  /** 22-char base64url; written to `partition.metadata`, and checked when that file is there. */
  readonly topicId: string
  readonly config: LogConfig
  readonly durability: Durability
  readonly shared: LogShared
  readonly nowMs: number
  /** The log is as a clean stop left it: indexes and producer snapshot are trusted, no log data is read. */
  readonly cleanShutdown: boolean
  /** Where a clean stop left the end, when nothing happened since but perhaps a power cut; null or absent = not known. */
  readonly stoppedAt?: NumberedMark | null
  /** The last thing that happened to the data directory was a clean stop: it left the recovery point at the log end. */
  readonly wasStopped?: boolean
  /** From `recovery-point-offset-checkpoint` (-1 if none): below it everything was flushed. */
  readonly recoveryPoint: number
  /** From `log-start-offset-checkpoint`; -1 if none. Where it is known, a first segment above it means a lost file. */
  readonly logStartOffset: number
  /**
   * Makes durable, before it returns, that the log starts here: where records are given up, it starts elsewhere than the
   * checkpoint says, and a recovery would take what comes next for deleted, or the log for one that lost its beginning.
   */
  readonly noteLogStart?: (offset: number) => void
  /** Told of what `noteUnreadable` is given, but for the same reason again, and for a want of file descriptors. */
  readonly onUnreadable?: (topic: string, partition: number, reason: Error) => void
  /** From `replication-offset-checkpoint` (0 if none). */
  readonly highWatermark: number
  /** `producer.id.expiration.ms`. Default 1 day. */
  readonly producerIdExpirationMs?: number
}
