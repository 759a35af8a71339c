/** What is behind the HTTP door: fastify, the routes, and what they share. Loaded at the first request. */
import type { RequestListener, Server } from 'node:http'
import fastify from 'fastify'
import { Admission } from './admission.ts'
import { acceptBodies } from './bodies.ts'
import type { HttpContext } from './context.ts'
import { safeDispatch } from './dispatch.ts'
import type { HttpLimits } from './limits.ts'
import { answerProblems, problemAnswer } from './problem-replies.ts'
import { ProduceGateway } from './produce-gateway.ts'
import { addRoutes } from './routes.ts'
import type { HttpOptions } from './server.ts'
import { validateInput } from './validation.ts'
import { Waits } from './waits.ts'

export interface HttpApp {
  readonly answer: RequestListener
  /** Refuses new requests; resolves when none is in flight. */
  drain(): Promise<void>
  close(): Promise<void>
}

const defaultProduceTimeoutMs = 30_000

/** Bytes of a name in a path; which names exist is for the routes to say. Node takes 16 KB of request line and headers. */
const paramBytesMax = 16 * 1024

/** Builds the routes for a server that listens already. */
export async function createApp(options: HttpOptions, limits: HttpLimits, server: Server): Promise<HttpApp> {
  const { logger } = options.services
  let answer: RequestListener = () => undefined
  const app = fastify({
    serverFactory: (handler) => {
      answer = handler
      return server
    },
    bodyLimit: limits.bodyBytesMax,
    logger: false,
    // The door closes by itself, and says why in its own words.
    forceCloseConnections: false,
    return503OnClosing: false,
    // A HEAD of a stream would be a stream that shows nothing.
    exposeHeadRoutes: false,
    frameworkErrors: problemAnswer(logger),
    clientErrorHandler: () => undefined,
    routerOptions: { maxParamLength: paramBytesMax, ignoreTrailingSlash: true },
  })
  const context = createContext(options, limits)
  const { admission, waits } = context
  app.addHook('onRequest', admission.count)
  acceptBodies(app)
  validateInput(app)
  answerProblems(app, logger)
  app.get('/openapi.json', { schema: { hide: true } }, async () => (await import('./generated/openapi.ts')).openapi)
  addRoutes(app, context)
  await app.ready()
  return {
    answer,
    drain: () => {
      const drained = admission.drain()
      waits.close()
      return drained
    },
    close: () => app.close(),
  }
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
