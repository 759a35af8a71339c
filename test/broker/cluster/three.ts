/** Three brokers in this process, on real sockets, their disks in memory: what the tests of the cluster begin with. */
import { type Broker } from '../../../broker/broker.ts'
import { type BrokerConfig, type ConfigFlags, defaultConfig, type Voter } from '../../../broker/config.ts'
import { createMemoryDisk, createNodeBroker, reserveNodePorts } from '../../../broker/node.ts'
import type { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import type { Logger, Services } from '../../../broker/services.ts'
import { FaultDisk } from '../../support/fault-disk.ts'

const HOST = '127.0.0.1'

export interface ThreeOptions {
  readonly properties?: Properties
  /** By node, from 1 on. */
  readonly racks?: readonly string[]
  /** Where the brokers keep their data, in `fsync` mode; default in memory. */
  readonly directory?: string
}

type Properties = Readonly<Record<string, string | number | boolean>>

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: object
}

export class Node {
  readonly id: number
  /** What goes wrong with the disk, on demand. */
  readonly faults = new FaultDisk(createMemoryDisk())
  readonly lines: Line[] = []
  broker: Broker | null = null
  private flags: ConfigFlags
  private config: BrokerConfig
  private readonly logger: Logger

  constructor(flags: ConfigFlags) {
    this.flags = flags
    this.config = defaultConfig(flags)
    this.id = this.config.nodeId
    const line = (level: string) => (fields: object, message: string) => {
      this.lines.push({ level, message, fields })
      if (process.env['CLUSTER_LOG'] !== undefined) {
        process.stderr.write(
          `${Math.round(performance.now())} ${this.id} ${level} ${message} ${JSON.stringify(fields)}\n`,
        )
      }
    }
    this.logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  }

  /** Where clients find it. */
  get address(): string {
    return `${HOST}:${this.config.port}`
  }

  /** The running broker. */
  get up(): Broker {
    if (this.broker === null) throw new Error(`broker ${this.id} is down`)
    return this.broker
  }

  /** The rooms of the running broker; null when it is down, also by itself. */
  get services(): Services | null {
    try {
      return this.broker?.services ?? null
    } catch {
      return null
    }
  }

  /** Counts from the next start on. */
  reconfigure(properties: Properties): void {
    this.flags = { ...this.flags, properties: { ...this.flags.properties, ...properties } }
    this.config = defaultConfig(this.flags)
  }

  async start(): Promise<this> {
    const inMemory = this.config.durability === 'memory'
    this.broker = createNodeBroker(this.config, {
      logger: this.logger,
      ...(inMemory ? { memoryDisk: this.faults.disk as MemoryDisk } : {}),
    })
    await this.broker.start()
    return this
  }

  async kill(): Promise<void> {
    const { broker } = this
    this.broker = null
    await broker?.kill()
  }

  async stop(): Promise<void> {
    const { broker } = this
    this.broker = null
    await broker?.stop()
  }
}

export class Three {
  readonly nodes: readonly Node[]
  readonly voters: readonly Voter[]
  private readonly properties: Properties

  private constructor(nodes: readonly Node[], voters: readonly Voter[], properties: Properties) {
    this.nodes = nodes
    this.voters = voters
    this.properties = properties
  }

  /** Makes the brokers; none is started. */
  static async make(options: ThreeOptions = {}): Promise<Three> {
    const ports = await freePorts(6)
    const voters = [1, 2, 3].map((id) => ({ id, host: HOST, port: ports[id - 1] ?? 0 }))
    const list = voters.map(({ id, host, port }) => `${id}@${host}:${port}`).join(',')
    const properties = { ...options.properties, 'controller.quorum.voters': list }
    const nodes = voters.map(({ id }) => {
      const rack = options.racks?.[id - 1]
      const flags = flagsOf(id, ports[2 + id] ?? 0, properties)
      const disk = { durability: 'fsync' as const, dataDir: `${options.directory}/${id}` }
      return new Node({
        ...flags,
        ...(rack === undefined ? {} : { rack }),
        ...(options.directory === undefined ? {} : disk),
      })
    })
    return new Three(nodes, voters, properties)
  }

  /** A broker that has no vote; not started. */
  async observer(id: number): Promise<Node> {
    const [port = 0, peerPort = 0] = await freePorts(2)
    const listeners = `PLAINTEXT://${HOST}:${port},CONTROLLER://${HOST}:${peerPort}`
    return new Node(flagsOf(id, port, { ...this.properties, listeners, 'process.roles': 'broker' }))
  }

  async startAll(): Promise<this> {
    await Promise.all(this.nodes.map((node) => node.start()))
    return this
  }

  node(id: number): Node {
    const node = this.nodes[id - 1]
    if (node === undefined) throw new RangeError(`no node ${id}`)
    return node
  }

  get running(): readonly Node[] {
    return this.nodes.filter(({ services }) => services !== null)
  }

  /** The node that is the active controller, as it says itself; null while there is none. */
  get active(): Node | null {
    return this.nodes.find(({ services }) => services?.cluster.controller.isActive) ?? null
  }

  /** Every broker knows every broker, and that none of them is fenced. */
  get isWhole(): boolean {
    return this.nodes.every(
      ({ services }) => services?.metadata.brokers().filter(({ fenced }) => !fenced).length === this.nodes.length,
    )
  }

  /** host:port of every broker. */
  get bootstrap(): string[] {
    return this.nodes.map(({ address }) => address)
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
  }
}

async function freePorts(count: number): Promise<number[]> {
  const reserved = await reserveNodePorts([HOST], count)
  await Promise.all(reserved.map((port) => port.release()))
  return reserved.map(({ port }) => port)
}

function flagsOf(nodeId: number, port: number, properties: Properties): ConfigFlags {
  return { nodeId, host: HOST, port, durability: 'memory', dataDir: '/memory', httpPort: -1, properties }
}

/** Waits until it is so. Throws with the description when it never is. */
export async function until(what: string, check: () => boolean): Promise<void> {
  for (let turn = 0; !check(); turn += 1) {
    if (turn > 3000) throw new Error(`it never came: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
