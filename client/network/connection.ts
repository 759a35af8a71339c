import type { Api } from '../../proto/kafka/api.ts'
import { frameRequest } from '../../proto/kafka/frame.ts'
import { readResponseHeader } from '../../proto/kafka/header.ts'
import { Reader } from '../../proto/kafka/reader.ts'
import type { HostPort } from '../config.ts'
import { clientError, type MillraceError } from '../errors.ts'
import type { FrameMemory } from './frame-memory.ts'
import { FrameReader } from './frame-reader.ts'
import type { ClientSocket, OpenSocket } from './socket.ts'

export interface ConnectionOptions {
  readonly clientId: string
  readonly connectTimeoutMs: number
  readonly maxResponseBytes: number
  readonly openSocket: OpenSocket
  readonly memory: FrameMemory
}

/** The parts of an Api that its version depends on. */
type ApiVersionsOf = Pick<Api<unknown, unknown>, 'key' | 'name' | 'maxVersion' | 'minCodecVersion'>

interface Pending {
  readonly correlationId: number
  readonly deadlineMs: number
  readonly receive: (frame: Buffer) => void
  readonly fail: (error: MillraceError) => void
}

/** Versions that a broker supports of one API. */
export interface VersionRange {
  readonly min: number
  readonly max: number
}

/**
 * One socket to one broker. Answers come in request order; all requests of one turn of the event loop leave in one write.
 * An answer that does not come in time ends the connection, as later answers could not be told from it.
 */
export class Connection {
  readonly address: HostPort
  /** What the broker supports, by API key; filled by `negotiate`. */
  versions: ReadonlyMap<number, VersionRange> = new Map()
  readonly #clientId: string
  readonly #socket: ClientSocket
  #onConnect: () => void = () => {}
  readonly #pending: Pending[] = []
  readonly #onClose: (() => void)[] = []
  #correlationId = 0
  #corked = false
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = 0
  #closedBy: MillraceError | undefined

  private constructor(address: HostPort, options: ConnectionOptions) {
    this.address = address
    this.#clientId = options.clientId
    const frames = new FrameReader(options.maxResponseBytes, options.memory, (frame) => this.#receive(frame))
    this.#socket = options.openSocket(address, {
      connected: () => this.#onConnect(),
      target: () => frames.target(),
      received: (count) => {
        try {
          frames.received(count)
        } catch (error) {
          this.close(error as MillraceError)
        }
      },
      failed: (error) => this.close(clientError('CLIENT_CONNECTION', this.name, error)),
      closed: () => this.close(clientError('CLIENT_CONNECTION', `${this.name} closed the connection`)),
    })
  }

  /** Opens a socket; rejects with CLIENT_CONNECTION. */
  static open(address: HostPort, options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(address, options)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => connection.close(clientError('CLIENT_CONNECTION', `${connection.name} did not accept in time`)),
        options.connectTimeoutMs,
      )
      connection.#onConnect = () => {
        clearTimeout(timer)
        resolve(connection)
      }
      connection.onClose(() => {
        clearTimeout(timer)
        reject(connection.#closedBy)
      })
    })
  }

  get name(): string {
    return `${this.address.host}:${this.address.port}`
  }

  get isOpen(): boolean {
    return this.#closedBy === undefined
  }

  /** Requests without an answer yet. */
  get inFlight(): number {
    return this.#pending.length
  }

  onClose(listener: () => void): void {
    this.#onClose.push(listener)
  }

  /** The version to use of an API: the highest that both sides have, at most `cap`. Throws CLIENT_UNSUPPORTED. */
  version(api: ApiVersionsOf, cap = api.maxVersion): number {
    const theirs = this.versions.get(api.key)
    const version = Math.min(api.maxVersion, cap, theirs?.max ?? -1)
    if (theirs === undefined || version < Math.max(theirs.min, api.minCodecVersion)) {
      throw clientError('CLIENT_UNSUPPORTED', `${api.name} at ${this.name}`)
    }
    return version
  }

  /** Sends a request and gives its answer. Rejects with CLIENT_CONNECTION, CLIENT_REQUEST_TIMEOUT or CLIENT_PROTOCOL. */
  request<Req, Res>(api: Api<Req, Res>, message: Req, version: number, timeoutMs: number): Promise<Res> {
    return this.exchange(api, message, version, timeoutMs, (frame) => {
      const reader = new Reader(frame)
      readResponseHeader(reader, api, version)
      return api.readResponse(reader, version)
    })
  }

  /** As `request`, with a reader of one's own for the answer's frame. */
  exchange<Req, Res>(
    api: Api<Req, unknown>,
    message: Req,
    version: number,
    timeoutMs: number,
    read: (frame: Buffer) => Res,
  ): Promise<Res> {
    return new Promise<Res>((resolve, reject) => {
      const correlationId = this.#write(api, message, version)
      const receive = (frame: Buffer): void => resolve(read(frame))
      const deadlineMs = Date.now() + timeoutMs
      this.#pending.push({ correlationId, deadlineMs, receive, fail: reject })
      this.#arm(deadlineMs)
    })
  }

  /** Sends a request that has no answer (Produce with acks=0, W21). */
  tell<Req>(api: Api<Req, unknown>, message: Req, version: number): void {
    this.#write(api, message, version)
  }

  /** Ends the connection; requests in flight fail with the error. Idempotent. */
  close(error: MillraceError = clientError('CLIENT_CLOSED', this.name)): void {
    if (this.#closedBy !== undefined) return
    this.#closedBy = error
    clearTimeout(this.#timer)
    this.#socket.destroy()
    for (const pending of this.#pending.splice(0)) pending.fail(error)
    for (const listener of this.#onClose.splice(0)) listener()
  }

  #write<Req>(api: Api<Req, unknown>, message: Req, version: number): number {
    if (this.#closedBy !== undefined) throw this.#closedBy
    const correlationId = this.#correlationId
    const parts = frameRequest(api, version, correlationId, this.#clientId, message)
    this.#correlationId = (correlationId + 1) & 0x7fff_ffff
    if (!this.#corked) {
      this.#corked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#corked = false
        this.#socket.uncork()
      })
    }
    for (const part of parts) this.#socket.write(part)
    return correlationId
  }

  #receive(frame: Buffer): void {
    const pending = this.#pending.shift()
    if (pending === undefined || frame.length < 4 || frame.readInt32BE(0) !== pending.correlationId) {
      const error = clientError('CLIENT_PROTOCOL', `${this.name} sent an answer to no request`)
      pending?.fail(error)
      throw error
    }
    try {
      pending.receive(frame)
    } catch (cause) {
      const error = clientError('CLIENT_PROTOCOL', this.name, cause)
      pending.fail(error)
      throw error
    }
  }

  /** One timer for all requests, for the nearest deadline or earlier: when it fires it looks again. */
  #arm(deadlineMs: number): void {
    if (this.#timer !== undefined) {
      if (this.#timerAtMs <= deadlineMs) return
      clearTimeout(this.#timer)
    }
    this.#timerAtMs = deadlineMs
    this.#timer = setTimeout(() => this.#checkDeadlines(), Math.max(1, deadlineMs - Date.now()))
    this.#timer.unref()
  }

  #checkDeadlines(): void {
    this.#timer = undefined
    const nearest = Math.min(...this.#pending.map((pending) => pending.deadlineMs))
    if (nearest <= Date.now()) this.close(clientError('CLIENT_REQUEST_TIMEOUT', this.name))
    else if (nearest !== Number.POSITIVE_INFINITY) this.#arm(nearest)
  }
}
