/** Plants bugs in the source, one at a time, and lets the simulator look for them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileWorker } from './compile.ts'
import { clusterMutants } from './cluster/mutants.ts'
import { type Mutant, mutants as logMutants } from './mutants.ts'
import { UsageError, type WorldName } from './options.ts'
import { raftMutants } from './raft/mutants.ts'
import { sweep, type SweepResult } from './sweep.ts'

const MUTANTS: Readonly<Record<WorldName, readonly Mutant[]>> = {
  log: logMutants,
  raft: raftMutants,
  cluster: clusterMutants,
}

/** In which world bugs are looked for, and within how many seeds each must be found. */
interface Hunt {
  readonly world: WorldName
  readonly seeds: number
}

/** Runs the named mutants, or all. True when each was killed by a seed that finds nothing in the source as it is. */
export async function runMutants(root: string, hunt: Hunt, names: readonly string[]): Promise<boolean> {
  const mutants = MUTANTS[hunt.world]
  const unknown = names.find((name) => !mutants.some((mutant) => mutant.name === name))
  if (unknown !== undefined)
    throw new UsageError(`no mutant ${unknown}; there are ${mutants.map(({ name }) => name).join(', ')}`)
  const chosen = names.length === 0 ? mutants : mutants.filter(({ name }) => names.includes(name))
  const directory = mkdtempSync(join(tmpdir(), 'sim-mutants-'))
  try {
    const unfit = await failingWithoutMutant(root, directory, hunt)
    let killed = 0
    for (const mutant of chosen) if (await isKilled(root, directory, mutant, hunt, unfit)) killed++
    console.log(`${killed} of ${chosen.length} mutants killed`)
    return killed === chosen.length
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Seeds that fail without any planted bug: they tell nothing about a mutant. */
async function failingWithoutMutant(root: string, directory: string, hunt: Hunt): Promise<ReadonlySet<number>> {
  const worker = join(directory, 'unchanged.mjs')
  await compileWorker(root, worker)
  const { failures } = await runSeeds(worker, hunt, new Set(), false)
  if (failures.length === 0) console.log(`unchanged: ${hunt.seeds} seeds find nothing`)
  else {
    const seeds = failures.map(({ seed }) => seed)
    console.log(`unchanged: ${seeds.length} of ${hunt.seeds} seeds fail, and do not count: ${seeds.join(' ')}`)
  }
  return new Set(failures.map(({ seed }) => seed))
}

async function isKilled(
  root: string,
  directory: string,
  mutant: Mutant,
  hunt: Hunt,
  unfit: ReadonlySet<number>,
): Promise<boolean> {
  const worker = join(directory, `${mutant.name}.mjs`)
  await compileWorker(root, worker, mutant.also === undefined ? [mutant] : [mutant, mutant.also])
  const [first] = (await runSeeds(worker, hunt, unfit, true)).failures
  if (first === undefined) console.log(`SURVIVED ${mutant.name} (${mutant.file}): ${hunt.seeds} seeds found nothing`)
  else console.log(`killed ${mutant.name} (${mutant.file}) by seed ${first.seed}: ${first.message.split('\n')[0]}`)
  return first !== undefined
}

function runSeeds(
  worker: string,
  { world, seeds }: Hunt,
  except: ReadonlySet<number>,
  stopAtFailure: boolean,
): Promise<SweepResult> {
  return sweep({ world, from: 1, seeds, except, maxMs: Number.POSITIVE_INFINITY, worker, stopAtFailure })
}
