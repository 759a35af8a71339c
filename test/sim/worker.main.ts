/** A process of a sweep: runs the seeds it is sent, each twice, and sends back what came of them. */
import { runTwice, type SeedFailure } from './log/run.ts'

/** Seeds [from, from + count). */
export interface Chunk {
  readonly from: number
  readonly count: number
}

/** What came of a chunk. */
export interface ChunkResult {
  readonly seeds: number
  readonly events: number
  readonly faults: Readonly<Record<string, number>>
  readonly failures: readonly (SeedFailure & { readonly seed: number })[]
}

function runChunk({ from, count }: Chunk): ChunkResult {
  const faults: Record<string, number> = {}
  const failures: (SeedFailure & { seed: number })[] = []
  let events = 0
  for (let seed = from; seed < from + count; seed++) {
    const result = runTwice(seed)
    events += result.events
    for (const [kind, times] of Object.entries(result.faults)) faults[kind] = (faults[kind] ?? 0) + times
    if (result.failure !== null) failures.push({ seed, ...result.failure })
  }
  return { seeds: count, events, faults, failures }
}

if (process.send !== undefined) {
  process.on('message', (chunk: Chunk) => process.send?.(runChunk(chunk)))
}
