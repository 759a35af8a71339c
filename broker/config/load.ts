/** Builds a BrokerConfig: file, overridden by `MILLRACE_*` environment variables, overridden by explicit values. Pure. */
import type { BrokerConfig, Durability } from '../config.ts'
import {
  type ClientAddresses,
  clientAddresses,
  type Given,
  givenAddresses,
  type Layer,
  type ListenerNames,
  partialOptions,
  type PeerAddresses,
  peerAddresses,
  refuseBootstrapServers,
} from './addresses.ts'
import { clusterDefaults } from './cluster-defaults.ts'
import { type BrokerProperties, brokerOption, brokerOptions } from './definitions.ts'
import { ConfigError } from './error.ts'
import { formatListener, parseProtocolMap } from './listeners.ts'
import { parseJson, parseProperties } from './properties.ts'
import { checkRelations } from './relations.ts'
import { parseAll, parseValue } from './values.ts'
import { clusterIdOf, parseVoters, type Voter } from './voters.ts'

/** Explicit values, strongest of all: what flags of the command line and arguments of `startCluster` set. */
export interface ConfigFlags {
  readonly nodeId?: number
  readonly dataDir?: string
  /** A host to bind; `localhost` binds both loopback addresses, `0.0.0.0` everything. */
  readonly host?: string
  readonly port?: number
  /** Port of the listener for brokers. */
  readonly peerPort?: number
  /** HOST or HOST:PORT given to clients. */
  readonly advertise?: string
  readonly rack?: string
  readonly durability?: Durability
  /** -1 = no HTTP gateway. */
  readonly httpPort?: number
  /** Any broker option by Kafka's name. Unknown names are errors. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>
}

export interface ConfigSources {
  /** Name of the file, for messages; a name ending in `.json` is read as JSON. */
  readonly file?: string
  /** The file's content; JSON when it starts with `{`, else Java properties. */
  readonly fileText?: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags?: ConfigFlags
}

export interface LoadedConfig {
  readonly config: BrokerConfig
  /** Options that were given and mean nothing here, by name; worth one log line. */
  readonly unused: readonly string[]
}

/** Short names of the environment and flags that are not options of Kafka: they change one part of an option. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['data.dir', 'log.dirs'],
  ['rack', 'broker.rack'],
  ['cluster.id', 'millrace.cluster.id'],
  ['durability', 'millrace.durability'],
  ['http.port', 'millrace.http.port'],
  ['metadata.version', 'millrace.metadata.version'],
])
function fileLayer(sources: ConfigSources): Layer {
  const { fileText, file = 'the configuration file' } = sources
  if (fileText === undefined) return new Map()
  const json = file.endsWith('.json') || fileText.trimStart().startsWith('{')
  const parsed = json ? parseJson(fileText, file) : parseProperties(fileText)
  const origin = sources.file === undefined ? {} : { file }
  return new Map([...parsed].map(([name, text]) => [shortNames.get(name) ?? name, { text, option: name, ...origin }]))
}

function envLayer(env: ConfigSources['env']): Layer {
  const layer = new Map<string, Given>()
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('MILLRACE_') || text === undefined) continue
    const name = variable.slice('MILLRACE_'.length).toLowerCase().replaceAll('_', '.')
    layer.set(shortNames.get(name) ?? name, { text, option: variable })
  }
  return layer
}

function flagLayer(flags: ConfigFlags): Layer {
  const layer = new Map<string, Given>()
  for (const [option, value] of Object.entries(flags.properties ?? {})) {
    const name = shortNames.get(option) ?? option
    if (brokerOption(name) === undefined) throw new ConfigError(option, `${option}: no such broker option`)
    layer.set(name, { text: String(value), option })
  }
  const explicit: readonly (readonly [string, string, string | number | undefined])[] = [
    ['node.id', '--node-id', flags.nodeId],
    ['log.dirs', '--data-dir', flags.dataDir],
    ['host', '--host', flags.host],
    ['port', '--port', flags.port],
    ['peer.port', '--peer-port', flags.peerPort],
    ['advertise', '--advertise', flags.advertise],
    ['broker.rack', '--rack', flags.rack],
    ['millrace.durability', '--durability', flags.durability],
    ['millrace.http.port', '--http-port', flags.httpPort],
  ]
  for (const [name, option, value] of explicit) {
    if (value !== undefined) layer.set(name, { text: String(value), option })
  }
  return layer
}

/** Validates each text, naming the option as it was written; what is unknown goes to `unused`. */
function checkTexts(merged: Layer, unused: string[]): Map<string, string> {
  const texts = new Map<string, string>()
  for (const [name, given] of merged) {
    const definition = brokerOption(name)
    if (definition !== undefined) {
      try {
        texts.set(name, parseValue(name, definition, given.text).text)
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        const place = given.file ?? (given.option === name ? null : given.option)
        throw new ConfigError(given.option, place === null ? error.message : `${place}: ${error.message}`)
      }
    } else if (!partialOptions.has(name)) unused.push(given.option)
  }
  return texts
}

