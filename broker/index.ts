/** `millrace/broker`: a broker inside your own process. */
import type { Api } from '../proto/kafka/api.ts'
import type { Broker } from './broker.ts'
import { type BrokerConfig, type ConfigFlags, defaultConfig } from './config.ts'
import { startNodeBroker } from './node.ts'
import type { DispatchOptions } from './server/in-process.ts'
import type { Logger, Services } from './services.ts'

export { type BrokerConfig, ConfigError, type ConfigFlags, type Durability, loadConfig } from './config.ts'
export { DescriptorLimitError, ListenError, MembershipError, PortInUseError } from './errors.ts'
export { DataDirError } from './log/errors.ts'
export { DispatchError, type DispatchOptions } from './server/in-process.ts'
export type { Logger, Services } from './services.ts'

/** Options of {@link startBroker}: the flags of the command line, by the same names. */
export interface StartBrokerOptions extends ConfigFlags {
  /** Keep everything in memory and touch no disk; the same as `durability: 'memory'`. Default false. */
  readonly memory?: boolean
  /** A whole configuration (`loadConfig`) instead of the options above. */
  readonly config?: BrokerConfig
  /** Where the broker logs; default nowhere. A pino logger fits. */
  readonly logger?: Logger
  /** Ends a start that waits for a majority of its cluster, which then rejects; means nothing once the broker serves. */
  readonly signal?: AbortSignal
}

/** A broker that serves. */
export interface RunningBroker extends AsyncDisposable {
  /** The port that was bound. */
  readonly port: number
  /** Host and port to give to clients. */
  readonly bootstrap: string
  readonly config: BrokerConfig
  /** The broker's rooms, for what runs in the same process (HTTP gateway, tests). */
  readonly services: Services
  /** A request through the very handlers that serve sockets; null when there is no reply (Produce with acks=0). */
  dispatch<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    version: number,
    options?: DispatchOptions,
  ): Promise<Response | null>
  /** Told once when the broker cannot go on and stops as by a crash: the process should end, and be started again. */
  onFailed(listener: (error: Error) => void): void
  /** Answers what is in flight, syncs, closes. Idempotent. */
  close(): Promise<void>
}

/**
 * Starts a broker; resolves when it answers requests. Rejects with ConfigError, PortInUseError, ListenError,
 * DescriptorLimitError, DataDirError or MembershipError, each of them one line that names what is wrong.
 *
 * @example
 * await using broker = await startBroker({ memory: true, port: 0 })
 * console.log(broker.bootstrap)
 */
export async function startBroker(options: StartBrokerOptions = {}): Promise<RunningBroker> {
  const { memory, config, logger, signal, ...flags } = options
  const effective = config ?? defaultConfig(memory === true ? { ...flags, durability: 'memory' } : flags)
  const broker = await startNodeBroker(effective, {
    ...(logger === undefined ? {} : { logger }),
    ...(signal === undefined ? {} : { signal }),
  })
  return new StartedBroker(broker)
}

class StartedBroker implements RunningBroker {
  readonly port: number
  readonly bootstrap: string
  readonly config: BrokerConfig
  private readonly broker: Broker

  constructor(broker: Broker) {
    this.broker = broker
    this.port = broker.port
    this.bootstrap = broker.bootstrap
    this.config = broker.config
  }

  get services(): Services {
    return this.broker.services
  }

  dispatch<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    version: number,
    options?: DispatchOptions,
  ): Promise<Response | null> {
    return this.broker.dispatch(api, request, version, options)
  }

  onFailed(listener: (error: Error) => void): void {
    this.broker.onFailed(listener)
  }

  close(): Promise<void> {
    return this.broker.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
