import type { Random } from '../../demo/random.ts'
import type { Outcome } from './history.ts'
import type { Anomaly } from './judge.ts'

export interface ChaosContext {
  readonly random: Random
  /** What node runs as `millrace`; undefined = the command from its sources. */
  readonly command: readonly string[] | undefined
  /** Do less of it, for CI. */
  readonly short: boolean
}

export interface ChaosReport {
  /** What was done to the broker, in a few words. */
  readonly injected: string
  readonly counts: Readonly<Record<Outcome, number>>
  /** Records in the log in the end. */
  readonly found: number
  readonly anomalies: readonly Anomaly[]
  /** What else should have been otherwise. */
  readonly problems: readonly string[]
}

export interface Scenario {
  readonly name: string
  /** One line for whoever reads the list. */
  readonly about: string
  /** Why it cannot run on this machine; null = it can. */
  skip(): string | null
  run(context: ChaosContext): Promise<ChaosReport>
}

export function hasPassed({ anomalies, problems }: ChaosReport): boolean {
  return anomalies.length === 0 && problems.length === 0
}
