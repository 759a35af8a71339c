/**
 * Requests to one other broker over one connection, made when first needed and again after a pause when it broke. Answers
 * come in request order; all requests of a turn leave in one write. An answer that does not come in time ends the connection,
 * as those behind it would not come either. Callbacks run in a later turn than the call that they belong to.
 */
import type { Api } from '../../proto/kafka/api.ts'
import { frameRequest } from '../../proto/kafka/frame.ts'
import { readResponseHeader } from '../../proto/kafka/header.ts'
import { Reader } from '../../proto/kafka/reader.ts'
import { ASSEMBLY_FRAME_BYTES_MIN, ASSEMBLY_SLOT_BYTES, PEER_REQUESTS_MAX, PEER_RESPONSE_BYTES_MAX } from '../limits.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Connection, Network } from '../ports/network.ts'
import type { Random } from '../ports/random.ts'
import { AssemblyPool, FrameReceiver } from '../server/receiver.ts'
import { PeerError } from './errors.ts'
import { askVersions, type PeerVersions } from './versions.ts'

export interface PeerAddress {
  readonly host: string
  readonly port: number
}

export interface PeerChannelOptions {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly address: PeerAddress
  readonly clientId: string
  /** Longest wait for a connection (ms). */
  readonly connectTimeoutMs: number
  /** Pause after a connection that failed or broke (ms); doubles with every failure up to `backoffMaxMs`, and is cut by up to a half at random. */
  readonly backoffMs: number
  readonly backoffMaxMs: number
  /** A connection that had been made is gone: a hint that the peer may be dead, and no more than a hint. */
  readonly onDown?: () => void
}

export type PeerDone<Res> = (error: PeerError | null, response: Res | null) => void

interface Exchange {
  readonly api: Pick<Api<unknown, unknown>, 'key' | 'name' | 'flexibleFrom' | 'minCodecVersion' | 'maxCodecVersion'>
  readonly deadlineMs: number
  version: number
  correlationId: number
  encode(version: number, correlationId: number): Buffer[]
  receive(frame: Buffer): void
  fail(error: PeerError): void
}

export class PeerChannel {
  private readonly options: PeerChannelOptions
  private connection: Connection | null = null
  private connecting = false
  /** Of the connection that is up; null until it has said what it speaks. */
  private versions: PeerVersions | null = null
  private waiting: Exchange[] = []
  private inFlight: Exchange[] = []
  private outgoing: Buffer[] = []
  private correlationId = 0
  private failures = 0
  private retryAtMs = Number.NEGATIVE_INFINITY
  private timer: Timer | null = null
  private timerAtMs = 0
  private closed = false

  constructor(options: PeerChannelOptions) {
    this.options = options
  }

  get address(): PeerAddress {
    return this.options.address
  }

  get isUp(): boolean {
    return this.versions !== null
  }

  /**
   * Sends `message` in the highest version that both sides have. `done` is called once, in a later turn, also after
   * `close`; `timeoutMs` covers the wait for the connection too.
   */
  request<Req, Res>(api: Api<Req, Res>, message: Req, timeoutMs: number, done: PeerDone<Res>): void {
    const { clock, clientId } = this.options
    const exchange: Exchange = {
      api,
      deadlineMs: clock.monotonic() + timeoutMs,
      version: -1,
      correlationId: -1,
      encode: (version, correlationId) => frameRequest(api, version, correlationId, clientId, message),
      receive: (frame) => {
        const reader = new Reader(frame)
        readResponseHeader(reader, api, exchange.version)
        done(null, api.readResponse(reader, exchange.version))
      },
      fail: (error) => done(error, null),
    }
    const refusal = this.refusal()
    if (refusal !== null) {
      clock.turnEnd(() => exchange.fail(refusal))
      return
    }
    this.waiting.push(exchange)
    this.arm(exchange.deadlineMs)
    if (this.versions !== null) this.sendWaiting()
    else this.connect()
  }

