/** One broker of a test cluster: its memory, its ports and its faults outlive each of its runs. */
import type { Broker } from '../broker/broker.ts'
import { type BrokerConfig, defaultConfig } from '../broker/config.ts'
import { createMemoryDisk, createNodeBroker } from '../broker/node.ts'
import type { Logger, Services } from '../broker/services.ts'
import type { FaultNetwork } from './fault-network.ts'

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

export interface TestBrokerOptions {
  readonly nodeId: number
  readonly port: number
  /** `broker.rack`. */
  readonly rack: string | undefined
  readonly properties: Readonly<Record<string, string | number | boolean>>
  readonly network: FaultNetwork
  readonly logger: Logger | undefined
}

export class TestBroker implements ClusterBroker {
  readonly nodeId: number
  readonly port: number
  private readonly disk = createMemoryDisk()
  private readonly options: TestBrokerOptions
  private readonly config: BrokerConfig
  /** The one that runs, starts or stops. */
  private broker: Broker | null = null
  private isServing = false

  /** Throws ConfigError. */
  constructor(options: TestBrokerOptions) {
    this.options = options
    this.nodeId = options.nodeId
    this.port = options.port
    this.config = defaultConfig({
      nodeId: options.nodeId,
      host: '127.0.0.1',
      port: options.port,
      durability: 'memory',
      dataDir: '/memory',
      httpPort: -1,
      properties: options.properties,
      ...(options.rack === undefined ? {} : { rack: options.rack }),
    })
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`
  }

  get services(): Services {
    return this.running.services
  }

  get isRunning(): boolean {
    return this.isServing
  }

  get running(): Broker {
    if (this.broker === null || !this.isServing) throw new Error(`broker ${this.nodeId} is not running`)
    return this.broker
  }

  async start(): Promise<void> {
    if (this.broker !== null) return
    const { network, logger } = this.options
    const broker = createNodeBroker(this.config, {
      memoryDisk: this.disk,
      network,
      ...(logger === undefined ? {} : { logger }),
    })
    this.broker = broker
    try {
      await broker.start()
      this.isServing = this.broker === broker
    } catch (error) {
      if (this.broker === broker) this.broker = null
      throw error
    }
  }

  async stop(how: 'stop' | 'kill'): Promise<void> {
    const { broker } = this
    this.broker = null
    this.isServing = false
    await broker?.[how]()
  }

  async close(how: 'stop' | 'kill'): Promise<void> {
    await this.stop(how)
    await this.options.network.close()
  }
}
