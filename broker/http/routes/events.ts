import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../context.ts'
import { EventStream } from '../event-stream.ts'
import * as schemas from '../generated/schemas.ts'
import type { EventsQuery, TopicParams } from '../schema/records.ts'
import { problems } from './problems.ts'

export function addEventRoutes(app: FastifyInstance, context: HttpContext): void {
  app.route<{ Params: TopicParams; Querystring: EventsQuery }>({
    method: 'GET',
    url: '/topics/:topic/events',
    schema: {
      operationId: 'follow',
      summary: 'Follow a topic as server-sent events',
      description:
        'Each event is a record as the read route shows it; its id resumes the stream through Last-Event-ID (topics of more than 16 partitions may repeat some records then). An event named gap tells of records that retention took before they were sent, one named problem why the stream ends.',
      tags: ['records'],
      params: schemas.TopicParams,
      querystring: schemas.EventsQuery,
      response: {
        200: { description: 'A stream of records', content: { 'text/event-stream': { schema: { type: 'string' } } } },
        ...problems(400, 403, 404, 500, 503),
      },
    },
    onRequest: context.admission.wait,
    handler: async (request, reply) => {
      const { topic } = request.params
      const resume = request.headers['last-event-id']
      const start = {
        from: request.query.from ?? ('latest' as const),
        resume: typeof resume === 'string' && resume !== '' ? resume : undefined,
      }
      const stream = new EventStream(topic, start, context, context.waits.begin(reply.raw))
      reply.hijack()
      const out = reply.raw
      out.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      await stream.run(out).catch((error: unknown) => {
        // The answer has begun: it can only end. The reader comes back with Last-Event-ID.
        context.services.logger.error({ topic, err: error }, 'an event stream failed')
      })
      out.end()
    },
  })
}
