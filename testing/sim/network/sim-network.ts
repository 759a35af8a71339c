import type { Connection, ConnectOptions, Listener, ListenOptions, Network } from '../../../broker/ports/network.ts'
import { apisByKey } from '../../../proto/kafka/generated/apis.ts'
import type { SimClock } from '../clock.ts'
import { systemError } from '../disk/errors.ts'
import type { SimProcess } from '../process.ts'
import type { SeededRandom } from '../random.ts'
import type { Trace } from '../trace.ts'
import { Endpoint, type EndpointWatcher } from './endpoint.ts'
import { Link, type LinkProfile } from './link.ts'
import { Pipe } from './pipe.ts'

export interface SimNetworkOptions {
  readonly clock: SimClock
  readonly random: SeededRandom
  readonly trace: Trace
  /** Draws how a link behaves; called once for each direction between two hosts. */
  readonly profile: (from: string, to: string) => LinkProfile
}

/** A request begins with its length, its API's key, the version and a correlation id (bytes). */
const LENGTH_BYTES = 4
const REQUEST_HEADER_BYTES = 12
const FIRST_EPHEMERAL_PORT = 40_000
/** A SYN that is not answered is sent again after so long (ms), then after twice as long. */
const SYN_RETRY_MS = 1_000
/** A peer that sends to a host which was down learns within so long after its return that nobody knows it any more (ms). */
const RETRANSMIT_MS = 3_000

interface SimListener {
  readonly process: SimProcess
  readonly options: ListenOptions
  readonly onConnection: (connection: Connection) => void
}

interface Host {
  readonly name: string
  isUp: boolean
  readonly listeners: Map<number, SimListener>
  readonly endpoints: Set<Endpoint>
  /** Ends elsewhere that have sent something here while nobody was there to answer. */
  readonly unanswered: Set<Endpoint>
  nextPort: number
}

/**
 * A TCP network between simulated hosts: streams of bytes in order, connections that break with bytes on the way, hosts that
 * go silent, links that are slow, stall or are cut in one direction. Everything is drawn from the seed.
 */
export class SimNetwork implements EndpointWatcher {
  /** Chance that a connection is refused although somebody listens. */
  refusalChance = 0
  readonly #options: SimNetworkOptions
  readonly #clock: SimClock
  readonly #random: SeededRandom
  readonly #trace: Trace
  readonly #hosts = new Map<string, Host>()
  readonly #links = new Map<string, Link>()

  constructor(options: SimNetworkOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#random = options.random
    this.#trace = options.trace
  }

  /** The network as a process on this host has it. */
  of(host: string, process: SimProcess): Network {
    return {
      listen: (options, onConnection) => this.#listen(this.#host(host), process, options, onConnection),
      connect: (options, done) => this.#connect(this.#host(host), process, options, done),
    }
  }

  link(from: string, to: string): Link {
    const key = `${from}>${to}`
    let link = this.#links.get(key)
    if (link === undefined) {
      link = new Link(from, to, this.#options.profile(from, to), this.#clock, this.#random)
      this.#links.set(key, link)
    }
    return link
  }

  /** Every direction there has been traffic on. */
  links(): Iterable<Link> {
    return this.#links.values()
  }

  /** The process has died. Its kernel says goodbye to everybody it was connected to, unless the host died with it. */
  processDied(name: string, process: SimProcess, isSilent: boolean): void {
    const host = this.#host(name)
    if (isSilent) host.isUp = false
    for (const [port, listener] of host.listeners) if (listener.process === process) host.listeners.delete(port)
    for (const endpoint of [...host.endpoints]) if (endpoint.process === process) endpoint.abandon(isSilent)
  }

  /** The host is there again: whoever still sends to its dead connections is told so. */
  hostUp(name: string): void {
    const host = this.#host(name)
    host.isUp = true
    for (const endpoint of host.unanswered) {
      this.#clock.after(this.#random.between(0, RETRANSMIT_MS), () => endpoint.arrive('reset'))
    }
    host.unanswered.clear()
  }

  /** Breaks one open connection of the host, if it has any. False: it has none. */
  breakOne(name: string): boolean {
    const endpoints = [...this.#host(name).endpoints]
    if (endpoints.length === 0) return false
    const endpoint = this.#random.pick(endpoints)
    this.#trace.note(`reset ${name} - ${endpoint.remoteAddress}:${endpoint.remotePort}`)
    endpoint.break()
    return true
  }

  delivered(endpoint: Endpoint, chunk: Buffer): void {
    const { host, remoteAddress, remotePort } = endpoint
    const what = remotePort >= FIRST_EPHEMERAL_PORT ? requestIn(chunk) : ''
    this.#trace.note(`${host} < ${remoteAddress}:${remotePort} ${chunk.length} bytes${what}`)
  }

  closed(endpoint: Endpoint): void {
    this.#host(endpoint.host).endpoints.delete(endpoint)
  }

  orphaned(endpoint: Endpoint): void {
    const host = this.#host(endpoint.host)
    if (host.isUp) endpoint.pipe.send('reset')
    else host.unanswered.add(endpoint.peer)
  }

  #host(name: string): Host {
    let host = this.#hosts.get(name)
    if (host === undefined) {
      host = {
        name,
        isUp: true,
        listeners: new Map(),
        endpoints: new Set(),
        unanswered: new Set(),
        nextPort: FIRST_EPHEMERAL_PORT,
      }
      this.#hosts.set(name, host)
    }
    return host
  }

  async #listen(
    host: Host,
    process: SimProcess,
    options: ListenOptions,
    onConnection: (connection: Connection) => void,
  ): Promise<Listener> {
    const port = options.port === 0 ? host.nextPort++ : options.port
    if (host.listeners.has(port)) throw systemError('EADDRINUSE', 'listen', `${host.name}:${port}`)
    const listener = { process, options, onConnection }
    host.listeners.set(port, listener)
    return {
      port,
      close: async () => {
        if (host.listeners.get(port) === listener) host.listeners.delete(port)
      },
    }
  }

