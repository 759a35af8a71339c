import * as schemas from '../generated/schemas.ts'
import { problemType } from '../problem.ts'

declare module 'fastify' {
  /** What a route says of itself in the OpenAPI document, over its schemas. */
  interface FastifySchema {
    hide?: boolean
    tags?: readonly string[]
    description?: string
    summary?: string
    operationId?: string
  }
}

const descriptions = {
  400: 'The request is not valid',
  403: 'Not authorized',
  404: 'There is no such thing',
  413: 'Too large',
  415: 'The media type is not understood',
  416: 'The offset is outside the log',
  422: 'The records cannot be shown',
  500: 'The broker failed',
  503: 'Too busy, stopping, or for now unable; see Retry-After',
  504: 'Not acknowledged in time; the records may be stored all the same',
} as const

/** The error answers of a route, for its schema. */
export function problems(...statuses: readonly (keyof typeof descriptions)[]): Record<string, object> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: descriptions[status], content: { [problemType]: { schema: schemas.Problem } } },
    ]),
  )
}
