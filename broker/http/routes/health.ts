import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../context.ts'
import * as schemas from '../generated/schemas.ts'
import type { Health } from '../schema/admin.ts'

export function addHealthRoutes(app: FastifyInstance, context: HttpContext): void {
  app.route<{ Reply: Health }>({
    method: 'GET',
    url: '/health/live',
    exposeHeadRoute: true,
    schema: {
      operationId: 'live',
      summary: 'The process is up',
      tags: ['health'],
      response: { 200: { description: 'It is', ...schemas.Health } },
    },
    handler: (_request, reply) => {
      reply.send({ status: 'ok' })
    },
  })
  app.route<{ Reply: Health }>({
    method: 'GET',
    url: '/health/ready',
    exposeHeadRoute: true,
    schema: {
      operationId: 'ready',
      summary: 'The broker serves requests',
      tags: ['health'],
      response: {
        200: { description: 'It does', ...schemas.Health },
        503: { description: 'Not yet, or not any more', ...schemas.Health },
      },
    },
    handler: (_request, reply) => {
      const reason = context.notReady()
      if (reason === null) reply.send({ status: 'ok' })
      else reply.code(503).send({ status: 'unavailable', reason })
    },
  })
  app.route({
    method: 'GET',
    url: '/metrics',
    schema: {
      operationId: 'metrics',
      summary: 'Prometheus metrics',
      tags: ['health'],
      response: {
        200: {
          description: 'Prometheus text exposition format 0.0.4',
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
      },
    },
    handler: (_request, reply) => {
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(context.services.metrics.render())
    },
  })
}
