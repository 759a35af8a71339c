/** `npm run sim`: the real log on a simulated disk, or real brokers on a simulated network, seed after seed (see --help). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileWorker } from './compile.ts'
import { runSeed as runClusterSeed, runTwice as runClusterTwice } from './cluster/run.ts'
import { runSeed, runTwice, type SeedFailure } from './log/run.ts'
import { runMutants } from './mutate.ts'
import { runSeed as runRaftSeed, runTwice as runRaftTwice } from './raft/run.ts'
import { parseOptions, type SimOptions, usage, UsageError, type WorldName } from './options.ts'
import { described } from './pace.ts'
import { sweep, type SweepResult } from './sweep.ts'

type Sweep = Extract<SimOptions, { readonly kind: 'sweep' }>

const FAILURES_SHOWN = 5
const root = join(import.meta.dirname, '../..')

async function run(options: SimOptions): Promise<boolean> {
  switch (options.kind) {
    case 'help':
      console.log(usage)
      return true
    case 'seed':
      return runOne(options.world, options.seed, options.trace)
    case 'mutants':
      return runMutants(root, options, options.names)
    case 'sweep': {
      const result = await sweepOnce(options)
      report(options, result)
      return result.failures.length === 0
    }
  }
}

async function sweepOnce({ world, from, seeds, minutes, twiceEvery }: Sweep): Promise<SweepResult> {
  const directory = mkdtempSync(join(tmpdir(), 'sim-'))
  try {
    const worker = join(directory, 'worker.mjs')
    await compileWorker(root, worker)
    const maxMs = minutes * 60_000
    const signal = interrupted()
    return await sweep({
      world,
      from,
      seeds,
      maxMs,
      worker,
      stopAtFailure: false,
      twiceEvery,
      signal,
      progress: progress(seeds),
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The first Ctrl-C ends a sweep with what it has found so far. */
function interrupted(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}

/** A line on stderr every minute, and for each seed that fails. */
function progress(all: number): (seeds: number, failing: readonly number[]) => void {
  let [toldMs, told] = [performance.now(), 0]
  return (seeds, failing) => {
    const isNews = failing.length > told
    if (!isNews && performance.now() - toldMs < 60_000) return
    ;[toldMs, told] = [performance.now(), failing.length]
    console.error(`${seeds} of ${all} seeds${failing.length === 0 ? '' : `, failing: ${failing.join(' ')}`}`)
  }
}

async function runOne(world: WorldName, seed: number, trace: boolean): Promise<boolean> {
  const print = (line: string) => console.log(line)
  const once = { log: runSeed, raft: runRaftSeed, cluster: runClusterSeed }[world]
  const twice = { log: runTwice, raft: runRaftTwice, cluster: runClusterTwice }[world]
  const result = await (trace ? once(seed, print) : twice(seed))
  if (result.failure !== null) printFailure(world, seed, result.failure)
  console.log(`seed ${seed}: ${result.events} events, hash ${result.hash}`)
  console.log(`${result.failure === null ? 0 : 1} violations`)
  return result.failure === null
}

function report({ world, twiceEvery }: Sweep, result: SweepResult): void {
  const { seeds, events, onceMs, pace, paceOfThree, elapsedMs, processes, faults, failures } = result
  for (const failure of failures.slice(0, FAILURES_SHOWN)) printFailure(world, failure.seed, failure)
  const seconds = elapsedMs / 1000
  const rate = (seeds / seconds).toFixed(2)
  const again = twiceEvery === 1 ? 'each twice' : `one in ${twiceEvery} twice`
  console.log(
    `${seeds} seeds in ${seconds.toFixed(1)} s, ${again}: ${rate} seeds/s in ${processes} processes, ${events} events`,
  )
  if (pace.simulatedMs > 0) {
    const [hours, hoursAgain] = [onceMs, pace.simulatedMs - onceMs].map((ms) => (ms / 3_600_000).toFixed(2))
    console.log(`${hours} simulated hours, and ${hoursAgain} again; of both: ${described(pace)}`)
  }
  if (paceOfThree.simulatedMs > 0) console.log(`clusters of three: ${described(paceOfThree)}`)
  const kinds = [...faults].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${kind} ${count}`)
  console.log(`faults: ${kinds.join(', ')}`)
  if (failures.length > 0) console.log(`failing seeds: ${failures.map(({ seed }) => seed).join(' ')}`)
  console.log(`${failures.length} violations`)
}

function printFailure(world: WorldName, seed: number, failure: SeedFailure): void {
  console.log(`seed ${seed} breaks ${failure.message}`)
  for (const line of failure.recent) console.log(`    ${line}`)
  console.log(`  again: npm run sim -- ${world} --seed ${seed} --trace\n`)
}

try {
  const isGood = await run(parseOptions(process.argv.slice(2)))
  process.exitCode = isGood ? 0 : 1
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`sim: ${error.message}`)
  process.exitCode = 2
}
