/** The bodies that are understood: JSON, msgpack and plain bytes. */
import type { FastifyInstance } from 'fastify'
import { unpack } from 'msgpackr'
import type { RecordHeaderInput } from '../../proto/kafka/batch/encode.ts'
import * as schemas from './generated/schemas.ts'
import { jsonRecords } from './json-records.ts'
import { depthMax } from './json-text.ts'
import { httpProblem, type ProblemError } from './problem.ts'
import type { GatewayRecord } from './produce-batches.ts'
import type { ProduceBody, ProduceQuery, ProduceRecord } from './schema/records.ts'
import { bodyChecker } from './validation.ts'

/** A body as it came in. */
export interface ProduceInput {
  readonly kind: 'json' | 'msgpack' | 'binary'
  readonly bytes: Buffer
}

/** By media type; msgpack has an older name, too. */
const kinds = {
  'application/json': 'json',
  'application/msgpack': 'msgpack',
  'application/x-msgpack': 'msgpack',
  'application/octet-stream': 'binary',
} as const

const noHeaders: readonly RecordHeaderInput[] = []
const whatIsWrong = bodyChecker(schemas.ProduceBody)

/** Bodies are handed on as they are: what is in them is read, and checked, once. */
export function acceptBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  for (const [type, kind] of Object.entries(kinds)) {
    app.addContentTypeParser<Buffer>(type, { parseAs: 'buffer' }, (_request, bytes, done) =>
      done(null, { kind, bytes }),
    )
  }
}

/** The body of a produce request, for its schema. */
export const produceContent = Object.fromEntries(
  Object.entries(kinds).map(([type, kind]) => [
    type,
    { schema: kind === 'binary' ? { type: 'string', format: 'binary' } : schemas.ProduceBody },
  ]),
)

/** The records of a produce request. Throws a ProblemError that names what is wrong. */
export function recordsOf(input: ProduceInput | undefined, query: ProduceQuery, nowMs: number): GatewayRecord[] {
  if (input === undefined) throw badRequest('a body with a record is needed')
  if (input.kind === 'binary') {
    const key = query.key === undefined ? null : Buffer.from(query.key, 'utf8')
    return [{ key, value: input.bytes, headers: noHeaders, partition: query.partition ?? null, timestampMs: nowMs }]
  }
  if (query.key !== undefined || query.partition !== undefined) {
    throw badRequest('key and partition in the query are for a binary body; name them in the record')
  }
  if (input.kind === 'msgpack') return msgpackRecords(input.bytes, nowMs)
  const records = jsonRecords(input.bytes, nowMs)
  if (records === null) throw badJson(input.bytes)
  return records
}

function badRequest(detail: string): ProblemError {
  return httpProblem(400, 'Bad Request', detail)
}

function badJson(bytes: Buffer): ProblemError {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return badRequest(whatIsWrong(JSON.parse(text)) ?? `a value is nested more than ${depthMax} levels deep`)
  } catch (error) {
    return badRequest(`the body is not JSON: ${(error as Error).message}`)
  }
}

function msgpackRecords(bytes: Buffer, nowMs: number): GatewayRecord[] {
  let body: unknown
  try {
    body = unpack(bytes)
  } catch {
    throw badRequest('the body is not msgpack')
  }
  const wrong = whatIsWrong(body)
  if (wrong !== null) throw badRequest(wrong)
  const records = body as ProduceBody
  return (Array.isArray(records) ? records : [records]).map((record) => msgpackRecord(record, nowMs))
}

function msgpackRecord({ key, value, headers, partition, timestamp }: ProduceRecord, nowMs: number): GatewayRecord {
  return {
    key: key === undefined || key === null ? null : Buffer.from(key, 'utf8'),
    value: msgpackValue(value),
    headers:
      headers === undefined
        ? noHeaders
        : Object.entries(headers).map(([name, content]) => ({ key: name, value: content })),
    partition: partition ?? null,
    timestampMs: timestamp ?? nowMs,
  }
}

/** Null is a tombstone, binary stays, anything else is written as JSON. */
function msgpackValue(value: unknown): Buffer | null {
  if (value === null) return null
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  try {
    return Buffer.from(JSON.stringify(value, plainOnly), 'utf8')
  } catch (error) {
    // msgpack may be nested more deeply than can be written.
    throw error instanceof RangeError ? badRequest('a value is nested too deeply') : error
  }
}

/** What msgpack can say and JSON cannot is refused, where JSON.stringify would store something else. */
function plainOnly(this: unknown, name: string, member: unknown): unknown {
  const original = (this as Record<string, unknown>)[name]
  if (original instanceof Date || isPlain(original)) return member
  throw badRequest(
    `a value holds something that JSON has no word for${name === '' ? '' : `, in ${name.slice(0, 100)}`}`,
  )
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean'
  if (value === null || Array.isArray(value)) return true
  return Object.getPrototypeOf(value) === Object.prototype
}
