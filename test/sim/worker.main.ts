/** A process of a sweep: runs the seeds it is sent and sends back what came of them. */
import { runSeed as runClusterOnce, runTwice as runCluster } from './cluster/run.ts'
import { runSeed as runLogOnce, runTwice as runLog, type SeedFailure } from './log/run.ts'
import type { WorldName } from './options.ts'
import { added, NO_PACE, type Pace } from './pace.ts'
import { runSeed as runRaftOnce, runTwice as runRaft } from './raft/run.ts'

/** Seeds [from, from + count). */
export interface Chunk {
  readonly world: WorldName
  readonly from: number
  readonly count: number
  /** Of so many seeds one runs again, and must do the same; 0 = none. */
  readonly twiceEvery: number
}

/** What came of a chunk. */
export interface ChunkResult {
  readonly seeds: number
  readonly events: number
  /** Time that passed in the worlds the first time they ran (ms). */
  readonly onceMs: number
  /** Of worlds that have a clock of their own. */
  readonly pace: Pace
  /** Of those with three brokers. */
  readonly paceOfThree: Pace
  readonly faults: Readonly<Record<string, number>>
  readonly failures: readonly (SeedFailure & { readonly seed: number })[]
}

const once = { log: runLogOnce, raft: runRaftOnce, cluster: runClusterOnce }
const twice = { log: runLog, raft: runRaft, cluster: runCluster }

async function runChunk({ world, from, count, twiceEvery }: Chunk): Promise<ChunkResult> {
  const faults: Record<string, number> = {}
  const failures: (SeedFailure & { seed: number })[] = []
  let events = 0
  let onceMs = 0
  let [pace, paceOfThree] = [NO_PACE, NO_PACE]
  for (let seed = from; seed < from + count; seed++) {
    const isTwice = twiceEvery > 0 && seed % twiceEvery === 0
    const cpuStart = process.cpuUsage()
    const result = await (isTwice ? twice : once)[world](seed)
    const { user, system } = process.cpuUsage(cpuStart)
    events += result.events
    if ('simulatedMs' in result) {
      const runs = isTwice ? 2 : 1
      const { simulatedMs, records } = result
      onceMs += simulatedMs
      const own = { simulatedMs: simulatedMs * runs, records: records * runs, cpuMs: (user + system) / 1000 }
      pace = added(pace, own)
      if (result.brokers === 3) paceOfThree = added(paceOfThree, own)
    }
    for (const [kind, times] of Object.entries(result.faults)) faults[kind] = (faults[kind] ?? 0) + times
    if (result.failure !== null) failures.push({ seed, ...result.failure })
  }
  return { seeds: count, events, onceMs, pace, paceOfThree, faults, failures }
}

if (process.send !== undefined) {
  // Whoever asked has died: nobody wants the answer.
  process.once('disconnect', () => process.exit())
  process.on('message', (chunk: Chunk) => void runChunk(chunk).then((result) => process.send?.(result)))
}
