/**
 * The Kafka listener: accepts connections up to a ceiling, answers all replies of a turn with one write per connection,
 * and closes peers that are idle, deaf or greedy. Must never let one peer cost another more than its share.
 */
import type { ReaderOptions } from '../../proto/kafka/reader.ts'
import { TextCache } from '../../proto/kafka/text-cache.ts'
import type { Handler } from '../handlers/handler.ts'
import {
  ASSEMBLY_FRAME_BYTES_MIN,
  ASSEMBLY_SLOT_BYTES,
  ASSEMBLY_SLOTS,
  BROKER_PARTIAL_FRAME_BYTES_MAX,
  BROKER_REPLY_BYTES_MAX,
  CONNECTION_REPLY_BYTES_MAX,
  CONNECTION_REQUEST_BYTES_MAX,
  CONNECTION_REQUESTS_IN_FLIGHT_MAX,
  CONNECTION_WRITE_BYTES_MAX,
  PEER_LOGS_PER_SECOND_MAX,
  STOP_DRAIN_TIMEOUT_MS,
  UNREAD_REPLY_TIMEOUT_MS,
} from '../limits.ts'
import type { Counter, Labels, Metrics } from '../metrics.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Connection, Listener, Network } from '../ports/network.ts'
import type { Turn } from '../replication/turn.ts'
import type { Logger, Services } from '../services.ts'
import { ClientConnection } from './connection.ts'
import { Dispatcher } from './dispatcher.ts'
import type { ConnectionHost, ServerLimits } from './host.ts'
import { ReplyWriters } from './output.ts'
import { AssemblyPool, type ChunkLender } from './receiver.ts'

export type { ServerLimits } from './host.ts'

export interface ServerOptions {
  readonly network: Network
  readonly clock: Clock
  readonly turn: Turn
  readonly metrics: Metrics
  readonly logger: Logger
  readonly handlers: readonly Handler<unknown, unknown>[]
  readonly limits: ServerLimits
  /** Tells this listener's connections from those of another; default none. */
  readonly labels?: Labels
}

/** The ceilings for a broker with these options. */
export function serverLimits(options: {
  requestBytesMax: number
  idleTimeoutMs: number
  connectionsMax: number
}): ServerLimits {
  return {
    ...options,
    requestsInFlightMax: CONNECTION_REQUESTS_IN_FLIGHT_MAX,
    requestBytesInFlightMax: CONNECTION_REQUEST_BYTES_MAX,
    replyBytesMax: CONNECTION_REPLY_BYTES_MAX,
    writeBytesMax: CONNECTION_WRITE_BYTES_MAX,
    brokerReplyBytesMax: BROKER_REPLY_BYTES_MAX,
    brokerPartialBytesMax: BROKER_PARTIAL_FRAME_BYTES_MAX,
    unreadTimeoutMs: UNREAD_REPLY_TIMEOUT_MS,
    drainTimeoutMs: STOP_DRAIN_TIMEOUT_MS,
  }
}

export class KafkaServer implements ConnectionHost {
  readonly dispatcher: Dispatcher
  /** Set by `serve`; no request is read before. */
  services!: Services
  chunks: ChunkLender | null = null
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: ServerLimits
  readonly assembly = new AssemblyPool(ASSEMBLY_SLOTS, ASSEMBLY_SLOT_BYTES, ASSEMBLY_FRAME_BYTES_MIN)
  readonly writers = new ReplyWriters()
  readonly readerOptions: ReaderOptions = { texts: new TextCache() }
  listener = ''
  private readonly metrics: Metrics
  private readonly network: Network
  private readonly turn: Turn
  private readonly connections = new Set<ClientConnection>()
  private dirty: ClientConnection[] = []
  private readonly blocked = new Set<ClientConnection>()
  /** Connections accepted before the broker was ready to serve them. */
  private early: Connection[] | null = []
  private listening: Listener | null = null
  private sweepTimer: Timer | null = null
  private replyBytes = 0
  private partialBytes = 0
  private logSecond = 0
  private logsThisSecond = 0
  private stopping = false
  private replyDelayMs = 0
  /** Connections whose replies are held back until the delay changes. */
  private withheld: ClientConnection[] = []
  private onEmpty: (() => void) | null = null
  private readonly accepted: Counter
  private readonly dropped: Counter

