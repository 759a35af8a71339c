import type { BrokerConfig } from '../config.ts'

/** What the group coordinators need from the configuration; Kafka's names and defaults beside each. */
export interface GroupOptions {
  /** `group.min.session.timeout.ms`; 6000. */
  readonly minSessionTimeoutMs: number
  /** `group.max.session.timeout.ms`; 1800000. */
  readonly maxSessionTimeoutMs: number
  /** `group.initial.rebalance.delay.ms`; 3000. */
  readonly initialRebalanceDelayMs: number
  /** `group.max.size`; Kafka has no limit, the ceiling is `MAX_GROUP_MEMBERS`. */
  readonly maxGroupSize: number
  /** `offset.metadata.max.bytes`; 4096. Kafka counts UTF-16 units, and so does this broker (W20). */
  readonly maxOffsetMetadata: number
  /** `offsets.retention.minutes`, in milliseconds; seven days. */
  readonly offsetsRetentionMs: number
  /** `offsets.retention.check.interval.ms`; 600000. */
  readonly offsetsRetentionCheckIntervalMs: number
}

/** How long a join of a newcomer may stay parked: it has no member id yet and cannot heartbeat (Kafka's constant). */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000

export const DEFAULT_GROUP_OPTIONS: GroupOptions = {
  minSessionTimeoutMs: 6_000,
  maxSessionTimeoutMs: 1_800_000,
  initialRebalanceDelayMs: 3_000,
  maxGroupSize: 2_147_483_647,
  maxOffsetMetadata: 4_096,
  offsetsRetentionMs: 7 * 24 * 60 * 60 * 1000,
  offsetsRetentionCheckIntervalMs: 600_000,
}

/** The coordinators' options among the broker's. */
export function groupOptions({ properties }: Pick<BrokerConfig, 'properties'>): GroupOptions {
  return {
    minSessionTimeoutMs: properties['group.min.session.timeout.ms'],
    maxSessionTimeoutMs: properties['group.max.session.timeout.ms'],
    initialRebalanceDelayMs: properties['group.initial.rebalance.delay.ms'],
    maxGroupSize: properties['group.max.size'],
    maxOffsetMetadata: properties['offset.metadata.max.bytes'],
    offsetsRetentionMs: properties['offsets.retention.minutes'] * 60_000,
    offsetsRetentionCheckIntervalMs: properties['offsets.retention.check.interval.ms'],
  }
}
