import type { FastifyInstance } from 'fastify'
import { Errors } from '../../../proto/kafka/errors.ts'
import { produceContent, type ProduceInput, recordsOf } from '../bodies.ts'
import type { HttpContext } from '../context.ts'
import * as schemas from '../generated/schemas.ts'
import { kafkaProblem } from '../problem.ts'
import { readRecords, type ReadOne, type ReadResult } from '../read-gateway.ts'
import type { PartitionParams, ProduceQuery, ProduceReply, ReadQuery, TopicParams } from '../schema/records.ts'
import { doorCloses } from '../waits.ts'
import { problems } from './problems.ts'

const defaultMaxRecords = 100
const acksOf = { all: -1, '1': 1, '0': 0 } as const

function addProduce(app: FastifyInstance, context: HttpContext): void {
  const { gateway, services } = context
  app.route<{
    Params: TopicParams
    Querystring: ProduceQuery
    Body: ProduceInput | undefined
    Reply: ProduceReply | Error
  }>({
    method: 'POST',
    url: '/topics/:topic',
    schema: {
      operationId: 'produce',
      summary: 'Append one record or an array of records',
      description:
        'JSON or msgpack bodies are a record or an array of records; a binary body (application/octet-stream) is the value of one record. Answered once the records are as durable as acks asks. The records of one array may be stored in part when there is an error: its offsets say which.',
      tags: ['records'],
      params: schemas.TopicParams,
      querystring: schemas.ProduceQuery,
      body: { content: produceContent },
      response: {
        200: { description: 'Stored', ...schemas.ProduceReply },
        202: { description: 'Taken up (acks=0)', ...schemas.ProduceReply },
        ...problems(400, 403, 404, 413, 415, 500, 503, 504),
      },
    },
    onRequest: context.admission.work,
    handler: (request, reply) => {
      const { topic } = request.params
      const acks = acksOf[request.query.acks ?? 'all']
      const records = recordsOf(request.body, request.query, services.clock.now())
      // The records are copied into a batch at once: the body must not stay for as long as the disk takes.
      request.body = undefined
      gateway.produce(topic, records, acks, (problem, offsets) => {
        if (problem !== null) reply.send(problem)
        else reply.code(acks === 0 ? 202 : 200).send({ topic, offsets })
      })
    },
  })
}

/** The answer to a read, shaped as `ReadReply`. */
function replyText({ records, nextOffset, highWatermark }: ReadResult): string {
  return `{"records":[${records.map(({ text }) => text).join(',')}],"nextOffset":${nextOffset},"highWatermark":${highWatermark}}`
}

function addRead(app: FastifyInstance, context: HttpContext): void {
  const { admission, dispatch, services, waits } = context
  app.route<{ Params: PartitionParams; Querystring: ReadQuery }>({
    method: 'GET',
    url: '/topics/:topic/partitions/:partition/records',
    schema: {
      operationId: 'read',
      summary: 'Read records of a partition',
      description: 'Without wait, answers with what there is; with it, waits for a first record.',
      tags: ['records'],
      params: schemas.PartitionParams,
      querystring: schemas.ReadQuery,
      response: {
        200: { description: 'Records, possibly none', ...schemas.ReadReply },
        ...problems(400, 403, 404, 416, 422, 500, 503),
      },
    },
    onRequest: (request, reply, done) => {
      // Before validation: a wait that is not a number is counted as one and refused right after.
      const { wait } = request.query as { wait?: unknown }
      const gate = wait === undefined || wait === '0' ? admission.work : admission.wait
      gate(request, reply, done)
    },
    handler: async (request, reply) => {
      const { topic, partition } = request.params
      const led = services.partitions.leaderOrError(topic, partition)
      if (led.partition === null) throw kafkaProblem(led.error, `${topic}-${partition}`)
      const { offset = led.partition.logStartOffset, max = defaultMaxRecords, wait = 0 } = request.query
      const from: ReadOne = { topic, partition, offset, maxRecords: max, waitMs: wait }
      const { highWatermark } = led.partition
      const read = await readRecords(
        dispatch,
        services.clock,
        wait === 0 ? from : { ...from, signal: waits.begin(reply.raw) },
      ).catch((error: unknown) => {
        if (error === doorCloses) return { records: [], nextOffset: offset, length: 0, highWatermark }
        throw error
      })
      return reply.type('application/json; charset=utf-8').send(replyText(read))
    },
  })
}

export function addRecordRoutes(app: FastifyInstance, context: HttpContext): void {
  addProduce(app, context)
  addRead(app, context)
}

export const unknownTopic = (topic: string) => kafkaProblem(Errors.UNKNOWN_TOPIC_OR_PARTITION, `topic ${topic}`)
