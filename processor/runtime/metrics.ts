import type { Consumer } from '../../client/consumer/types.ts'
import type { ModelVersion } from '../record.ts'
import type { ModelTable } from '../state/model-table.ts'
import type { Task, TaskMetrics } from '../task/task.ts'
import type { Commits } from './commits.ts'

/** `starting` until the first assignment, `failed` and `closed` for good. */
export type RunnerState = 'starting' | 'running' | 'closing' | 'closed' | 'failed'

/** What an instance of an app is doing. */
export interface AppMetrics {
  readonly state: RunnerState
  /** Of the tasks that run here now; counters begin anew when a task comes back. */
  readonly tasks: readonly TaskMetrics[]
  /** Records that are in the log and not yet worked on; undefined until the first fetch. */
  readonly lag: readonly { readonly topic: string; readonly partition: number; readonly records: number | undefined }[]
  readonly models: readonly {
    readonly operator: string
    readonly applied: number
    readonly refused: number
    /** Usable now, newest last. */
    readonly versions: readonly ModelVersion[]
  }[]
  readonly commits: number
  /** Commits that came too late for the group; their records are worked on again. */
  readonly commitsRefused: number
}

export function collectMetrics(
  state: RunnerState,
  tasks: readonly Task[],
  tables: readonly ModelTable[],
  consumer: Consumer | undefined,
  commits: Commits | undefined,
): AppMetrics {
  return {
    state,
    tasks: tasks.map((task) => task.metrics()),
    lag: tasks.flatMap(({ partition, inputs }) =>
      [...inputs.keys()].map((topic) => ({ topic, partition, records: consumer?.lag({ topic, partition }) })),
    ),
    models: tables.map((table) => ({
      operator: table.node.name,
      applied: table.applied,
      refused: table.refusals,
      versions: table.versions(),
    })),
    commits: commits?.committed ?? 0,
    commitsRefused: commits?.refused ?? 0,
  }
}
