/** Builds a BrokerConfig: file, overridden by `MILLRACE_*` environment variables, overridden by explicit values. Pure. */
import type { BrokerConfig, Durability } from '../config.ts'
import { brokerOption, brokerOptions } from './definitions.ts'
import { ConfigError } from './error.ts'
import { advertisedFor, bindAddresses, formatListener, parseHostPort, parseListeners, parsePort } from './listeners.ts'
import { parseJson, parseProperties } from './properties.ts'
import { checkRelations } from './relations.ts'
import { parseAll, parseValue } from './values.ts'

/** Explicit values, strongest of all: what flags of the command line and arguments of `startCluster` set. */
export interface ConfigFlags {
  readonly nodeId?: number
  readonly dataDir?: string
  /** A host to bind; `localhost` binds both loopback addresses, `0.0.0.0` everything. */
  readonly host?: string
  readonly port?: number
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
  ['durability', 'millrace.durability'],
  ['http.port', 'millrace.http.port'],
])
const partial: ReadonlySet<string> = new Set(['host', 'port', 'advertise'])

interface Given {
  readonly text: string
  /** As the user wrote it, for messages. */
  readonly option: string
}
type Layer = ReadonlyMap<string, Given>

function fileLayer(sources: ConfigSources): Layer {
  const { fileText, file = 'the configuration file' } = sources
  if (fileText === undefined) return new Map()
  const json = file.endsWith('.json') || fileText.trimStart().startsWith('{')
  const parsed = json ? parseJson(fileText, file) : parseProperties(fileText)
  return new Map([...parsed].map(([name, text]) => [shortNames.get(name) ?? name, { text, option: name }]))
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
  for (const [name, value] of Object.entries(flags.properties ?? {})) {
    if (brokerOption(name) === undefined) throw new ConfigError(name, `${name}: no such broker option`)
    layer.set(name, { text: String(value), option: name })
  }
  const explicit: readonly (readonly [string, string, string | number | undefined])[] = [
    ['node.id', '--node-id', flags.nodeId],
    ['log.dirs', '--data-dir', flags.dataDir],
    ['host', '--host', flags.host],
    ['port', '--port', flags.port],
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

interface Addresses {
  hosts: readonly string[]
  port: number
  advertised: { readonly host: string; readonly port: number | null } | null
}

/** Addresses are told in parts by several layers: each layer changes what the ones below it said. */
function resolveAddresses(layers: readonly Layer[], ignored: ReadonlySet<string>): Addresses {
  const found: Addresses = { hosts: ['127.0.0.1', '::1'], port: 9092, advertised: null }
  for (const layer of layers) {
    const listeners = layer.get('listeners')
    if (listeners !== undefined) {
      const endpoints = parseListeners(listeners.option, listeners.text, ignored)
      found.hosts = [...new Set(endpoints.flatMap((endpoint) => bindAddresses(endpoint.host)))]
      found.port = endpoints[0]?.port ?? found.port
    }
    const host = layer.get('host')
    if (host !== undefined) found.hosts = bindAddresses(host.text.trim().replace(/^\[(.*)\]$/, '$1'))
    const port = layer.get('port')
    if (port !== undefined) found.port = parsePort(port.option, port.text.trim())
    const listed = layer.get('advertised.listeners')
    if (listed !== undefined) found.advertised = parseListeners(listed.option, listed.text, ignored)[0] ?? null
    const advertise = layer.get('advertise')
    if (advertise !== undefined) found.advertised = parseHostPort(advertise.option, advertise.text)
  }
  return found
}

function advertisedHost(addresses: Addresses): string {
  const host = addresses.advertised?.host ?? advertisedFor(addresses.hosts)
  if (host === null || host === '' || host === '0.0.0.0' || host === '::') {
    throw new ConfigError(
      'advertised.listeners',
      'advertised.listeners: a broker that binds all addresses must be told which one clients shall use (--advertise HOST:PORT)',
    )
  }
  return host
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
        throw new ConfigError(given.option, given.option === name ? error.message : `${given.option}: ${error.message}`)
      }
    } else if (!partial.has(name)) unused.push(given.option)
  }
  return texts
}

/** Throws ConfigError, which names the option at fault. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const layers = [fileLayer(sources), envLayer(sources.env), flagLayer(sources.flags ?? {})]
  const merged: Layer = new Map(layers.flatMap((layer) => [...layer]))
  const unused: string[] = []
  const configured = checkTexts(merged, unused)
  const nodeId = configured.get('node.id') ?? configured.get('broker.id')
  if (nodeId !== undefined) configured.set('node.id', nodeId)

  const controllerNames = merged.get('controller.listener.names')?.text ?? 'CONTROLLER'
  const ignored = new Set(controllerNames.split(',').map((name) => name.trim().toUpperCase()))
  const addresses = resolveAddresses(layers, ignored)
  const advertised = { host: advertisedHost(addresses), port: addresses.advertised?.port ?? null }
  if (merged.has('listeners') || merged.has('host') || merged.has('port')) {
    configured.set('listeners', addresses.hosts.map((host) => formatListener(host, addresses.port)).join(','))
  }
  if (advertised.port !== null || addresses.advertised !== null) {
    configured.set('advertised.listeners', formatListener(advertised.host, advertised.port ?? addresses.port))
  }

  const properties = parseAll(brokerOptions, configured)
  checkRelations(properties)
  const config: BrokerConfig = {
    nodeId: properties['node.id'],
    dataDir:
      (properties['log.dirs'] ?? (configured.has('log.dir') ? properties['log.dir'] : []))[0] ?? './millrace-data',
    hosts: addresses.hosts,
    port: addresses.port,
    advertisedHost: advertised.host,
    advertisedPort: advertised.port,
    rack: properties['broker.rack'],
    // The validator of millrace.durability admits these three words only.
    durability: properties['millrace.durability'] as Durability,
    properties,
    configured,
  }
  return { config, unused }
}

/** The configuration of explicit values alone: for tests and embedded brokers. */
export function defaultConfig(flags: ConfigFlags = {}): BrokerConfig {
  return loadConfig({ env: {}, flags }).config
}
