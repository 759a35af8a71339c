/**
 * Where a node listens and what it tells others: for clients from the `PLAINTEXT` listeners, for brokers from those that
 * `controller.listener.names` names. Several layers each tell a part; a later one changes what those before it said.
 */
import { ConfigError } from './error.ts'
import { advertisedFor, bindAddresses, type Endpoint, parseHostPort, parseListeners, parsePort } from './listeners.ts'
import type { Voter } from './voters.ts'

export interface Given {
  readonly text: string
  /** As the user wrote it, for messages. */
  readonly option: string
  /** Where he wrote it, when that was in a file. */
  readonly file?: string
}
export type Layer = ReadonlyMap<string, Given>

/** Parts of an option that have names of their own; they are no options of Kafka. */
export const partialOptions: ReadonlySet<string> = new Set(['host', 'port', 'advertise', 'peer.port'])

export interface HostPort {
  readonly host: string
  readonly port: number
}

export interface ClientAddresses {
  readonly hosts: readonly string[]
  readonly port: number
  readonly advertisedHost: string
  /** Null = the port that was bound. */
  readonly advertisedPort: number | null
  /** Whether any layer told what to advertise. */
  readonly isAdvertised: boolean
}

export interface PeerAddresses {
  readonly peerHosts: readonly string[]
  readonly peerPort: number
  readonly advertisedPeer: HostPort | null
}

/** What the layers said, not yet completed by defaults. */
export interface GivenAddresses {
  hosts: readonly string[]
  port: number
  advertised: { readonly host: string; readonly port: number | null } | null
  /** Whether any layer told which host to bind. */
  areHostsGiven: boolean
  peerHosts: readonly string[] | null
  peerPort: number | null
  advertisedPeer: HostPort | null
}

/** Which listener is whose, by name. */
export interface ListenerNames {
  /** `controller.listener.names`. */
  readonly peers: ReadonlySet<string>
  /** `listener.security.protocol.map`: what each name speaks. */
  readonly protocols: ReadonlyMap<string, string>
}

const LOOPBACK = ['127.0.0.1', '::1']

function bound(endpoints: readonly Endpoint[]): string[] {
  return [...new Set(endpoints.flatMap((endpoint) => bindAddresses(endpoint.host)))]
}

export function givenAddresses(layers: readonly Layer[], names: ListenerNames): GivenAddresses {
  const found: GivenAddresses = {
    hosts: LOOPBACK,
    port: 9092,
    advertised: null,
    areHostsGiven: false,
    peerHosts: null,
    peerPort: null,
    advertisedPeer: null,
  }
  for (const layer of layers) {
    takeListeners(layer, names, found)
    const host = layer.get('host')
    if (host !== undefined) {
      found.hosts = bindAddresses(host.text.trim().replace(/^\[(.*)\]$/, '$1'))
      found.peerHosts = null
      found.areHostsGiven = true
    }
    const port = layer.get('port')
    if (port !== undefined) found.port = parsePort(port.option, port.text.trim())
    const peerPort = layer.get('peer.port')
    if (peerPort !== undefined) found.peerPort = parsePort(peerPort.option, peerPort.text.trim())
    const advertise = layer.get('advertise')
    if (advertise !== undefined) found.advertised = parseHostPort(advertise.option, advertise.text)
  }
  return found
}

function takeListeners(layer: Layer, names: ListenerNames, found: GivenAddresses): void {
  const listeners = layer.get('listeners')
  if (listeners !== undefined) {
    const { clients, peers } = parseListeners(listeners.option, listeners.text, names)
    found.hosts = bound(clients)
    found.port = clients[0]?.port ?? found.port
    found.areHostsGiven = true
    found.peerHosts = peers.length > 0 ? bound(peers) : null
    found.peerPort = peers[0]?.port ?? found.peerPort
  }
  const listed = layer.get('advertised.listeners')
  if (listed !== undefined) {
    const { clients, peers } = parseListeners(listed.option, listed.text, names)
    found.advertised = clients[0] ?? null
    found.advertisedPeer = peers[0] ?? null
  }
}

/** Throws ConfigError when clients could not be told where to go. */
export function clientAddresses({ hosts, port, advertised }: GivenAddresses): ClientAddresses {
  const host = advertised?.host ?? advertisedFor(hosts)
  if (host === null || host === '' || host === '0.0.0.0' || host === '::') {
    throw new ConfigError(
      'advertised.listeners',
      'advertised.listeners: a broker that binds all addresses must be told which one clients shall use (--advertise HOST:PORT)',
    )
  }
  const advertisedPort = advertised?.port ?? null
  return { hosts, port, advertisedHost: host, advertisedPort, isAdvertised: advertised !== null }
}

/**
 * Where this node listens for brokers. A voter's own entry in the list is what the others connect to, so it says what is
 * advertised, and the port unless a listener does. Throws ConfigError for a port that nobody would find.
 */
export function peerAddresses(given: GivenAddresses, nodeId: number, voters: readonly Voter[]): PeerAddresses {
  const own = voters.find(({ id }) => id === nodeId)
  const peerPort = given.peerPort ?? own?.port ?? 0
  if (peerPort !== 0 && peerPort === given.port) {
    throw new ConfigError('listeners', `listeners: brokers and clients need ports of their own, both have ${peerPort}`)
  }
  if (own === undefined) return { peerHosts: given.peerHosts ?? given.hosts, peerPort, ...observed(given, peerPort) }
  // A port that is mapped on the way here is said with advertised.listeners.
  const announced = given.advertisedPeer?.port ?? peerPort
  if (announced !== own.port) {
    const why = `voter ${nodeId} is this node and has port ${own.port}, but its listener for brokers has ${announced}`
    throw new ConfigError('controller.quorum.voters', `controller.quorum.voters: ${why}`)
  }
  const ownHosts = given.areHostsGiven ? given.hosts : bindAddresses(own.host)
  return {
    peerHosts: given.peerHosts ?? ownHosts,
    peerPort,
    advertisedPeer: { host: own.host, port: own.port },
  }
}

/**
 * Kafka finds its quorum through any of some addresses and learns the ids there; here voters are named. A file of Kafka's for a
 * node alone names that node, and means the same. Throws ConfigError for any other: it would silently be a cluster of its own.
 */
export function refuseBootstrapServers(given: GivenAddresses, servers: readonly string[]): void {
  const option = 'controller.quorum.bootstrap.servers'
  const { peerPort, advertised, advertisedPeer, peerHosts } = given
  const names = new Set(['localhost', ...LOOPBACK, advertised?.host, advertisedPeer?.host, ...(peerHosts ?? [])])
  const isOwn = (text: string) => {
    const { host, port } = parseHostPort(option, text)
    return port !== null && port === peerPort && names.has(host.toLowerCase())
  }
  if (servers.every(isOwn)) return
  const remedy = 'name the voters with their ids instead, controller.quorum.voters=1@host:9093,..'
  throw new ConfigError(option, `${option}: ${servers.join(',')} is not this node alone; ${remedy}`)
}

/** A node without a vote registers where it is found. */
function observed(given: GivenAddresses, peerPort: number): { readonly advertisedPeer: HostPort | null } {
  if (given.advertisedPeer !== null) return { advertisedPeer: given.advertisedPeer }
  const host = given.advertised?.host ?? advertisedFor(given.peerHosts ?? given.hosts)
  return { advertisedPeer: host === null || peerPort === 0 ? null : { host, port: peerPort } }
}
