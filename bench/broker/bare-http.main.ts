/** Baseline: the produce route's body and schemas in fastify, storing nothing. */
import fastify from 'fastify'
import * as schemas from '../../broker/http/generated/schemas.ts'

const app = fastify({ logger: false })
app.post<{ Params: { topic: string } }>(
  '/topics/:topic',
  {
    schema: {
      params: schemas.TopicParams,
      querystring: schemas.ProduceQuery,
      body: { content: { 'application/json': { schema: schemas.ProduceBody } } },
      response: { 200: schemas.ProduceReply },
    },
  },
  async (request) => {
    const records = Array.isArray(request.body) ? request.body : [request.body]
    return { topic: request.params.topic, offsets: records.map((_, offset) => ({ partition: 0, offset })) }
  },
)
await app.listen({ host: '127.0.0.1', port: 0 })
const address = app.server.address()
console.log(`ready port=${typeof address === 'object' && address !== null ? address.port : 0}`)
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)))
