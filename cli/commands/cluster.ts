import { Command, Option } from 'commander'
import type { Durability } from '../../broker/index.ts'
import { UsageError } from '../errors.ts'
import { printJson, printLine, progress } from '../output.ts'
import { integer, keyValue } from '../parse.ts'
import type { Ending } from '../supervisor/core.ts'
import { planCluster } from '../supervisor/plan.ts'
import { choosePorts } from '../supervisor/ports.ts'
import { type ReadyBroker, Supervisor, type SupervisorListener } from '../supervisor/supervisor.ts'

interface ClusterOptions {
  readonly brokers: number
  readonly port: number
  readonly peerPort?: number
  readonly httpPort?: number
  readonly http: boolean
  readonly host: string
  readonly advertise?: string
  readonly dataDir: string
  readonly memory?: boolean
  readonly durability?: Durability
  readonly config?: string
  readonly override?: Readonly<Record<string, string>>
  readonly logLevel: string
  readonly json?: boolean
}

/** Seldom worth more than a machine has cores; more are for trying things out. */
const BROKERS_MAX = 100

/** Options that every broker takes as they are. */
function sharedArgs({ memory, durability, config, override, logLevel }: ClusterOptions): string[] {
  return [
    ...(durability === undefined || memory === true ? [] : ['--durability', durability]),
    ...(config === undefined ? [] : ['--config', config]),
    ...Object.entries(override ?? {}).flatMap(([name, value]) => ['--override', `${name}=${value}`]),
    ...['--log-level', logLevel],
  ]
}

async function cluster(options: ClusterOptions): Promise<void> {
  const { brokers, host, port, peerPort, http, httpPort } = options
  const dataDir = options.memory === true || options.durability === 'memory' ? null : options.dataDir
  const ports = await choosePorts({ brokers, host, port, peerPort, httpPort: http ? httpPort : null })
  const advertisedHost = options.advertise ?? (host === 'localhost' ? '127.0.0.1' : null)
  const plans = planCluster({ ports, host, advertisedHost, dataDir, args: sharedArgs(options) })
  let refusal = ''
  const show = options.json === true ? jsonView : textView
  const supervisor: Supervisor = new Supervisor(plans, {
    ...show,
    whole: () => {
      if (process.stderr.isTTY) invite(supervisor.bootstrap(advertisedHost ?? host), dataDir)
    },
    refused: ({ nodeId }, lastLines) => {
      refusal = `broker ${nodeId}: ${(lastLines.at(-1) ?? 'ended').replace(/^millrace: /, '')}`
    },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void supervisor.stop(signal))
  // Started by another command, which has gone: nobody is left to stop it.
  process.once('disconnect', () => void supervisor.stop())
  supervisor.start()
  const code = await supervisor.ended
  if (refusal !== '') throw new UsageError(refusal)
  process.exit(code)
}

function ended({ nodeId, code, signal }: Ending): string {
  return signal === null ? `broker ${nodeId} ended with code ${code}` : `broker ${nodeId} was ended by ${signal}`
}

const textView: SupervisorListener = {
  ready({ nodeId, pid, kafka, http }: ReadyBroker) {
    printLine(`ready kafka=${kafka}${http === null ? '' : ` http=${http}`} node=${nodeId} pid=${pid}`)
  },
  died(ending, restartMs, lastLines) {
    for (const line of lastLines) progress(`  ${line}`)
    progress(`${ended(ending)}; it starts again in ${restartMs / 1000} s`)
  },
}

const jsonView: SupervisorListener = {
  ready: (broker) => printJson({ event: 'ready', ...broker }),
  died: ({ nodeId, code, signal }, restartMs, lastLines) =>
    printJson({ event: 'died', nodeId, code, signal, restartMs, lastLines }),
}

function invite(bootstrap: string, dataDir: string | null): void {
  progress(`try      echo hello | kcat -b ${bootstrap} -P -t greetings -X acks=all`)
  if (dataDir !== null) progress(`data     ${dataDir} (logs in ${dataDir}/broker-N.log)`)
}

export function clusterCommand(): Command {
  return new Command('cluster')
    .description('start a cluster on this machine: one process per broker, started again when it dies')
    .option('--brokers <n>', 'brokers to start, all of them voters', integer(1, BROKERS_MAX), 3)
    .option(
      '-p, --port <n>',
      'Kafka port of the first broker, the others follow; 0 = any free ones',
      integer(0, 65_535),
      9092,
    )
    .option('--http-port <n>', 'likewise for HTTP (default: from 8080 on, past those in use)', integer(0, 65_535))
    .option('--no-http', 'no HTTP doors')
    .option('--peer-port <n>', 'likewise between brokers (default: the Kafka port + 10000)', integer(0, 65_535))
    .option('-d, --data-dir <path>', 'where broker N keeps its logs in broker-N', './millrace-cluster')
    .option('-m, --memory', 'keep everything in memory; nothing outlives the processes')
    .addOption(
      new Option('--durability <mode>', 'what acknowledged means (default: fsync)').choices([
        'fsync',
        'page-cache',
        'memory',
      ]),
    )
    .option('--host <host>', 'address to serve clients on', 'localhost')
    .option('--advertise <host>', 'host given to clients (default: the bound one)')
    .option('-c, --config <file>', 'options of every broker, as for start; addresses and ids in it are not used')
    .option(
      '-o, --override <name=value>',
      "any broker option by Kafka's name, for every broker; may be repeated",
      keyValue,
    )
    .addOption(
      new Option('--log-level <level>', 'least level logged')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('warn'),
    )
    .option('--json', 'what happens to the brokers as JSON lines')
    .action(cluster)
}
