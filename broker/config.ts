/**
 * Every option of a broker. `loadConfig` (in `config/load.ts`) reads them from a file, the environment and explicit
 * values; the tables of Kafka's own options are in `config/definitions.ts`.
 */
import type { BrokerProperties } from './config/definitions.ts'
import type { Voter } from './config/voters.ts'

export { ConfigError } from './config/error.ts'
export { type ConfigFlags, type ConfigSources, defaultConfig, type LoadedConfig, loadConfig } from './config/load.ts'
export type { Voter } from './config/voters.ts'

/**
 * `fsync`: acknowledged means on disk (group-committed fdatasync). `page-cache`: acknowledged means written to the
 * operating system, as in Kafka. `memory`: nothing outlives the process.
 */
export type Durability = 'fsync' | 'page-cache' | 'memory'

export interface BrokerConfig {
  /** `node.id`; default 1. */
  readonly nodeId: number
  /**
   * `millrace.cluster.id`, else made from the voters when there are several; null = a cluster of one, which makes up its id at
   * its first start.
   */
  readonly clusterId: string | null
  /** `log.dirs` (the first one); default `./millrace-data`. Not touched in `memory` mode. */
  readonly dataDir: string
  /** Addresses to bind, from `listeners`; default both loopback addresses. */
  readonly hosts: readonly string[]
  /** Kafka port, from `listeners`; default 9092, 0 = any free port. */
  readonly port: number
  /** Host given to clients, from `advertised.listeners`; default 127.0.0.1 for loopback, else the bound host. */
  readonly advertisedHost: string
  /** Port given to clients; null = the port that was bound. */
  readonly advertisedPort: number | null
  /** `controller.quorum.voters` by id; empty = this node alone, without a listener for brokers. */
  readonly voters: readonly Voter[]
  /** Addresses to bind for brokers, from the listeners that `controller.listener.names` names; default as for clients. */
  readonly peerHosts: readonly string[]
  /** Port for brokers; default that of this node's entry among the voters, 0 = any free one. */
  readonly peerPort: number
  /** Where other brokers find this one; null = the host given to clients, and the port that was bound. */
  readonly advertisedPeer: { readonly host: string; readonly port: number } | null
  /** `broker.rack`. */
  readonly rack: string | null
  /** `millrace.durability`; default `fsync`. */
  readonly durability: Durability
  /** Kafka's broker options by Kafka's names, typed: `config.properties['num.partitions']`. */
  readonly properties: BrokerProperties
  /** The text of each option that was set by file, environment or flag (DescribeConfigs: STATIC_BROKER_CONFIG). */
  readonly configured: ReadonlyMap<string, string>
  /** The text of each option whose default follows from the number of voters (DescribeConfigs: DEFAULT_CONFIG). */
  readonly defaults: ReadonlyMap<string, string>
}