  /** Ends the connection; what is in flight or waits fails. Idempotent. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.connection?.destroy()
    this.broken(new PeerError('unknown', `the channel to ${this.name} was closed`))
  }

  private get name(): string {
    return `${this.options.address.host}:${this.options.address.port}`
  }

  private refusal(): PeerError | null {
    if (this.closed) return new PeerError('unsent', `the channel to ${this.name} is closed`)
    if (this.waiting.length + this.inFlight.length >= PEER_REQUESTS_MAX) {
      return new PeerError('unsent', `${PEER_REQUESTS_MAX} requests to ${this.name} wait already`)
    }
    const idle = this.connection === null && !this.connecting
    if (idle && this.options.clock.monotonic() < this.retryAtMs) {
      return new PeerError('unsent', `${this.name} could not be reached a moment ago`)
    }
    return null
  }

  private connect(): void {
    if (this.connecting || this.connection !== null) return
    this.connecting = true
    const { network, address, connectTimeoutMs } = this.options
    network.connect({ ...address, timeoutMs: connectTimeoutMs }, (error, connection) => {
      this.connecting = false
      if (connection === null) this.broken(new PeerError('unsent', `${this.name} cannot be reached`, error))
      else if (this.closed) connection.destroy()
      else this.connected(connection)
    })
  }

  private connected(connection: Connection): void {
    this.connection = connection
    const receiver = new FrameReceiver(
      PEER_RESPONSE_BYTES_MAX,
      new AssemblyPool(1, ASSEMBLY_SLOT_BYTES, ASSEMBLY_FRAME_BYTES_MIN),
    )
    connection.handlers = {
      onData: (chunk) => {
        try {
          receiver.push(chunk, (buffer, start, end) => this.receive(buffer.subarray(start, end)))
        } catch (error) {
          this.drop(connection, new PeerError('unknown', `${this.name} sent what cannot be read`, error))
        }
      },
      onDrain: () => undefined,
      onClose: () => this.drop(connection, new PeerError('unknown', `${this.name} closed the connection`)),
    }
    const deadlineMs = this.options.clock.monotonic() + this.options.connectTimeoutMs
    const { exchange, frame } = askVersions(deadlineMs, this.options.clientId, (versions) => {
      this.versions = versions
      this.failures = 0
      this.sendWaiting()
    })
    this.inFlight.push(exchange)
    this.arm(deadlineMs)
    connection.write(frame)
  }

  private sendWaiting(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const exchange of waiting) {
      const version = this.versions?.common(exchange.api) ?? -1
      if (version < 0) {
        const problem = new PeerError('unsupported', `${this.name} has no common version of ${exchange.api.name}`)
        this.options.clock.turnEnd(() => exchange.fail(problem))
        continue
      }
      exchange.version = version
      exchange.correlationId = this.nextCorrelationId()
      this.inFlight.push(exchange)
      if (this.outgoing.length === 0) this.options.clock.turnEnd(() => this.flush())
      this.outgoing.push(...exchange.encode(version, exchange.correlationId))
    }
  }

  private flush(): void {
    const parts = this.outgoing
    this.outgoing = []
    if (parts.length > 0) this.connection?.write(parts)
  }

  private nextCorrelationId(): number {
    this.correlationId = (this.correlationId + 1) & 0x7fff_ffff
    return this.correlationId
  }

  private receive(frame: Buffer): void {
    const exchange = this.inFlight[0]
    if (exchange === undefined || frame.length < 4 || frame.readInt32BE(0) !== exchange.correlationId) {
      throw new Error('an answer to no request')
    }
    this.inFlight.shift()
    try {
      exchange.receive(frame)
    } catch (error) {
      exchange.fail(new PeerError('unknown', `${this.name} sent what cannot be read`, error))
      throw error
    }
  }

  private drop(connection: Connection, reason: PeerError): void {
    if (this.connection !== connection) return
    connection.destroy()
    const wasUp = this.versions !== null
    this.broken(reason)
    if (wasUp && !this.closed) this.options.onDown?.()
  }

  /** There is no connection any more: everybody is told, and the next attempt waits. */
  private broken(reason: PeerError): void {
    const { clock, random, backoffMs, backoffMaxMs } = this.options
    const [sent, unsent] = [this.inFlight, this.waiting]
    this.connection = null
    this.versions = null
    this.inFlight = []
    this.waiting = []
    this.outgoing = []
    this.timer?.cancel()
    this.timer = null
    const pauseMs = Math.min(backoffMaxMs, backoffMs * 2 ** Math.min(this.failures, 20))
    this.failures += 1
    this.retryAtMs = clock.monotonic() + pauseMs * (1 - random.uint32() / 0x2_0000_0000)
    const never = reason.outcome === 'unsent' ? reason : new PeerError('unsent', reason.message, reason)
    clock.turnEnd(() => {
      for (const exchange of sent) exchange.fail(reason)
      for (const exchange of unsent) exchange.fail(never)
    })
  }

  /** One timer, for the nearest deadline or earlier: when it fires it looks again. */
  private arm(deadlineMs: number): void {
    if (this.timer !== null && this.timerAtMs <= deadlineMs) return
    this.timer?.cancel()
    this.timerAtMs = deadlineMs
    const delayMs = Math.max(0, deadlineMs - this.options.clock.monotonic())
    this.timer = this.options.clock.after(delayMs, () => this.checkDeadlines())
  }

  private checkDeadlines(): void {
    this.timer = null
    const nowMs = this.options.clock.monotonic()
    const { connection } = this
    if (connection !== null && this.inFlight.some((exchange) => exchange.deadlineMs <= nowMs)) {
      return this.drop(connection, new PeerError('unknown', `${this.name} did not answer in time`))
    }
    const late = this.waiting.filter((exchange) => exchange.deadlineMs <= nowMs)
    this.waiting = this.waiting.filter((exchange) => exchange.deadlineMs > nowMs)
    for (const exchange of late) exchange.fail(new PeerError('unsent', `${this.name} was not reached in time`))
    let nearest = Number.POSITIVE_INFINITY
    for (const exchange of [...this.inFlight, ...this.waiting]) nearest = Math.min(nearest, exchange.deadlineMs)
    if (nearest !== Number.POSITIVE_INFINITY) this.arm(nearest)
  }
}