function listenerNames(merged: Layer): ListenerNames {
  const names = (merged.get('controller.listener.names')?.text ?? 'CONTROLLER').split(',')
  const map = merged.get('listener.security.protocol.map')
  return {
    peers: new Set(names.map((name) => name.trim().toUpperCase())),
    protocols: map === undefined ? new Map() : parseProtocolMap(map.option, map.text),
  }
}

/** The voters when there are others than this node; none for a cluster of one. */
function otherVoters(merged: Layer, options: BrokerProperties): readonly Voter[] {
  const nodeId = options['node.id']
  const option = merged.get('controller.quorum.voters')?.option ?? 'controller.quorum.voters'
  const voters = parseVoters(option, options['controller.quorum.voters'])
  const votes = voters.some(({ id }) => id === nodeId)
  const isController = merged.has('process.roles') ? options['process.roles'].includes('controller') : votes
  if (voters.length > 0 && isController !== votes) {
    const why = isController
      ? `node ${nodeId} has the role of a controller and is not among the voters: name it, or set process.roles=broker`
      : `node ${nodeId} is among the voters and has not the role of a controller: set process.roles=broker,controller`
    throw new ConfigError(option, `${option}: ${why}`)
  }
  return votes && voters.length === 1 ? [] : voters
}

/** The addresses in Kafka's form, for DescribeConfigs. */
function tellAddresses(
  configured: Map<string, string>,
  merged: Layer,
  clients: ClientAddresses,
  peers: PeerAddresses | null,
): void {
  if (['listeners', 'host', 'port'].some((name) => merged.has(name)) || peers !== null) {
    const endpoints = clients.hosts.map((host) => formatListener(host, clients.port))
    const ofPeers = peers?.peerHosts.map((host) => formatListener(host, peers.peerPort, 'CONTROLLER')) ?? []
    configured.set('listeners', [...endpoints, ...ofPeers].join(','))
  }
  if (clients.isAdvertised) {
    configured.set(
      'advertised.listeners',
      formatListener(clients.advertisedHost, clients.advertisedPort ?? clients.port),
    )
  }
}

/** Throws ConfigError, which names the option at fault. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const layers = [fileLayer(sources), envLayer(sources.env), flagLayer(sources.flags ?? {})]
  const merged: Layer = new Map(layers.flatMap((layer) => [...layer]))
  const unused: string[] = []
  const configured = checkTexts(merged, unused)
  const nodeId = configured.get('node.id') ?? configured.get('broker.id')
  if (nodeId !== undefined) configured.set('node.id', nodeId)

  const stated = parseAll(brokerOptions, configured)
  const voters = otherVoters(merged, stated)
  const given = givenAddresses(layers, listenerNames(merged))
  if (voters.length === 0) refuseBootstrapServers(given, stated['controller.quorum.bootstrap.servers'])
  const clients = clientAddresses(given)
  const peers = voters.length === 0 ? null : peerAddresses(given, stated['node.id'], voters)
  tellAddresses(configured, merged, clients, peers)

  const defaults = clusterDefaults(voters.length)
  const properties = parseAll(brokerOptions, new Map([...defaults, ...configured]))
  checkRelations(properties)
  const config: BrokerConfig = {
    nodeId: properties['node.id'],
    clusterId: properties['millrace.cluster.id'] ?? (voters.length > 0 ? clusterIdOf(voters) : null),
    dataDir:
      (properties['log.dirs'] ?? (configured.has('log.dir') ? properties['log.dir'] : []))[0] ?? './millrace-data',
    hosts: clients.hosts,
    port: clients.port,
    advertisedHost: clients.advertisedHost,
    advertisedPort: clients.advertisedPort,
    voters,
    peerHosts: peers?.peerHosts ?? [],
    peerPort: peers?.peerPort ?? 0,
    advertisedPeer: peers?.advertisedPeer ?? null,
    rack: properties['broker.rack'],
    // The validator of millrace.durability admits these three words only.
    durability: properties['millrace.durability'] as Durability,
    properties,
    configured,
    defaults,
  }
  return { config, unused }
}

/** The configuration of explicit values alone: for tests and embedded brokers. */
export function defaultConfig(flags: ConfigFlags = {}): BrokerConfig {
  return loadConfig({ env: {}, flags }).config
}
