/** Plants bugs in the log, one at a time, and lets the simulator look for them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileWorker } from './compile.ts'
import { type Mutant, mutants } from './mutants.ts'
import { UsageError } from './options.ts'
import { sweep, type SweepResult } from './sweep.ts'

/** A planted bug must be found within so many seeds. */
const SEEDS_MAX = 200

/** Runs the named mutants, or all. True when each was killed by a seed that finds nothing in the log as it is. */
export async function runMutants(root: string, names: readonly string[]): Promise<boolean> {
  const unknown = names.find((name) => !mutants.some((mutant) => mutant.name === name))
  if (unknown !== undefined)
    throw new UsageError(`no mutant ${unknown}; there are ${mutants.map(({ name }) => name).join(', ')}`)
  const chosen = names.length === 0 ? mutants : mutants.filter(({ name }) => names.includes(name))
  const directory = mkdtempSync(join(tmpdir(), 'sim-mutants-'))
  try {
    const unfit = await failingWithoutMutant(root, directory)
    let killed = 0
    for (const mutant of chosen) if (await isKilled(root, directory, mutant, unfit)) killed++
    console.log(`${killed} of ${chosen.length} mutants killed`)
    return killed === chosen.length
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Seeds that fail without any planted bug: they tell nothing about a mutant. */
async function failingWithoutMutant(root: string, directory: string): Promise<ReadonlySet<number>> {
  const worker = join(directory, 'unchanged.mjs')
  await compileWorker(root, worker)
  const { failures } = await runSeeds(worker, new Set(), false)
  if (failures.length === 0) console.log(`unchanged: ${SEEDS_MAX} seeds find nothing`)
  else {
    const seeds = failures.map(({ seed }) => seed)
    console.log(`unchanged: ${seeds.length} of ${SEEDS_MAX} seeds fail, and do not count: ${seeds.join(' ')}`)
  }
  return new Set(failures.map(({ seed }) => seed))
}

async function isKilled(root: string, directory: string, mutant: Mutant, unfit: ReadonlySet<number>): Promise<boolean> {
  const worker = join(directory, `${mutant.name}.mjs`)
  await compileWorker(root, worker, mutant.also === undefined ? [mutant] : [mutant, mutant.also])
  const [first] = (await runSeeds(worker, unfit, true)).failures
  if (first === undefined) console.log(`SURVIVED ${mutant.name} (${mutant.file}): ${SEEDS_MAX} seeds found nothing`)
  else console.log(`killed ${mutant.name} (${mutant.file}) by seed ${first.seed}: ${first.message.split('\n')[0]}`)
  return first !== undefined
}

function runSeeds(worker: string, except: ReadonlySet<number>, stopAtFailure: boolean): Promise<SweepResult> {
  return sweep({ from: 1, seeds: SEEDS_MAX, except, maxMs: Number.POSITIVE_INFINITY, worker, stopAtFailure })
}
