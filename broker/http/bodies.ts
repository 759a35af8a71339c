/** The bodies that are understood: JSON, msgpack and plain bytes. */
import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { unpack } from 'msgpackr'
import type { RecordHeaderInput } from '../../proto/kafka/batch/encode.ts'
import { valueTexts } from './json-values.ts'
import { httpProblem } from './problem.ts'
import type { GatewayRecord } from './produce-batches.ts'
import type { ProduceBody, ProduceQuery, ProduceRecord } from './schema/records.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The bytes of a JSON body, whose values are stored as they are spelt; null for other bodies. */
    rawBody: Buffer | null
  }
}

const noHeaders: readonly RecordHeaderInput[] = []

/** Media types of msgpack: the usual name and the older one. */
export const msgpackTypes = ['application/msgpack', 'application/x-msgpack'] as const

export function acceptBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.decorateRequest('rawBody', null)
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      if (!isUtf8(body)) throw new SyntaxError('it is not UTF-8')
      request.rawBody = body
      done(null, JSON.parse(body.toString('utf8')))
    } catch (error) {
      done(httpProblem(400, 'Bad Request', `the body is not JSON: ${(error as Error).message}`))
    }
  })
  app.addContentTypeParser<Buffer>([...msgpackTypes], { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, unpack(body))
    } catch {
      done(httpProblem(400, 'Bad Request', 'the body is not msgpack'))
    }
  })
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
}

/** What a produce request brings, its body checked against the schema before. Throws a ProblemError. */
export function recordsOf(request: FastifyRequest<{ Querystring: ProduceQuery }>, nowMs: number): GatewayRecord[] {
  const { body, query, rawBody } = request
  if (Buffer.isBuffer(body)) {
    const key = query.key === undefined ? null : Buffer.from(query.key, 'utf8')
    return [{ key, value: body, headers: noHeaders, partition: query.partition ?? null, timestampMs: nowMs }]
  }
  if (body === undefined || body === null) throw httpProblem(400, 'Bad Request', 'a body with a record is needed')
  if (query.key !== undefined || query.partition !== undefined) {
    throw httpProblem(
      400,
      'Bad Request',
      'key and partition in the query are for a binary body; name them in the record',
    )
  }
  const checked = body as ProduceBody
  const records = Array.isArray(checked) ? checked : [checked]
  if (rawBody === null) return records.map((record) => gatewayRecord(record, msgpackValue(record.value), nowMs))
  const texts = valueTexts(rawBody)
  return records.map((record, index) => {
    const text = texts[index]
    return gatewayRecord(record, record.value === null || text === undefined ? null : text, nowMs)
  })
}

function gatewayRecord(record: ProduceRecord, value: Buffer | null, nowMs: number): GatewayRecord {
  const { key, headers } = record
  return {
    key: key === undefined || key === null ? null : Buffer.from(key, 'utf8'),
    value,
    headers:
      headers === undefined
        ? noHeaders
        : Object.entries(headers).map(([name, content]) => ({ key: name, value: content })),
    partition: record.partition ?? null,
    timestampMs: record.timestamp ?? nowMs,
  }
}

/** Null is a tombstone, binary stays, anything else is written as JSON. */
function msgpackValue(value: unknown): Buffer | null {
  if (value === null) return null
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  try {
    return Buffer.from(JSON.stringify(value, plainOnly), 'utf8')
  } catch (error) {
    // Nesting that msgpack reads may be too deep to write.
    if (error instanceof RangeError) throw httpProblem(400, 'Bad Request', 'a value is nested too deeply')
    throw error
  }
}

/** What msgpack can say and JSON cannot is refused, where JSON.stringify would store something else. */
function plainOnly(this: unknown, name: string, member: unknown): unknown {
  const original: unknown = (this as Record<string, unknown>)[name]
  if (original instanceof Date || isPlain(original)) return member
  throw httpProblem(
    400,
    'Bad Request',
    `a value holds something that JSON has no word for${name === '' ? '' : `, in ${name}`}`,
  )
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean'
  if (value === null || Array.isArray(value)) return true
  return Object.getPrototypeOf(value) === Object.prototype
}
