/**
 * Every option of a broker. `loadConfig` (in `config/load.ts`) reads them from a file, the environment and explicit
 * values; the tables of Kafka's own options are in `config/definitions.ts`.
 */
import type { BrokerProperties } from './config/definitions.ts'

export { ConfigError } from './config/error.ts'
export { type ConfigFlags, type ConfigSources, defaultConfig, type LoadedConfig, loadConfig } from './config/load.ts'

/**
 * `fsync`: acknowledged means on disk (group-committed fdatasync). `page-cache`: acknowledged means written to the
 * operating system, as in Kafka. `memory`: nothing outlives the process.
 */
export type Durability = 'fsync' | 'page-cache' | 'memory'

export interface BrokerConfig {
  /** `node.id`; default 1. */
  readonly nodeId: number
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
  /** `broker.rack`. */
  readonly rack: string | null
  /** `millrace.durability`; default `fsync`. */
  readonly durability: Durability
  /** Kafka's broker options by Kafka's names, typed: `config.properties['num.partitions']`. */
  readonly properties: BrokerProperties
  /** The text of each option that was set by file, environment or flag (DescribeConfigs: STATIC_BROKER_CONFIG). */
  readonly configured: ReadonlyMap<string, string>
}
