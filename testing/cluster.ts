/**
 * Brokers inside a test process: the real protocol on real sockets, everything in memory, torn down in milliseconds, with
 * faults on demand.
 */
import { errorName } from '../proto/kafka/errors.ts'
import type { Broker } from '../broker/broker.ts'
import { type BrokerConfig, type ConfigFlags, defaultConfig } from '../broker/config.ts'
import { createMemoryDisk, startNodeBroker } from '../broker/node.ts'
import type { Logger, Services } from '../broker/services.ts'
import { Client, type ClientOptions } from '../client/index.ts'

/** Options of {@link startCluster}. */
export interface ClusterOptions {
  /** Brokers to start; default 1. */
  readonly brokers?: number
  /** Broker options by Kafka's names, on top of the test defaults. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /** Topics to create before the promise resolves: names, or name with partitions and options. */
  readonly topics?: readonly (string | TopicOptions)[]
  /** Where the brokers log; default nowhere. */
  readonly logger?: Logger
}

export interface TopicOptions {
  readonly name: string
  /** Default 1. */
  readonly partitions?: number
  /** Default 1. */
  readonly replicationFactor?: number
  /** Topic options by Kafka's names. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
}

/** One broker of a test cluster. */
export interface ClusterBroker {
  readonly nodeId: number
  readonly port: number
  /** host:port. */
  readonly bootstrap: string
  /** The running broker's rooms; throws while it is down. */
  readonly services: Services
  readonly isRunning: boolean
}

/** What can go wrong, on demand. Node ids count from 1. */
export interface ClusterFaults {
  /** Stops a broker as a crash would: nothing is answered, nothing is marked clean. Its disk stays. */
  kill(nodeId?: number): Promise<void>
  /** Stops a broker cleanly. */
  stop(nodeId?: number): Promise<void>
  /** Starts a stopped or killed broker again, on its disk and its port. */
  restart(nodeId?: number): Promise<void>
  /** Cuts every connection to the broker; clients may connect again at once. */
  dropConnections(nodeId?: number): void
  /** Every reply of the broker leaves so many milliseconds later; Infinity holds them back until the next call, 0 ends it. */
  delayReplies(delayMs: number, nodeId?: number): void
}

export interface Cluster extends AsyncDisposable {
  /** host:port of every broker, comma separated. */
  readonly bootstrap: string
  readonly brokers: readonly ClusterBroker[]
  readonly faults: ClusterFaults
  /** Creates a topic; rejects with Kafka's error name in the message. */
  createTopic(topic: string | TopicOptions): Promise<void>
  /** A client of this cluster, closed with it. */
  client(options?: Omit<ClientOptions, 'brokers'>): Client
  /** Closes the clients made here, then stops every broker. Idempotent. */
  close(): Promise<void>
}

/** A test wants its first rebalance and its first record now. */
const TEST_DEFAULTS: Readonly<Record<string, string | number | boolean>> = {
  'group.initial.rebalance.delay.ms': 0,
  'offsets.topic.num.partitions': 5,
}

class TestBroker implements ClusterBroker {
  readonly nodeId: number
  private readonly disk = createMemoryDisk()
  private readonly logger: Logger | undefined
  private readonly flags: ConfigFlags
  private config: BrokerConfig
  private broker: Broker | null = null
  private boundPort = 0

  constructor(nodeId: number, properties: Readonly<Record<string, string | number | boolean>>, logger?: Logger) {
    this.nodeId = nodeId
    this.logger = logger
    this.flags = {
      nodeId,
      host: '127.0.0.1',
      port: 0,
      durability: 'memory',
      dataDir: '/memory',
      httpPort: -1,
      properties,
    }
    this.config = defaultConfig(this.flags)
  }

