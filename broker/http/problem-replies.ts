/** Every error leaves as problem+json: those of handlers, of fastify, and of Node's parser. */
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../services.ts'
import { httpProblem, ProblemError, problemType } from './problem.ts'

const titles = new Map([
  [400, 'Bad Request'],
  [404, 'Not Found'],
  [408, 'Request Timeout'],
  [413, 'Content Too Large'],
  [414, 'URI Too Long'],
  [415, 'Unsupported Media Type'],
  [431, 'Request Header Fields Too Large'],
  [500, 'Internal Server Error'],
])

function problemOf(status: number, detail?: string): ProblemError {
  return httpProblem(status, titles.get(status) ?? `Error ${status}`, detail)
}

function send(reply: FastifyReply, error: ProblemError): void {
  if (error.retryAfterS !== null) reply.header('retry-after', error.retryAfterS)
  reply.code(error.problem.status).type(problemType).serializer(JSON.stringify).send(error.problem)
}

/** The answer to an error of any kind; what nobody foresaw is logged and told to nobody. */
export function problemAnswer(logger: Logger) {
  return (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void => {
    if (error instanceof ProblemError) {
      send(reply, error)
      return
    }
    const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500
    if (status < 500) {
      send(reply, problemOf(status, error.message))
      return
    }
    logger.error({ err: error, route: request.routeOptions.url }, 'http request failed')
    send(reply, problemOf(500))
  }
}

export function answerProblems(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler(problemAnswer(logger))
  app.setNotFoundHandler((request, reply) =>
    send(reply, problemOf(404, `no route ${request.method} ${request.url.slice(0, 200)}`)),
  )
}

const statusOfParserError = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
])

/** What is not HTTP, or comes too slowly: told so if anybody listens, and cut off. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (socket.writable) {
    const { problem } = problemOf(statusOfParserError.get(error.code ?? '') ?? 400)
    const body = JSON.stringify(problem)
    socket.write(
      `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: ${problemType}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    )
  }
  socket.destroy(error)
}
