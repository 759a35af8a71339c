/** The command line of `npm run sim`. */

export const usage = `WORLD is log (one broker's logs on a faulty disk), raft (the core of the metadata quorum) or cluster (brokers, their network
and their clients)

npm run sim -- WORLD --seeds N [--from S] [--minutes M] [--twice-every K]
                                                          runs N seeds (default 2000 or 500, from 1), each twice, or (K) every K-th
npm run sim -- WORLD --seed S [--trace]                   runs one seed; --trace prints all that happens in it
npm run sim -- WORLD --mutants [NAME...] [--seeds N]      plants bugs in a copy of the source: each must be found within N seeds (200 or 40)`

export const worlds = ['log', 'raft', 'cluster'] as const

/** What is simulated. */
export type WorldName = (typeof worlds)[number]

export type SimOptions =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'sweep'
      readonly world: WorldName
      readonly from: number
      readonly seeds: number
      readonly minutes: number
      /** Of so many seeds one runs again, and must do the same. */
      readonly twiceEvery: number
    }
  | { readonly kind: 'seed'; readonly world: WorldName; readonly seed: number; readonly trace: boolean }
  | { readonly kind: 'mutants'; readonly world: WorldName; readonly names: readonly string[]; readonly seeds: number }

/** Seeds of a sweep unless told: a seed of the cluster takes a hundred times as long. */
const DEFAULT_SEEDS: Readonly<Record<WorldName, number>> = { log: 2000, raft: 2000, cluster: 500 }
const MUTANT_SEEDS: Readonly<Record<WorldName, number>> = { log: 200, raft: 200, cluster: 40 }

/** Wrong words on the command line. */
export class UsageError extends Error {}

export function parseOptions(args: readonly string[]): SimOptions {
  if (args.includes('--help')) return { kind: 'help' }
  const [name, ...rest] = args
  const world = worlds.find((known) => known === name)
  if (world === undefined) {
    throw new UsageError(
      `${name === undefined ? 'a world was expected' : `no world ${name}`}; there are: ${worlds.join(', ')}`,
    )
  }
  const { numbers, trace, names } = parseRest(rest)
  if (names !== null) return mutantOptions(world, names, numbers)
  const seed = numbers.get('--seed')
  if (seed !== undefined) {
    if (numbers.size > 1) throw new UsageError('--seed goes with --trace only')
    return { kind: 'seed', world, seed, trace }
  }
  if (trace) throw new UsageError('--trace goes with --seed S only')
  const minutes = numbers.get('--minutes') ?? Number.POSITIVE_INFINITY
  const seeds = numbers.get('--seeds') ?? (numbers.has('--minutes') ? Number.MAX_SAFE_INTEGER : DEFAULT_SEEDS[world])
  const twiceEvery = numbers.get('--twice-every') ?? 1
  if (twiceEvery === 0) throw new UsageError('--twice-every takes 1 or more')
  return { kind: 'sweep', world, from: numbers.get('--from') ?? 1, seeds, minutes, twiceEvery }
}

function parseRest(rest: readonly string[]) {
  const numbers = new Map<string, number>()
  let names: string[] | null = null
  let trace = false
  for (let i = 0; i < rest.length; i++) {
    const option = rest[i]
    if (option === '--trace') trace = true
    else if (option === '--mutants') names = []
    else if (['--seeds', '--from', '--minutes', '--twice-every', '--seed'].includes(option)) {
      numbers.set(option, numberAfter(option, rest[++i]))
    } else if (names !== null && !option.startsWith('--')) names.push(option)
    else throw new UsageError(`unknown option ${option}; see --help`)
  }
  return { numbers, trace, names }
}

function mutantOptions(world: WorldName, names: readonly string[], numbers: ReadonlyMap<string, number>): SimOptions {
  if ([...numbers.keys()].some((option) => option !== '--seeds'))
    throw new UsageError('--mutants goes with --seeds only')
  return { kind: 'mutants', world, names, seeds: numbers.get('--seeds') ?? MUTANT_SEEDS[world] }
}

function numberAfter(option: string, text: string | undefined): number {
  const value = Number(text)
  if (text === undefined || !/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new UsageError(`${option} takes a whole number, not ${text ?? 'nothing'}`)
  }
  return value
}
