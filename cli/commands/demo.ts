import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import type { DemoProgress, DemoSummary } from '../../demo/index.ts'
import { startChildBroker } from '../child-broker.ts'
import { interruptSignal } from '../connect.ts'
import { liveView, printDetection } from '../demo-view.ts'
import { UsageError } from '../errors.ts'
import { printJson, progress } from '../output.ts'
import { duration, integer } from '../parse.ts'

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

async function run(bootstrap: string, dataDir: string, options: DemoCommandOptions): Promise<DemoSummary> {
  const { runDemo } = await import('../../demo/index.ts')
  const view = liveView(options.headless === true)
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
  if (options.brokers !== 1) throw new UsageError('--brokers: one broker is supported for now')
  const scratch = options.dataDir === undefined ? mkdtempSync(join(tmpdir(), 'millrace-demo-')) : null
  const dataDir = scratch ?? options.dataDir ?? ''
  try {
    const summary = await runWithBroker(dataDir, options)
    if (options.headless) printJson(summary)
    else printDetection(summary)
    if (!summary.records.balanced) throw new Error('records in are not scored + waiting + rejected')
  } finally {
    if (scratch !== null) rmSync(scratch, { recursive: true, force: true })
  }
}

async function runWithBroker(dataDir: string, options: DemoCommandOptions): Promise<DemoSummary> {
  const models = join(dataDir, 'models')
  if (options.bootstrap !== undefined) return await run(options.bootstrap, models, options)
  await using broker = await startChildBroker(['--data-dir', join(dataDir, 'broker'), '--port', '0', '--no-http'])
  progress(`broker   ${broker.bootstrap}  (kcat -b ${broker.bootstrap} -C -t anomalies)`)
  const died = broker.ended.then((why) => Promise.reject(new Error(`the broker ended: ${why}`)))
  return await Promise.race([run(broker.bootstrap, models, options), died])
}

export function demoCommand(): Command {
  const iot = new Command('iot')
    .description(
      'telemetry in, models trained and published, records scored, anomalies handled by a session per device',
    )
    .option('--brokers <n>', 'brokers to start', integer(1, 100), 1)
    .option('-b, --bootstrap <host:port,...>', 'use these brokers instead of starting one')
    .option('--devices <n>', 'simulated devices (default: 100)', integer(1, 10_000))
    .option('--rate <n>', 'telemetry records per second, all devices together (default: 5000)', integer(1, 1_000_000))
    .option('--duration <time>', 'how long to run, e.g. 30s (default: until Ctrl-C)', duration)
    .option('--seed <n>', 'the same seed gives the same fleet and faults (default: 1)', integer(0, 2 ** 31))
    .option('--page-port <n>', 'port of the page (default: 8090 or any free one)', integer(0, 65_535))
    .option('--data-dir <path>', 'keep the broker and the models here (default: a directory that goes with the run)')
    .option('--headless', 'no page; a JSON summary on stdout at the end')
    .action(demo)
  return new Command('demo').description('runs that show what Millrace does').addCommand(iot)
}