  constructor(options: ServerOptions) {
    this.metrics = options.metrics
    this.clock = options.clock
    this.logger = options.logger
    this.limits = options.limits
    this.network = options.network
    this.turn = options.turn
    const { metrics, labels } = options
    this.dispatcher = new Dispatcher(options.handlers, metrics, labels)
    this.accepted = metrics.counter('millrace_connections_accepted_total', 'Connections accepted.', labels)
    this.dropped = metrics.counter(
      'millrace_connections_dropped_total',
      'Connections refused over the ceiling (max.connections).',
      labels,
    )
    metrics.gauge('millrace_connections', 'Open connections.', () => this.connections.size, labels)
    metrics.gauge('millrace_reply_bytes', 'Bytes of replies waiting to be sent or read.', () => this.replyBytes, labels)
    metrics.gauge(
      'millrace_partial_frame_bytes',
      'Bytes of requests that have arrived in part.',
      () => this.partialBytes,
      labels,
    )
    this.turn.addStage('send', () => this.flushDirty())
  }

  /** Binds the port. Connections are accepted but not read until `serve`. */
  async listen(hosts: readonly string[], port: number): Promise<number> {
    this.listening = await this.network.listen(
      { hosts, port, maxConnections: this.limits.connectionsMax, onDropped: () => this.dropped.add(1) },
      (connection) => this.arrived(connection),
    )
    return this.listening.port
  }

  /** Begins to answer; `listener` is host:port as clients see it, `chunks` is where the log would have large frames. */
  serve(listener: string, services: Services, chunks: ChunkLender | null = null): void {
    this.listener = listener
    this.services = services
    this.chunks = chunks
    const early = this.early ?? []
    this.early = null
    for (const connection of early) this.accept(connection)
    this.scheduleSweep()
  }

