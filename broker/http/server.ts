/** The HTTP door: in front of the very handlers that serve Kafka's protocol. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { HTTP_REQUEST_TIMEOUT_MS } from '../limits.ts'
import type { Services } from '../services.ts'
import type { HttpApp } from './app.ts'
import type { Dispatch } from './dispatch.ts'
import { type HttpLimits, httpLimits } from './limits.ts'
import { refuseConnection } from './problem-replies.ts'

export interface HttpOptions {
  readonly services: Services
  readonly dispatch: Dispatch
  /** Address to bind; default 127.0.0.1. */
  readonly host?: string
  /** 0 = any free port. */
  readonly port: number
  /** Null while the broker serves; else why it does not. */
  readonly notReady: () => string | null
  /** Milliseconds a produce may wait for its acknowledgement; default 30 s. */
  readonly produceTimeoutMs?: number
  /** Ceilings other than those of `broker/limits.ts`. */
  readonly limits?: Partial<HttpLimits>
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number
  /** `http://127.0.0.1:8080`. */
  readonly url: string
  /** Takes no more requests, answers what is in flight, ends event streams, closes every connection. Idempotent. */
  close(): Promise<void>
}

/** Milliseconds an idle connection is kept; longer than clients and proxies keep theirs, so that they close first. */
const keepAliveTimeoutMs = 72_000

/** Starts the HTTP door. Rejects with the system's error (`EADDRINUSE`). */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const door = new Door(options)
  await door.listen(options.port, options.host ?? '127.0.0.1')
  return door
}

/**
 * Listens at once and loads what answers at the first request: that takes a fifth of a second, which the first records of
 * a broker that has just started would wait out, and memory that a broker without HTTP clients has better use for.
 */
class Door implements HttpServer {
  private readonly options: HttpOptions
  private readonly limits: HttpLimits
  private readonly server: Server
  private boundPort = 0
  private loading: Promise<HttpApp> | null = null
  private app: HttpApp | null = null
  private closed: Promise<void> | null = null

  constructor(options: HttpOptions) {
    this.options = options
    this.limits = { ...httpLimits, ...options.limits }
    const dropped = options.services.metrics.counter(
      'millrace_http_dropped_total',
      'HTTP connections dropped because too many were open.',
    )
    this.server = createServer((request, reply) => this.answer(request, reply))
    this.server.requestTimeout = HTTP_REQUEST_TIMEOUT_MS
    this.server.keepAliveTimeout = keepAliveTimeoutMs
    this.server.setTimeout(this.limits.silenceTimeoutMs)
    this.server.maxConnections = this.limits.connectionsMax
    this.server.on('clientError', refuseConnection)
    this.server.on('drop', () => dropped.add(1))
  }

  listen(port: number, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen({ port, host }, () => {
        this.server.off('error', reject)
        const address = this.server.address()
        if (typeof address === 'object' && address !== null) this.boundPort = address.port
        resolve()
      })
    })
  }

  get port(): number {
    return this.boundPort
  }

  get url(): string {
    const host = this.options.host ?? '127.0.0.1'
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`
  }

  close(): Promise<void> {
    this.closed ??= this.closeOnce()
    return this.closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private answer(request: IncomingMessage, reply: ServerResponse): void {
    if (this.app !== null) {
      this.app.answer(request, reply)
      return
    }
    this.load().then(
      (app) => app.answer(request, reply),
      (error: unknown) => {
        this.options.services.logger.error({ err: error }, 'the HTTP door could not be loaded')
        reply.destroy()
      },
    )
  }

  private load(): Promise<HttpApp> {
    this.loading ??= import('./app.ts')
      .then(({ createApp }) => createApp(this.options, this.limits, this.server))
      .then((app) => {
        this.app = app
        return app
      })
    return this.loading
  }

  private async closeOnce(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.server.close(() => resolve()))
    const { clock } = this.options.services
    const timer = clock.after(this.limits.drainTimeoutMs, () => this.server.closeAllConnections())
    const app = await this.loading?.catch(() => null)
    await app?.drain()
    // What is left are connections without a request; their clients may never close them.
    this.server.closeAllConnections()
    await ended
    await app?.close()
    timer.cancel()
  }
}
