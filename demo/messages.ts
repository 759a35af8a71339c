import type { Serde } from '../client/serde/serde.ts'
import { messageSerde, messageType } from '../processor/protos.ts'

/** The records of the demo's topics, as `proto/anomaly.proto` describes them. Times are event time, ms, unless said. */

/** One metric's part in an alarm. */
export interface Cause {
  readonly metric: string
  readonly share: number
  readonly value: number
  readonly expected: number
  readonly deviation: number
  /** How many readings in a row had this very value, when that is the reason; else 0. */
  readonly repeats: number
}

/** An episode opens or closes. */
export interface Anomaly {
  readonly device: string
  readonly phase: 'OPENED' | 'CLOSED'
  readonly episode: string
  readonly openedAtMs: number
  readonly atMs: number
  readonly score: number
  readonly threshold: number
  readonly model: string
  readonly modelVersion: number
  readonly causes: readonly Cause[]
  readonly records: number
  /** The record that opened the episode. */
  readonly partition: number
  readonly offset: number
  /** Wall clock. */
  readonly sentAtMs: number
}

/** A sample of a device's scores, and its sign of life. */
export interface Score {
  readonly device: string
  readonly atMs: number
  readonly score: number
  readonly threshold: number
  readonly modelVersion: number
  readonly inEpisode: boolean
  readonly sequence: number
}

export interface Command {
  readonly device: string
  readonly action: 'RESTART' | 'REPLACE'
  readonly atMs: number
  readonly reason: string
  /** Counts up per device: a command that comes twice is obeyed once. */
  readonly number: number
}

export type SessionStatus = 'HEALTHY' | 'SUSPECT' | 'RECOVERING' | 'REPLACED'

/** What is known of a device and done about it. */
export interface Session {
  readonly device: string
  readonly state: SessionStatus
  readonly sinceMs: number
  readonly reason: string
  readonly restarts: number
  readonly replacements: number
  readonly episodes: number
  /** Empty when none is open. */
  readonly episode: string
  readonly silent: boolean
}

function serde<T extends object>(name: string): Serde<T> {
  return messageSerde<T>(messageType('anomaly.proto', `millrace.anomaly.${name}`))
}

export const anomalySerde: Serde<Anomaly> = serde('Anomaly')
export const scoreSerde: Serde<Score> = serde('Score')
export const commandSerde: Serde<Command> = serde('Command')
export const sessionSerde: Serde<Session> = serde('Session')
