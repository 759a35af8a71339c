import { clientError } from './errors.ts'
import { type OpenSocket, openTcpSocket } from './network/socket.ts'
import type { ClientOptions } from './options.ts'

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Client options with every default filled in. */
export interface ClientConfig {
  readonly bootstrap: readonly HostPort[]
  readonly clientId: string
  readonly rack: string
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly apiTimeoutMs: number
  readonly metadataMaxAgeMs: number
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly autoCreateTopics: boolean
  readonly maxResponseBytes: number
  readonly onWarning: (error: Error) => void
  readonly openSocket: OpenSocket
}

/** Checks the options; throws CLIENT_CONFIG naming the first bad one. */
export function resolveClientOptions(options: ClientOptions): ClientConfig {
  return {
    bootstrap: parseBrokers(options.brokers),
    clientId: options.clientId ?? 'millrace',
    rack: options.rack ?? '',
    connectTimeoutMs: inRange('connectTimeoutMs', options.connectTimeoutMs, 10_000, 1),
    requestTimeoutMs: inRange('requestTimeoutMs', options.requestTimeoutMs, 30_000, 1),
    apiTimeoutMs: inRange('apiTimeoutMs', options.apiTimeoutMs, 60_000, 1),
    metadataMaxAgeMs: inRange('metadataMaxAgeMs', options.metadataMaxAgeMs, 300_000, 1),
    retryBackoffMs: inRange('retryBackoffMs', options.retryBackoffMs, 100, 1),
    retryBackoffMaxMs: inRange('retryBackoffMaxMs', options.retryBackoffMaxMs, 1_000, 1),
    autoCreateTopics: options.autoCreateTopics ?? true,
    maxResponseBytes: inRange('maxResponseBytes', options.maxResponseBytes, 104_857_600, 1_024),
    onWarning: options.onWarning ?? (() => undefined),
    openSocket: options.openSocket ?? openTcpSocket,
  }
}

/** An integer option within bounds, or its default. */
export function inRange(
  name: string,
  value: number | undefined,
  fallback: number,
  min: number,
  max = 0x7fff_ffff,
): number {
  if (value === undefined) return fallback
  if (!Number.isInteger(value) || value < min || value > max) {
    throw clientError('CLIENT_CONFIG', `${name} must be an integer from ${min} to ${max}, not ${value}`)
  }
  return value
}

/** One of the allowed values, or the default. */
export function oneOf<T>(name: string, value: T | undefined, allowed: readonly T[], fallback: T): T {
  if (value === undefined) return fallback
  if (!allowed.includes(value)) {
    throw clientError('CLIENT_CONFIG', `${name} must be one of ${allowed.join(', ')}, not ${String(value)}`)
  }
  return value
}

function parseBrokers(brokers: readonly string[] | string): HostPort[] {
  const list = typeof brokers === 'string' ? brokers.split(',') : brokers
  const parsed = list.map((entry) => parseBroker(entry.trim()))
  if (parsed.length === 0) throw clientError('CLIENT_CONFIG', 'brokers is empty')
  return parsed
}

function parseBroker(entry: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(entry)
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || port < 1 || port > 65_535) {
    throw clientError('CLIENT_CONFIG', `a broker is host:port, not "${entry}"`)
  }
  return { host, port }
}
