import { type BrokerConfig, defaultConfig, type Durability } from '../../../broker/config.ts'
import { RACK_AWARE_SELECTOR } from '../../../broker/config/relations.ts'
import type { SimClock } from '../clock.ts'
import type { LinkProfile } from '../network/link.ts'
import { SimNetwork } from '../network/sim-network.ts'
import type { ClockFault } from '../process.ts'
import type { SeededRandom } from '../random.ts'
import type { Trace } from '../trace.ts'
import { SimNode } from './node.ts'

export interface SimClusterOptions {
  readonly clock: SimClock
  readonly random: SeededRandom
  readonly trace: Trace
  readonly brokers: number
  readonly durability: Durability
  /** Broker options by Kafka's names. */
  readonly properties: Readonly<Record<string, string | number | boolean>>
  /** Each broker has a rack of its own (`rackOf`), and sends consumers to the replica in theirs (KIP-392); false unless given. */
  readonly racks?: boolean
  readonly linkProfile: (from: string, to: string) => LinkProfile
  readonly clockFault: () => ClockFault
  readonly uncaught: (node: SimNode, error: unknown) => void
  readonly dying?: (node: SimNode) => void
  readonly startFailed: (node: SimNode, error: unknown) => void
}

const CLIENT_PORT = 9092
const PEER_PORT = 9093

/** Brokers on simulated hosts, each the real one, and the network between them. */
export class SimCluster {
  readonly nodes: readonly SimNode[]
  readonly network: SimNetwork
  readonly clock: SimClock

  constructor(options: SimClusterOptions) {
    const { clock, random, trace } = options
    this.clock = clock
    this.network = new SimNetwork({ clock, random: random.fork(), trace, profile: options.linkProfile })
    this.nodes = Array.from({ length: options.brokers }, (_, index) => this.#node(index + 1, options))
  }

  /** Where clients find the brokers. */
  get addresses(): { readonly host: string; readonly port: number }[] {
    return this.nodes.map(({ host }) => ({ host, port: CLIENT_PORT }))
  }

  /** Whether promises are under way, which are to be settled before the next event. */
  get isAsync(): boolean {
    for (const node of this.nodes) if (node.isAsync) return true
    return false
  }

  /** Runs the next event. False: nothing waits any more. */
  step(): boolean {
    if (!this.clock.step()) return false
    for (const node of this.nodes) {
      if (node.hasDiedInCall) node.die(node.disk.death!)
      else if (node.hasFailed) node.die('kill')
    }
    return true
  }

  #node(id: number, options: SimClusterOptions): SimNode {
    const { clock, random, trace, clockFault, uncaught, dying, startFailed } = options
    const config = nodeConfig(id, options)
    const { network } = this
    const host = hostOf(id)
    return new SimNode({
      id,
      host,
      config,
      clock,
      network,
      random: random.fork(),
      trace,
      clockFault,
      uncaught,
      dying: dying ?? (() => {}),
      startFailed,
    })
  }
}

/** Resolves when no promise has anything left to do. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function hostOf(id: number): string {
  return `10.0.0.${id}`
}

/** The rack of a broker, where there are racks. */
export function rackOf(id: number): string {
  return `rack-${id}`
}

function nodeConfig(id: number, { brokers, durability, properties, racks }: SimClusterOptions): BrokerConfig {
  const voters = Array.from({ length: brokers }, (_, index) => `${index + 1}@${hostOf(index + 1)}:${PEER_PORT}`)
  return defaultConfig({
    nodeId: id,
    host: hostOf(id),
    port: CLIENT_PORT,
    dataDir: `/n${id}/data`,
    durability,
    httpPort: -1,
    properties: {
      ...properties,
      ...(brokers === 1 ? {} : { 'controller.quorum.voters': voters.join(',') }),
      ...(racks === true ? { 'broker.rack': rackOf(id), 'replica.selector.class': RACK_AWARE_SELECTOR } : {}),
    },
  })
}
