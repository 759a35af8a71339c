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
  const startedMs = performance.now()
  console.log(`${chosen.length} mutants; each must be killed within ${hunt.seeds} seeds`)
  try {
    const unchanged = new Unchanged(root, directory, hunt.world)
    let killed = 0
    for (const mutant of chosen) if (await isKilled(root, directory, mutant, hunt, unchanged)) killed++
    const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1)
    console.log(`${killed} of ${chosen.length} mutants killed in ${minutes} minutes`)
    return killed === chosen.length
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The source as it is: a seed that fails in it tells nothing about a mutant. */
class Unchanged {
  readonly #root: string
  readonly #worker: string
  readonly #world: WorldName
  #isCompiled = false
  /** Seeds that were tried, and those of them that fail. */
  readonly #tried = new Set<number>()
  readonly failing = new Set<number>()

  constructor(root: string, directory: string, world: WorldName) {
    this.#root = root
    this.#world = world
    this.#worker = join(directory, 'unchanged.mjs')
  }

  async fails(seed: number): Promise<boolean> {
    if (!this.#isCompiled) await compileWorker(this.#root, this.#worker)
    this.#isCompiled = true
    if (!this.#tried.has(seed)) {
      this.#tried.add(seed)
      const { failures } = await runSeeds(this.#worker, { world: this.#world, seeds: 1 }, seed, this.failing)
      if (failures.length > 0) {
        this.failing.add(seed)
        console.log(`seed ${seed} fails without a mutant, and does not count`)
      }
    }
    return this.failing.has(seed)
  }
}

async function isKilled(
  root: string,
  directory: string,
  mutant: Mutant,
  hunt: Hunt,
  unchanged: Unchanged,
): Promise<boolean> {
  const worker = join(directory, `${mutant.name}.mjs`)
  await compileWorker(root, worker, mutant.also === undefined ? [mutant] : [mutant, mutant.also])
  for (;;) {
    const [first] = (await runSeeds(worker, hunt, 1, unchanged.failing)).failures
    if (first === undefined) {
      console.log(`SURVIVED ${mutant.name} (${mutant.file}): ${hunt.seeds} seeds found nothing`)
      return false
    }
    if (await unchanged.fails(first.seed)) continue
    console.log(`killed ${mutant.name} (${mutant.file}) by seed ${first.seed}: ${first.message.split('\n')[0]}`)
    return true
  }
}

/** Each once, up to the first that fails. */
function runSeeds(
  worker: string,
  { world, seeds }: Hunt,
  from: number,
  except: ReadonlySet<number>,
): Promise<SweepResult> {
  const maxMs = Number.POSITIVE_INFINITY
  return sweep({ world, from, seeds, except, maxMs, worker, stopAtFailure: true, twiceEvery: 0 })
}
