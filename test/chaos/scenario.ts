import type { Random } from '../../demo/random.ts'
import type { Outcome } from './history.ts'
import type { Anomaly } from './judge.ts'
import type { Silence } from './silence.ts'

export interface ChaosContext {
  readonly random: Random
  /** What node runs as `millrace`; undefined = the command from its sources. */
  readonly command: readonly string[] | undefined
  /** Do less of it, for CI. */
  readonly short: boolean
  /** How long a scenario that can go on for ever is to go on; null = as long as it likes. */
  readonly lastMs: number | null
  /** Use network namespaces where they can be made; else cables are cut by a proxy. */
  readonly namespaces: boolean
}

export interface ChaosReport {
  /** What was done to the broker, in a few words. */
  readonly injected: string
  /** How often each kind of fault was injected, where that is counted. */
  readonly faults: Faults
  readonly counts: Readonly<Record<Outcome, number>>
  /** Records in the log in the end. */
  readonly found: number
  /** Records that consumers read while it went on, counted once for each of them. */
  readonly read: number
  /** Longest time in which no record was acknowledged, while some were being sent. */
  readonly longestSilence: Silence['longest']
  readonly anomalies: readonly Anomaly[]
  /** What else should have been otherwise. */
  readonly problems: readonly string[]
}

/** Kinds of faults, and how often each was injected. */
export type Faults = Readonly<Record<string, number>>

export interface Scenario {
  readonly name: string
  /** One line for whoever reads the list. */
  readonly about: string
  /** It can go on for any time (`lastMs`), with one fault after the other. */
  readonly isEndless?: boolean
  /** Why it cannot run on this machine; null = it can. */
  skip(): string | null
  run(context: ChaosContext): Promise<ChaosReport>
}

export function hasPassed({ anomalies, problems }: ChaosReport): boolean {
  return anomalies.length === 0 && problems.length === 0
}

/** A context for one scenario from the sources, as tests run it. */
export function shortContext(random: Random): ChaosContext {
  return { random, command: undefined, short: true, lastMs: null, namespaces: true }
}
