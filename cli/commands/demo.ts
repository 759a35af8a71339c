import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import type { DemoProgress, DemoSummary } from '../../demo/index.ts'
import { interruptSignal } from '../connect.ts'
import { type LiveView, liveView, printDetection } from '../demo-view.ts'
import { UsageError } from '../errors.ts'
import { printJson, progress } from '../output.ts'
import { duration, integer } from '../parse.ts'
import { Chaos } from '../supervisor/chaos.ts'
import { launchCluster } from '../supervisor/launch.ts'

interface DemoCommandOptions {
  readonly brokers: number
  readonly bootstrap?: string
  readonly devices?: number
  readonly rate?: number
  readonly duration?: number
  readonly seed?: number
  readonly pagePort?: number
  readonly dataDir?: string
  readonly headless?: boolean
  readonly chaos?: boolean
}

/** What a run did to its brokers. */
interface Toll {
  readonly brokers: number
  /** Brokers killed by `--chaos`. */
  readonly killed: number
}

const defaultPagePort = 8090

/** The port if nobody listens there, else 0 for any free one. */
function freeOrAny(port: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(0))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)))
  })
}

async function run(
  bootstrap: string,
  dataDir: string,
  options: DemoCommandOptions,
  view: LiveView,
): Promise<DemoSummary> {
  const { runDemo } = await import('../../demo/index.ts')
  const page = options.headless
    ? undefined
    : { host: '127.0.0.1', port: options.pagePort ?? (await freeOrAny(defaultPagePort)) }
  const given = { devices: options.devices, rate: options.rate, durationMs: options.duration, seed: options.seed, page }
  try {
    return await runDemo({
      bootstrap,
      dataDir,
      signal: interruptSignal(),
      onProgress: (now: DemoProgress) => view.show(now),
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    })
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`demo iot: ${error.message}`)
    throw error
  } finally {
    view.end()
  }
}

async function demo(options: DemoCommandOptions): Promise<void> {
  if (options.chaos === true && options.bootstrap !== undefined) {
    throw new UsageError('--chaos: only brokers that the demo started itself are killed; leave out --bootstrap')
  }
  const scratch = options.dataDir === undefined ? mkdtempSync(join(tmpdir(), 'millrace-demo-')) : null
  const dataDir = scratch ?? options.dataDir ?? ''
  const view = liveView(options.headless === true)
  try {
    const models = join(dataDir, 'models')
    if (options.bootstrap === undefined) {
      const { summary, toll } = await runWithBrokers(dataDir, models, options, view)
      report(options, summary, toll)
      const { sent, appended } = summary.records
      if (sent !== appended) throw new Error(`${sent} records were sent, and the log took ${appended}`)
    } else {
      report(options, await run(options.bootstrap, models, options, view), null)
    }
  } finally {
    if (scratch !== null) rmSync(scratch, { recursive: true, force: true })
  }
}

function report(options: DemoCommandOptions, summary: DemoSummary, toll: Toll | null): void {
  if (options.headless) printJson(toll === null ? summary : { ...summary, cluster: toll })
  else printDetection(summary)
  if (options.chaos === true && toll !== null) progress(`chaos    ${toll.killed} brokers were killed`)
  if (!summary.records.balanced) throw new Error('records in are not scored + waiting + rejected')
}

async function runWithBrokers(
  dataDir: string,
  models: string,
  options: DemoCommandOptions,
  view: LiveView,
): Promise<{ summary: DemoSummary; toll: Toll }> {
  const { brokers } = options
  const chaos = new Chaos((nodeId) => {
    view.note(`chaos    broker ${nodeId} is killed`)
    cluster.supervisor.kill(nodeId)
  })
  await using cluster = await launchCluster(
    { brokers, dataDir: join(dataDir, 'brokers') },
    {
      ready: ({ nodeId }) => chaos.ready(nodeId),
      died(ending, restartMs, lastLines) {
        chaos.died(ending.nodeId)
        for (const line of lastLines) view.note(`  ${line}`)
        if (options.chaos !== true)
          view.note(`broker   ${ending.nodeId} died; it starts again in ${restartMs / 1000} s`)
      },
    },
  )
  const { bootstrap } = cluster
  view.note(`brokers  ${bootstrap}  (kcat -b ${bootstrap} -C -t anomalies)`)
  if (options.chaos === true) chaos.start()
  try {
    const summary = await run(bootstrap, models, options, view)
    return { summary, toll: { brokers, killed: chaos.killed } }
  } finally {
    chaos.stop()
  }
}

export function demoCommand(): Command {
  const iot = new Command('iot')
    .description(
      'telemetry in, models trained and published, records scored, anomalies handled by a session per device',
    )
    .option('--brokers <n>', 'brokers to start, one process each', integer(1, 100), 3)
    .option('--chaos', 'kill a broker every few seconds; it starts again, and no record is lost')
    .option('-b, --bootstrap <host:port,...>', 'use these brokers instead of starting some')
    .option('--devices <n>', 'simulated devices (default: 100)', integer(1, 10_000))
    .option('--rate <n>', 'telemetry records per second, all devices together (default: 5000)', integer(1, 1_000_000))
    .option('--duration <time>', 'how long to run, e.g. 30s (default: until Ctrl-C)', duration)
    .option('--seed <n>', 'the same seed gives the same fleet and faults (default: 1)', integer(0, 2 ** 31))
    .option('--page-port <n>', 'port of the page (default: 8090 or any free one)', integer(0, 65_535))
    .option('--data-dir <path>', 'keep the brokers and the models here (default: a directory that goes with the run)')
    .option('--headless', 'no page; a JSON summary on stdout at the end')
    .action(demo)
  return new Command('demo').description('runs that show what Millrace does').addCommand(iot)
}