  get port(): number {
    return this.boundPort
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.boundPort}`
  }

  get services(): Services {
    return this.running.services
  }

  get isRunning(): boolean {
    return this.broker !== null
  }

  get running(): Broker {
    if (this.broker === null) throw new Error(`broker ${this.nodeId} is not running`)
    return this.broker
  }

  async start(): Promise<void> {
    if (this.broker !== null) return
    const options = { memoryDisk: this.disk, ...(this.logger === undefined ? {} : { logger: this.logger }) }
    this.broker = await startNodeBroker(this.config, options)
    this.boundPort = this.broker.port
    // Clients know the address: the broker comes back to it.
    this.config = defaultConfig({ ...this.flags, port: this.boundPort })
  }

  async stop(how: 'stop' | 'kill'): Promise<void> {
    const { broker } = this
    this.broker = null
    await broker?.[how]()
  }
}

class TestCluster implements Cluster {
  readonly brokers: readonly TestBroker[]
  readonly faults: ClusterFaults = {
    kill: (nodeId = 1) => this.node(nodeId).stop('kill'),
    stop: (nodeId = 1) => this.node(nodeId).stop('stop'),
    restart: async (nodeId = 1) => {
      await this.node(nodeId).stop('stop')
      await this.node(nodeId).start()
    },
    dropConnections: (nodeId = 1) => this.node(nodeId).running.dropConnections(),
    delayReplies: (delayMs, nodeId = 1) => this.node(nodeId).running.delayReplies(delayMs),
  }

  private readonly clients: Client[] = []

  constructor(brokers: readonly TestBroker[]) {
    this.brokers = brokers
  }

  get bootstrap(): string {
    return this.brokers.map((broker) => broker.bootstrap).join(',')
  }

  createTopic(topic: string | TopicOptions): Promise<void> {
    const options = typeof topic === 'string' ? { name: topic } : topic
    const wanted = {
      name: options.name,
      partitions: options.partitions ?? 1,
      replicationFactor: options.replicationFactor ?? 1,
      assignments: [],
      configs: Object.entries(options.config ?? {}).map(([name, value]) => ({ name, value: String(value) })),
    }
    return new Promise((resolve, reject) => {
      this.node(1).services.controller.createTopics([wanted], { validateOnly: false }, ([result]) => {
        const error = result?.error ?? 0
        if (error === 0) resolve()
        else reject(new Error(`${options.name}: ${errorName(error)} ${result?.message ?? ''}`.trimEnd()))
      })
    })
  }

  client(options: Omit<ClientOptions, 'brokers'> = {}): Client {
    const client = new Client({ ...options, brokers: this.brokers.map((broker) => broker.bootstrap) })
    this.clients.push(client)
    return client
  }

  async close(): Promise<void> {
    // A client that a fault left in the middle of something must not keep the brokers from stopping.
    await Promise.allSettled(this.clients.splice(0).map((client) => client.close()))
    await Promise.all(this.brokers.map((broker) => broker.stop('stop')))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private node(nodeId: number): TestBroker {
    const broker = this.brokers[nodeId - 1]
    if (broker === undefined) throw new RangeError(`there is no broker ${nodeId}`)
    return broker
  }
}

/**
 * Starts brokers in this process, in memory, on free ports, without HTTP. Resolves when they serve; rejects with ConfigError
 * for a bad option.
 *
 * @example
 * await using cluster = await startCluster({ topics: ['orders'] })
 * const kafka = new Kafka({ brokers: [cluster.bootstrap] })
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const count = options.brokers ?? 1
  if (count !== 1) throw new RangeError('clusters of more than one broker are not there yet: brokers must be 1')
  const properties = { ...TEST_DEFAULTS, ...options.config }
  const brokers = Array.from({ length: count }, (_, index) => new TestBroker(index + 1, properties, options.logger))
  const cluster = new TestCluster(brokers)
  try {
    await Promise.all(brokers.map((broker) => broker.start()))
    for (const topic of options.topics ?? []) await cluster.createTopic(topic)
  } catch (error) {
    await cluster.close()
    throw error
  }
  return cluster
}
