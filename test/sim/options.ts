/** The command line of `npm run sim`. */

export const usage = `npm run sim -- log --seeds N [--from S] [--minutes M]   runs N seeds, each twice (default 2000, from 1)
npm run sim -- log --seed S [--trace]                    runs one seed; --trace prints all that happens in it
npm run sim -- log --mutants [NAME...]                   plants bugs in a copy of the log: each must be found within 200 seeds`

export type SimOptions =
  | { readonly kind: 'help' }
  | { readonly kind: 'sweep'; readonly from: number; readonly seeds: number; readonly minutes: number }
  | { readonly kind: 'seed'; readonly seed: number; readonly trace: boolean }
  | { readonly kind: 'mutants'; readonly names: readonly string[] }

/** Wrong words on the command line. */
export class UsageError extends Error {}

export function parseOptions(args: readonly string[]): SimOptions {
  if (args.includes('--help')) return { kind: 'help' }
  const [world, ...rest] = args
  if (world !== 'log')
    throw new UsageError(`${world === undefined ? 'a world was expected' : `no world ${world}`}; there is: log`)
  if (rest[0] === '--mutants') return { kind: 'mutants', names: rest.slice(1).map(mutantName) }
  const numbers = new Map<string, number>()
  let trace = false
  for (let i = 0; i < rest.length; i++) {
    const option = rest[i]
    if (option === '--trace') trace = true
    else if (['--seeds', '--from', '--minutes', '--seed'].includes(option))
      numbers.set(option, numberAfter(option, rest[++i]))
    else throw new UsageError(`unknown option ${option}; see --help`)
  }
  const seed = numbers.get('--seed')
  if (seed !== undefined) {
    if (numbers.size > 1) throw new UsageError('--seed goes with --trace only')
    return { kind: 'seed', seed, trace }
  }
  if (trace) throw new UsageError('--trace goes with --seed S only')
  const minutes = numbers.get('--minutes') ?? Number.POSITIVE_INFINITY
  const seeds = numbers.get('--seeds') ?? (numbers.has('--minutes') ? Number.MAX_SAFE_INTEGER : 2000)
  return { kind: 'sweep', from: numbers.get('--from') ?? 1, seeds, minutes }
}

function numberAfter(option: string, text: string | undefined): number {
  const value = Number(text)
  if (text === undefined || !/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new UsageError(`${option} takes a whole number, not ${text ?? 'nothing'}`)
  }
  return value
}

function mutantName(text: string): string {
  if (text.startsWith('--')) throw new UsageError(`unknown option ${text}; see --help`)
  return text
}
