/** `npm run sim`: the real log on a simulated disk, seed after seed (see --help). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileWorker } from './compile.ts'
import { runSeed, runTwice, type SeedFailure } from './log/run.ts'
import { runMutants } from './mutate.ts'
import { parseOptions, type SimOptions, usage, UsageError } from './options.ts'
import { sweep, type SweepResult } from './sweep.ts'

const FAILURES_SHOWN = 5
const root = join(import.meta.dirname, '../..')

async function run(options: SimOptions): Promise<boolean> {
  switch (options.kind) {
    case 'help':
      console.log(usage)
      return true
    case 'seed':
      return runOne(options.seed, options.trace)
    case 'mutants':
      return runMutants(root, options.names)
    case 'sweep': {
      const { from, seeds, minutes } = options
      const result = await sweepOnce(from, seeds, minutes * 60_000)
      report(result)
      return result.failures.length === 0
    }
  }
}

async function sweepOnce(from: number, seeds: number, maxMs: number): Promise<SweepResult> {
  const directory = mkdtempSync(join(tmpdir(), 'sim-'))
  try {
    const worker = join(directory, 'worker.mjs')
    await compileWorker(root, worker)
    return await sweep({ from, seeds, maxMs, worker, stopAtFailure: false })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function runOne(seed: number, trace: boolean): boolean {
  const result = trace ? runSeed(seed, (line) => console.log(line)) : runTwice(seed)
  if (result.failure !== null) printFailure(seed, result.failure)
  console.log(`seed ${seed}: ${result.events} events, hash ${result.hash}`)
  console.log(`${result.failure === null ? 0 : 1} violations`)
  return result.failure === null
}

function report({ seeds, events, elapsedMs, processes, faults, failures }: SweepResult): void {
  for (const failure of failures.slice(0, FAILURES_SHOWN)) printFailure(failure.seed, failure)
  const seconds = elapsedMs / 1000
  const rate = (seeds / seconds).toFixed(1)
  console.log(
    `${seeds} seeds in ${seconds.toFixed(1)} s, each twice: ${rate} seeds/s in ${processes} processes, ${events} events`,
  )
  const kinds = [...faults].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${kind} ${count}`)
  console.log(`faults: ${kinds.join(', ')}`)
  if (failures.length > 0) console.log(`failing seeds: ${failures.map(({ seed }) => seed).join(' ')}`)
  console.log(`${failures.length} violations`)
}

function printFailure(seed: number, failure: SeedFailure): void {
  console.log(`seed ${seed} breaks ${failure.message}`)
  for (const line of failure.recent) console.log(`    ${line}`)
  console.log(`  again: npm run sim -- log --seed ${seed} --trace\n`)
}

try {
  const isGood = await run(parseOptions(process.argv.slice(2)))
  process.exitCode = isGood ? 0 : 1
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`sim: ${error.message}`)
  process.exitCode = 2
}
