/** Kafka's listener strings: `NAME://host:port`, several separated by commas. */
import { ConfigError } from './error.ts'

export interface Endpoint {
  readonly listener: string
  /** Empty = all addresses. IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

const PLAINTEXT = 'PLAINTEXT'
const everywhere = ['0.0.0.0', '::']

export function parsePort(option: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65535)) throw new ConfigError(option, `${option}: ${text} is not a port (0 to 65535)`)
  return port
}

/** `host:port`, `[v6]:port` or `host` alone (port null). */
export function parseHostPort(option: string, text: string): { host: string; port: number | null } {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(text.trim())
  if (match === null) throw new ConfigError(option, `${option}: ${text} is not HOST:PORT`)
  return { host: match[1] ?? match[2] ?? '', port: match[3] === undefined ? null : parsePort(option, match[3]) }
}

function parseEndpoint(option: string, text: string): Endpoint {
  const match = /^([A-Za-z0-9_-]+):\/\/(.*)$/.exec(text)
  const { host, port } = parseHostPort(option, match?.[2] ?? '')
  if (match === null || port === null) {
    throw new ConfigError(option, `${option}: ${text} is not a listener such as PLAINTEXT://host:9092`)
  }
  return { listener: match[1]?.toUpperCase() ?? '', host, port }
}

/** The endpoints of a listener list, for clients and for brokers; each kind shares one port. */
export function parseListeners(
  option: string,
  text: string,
  {
    peers: peerNames,
    protocols,
  }: { readonly peers: ReadonlySet<string>; readonly protocols: ReadonlyMap<string, string> },
): { readonly clients: Endpoint[]; readonly peers: Endpoint[] } {
  const all = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parseEndpoint(option, part))
  const isPeer = ({ listener }: Endpoint) => peerNames.has(listener)
  // As in Kafka, a listener that is mapped to no protocol speaks the one it is named after.
  const protocolOf = ({ listener }: Endpoint) =>
    protocols.get(listener) ?? (peerNames.has(listener) ? PLAINTEXT : listener)
  const foreign = all.find((endpoint) => protocolOf(endpoint) !== PLAINTEXT)
  if (foreign !== undefined) {
    throw new ConfigError(option, `${option}: listener ${foreign.listener} is not PLAINTEXT, the only one supported`)
  }
  const [clients, peers] = [all.filter((endpoint) => !isPeer(endpoint)), all.filter(isPeer)]
  if (clients.length === 0) throw new ConfigError(option, `${option}: no PLAINTEXT listener`)
  for (const kind of [clients, peers]) {
    if (new Set(kind.map((endpoint) => endpoint.port)).size > 1) {
      throw new ConfigError(option, `${option}: all ${kind[0]?.listener} listeners must share one port`)
    }
  }
  return { clients, peers }
}

/** `NAME:PROTOCOL`, several separated by commas: which protocol each listener speaks. */
export function parseProtocolMap(option: string, text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const part of text.split(',').map((word) => word.trim())) {
    if (part === '') continue
    const match = /^([A-Za-z0-9_-]+):([A-Za-z_]+)$/.exec(part)
    if (match === null) throw new ConfigError(option, `${option}: ${part} is not NAME:PROTOCOL`)
    found.set(match[1]?.toUpperCase() ?? '', match[2]?.toUpperCase() ?? '')
  }
  return found
}

/** Addresses to bind for a host: all families for the empty host and `0.0.0.0`, both loopbacks for `localhost`. */
export function bindAddresses(host: string): string[] {
  if (host === '' || host === '0.0.0.0') return ['0.0.0.0', '::']
  return host === 'localhost' ? ['127.0.0.1', '::1'] : [host]
}

/** What clients are told when nothing is advertised explicitly; null when the bound addresses are no destination. */
export function advertisedFor(hosts: readonly string[]): string | null {
  if (hosts.some((host) => everywhere.includes(host))) return null
  // W26: with both loopbacks bound, 127.0.0.1 works for clients of either family.
  return hosts.find((host) => !host.includes(':')) ?? hosts[0] ?? null
}

export function formatListener(host: string, port: number, listener = PLAINTEXT): string {
  return `${listener}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
