/** The HTTP door: fastify in front of the very handlers that serve Kafka's protocol. Loaded after Kafka's port serves. */
import fastify, { type FastifyInstance } from 'fastify'
import { HTTP_REQUEST_TIMEOUT_MS } from '../limits.ts'
import type { Services } from '../services.ts'
import { Admission } from './admission.ts'
import { acceptBodies } from './bodies.ts'
import type { HttpContext } from './context.ts'
import { type Dispatch, safeDispatch } from './dispatch.ts'
import { type HttpLimits, httpLimits } from './limits.ts'
import { answerProblems, problemAnswer, refuseConnection } from './problem-replies.ts'
import { ProduceGateway } from './produce-gateway.ts'
import { addRoutes } from './routes.ts'
import { validateInput } from './validation.ts'
import { Waits } from './waits.ts'

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

const defaultProduceTimeoutMs = 30_000

/** Bytes of a name in a path; which names exist is for the routes to say. Node takes 16 KB of request line and headers. */
const paramBytesMax = 16 * 1024

/** Starts the HTTP door. Rejects with the system's error (`EADDRINUSE`). */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { services } = options
  const limits = { ...httpLimits, ...options.limits }
  const app = createApp(services, limits)
  const context = createContext(options, limits)
  app.addHook('onRequest', context.admission.count)
  acceptBodies(app)
  validateInput(app)
  answerProblems(app, services.logger)
  app.get('/openapi.json', { schema: { hide: true } }, async () => (await import('./generated/openapi.ts')).openapi)
  addRoutes(app, context)
  const host = options.host ?? '127.0.0.1'
  const dropped = services.metrics.counter(
    'millrace_http_dropped_total',
    'HTTP connections dropped because too many were open.',
  )
  app.server.maxConnections = limits.connectionsMax
  app.server.on('drop', () => dropped.add(1))
  await app.listen({ host, port: options.port })
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  let closed: Promise<void> | null = null
  const close = () => (closed ??= closeDoor(app, context, limits.drainTimeoutMs))
  return { port, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, close, [Symbol.asyncDispose]: close }
}

function createApp(services: Services, limits: HttpLimits): FastifyInstance {
  return fastify({
    bodyLimit: limits.bodyBytesMax,
    logger: false,
    // The door closes by itself, and says why in its own words.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    requestTimeout: HTTP_REQUEST_TIMEOUT_MS,
    connectionTimeout: limits.silenceTimeoutMs,
    // A HEAD of a stream would be a stream that shows nothing.
    exposeHeadRoutes: false,
    frameworkErrors: problemAnswer(services.logger),
    clientErrorHandler: refuseConnection,
    routerOptions: { maxParamLength: paramBytesMax, ignoreTrailingSlash: true },
  })
}

function createContext(options: HttpOptions, limits: HttpLimits): HttpContext {
  const { services } = options
  const dispatch = safeDispatch(options.dispatch)
  const unheard = services.metrics.counter(
    'millrace_http_unheard_failures_total',
    'Records of acks=0 requests that were not stored.',
  )
  const gateway = new ProduceGateway({
    dispatch,
    turnEnd: (work) => services.clock.turnEnd(work),
    topic: (name) => services.metadata.topic(name),
    maxBatchBytes: (topic) => services.topicSettings(topic).log.maxMessageBytes,
    timeoutMs: options.produceTimeoutMs ?? defaultProduceTimeoutMs,
    unheardFailure: (records, problem) => {
      unheard.add(records)
      services.logger.debug({ records, err: problem }, 'records of an acks=0 request were not stored')
    },
  })
  const admission = new Admission(limits, services.metrics)
  return { services, dispatch, gateway, admission, waits: new Waits(), notReady: options.notReady }
}

async function closeDoor(app: FastifyInstance, context: HttpContext, drainTimeoutMs: number): Promise<void> {
  const { admission, services, waits } = context
  const drained = admission.drain()
  const closed = app.close()
  waits.close()
  const timer = services.clock.after(drainTimeoutMs, () => app.server.closeAllConnections())
  await drained
  // What is left are connections without a request; their clients may never close them.
  app.server.closeAllConnections()
  await closed
  timer.cancel()
}
