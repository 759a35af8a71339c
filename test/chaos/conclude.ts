/** The end of a chaos run on whatever brokers there are: everything is read and judged. */
import { drain } from './drain.ts'
import type { GroupLoad } from './group-load.ts'
import type { History } from './history.ts'
import { type Anomaly, judge, merged, type Reading } from './judge.ts'
import type { Load } from './load.ts'
import { judgeAsSimulator } from './same-judge.ts'
import type { ChaosReport, Faults } from './scenario.ts'
import { eventually } from './wait.ts'

export const DRAIN_TIMEOUT_MS = 60_000

export interface Conclusion {
  readonly bootstrap: string
  readonly partitions: number
  readonly history: History
  readonly load: Load
  readonly problems: readonly string[]
  readonly injected: string
  readonly group?: GroupLoad | null
  readonly faults?: Faults
  /** Records that were read may be gone: nobody waits for the consumer that read them to come to the end. */
  readonly mayLose?: boolean
}

/** With healthy brokers: ends the load, reads everything and judges. */
export async function conclude(run: Conclusion): Promise<ChaosReport> {
  const { bootstrap, partitions, history, load, problems, injected, group = null, faults = {} } = run
  await load.stopSending()
  const log = await drain(bootstrap, partitions, DRAIN_TIMEOUT_MS)
  const found = total(log)
  if (run.mayLose !== true) await eventually(() => total(load.watched) >= found, DRAIN_TIMEOUT_MS)
  const counts = {
    acknowledged: history.count('acknowledged'),
    refused: history.count('refused'),
    unknown: history.count('unknown'),
  }
  const anomalies = merged([
    ...judge(history, log, load.watched),
    ...judgeAsSimulator(history, log, load.watched),
    ...(group === null ? [] : await judgeGroup(group, log, partitions)),
  ])
  const read = total(load.watched) + (group?.history.read ?? 0)
  const longestSilence = load.silence.longest
  return { injected, faults, counts, found, read, longestSilence, anomalies, problems }
}

function total(reading: Reading): number {
  return [...reading.values()].reduce((sum, { length }) => sum + length, 0)
}

/** Once its members have committed everything. */
async function judgeGroup(group: GroupLoad, log: Reading, partitions: number): Promise<Anomaly[]> {
  const { history } = group
  const isDone = await eventually(() => history.hasReached(log), DRAIN_TIMEOUT_MS)
  const seconds = DRAIN_TIMEOUT_MS / 1000
  const late = `the group did not commit everything within ${seconds} s`
  const behind: Anomaly = { id: 'G4', what: late, count: 1, examples: [`${history.commits} commits`] }
  return [...(isDone ? [] : [behind]), ...history.judge(log, await group.stored(partitions))]
}
