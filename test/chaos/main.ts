/**
 * `npm run chaos -- disk` and `-- cluster`: the built broker as real processes under faults, with clients that produce and
 * consume throughout, judged by what was acknowledged. Exit code 0 = nothing was found, 1 = something was, 2 = bad arguments.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Random } from '../../demo/random.ts'
import { clusterScenarios } from './cluster/index.ts'
import { diskScenarios } from './disk/index.ts'
import { type ChaosOptions, parseOptions, UsageError } from './options.ts'
import { type ChaosReport, hasPassed, type Scenario } from './scenario.ts'
import { Totals } from './totals.ts'

const root = join(import.meta.dirname, '..', '..')
const suites = { cluster: clusterScenarios, disk: diskScenarios }

interface Tally {
  passed: number
  failed: number
  skipped: number
  readonly totals: Totals
}

function commandOf({ bin }: ChaosOptions): readonly string[] {
  if (bin !== null && !existsSync(bin)) throw new UsageError(`--bin ${bin}: there is no such file`)
  const built = join(root, 'dist', 'cli', 'bin.cjs')
  if (bin === null && !existsSync(built)) {
    console.error('chaos: dist is missing, building it')
    execFileSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit', cwd: root })
  }
  return [bin ?? built]
}

function linesOf({ injected, counts, found, anomalies, problems }: ChaosReport): string[] {
  const { acknowledged, refused, unknown } = counts
  const number = (count: number) => count.toLocaleString('en')
  return [
    injected,
    `${number(acknowledged)} acknowledged, ${number(refused)} refused, ${number(unknown)} unknown; ${number(found)} in the log`,
    ...anomalies.map(({ id, what, count, examples }) => `${id} ${what}: ${number(count)} (${examples.join('; ')})`),
    ...problems,
  ]
}

async function runScenario(
  scenario: Scenario,
  options: ChaosOptions,
  seed: number,
  command: readonly string[],
  totals: Totals,
): Promise<boolean> {
  const begun = performance.now()
  const { short, namespaces, minutes } = options
  const lastMs = minutes > 0 ? minutes * 60_000 : null
  const context = { random: new Random(seed), command, short, namespaces, lastMs }
  let passed = false
  let lines: string[]
  try {
    const report = await scenario.run(context)
    passed = hasPassed(report)
    totals.add(report)
    lines = linesOf(report)
  } catch (error) {
    lines = [`could not be run to its end: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`]
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  console.log(
    `${passed ? 'ok  ' : 'FAIL'} ${scenario.name} (${seconds} s)\n${lines.map((line) => `     ${line}`).join('\n')}`,
  )
  if (!passed) console.log(`     again: ${commandAgain(options, scenario, seed)}`)
  return passed
}

function commandAgain(
  { suite, short, namespaces, minutes }: ChaosOptions,
  { name, isEndless }: Scenario,
  seed: number,
) {
  const flags = [
    ...(isEndless === true && minutes > 0 ? [`--minutes ${minutes}`] : []),
    ...(short ? ['--short'] : []),
    ...(namespaces ? [] : ['--no-namespaces']),
  ]
  return ['npm run chaos --', suite, `--scenario ${name} --seed ${seed}`, ...flags].join(' ')
}

async function runAll(options: ChaosOptions, command: readonly string[]): Promise<Tally> {
  const runnable = options.scenarios.filter((scenario) => {
    const reason = scenario.skip()
    if (reason !== null) console.log(`skip ${scenario.name}: ${reason}`)
    return reason === null
  })
  const skipped = options.scenarios.length - runnable.length
  const tally: Tally = { passed: 0, failed: 0, skipped, totals: new Totals() }
  const deadline = performance.now() + options.minutes * 60_000
  let seed = options.seed
  do {
    for (const scenario of runnable) {
      if (await runScenario(scenario, options, seed, command, tally.totals)) tally.passed++
      else tally.failed++
    }
    seed++
  } while (performance.now() < deadline && runnable.length > 0)
  return tally
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), suites)
  if (options.list) {
    for (const { name, about } of options.scenarios) console.log(`${name.padEnd(18)} ${about}`)
    return 0
  }
  const command = commandOf(options)
  console.log(`chaos ${options.suite}, seed ${options.seed}`)
  const { passed, failed, skipped, totals } = await runAll(options, command)
  for (const line of totals.lines()) console.log(line)
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
  return failed > 0 ? 1 : 0
}

process.exit(
  await main().catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error
    console.error(`chaos: ${error.message}`)
    return 2
  }),
)
