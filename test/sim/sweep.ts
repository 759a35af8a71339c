/** Many seeds over many processes. */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import type { WorldName } from './options.ts'
import { added, NO_PACE, type Pace } from './pace.ts'
import type { Chunk, ChunkResult } from './worker.main.ts'

/** Seeds given to a process at once: few, so that the end of the sweep does not wait for one. */
const CHUNK_SEEDS: Readonly<Record<WorldName, number>> = { log: 10, raft: 10, cluster: 2 }

/**
 * How the engine of a process works. What is made anew with each world (closures, objects) loses its optimized code with it:
 * compiling that again and again was a third of all time, so only what runs for long is optimized, and less at a time.
 */
const ENGINE_OPTIONS = ['--always-sparkplug', '--interrupt-budget=300000', '--max-inlined-bytecode-size-cumulative=300']

export interface SweepOptions {
  readonly world: WorldName
  readonly from: number
  readonly seeds: number
  /** No new seeds are begun after it; Infinity = no limit. */
  readonly maxMs: number
  /** Seeds whose failures do not count. */
  readonly except?: ReadonlySet<number>
  /** The compiled worker: see `compileWorker`. */
  readonly worker: string
  /** Ends with the first failing seed. */
  readonly stopAtFailure: boolean
  /** Of so many seeds one runs again, and must do the same; 0 = none. */
  readonly twiceEvery: number
  /** No new seeds are begun once it is aborted. */
  readonly signal?: AbortSignal
  /** Called after each few seeds, with how many are done in all. */
  readonly progress?: (seeds: number, failing: readonly number[]) => void
}

export interface SweepResult {
  readonly seeds: number
  readonly events: number
  /** Time that passed in the worlds the first time they ran (ms). */
  readonly onceMs: number
  readonly pace: Pace
  readonly paceOfThree: Pace
  readonly elapsedMs: number
  readonly processes: number
  readonly faults: ReadonlyMap<string, number>
  /** By seed. */
  readonly failures: ChunkResult['failures']
}

/** Runs the seeds. Rejects when a process dies. */
export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const started = performance.now()
  const faults = new Map<string, number>()
  const failures: ChunkResult['failures'][number][] = []
  let seeds = 0
  let events = 0
  let onceMs = 0
  let [pace, paceOfThree] = [NO_PACE, NO_PACE]
  const chunkSeeds = options.stopAtFailure && options.world === 'cluster' ? 1 : CHUNK_SEEDS[options.world]
  let next = options.from
  const end = options.from + options.seeds
  const take = (): Chunk | null => {
    const isLate = performance.now() - started >= options.maxMs || options.signal?.aborted === true
    if (next >= end || isLate || (options.stopAtFailure && failures.length > 0)) return null
    const chunk = {
      world: options.world,
      from: next,
      count: Math.min(chunkSeeds, end - next),
      twiceEvery: options.twiceEvery,
    }
    next += chunk.count
    return chunk
  }
  const note = (result: ChunkResult): void => {
    seeds += result.seeds
    events += result.events
    onceMs += result.onceMs
    pace = added(pace, result.pace)
    paceOfThree = added(paceOfThree, result.paceOfThree)
    failures.push(...result.failures.filter(({ seed }) => options.except?.has(seed) !== true))
    for (const [kind, count] of Object.entries(result.faults)) faults.set(kind, (faults.get(kind) ?? 0) + count)
    const failing = failures.map(({ seed }) => seed)
    options.progress?.(seeds, failing)
  }
  const processes = Math.min(availableParallelism(), Math.ceil(options.seeds / chunkSeeds))
  await Promise.all(Array.from({ length: processes }, () => runProcess(options.worker, take, note)))
  failures.sort((a, b) => a.seed - b.seed)
  const elapsedMs = performance.now() - started
  return { seeds, events, onceMs, pace, paceOfThree, elapsedMs, processes, faults, failures }
}

function runProcess(worker: string, take: () => Chunk | null, note: (result: ChunkResult) => void): Promise<void> {
  const child = fork(worker, { execArgv: ENGINE_OPTIONS })
  return new Promise((resolve, reject) => {
    let isDone = false
    const proceed = (): void => {
      const chunk = take()
      if (chunk !== null) return void child.send(chunk)
      isDone = true
      child.disconnect()
    }
    child.on('message', (result: ChunkResult) => {
      note(result)
      proceed()
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (isDone) resolve()
      else reject(new Error(`a process of the sweep ended with ${code}`))
    })
    proceed()
  })
}
