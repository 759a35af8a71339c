/** The end of a chaos run on whatever brokers there are: everything is read and judged. */
import { drain } from './drain.ts'
import type { History } from './history.ts'
import { judge } from './judge.ts'
import type { Load } from './load.ts'
import type { ChaosReport } from './scenario.ts'
import { eventually } from './wait.ts'

export const DRAIN_TIMEOUT_MS = 60_000

export interface Conclusion {
  readonly bootstrap: string
  readonly partitions: number
  readonly history: History
  readonly load: Load
  readonly problems: readonly string[]
  readonly injected: string
}

/** With healthy brokers: ends the load, reads everything and judges. */
export async function conclude(run: Conclusion): Promise<ChaosReport> {
  const { bootstrap, partitions, history, load, problems, injected } = run
  await load.stopSending()
  const log = await drain(bootstrap, partitions, DRAIN_TIMEOUT_MS)
  const found = [...log.values()].reduce((sum, { length }) => sum + length, 0)
  const watched = () => [...load.watched.values()].reduce((sum, { length }) => sum + length, 0)
  await eventually(() => watched() >= found, DRAIN_TIMEOUT_MS)
  const counts = {
    acknowledged: history.count('acknowledged'),
    refused: history.count('refused'),
    unknown: history.count('unknown'),
  }
  return { injected, counts, found, anomalies: judge(history, log, load.watched), problems }
}