  #connect(
    from: Host,
    process: SimProcess,
    { host, port, timeoutMs }: ConnectOptions,
    done: (error: Error | null, connection: Connection | null) => void,
  ): void {
    const to = this.#host(host)
    let isSettled = false
    const settle = (error: Error | null, connection: Endpoint | null): void => {
      if (isSettled) return connection?.destroy()
      isSettled = true
      timer.cancel()
      done(error, connection)
    }
    const timer = process.after(timeoutMs, () => settle(systemError('ETIMEDOUT', 'connect', `${host}:${port}`), null))
    const [there, back] = [this.link(from.name, to.name), this.link(to.name, from.name)]
    const refuse = (): void => {
      const refused = systemError('ECONNREFUSED', 'connect', `${host}:${port}`)
      this.#clock.after(back.delayOf(0), () => back.carry(() => process.enter(() => settle(refused, null))))
    }
    const knock = (retryMs: number): void => {
      if (isSettled || !process.isAlive) return
      if (!to.isUp || there.isCut || back.isCut) {
        this.#clock.after(retryMs, () => knock(retryMs * 2))
        return
      }
      const listener = to.listeners.get(port)
      if (listener === undefined || this.#random.chance(this.refusalChance)) refuse()
      else this.#accept(listener, from, process, to, port, settle)
    }
    this.#clock.after(there.delayOf(0), () => there.carry(() => knock(SYN_RETRY_MS)))
  }

  /** The kernel accepts, also for a process that is paused; the client hears of it before any byte. */
  #accept(
    listener: SimListener,
    from: Host,
    process: SimProcess,
    to: Host,
    port: number,
    settle: (error: Error | null, connection: Endpoint | null) => void,
  ): void {
    const ephemeral = from.nextPort++
    this.#trace.note(`${from.name}:${ephemeral} connects to ${to.name}:${port}`)
    const client = new Endpoint(process, from.name, { host: to.name, port }, this)
    const server = new Endpoint(listener.process, to.name, { host: from.name, port: ephemeral }, this)
    client.peer = server
    server.peer = client
    let isEstablished = false
    client.pipe = new Pipe(this.link(from.name, to.name), this.#clock, (packet) => server.arrive(packet))
    server.pipe = new Pipe(this.link(to.name, from.name), this.#clock, (packet) => {
      if (isEstablished) return client.arrive(packet)
      isEstablished = true
      const broken = packet === 'reset' ? systemError('ECONNRESET', 'connect', `${to.name}:${port}`) : null
      process.enter(() => settle(broken, broken === null ? client : null))
    })
    from.endpoints.add(client)
    to.endpoints.add(server)
    server.pipe.send(Buffer.alloc(0))
    const isOver =
      [...to.endpoints].filter((end) => end.process === listener.process).length > listener.options.maxConnections
    listener.process.enter(() => {
      if (!isOver) return listener.onConnection(server)
      listener.options.onDropped?.()
      server.destroy()
    })
  }
}

/** The name of the Kafka request that a chunk begins with, for whoever reads the trace; empty when it does not look like one. */
function requestIn(chunk: Buffer): string {
  if (chunk.length < REQUEST_HEADER_BYTES) return ''
  const api = apisByKey.get(chunk.readInt16BE(LENGTH_BYTES))
  return api === undefined || chunk.readInt32BE(0) < LENGTH_BYTES ? '' : ` ${api.name}`
}
