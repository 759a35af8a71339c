/**
 * Who may come in: counts the requests being worked on, and refuses those above the ceilings at once. Probes and metrics
 * are never refused, and readers who wait are counted apart from those who want something done.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type { Counter, Metrics } from '../metrics.ts'
import type { HttpLimits } from './limits.ts'
import { httpProblem, type ProblemError } from './problem.ts'

type Hook = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void

/** Counted in place of a status when the client was gone before its answer. */
const STATUS_HUNG_UP = 499

export class Admission {
  readonly #limits: HttpLimits
  readonly #metrics: Metrics
  readonly #refused: Counter
  readonly #answered = new Map<number, Counter>()
  #open = 0
  #inFlight = 0
  #bodyBytes = 0
  #waiting = 0
  #onDrained: (() => void) | null = null

  constructor(limits: HttpLimits, metrics: Metrics) {
    this.#limits = limits
    this.#metrics = metrics
    this.#refused = metrics.counter(
      'millrace_http_refused_total',
      'HTTP requests refused because too many were in flight.',
    )
    metrics.gauge('millrace_http_in_flight', 'HTTP requests being worked on.', () => this.#inFlight)
    metrics.gauge('millrace_http_waiting', 'HTTP readers waiting: long polls and event streams.', () => this.#waiting)
  }

  /** Hook of every request: counts its answer, and lets nobody in once the door closes. */
  readonly count: Hook = (_request, reply, done) => {
    const stopping = this.#onDrained !== null
    this.#open++
    reply.raw.on('close', this.#onClose)
    if (stopping) done(httpProblem(503, 'Service Unavailable', 'the broker is stopping', 1))
    else done()
  }

  /** Hook of requests that are answered as soon as the work is done. */
  readonly work: Hook = (request, reply, done) => {
    const { requestsInFlightMax, bodyBytesInFlightMax } = this.#limits
    const bytes = this.#announcedBytes(request.raw)
    if (this.#inFlight >= requestsInFlightMax) {
      done(this.#refuse(`${this.#inFlight} requests are in flight, the most that are taken`))
    } else if (bytes > 0 && this.#bodyBytes + bytes > bodyBytesInFlightMax && this.#bodyBytes > 0) {
      done(this.#refuse(`bodies of ${this.#bodyBytes} bytes are in flight, the most that are taken`))
    } else {
      this.#inFlight++
      this.#bodyBytes += bytes
      reply.raw.on('close', this.#onWorkDone)
      done()
    }
  }

  /** Hook of requests that stay for as long as their reader likes. */
  readonly wait: Hook = (_request, reply, done) => {
    if (this.#waiting >= this.#limits.waitingMax) {
      done(this.#refuse(`${this.#waiting} readers are waiting, the most that may`))
      return
    }
    this.#waiting++
    reply.raw.on('close', this.#onWaitDone)
    done()
  }

  /** From now on every request is refused; resolves once all that are open have been answered. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve
      if (this.#open === 0) resolve()
    })
  }

  #refuse(detail: string): ProblemError {
    this.#refused.add(1)
    return httpProblem(503, 'Service Unavailable', detail, 1)
  }

  #announcedBytes({ headers }: IncomingMessage): number {
    if (headers['transfer-encoding'] !== undefined) return this.#limits.bodyBytesMax
    const length = headers['content-length']
    // A longer body is refused before it is read.
    return length === undefined ? 0 : Math.min(Number(length), this.#limits.bodyBytesMax)
  }

  /** One listener for all responses, called with the response as `this`: no closure per request. */
  readonly #onClose = ((door: Admission) =>
    function (this: ServerResponse) {
      door.#open--
      door.#counterOf(this.headersSent ? this.statusCode : STATUS_HUNG_UP).add(1)
      if (door.#open === 0) door.#onDrained?.()
    })(this)

  readonly #onWorkDone = ((door: Admission) =>
    function (this: ServerResponse) {
      door.#inFlight--
      door.#bodyBytes -= door.#announcedBytes(this.req)
    })(this)

  readonly #onWaitDone = () => {
    this.#waiting--
  }

  #counterOf(status: number): Counter {
    let counter = this.#answered.get(status)
    if (counter === undefined) {
      counter = this.#metrics.counter('millrace_http_requests_total', 'HTTP requests answered, by status.', {
        status: String(status),
      })
      this.#answered.set(status, counter)
    }
    return counter
  }
}
