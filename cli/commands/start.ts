import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import type { Durability, Logger, RunningBroker } from '../../broker/index.ts'
import { UsageError } from '../errors.ts'
import { printLine, progress } from '../output.ts'
import { integer, keyValue } from '../parse.ts'

interface StartOptions {
  readonly nodeId?: number
  readonly peerPort?: number
  readonly rack?: string
  readonly override?: Readonly<Record<string, string>>
  readonly dataDir?: string
  readonly host?: string
  readonly advertise?: string
  readonly port?: number
  readonly httpPort?: number
  readonly http: boolean
  readonly memory?: boolean
  readonly durability?: Durability
  readonly config?: string
  readonly logLevel: string
}

/** The default HTTP port and how many ports above it are tried when it is busy and was not asked for. */
const defaultHttpPort = 8080
const httpPortTries = 20

async function configuration(options: StartOptions) {
  const { loadConfig } = await import('../../broker/index.ts')
  const { config: file, nodeId, peerPort, rack, override, dataDir, host, advertise, port, httpPort } = options
  const durability = options.memory === true ? ('memory' as const) : options.durability
  const node = { nodeId, peerPort, rack, properties: override }
  const given = { ...node, dataDir, host, advertise, port, httpPort, durability }
  const flags = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  if (file === undefined) return loadConfig({ env: process.env, flags })
  return loadConfig({ file, fileText: readConfigFile(file), env: process.env, flags })
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`--config ${path}: ${(error as Error).message}`)
  }
}

/** Opens the HTTP door; a busy default port moves on to the next, a busy port that was asked for is an error. */
async function openHttp(broker: RunningBroker, asked: number | undefined, stopping: AbortSignal) {
  const { startHttp } = await import('../../broker/http/index.ts')
  const { httpConnectionsMax } = await import('../../broker/node.ts')
  const host = broker.config.hosts[0] ?? '127.0.0.1'
  const first = asked ?? defaultHttpPort
  for (let port = first; ; port++) {
    try {
      return await startHttp({
        services: broker.services,
        dispatch: (api, request, version, signal) =>
          broker.dispatch(api, request, version, signal === undefined ? {} : { signal }),
        host,
        port,
        notReady: () => (stopping.aborted ? 'the broker is stopping' : null),
        limits: { connectionsMax: httpConnectionsMax() },
      })
    } catch (error) {
      const busy = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (busy && asked === undefined && port < first + httpPortTries) continue
      if (busy) throw new UsageError(`--http-port ${port}: port ${port} on ${host} is in use`)
      throw error
    }
  }
}

/** Fires at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143)
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  // Started by another command, which has gone: nobody is left to stop it.
  process.once('disconnect', () => controller.abort())
  return controller.signal
}

/** In an object, because pino's type could be taken for a promise. */
async function makeLogger(level: string): Promise<{ readonly logger: Logger }> {
  const { pino } = await import('pino')
  return { logger: pino({ level, base: null }, pino.destination(2)) }
}

async function start(options: StartOptions): Promise<void> {
  const { startBroker } = await import('../../broker/index.ts')
  const { config, unused } = await configuration(options)
  const { logger } = await makeLogger(options.logLevel)
  if (unused.length > 0)
    logger.warn({ unused }, 'options that mean nothing here: typing errors, or options of Kafka that are not needed')
  const stopping = stopSignal()
  const broker = await startBroker({ config, logger, signal: stopping }).catch((error: unknown) => {
    // Told to stop while it waited for its cluster: it has.
    if (stopping.aborted) process.exit(0)
    throw error
  })
  // The log has said why; whoever started this process starts it again.
  broker.onFailed(() => process.exit(1))
  const http = options.http
    ? await openHttp(broker, options.httpPort, stopping).catch(async (error: unknown) => {
        await broker.close()
        throw error
      })
    : null
  const { hostname, port } = new URL(http?.url ?? 'http://none:0')
  printLine(
    `ready kafka=${broker.bootstrap}${http === null ? '' : ` http=${hostname}:${port}`} node=${config.nodeId} pid=${process.pid}`,
  )
  if (process.stderr.isTTY) {
    if (http !== null) progress(`HTTP     ${http.url}  (OpenAPI at ${http.url}/openapi.json)`)
    progress(`try      echo hello | kcat -b ${broker.bootstrap} -P -t greetings`)
    if (config.durability !== 'memory') progress(`data     ${config.dataDir}`)
  }
  if (!stopping.aborted) await once(stopping, 'abort')
  await http?.close()
  await broker.close()
  // Timers of libraries must not keep a stopped broker alive.
  process.exit(0)
}

export function startCommand(): Command {
  return new Command('start')
    .description('start a broker')
    .option('-d, --data-dir <path>', 'where the logs are kept (default: ./millrace-data)')
    .option('--host <host>', 'address to bind (default: loopback)')
    .option('--advertise <host:port>', 'address given to clients (default: the bound one)')
    .option('-p, --port <n>', 'Kafka port, 0 = any free one (default: 9092)', integer(0, 65_535))
    .option('--http-port <n>', 'HTTP port, 0 = any free one (default: 8080 or the next free one)', integer(0, 65_535))
    .option('--no-http', 'no HTTP door')
    .option('-m, --memory', 'keep everything in memory; nothing outlives the process')
    .addOption(
      new Option('--durability <mode>', 'what acknowledged means (default: fsync)').choices([
        'fsync',
        'page-cache',
        'memory',
      ]),
    )
    .option('--node-id <n>', 'id of this node, unique in its cluster (default: 1)', integer(0, 2 ** 31 - 1))
    .option(
      '--peer-port <n>',
      'port for other brokers (default: that of this node among the voters)',
      integer(0, 65_535),
    )
    .option('--rack <name>', 'rack or zone of this broker; replicas are spread over racks')
    .option('-o, --override <name=value>', "any broker option by Kafka's name; may be repeated", keyValue)
    .option('-c, --config <file>', "JSON or Kafka's server.properties; MILLRACE_* variables and flags go before it")
    .addOption(
      new Option('--log-level <level>', 'least level logged to stderr')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('warn'),
    )
    .action(start)
}
