/** The command line of `npm run chaos`. */
import { parseArgs } from 'node:util'
import type { Scenario } from './scenario.ts'

const USAGE =
  'npm run chaos -- SUITE [--scenario NAME]... [--minutes M] [--seed S] [--short] [--no-namespaces] [--bin FILE] [--list]'

/** One line for whoever typed it. */
export class UsageError extends Error {}

export interface ChaosOptions {
  readonly suite: string
  readonly scenarios: readonly Scenario[]
  /**
   * Go on for this much time; 0 = each scenario once. A suite that has a scenario for going on runs that one, unless others
   * are named; else the scenarios begin again with the next seed.
   */
  readonly minutes: number
  readonly seed: number
  readonly short: boolean
  /** Use network namespaces where they can be made. */
  readonly namespaces: boolean
  /** The command under test; null = the build of this tree. */
  readonly bin: string | null
  readonly list: boolean
}

export type Suites = Readonly<Record<string, readonly Scenario[]>>

/** Throws `UsageError`. */
export function parseOptions(args: readonly string[], suites: Suites): ChaosOptions {
  const { values, positionals } = parsed(args)
  const [suite, ...rest] = positionals
  const known = Object.keys(suites).join(', ')
  if (suite === undefined) throw new UsageError(`a suite was expected (${known}): ${USAGE}`)
  const all = Object.hasOwn(suites, suite) ? suites[suite] : undefined
  if (all === undefined) throw new UsageError(`there is no suite ${suite}; there are: ${known}`)
  if (rest.length > 0) throw new UsageError(`one suite at a time, not also ${rest.join(' ')}`)
  const minutes = numberOf('--minutes', values.minutes ?? '0', 0, 1440)
  const endless = minutes > 0 ? all.filter(({ isEndless }) => isEndless === true) : []
  const names = values.scenario ?? (endless.length > 0 ? endless : all).map(({ name }) => name)
  return {
    suite,
    scenarios: names.map((name) => scenarioOf(name, all)),
    minutes,
    seed: wholeNumberOf('--seed', values.seed ?? String(Date.now() % 1_000_000)),
    short: values.short ?? false,
    namespaces: values['no-namespaces'] !== true,
    bin: values.bin ?? null,
    list: values.list ?? false,
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        scenario: { type: 'string', multiple: true },
        minutes: { type: 'string' },
        seed: { type: 'string' },
        short: { type: 'boolean' },
        'no-namespaces': { type: 'boolean' },
        bin: { type: 'string' },
        list: { type: 'boolean' },
      },
    })
  } catch (error) {
    // Node adds advice on further lines.
    throw new UsageError(String(error).replace(/^TypeError[^:]*: |\n.*/gs, ''))
  }
}

function scenarioOf(name: string, all: readonly Scenario[]): Scenario {
  const found = all.find((scenario) => scenario.name === name)
  if (found !== undefined) return found
  throw new UsageError(`there is no scenario ${name}; there are: ${all.map((scenario) => scenario.name).join(', ')}`)
}

function numberOf(option: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= min && value <= max) return value
  throw new UsageError(`${option} must be a number from ${min} to ${max}, not "${text}"`)
}

function wholeNumberOf(option: string, text: string): number {
  const value = numberOf(option, text, 0, 0xffff_ffff)
  if (Number.isInteger(value)) return value
  throw new UsageError(`${option} must be a whole number, not "${text}"`)
}
