/** Kafka's listener strings: `NAME://host:port`, several separated by commas. */
import { ConfigError } from './error.ts'

export interface Endpoint {
  readonly listener: string
  /** Empty = all addresses. IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

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

/** The client endpoints of a listener list; those named in `ignored` (the quorum's) are left out. */
export function parseListeners(option: string, text: string, ignored: ReadonlySet<string>): Endpoint[] {
  const all = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parseEndpoint(option, part))
  const endpoints = all.filter((endpoint) => !ignored.has(endpoint.listener))
  const foreign = endpoints.find((endpoint) => endpoint.listener !== 'PLAINTEXT')
  if (foreign !== undefined) {
    throw new ConfigError(option, `${option}: listener ${foreign.listener} is not PLAINTEXT, the only one supported`)
  }
  if (endpoints.length === 0) throw new ConfigError(option, `${option}: no PLAINTEXT listener`)
  if (new Set(endpoints.map((endpoint) => endpoint.port)).size > 1) {
    throw new ConfigError(option, `${option}: all PLAINTEXT listeners must share one port`)
  }
  return endpoints
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

export function formatListener(host: string, port: number): string {
  return `PLAINTEXT://${host.includes(':') ? `[${host}]` : host}:${port}`
}
