/** The ports of a cluster on one machine: all of them found free before the first broker is started. */
import { createServer, type Server } from 'node:net'
import { bindAddresses } from '../../broker/config/listeners.ts'
import type { Listener } from '../../broker/ports/network.ts'
import { reservePort } from '../../broker/ports/reserved-port.ts'
import { UsageError } from '../errors.ts'

export interface NodePorts {
  readonly kafka: number
  readonly peer: number
  /** Null = no HTTP door. */
  readonly http: number | null
}

export interface PortWishes {
  readonly brokers: number
  /** Host that clients are served on. */
  readonly host: string
  /** Port of the first broker, the others follow; 0 = any free ones. */
  readonly port: number
  /** Likewise for the listeners for brokers; undefined = `PEER_PORT_DISTANCE` above the port for clients. */
  readonly peerPort: number | undefined
  /** Likewise for HTTP; null = none, undefined = from 8080 on, past those that are taken. */
  readonly httpPort: number | null | undefined
}

/** From the port for clients to the one for brokers, which no client needs to know. */
export const PEER_PORT_DISTANCE = 10_000

/** Brokers of one machine talk over this address. */
export const PEER_HOST = '127.0.0.1'

const DEFAULT_HTTP_PORT = 8080
const HTTP_PORT_TRIES = 20
const PORT_MAX = 65_535

const random = { uint32: () => Math.floor(Math.random() * 2 ** 32) }

function bind(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port, ipv6Only: host.includes(':') }, () => resolve(server))
  })
}

/** A family that the machine lacks is not bound by a broker either. */
function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'EINVAL'
}

async function listen({ hosts, port }: { hosts: readonly string[]; port: number }): Promise<Listener> {
  const servers: Server[] = []
  const close = async () => {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
  let missing: unknown
  for (const host of hosts) {
    try {
      servers.push(await bind(host, port))
    } catch (error) {
      if (!isMissing(error)) {
        await close()
        throw error
      }
      missing = error
    }
  }
  if (servers.length === 0) throw missing
  return { port, close }
}

/** Binds ports and keeps them until all are found, so that no two brokers get one. */
class PortSearch {
  private readonly listeners: Listener[] = []

  async any(hosts: readonly string[]): Promise<number> {
    const reserved = await reservePort({ listen }, random, hosts)
    this.listeners.push({ port: reserved.port, close: () => reserved.release() })
    return reserved.port
  }

  /** Throws UsageError, naming the option, when the port cannot be had. */
  async exactly(hosts: readonly string[], port: number, option: string): Promise<number> {
    if (port > PORT_MAX) throw new UsageError(`${option}: there is no port ${port}, the last is ${PORT_MAX}`)
    try {
      this.listeners.push(await listen({ hosts, port }))
      return port
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'EADDRINUSE') throw new UsageError(`${option}: port ${port} on ${hosts[0]} is in use`)
      throw new UsageError(`${option}: cannot listen on ${hosts[0]}:${port}: ${message}`)
    }
  }

  /** The port, or the first after it that is free. */
  async from(hosts: readonly string[], port: number): Promise<number> {
    for (let next = port; ; next += 1) {
      try {
        this.listeners.push(await listen({ hosts, port: next }))
        return next
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || next === port + HTTP_PORT_TRIES) throw error
      }
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.listeners.map((listener) => listener.close()))
  }
}

/** Throws UsageError for a port that is taken, naming the option. */
export async function choosePorts(wishes: PortWishes): Promise<NodePorts[]> {
  const { brokers, host, port, httpPort } = wishes
  const hosts = bindAddresses(host)
  const peerPort = wishes.peerPort ?? (port === 0 ? 0 : port + PEER_PORT_DISTANCE)
  const search = new PortSearch()
  const given = (of: readonly string[], first: number, index: number, option: string) =>
    first === 0 ? search.any(of) : search.exactly(of, first + index, option)
  const found: NodePorts[] = []
  try {
    let nextHttp = DEFAULT_HTTP_PORT
    for (let index = 0; index < brokers; index += 1) {
      const kafka = await given(hosts, port, index, '--port')
      const peer = await given([PEER_HOST], peerPort, index, '--peer-port')
      const http = await httpOf(index)
      found.push({ kafka, peer, http })
    }
    return found

    async function httpOf(index: number): Promise<number | null> {
      if (httpPort === null) return null
      if (httpPort !== undefined) return given(hosts, httpPort, index, '--http-port')
      const chosen = await search.from(hosts, nextHttp)
      nextHttp = chosen + 1
      return chosen
    }
  } finally {
    await search.end()
  }
}
