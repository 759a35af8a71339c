/** What the stream of server-sent events carries. Times are ms since the epoch, simulated unless said. */

export interface Cause {
  readonly metric: string
  readonly share: number
  readonly value: number
  readonly expected: number
  readonly deviation: number
  readonly repeats: number
}

export interface Anomaly {
  readonly device: string
  readonly phase: 'OPENED' | 'CLOSED'
  readonly episode: string
  readonly openedAtMs: number
  readonly atMs: number
  readonly score: number
  readonly threshold: number
  readonly model: string
  readonly causes: readonly Cause[]
  readonly records: number
  readonly partition: number
  readonly offset: number
}

export type SessionStatus = 'HEALTHY' | 'SUSPECT' | 'RECOVERING' | 'REPLACED'

export interface Session {
  readonly device: string
  readonly state: SessionStatus
  readonly sinceMs: number
  readonly reason: string
  readonly restarts: number
  readonly replacements: number
  readonly episodes: number
  readonly episode: string
  readonly silent: boolean
}

export interface Score {
  readonly device: string
  readonly atMs: number
  readonly score: number
  readonly threshold: number
  readonly modelVersion: number
}

export interface ModelInfo {
  readonly id: string
  readonly version: number
  /** Wall clock. */
  readonly createdAtMs: number
  readonly rows: number
  readonly components: number
  readonly threshold: number
  readonly hash: string
}

export interface Throughput {
  readonly recordsPerSecond: number
  readonly lag: number
  readonly totalRecords: number
}

export interface Reading {
  readonly atMs: number
  readonly values: readonly number[]
}

export interface Hello {
  readonly device: string
  readonly metrics: readonly string[]
}

export interface BrokerInfo {
  readonly id: number
  readonly alive: boolean
  readonly controller: boolean
}

/** A partition of the telemetry topic. */
export interface PartitionInfo {
  readonly partition: number
  /** Broker id, or -1. */
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
}

export interface ClusterInfo {
  readonly brokers: readonly BrokerInfo[]
  readonly partitions: readonly PartitionInfo[]
  /** Leaders that moved since the demo began. */
  readonly moves: number
}

/** What became of the telemetry. */
export interface Counts {
  readonly in: number
  readonly scored: number
  readonly waiting: number
  readonly rejected: number
}