  /** Takes no more connections or requests; resolves when all that is in flight has been answered, or time is up. */
  async stop(): Promise<void> {
    this.stopping = true
    this.sweepTimer?.cancel()
    for (const connection of this.early ?? []) connection.destroy()
    this.early = null
    this.delayReplies(0)
    for (const connection of this.connections) connection.drain()
    await this.listening?.close()
    if (this.connections.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = this.clock.after(this.limits.drainTimeoutMs, () => this.abortAll())
      this.onEmpty = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  /** Closes everything at once, as a crash would. */
  async kill(): Promise<void> {
    this.stopping = true
    this.sweepTimer?.cancel()
    for (const connection of this.early ?? []) connection.destroy()
    this.early = null
    this.abortAll()
    await this.listening?.close()
  }

  /** Cuts every client off; they may come back. For fault injection. */
  dropConnections(): void {
    for (const connection of this.connections) connection.abort('dropped')
  }

  /** Every reply leaves so much later; Infinity holds them all until the next call. For fault injection. */
  delayReplies(delayMs: number): void {
    this.replyDelayMs = delayMs
    for (const connection of this.withheld.splice(0)) this.markDirty(connection)
  }

  turnMs(): number {
    return this.turn.monotonicMs()
  }

  took(bytes: number): void {
    this.turn.took(bytes)
  }

  markDirty(connection: ClientConnection): void {
    if (connection.isDirty) return
    connection.isDirty = true
    this.dirty.push(connection)
    this.turn.request()
  }

  mayReserve(connection: ClientConnection): boolean {
    if (this.replyBytes < this.limits.brokerReplyBytesMax) return true
    this.blocked.add(connection)
    return false
  }

  replyBytesChanged(change: number): void {
    this.replyBytes += change
    if (this.blocked.size === 0 || this.replyBytes >= this.limits.brokerReplyBytesMax) return
    for (const connection of this.blocked) this.markDirty(connection)
    this.blocked.clear()
  }

  partialBytesChanged(change: number): void {
    this.partialBytes += change
    while (this.partialBytes > this.limits.brokerPartialBytesMax) {
      let greediest: ClientConnection | null = null
      for (const connection of this.connections) {
        if (greediest === null || connection.partialBytes > greediest.partialBytes) greediest = connection
      }
      if (greediest === null) return
      greediest.abort('partial-frames-ceiling', { bytes: greediest.partialBytes })
    }
  }

  removed(connection: ClientConnection, partialBytes: number): void {
    this.partialBytes -= partialBytes
    this.connections.delete(connection)
    this.blocked.delete(connection)
    if (this.connections.size === 0) this.onEmpty?.()
  }

  countClosed(reason: string): void {
    this.metrics
      .counter('millrace_connections_closed_total', 'Connections closed by the broker, by reason.', { reason })
      .add(1)
  }

  logPeer(address: string, reason: string, fields: object): void {
    const second = Math.floor(this.clock.monotonic() / 1000)
    if (second !== this.logSecond) {
      this.logSecond = second
      this.logsThisSecond = 0
    }
    this.logsThisSecond += 1
    if (this.logsThisSecond > PEER_LOGS_PER_SECOND_MAX) return
    this.logger.warn({ peer: address, reason, ...fields }, 'closed a client connection')
  }

  private arrived(connection: Connection): void {
    if (this.stopping) connection.destroy()
    else if (this.early !== null) this.keepEarly(connection, this.early)
    else this.accept(connection)
  }

  /** A client of a broker that is still starting waits; one that leaves meanwhile is forgotten. */
  private keepEarly(connection: Connection, early: Connection[]): void {
    connection.pauseReading()
    early.push(connection)
    connection.handlers.onClose = () => {
      const index = early.indexOf(connection)
      if (index >= 0) early.splice(index, 1)
    }
  }

  private accept(connection: Connection): void {
    this.accepted.add(1)
    this.connections.add(new ClientConnection(this, connection))
    connection.resumeReading()
  }

  /** Stage of the turn: one write per connection that has something to say. */
  private flushDirty(): void {
    if (this.dirty.length === 0) return
    const connections = this.dirty
    this.dirty = []
    for (const connection of connections) connection.isDirty = false
    if (this.replyDelayMs === 0 || this.stopping) this.flushAll(connections)
    else if (this.replyDelayMs === Number.POSITIVE_INFINITY) this.withheld.push(...connections)
    else this.clock.after(this.replyDelayMs, () => this.flushAll(connections))
  }

  private flushAll(connections: readonly ClientConnection[]): void {
    for (const connection of connections) connection.flush()
  }

  private abortAll(): void {
    for (const connection of this.connections) connection.abort('broker-stopped')
  }

  private scheduleSweep(): void {
    const { idleTimeoutMs, unreadTimeoutMs } = this.limits
    const shortest = idleTimeoutMs < 0 ? unreadTimeoutMs : Math.min(idleTimeoutMs, unreadTimeoutMs)
    this.sweepTimer = this.clock.after(Math.min(5000, Math.max(10, shortest / 4)), () => this.sweep())
  }

  private sweep(): void {
    if (this.stopping) return
    const now = this.clock.monotonic()
    const { idleTimeoutMs, unreadTimeoutMs } = this.limits
    for (const connection of this.connections) {
      if (connection.unreadMs(now) > unreadTimeoutMs) {
        connection.abort('replies-unread')
      } else if (idleTimeoutMs >= 0 && connection.isQuiet && now - connection.lastActiveMs > idleTimeoutMs) {
        this.countClosed('idle')
        connection.end()
      }
    }
    this.scheduleSweep()
  }
}
