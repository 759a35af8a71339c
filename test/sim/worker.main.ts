/** A process of a sweep: runs the seeds it is sent, each twice, and sends back what came of them. */
import { runTwice as runCluster } from './cluster/run.ts'
import { runTwice as runLog, type SeedFailure } from './log/run.ts'
import type { WorldName } from './options.ts'
import { runTwice as runRaft } from './raft/run.ts'

/** Seeds [from, from + count). */
export interface Chunk {
  readonly world: WorldName
  readonly from: number
  readonly count: number
}

/** What came of a chunk. */
export interface ChunkResult {
  readonly seeds: number
  readonly events: number
  /** Time that passed in the world, where it has a clock of its own. */
  readonly simulatedMs: number
  /** What the processor spent on it. */
  readonly cpuMs: number
  readonly faults: Readonly<Record<string, number>>
  readonly failures: readonly (SeedFailure & { readonly seed: number })[]
}

const timeless = { log: runLog, raft: runRaft }

async function runChunk({ world, from, count }: Chunk): Promise<ChunkResult> {
  const faults: Record<string, number> = {}
  const failures: (SeedFailure & { seed: number })[] = []
  let events = 0
  let simulatedMs = 0
  const cpuStart = process.cpuUsage()
  for (let seed = from; seed < from + count; seed++) {
    const result = world === 'cluster' ? await runCluster(seed) : { ...timeless[world](seed), simulatedMs: 0 }
    events += result.events
    simulatedMs += result.simulatedMs
    for (const [kind, times] of Object.entries(result.faults)) faults[kind] = (faults[kind] ?? 0) + times
    if (result.failure !== null) failures.push({ seed, ...result.failure })
  }
  const { user, system } = process.cpuUsage(cpuStart)
  return { seeds: count, events, simulatedMs, cpuMs: (user + system) / 1000, faults, failures }
}

if (process.send !== undefined) {
  process.on('message', (chunk: Chunk) => void runChunk(chunk).then((result) => process.send?.(result)))
}
